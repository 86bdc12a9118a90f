import numpy as np
import pytest

from cagebreak.errors import InputError
from cagebreak.learning.conformal import half_width, half_widths
from cagebreak.learning.metrics import Metrics, in_configurations
from naive import metrics as naive


@pytest.mark.parametrize(
    ("n", "level", "expected"), [(9, 0.9, 9), (19, 0.9, 18), (20, 0.9, 19), (8, 0.9, np.nan)]
)
def test_by_hand(n, level, expected):
    residuals = np.arange(1, n + 1) * (-1.0) ** np.arange(n)
    np.testing.assert_array_equal(half_width(residuals[:, None], level), [expected])


@pytest.mark.parametrize("level", [0.5, 0.68, 0.95])
@pytest.mark.parametrize("n", [1, 10, 99, 200])
def test_it_equals_the_obvious_search(n, level):
    residuals = np.random.default_rng(n).normal(size=(n, 3))
    expected = [naive.half_width(column, level) for column in residuals.T]
    np.testing.assert_array_equal(half_width(residuals, level), expected)


def test_the_configurations_that_calibrate_are_those_of_other_groups_in_the_fold():
    """Each residual is the number of its configuration, so that the width says which were used."""
    residuals = [np.full((10, 1), float(c)) for c in range(7)]
    residuals[5] = np.empty((0, 1))
    fold, groups = np.array([0, 0, 0, 1, 1, 1, 2]), np.array([0, 0, 1, 2, 3, 4, 5])
    found = half_widths(residuals, fold, groups)
    np.testing.assert_array_equal(found[:, 0], [2, 2, 1, 4, 3, 4, np.nan])


def test_intervals_cover_independent_particles_with_their_level():
    """The coverage of one configuration is known: its number is beta-binomial, of mean `level`."""
    random = np.random.default_rng(0)
    n, repeats, level = 19, 4000, 0.9
    covered = np.empty(repeats)
    for repeat in range(repeats):
        calibrating = random.standard_t(3, size=(n, 1))
        covered[repeat] = abs(random.standard_t(3)) <= half_width(calibrating, level)[0]
    # ceil(20 * 0.9) / 20, exactly.
    assert covered.mean() == pytest.approx(0.9, abs=4 * np.sqrt(0.09 / repeats))


def test_coverage_of_configurations_that_differ_falls_short_as_is_said():
    """The errors of a configuration share a shift, and few configurations calibrate."""
    random = np.random.default_rng(1)
    C, n, level = 400, 300, 0.9
    shift = random.normal(size=C)
    measured = [shift[c] + random.normal(size=(n, 1)) for c in range(C)]
    predicted = [np.zeros((n, 1))] * C
    coverage = {}
    for together in (2, 20):
        fold = np.arange(C) // together
        found = in_configurations(Metrics(level=level), predicted, measured, fold)
        coverage[together] = found["coverage"].mean()
        np.testing.assert_array_equal(found["width"][:, 0] > 0, True)
    assert coverage[2] < coverage[20] - 0.02
    assert coverage[20] == pytest.approx(level, abs=0.02)


def test_coverage_and_width_are_those_of_the_intervals():
    random = np.random.default_rng(2)
    predicted = [random.normal(size=(50, 2)) for _ in range(4)]
    measured = [x + random.normal(size=x.shape) for x in predicted]
    metrics = Metrics(("width", "coverage", "coverage_active"), share=0.1, level=0.8)
    found = in_configurations(metrics, predicted, measured, np.array([0, 1, 0, 1]))
    h = half_width(measured[2] - predicted[2], 0.8)
    np.testing.assert_array_equal(found["width"][0], 2 * h)
    for t in range(2):
        inside = abs(measured[0][:, t] - predicted[0][:, t]) <= h[t]
        assert found["coverage"][0, t] == pytest.approx(inside.mean())
        active = measured[0][:, t] >= np.sort(measured[0][:, t])[-5]
        assert found["coverage_active"][0, t] == pytest.approx(inside[active].mean())


def test_a_fold_with_one_configuration_calibrates_nothing():
    random = np.random.default_rng(3)
    parts = [random.normal(size=(50, 2)) for _ in range(3)]
    found = in_configurations(
        Metrics(("coverage", "coverage_active", "width")), parts, parts, np.arange(3)
    )
    assert all(np.isnan(values).all() for values in found.values())


@pytest.mark.parametrize("level", [0, 1, -0.1, "0.9"])
def test_a_level_that_is_none_is_named(level):
    with pytest.raises(InputError, match=f"^level: expected a number .* 0 and 1, got {level!r}"):
        half_width(np.ones((3, 1)), level)


def test_residuals_that_are_no_numbers_are_refused():
    # NaN counts as the largest residual of all, so that intervals would be too wide.
    with pytest.raises(InputError, match=r"^residuals: expected finite numbers"):
        half_width(np.array([[1.0], [np.nan], [2.0]]))
