"""The choice of configurations to simulate, by the variance of ridge regression."""

import numpy as np
import pytest

from cagebreak import learning
from cagebreak.errors import InputError

ALPHA = 5.0


def pool(seed=1, n=6, rows=12):
    """Return features of configurations that vary in directions of their own."""
    random = np.random.default_rng(seed)
    return [random.normal(size=(rows, 4)) * random.uniform(0.2, 3, 4) + c for c in range(n)]


def test_each_choice_lowers_the_mean_variance_of_a_prediction_most():
    features = pool()
    everything = np.concatenate(features)
    mean, scale = everything.mean(axis=0), everything.std(axis=0)
    standardized = [(X - mean) / scale for X in features]

    def variance(configurations):
        X = np.concatenate([standardized[c] for c in configurations])
        inverse = np.linalg.inv(X.T @ X + ALPHA * np.eye(4))
        return np.mean([x @ inverse @ x for Z in standardized for x in Z])

    simulated, expected = [2], []
    for _ in range(4):
        others = [c for c in range(6) if c not in [*simulated, *expected]]
        expected.append(min(others, key=lambda c: variance([*simulated, *expected, c])))
    assert learning.next_configurations(features, 4, alpha=ALPHA, simulated=[2]) == expected
    assert learning.next_configurations(features, 4.0, alpha=ALPHA, simulated=[2.0]) == expected


def test_a_state_point_that_was_not_simulated_comes_first():
    random = np.random.default_rng(2)
    cold = [random.normal(size=(30, 3)) * [1, 1, 0.1] for _ in range(3)]
    hot = [random.normal(size=(30, 3)) * [0.1, 1, 1] for _ in range(3)]
    chosen = learning.next_configurations([*cold, *hot], 1, alpha=1.0, simulated=[0, 1])
    assert chosen[0] in (3, 4, 5)


def test_an_alpha_that_is_lost_in_rounding_is_no_choice():
    # Three particles of a configuration do not span nine features.
    features = pool(rows=3)
    wide = [np.hstack([X, X**2, X[:, :1]]) for X in features]
    with pytest.raises(InputError, match=r"alpha: expected more than .*, the rounding of X'X"):
        learning.next_configurations(wide, 1, alpha=1e-20)
    for alpha in (1e-10, 1e-3, 1e3):
        assert len(set(learning.next_configurations(wide, 6, alpha=alpha))) == 6


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"n": 0}, "n: expected a whole number from 1 to 5"),
        ({"n": 6}, "n: expected a whole number from 1 to 5"),
        ({"alpha": 0.0}, "alpha: expected a finite number above 0, got 0.0"),
        ({"alpha": np.inf}, "alpha: expected a finite number above 0, got inf"),
        ({"simulated": [6]}, "simulated: expected different numbers from 0 to 5"),
        ({"simulated": [1, 1]}, "simulated: expected different numbers from 0 to 5"),
        ({"features": [np.ones((2, 3)), np.ones((2, 4))]}, r"features\[1\]: expected 3 columns"),
        ({"features": [np.full((2, 3), np.nan)]}, r"features\[0\]: expected finite numbers"),
        ({"features": []}, "features: expected those of at least one"),
        ({"features": [np.ones((0, 3))]}, "features: expected at least one particle and one col"),
        ({"simulated": [None]}, "simulated: expected different numbers from 0 to 5"),
        ({"simulated": 6}, "simulated: expected different numbers from 0 to 5"),
    ],
)
def test_bad_input_is_named(changes, said):
    given = {"features": pool(), "n": 1, "alpha": ALPHA, "simulated": [0]} | changes
    if "features" in changes:
        given["simulated"] = []
    with pytest.raises(InputError, match=said):
        learning.next_configurations(given.pop("features"), given.pop("n"), **given)
