"""Samples: rows that are taken, and one run of each configuration, whose noise lowers r only."""

import numpy as np
import pytest

from cagebreak.learning import RidgeCV, Sample, evaluate
from cagebreak.learning.samples import take_rows


@pytest.mark.parametrize("rows", [[], [2], [0, 1, 2, 3], [1, 2], [0, 2, 3]])
def test_rows_are_taken_without_a_copy_if_none_is_left_out(rows):
    table = np.arange(12.0).reshape(4, 3)
    taken = take_rows(table, np.array(rows, dtype=np.int64))
    np.testing.assert_array_equal(taken, table[rows] if rows else np.empty((0, 3)))
    assert np.shares_memory(taken, table) == (rows not in ([], [0, 2, 3]))


def ensembles(n_runs, n_species=1, noise=1.5, n_configurations=16, n_particles=300):
    """Simulated ensembles: propensities linear in the features, displacements of each run noisy."""
    random = np.random.default_rng(5)
    w = np.array([0.8, -0.5, 0.3, 0.0])
    samples = []
    for _ in range(n_configurations):
        X = random.normal(size=(n_particles, 4))
        propensity = X @ w + 0.3 * random.normal(size=n_particles)
        runs = propensity + noise * random.standard_t(8, size=(n_runs, n_particles))
        halves = None
        if n_runs > 1:
            halves = np.stack([runs[::2].mean(axis=0), runs[1::2].mean(axis=0)])[:, :, None]
        species = np.arange(n_particles) % n_species
        samples.append(Sample(X, runs.mean(axis=0)[:, None], species, halves))
    return samples, w


def test_single_runs_estimate_the_propensity_without_bias():
    single, w = ensembles(1, n_configurations=80)
    X = np.concatenate([sample.features for sample in single])
    y = np.concatenate([sample.targets[:, 0] for sample in single])
    ridge = RidgeCV(alphas=[1e-3], clip=np.inf).fit(X, y)
    error = np.sqrt((0.3**2 + 1.5**2 * 8 / 6) / len(X))
    assert np.abs(ridge.coef_ / ridge.standardizer_.scale_ - w).max() < 4 * error
    table = evaluate(RidgeCV(), single, seed=1, n_resamples=50).rows
    signal = (w**2).sum() + 0.3**2
    reliability = signal / (signal + 1.5**2 * 8 / 6)
    of_propensity = np.sqrt((w**2).sum() / signal)
    assert abs(table["r"][0] / np.sqrt(reliability) - of_propensity) < 0.05
    assert np.isnan(table["ceiling"][0])
    assert table["low"][0] < table["r"][0] < table["high"][0]


def test_three_species_and_more_are_each_fitted():
    samples, _ = ensembles(2, n_species=4, n_configurations=5)
    table = evaluate(RidgeCV(), samples, seed=1, n_resamples=50).rows
    assert table["species"].tolist() == ["A", "B", "C", "D"]
    assert (table["r"] > 0.3).all()


def test_long_names_stand_whole_in_the_table():
    samples, _ = ensembles(2, n_configurations=3, n_particles=40)
    name = "radial and angular descriptors of " * 4
    table = evaluate(RidgeCV(), samples, seed=1, columns={name: [0, 1]}, name=name).rows
    assert table["features"][0] == table["learner"][0] == name
