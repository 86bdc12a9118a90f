"""Copies of one structure in training and test are named; independent configurations pass."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import InputError
from cagebreak.learning import RidgeCV, Sample, evaluate
from cagebreak.learning.near_copies import require_distinct


def described(positions, box, shuffled=False):
    """A sample whose targets have nothing to do with its features."""
    random = np.random.default_rng(len(positions))
    species = np.arange(len(positions)) % 2
    particles = cb.Configuration(positions, species, box)
    X = cb.papers.alkemade2022(cb.kob_andersen(), generations=1).compute(particles).values
    order = random.permutation(len(X)) if shuffled else np.arange(len(X))
    return Sample(X[order], random.normal(size=(len(X), 1)), species[order])


@pytest.fixture(scope="module")
def starts():
    random = np.random.default_rng(1)
    return [5.5 * random.random((200, 3)) for _ in range(4)]


@pytest.fixture(scope="module")
def independent(starts):
    return [described(start, 5.5) for start in starts]


def everywhere(i, j):
    return True


@pytest.mark.parametrize(
    ("apart", "shuffled"), [(0.0, False), (0.01, False), (0.0, True), (0.003, True)]
)
def test_copies_are_named(starts, independent, apart, shuffled):
    moved = starts[1] + apart * np.random.default_rng(2).normal(size=(200, 3))
    samples = [*independent, described(moved, 5.5, shuffled)]
    with pytest.raises(InputError, match=r"samples\[1\] and samples\[4\] with nearly equal"):
        require_distinct(samples, everywhere)
    require_distinct(samples, lambda i, j: {i, j} != {1, 4})


def test_evaluate_refuses_copies_in_different_folds(starts, independent):
    samples = [*independent, described(starts[1] + 1e-3, 5.5)]
    with pytest.raises(InputError, match="nearly equal features of species A"):
        evaluate(RidgeCV(), samples, seed=1, folds=5, n_resamples=10)


@pytest.mark.parametrize("n_rows", [3, 10, 200])
@pytest.mark.parametrize("n_features", [1, 2, 40])
def test_independent_configurations_pass(n_rows, n_features):
    random = np.random.default_rng(n_features)
    samples = [
        Sample(random.normal(size=(n_rows, n_features)), np.zeros((n_rows, 1))) for _ in range(60)
    ]
    require_distinct(samples, everywhere)


def test_lattices_and_features_that_all_configurations_share_pass():
    random = np.random.default_rng(0)
    site = np.arange(300) % 3  # a crystal of three sites, with vibrations
    crystals = [
        Sample(site[:, None] + 3.0 * random.normal(size=(300, 30)), np.zeros((300, 1)))
        for _ in range(8)
    ]
    require_distinct(crystals, everywhere)
    perfect = [Sample(np.ones((300, 4)), np.zeros((300, 1))) for _ in range(3)]
    require_distinct(perfect, everywhere)


def test_denser_samples_are_no_copies():
    random = np.random.default_rng(0)
    samples = [Sample(random.normal(size=(n, 2)), np.zeros((n, 1))) for n in (100, 400, 1600)]
    require_distinct(samples, everywhere)
