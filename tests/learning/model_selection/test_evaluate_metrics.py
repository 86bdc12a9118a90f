"""Metrics of `evaluate`: from the same folds and predictions as r, on demand."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LinearRegression

from cagebreak._frames import METRICS, SCORES
from cagebreak.bootstrap import interval, resamples
from cagebreak.errors import InputError
from cagebreak.learning import Metrics, RidgeCV, Sample, configuration_folds, evaluate
from cagebreak.learning.metrics import POOLED
from naive import metrics as naive

SEED = 5
COLUMNS = {"all": slice(None), "two": [0, 1]}


def samples(n_configurations=8):
    """A, B and noise; configuration 2 has no B."""
    random = np.random.default_rng(0)
    made = []
    for c in range(n_configurations):
        X = random.normal(size=(60, 4)) + random.normal(size=4)
        Y = X @ random.normal(1, 0.1, size=(4, 2)) + random.standard_t(3, size=(60, 2))
        species = np.zeros(60, int) if c == 2 else np.arange(60) % 2
        made.append(Sample(X, Y, species, Y + random.normal(size=(2, 60, 2))))
    return made


@pytest.fixture(scope="module")
def scores():
    arguments = {"columns": COLUMNS, "folds": 3, "n_resamples": 50}
    return evaluate(LinearRegression(), samples(), seed=SEED, metrics=METRICS, **arguments)


def held_out(number, columns):
    """What fits to the other folds predict of each configuration, and its targets."""
    made, fold = samples(), configuration_folds(8, 3, seed=SEED)
    rows = [sample.species == number for sample in made]
    X = [sample.features[mine][:, columns] for sample, mine in zip(made, rows, strict=True)]
    Y = [sample.targets[mine] for sample, mine in zip(made, rows, strict=True)]
    predicted = []
    for c in range(8):
        others = np.flatnonzero(fold != fold[c])
        fitted = LinearRegression().fit(
            np.concatenate([X[i] for i in others]), np.concatenate([Y[i] for i in others])
        )
        predicted.append(fitted.predict(X[c]) if len(X[c]) else Y[c])
    return fold, predicted, Y


@pytest.mark.parametrize(("species", "features"), [("A", "all"), ("B", "two")])
def test_they_are_those_of_the_predictions_of_each_fold(scores, species, features):
    fold, predicted, measured = held_out("AB".index(species), COLUMNS[features])
    weights = resamples(8, 50, seed=SEED)
    rows = scores.rows
    rows = rows[(rows["species"] == species) & (rows["features"] == features)]
    for t in range(2):
        in_each = {name: np.full(8, np.nan) for name in METRICS}
        for c in range(8):
            x, y = predicted[c][:, t], measured[c][:, t]
            if not len(x):
                continue
            active = naive.active(y, 0.05)
            in_each["spearman"][c] = naive.spearman(x, y)
            in_each["roc_auc"][c] = naive.roc_auc(x, active)
            in_each["average_precision"][c] = naive.average_precision(x, active)
            in_each["matthews_corrcoef"][c] = naive.matthews_corrcoef(x, active)
            in_each["average_precision_balanced"][c] = naive.average_precision(x, active, True)
            in_each["matthews_corrcoef_balanced"][c] = naive.matthews_corrcoef(x, active, True)
            in_each["active_share"][c] = active.mean()
            others = np.flatnonzero((fold == fold[c]) & (np.arange(8) != c))
            residuals = [(measured[i] - predicted[i])[:, t] for i in others]
            h = naive.half_width(np.concatenate(residuals), 0.9)
            in_each["width"][c] = 2 * h
            in_each["coverage"][c] = (abs(y - x) <= h).mean()
            in_each["coverage_active"][c] = (abs(y - x) <= h)[active].mean()
        for name, values in in_each.items():
            if name == POOLED:
                continue
            found = scores.metrics[species, features][name][:, t]
            np.testing.assert_allclose(found, values, rtol=1e-9, err_msg=name)
            assert rows[name][t] == pytest.approx(np.nanmean(values)), name
            defined = np.isfinite(values)
            means = (weights[:, defined] @ values[defined]) / weights[:, defined].sum(axis=1)
            low, high = interval(means, defined.sum())
            assert rows["low_" + name][t] == pytest.approx(low), name
            assert rows["high_" + name][t] == pytest.approx(high), name
        x, y = (np.concatenate(parts)[:, t] for parts in (predicted, measured))
        assert rows[POOLED][t] == pytest.approx(naive.spearman(x, y))
        assert rows["low_" + POOLED][t] < rows[POOLED][t] < rows["high_" + POOLED][t]


def test_the_table_is_as_before_but_for_further_columns(scores):
    plain = evaluate(
        LinearRegression(), samples(), columns=COLUMNS, folds=3, n_resamples=50, seed=SEED
    )
    names = [name for name, _ in SCORES]
    assert list(plain.table) == names
    assert plain.metrics == {}
    assert list(scores.table)[: len(names)] == names
    assert list(scores.table)[len(names) :][:3] == ["spearman", "low_spearman", "high_spearman"]
    assert repr(scores.rows[names].tolist()) == repr(plain.rows.tolist())  # NaN is not equal


def test_groups_do_not_calibrate_each_other():
    """Of two configurations in a fold that are a group, none has an interval."""
    made = samples()
    groups = np.array([0, 0, 1, 1, 2, 2, 3, 3])
    arguments = {"seed": SEED, "groups": groups, "metrics": ["coverage"], "n_resamples": 20}
    apart = evaluate(RidgeCV(), made, folds=4, **arguments)
    assert np.isnan(apart.table["coverage"]).all()
    together = evaluate(RidgeCV(), made, folds=2, **arguments)
    assert together.table["coverage"].between(0.6, 1).all()


def test_intervals_of_alike_configurations_have_their_level():
    """Particles are independent: the coverage of all has a standard error of 0.005."""
    random = np.random.default_rng(1)
    made = []
    for _ in range(32):
        X = random.normal(size=(200, 2))
        made.append(Sample(X, X @ [[1.0], [2.0]] + random.exponential(size=(200, 1))))
    metrics = Metrics(("coverage",), level=0.8)
    row = evaluate(RidgeCV(), made, folds=4, seed=SEED, metrics=metrics, n_resamples=200).rows[0]
    assert row["coverage"] == pytest.approx(0.8, abs=0.015)
    assert row["low_coverage"] < 0.8 < row["high_coverage"]


def test_settings_are_those_that_are_given():
    share = Metrics(("active_share",), share=0.2)
    table = evaluate(RidgeCV(), samples(), seed=SEED, metrics=share, n_resamples=20).table
    np.testing.assert_allclose(table["active_share"][:2], 0.2)


def test_a_wrong_name_is_named_before_any_fit():
    class Never(RegressorMixin, BaseEstimator):
        def fit(self, X, y):
            raise AssertionError

    with pytest.raises(InputError, match=r"^metrics: expected some of spearman, .*, got 'kendall'"):
        evaluate(Never(), samples(), seed=SEED, metrics=("kendall",))
