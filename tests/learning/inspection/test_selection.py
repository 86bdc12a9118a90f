"""Forward selection: greedy at every step, whatever the columns are."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression

from cagebreak.errors import InputError
from cagebreak.learning import Sample, Statistics, collect, forward_selection, selection_curve
from naive import learning as naive


def awkward(seed, n=60, n_features=7, n_targets=2):
    """Ill-scaled columns, of which some are constant, doubled, or sums of others."""
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, n_features)) + random.uniform(-3, 3, n_features)
    Y = X @ random.normal(size=(n_features, n_targets)) + random.normal(size=(n, n_targets))
    X *= 10.0 ** random.uniform(-5, 5, n_features)
    columns = [X, np.full((n, 1), 3.7), X[:, [1]], -2.0 * X[:, [0]], X[:, [0]] + X[:, [2]]]
    return np.hstack(columns), Y


@example(seed=500, n=5, n_rows=9)  # A sum equals one of its terms to 1e-8.
@given(st.integers(0, 2**32), st.integers(1, 11), st.sampled_from([4, 9, 60]))
@settings(max_examples=40, deadline=None)
def test_each_step_is_the_best_there_is(seed, n, n_rows):
    X, Y = awkward(seed, n_rows)
    found = forward_selection(Statistics.from_arrays(X, Y), n)
    assert found.order.shape == found.r.shape == (2, n)
    for target in range(2):
        order, r = found.order[target], found.r[target]
        chosen = order[order >= 0]
        assert len(set(chosen)) == len(chosen) == min(n, 7, n_rows - 1)
        for k in range(1, len(chosen) + 1):
            direct = naive.multiple_correlation(X[:, chosen[:k]], Y[:, target])
            assert r[k - 1] == pytest.approx(direct, abs=1e-8)
            others = [
                naive.multiple_correlation(X[:, [*chosen[: k - 1], j]], Y[:, target])
                for j in range(X.shape[1])
            ]
            assert r[k - 1] >= max(others) - 1e-8
        assert (r[len(chosen) :] == r[len(chosen) - 1]).all()


def test_scores_and_coefficients_are_those_of_least_squares():
    X, Y = awkward(0, n=80)
    new_X, new_Y = awkward(1, n=30)
    found = forward_selection(Statistics.from_arrays(X, Y), 5)
    scores = found.score(Statistics.from_arrays(new_X, new_Y))
    size = np.where(X.std(axis=0) > 0, X.std(axis=0), 1.0)  # scikit-learn needs columns alike.
    for target in range(2):
        for k in range(1, 6):
            chosen = found.order[target, :k]
            model = LinearRegression().fit((X / size)[:, chosen], Y[:, target])
            np.testing.assert_allclose(
                found.coefficients(k)[target, chosen], model.coef_ / size[chosen], rtol=1e-8
            )
            direct = naive.pearson(model.predict((new_X / size)[:, chosen]), new_Y[:, target])
            assert scores[target, k - 1] == pytest.approx(direct, abs=1e-8)
    assert not found.coefficients(5)[0, [7]].any()


def test_a_planted_order_is_found_and_named():
    random = np.random.default_rng(2)
    X = random.normal(size=(4000, 30))
    y = X[:, [11]] * 3 + X[:, [4]] * 2 + X[:, [29]] + 0.3 * random.normal(size=(4000, 1))
    labels = np.array([(f"f{i}", i) for i in range(30)], dtype=[("kind", "U4"), ("r", "f8")])
    statistics = Statistics.from_arrays(X, y, labels)
    found = forward_selection(statistics, 4)
    assert found.order.shape == (4,)
    assert list(found.order[:3]) == [11, 4, 29]
    assert list(found.labels["kind"][:3]) == ["f11", "f4", "f29"]
    table = found.table(3, held_out=statistics)
    assert list(table) == ["target", "rank", "column", "multiple_r", "held_out_r", "kind", "r"]
    assert list(table["r"]) == [11, 4, 29]
    np.testing.assert_allclose(table["held_out_r"], table["multiple_r"], rtol=1e-12)


def test_columns_that_hold_nothing_are_not_chosen():
    random = np.random.default_rng(3)
    X = random.normal(size=(50, 2))
    X = np.hstack([X, X[:, [0]], np.full((50, 1), 1e8)])
    Y = np.hstack([X[:, [1]], np.full((50, 1), 2.0)])
    found = forward_selection(Statistics.from_arrays(X, Y), 4)
    assert found.order[0].tolist() == [1, 0, -1, -1]
    assert (found.order[1] == -1).all()
    assert np.isnan(found.r[1]).all()
    assert np.isnan(found.score(Statistics.from_arrays(X, Y))[1]).all()
    assert len(found.table()) == 2


def test_bad_arguments_are_named():
    statistics = Statistics.from_arrays(*awkward(0))
    with pytest.raises(InputError, match=r"n: .* from 1 to 11, got 12"):
        forward_selection(statistics, 12)
    with pytest.raises(InputError, match=r"statistics: .* row"):
        forward_selection(Statistics(3, 1), 2)
    with pytest.raises(InputError, match=r"rows: expected \(11, 2\)"):
        forward_selection(statistics, 2).moments(Statistics(3, 1))
    with pytest.raises(InputError, match="k: "):
        forward_selection(statistics, 2).coefficients(3)


def few_and_noisy():
    """Configurations whose many features overfit: the strongest penalty is the best."""
    random = np.random.default_rng(4)
    made = []
    for _ in range(6):
        X = random.normal(size=(12, 25))
        noise = 3 * random.normal(size=(12, 1))
        made.append(Sample(X, X[:, :3].sum(axis=1, keepdims=True) + noise))
    return collect(made)


def test_the_alpha_of_a_curve_is_the_best_on_configurations_held_out():
    collection = few_and_noisy()
    curves = [
        selection_curve(collection, 25, seed=1, alphas=alphas, sizes=[25], n_resamples=10)
        for alphas in ((1e-6,), (1e2,), (1e-6, 1e2))
    ]
    weak, strong, chosen = (curve.rows["r"][0] for curve in curves)
    assert strong > weak + 0.05
    assert chosen == strong
