"""Structure at the ends of the short runs of a study: from the recipe to the prediction."""

import shutil
import tomllib
from functools import partial

import h5py
import numpy as np
import pytest
from click.testing import CliRunner
from jsonschema import Draft7Validator

import cagebreak as cb
from cagebreak.cli import main
from cagebreak.descriptors.coarse_grained.short_runs import MeanMotion
from cagebreak.dynamics.propensity import lengths
from cagebreak.errors import FileFormatError, InputError, StoreError
from cagebreak.learning.short_runs.end_fits import MOST_LEFT_OUT
from cagebreak.seeding import seed_sequence
from cagebreak.simulation.isoconfigurational import led_to, trajectory
from cagebreak.study.analysis.hybrid import Ends, HybridModel, costs_of, pilot
from cagebreak.study.analysis.hybrid.calibration import simulated_motion
from cagebreak.study.recipe import hybrid_section
from cagebreak.study.recipe.end_descriptor import EndDescriptor
from cagebreak.study.recipe.writing import json_schema
from cagebreak.study.run.plan import Plan, StagePlan
from cagebreak.study.stages.descriptors import made_once
from cagebreak.study.stages.ends import load_ends
from cagebreak.study.stages.propensity import load_propensity
from cagebreak.study.store import Store, Unit
from support.tiny_study import unit_bytes, write_recipe

SECTION = {"n_runs": "2", "share": "[0.05, 0.2]", "quantities": '["displacement"]',
           "lengths": "[1.0]", "ends": '"positions"'}  # fmt: skip
ALONE = {"initial": {"generations": 0, "states": ["initial"]}}
LAST = 5.0


def recipe(path, section, **changes):
    """Write a recipe of four configurations with a section [hybrid]."""
    tiny = {"states": ["initial"], "generations": 0, "n_configurations": 4, "outer_folds": 4,
            "time": 5.0, "selections": ALONE}  # fmt: skip
    write_recipe(path, **(tiny | changes))
    lines = "\n".join(f"{name} = {value}" for name, value in section.items())
    path.write_text(f"{path.read_text()}\n[hybrid]\n{lines}\n" if section else path.read_text())
    return path


RADIAL = cb.Radial(r=(1.0, 1.3, 1.7), width=(0.1, 0.1, 0.2), n_species=2)
FEW_AT_START = {"kind": "angular", "l": [6]}
FEW = cb.Generations((RADIAL,), n_max=1)
"""Fewer descriptors than those of the paper, which take seconds to learn from."""


def describe_by(patch, descriptor):
    patch.setattr(EndDescriptor, "_of_positions", property(lambda self: descriptor))


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    """Return the units of a study whose recipe has no section [hybrid]."""
    path = recipe(tmp_path_factory.mktemp("before") / "hs.toml", {})
    cb.Study(path).run("serial", progress=False)
    return path


@pytest.fixture(scope="module")
def study(before):
    with pytest.MonkeyPatch.context() as patch:
        describe_by(patch, FEW)
        path = recipe(before.with_name("ends.toml"), SECTION)
        shutil.copytree(before.with_suffix(""), path.with_suffix(""))
        study = cb.Study(path)
        study.run("serial", progress=False)
        yield study


def hybrid(study, **arguments):
    return cb.hybrid(study, species="B", features=FEW_AT_START, folds=4, **arguments)


@pytest.fixture(scope="module")
def joined(study):
    return hybrid(study)


def test_a_finished_study_adds_the_ends_and_redoes_nothing(before, study):
    earlier, now = (unit_bytes(path.with_suffix("")) for path in (before, study.recipe.path))
    assert earlier.items() <= now.items()
    assert {name.split("/")[0] for name in now.keys() - earlier.keys()} == {
        "ends", "descriptors-ends",
    }  # fmt: skip
    assert all(stage.done == stage.total for stage in study.status())
    assert not any("ends" in stage.stage for stage in cb.Study(before).status())


def test_ends_are_those_of_the_runs_of_the_propensity(study):
    known = study.propensity(1).times
    for run in range(3):
        arrays = study.store.load(Unit("ends", (1, run)))
        measured = study.store.load(Unit("run", (1, run)))["lengths"]
        assert arrays["times"].tolist() == [known[2], known[3]]
        assert np.array_equal(lengths(arrays["displacements"]), measured[2:4])


def test_ends_of_a_study_are_those_described_in_python(study):
    start, model = study.configuration(1), study.recipe.model
    times, seed = study.propensity(1).times, study.recipe.study.seed
    runs = np.array([trajectory(start, model, times, seed_sequence(seed, "run", 1, r))
                     for r in range(3)])  # fmt: skip
    displacements = {times[2]: runs[:, 2], times[3]: runs[:, 3]}
    expected = Ends.of(start, displacements, lambda at: FEW.compute(at).values)
    found = Ends(*load_ends(study.recipe, study.store, 1))
    assert np.array_equal(found.start, expected.start)
    assert list(found.means) == list(expected.means)
    assert all(np.array_equal(found.means[t], expected.means[t]) for t in expected.means)
    assert found.n_runs == expected.n_runs == 3


def test_a_scan_has_rows_with_ends_for_the_lengths_of_the_recipe(joined, study):
    table = joined.scan([1, 2]).table
    times = study.propensity(0).times
    assert joined.until == joined.described == (times[2], times[3])
    assert set(table.inputs) == {"structure", "runs", "both", "ends", "ensemble"}
    of_ends = table[table.inputs == "ends"]
    assert set(of_ends.until) == {times[2], times[3]}
    assert sorted(of_ends.n_runs[of_ends.time == times[-1]]) == [1, 1, 2, 2]


def test_the_ends_of_each_length_have_columns_of_their_own(joined):
    ends = joined.runs.ends
    columns = [joined.inputs("ends", 1, until).columns for until in joined.until]
    own = [of_length[-ends.fits.n_targets :] for of_length in columns]
    assert np.concatenate(own).tolist() == [ends.first + k for k in range(2 * len(own[0]))]


def test_ends_can_be_left_out(study):
    without = hybrid(study, ends=False)
    assert "ends" not in set(without.scan([1]).table.inputs)
    assert without.fit(1, without.until[0]).ends is None


def test_lengths_whose_ends_are_not_described_have_structure_and_runs(study):
    joined = hybrid(study, until=[1.0, LAST])
    assert set(joined.described) < set(joined.until)
    table = joined.scan([1]).table
    assert set(table[table.inputs == "ends"].until) == set(joined.described)
    model = joined.fit(1, LAST)
    assert model.ends is None
    assert np.isfinite(model.predict(study.configuration(0), seed=1)).any()
    with pytest.raises(InputError, match="the lengths of runs whose ends are described, got"):
        hybrid(study, until=[LAST])


def test_a_model_simulates_short_runs_and_describes_their_ends(joined, study):
    model = joined.fit(n_runs=2, until=joined.until[0])
    start = study.configuration(0)
    predicted = model.predict(start, seed=3)
    times = [time for time in model.short_runs.times if time <= model.until]
    runs = [
        trajectory(start, study.recipe.model, times, seed_sequence(3, "run", r)) for r in (0, 1)
    ]
    mean = {"displacement": np.mean([lengths(run) for run in runs], axis=0)}
    motion, structure = (
        MeanMotion(start, np.array(times), mean),
        model.measurement.structure(made_once(study.recipe, start, 3)),
    )
    ends = [cb.Configuration(start.positions + run[-1], start.species, start.box) for run in runs]
    described = np.mean([FEW.compute(end).values for end in ends], axis=0)
    expected = model.predict_from(structure, motion, described)
    np.testing.assert_allclose(predicted, expected, rtol=1e-12)
    assert np.isfinite(predicted[:, start.species == 1]).all()
    other = model.predict_from(structure, motion, described**2)
    assert not np.array_equal(other, expected, equal_nan=True)


def test_runs_that_calibrate_are_described_at_their_ends_as_those_of_a_prediction(joined, study):
    """Those of the second length: the columns of the first are 0."""
    ends, (_, until), start = joined.runs.ends, joined.until, study.configuration(2)
    found = simulated_motion(
        joined.ensembles, joined.measurement, joined.short_runs, species=1, n_runs=1, until=until,
        seed=5, n_columns=joined.runs.n_noisy, ends=(ends, 1),
    )[2]  # fmt: skip
    seed = seed_sequence(5, "calibration", 2, "run", 0)
    moved = trajectory(start, study.recipe.model, joined.short_runs.times, seed)
    described = FEW.compute(led_to(start, moved[-1])).values[start.species == 1]
    first, second = np.hsplit(found[:, ends.first :], 2)
    assert not first.any()
    np.testing.assert_allclose(second, ends.fits.predict_all(described), rtol=1e-12)
    last = np.flatnonzero(np.isclose(joined.short_runs.labels().time, until))[0]
    np.testing.assert_allclose(found[:, last], lengths(moved[-1])[start.species == 1], rtol=1e-12)


def test_a_saved_model_predicts_the_same(joined, study, tmp_path):
    model, start = joined.fit(n_runs=2, until=joined.until[0]), study.configuration(0)
    model.save(tmp_path / "model.h5")
    loaded = HybridModel.load(tmp_path / "model.h5")
    assert np.array_equal(
        loaded.predict(start, seed=3), model.predict(start, seed=3), equal_nan=True
    )
    assert repr(loaded) == repr(model)


def test_the_command_predicts_by_a_hybrid_model(joined, study, tmp_path):
    model, start = joined.fit(n_runs=2, until=joined.until[0]), study.configuration(0)
    model.save(tmp_path / "model.h5")
    cb.write(tmp_path / "start.h5", start)
    words = ["predict", tmp_path / "model.h5", tmp_path / "start.h5", "-o", tmp_path / "p.xyz"]
    result = CliRunner().invoke(main, [*map(str, words), "--seed", "3"])
    assert result.exit_code == 0, result.output
    assert model.statement in result.output
    rows = (tmp_path / "p.xyz").read_text().splitlines()[2:]
    # Five times, each with two bounds, and the features that leave a range.
    columns = np.array([row.split()[-16:] for row in rows], float).T
    expected = model.predict_intervals(start, seed=3)
    for found, name in zip(np.split(columns[:15], 3), ("values", "low", "high"), strict=True):
        np.testing.assert_allclose(found, getattr(expected, name), rtol=1e-6)
        assert np.isfinite(found[:, start.species == 1]).all()
    np.testing.assert_array_equal(columns[15], expected.outside)
    result = CliRunner().invoke(main, [*map(str, words), "--cage-states", "2"])
    assert "cage_states: expected none for" in result.output


def test_a_file_that_is_no_hybrid_model_is_refused(joined, study, tmp_path):
    with pytest.raises(FileFormatError, match="expected a hybrid model, whole"):
        HybridModel.load(study.store.path(Unit("ends", (0, 0))))
    path = tmp_path / "model.h5"
    joined.fit(n_runs=1, until=joined.until[0]).save(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FileFormatError, match="model"):
        HybridModel.load(path)


def test_a_model_of_other_descriptors_is_refused(joined, tmp_path, monkeypatch):
    joined.fit(n_runs=1, until=joined.until[0]).save(tmp_path / "model.h5")
    describe_by(monkeypatch, cb.Generations((RADIAL,), n_max=0))
    with pytest.raises(FileFormatError, match="end_coefficients: expected shape"):
        HybridModel.load(tmp_path / "model.h5")


def test_ends_that_were_stopped_go_on_to_the_same_bits(study, tmp_path, monkeypatch):
    path = recipe(tmp_path / "ends.toml", SECTION)
    done = unit_bytes(study.store.folder)
    for name, content in done.items():
        if name.startswith(("equilibrate", "run", "propensity", "descriptors-initial")):
            (path.with_suffix("") / name).parent.mkdir(parents=True, exist_ok=True)
            (path.with_suffix("") / name).write_bytes(content)
    save, writes = Store.save, []

    def stopped(*arguments, **options):
        save(*arguments, **options)
        writes.append(arguments[1].stage)
        if len(writes) in (2, 14):
            raise KeyboardInterrupt

    monkeypatch.setattr(Store, "save", stopped)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            cb.Study(path).run("serial", progress=False)
    cb.Study(path).run("serial", progress=False)
    assert unit_bytes(path.with_suffix("")) == done
    assert sorted(set(writes)) == ["descriptors-ends", "ends"]
    assert len(writes) == 4 * 3 + 4


def test_runs_that_end_in_a_finished_description_may_be_deleted(study, tmp_path):
    path = recipe(tmp_path / "ends.toml", SECTION)
    shutil.copytree(study.store.folder, path.with_suffix(""))
    shutil.rmtree(path.with_suffix("") / "ends")
    other = cb.Study(path)
    assert all(stage.done == stage.total for stage in other.status())
    assert hybrid(other).described
    shutil.rmtree(path.with_suffix("") / "descriptors-ends")
    with pytest.raises(StoreError, match=r"4 of 4 units of descriptors-ends .* --no-ends"):
        hybrid(other)
    assert not hybrid(other, ends=False).described


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ends": '"cage"'}, r"ends = 'cage': expected inherent or positions"),
        ({"share": "[0.2, 0.1]"}, r"share = \[0.2, 0.1\]: expected a number above 0, up to 1"),
        ({"share": "1e-4"}, r"share = 0.0001: expected at least first / last = 0.002"),
        ({"share": "0.9"}, r"share = 0.9: expected less for one of them"),
    ],
)
def test_a_key_that_cannot_be_is_named(tmp_path, changes, message):
    path = recipe(tmp_path / "hs.toml", SECTION | changes)
    with pytest.raises(InputError, match=message):
        cb.Study(path)


def test_the_json_schema_admits_the_keys(study):
    values = tomllib.loads(study.recipe.path.read_text())
    described = json_schema("hard_spheres", "isoconfigurational")
    assert list(Draft7Validator(described).iter_errors(values)) == []
    values["hybrid"]["ends"] = "cage"
    assert len(list(Draft7Validator(described).iter_errors(values))) == 1


def test_ends_need_four_folds(tmp_path):
    assert hybrid_section.FOLDS == MOST_LEFT_OUT + 1
    path = recipe(tmp_path / "hs.toml", SECTION, outer_folds=3)
    with pytest.raises(InputError, match="expected at least 4 outer_folds in"):
        cb.Study(path)


def test_imported_runs_have_no_ends(study, tmp_path):
    values = dict(study.recipe.values)
    values["preparation"] = {
        "n_configurations": 4, "n_particles": 120, "imported": "0" * 64,
    }  # fmt: skip
    runs = study.recipe.isoconfigurational
    values["isoconfigurational"] = {
        "n_runs": 3, "times": [1.0, 2.0], "wavenumber": runs.wavenumber,
    }  # fmt: skip
    values["hybrid"] = values["hybrid"] | {"share": 0.1}
    with pytest.raises(InputError, match="none of imported runs, whose positions are not kept"):
        type(study.recipe).of_values(tmp_path / "imported.toml", as_read(values))


def as_read(values):
    """Return values as a TOML file holds them, with lists instead of tuples."""
    if isinstance(values, dict):
        return {name: as_read(value) for name, value in values.items()}
    return [as_read(value) for value in values] if isinstance(values, tuple | list) else values


def test_the_cost_of_an_end_is_its_share_of_a_unit(study):
    seconds = {"run": 50.0, "descriptors-initial": 2.0, "ends": 9.0, "descriptors-ends": 14.0}
    stages = tuple(StagePlan(name, 1, 0, cost, 0) for name, cost in seconds.items())
    costs = costs_of(study.recipe, Plan(stages, 1, 0))
    # Of three runs there are two ends each, and the start.
    assert costs == pytest.approx((2.0, 50.0 / LAST, 14.0 / 7))


def test_a_pilot_compares_ends_where_they_are_shorter_than_the_time(study, monkeypatch):
    monkeypatch.setitem(
        pilot.__globals__, "hybrid", partial(cb.hybrid, features=FEW_AT_START, folds=4)
    )
    monkeypatch.setitem(pilot.__globals__, "LENGTHS", (1.0,))
    monkeypatch.setitem(pilot.__globals__, "NUMBERS", (1,))
    costs = costs_of(
        study.recipe,
        Plan(tuple(StagePlan(name, 1, 0, 1e-9, 0) for name in
                   ("run", "descriptors-initial", "descriptors-ends")), 1, 0),
    )  # fmt: skip
    assert "ends" in set(pilot(study, costs, LAST, "B").rows["inputs"])
    early = pilot(study, costs, 0.2, "B")
    assert "ends" not in set(early.rows["inputs"])
    assert np.isnan(early.costs.end)


def test_stored_ends_have_what_they_were_made_from(study):
    path = study.store.path(Unit("descriptors-ends", (0,)))
    with h5py.File(path) as file:
        assert file["sums"].shape == (2, 2, 120, 12)
        assert file["sums"].attrs["axes"] == "parity of run, end, particle, feature"
    assert set(study.store.parents_of(Unit("descriptors-ends", (0,)))) == {"equilibrate", "ends"}
    assert load_propensity(study.store, 0)[0].n_runs == 3
