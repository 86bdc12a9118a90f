import numpy as np
import pytest

from cagebreak.errors import InputError
from cagebreak.learning import RidgeCV, Sample, evaluate
from cagebreak.learning.model_selection.configuration_mean import ConfigurationMean, MeanNoise


def test_a_log_linear_truth_is_found():
    x = np.array([1.0, 2.0, 4.0, 5.0, 7.0])
    y = np.exp(np.outer(x, [0.5, -1.0]) + np.array([1.0, 2.0]))
    np.testing.assert_allclose(ConfigurationMean(x, y).predict(3.0), np.exp([2.5, -1.0]))


def test_a_slope_that_does_not_help_is_not_used():
    random = np.random.default_rng(0)
    x, y = random.normal(size=12), np.exp(random.normal(size=(12, 200)))
    fit = ConfigurationMean(x, y)
    far, mean = fit.predict(100.0), np.exp(np.log(y).mean(axis=0))
    used = ~np.isclose(far, mean)

    def error_left_out(i, t, degree):
        kept = np.arange(12) != i
        line = np.polyfit(x[kept], np.log(y[kept, t]), degree)
        return (np.polyval(line, x[i]) - np.log(y[i, t])) ** 2

    for t in range(200):
        with_slope, without = (
            sum(error_left_out(i, t, degree) for i in range(12)) for degree in (1, 0)
        )
        assert used[t] == (with_slope < without)
    assert 0 < used.sum() < 100


@pytest.mark.parametrize("x", [[1.0, 2.0], [3.0] * 4, [0.0, 0.0, 0.0, 1.0]])
def test_too_few_or_equal_configurations_give_their_mean(x):
    y = np.exp(np.arange(len(x)))[:, None]
    np.testing.assert_allclose(
        ConfigurationMean(np.array(x), y).predict(9.0), np.exp((len(x) - 1) / 2)
    )


def test_a_target_without_a_logarithm_is_linear():
    x = np.arange(6.0)
    fit = ConfigurationMean(x, np.stack([0.5 * x - 1.0, np.zeros(6), np.exp(x)], axis=1))
    np.testing.assert_allclose(fit.predict(8.0), [3.0, 0.0, np.exp(8.0)])
    with pytest.raises(InputError, match="targets: expected means above 0 in every configuration"):
        fit.numbers()


def test_it_lifts_the_pooled_r_alone():
    random = np.random.default_rng(0)
    samples = []
    for _ in range(12):
        softness = random.normal()
        X = random.normal(size=(200, 3)) + np.array([0.0, 0.0, softness])
        y = np.exp(0.5 * softness) * (4 + X[:, 0] + 0.3 * random.normal(size=200))
        samples.append(Sample(X, y[:, None]))
    learner = RidgeCV(center="configuration")
    plain = evaluate(learner, samples, seed=1, columns={"all": [0, 1]}).table
    lifted = evaluate(learner, samples, seed=1, columns={"all": [0, 1]}, configuration_mean=2).table
    assert (lifted["r"] > plain["r"] + 0.1).all()
    np.testing.assert_allclose(lifted["r_configuration"], plain["r_configuration"])


@pytest.mark.parametrize("column", [-1, 2])
def test_the_column_is_checked(column):
    samples = [Sample(np.ones((3, 2)), np.ones((3, 1)))] * 3
    with pytest.raises(InputError, match="configuration_mean: expected a column from 0 to 1"):
        evaluate(RidgeCV(), samples, seed=1, configuration_mean=column)


def test_the_slope_is_that_for_the_noise_of_the_runs_that_are_used():
    """The best line through x with noise has the slope b S / (S + N / n), S that of the signal."""
    random = np.random.default_rng(3)
    n, n_runs, n_used, b = 4000, 20, 2, 0.7
    signal = random.normal(size=n)
    shared = random.normal(size=(n, 2, n_runs // 2))  # what runs add to x, and in part to y
    halves = shared.mean(axis=2)
    x = signal + halves.mean(axis=1)
    log_y = b * signal + 0.5 * halves.mean(axis=1)
    of_one = (halves[:, 0] - halves[:, 1]) / np.sqrt(4 / n_runs)
    y = np.exp(log_y)[:, None]
    noise = MeanNoise(of_one, 0.5 * of_one[:, None] * y, np.full(n, float(n_runs)), n_used)
    fit = ConfigurationMean(x, y, noise)
    slope = np.log(fit.predict(1.0) / fit.predict(0.0))
    assert slope == pytest.approx(b / (1 + 1 / n_used), rel=0.05)
    assert (
        np.log(ConfigurationMean(x, y).predict(1.0) / ConfigurationMean(x, y).predict(0.0)) > 0.65
    )
