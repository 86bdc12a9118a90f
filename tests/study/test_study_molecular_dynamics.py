"""A study whose recipe names this package's engine: the same as by hand, whole after a stop."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import RecipeError
from cagebreak.seeding import seed_sequence
from cagebreak.simulation import lammps, preparation
from cagebreak.simulation.isoconfigurational import trajectory
from cagebreak.study.stages import equilibrate
from support.tiny_study import unit_bytes, write_lammps_recipe


def write_recipe(path, engine="cagebreak"):
    write_lammps_recipe(path)
    text = path.read_text()
    path.write_text(text.replace("[preparation]\n", f'[preparation]\nengine = "{engine}"\n'))
    return path


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    study = cb.Study(write_recipe(tmp_path_factory.mktemp("study") / "ka.toml"))
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(lammps, "MolecularDynamics")
        study.run("serial", progress=False)
    return study


def test_configurations_and_runs_are_those_by_hand_without_lammps(study):
    model, steps = study.recipe.model, study.recipe.preparation.protocol
    start = cb.equilibrate(
        model, 120, seed=seed_sequence(1, "equilibrate", 0), steps=steps, engine="cagebreak"
    )
    found = study.configuration(0)
    np.testing.assert_array_equal(found.positions, start.positions)
    np.testing.assert_array_equal(found.velocities, start.velocities)
    times = study.propensity(0).times
    runs = [
        trajectory(start, model, times, seed_sequence(1, "run", 0, r), "cagebreak")
        for r in range(2)
    ]
    expected = np.mean([np.linalg.norm(run, axis=2) for run in runs], axis=0)
    np.testing.assert_allclose(study.propensity(0).mean, expected)


def test_a_preparation_goes_on_after_a_stop(study, tmp_path, monkeypatch):
    other = cb.Study(write_recipe(tmp_path / "ka.toml"))
    advance, done = preparation.advance, []

    def stop_after_25(*arguments):
        done.append(0)
        if len(done) > 25:
            raise KeyboardInterrupt
        return advance(*arguments)

    monkeypatch.setattr(equilibrate.preparation, "advance", stop_after_25)
    with pytest.raises(KeyboardInterrupt):
        other.run("serial", progress=False)
    monkeypatch.setattr(equilibrate.preparation, "advance", advance)
    other.run("serial", progress=False)
    assert unit_bytes(tmp_path / "ka") == unit_bytes(study.store.folder)


def test_a_recipe_without_the_key_is_that_of_lammps_as_before(tmp_path):
    without = cb.Study(write_lammps_recipe(tmp_path / "ka.toml")).recipe
    assert without.engine == "lammps"
    assert not [key for key in without.select(equilibrate.STAGE.keys) if "engine" in key]
    stated = cb.Study(write_recipe(tmp_path / "own.toml")).recipe
    assert stated.select(equilibrate.STAGE.keys)["preparation.engine"] == "cagebreak"


def test_an_unknown_engine_is_named(tmp_path):
    with pytest.raises(RecipeError, match=r"engine = 'gromacs': expected lammps or cagebreak"):
        cb.Study(write_recipe(tmp_path / "ka.toml", "gromacs"))
