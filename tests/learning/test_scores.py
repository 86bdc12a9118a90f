import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cagebreak.bootstrap import interval, resamples
from cagebreak.dynamics.propensity import spearman_brown
from cagebreak.errors import InputError
from cagebreak.learning.scores import configuration_pearson, pair_moments, pearson, pooled_pearson
from naive import learning as naive


def configurations(seed, sizes, n_targets=3, offset=0.0):
    random = np.random.default_rng(seed)
    pairs = []
    for n in sizes:
        common = random.normal(size=(n, n_targets))
        shift = random.normal(size=n_targets) + offset
        pairs.append(
            (common + random.normal(size=common.shape) + shift, 1e3 * (common + shift) + offset)
        )
    return pairs


@given(
    st.integers(0, 2**32),
    st.lists(st.integers(3, 20), min_size=1, max_size=6),
    st.sampled_from([0.0, 1e5]),
)
@settings(max_examples=30, deadline=None)
def test_moments_give_the_r_of_the_particles(seed, sizes, offset):
    pairs = configurations(seed, sizes, offset=offset)
    moments = np.array([pair_moments(x, y) for x, y in pairs])
    x, y = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
    for t in range(3):
        assert pooled_pearson(moments)[t] == pytest.approx(naive.pearson(x[:, t], y[:, t]), 1e-9)
        mean = np.mean([naive.pearson(x[:, t], y[:, t]) for x, y in pairs])
        assert configuration_pearson(moments)[t] == pytest.approx(mean, 1e-8)
        assert pearson(x, y)[t] == pytest.approx(naive.pearson(x[:, t], y[:, t]), 1e-9)


def test_a_resample_needs_no_particles():
    pairs = configurations(1, [5, 9, 14, 7])
    moments = np.array([pair_moments(x, y) for x, y in pairs])
    weights = resamples(4, 20, seed=3)
    assert (weights.sum(axis=1) == 4).all()
    pooled, mean = pooled_pearson(moments, weights), configuration_pearson(moments, weights)
    for b, weight in enumerate(weights.astype(int)):
        drawn = [pairs[c] for c in np.repeat(np.arange(4), weight)]
        x, y = (np.concatenate(parts) for parts in zip(*drawn, strict=True))
        assert pooled[b, 1] == pytest.approx(naive.pearson(x[:, 1], y[:, 1]), abs=1e-12)
        each = [naive.pearson(x[:, 1], y[:, 1]) for x, y in drawn]
        assert mean[b, 1] == pytest.approx(np.mean(each), abs=1e-12)


def test_r_is_nan_where_nothing_varies():
    x = np.random.default_rng(0).normal(size=50)
    constant = np.full(50, 0.1)
    assert np.isnan(pearson(x, constant))
    assert np.isnan(pearson(constant, x))
    assert np.isnan(pearson(x[:1], x[:1]))
    assert np.isnan(pearson(x[:0], x[:0]))
    assert pearson(x, 1e-12 * x) == pytest.approx(1.0)
    # A configuration without r is left out of the mean, and out of its resamples.
    moments = np.array([pair_moments(x, 2 * x + 1), pair_moments(x, constant)])
    assert configuration_pearson(moments) == pytest.approx(1.0)
    drawn = configuration_pearson(moments, np.array([[2.0, 0.0], [1.0, 1.0], [0.0, 2.0]]))
    np.testing.assert_allclose(drawn, [1.0, 1.0, np.nan])
    np.testing.assert_allclose(interval(drawn, 2), [1.0, 1.0])
    assert np.isnan(interval(np.full(10, np.nan), 4)).all()
    assert np.isnan(interval(drawn, 1)).all()


def test_configurations_without_particles_count_for_nothing():
    x, y = configurations(2, [40])[0]
    moments = np.array([pair_moments(x, y), pair_moments(x[:0], y[:0])])
    np.testing.assert_allclose(pooled_pearson(moments), pearson(x, y))
    np.testing.assert_allclose(configuration_pearson(moments), pearson(x, y))


@pytest.mark.parametrize("n_configurations", [6, 20])
def test_intervals_cover_the_true_r(n_configurations):
    """Of 500 experiments 95 % should; the binomial error is 1 %, the bootstrap's own about 3."""
    random = np.random.default_rng(n_configurations)
    n_experiments, n_particles, n_resamples = 500, 40, 400
    spread = 0.4  # Of the configurations' means, common to prediction and target.

    def draw(n):
        shift = spread * random.normal(size=(n, 1, 1))
        noise = random.normal(size=(2, n, n_particles, n_experiments))
        strength = random.uniform(0.3, 1.1, size=(n, 1, n_experiments))
        x = noise[0] + shift
        y = strength * noise[0] + noise[1] + random.normal(0, spread, size=(n, 1, n_experiments))
        return np.array([pair_moments(x[c], y[c]) for c in range(n)])

    truth = draw(400)
    true_pooled = pooled_pearson(truth).mean()
    true_mean = configuration_pearson(truth).mean()
    moments = draw(n_configurations)
    drawn = resamples(n_configurations, n_resamples, seed=1)
    for score, true in ((pooled_pearson, true_pooled), (configuration_pearson, true_mean)):
        low, high = interval(score(moments, drawn), n_configurations)
        covered = np.mean((low <= true) & (true <= high))
        assert 0.90 < covered < 0.99


def test_the_ceiling_is_the_r_of_a_perfect_prediction():
    random = np.random.default_rng(0)
    truth = random.normal(size=20000)
    halves = truth + random.normal(scale=0.8, size=(2, 20000))
    ceiling = np.sqrt(spearman_brown(pearson(*halves)))
    assert ceiling == pytest.approx(pearson(truth, halves.mean(axis=0)), abs=0.01)
    assert spearman_brown(-0.1) == 0.0
    assert spearman_brown(1.0) == 1.0
    assert np.isnan(spearman_brown(np.nan))


def test_what_does_not_fit_is_named():
    with pytest.raises(InputError, match="equal shapes"):
        pearson(np.zeros(3), np.zeros(4))
    with pytest.raises(InputError, match=r"y: .*nan in row 1"):
        pearson(np.zeros(3), [0.0, np.nan, 1.0])
    with pytest.raises(InputError, match="confidence"):
        interval(np.zeros((10, 2)), 5, confidence=95)
