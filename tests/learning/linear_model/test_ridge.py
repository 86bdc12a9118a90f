import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge as SklearnRidge
from sklearn.model_selection import GridSearchCV, LeaveOneGroupOut
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from cagebreak.errors import InputError
from cagebreak.learning import RidgeCV, Standardizer, Statistics, configuration_folds
from cagebreak.learning.linear_model.ridge_solvers import WeightedRidge
from naive import learning as naive


def data(seed, n_configurations=6, n_particles=30, n_features=8, n_targets=3, noise=1.0):
    """Features, targets that are linear in them but for noise, and configurations."""
    random = np.random.default_rng(seed)
    n = n_configurations * n_particles
    # Correlated, but well-conditioned: a sum of squares keeps half of the digits.
    mixing = np.eye(n_features) + 0.5 * np.roll(np.eye(n_features), 1, axis=0)
    X = random.normal(size=(n, n_features)) @ mixing
    w = random.normal(size=(n_features, n_targets))
    Y = X @ w + noise * random.normal(size=(n, n_targets)) + random.normal(size=n_targets)
    return X, Y, np.repeat(np.arange(n_configurations), n_particles)


@given(
    st.integers(0, 2**32),
    st.integers(1, 12),
    st.integers(1, 3),
    st.floats(-5, 4),
    st.floats(0, 8),
)
@settings(max_examples=40, deadline=None)
def test_coefficients_are_those_of_scikit_learn(seed, n_features, n_targets, decade, spread):
    random = np.random.default_rng(seed)
    X, Y, _ = data(seed, n_features=n_features, n_targets=n_targets)
    X *= 10.0 ** random.uniform(-spread, spread, n_features)
    Y += 1e3
    alpha = 10.0**decade
    ours = RidgeCV(alphas=[alpha], clip=np.inf).fit(X, Y)
    theirs = make_pipeline(StandardScaler(), SklearnRidge(alpha=alpha)).fit(X, Y)
    expected = theirs[-1].coef_.reshape(n_targets, n_features)
    size = np.abs(expected).max()
    np.testing.assert_allclose(ours.coef_, expected, rtol=1e-9, atol=1e-9 * size)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X).reshape(Y.shape), rtol=1e-9)
    assert ours.errors_ is None


def test_a_planted_linear_truth_is_learned():
    random = np.random.default_rng(0)
    Z = random.normal(size=(4000, 5))
    X = Z * [1e-3, 1.0, 1e3, 10.0, 1.0] + [1.0, -2.0, 1e4, 0.0, 3.0]
    w = np.array([[1.0, 0.0], [0.0, -2.0], [3.0, 0.5], [-1.0, 0.0], [0.0, 1.0]])
    Y = Z @ w + [7.0, -7.0]
    ridge = RidgeCV(clip=np.inf).fit(X, Y, groups=np.arange(4000) % 10)
    np.testing.assert_allclose(ridge.coef_, w.T * Z.std(axis=0), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(ridge.predict(X), Y, atol=1e-6)
    noisy = RidgeCV().fit(X, Y + random.normal(size=Y.shape), groups=np.arange(4000) % 10)
    assert np.abs(noisy.coef_ - w.T).max() < 5 / np.sqrt(4000)


def test_alpha_is_the_best_on_held_out_configurations():
    X, Y, groups = data(1, n_particles=8, n_features=20, noise=np.array([1.0, 4.0, 16.0]))
    alphas = 10.0 ** np.arange(-3, 5)
    ridge = RidgeCV(alphas=alphas, folds=3, seed=5).fit(X, Y, groups=groups)
    Z = naive.standardize(X, X, 6.0)
    fold = configuration_folds(6, 3, seed=5)[groups]
    errors = naive.held_out_error(Z, Y, fold, alphas)
    np.testing.assert_allclose(ridge.errors_, errors, rtol=1e-9)
    assert (ridge.alpha_ == alphas[errors.argmin(axis=0)]).all()
    assert len(set(ridge.alpha_)) > 1
    for t, alpha in enumerate(ridge.alpha_):
        w, b = naive.ridge(Z, Y, alpha)
        np.testing.assert_allclose(ridge.coef_[t], w[:, t], rtol=1e-9)
        np.testing.assert_allclose(ridge.intercept_[t], b[t], rtol=1e-9)


def test_no_squared_error_is_negative():
    """Far from 0, moments of an exact prediction differ by their rounding."""
    X, Y, groups = data(3, n_particles=10, noise=0.0)
    fitted = RidgeCV(alphas=[1e-9, 1e-8, 1e-7]).fit(X, Y + 1e3, groups)
    assert (fitted.errors_ >= 0).all()
    assert fitted.errors_.min() < 1e-6


def test_alpha_agrees_with_a_grid_search():
    X, Y, groups = data(2, n_particles=10, n_features=15, noise=10.0)
    alphas = list(10.0 ** np.arange(-3, 5))
    ours = RidgeCV(alphas=alphas, folds=6).fit(X, Y[:, 0], groups=groups)
    Z = Standardizer().fit_transform(X)
    search = GridSearchCV(
        SklearnRidge(), {"alpha": alphas}, cv=LeaveOneGroupOut(), scoring="neg_mean_squared_error"
    ).fit(Z, Y[:, 0], groups=groups)
    assert ours.alpha_ == search.best_params_["alpha"]
    np.testing.assert_allclose(ours.errors_, -search.cv_results_["mean_test_score"], rtol=1e-9)


def test_the_range_of_alpha_is_widened_at_both_ends():
    X, Y, groups = data(3, noise=0.0)
    assert (RidgeCV(alphas=[10.0, 100.0]).fit(X, Y, groups).alpha_ < 1.0).all()
    random = np.random.default_rng(3)
    noise = random.normal(size=Y.shape)
    ridge = RidgeCV(alphas=[1e-5, 1e-4]).fit(X, noise, groups)
    assert (ridge.alpha_ > 1.0).all()
    assert ridge.alphas_[0] == 1e-5
    assert ridge.alphas_[-1] == ridge.alpha_.max()
    assert ridge.errors_.shape == (len(ridge.alphas_), 3)
    np.testing.assert_allclose(np.diff(np.log10(ridge.alphas_)), 1.0)
    # What is chosen does not depend on where the range began.
    np.testing.assert_allclose(RidgeCV().fit(X, noise, groups).alpha_, ridge.alpha_)
    # The stated limits, and the best inside the range, are kept to.
    for last in (1e9, 1e10):
        widened = RidgeCV(alphas=[1e8, last]).fit(X, noise, groups)
        assert widened.alphas_.max() == pytest.approx(1e10)
    inside = RidgeCV(alphas=10.0 ** np.arange(-9, 10)).fit(X, noise, groups)
    assert len(inside.alphas_) <= 20


def test_every_target_is_fitted_as_if_alone():
    X, Y, groups = data(4, noise=5.0)
    together = RidgeCV().fit(X, Y, groups)
    for t in range(3):
        alone = RidgeCV().fit(X, Y[:, t], groups)
        assert alone.coef_.shape == (8,)
        assert np.ndim(alone.alpha_) == np.ndim(alone.intercept_) == 0
        assert alone.alpha_ == together.alpha_[t]
        np.testing.assert_allclose(alone.coef_, together.coef_[t], rtol=1e-10)
        np.testing.assert_allclose(alone.predict(X), together.predict(X)[:, t], rtol=1e-10)
        np.testing.assert_allclose(alone.errors_, together.errors_[: len(alone.errors_), t], 1e-9)


def test_rows_and_statistics_give_the_same():
    X, Y, groups = data(5)
    random = np.random.default_rng(5)
    mixed = random.permutation(len(X))
    names = np.array([f"configuration {g}" for g in groups])
    standardizer = Standardizer().fit(X)
    Z = standardizer.transform(X)
    parts = [Statistics.from_arrays(Z[groups == g], Y[groups == g]) for g in range(6)]
    for center in ("global", "configuration"):
        rows = RidgeCV(folds=6, center=center).fit(X, Y, groups)
        shuffled = RidgeCV(folds=6, center=center).fit(X[mixed], Y[mixed], names[mixed])
        statistics = RidgeCV(folds=6, center=center).fit_statistics(parts, standardizer)
        for other in (shuffled, statistics):
            np.testing.assert_allclose(other.coef_, rows.coef_, rtol=1e-10)
            assert (other.alpha_ == rows.alpha_).all()
            np.testing.assert_allclose(other.predict(X), rows.predict(X), rtol=1e-9)


def test_more_parts_than_folds_are_pooled():
    X, Y, groups = data(6, n_configurations=7)
    Z = Standardizer().fit_transform(X)
    parts = [Statistics.from_arrays(Z[groups == g], Y[groups == g]) for g in range(7)]
    pooled = RidgeCV(folds=3, seed=2).fit_statistics(parts)
    rows = RidgeCV(folds=3, seed=2).fit(X, Y, groups)
    np.testing.assert_allclose(pooled.errors_, rows.errors_, rtol=1e-9)
    np.testing.assert_allclose(pooled.predict(Z), rows.predict(X), rtol=1e-9)


def test_leaving_out_by_subtraction_is_refitting():
    X, Y, groups = data(7)
    total = Statistics.from_arrays(X, Y)
    for g in range(6):
        left_out = Statistics.from_arrays(X[groups == g], Y[groups == g])
        subtracted = RidgeCV(alphas=[0.1]).fit_statistics([total - left_out])
        refitted = RidgeCV(alphas=[0.1]).fit_statistics(
            [Statistics.from_arrays(X[groups != g], Y[groups != g])]
        )
        np.testing.assert_allclose(subtracted.coef_, refitted.coef_, rtol=1e-9)
        np.testing.assert_allclose(subtracted.intercept_, refitted.intercept_, rtol=1e-9)


def test_centered_per_configuration_learns_what_is_within():
    """Between configurations the relation is the opposite of that within them."""
    random = np.random.default_rng(8)
    groups = np.repeat(np.arange(10), 50)
    level = 5.0 * random.normal(size=10)[groups]
    within = random.normal(size=500)
    X = np.column_stack([within + level, random.normal(size=500)])
    y = within - level + 20.0
    ridge = RidgeCV(center="configuration").fit(X, y, groups)
    naively = RidgeCV().fit(X, y, groups)
    assert ridge.coef_[0] > 0 > naively.coef_[0]
    predicted = ridge.predict(X, groups)
    for g in range(10):
        mine = groups == g
        assert predicted[mine].mean() == pytest.approx(y.mean())
        assert naive.pearson(predicted[mine], y[mine]) > 0.999
        np.testing.assert_allclose(ridge.predict(X[mine]), predicted[mine], rtol=1e-12)
    # The same as centering by hand.
    Z = Standardizer().fit_transform(X)
    for g in range(10):
        Z[groups == g] -= Z[groups == g].mean(axis=0)
    centered = y - np.bincount(groups, y)[groups] / 50
    w, _ = naive.ridge(Z, centered[:, None], ridge.alpha_)
    np.testing.assert_allclose(ridge.coef_, w[:, 0], rtol=1e-9, atol=1e-12)
    errors = naive.held_out_error(
        Z, centered[:, None], configuration_folds(10, 5, seed=0)[groups], ridge.alphas_
    )
    np.testing.assert_allclose(ridge.errors_, errors[:, 0], rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("n_features", [5, 40])
def test_one_configuration_is_judged_by_generalized_cross_validation(n_features):
    X, Y, _ = data(9, n_configurations=1, n_features=n_features, noise=5.0)
    alphas = 10.0 ** np.arange(-2, 5)
    ridge = RidgeCV(alphas=alphas).fit(X, Y)
    expected = naive.generalized_error(naive.standardize(X, X, 6.0), Y, alphas)
    used = np.isin(ridge.alphas_, alphas)
    np.testing.assert_allclose(ridge.errors_[used], expected, rtol=1e-6)
    grouped = RidgeCV(alphas=alphas).fit(X, Y, groups=np.zeros(len(X)))
    assert (grouped.coef_ == ridge.coef_).all()
    # With more features than rows error and freedom vanish together; their ratio has a limit.
    if n_features > len(X):
        weak = RidgeCV(alphas=[1e-9, 1e-8, 1e-7]).fit(X, Y).errors_[:3]
        np.testing.assert_allclose(weak[1:], weak[:-1], rtol=1e-5)


@given(
    st.integers(0, 2**32),
    st.integers(1, 30),
    st.integers(1, 4),
    st.lists(
        st.sampled_from(["constant", "duplicate", "collinear", "tiny", "huge", "rare"]), max_size=6
    ),
    st.sampled_from(["global", "configuration"]),
    st.floats(-150, 150),
)
@settings(max_examples=60, deadline=None)
def test_degenerate_features_are_harmless(seed, n_rows, n_configurations, faults, center, decade):
    random = np.random.default_rng(seed)
    columns = [random.normal(size=n_rows * n_configurations) for _ in range(3)]
    for fault in faults:
        columns.append(
            {
                "constant": np.full(len(columns[0]), 0.1) * 3.7,
                "duplicate": columns[0],
                "collinear": columns[0] - 2 * columns[1] + 5.0,
                "tiny": 10.0 ** -abs(decade) * random.normal(size=len(columns[0])),
                "huge": 10.0 ** abs(decade) * random.normal(size=len(columns[0])),
                "rare": 1e-9 * (np.arange(len(columns[0])) == 0),
            }[fault]
        )
    X = np.column_stack(columns)
    Y = random.normal(size=(len(X), 2))
    Y[:, 1] = 0.3
    groups = np.arange(len(X)) % n_configurations
    ridge = RidgeCV(center=center).fit(X, Y, groups)
    # New data may be anything: they are clipped.
    new = X + random.normal(size=X.shape) * 10.0 ** random.uniform(-10, 10, X.shape[1])
    predicted = ridge.predict(new)
    assert np.isfinite(predicted).all()
    np.testing.assert_allclose(predicted[:, 1], 0.3)
    for column, fault in enumerate(faults, start=3):
        if fault == "constant":
            assert (ridge.coef_[:, column] == 0).all()


def test_more_features_than_rows_equals_the_dual_solution():
    X, Y, _ = data(10, n_configurations=4, n_particles=5, n_features=60)
    for alpha in (1e-5, 1.0):
        ridge = RidgeCV(alphas=[alpha], clip=np.inf).fit(X, Y)
        Z = naive.standardize(X, X, np.inf)
        dual = Z.T @ np.linalg.solve(Z @ Z.T + alpha * np.eye(20), Y - Y.mean(axis=0))
        np.testing.assert_allclose(ridge.coef_, dual.T, rtol=1e-7, atol=1e-9)


def test_duplicated_features_share_their_coefficient():
    X, Y, groups = data(11)
    ridge = RidgeCV(alphas=[1e-3]).fit(np.hstack([X, X]), Y, groups)
    np.testing.assert_allclose(ridge.coef_[:, :8], ridge.coef_[:, 8:], rtol=1e-8)
    alone = RidgeCV(alphas=[5e-4]).fit(X, Y, groups)
    np.testing.assert_allclose(2 * ridge.coef_[:, :8], alone.coef_, rtol=1e-8)


def test_a_shell_that_is_nearly_always_empty_does_not_explode():
    random = np.random.default_rng(12)
    X, Y, groups = data(12, n_particles=100)
    rare = np.zeros(len(X))
    rare[7] = 1e-12
    new = np.append(X[:50], np.full((50, 1), 0.3), axis=1)
    new[random.permutation(50)[:45], -1] = 0.0
    X = np.column_stack([X, rare])
    truth = Y[:50, 0]
    clipped = RidgeCV().fit(X, Y[:, 0], groups)
    assert naive.pearson(clipped.predict(new), truth) > 0.9
    assert np.abs(naive.pearson(RidgeCV(clip=np.inf).fit(X, Y[:, 0]).predict(new), truth)) < 0.5


def test_columns_that_do_not_vary_within_rounding_are_dropped():
    X, Y, groups = data(15, n_features=4)
    constant = np.where(np.arange(len(X)) % 2, 0.1 + 0.2, 0.3)
    assert constant.std() > 0
    tiny = 1e-30 * X[:, 0]
    X = np.column_stack([X, constant, np.zeros(len(X)), X[:, 0], tiny])
    scale = Standardizer().fit(X).scale_
    assert (np.flatnonzero(scale == 0) == [4, 5]).all()
    ridge = RidgeCV().fit(X, Y, groups)
    assert (ridge.coef_[:, 4:6] == 0).all()
    assert (ridge.coef_[:, [0, 6, 7]] != 0).all()
    np.testing.assert_allclose(ridge.coef_[:, 7], ridge.coef_[:, 0], rtol=1e-6)


def test_standardized_features_are_those_of_the_training_data():
    X, _, _ = data(13)
    X[:, 2] = 7.0
    standardizer = Standardizer(clip=1.5).fit(X)
    np.testing.assert_allclose(
        standardizer.transform(X + 1.0), naive.standardize(X + 1.0, X, 1.5), rtol=1e-12, atol=1e-12
    )
    assert standardizer.scale_[2] == 0
    np.testing.assert_allclose(
        standardizer.select([5, 2]).transform(X[:, [5, 2]]), standardizer.transform(X)[:, [5, 2]]
    )


def test_what_cannot_be_used_is_named():
    X, Y, groups = data(14)
    for name, value in {
        "alphas": [],
        "alphas ": [1.0, 0.1],
        "alphas  ": [-1.0, 1.0],
        "alphas   ": [1.0, 1.0],
        "folds": 1,
        "center": "none",
        "clip": 0.0,
    }.items():
        with pytest.raises(InputError, match=name.strip()):
            RidgeCV(**{name.strip(): value}).fit(X, Y, groups)
    bad = X.copy()
    bad[17, 3] = np.nan
    with pytest.raises(InputError, match=r"X: .*nan in row 17, column 3"):
        RidgeCV().fit(bad, Y, groups)
    with pytest.raises(InputError, match=r"X: .*nan in row 17, column 3"):
        RidgeCV().fit(X, Y, groups).predict(bad)
    with pytest.raises(InputError, match=r"X: .*nan in row 17, column 3"):
        RidgeCV().fit_statistics([Statistics.from_arrays(X, Y)]).predict(bad)
    with pytest.raises(InputError, match=r"Y: .*inf in row 17, column 1"):
        RidgeCV().fit(X, np.where(np.arange(len(X))[:, None] == 17, [0, np.inf, 0], Y))
    with pytest.raises(InputError, match="y: expected 180 rows, got 9"):
        RidgeCV().fit(X, Y[:9])
    with pytest.raises(InputError, match="groups"):
        RidgeCV().fit(X, Y, groups[:9])
    with pytest.raises(InputError, match="X has 7 features, but RidgeCV is expecting 8"):
        RidgeCV().fit(X, Y).predict(X[:, :7])
    with pytest.raises(InputError, match="standardizer: expected 8"):
        RidgeCV().fit_statistics([Statistics.from_arrays(X, Y)], Standardizer().fit(X[:, :3]))
    with pytest.raises(InputError, match="at least one row"):
        RidgeCV().fit_statistics([Statistics(3, 1)])
    with pytest.raises(InputError, match=r"X: .* 0 sample\(s\) .* while a minimum of 1"):
        RidgeCV().fit(X[:0], Y[:0])


def test_the_weight_of_a_family_is_the_best_on_held_out_configurations():
    X, Y, groups = data(3, n_particles=10, n_features=24, noise=3.0)
    X[:, 4:] += 2 * np.random.default_rng(0).normal(size=X[:, 4:].shape)  # a blurred many
    feature_groups, weights, alphas = (
        np.repeat([1, 0], [4, 20]),
        (0.3, 1.0, 3.0),
        10.0 ** np.arange(5),
    )
    fitted = RidgeCV(alphas=alphas, folds=3, weights=weights).fit(X, Y, groups, feature_groups)
    fold = configuration_folds(6, 3, seed=0)[groups]
    Z = naive.standardize(X, X, 6.0)
    errors = np.array(
        [
            naive.held_out_error(Z * np.where(feature_groups, w, 1.0), Y, fold, alphas)
            for w in weights
        ]
    )
    flat = errors.reshape(-1, Y.shape[1]).argmin(axis=0)
    best, alpha = np.unravel_index(flat, errors.shape[:2])
    assert len(set(best)) > 1
    np.testing.assert_array_equal(fitted.weights_[:, 1], np.take(weights, best))
    assert (fitted.weights_[:, 0] == 1).all()
    np.testing.assert_array_equal(fitted.alpha_, alphas[alpha])
    for t in range(Y.shape[1]):
        w, b = naive.ridge(Z * np.where(feature_groups, weights[best[t]], 1.0), Y, alphas[alpha[t]])
        expected = Z * np.where(feature_groups, weights[best[t]], 1.0) @ w[:, t] + b[t]
        np.testing.assert_allclose(fitted.predict(X)[:, t], expected, rtol=1e-8)
        np.testing.assert_allclose(fitted.errors_[:, t], errors[best[t], :, t], rtol=1e-8)


@pytest.mark.parametrize("n_rows", [12, 200])
def test_weighted_ridge_is_ridge_of_weighted_features(n_rows):
    rng = np.random.default_rng(4)
    X = rng.normal(size=(n_rows, 30))
    X[:, 3] = X[:, 1] - 2 * X[:, 2]  # collinear within the first
    X[:, 20], X[:, 21], X[:, 5] = X[:, 0], 0.0, 0.0  # and with a weighted one; two constants
    X *= 10.0 ** rng.uniform(-1, 1, size=30)
    Y = X @ rng.normal(size=(30, 3)) + rng.normal(size=(n_rows, 3))
    weighted = np.arange(30) >= 20
    alphas, statistics = np.array([1e-2, 1.0, 1e3]), Statistics.from_arrays(X, Y)
    candidates = [
        np.where(weighted, factor * (1 + np.arange(30) % 2), 1.0) for factor in (0.1, 1.0, 10.0)
    ]
    paths = WeightedRidge(statistics, weighted).paths(candidates, alphas)
    for factors, found in zip(candidates, paths, strict=True):
        for a, alpha in enumerate(alphas):
            w, b = naive.ridge(X * factors, Y, alpha)
            predicted = X @ found[:, a] + Y.mean(axis=0) - X.mean(axis=0) @ found[:, a]
            np.testing.assert_allclose(predicted, X * factors @ w + b, rtol=1e-7, atol=1e-7)
            np.testing.assert_allclose(found[:, a], factors[:, None] * w, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("feature_groups", [[0, 1], [[0] * 8], [-1] * 8, [0.0] * 8, ["a"] * 8])
def test_families_are_checked(feature_groups):
    X, Y, groups = data(1)
    with pytest.raises(InputError, match="feature_groups"):
        RidgeCV(weights=(1.0, 2.0)).fit(X, Y, groups, feature_groups)


@pytest.mark.parametrize("weights", [(), (0.0,), (-1.0, 1.0), 2.0])
def test_weights_are_checked(weights):
    X, Y, groups = data(1)
    with pytest.raises(InputError, match="weights"):
        RidgeCV(weights=weights).fit(X, Y, groups)
