"""Statistics of features that are means over runs: expectations for any number of runs."""

import numpy as np
import pytest

from cagebreak.errors import InputError
from cagebreak.learning.scores import configuration_pearson
from cagebreak.learning.short_runs import RunSample, collect_runs

N, F, V, T = 400, 3, 4, 2


def a_sample(random, n_runs=(2, 2)):
    return RunSample(
        structure=random.normal(size=(N, F)),
        runs=random.normal(size=(2, N, V)) + random.normal(size=(N, V)),
        targets=random.normal(size=(2, N, T)) + random.normal(size=(N, T)),
        n_runs=n_runs,
    )


def in_data_units(runs, n_runs):
    """Return X'X and X'Y of the first configuration at a number of runs, in the units of data."""
    part, scale = runs.at(n_runs).parts[0], runs.collection.standardizer.scale_
    return part.xx * np.outer(scale, scale), part.xy * scale[:, None]


def centered(table):
    return table - table.mean(axis=0)


def test_all_runs_have_the_gram_matrix_of_their_mean():
    sample = a_sample(np.random.default_rng(1))
    runs = collect_runs([sample], times=np.arange(T), clip=np.inf)
    mean = centered(np.hstack([sample.structure, sample.runs.mean(axis=0)]))
    assert in_data_units(runs, 4)[0] == pytest.approx(mean.T @ mean)


def test_half_of_the_runs_have_the_mean_gram_matrix_of_the_halves():
    sample = a_sample(np.random.default_rng(2))
    runs = collect_runs([sample], times=np.arange(T), clip=np.inf)
    halves = [centered(np.hstack([sample.structure, half])) for half in sample.runs]
    expected = sum(half.T @ half for half in halves) / 2
    assert in_data_units(runs, 2)[0][F:, F:] == pytest.approx(expected[F:, F:])


def test_products_with_targets_are_of_different_halves():
    sample = a_sample(np.random.default_rng(3))
    runs = collect_runs([sample], times=np.arange(T), clip=np.inf)
    (a, b), (y_a, y_b) = map(centered, sample.runs), map(centered, sample.targets)
    crossed = (a.T @ y_b + b.T @ y_a) / 2
    for n_runs in (1, 4):
        assert in_data_units(runs, n_runs)[1][F:] == pytest.approx(crossed)


def test_noise_that_a_feature_shares_with_the_target_of_its_run_predicts_nothing():
    random = np.random.default_rng(4)
    noise = random.normal(size=(2, 20_000, 1))
    sample = RunSample(np.zeros((20_000, 0)), noise, noise, (1, 1))
    runs = collect_runs([sample], times=[1.0])
    products = in_data_units(runs, 2)[1]
    # Four standard deviations of a sum of products of independent numbers.
    assert abs(products[0, 0]) < 4 * np.sqrt(20_000 / 2)
    assert abs((noise[0] * noise[0]).sum()) > 15_000


def test_one_run_of_unequal_halves_has_the_noise_of_one_run():
    random = np.random.default_rng(5)
    truth, of_run = random.normal(size=(50_000, 1)), random.normal(size=(5, 50_000, 1))
    halves = np.stack([truth + of_run[:3].mean(axis=0), truth + of_run[3:].mean(axis=0)])
    sample = RunSample(np.zeros((50_000, 0)), halves, halves, (3, 2))
    runs = collect_runs([sample], times=[1.0])
    variances = [in_data_units(runs, n)[0][0, 0] / 50_000 for n in (1, 2, 5)]
    assert variances == pytest.approx([2.0, 1.5, 1.2], rel=0.03)
    r = [configuration_pearson(runs.ensemble(n))[0] for n in (1, 4)]
    assert r == pytest.approx([np.sqrt(1 / 2), np.sqrt(4 / 5)], rel=0.02)


@pytest.mark.parametrize("n_runs", [0, 5])
def test_more_runs_than_there_are_are_refused(n_runs):
    runs = collect_runs([a_sample(np.random.default_rng(6))], times=np.arange(T))
    with pytest.raises(InputError, match=f"n_runs: expected 1 to 4, .*got {n_runs}"):
        runs.at(n_runs)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"runs": np.zeros((1, N, V))}, "runs: expected shape"),
        ({"targets": np.full((2, N, T), np.nan)}, "targets: expected finite"),
        ({"n_runs": (1, 0)}, "n_runs: expected a run in each half"),
    ],
)
def test_samples_that_cannot_be_used_are_named(changes, message):
    sample = a_sample(np.random.default_rng(7))._replace(**changes)
    with pytest.raises(InputError, match=message):
        collect_runs([sample], times=np.arange(T))


def test_a_copy_of_a_configuration_must_be_in_its_group():
    random = np.random.default_rng(9)
    one, other = a_sample(random), a_sample(random)
    copy = a_sample(random)._replace(structure=one.structure)
    with pytest.raises(InputError, match=r"samples\[0\]: expected another .* than samples\[2\]"):
        collect_runs([one, other, copy], times=np.arange(T))
    assert len(collect_runs([one, other, copy], times=np.arange(T), groups=[0, 1, 0]).n_runs) == 3


def test_no_sample_is_refused():
    with pytest.raises(InputError, match="at least one configuration"):
        collect_runs([], times=[1.0])


def test_a_target_whose_halves_are_opposite_is_not_known():
    sample = a_sample(np.random.default_rng(8))
    targets = sample.targets.copy()
    targets[1, :, 0] = -targets[0, :, 0]
    runs = collect_runs([sample._replace(targets=targets)], times=np.arange(T))
    assert runs.is_known.tolist() == [False, True]


@pytest.mark.parametrize(("noise", "known"), [(0.5, True), (1.0, True), (6.0, False)])
def test_a_variance_is_known_beyond_twice_its_standard_error(noise, known):
    """Of 500 normally distributed particles, the errors are 0.07, 0.1 and 1.65 variances."""
    random, n = np.random.default_rng(9), 500
    signal = random.normal(size=(n, 1))
    signal /= signal.std()
    errors = np.linalg.qr(np.hstack([np.ones((n, 1)), signal, random.normal(size=(n, 2))]))[0]
    halves = signal + np.sqrt(n) * noise * errors[:, 2:].T[..., None]
    sample = RunSample(signal, np.zeros((2, n, 1)), halves, (1, 1))
    assert collect_runs([sample], times=[1.0]).is_known.tolist() == [known]
