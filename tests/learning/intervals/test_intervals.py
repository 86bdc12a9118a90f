"""Predictive intervals whose width depends on the prediction."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cagebreak.errors import InputError
from cagebreak.learning import PredictiveIntervals
from cagebreak.learning.intervals import IN_A_BIN, MOST_BINS
from naive import intervals as naive


def data(random, C, n, T=2, shift=0.0):
    """Predictions, and measured values whose error grows with the prediction, of C configurations.

    `shift` is the deviation of an error that all particles of a configuration share.
    """
    predicted = [random.gamma(2.0, 1.0, size=(n, T)) for _ in range(C)]
    errors = [0.1 * (1 + x) * random.standard_t(5, size=x.shape) for x in predicted]
    return predicted, [
        x + e + shift * random.normal() for x, e in zip(predicted, errors, strict=True)
    ]


def covered(intervals, predicted, measured):
    return np.abs(measured - predicted) <= intervals.of(predicted)


@pytest.mark.parametrize(("C", "n"), [(2, 30), (3, 250), (7, 500)])
@pytest.mark.parametrize("level", [0.68, 0.9])
def test_they_equal_the_obvious_construction(C, n, level):
    predicted, measured = data(np.random.default_rng(C), C, n)
    found = PredictiveIntervals.fit(predicted, measured, level=level)
    at = np.linspace(-1, 12, 50)
    for t in range(2):
        pairs = [(x[:, t], y[:, t]) for x, y in zip(predicted, measured, strict=True)]
        expected = naive.half_widths(pairs, at, level)
        np.testing.assert_allclose(found.of(np.stack([at, at], axis=1))[:, t], expected)
        if C > 2:
            np.testing.assert_allclose(found.coverage[:, t], naive.coverage(pairs, level))


def test_particles_of_any_prediction_are_covered_with_the_level():
    """The noise is known and depends on the prediction; constant intervals fail at both ends."""
    random = np.random.default_rng(0)
    x, y = data(random, 30, 500, T=1)
    new_x, new_y = data(random, 100, 500, T=1)
    new_x, new_y = np.concatenate(new_x), np.concatenate(new_y)
    inside = covered(PredictiveIntervals.fit(x, y), new_x, new_y)[:, 0]
    order = np.argsort(new_x[:, 0])
    for fifth in np.array_split(order, 5):
        assert inside[fifth].mean() == pytest.approx(0.9, abs=0.015)
    constant = np.abs(new_y - new_x) <= np.quantile(
        np.abs(np.concatenate(y) - np.concatenate(x)), 0.9
    )
    assert constant[order[:10_000]].mean() > 0.97
    assert constant[order[-10_000:]].mean() < 0.75


@pytest.mark.parametrize("C", [2, 4, 12])
def test_configurations_that_differ_are_covered_with_the_level_but_for_few(C):
    """All particles of a configuration share an error, as large as that of most particles."""
    random = np.random.default_rng(C)
    shares = []
    for _ in range(60):
        predicted, measured = data(random, C + 4, 200, T=1, shift=0.15)
        fitted = PredictiveIntervals.fit(predicted[:C], measured[:C])
        pairs = zip(predicted[C:], measured[C:], strict=True)
        shares += [covered(fitted, x, y).mean() for x, y in pairs]
    # Few configurations fall short, by no more than is said.
    assert np.mean(shares) == pytest.approx(0.9, abs=0.02 if C > 2 else 0.06)


def test_coverage_of_a_configuration_left_out_is_that_of_the_others_intervals():
    random = np.random.default_rng(5)
    predicted, measured = data(random, 4, 150, shift=0.2)
    found = PredictiveIntervals.fit(predicted, measured)
    for c in range(4):
        others = [k for k in range(4) if k != c]
        fitted = PredictiveIntervals.fit(
            [predicted[k] for k in others], [measured[k] for k in others]
        )
        expected = covered(fitted, predicted[c], measured[c]).mean(axis=0)
        np.testing.assert_allclose(found.coverage[c], expected)


def test_the_order_of_particles_does_not_matter():
    random = np.random.default_rng(6)
    predicted, measured = data(random, 3, 200)
    order = random.permutation(200)
    found = PredictiveIntervals.fit([x[order] for x in predicted], [y[order] for y in measured])
    expected = PredictiveIntervals.fit(predicted, measured)
    np.testing.assert_allclose(found.half_widths, expected.half_widths, rtol=1e-12)
    np.testing.assert_allclose(found.coverage, expected.coverage)


def test_configurations_of_a_group_calibrate_together():
    predicted, measured = data(np.random.default_rng(7), 6, 100, shift=0.3)
    found = PredictiveIntervals.fit(predicted, measured, groups=[4, 9, 4, 9, 2, 2])
    joined = [np.concatenate([each[i], each[j]]) for each in (predicted, measured)
              for i, j in ((0, 2), (1, 3), (4, 5))]  # fmt: skip
    expected = PredictiveIntervals.fit(joined[:3], joined[3:])
    np.testing.assert_array_equal(found.half_widths, expected.half_widths)
    assert found.coverage.shape == (3, 2)


def test_two_configurations_give_intervals_whose_coverage_is_not_known():
    found = PredictiveIntervals.fit(*data(np.random.default_rng(8), 2, 100))
    assert np.isnan(found.coverage).all()
    assert (found.half_widths > 0).all()


@pytest.mark.parametrize("constant", ["prediction", "target", "both"])
def test_what_does_not_vary_has_intervals(constant):
    random = np.random.default_rng(9)
    predicted, measured = data(random, 3, 300)
    if constant != "target":
        predicted = [np.full_like(x, 2.0) for x in predicted]
    if constant != "prediction":
        measured = [np.full_like(y, 2.0) for y in measured]
    found = PredictiveIntervals.fit(predicted, measured)
    half = found.of(np.array([[2.0, 2.0], [9.0, 0.0]]))
    assert np.isfinite(half).all()
    if constant == "both":
        np.testing.assert_array_equal(half, 0)
        np.testing.assert_array_equal(found.coverage, 1)
    if constant == "prediction":
        np.testing.assert_array_equal(half[0], half[1])


def test_a_configuration_without_particles_is_left_out():
    predicted, measured = data(np.random.default_rng(10), 3, 100)
    none = [np.empty((0, 2))]
    found = PredictiveIntervals.fit(predicted + none, measured + none)
    assert found.coverage.shape == (3, 2)


def test_bins_follow_the_number_of_particles():
    random = np.random.default_rng(11)
    for n, bins in ((20, 1), (IN_A_BIN * 2, 4), (IN_A_BIN * MOST_BINS, MOST_BINS)):
        found = PredictiveIntervals.fit(*data(random, 2, n))
        assert found.predictions.shape == (2, bins)
        assert (np.diff(found.predictions, axis=1) >= 0).all()


def test_some_of_the_targets():
    found = PredictiveIntervals.fit(*data(np.random.default_rng(12), 3, 100, T=3))
    some = found.at([2, 0])
    x = np.random.default_rng(0).normal(size=(5, 3))
    np.testing.assert_array_equal(some.of(x[:, [2, 0]]), found.of(x)[:, [2, 0]])
    np.testing.assert_array_equal(some.coverage, found.coverage[:, [2, 0]])


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=5, max_size=20),
        min_size=2,
        max_size=6,
    )
)
def test_widths_are_numbers_from_0_and_grow_with_the_level(configurations):
    pairs = [np.array(each, dtype=float) for each in configurations]
    predicted, measured = ([pair[:, [k]] for pair in pairs] for k in (0, 1))
    narrow = PredictiveIntervals.fit(predicted, measured, level=0.5)
    wide = PredictiveIntervals.fit(predicted, measured, level=0.9)
    assert (narrow.half_widths >= 0).all()
    at = np.concatenate(predicted)
    assert (wide.of(at) >= narrow.of(at)).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"level": 1}, r"^level: expected a number between 0 and 1, got 1"),
        ({"groups": [3, 3, 3]}, r"^groups: .* at least 2 groups of configurations, .* got 1$"),
        ({"measured": []}, r"^predicted, measured: expected the same number .* got 3 and 0$"),
        ({"measured": [np.zeros((9, 2))] * 3}, r"^measured\[0\]: expected 10 rows, got 9$"),
        ({"measured": [np.full((10, 2), np.nan)] * 3}, r"^predicted\[0\], .*\[0\]: .* finite"),
        ({"level": 0.99}, r"^predicted: expected at least 99 particles, .* 0.99, got 30$"),
        (
            {"predicted": [np.zeros((10, 2)), np.zeros((10, 1)), np.zeros((10, 2))]},
            r"^predicted\[1\]: expected 2 columns, got 1$",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_calibrated_is_named(change, message):
    arguments = {"predicted": [np.zeros((10, 2))] * 3, "measured": [np.ones((10, 2))] * 3}
    with pytest.raises(InputError, match=message):
        PredictiveIntervals.fit(**arguments | change)
