"""The units of a study: the same bits for any engine, extension, change and failure."""

import dataclasses
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.descriptors import CageAnisotropy, CageDisplacement, CageVariance
from cagebreak.dynamics.relaxation import mean_squared_displacement, self_intermediate
from cagebreak.errors import InputError, StoreError, UnitError
from cagebreak.files import hdf5
from cagebreak.seeding import seed_sequence
from cagebreak.simulation.isoconfigurational import trajectory
from cagebreak.states import cage_state, inherent_state
from cagebreak.study.stages import stages
from cagebreak.study.stages.propensity import load_propensity
from cagebreak.study.store import Unit
from support.tiny_study import SEGMENTS, unit_bytes, write_recipe

INITIAL = {"LR0": {"generations": 0, "states": ["initial"]}}


def complete(study):
    return all(stage.done == stage.total for stage in study.status())


def test_every_unit_is_there(study):
    found = unit_bytes(study.store.folder)
    recipe = study.recipe
    assert len(found) == sum(
        len(stages.units(recipe, stage)) for stage in stages.stages_of(recipe).values()
    )
    assert len([name for name in found if name.startswith("run/")]) == 3 * 3
    assert {"equilibrate/0000.h5", "run/0001/0002.h5", "descriptors-cage/0002.h5"} <= set(found)
    assert complete(study)


def test_a_pool_gives_the_same_bits(study, tmp_path):
    other = cb.Study(write_recipe(tmp_path / "hs.toml", **SEGMENTS))
    other.run(workers=2, progress=False)
    assert unit_bytes(other.store.folder) == unit_bytes(study.store.folder)


def test_any_executor_gives_the_same_bits(study, tmp_path):
    other = cb.Study(write_recipe(tmp_path / "hs.toml", **SEGMENTS))
    with ThreadPoolExecutor(2) as executor:
        other.run(executor=executor, workers=2, progress=False)
    assert unit_bytes(other.store.folder) == unit_bytes(study.store.folder)


def test_a_script_needs_no_main_guard(tmp_path):
    recipe = write_recipe(tmp_path / "hs.toml", time=1.0)
    script = tmp_path / "script.py"
    script.write_text(
        f"import cagebreak as cb\nprint('once')\ncb.Study({str(recipe)!r}).run(workers=1)\n"
    )
    found = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert found.stdout == "once\n"
    assert complete(cb.Study(recipe))


def test_a_configuration_is_that_of_equilibrate(study):
    seed = seed_sequence(study.recipe.study.seed, "equilibrate", 2)
    expected = cb.equilibrate(study.recipe.model, 120, SEGMENTS["time"], seed=seed)
    found = study.configuration(2)
    assert np.array_equal(found.positions, expected.positions)
    assert np.array_equal(found.velocities, expected.velocities)
    read = cb.read(study.store.folder / "equilibrate" / "0002.h5")
    assert np.array_equal(read.positions, expected.positions)


def test_propensity_is_that_of_its_runs(study):
    start, model = study.configuration(1), study.recipe.model
    times = cb.log_times(0.01, 5.0, 5)
    runs = [
        trajectory(start, model, times, seed_sequence(study.recipe.study.seed, "run", 1, r))
        for r in range(3)
    ]
    lengths = np.sqrt((np.array(runs) ** 2).sum(axis=-1))
    found, relaxation = load_propensity(study.store, 1)
    assert np.array_equal(found.times, times)
    assert found.n_runs == 3
    np.testing.assert_allclose(found.mean, lengths.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(found.halves[0], (lengths[0] + lengths[2]) / 2, rtol=1e-14)
    np.testing.assert_allclose(found.halves[1], lengths[1], rtol=1e-14)
    species = start.species
    msd = np.mean([mean_squared_displacement(run, species) for run in runs], axis=0)
    f_s = np.mean([self_intermediate(run, species, 2 * np.pi) for run in runs], axis=0)
    np.testing.assert_allclose(relaxation["msd"], msd, rtol=1e-14)
    np.testing.assert_allclose(relaxation["f_s"], f_s, rtol=1e-14)


def test_states_are_those_of_the_physics(study):
    start, recipe = study.configuration(1), study.recipe
    seed = seed_sequence(recipe.study.seed, "cage", 1)
    for state, expected in (
        ("inherent", inherent_state(start, recipe.model)),
        ("cage", cage_state(start, recipe.model, seed=seed, sweeps=(20, 40), samples=30)),
    ):
        found = study.state(1, state)
        for field in dataclasses.fields(expected):
            one, other = getattr(found, field.name), getattr(expected, field.name)
            if isinstance(other, cb.Configuration):
                one, other = one.unwrapped, other.unwrapped
            if field.name == "samples":
                other = other.astype(np.float32)
            assert np.array_equal(one, other), field.name
        assert np.array_equal(found.displacement, expected.displacement)
        read = cb.read(study.store.folder / state / "0001.h5")
        assert np.array_equal(read.positions, expected.configuration.positions)
    assert np.array_equal(study.state(1, "initial").positions, start.positions)


def test_chains_of_a_cage_state_are_those_of_the_physics(study, tmp_path):
    cage, start = {"sweeps": (20, 40), "chains": 2}, study.configuration(0)
    other = cb.Study(write_recipe(tmp_path / "hs.toml", cage=cage))
    other.store.save(Unit("equilibrate", (0,)), hdf5.datasets(start))
    stages.STAGES["cage"].work(other.recipe, other.store, Unit("cage", (0,)))
    seed = seed_sequence(other.recipe.study.seed, "cage", 0)
    expected = cage_state(start, other.recipe.model, seed=seed, **cage, samples=30)
    found = other.state(0, "cage")
    assert len(found.samples) == 60
    assert found.sweeps == (40, 80)
    assert np.array_equal(found.displacement, expected.displacement)
    assert np.array_equal(found.error, expected.error)


def test_features_are_those_of_the_paper_and_the_scalars_of_each_state(study):
    paper = cb.papers.alkemade2023(study.recipe.model, 1)
    features = study.features(2)
    scalars = {
        "initial": [],
        "inherent": [CageDisplacement()],
        "cage": [CageDisplacement(), CageVariance(), CageAnisotropy()],
    }
    assert list(dict.fromkeys(features.labels.state.tolist())) == list(scalars)
    for state, more in scalars.items():
        source = study.state(2, state)
        expected = cb.Generations([*paper.descriptors, *more], 1, paper.r_c).compute(source)
        found = features.where(state=state)
        assert np.array_equal(found.values, expected.values)
        assert found.labels.dtype == expected.labels.dtype
        assert str(found.labels) == str(expected.labels)


def test_only_the_stages_that_the_states_need_are_run(tmp_path):
    path = write_recipe(tmp_path / "hs.toml", states=["initial"], selections=INITIAL)
    study = cb.Study(path)
    study.run("serial", progress=False)
    names = {stage.stage for stage in study.status()}
    assert {"equilibrate", "run", "propensity", "descriptors-initial"} <= names
    unneeded = {"inherent", "cage", "descriptors-inherent", "descriptors-cage"}
    assert unneeded.isdisjoint(names)
    assert complete(study)
    assert not (study.store.folder / "cage").exists()
    with pytest.raises(InputError, match="expected one of initial, as in the recipe, got 'cage'"):
        study.state(0, "cage")
    # Another state makes what is missing and leaves the rest alone.
    made = unit_bytes(study.store.folder)
    write_recipe(path, states=["cage", "initial"], selections=INITIAL)
    grown = cb.Study(path)
    grown.run("serial", progress=False)
    after = unit_bytes(grown.store.folder)
    assert {name.split("/")[0] for name in set(after) - set(made)} == {"cage", "descriptors-cage"}
    assert all(after[name] == data for name, data in made.items())
    # Other sweeps concern the cage alone.
    write_recipe(path, states=["cage", "initial"], selections=INITIAL, cage={"sweeps": [10, 50]})
    assert [s.stage for s in cb.Study(path).status() if s.changed] == ["cage", "descriptors-cage"]


def test_a_study_that_grows_keeps_its_units_and_equals_one_made_at_once(tmp_path):
    large = cb.Study(write_recipe(tmp_path / "large.toml", n_configurations=4, n_runs=3))
    large.run("serial", progress=False)
    path = write_recipe(tmp_path / "hs.toml", n_configurations=3, n_runs=2)
    small = cb.Study(path)
    small.run("serial", progress=False)
    folder = small.store.folder
    kept = [p for p in folder.rglob("*.h5") if p.parts[-2] != "propensity"]
    made = {p: p.stat().st_mtime_ns for p in kept}
    write_recipe(path, n_configurations=4, n_runs=3)
    grown = cb.Study(path)
    expected = {
        "equilibrate": (3, 0),
        "run": (6, 0),
        "propensity": (0, 3),
        "inherent": (3, 0),
        "cage": (3, 0),
        "descriptors-initial": (3, 0),
        "descriptors-inherent": (3, 0),
        "descriptors-cage": (3, 0),
    }
    assert expected.items() <= {s.stage: (s.done, s.outdated) for s in grown.status()}.items()
    grown.run("serial", progress=False)
    assert {p: p.stat().st_mtime_ns for p in kept} == made
    assert unit_bytes(folder) == unit_bytes(large.store.folder)


def test_runs_that_are_reduced_may_be_deleted(tmp_path):
    path = write_recipe(tmp_path / "hs.toml")
    study = cb.Study(path)
    study.run("serial", progress=False)
    complete, table = unit_bytes(study.store.folder), study.fit().table
    shutil.rmtree(study.store.folder / "run")
    study.run("serial", progress=False)
    assert {s.stage: s.done for s in study.status()}["run"] == 9
    assert not (study.store.folder / "run").exists()
    assert study.fit().table.equals(table)
    # A reduction that is lost needs its runs again, and no others.
    (study.store.folder / "propensity" / "0001.h5").unlink()
    study.run("serial", progress=False)
    again = unit_bytes(study.store.folder)
    assert [name for name in again if name.startswith("run")] == [
        f"run/0001/{r:04d}.h5" for r in range(3)
    ]
    assert all(complete[name] == data for name, data in again.items())


def test_a_changed_recipe_never_mixes(tmp_path, monkeypatch):
    path = write_recipe(tmp_path / "hs.toml")
    study = cb.Study(path)
    study.run("serial", progress=False)
    before = unit_bytes(study.store.folder)
    write_recipe(path, last=6.0)
    changed = cb.Study(path)
    with pytest.raises(StoreError, match=r"run: computed with another recipe \(isoconf.*last was"):
        changed.run("serial", progress=False)
    for refused in (changed.fit, lambda: changed.propensity(0)):
        with pytest.raises(StoreError, match="another recipe"):
            refused()
    assert unit_bytes(study.store.folder) == before
    assert {s.stage: s.changed for s in changed.status() if s.changed} == {
        "run": 9, "propensity": 3,
    }  # fmt: skip
    changed.run("serial", progress=False, set_aside=True)
    assert complete(changed)
    write_recipe(path)
    monkeypatch.setattr(stages, "do", None)  # the old results come back, with nothing to do
    cb.Study(path).run("serial", progress=False, set_aside=True)
    assert unit_bytes(study.store.folder) == before


def test_a_failing_unit_stops_only_those_that_need_it(tmp_path, monkeypatch):
    study = cb.Study(write_recipe(tmp_path / "hs.toml"))
    good, tried = stages.STAGES["run"], []

    def work(recipe, store, unit):
        if unit.address == (1, 0):
            tried.append(unit)
            raise ArithmeticError("an unlucky number")
        good.work(recipe, store, unit)

    monkeypatch.setitem(stages.STAGES, "run", replace(good, work=work))
    with pytest.raises(UnitError, match=r"1 unit failed, and 1 that.*run 1/0: Arith.*unlucky"):
        study.run("serial", retries=1, progress=False)
    assert len(tried) == 2
    assert {s.stage: s.total - s.done for s in study.status() if s.done < s.total} == {
        "run": 1, "propensity": 1,
    }  # fmt: skip
    monkeypatch.undo()
    study.run("serial", progress=False)
    assert complete(study)
