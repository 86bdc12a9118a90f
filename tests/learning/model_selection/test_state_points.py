"""One fit for several state points, against the own fit of each."""

from dataclasses import replace

import numpy as np
import pytest

from cagebreak.errors import InputError
from cagebreak.learning import PooledRidgeCV, Standardizer, StatePoint, collect, state_point_scores
from cagebreak.learning.model_selection.state_points import (
    Interpolated,
    interpolation,
    smooth,
    smooth_times,
)
from cagebreak.learning.samples import Sample

VALUES = {"hot": 1.0, "warm": 1.5, "cool": 2.0, "cold": 2.5}
N_FEATURES = 5
UNITS = Standardizer.of(np.zeros(N_FEATURES), np.ones(N_FEATURES), np.inf)
TIMES = np.array([1.0, 10.0])


def point(value, coefficients, seed, n_rows=200, noise=1.0, shift=0.0, step=0.0):
    """Four configurations, whose targets differ by a step from one to the next."""
    random = np.random.default_rng(seed)
    samples = []
    for k in range(4):
        X = random.normal(size=(n_rows, N_FEATURES)) + shift
        truth = X @ coefficients(value) + k * step
        halves = truth + noise * random.normal(size=(2, n_rows, 2))
        samples.append(Sample(X, halves.mean(axis=0), halves=halves))
    times = TIMES * np.exp(value)
    return StatePoint(
        collect(samples, standardizer=UNITS, times=times), value, np.ones(2), np.ones(2)
    )


def linear(value):
    """Coefficients that change sign between hot and cold."""
    return np.linspace(1.0, -1.0, N_FEATURES)[:, None] * (value - 1.75) + np.ones((1, 2))


def points_of(step):
    places = enumerate(VALUES.items())
    return {name: point(v, linear, k, shift=50.0, step=step) for k, (name, v) in places}


@pytest.fixture(scope="module")
def points():
    return {
        name: point(value, linear, k, shift=50.0) for k, (name, value) in enumerate(VALUES.items())
    }


@pytest.fixture(scope="module")
def table(points):
    return (
        state_point_scores(points, seed=1, folds=4)
        .set_index(["state_point", "fit", "mark"])
        .sort_index()
    )


def test_there_is_a_row_for_each_state_point_fit_and_mark(table):
    assert len(table) == len(VALUES) * 5 * 2
    assert table.index.is_unique


@pytest.mark.parametrize("name", VALUES)
def test_a_state_point_left_out_is_predicted_as_well_as_by_its_own_fit(table, name):
    assert (table.loc[(name, "left out"), "difference"].abs() < 0.02).all()


@pytest.mark.parametrize("name", VALUES)
def test_the_fit_of_the_nearest_state_point_predicts_worse(table, name):
    assert (table.loc[(name, "nearest"), "difference_high"] < 0).all()


def test_the_own_fit_does_not_differ_from_itself(table):
    own = table.xs("own", level="fit")
    assert (own[["difference", "difference_low", "difference_high"]] == 0.0).all(axis=None)


def test_no_r_is_above_what_the_noise_allows_by_more_than_chance(table):
    assert (table["r"] < table["ceiling"] + 0.02).all()


def test_r_pooled_falls_where_means_differ_and_r_does_not(table):
    far = {
        name: point(v, linear, k, shift=50.0, step=5.0)
        for k, (name, v) in enumerate(VALUES.items())
    }
    other = state_point_scores(far, seed=1, folds=4).set_index(table.index.names).sort_index()
    np.testing.assert_allclose(other["r"], table["r"], atol=1e-6)
    assert (table["r_pooled"] - table["r"]).abs().max() < 0.02
    assert (other["r_pooled"] < 0.6 * table["r_pooled"]).all()


def test_the_times_of_a_state_point_left_out_come_from_the_others(table):
    """ln t is a line in the value here."""
    left_out = table.xs("blind", level="fit")
    np.testing.assert_allclose(left_out["time_predicted"], left_out["time"], rtol=1e-9)


def test_nothing_of_a_state_point_left_out_enters_its_fit(points, table):
    """Targets without sense at one state point change the fits that see it, and no other."""
    random = np.random.default_rng(0)
    changed = dict(points)
    samples = [
        Sample(random.normal(size=(200, N_FEATURES)), random.normal(size=(200, 2)))
        for _ in range(4)
    ]
    collection = collect(samples, standardizer=UNITS, times=points["warm"].collection.times)
    changed["warm"] = StatePoint(collection, VALUES["warm"], np.ones(2), np.ones(2))
    other = state_point_scores(changed, seed=1, folds=4).set_index(table.index.names).sort_index()
    assert other.loc[("warm", "left out"), "alpha"].equals(table.loc[("warm", "left out"), "alpha"])
    assert not other.loc[("hot", "left out"), "r"].equals(table.loc[("hot", "left out"), "r"])
    assert other.loc[("hot", "own"), "r"].equals(table.loc[("hot", "own"), "r"])


def test_shared_coefficients_lose_where_the_truth_depends_on_the_state_point(points):
    table = state_point_scores(points, PooledRidgeCV(degree=0), seed=1, folds=4)
    of_end = table[(table["state_point"] == "cold") & (table["fit"] == "pooled")]
    assert (of_end["difference_high"] < 0).all()


def test_fewer_than_three_state_points_are_refused(points):
    two = {name: points[name] for name in ("hot", "warm")}
    with pytest.raises(InputError, match=r"^points: expected at least 3"):
        state_point_scores(two, seed=1)


def test_interpolation_is_linear_in_the_logarithm_and_constant_beyond_the_ends():
    values = np.array([[5.0, 7.0, 1.0]])
    matrix = interpolation([1.0, 100.0, 1000.0], [1.0, 10.0, 1000.0, 0.1, 1e5])
    np.testing.assert_allclose(values @ matrix, [[5.0, 6.0, 1.0, 5.0, 1.0]])


def test_samples_are_interpolated_with_their_halves():
    sample = Sample(np.zeros((2, 1)), np.array([[1.0, 3.0], [2.0, 6.0]]), halves=np.ones((2, 2, 2)))
    new = Interpolated([sample], interpolation([1.0, 100.0], [10.0]), np.array([2.0]))[0]
    np.testing.assert_allclose(new.targets, [[1.0], [2.0]])
    np.testing.assert_allclose(new.halves, np.full((2, 2, 1), 0.5))


def test_numbers_go_through_those_of_others_and_turn_nowhere():
    values = np.array([2.5, 1.0, 1.5, 2.0])
    logs = np.array([9.0, 1.0, 1.1, 6.0])[:, None] * np.array([1.0, -1.0])
    for value, of_value in zip(values, logs, strict=True):
        np.testing.assert_allclose(np.log(smooth(values, np.exp(logs), value)), of_value)
    along = [np.log(smooth(values, np.exp(logs), value)) for value in np.linspace(0.0, 4.0, 50)]
    assert (np.diff(along, axis=0) * [1.0, -1.0] >= 0).all()


def test_times_ascend_however_far_they_are_extrapolated():
    """The second mark falls fast with the value, and the first slowly."""
    times = np.array([[1.0, 100.0], [0.9, 10.0]])
    assert (np.diff(smooth_times([1.0, 2.0], times, 5.0)) > 0).all()


def test_a_state_point_whose_times_are_known_is_predicted_as_if_they_were_not(table):
    """Here, where the others give its times exactly."""
    known, blind = (table.xs(fit, level="fit")["r"] for fit in ("left out", "blind"))
    np.testing.assert_allclose(known, blind, rtol=1e-9)


def test_times_that_do_not_ascend_are_refused(points):
    times = TIMES[::-1]
    changed = {name: replace(p, collection=replace(p.collection, times=times))
               for name, p in points.items()}  # fmt: skip
    with pytest.raises(InputError, match=r"times: expected times that ascend"):
        state_point_scores(changed, seed=1)


def test_two_state_points_give_a_line():
    np.testing.assert_allclose(smooth([1.0, 2.0], [[1.0], [10.0]], 3.0), [100.0])
