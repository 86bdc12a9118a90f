"""Predictions from the structure at the ends of runs: what each fit has learned from."""

import numpy as np
import pytest

from cagebreak.errors import InputError
from cagebreak.learning import RidgeCV
from cagebreak.learning.short_runs import (
    EndColumns,
    EndFits,
    Inputs,
    RunRidge,
    RunSample,
    collect_runs,
    held_out_runs,
)
from cagebreak.learning.short_runs.end_fits import ALPHAS

N, G, E, V = 150, 4, 2, 1
FOLD = np.array([0, 1, 2, 3, 0])


def structures(random, weights):
    """Return structure and targets of configurations, linear in it beside noise."""
    made = []
    for _ in FOLD:
        X = random.normal(size=(N, G))
        made.append((X, X @ weights + 0.3 * random.normal(size=(N, E))))
    return made


@pytest.fixture(scope="module")
def samples():
    random = np.random.default_rng(1)
    return structures(random, random.normal(size=(G, E)))


@pytest.fixture(scope="module")
def fits(samples):
    return EndFits.fit(samples, FOLD)


def test_there_is_a_fit_without_each_set_of_up_to_three_folds(fits):
    assert [len(folds) for folds in fits.left_out] == [0] + 4 * [1] + 6 * [2] + 4 * [3]
    assert fits.coefficients.shape == (15, G, E)


def test_a_fit_is_the_ridge_regression_of_the_other_configurations(samples, fits):
    number = fits.left_out.index(frozenset({0, 2}))
    X, y = (np.concatenate([samples[c][k] for c in (1, 3)]) for k in (0, 1))
    ridge = RidgeCV(ALPHAS, center="configuration").fit(X, y, np.repeat([0, 1], N))
    structure = samples[0][0]
    expected = ridge.predict(structure)
    predicted = fits.predict_all(structure).reshape(N, -1, E)[:, number]
    assert predicted == pytest.approx(expected - expected.mean(axis=0), abs=2e-3)
    assert fits.predict(structure) == pytest.approx(fits.predict_all(structure)[:, :E])


def test_a_fit_knows_nothing_of_the_folds_that_it_leaves_out(samples, fits):
    structure, targets = samples[2]
    other = [*samples[:2], (5 * structure, -targets), *samples[3:]]
    for old, new, folds in zip(
        fits.coefficients, EndFits.fit(other, FOLD).coefficients, fits.left_out, strict=True
    ):
        assert np.array_equal(old, new) == (2 in folds)


def test_a_prediction_has_seen_neither_its_own_fold_nor_those_of_no_member(fits):
    everything = range(len(FOLD))
    assert fits.left_out[fits.unseen(4, everything)] == {0}
    assert fits.left_out[fits.unseen(1, [0, 2, 4])] == {1, 3}
    assert fits.left_out[fits.unseen(2, [0, 2, 4])] == {1, 2, 3}


def test_three_folds_are_too_few(samples):
    with pytest.raises(InputError, match=r"folds: expected at least 4 .*got 3"):
        EndFits.fit(samples[:3], np.arange(3))


def collected(random, y_of, n_features=G, moved=1.0):
    """Return a collection whose runs lead to structure of which targets are some function."""
    fold = np.arange(6) % 4
    starts, ends, targets = [], [], []
    for _ in fold:
        start = random.normal(size=(N, n_features))
        led_to = start + moved * random.normal(size=(N, n_features))
        starts.append(start)
        ends.append(led_to + 0.5 * moved * random.normal(size=(2, N, n_features)))
        targets.append(y_of(start, led_to) + 0.5 * random.normal(size=(2, N, 1)))
    fits = EndFits.fit(((x, y.mean(axis=0)) for x, y in zip(starts, targets, strict=True)), fold)
    made = [
        RunSample(x, np.stack([np.hstack([x[:, :V], fits.predict_all(e)]) for e in at]), y, (1, 1))
        for x, at, y in zip(starts, ends, targets, strict=True)
    ]
    return collect_runs(made, times=[1.0], ends=EndColumns(fits, V)), made, fits


def r_of(runs, columns):
    inputs = {"": Inputs(True, np.asarray(columns), 2)}
    moments = held_out_runs(runs, inputs, seed=1, folds=4).moments[""].sum(axis=0)[:, 0]
    return moments[5] / np.sqrt(moments[3] * moments[4])


def test_structure_where_runs_lead_adds_what_the_start_cannot_tell():
    random, weights = np.random.default_rng(2), np.array([[1.0], [0.5], [0.0], [-1.0]])
    runs, _, _ = collected(random, lambda start, led_to: led_to @ weights, moved=2.0)
    assert r_of(runs, [0]) < 0.6
    assert r_of(runs, [0, V]) > 0.8


def test_ends_of_runs_predict_no_noise():
    """A fit that had seen the configuration it is applied to would."""
    noise = np.random.default_rng(4)
    runs, _, _ = collected(
        np.random.default_rng(3),
        lambda start, led_to: noise.normal(size=(N, 1)),
        n_features=60,
        moved=0.0,
    )
    assert abs(r_of(runs, [0, V])) < 0.1


def test_a_fitted_model_predicts_by_the_fit_to_all_configurations():
    random, weights = np.random.default_rng(5), np.array([[1.0], [0.5], [0.0], [-1.0]])
    runs, made, _ = collected(random, lambda start, led_to: led_to @ weights)
    ridge = RunRidge.fit(runs, Inputs(True, np.array([0, V]), 2), seed=1, folds=4)
    assert ridge.coefficients.shape == (G + V + 1, 1)
    sample = made[0]
    at_end = sample.runs.mean(axis=0)[:, V : V + 1]
    predicted = ridge.predict(np.hstack([sample.structure, sample.structure[:, :V], at_end]))
    assert np.corrcoef(predicted[:, 0], sample.targets.mean(axis=0)[:, 0])[0, 1] > 0.7
