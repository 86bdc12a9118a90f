"""Time-lagged components: a planted slow variable among fast ones, and what is refused."""

import numpy as np
import pytest

from cagebreak.errors import InputError
from cagebreak.learning import time_lagged_components


def planted(n=4000, seed=1):
    """Features at two times, mixtures of slow and fast variables, the slow ones, and memories."""
    rng = np.random.default_rng(seed)
    memory = np.array([0.9, 0.5, 0.2, 0.1, 0.0, 0.0])
    before = rng.normal(size=(n, 6))
    after = memory * before + np.sqrt(1 - memory**2) * rng.normal(size=(n, 6))
    mixing = rng.normal(size=(6, 6))
    return before @ mixing, after @ mixing, before[:, :2], memory


def test_the_slowest_variables_are_found_in_order():
    before, after, slow, memory = planted()
    found = time_lagged_components(before, after, n_components=2)
    components = found.transform(before)
    for k in range(2):
        assert abs(np.corrcoef(components[:, k], slow[:, k])[0, 1]) > 0.97
    np.testing.assert_allclose(found.autocorrelations, memory[:2], atol=0.05)


def test_the_scale_of_features_and_dependent_ones_do_no_harm():
    before, after, *_ = planted()
    one = time_lagged_components(before, after).transform(before)[:, 0]
    wide = [np.column_stack([1e6 * x + 3, x[:, :2], np.ones(len(x))]) for x in (before, after)]
    other = time_lagged_components(*wide).transform(wide[0])[:, 0]
    assert abs(np.corrcoef(one, other)[0, 1]) > 0.99


def test_time_has_no_direction():
    before, after, *_ = planted(300)
    one, other = (time_lagged_components(*each) for each in ((before, after), (after, before)))
    np.testing.assert_allclose(one.autocorrelations, other.autocorrelations)


def test_other_particles_tell_whether_a_component_is_slow():
    before, after, _, memory = planted()
    found = time_lagged_components(before, after, n_components=2)
    np.testing.assert_allclose(found.autocorrelation(before, after), memory[:2], atol=0.05)
    # Nothing persists in features that are drawn anew, but some combination of many seems to.
    rng = np.random.default_rng(3)
    anew = rng.normal(size=(4, 120, 100))
    chance = time_lagged_components(anew[0], anew[1])
    assert chance.autocorrelations[0] > 0.8
    assert abs(chance.autocorrelation(anew[2], anew[3])[0]) < 0.4
    with pytest.raises(InputError, match=r"^before, after: expected the same shape"):
        chance.autocorrelation(anew[2], anew[3][:-1])


def test_what_is_refused():
    before, after, *_ = planted(50)
    for number in (1.5, "one"):
        with pytest.raises(InputError, match=r"^n_components: expected 1 to 6, got"):
            time_lagged_components(before, after, n_components=number)
    with pytest.raises(InputError, match=r"^n_components: expected 1 to 6, got 7"):
        time_lagged_components(before, after, n_components=7)
    with pytest.raises(InputError, match=r"^alpha: expected a positive number, got 0.0"):
        time_lagged_components(before, after, alpha=0.0)
    with pytest.raises(InputError, match=r"^before, after: expected the same shape"):
        time_lagged_components(before, after[:-1])
    with pytest.raises(InputError, match=r"^before, after: expected a feature that varies"):
        time_lagged_components(np.ones((9, 2)), np.ones((9, 2)))
    with pytest.raises(InputError, match=r"^after: "):
        time_lagged_components(before, np.full_like(after, np.nan))
