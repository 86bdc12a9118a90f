"""A study of a mixture, moved by each engine: the same as by hand, and whole after a stop."""

import dataclasses

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.descriptors.caged.wide_cage import RADIUS
from cagebreak.errors import RecipeError
from cagebreak.potentials.bonds import bond_table
from cagebreak.seeding import seed_sequence
from cagebreak.simulation import lammps, preparation
from cagebreak.simulation.isoconfigurational import trajectory
from cagebreak.study.recipe import schema
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.recipe.writing import text
from cagebreak.study.stages import equilibrate
from support.tiny_study import unit_bytes, write_mixture_recipe


@pytest.fixture(scope="module", params=["cagebreak", "cagebreak-double", "lammps"])
def engine(request):
    return request.param


@pytest.fixture(scope="module")
def study(tmp_path_factory, engine):
    study = cb.Study(write_mixture_recipe(tmp_path_factory.mktemp("study") / "ka.toml", engine))
    with pytest.MonkeyPatch.context() as patch:
        if engine != "lammps":
            patch.delattr(lammps, "MolecularDynamics")
        study.run("serial", progress=False)
    return study


def test_configurations_and_runs_are_those_by_hand(study, engine):
    model, steps = study.recipe.model, study.recipe.preparation.protocol
    seed = seed_sequence(1, "equilibrate", 0)
    start = cb.equilibrate(model, 120, seed=seed, steps=steps, engine=engine)
    found = study.configuration(0)
    np.testing.assert_array_equal(found.positions, start.positions)
    np.testing.assert_array_equal(found.velocities, start.velocities)
    times = study.propensity(0).times
    seeds = [seed_sequence(1, "run", 0, r) for r in range(2)]
    runs = [trajectory(start, model, times, seed, engine) for seed in seeds]
    expected = np.mean([np.linalg.norm(run, axis=2) for run in runs], axis=0)
    np.testing.assert_allclose(study.propensity(0).mean, expected)


def test_stopped_and_gone_on_with_in_processes_it_has_the_same_bytes(
    study, engine, tmp_path, monkeypatch
):
    """One preparation goes on where it stopped, and processes do it and all other units."""
    other = cb.Study(write_mixture_recipe(tmp_path / "ka.toml", engine))
    advance, done = preparation.advance, []

    def stop_after_25(*arguments):
        done.append(0)
        if len(done) > 25:
            raise KeyboardInterrupt
        return advance(*arguments)

    monkeypatch.setattr(equilibrate.preparation, "advance", stop_after_25)
    with pytest.raises(KeyboardInterrupt):
        other.run("serial", progress=False)
    assert (tmp_path / "ka" / "equilibrate" / "0000.partial.h5").exists()
    monkeypatch.setattr(equilibrate.preparation, "advance", advance)
    other.run(workers=2, progress=False)
    assert unit_bytes(tmp_path / "ka") == unit_bytes(study.store.folder)


def test_cages_of_both_kinds_are_those_by_hand(tmp_path):
    path = write_mixture_recipe(tmp_path / "ka.toml")
    both = "sweeps = [20, 40]\ntrajectories = [2, 6]\nchains = 2\nwide_chains = 1"
    recipe = path.read_text().replace("sweeps = [20, 40]", both)
    path.write_text(recipe.replace('states = ["initial"]', 'states = ["initial", "cage"]', 1))
    study = cb.Study(path)
    study.run("serial", progress=False)
    start, model = study.configuration(1), study.recipe.model
    seed = seed_sequence(1, "cage", 1)
    how = {"trajectories": (2, 6), "samples": 6}
    wide_seed = seed_sequence(seed, "wide")
    states = {
        "cage": cb.cage_state(start, model, seed=seed, sweeps=(20, 40), chains=2, **how),
        "wide": cb.cage_state(start, model, seed=wide_seed, cell=RADIUS, **how),
    }
    for name, expected in states.items():
        found = study.state(1, name)
        np.testing.assert_array_equal(found.covariance, expected.covariance)
        np.testing.assert_allclose(found.samples, expected.samples, atol=1e-6)
        assert found.sweeps == expected.sweeps
    assert {stage.stage: stage.seconds for stage in study.plan().stages}["cage"] > 0


def test_a_recipe_without_the_key_is_that_of_lammps_as_before(tmp_path):
    path = write_mixture_recipe(tmp_path / "ka.toml")
    assert Recipe.read(path).select(equilibrate.STAGE.keys)["preparation.engine"] == "cagebreak"
    path.write_text(path.read_text().replace('engine = "cagebreak"', "# nothing here"))
    without = Recipe.read(path)
    assert without.engine == "lammps"
    assert not [key for key in without.select(equilibrate.STAGE.keys) if "engine" in key]


def test_an_unknown_engine_is_named(tmp_path):
    with pytest.raises(RecipeError, match=r"engine = 'gromacs': expected one of cagebreak, cage"):
        Recipe.read(write_mixture_recipe(tmp_path / "ka.toml", "gromacs"))


def test_it_fits_and_says_how_it_relaxes(study):
    table = study.fit().table
    assert set(table["features"]) == {"LR0", "force"}
    assert np.isfinite(table["r"]).all()
    # While it flies on, a particle's displacement follows from the force on it.
    force = table[(table["features"] == "force") & (table["species"] == "A")]
    assert len(force) == 4


def test_free_flight_has_the_speed_of_the_temperature(study, monkeypatch):
    """The guide is that of kT of the model, not of 1."""
    cold = dataclasses.replace(study.recipe.model, temperature=0.25)
    monkeypatch.setattr(study, "recipe", dataclasses.replace(study.recipe, model=cold))
    (axes,) = study.figure("alkemade2022.mean_propensity").axes
    guide = next(line for line in axes.get_lines() if line.get_linestyle() == "--")
    speeds = guide.get_ydata() / guide.get_xdata()
    np.testing.assert_allclose(speeds, 0.5 * np.sqrt(8 / np.pi))


def polymer(path):
    """Write a recipe of short chains, every stage in it."""
    values = schema.defaults("fene_polymer", small=True)
    values["model"] |= {"temperature": 1.0, "chain_length": 5}
    npt = {"ensemble": "NPT", "time": 1.0, "temperature": [1.5, 1.0], "pressure": 1.0}
    steps = (npt, {"ensemble": "NVT", "time": 0.5})
    values["preparation"] |= {"n_configurations": 3, "n_particles": 60, "steps": steps}
    values["isoconfigurational"] |= {"n_runs": 2, "last": 1.0, "n_times": 4}
    values["states"]["cage"] = {"sweeps": (20, 40)}
    values["descriptors"] |= {"generations": 0, "recommended": True}
    values["learning"] |= {"outer_folds": 3, "bootstrap": 100}
    values["learning"]["selections"] = {
        "LR0": {"generations": 0, "kind": ["radial", "angular"], "states": ["initial"]},
        "dr CS": {"generations": 0, "kind": "displacement", "states": ["cage"]},
        "recommended": {"set": "recommended"},
    }
    path.write_text(text(values))
    return path


def test_chains_go_through_every_stage_in_any_process(tmp_path):
    here, there = (cb.Study(polymer(tmp_path / f"{name}.toml")) for name in ("here", "there"))
    assert all(stage.seconds > 0 for stage in here.plan().stages)
    here.run("serial", progress=False)
    there.run(workers=2, progress=False)
    assert unit_bytes(tmp_path / "here") == unit_bytes(tmp_path / "there")
    model, start = here.recipe.model, here.configuration(0)
    lengths = np.linalg.norm(bond_table(start, model).vectors, axis=1)
    assert lengths.max() < 1.5
    assert start.box.volume != pytest.approx(model.box(60).volume, rel=1e-6)  # p has set it
    table = here.fit().table
    assert set(table["features"]) == {"LR0", "dr CS", "recommended"}
    assert set(table["species"]) == {"A"}
    assert np.isfinite(table["r"]).all()
