"""Whitening of spatially correlated errors, and generalized least squares with it."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import InputError
from cagebreak.learning import RidgeCV, Sample, evaluate
from cagebreak.learning.folds import configuration_folds
from cagebreak.learning.linear_model.whitening import whiten, whitening
from cagebreak.learning.scores import configuration_pearson

LENGTH, NUGGET = 1.5, 0.2


def fluid(seed, n=200, density=1.0):
    random = np.random.default_rng(seed)
    box = cb.Box.cubic((n / density) ** (1 / 3))
    return cb.Configuration(random.uniform(size=(n, 3)) @ box.matrix, np.zeros(n, int), box)


def correlation(configuration):
    apart = configuration.positions[:, None] - configuration.positions
    edges = np.diag(configuration.box.matrix)
    apart -= edges * np.rint(apart / edges)
    alike = np.exp(-np.linalg.norm(apart, axis=2) / LENGTH)
    return (1 - NUGGET) * alike + NUGGET * np.eye(len(configuration))


def made(seed, n_configurations=6, n=200):
    """Return samples whose features vary smoothly in space, as the errors of the target do."""
    random = np.random.default_rng(seed)
    samples = []
    for k in range(n_configurations):
        configuration = fluid(100 * seed + k, n)
        smooth = np.linalg.cholesky(correlation(configuration))
        X = smooth @ random.normal(size=(n, 4)) + random.normal(size=4)
        y = X @ [1.0, -0.5, 0.25, 0.0] + 2 * smooth @ random.normal(size=n)
        samples.append(Sample(X, y[:, None], configuration=configuration))
    return samples


def rows(samples):
    X = np.concatenate([sample.features for sample in samples])
    y = np.concatenate([sample.targets[:, 0] for sample in samples])
    groups = np.repeat(np.arange(len(samples)), [len(sample.features) for sample in samples])
    return X, y, groups


def test_it_is_the_inverse_where_all_are_within_reach():
    random = np.random.default_rng(1)
    positions = random.uniform(0, 1.4, (12, 3))  # across the corner of the box
    configuration = cb.Configuration(positions - 0.7, np.zeros(12, int), cb.Box.cubic(9.0))
    matrix = whitening(configuration, LENGTH, NUGGET).toarray()
    np.testing.assert_allclose(
        matrix.T @ matrix, np.linalg.inv(correlation(configuration)), rtol=1e-10, atol=1e-12
    )


def test_of_a_fluid_it_leaves_next_to_nothing():
    configuration = fluid(1, 1200)
    matrix = whitening(configuration, LENGTH, NUGGET)
    left = matrix @ correlation(configuration) @ matrix.T
    np.testing.assert_allclose(np.diag(left), 1.0, rtol=1e-10)
    off = left - np.diag(np.diag(left))
    assert np.sqrt((off**2).sum(axis=1).mean()) < 0.15
    before = correlation(configuration) - np.eye(1200)
    assert np.sqrt((before**2).sum(axis=1).mean()) > 1.5


def test_errors_of_their_own_are_left_alone():
    np.testing.assert_array_equal(whitening(fluid(2), LENGTH, 1.0).toarray(), np.eye(200))


def test_ridge_minimizes_the_whitened_errors():
    samples = made(3)
    X, y, groups = rows(samples)
    places = [sample.configuration for sample in samples]
    ridge = RidgeCV(alphas=(7.0,), center="configuration", error_correlation=(LENGTH, NUGGET))
    ridge.fit(X, y, groups, configurations=places)
    gram, right = 7.0 * np.eye(4), np.zeros(4)
    for sample, place in zip(samples, places, strict=True):
        matrix = whitening(place, LENGTH, NUGGET)
        z = ridge.standardizer_.transform(sample.features)
        z, t = (matrix @ (each - each.mean(axis=0)) for each in (z, sample.targets))
        z, t = z - z.mean(axis=0), t - t.mean(axis=0)
        gram, right = gram + z.T @ z, right + z.T @ t[:, 0]
    np.testing.assert_allclose(ridge.coef_, np.linalg.solve(gram, right), rtol=1e-8)
    assert ridge.intercept_ == pytest.approx(y.mean())


def test_it_finds_the_coefficients_better():
    errors = {None: [], (LENGTH, NUGGET): []}
    for seed in range(6):
        samples = made(seed)
        X, y, groups = rows(samples)
        places = [sample.configuration for sample in samples]
        for wanted, found in errors.items():
            ridge = RidgeCV(alphas=(1e-3,), center="configuration", error_correlation=wanted)
            ridge.fit(X, y, groups, configurations=places)
            found.append(ridge.coef_ / ridge.standardizer_.scale_ - [1.0, -0.5, 0.25, 0.0])
    usual, general = (np.square(found).mean() for found in errors.values())
    assert general < 0.6 * usual


def test_evaluate_learns_the_same():
    samples = made(4)
    learner = RidgeCV(alphas=(10.0,), center="configuration", error_correlation=(LENGTH, NUGGET))
    moments = evaluate(learner, samples, seed=5, folds=3).moments["A", "all"]
    fold = configuration_folds(6, 3, seed=5)
    training = [sample for k, sample in enumerate(samples) if fold[k] != fold[0]]
    places = [sample.configuration for sample in training]
    predicted = learner.fit(*rows(training), configurations=places).predict(samples[0].features)
    r = np.corrcoef(predicted, samples[0].targets[:, 0])[0, 1]
    assert configuration_pearson(moments[:1]) == pytest.approx(r)


def test_means_are_kept():
    sample = made(6)[0]
    matrix = whitening(sample.configuration, LENGTH, NUGGET)
    X, Y = whiten(matrix, sample.features, sample.targets)
    np.testing.assert_allclose(X.mean(axis=0), sample.features.mean(axis=0))
    np.testing.assert_allclose(Y.mean(axis=0), sample.targets.mean(axis=0))


def test_what_cannot_be_is_refused():
    samples = made(7, n_configurations=3)
    X, y, groups = rows(samples)
    places = [sample.configuration for sample in samples]
    ridge = RidgeCV(center="configuration", error_correlation=(LENGTH, NUGGET))
    with pytest.raises(InputError, match="configurations: expected 3"):
        ridge.fit(X, y, groups, configurations=places[:2])
    for given in (None, [fluid(1, 100)] * 3):
        with pytest.raises(InputError, match="configuration: expected the 200 particles"):
            ridge.fit(X, y, groups, configurations=given)
    with pytest.raises(InputError, match="configuration: expected the 200 particles"):
        evaluate(ridge, [Sample(s.features, s.targets) for s in samples], seed=1)
    with pytest.raises(InputError, match="center"):
        RidgeCV(error_correlation=(LENGTH, NUGGET)).fit(X, y, groups, configurations=places)
    with pytest.raises(InputError, match="configuration: expected 200"):
        Sample(samples[0].features, samples[0].targets, configuration=fluid(1, 100))
    for length, nugget in ((0.0, NUGGET), (np.nan, NUGGET), (LENGTH, 0.0), (LENGTH, 1.1)):
        with pytest.raises(InputError, match=r"length|nugget"):
            whitening(places[0], length, nugget)
