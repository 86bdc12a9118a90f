"""Predictive intervals of hybrid models, and what leaves the range of their training."""

import warnings
from dataclasses import replace

import h5py
import numpy as np
import pytest

import cagebreak as cb
from cagebreak.descriptors.base import make_labels
from cagebreak.descriptors.coarse_grained.short_runs import MeanMotion
from cagebreak.errors import ConfigurationWarning, FileFormatError, InputError
from cagebreak.learning import PredictiveIntervals
from cagebreak.learning.short_runs import from_halves, held_out_particles
from cagebreak.seeding import stream
from cagebreak.study.analysis.hybrid import Ensemble, HybridModel

N, R, TIMES = 200, 8, np.array([1.0, 10.0, 30.0])
LABELS = make_labels("radial", 2, "initial", [{"r": 1.0}, {"r": 1.5}])


def runs_of(c, n_runs=R, faster=1.0):
    """Return a configuration, its structure, and the displacements of its runs, (R, T, N).

    Their noise is that of an exponential distribution, and all times of a run share a part of it.
    """
    random = np.random.default_rng(c)
    start = cb.Configuration(random.uniform(0, 6, (N, 3)), np.zeros(N, int), 6.0)
    structure = random.normal(size=(N, 2))
    hidden = np.exp(0.3 * (structure[:, 0] + random.normal(size=N)))
    own, of_time = random.exponential(size=(n_runs, 1, N)), random.exponential(size=(n_runs, 3, N))
    moved = faster * np.array([0.3, 1.0, 2.0])[:, None] * hidden * (own + of_time) / 2
    return start, cb.Features(structure, LABELS), moved


def an_ensemble(c, n_runs=R):
    start, structure, moved = runs_of(c, n_runs)
    sums = np.stack([moved[h::2].sum(axis=0) for h in (0, 1)])
    motion = cb.Propensity(TIMES, sums, n_runs, start.species)
    return Ensemble(start, structure, {"displacement": motion})


def motion_of(start, moved):
    return MeanMotion(start, TIMES[:1], {"displacement": moved.mean(axis=0)[:1]})


@pytest.fixture(scope="module")
def joined():
    ensembles = [an_ensemble(c) for c in range(10)]
    return cb.hybrid(ensembles, seed=1, until=1.0, lengths=[1.0])


@pytest.fixture(scope="module")
def model(joined):
    return joined.fit(2, 1.0)


@pytest.mark.parametrize("n_runs", [1, 2, 4])
def test_intervals_contain_the_mean_of_other_runs_with_the_level(joined, n_runs):
    """Of 40 new configurations, whose short runs are others than those that are measured."""
    model, inside = joined.fit(n_runs, 1.0), []
    for c in range(100, 140):
        start, structure, moved = runs_of(c)
        found = model.predict_intervals_from(structure, motion_of(start, moved[:n_runs]))
        measured = moved[n_runs:].mean(axis=0)
        inside.append((found.low <= measured) & (measured <= found.high))
    assert model.training.n_others == R - n_runs
    assert np.mean(inside, axis=(0, 2)) == pytest.approx(np.full(3, 0.9), abs=0.02)


def test_intervals_are_about_the_fewest_runs_if_configurations_have_more_or_fewer():
    ensembles = [an_ensemble(c, n_runs=(4, 20)[c % 2]) for c in range(10)]
    model = cb.hybrid(ensembles, seed=1, until=1.0, lengths=[1.0]).fit(2, 1.0)
    assert model.training.n_others == 2
    inside = []
    for c in range(100, 120):
        start, structure, moved = runs_of(c, n_runs=4)
        found = model.predict_intervals_from(structure, motion_of(start, moved[:2]))
        measured = moved[2:].mean(axis=0)
        inside.append((found.low <= measured) & (measured <= found.high))
    # Without the noise that configurations of 20 runs lack, it would be 0.83 to 0.85.
    assert np.mean(inside, axis=(0, 2)) == pytest.approx(np.full(3, 0.9), abs=0.03)


def test_intervals_are_those_of_held_out_configurations(joined, model):
    inputs = joined.inputs("both", 2, 1.0)
    held_out = [
        from_halves(sample, 2, R - 2, stream(1, "held out", c))
        for c, sample in enumerate(joined.read())
    ]
    pairs = held_out_particles(held_out, joined.runs, inputs, seed=1, folds=5)
    expected = PredictiveIntervals.fit(*zip(*pairs, strict=True))
    start, structure, moved = runs_of(50)
    found = model.predict_intervals_from(structure, motion_of(start, moved[:2]))
    half = expected.of(found.values.T).T
    np.testing.assert_array_equal(found.high, found.values + half)
    np.testing.assert_array_equal(found.low, np.maximum(found.values - half, 0.0))
    np.testing.assert_array_equal(
        found.values, model.predict_from(structure, motion_of(start, moved[:2]))
    )


def test_another_configuration_of_training_needs_no_remark(model):
    start, structure, moved = runs_of(51)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConfigurationWarning)
        model.predict_from(structure, motion_of(start, moved[:2]))


def test_motion_and_structure_that_leave_the_range_of_training_are_named(model):
    start, structure, moved = runs_of(52, faster=3.0)
    with pytest.warns(ConfigurationWarning, match=r"displacement.* time=1 .*runs"):
        model.predict_from(structure, motion_of(start, moved[:2]))
    start, structure, moved = runs_of(53)
    other = cb.Features(structure.values + np.array([0.0, 9.0]), LABELS)
    with pytest.warns(ConfigurationWarning, match=r"radial r=1.5 .*initial"):
        found = model.predict_intervals_from(other, motion_of(start, moved[:2]))
    assert (found.outside >= 1).all()


def test_a_file_keeps_intervals_and_range(model, tmp_path):
    model.save(tmp_path / "model.h5")
    loaded = HybridModel.load(tmp_path / "model.h5")
    start, structure, moved = runs_of(54)
    given = structure, motion_of(start, moved[:2])
    one, other = (each.predict_intervals_from(*given) for each in (model, loaded))
    for name in ("values", "low", "high", "outside"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert loaded.statement == model.statement
    assert loaded.statement.startswith("intervals: of what is measured as the mean of 6 runs, ")
    assert loaded.statement.endswith("; the inputs, 2 short runs to 1 tau, are other runs")


def test_a_file_of_an_earlier_version_has_no_intervals(model, tmp_path):
    replace(model, training=None).save(tmp_path / "old.h5")
    with h5py.File(tmp_path / "old.h5") as file:
        assert not [name for name in file if name.startswith(("interval_", "range_"))]
    old = HybridModel.load(tmp_path / "old.h5")
    start, structure, moved = runs_of(55)
    given = structure, motion_of(start, moved[:2])
    with pytest.warns(ConfigurationWarning, match="intervals: none, .* by an earlier version"):
        found = old.predict_intervals_from(*given)
    assert np.isnan([found.low, found.high]).all()
    np.testing.assert_array_equal(found.values, model.predict_from(*given))


def test_a_file_whose_numbers_of_runs_do_not_fit_is_refused(model, tmp_path):
    training = replace(model.training, n_others=-1)
    replace(model, training=training).save(tmp_path / "model.h5")
    with pytest.raises(FileFormatError, match=r"\(n_others: expected one that fits"):
        HybridModel.load(tmp_path / "model.h5")


def test_without_runs_beside_the_short_ones_there_are_no_intervals(joined):
    model = joined.fit(R, 1.0)
    assert "none, as there are fewer than three folds" in model.statement
    start, structure, moved = runs_of(56)
    with pytest.warns(ConfigurationWarning, match="or no runs beside 8 short runs to 1 tau"):
        found = model.predict_intervals_from(structure, motion_of(start, moved))
    assert np.isfinite(found.values).all()
    assert np.isnan(found.high).all()


def test_with_few_particles_there_is_a_model_without_intervals():
    few = [_first(an_ensemble(c), 2) for c in range(4)]
    model = cb.hybrid(few, seed=1, until=1.0, lengths=[1.0]).fit(2, 1.0)
    assert model.training.intervals is None
    assert "fewer than nine particles" in model.statement


def _first(ensemble, n):
    """Return an ensemble of the first n particles."""
    start, structure, motion, _ = ensemble
    measured = motion["displacement"]
    start = cb.Configuration(start.positions[:n], start.species[:n], start.box)
    motion = cb.Propensity(TIMES, measured.sums[:, :, :n], R, start.species)
    return Ensemble(start, cb.Features(structure.values[:n], LABELS), {"displacement": motion})


def test_copies_are_refused_without_structure_as_well():
    plain = [
        e._replace(structure=cb.Features(np.zeros((N, 0)), LABELS[:0]))
        for e in map(an_ensemble, (0, 1, 2, 3, 4, 0))
    ]
    cb.hybrid(plain[:-1], seed=1, until=1.0, lengths=[1.0])
    with pytest.raises(InputError, match=r"samples\[0\]: expected another configuration than"):
        cb.hybrid(plain, seed=1, until=1.0, lengths=[1.0])


def test_structure_that_is_no_number_is_named_with_its_ensemble():
    ensembles = [an_ensemble(c) for c in range(3)]
    ensembles[1].structure.values[5, 1] = np.nan
    with pytest.raises(InputError, match=r"ensembles\[1\]\.structure: expected finite numbers"):
        cb.hybrid(ensembles, seed=1, until=1.0, lengths=[1.0])
