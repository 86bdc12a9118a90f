"""Short runs that are simulated to calibrate the intervals of a hybrid model."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.descriptors.base import make_labels
from cagebreak.descriptors.coarse_grained.short_runs import MeanMotion
from cagebreak.dynamics.propensity import lengths
from cagebreak.learning import PredictiveIntervals, configuration_folds
from cagebreak.learning.short_runs import RunRidge
from cagebreak.seeding import seed_sequence
from cagebreak.simulation.isoconfigurational import trajectory
from cagebreak.study.analysis import jobs
from cagebreak.study.analysis.hybrid import Ensemble, calibration

N, TIMES = 200, np.array([1.0, 10.0])
LABELS = make_labels("radial", 1, "initial", [{"r": 1.0}])
FEW = {"states": ["initial"], "generations": 0, "kind": "angular", "l": [6]}
UNTIL, SEED = 1.0, 4


@pytest.fixture(scope="module")
def joined(study):
    return cb.hybrid(study, seed=SEED, until=[UNTIL, 5.0], species="B", features=FEW, lengths=[1.0])


@pytest.fixture(scope="module")
def model(joined):
    return joined.fit(2, UNTIL)


def features(model, study, c):
    """Return the features of the particles from two runs of the address of configuration c."""
    start, short_runs = study.configuration(c), model.short_runs
    times = [time for time in short_runs.times if time <= 1.1 * UNTIL]
    runs = [
        lengths(
            trajectory(
                start, study.recipe.model, times, seed_sequence(SEED, "calibration", c, "run", r)
            )
        )
        for r in range(2)
    ]
    motion = MeanMotion(start, np.array(times), {"displacement": np.mean(runs, axis=0)})
    of_motion = replace(short_runs, times=tuple(times)).compute(motion)
    columns = np.zeros((len(start), len(short_runs.labels())))
    columns[:, short_runs.labels().time <= 1.1 * UNTIL] = of_motion.values
    structure = study.features(c).values[:, model.measurement.columns]
    return np.hstack([structure, columns])[start.species == 1]


def test_a_configuration_is_held_out_as_a_new_one_is_predicted(joined, model, study):
    """Its runs are new ones, its fit has not seen it, and the mean over all runs is measured."""
    inputs = joined.inputs("both", 2, UNTIL)
    fold = configuration_folds(3, joined.folds, seed=SEED)
    predicted = [
        RunRidge.fit(joined.runs, inputs, seed=SEED, folds=joined.folds, left_out=fold[c]).predict(
            features(model, study, c)
        )
        for c in range(3)
    ]
    measured = [
        study.propensity(c).mean[:, study.configuration(c).species == 1].T for c in range(3)
    ]
    expected = PredictiveIntervals.fit(predicted, measured)
    found = model.training.intervals
    for name in ("predictions", "half_widths", "coverage"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-9)
    assert model.training.n_others == 3
    assert "of what is measured as the mean of 3 runs" in model.statement


def test_the_same_seed_gives_the_same_bits_and_predictions_do_not_change(joined, model, study):
    again, without = joined.fit(2, UNTIL), replace(joined, measurement=None).fit(2, UNTIL)
    start = study.configuration(0)
    found = [each.predict_intervals(start, seed=2) for each in (model, again)]
    for name in ("values", "low", "high", "outside"):
        np.testing.assert_array_equal(*[getattr(each, name) for each in found])
    np.testing.assert_array_equal(without.ridge.coefficients, model.ridge.coefficients)
    halves = model.training.intervals.half_widths, without.training.intervals.half_widths
    assert not np.array_equal(*halves)


def test_as_many_short_runs_as_an_ensemble_has_leave_something_to_compare_with(joined):
    assert joined.fit(3, UNTIL).training.intervals is not None
    assert replace(joined, measurement=None).fit(3, UNTIL).training.intervals is None


def test_what_another_process_is_given_can_be_sent(joined, monkeypatch):
    """Its runs are the same, to the bit."""
    sent = []

    def in_order(function, arguments):
        for each in arguments:
            sent.append(pickle.dumps((function, each)))
            run, own = pickle.loads(sent[-1])
            yield run(*own)

    about = {"species": 1, "n_runs": 1, "until": UNTIL, "seed": 1, "n_columns": joined.runs.n_noisy}
    given = joined.ensembles, joined.measurement, joined.short_runs
    expected = calibration.simulated_motion(*given, **about)
    monkeypatch.setattr(calibration, "in_order", in_order)
    for one, other in zip(expected, calibration.simulated_motion(*given, **about), strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(sent) == 3


class LongTails:
    """Measures runs whose noise has long tails, in place of a simulation."""

    @staticmethod
    def short_runs(start, times, n_runs, seed, ends):
        random = np.random.default_rng(seed)
        moved = moves(start.positions[:, 0], n_runs, random)[:, : len(times)]
        return MeanMotion(start, np.asarray(times), {"displacement": moved.mean(axis=0)}), None


def moves(x, n_runs, random):
    """Return the displacements of runs, (n_runs, T, N), of particles some of which are faster."""
    hidden = np.exp(1.5 * np.modf(977 * x)[0])
    return hidden * random.lognormal(size=(n_runs, 1, len(x))) * np.array([[1.0], [2.0]])


def an_ensemble(c):
    random = np.random.default_rng(c)
    start = cb.Configuration(random.uniform(0, 6, (N, 3)), np.zeros(N, int), 6.0)
    moved = moves(start.positions[:, 0], 8, random)
    sums = np.stack([moved[h::2].sum(axis=0) for h in (0, 1)])
    motion = cb.Propensity(TIMES, sums, 8, start.species)
    structure = cb.Features(random.normal(size=(N, 1)), LABELS)
    return Ensemble(start, structure, {"displacement": motion})


def test_intervals_have_the_level_though_the_noise_of_a_run_has_long_tails():
    """Of 40 new configurations and one short run; halves of eight runs would give 0.87."""
    joined = cb.hybrid([an_ensemble(c) for c in range(20)], seed=1, until=1.0, lengths=[1.0])
    model, inside = replace(joined, measurement=LongTails()).fit(1, 1.0), []
    for c in range(100, 140):
        start, structure, runs, _ = an_ensemble(c)
        motion, _ = LongTails.short_runs(start, TIMES[:1], 1, c + 1000, False)
        found = model.predict_intervals_from(structure, motion)
        measured = runs["displacement"].mean
        inside.append((found.low <= measured) & (measured <= found.high))
    assert np.mean(inside, axis=(0, 2)) == pytest.approx(np.full(2, 0.9), abs=0.015)


def test_calls_are_shared_by_processes_only_if_they_take_long(monkeypatch):
    started = []
    monkeypatch.setattr(jobs, "available_cores", lambda: 2)
    monkeypatch.setattr(jobs, "pool", lambda workers: started.append(workers) or jobs.serial(1))
    for pays in (60.0, 0.0):
        monkeypatch.setattr(jobs, "PAYS", pays)
        assert list(jobs.in_order(divmod, [(7, 2), (9, 4), (8, 3)])) == [(3, 1), (2, 1), (2, 2)]
    assert started == [2]
