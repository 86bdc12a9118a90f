"""Groups of features: what each adds and loses, and whether coefficients can be read."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cagebreak as cb
from cagebreak.errors import InputError
from cagebreak.learning import (
    MisleadingCoefficients,
    Sample,
    Statistics,
    ablation,
    clusters,
    collect,
    collinearity,
    held_out_moments,
    label_groups,
    order_groups,
    range_groups,
    warn_if_misleading,
)
from cagebreak.learning.scores import pooled_pearson

LABELS = cb.papers.boattini2021(cb.kob_andersen(), generations=1).labels()


def collection(n_configurations=6, n=80, seed=0):
    """Targets know column 0, or its copy 3, and column 1; column 2 is noise."""
    random = np.random.default_rng(seed)
    made = []
    for _ in range(n_configurations):
        X = random.normal(size=(n, 3))
        X = np.hstack([X, X[:, [0]] + 0.01 * random.normal(size=(n, 1))])
        noise = 0.5 * random.normal(size=(2, n, 1))
        halves = X[:, [0]] + X[:, [1]] + noise
        made.append(Sample(X, halves.mean(axis=0), halves=halves))
    return collect(made, times=[3.0])


def test_groups_that_say_the_same_hide_each_other():
    groups = {"first": [0], "copy": [3], "both": [0, 3], "second": [1], "noise": [2]}
    table = ablation(collection(), groups, seed=1)
    assert (table["time"] == 3.0).all()
    change = {(row["group"], row["kept"]): row for row in table.to_dict("records")}
    assert abs(change["first", "without"]["change"]) < 0.01
    assert abs(change["copy", "without"]["change"]) < 0.01
    assert change["both", "without"]["change_high"] < -0.1
    assert change["second", "without"]["change_high"] < -0.1
    assert change["first", "alone"]["r"] > 0.6
    assert abs(change["noise", "alone"]["r"]) < 0.15
    assert change["", "all"]["r"] == pytest.approx(change["", "all"]["ceiling"], abs=0.02)
    assert change["both", "without"]["n_features"] == 2


def test_adding_to_a_base_is_judged_against_the_base():
    found = collection()
    table = ablation(found, {"second": [1], "copy": [3]}, base=[0], seed=1)
    rows = {(row["group"], row["kept"]): row for row in table.to_dict("records")}
    assert rows["second", "alone"]["n_features"] == 2
    assert rows["second", "alone"]["change"] == pytest.approx(
        rows["second", "alone"]["r"] - rows["", "base"]["r"], abs=1e-12
    )
    assert abs(rows["copy", "alone"]["change"]) < 0.01
    moments = held_out_moments(found, {"two": [0, 1]}, seed=1)["two"]
    assert rows["second", "alone"]["r"] == pytest.approx(pooled_pearson(moments)[0], abs=1e-12)


def test_groups_follow_from_labels():
    groups = label_groups(LABELS, fields=("kind", "generation", "r", "species", "state"))
    assert set(groups) == {
        "kind radial", "kind angular", "generation 0", "generation 1", "species A", "species B",
        "r to 1", "r 1 to 1.5", "r 1.5 to 2", "r 2 to 3", "r 3 to 4", "r 4 to 5",
    }  # fmt: skip
    for field in ("kind", "generation"):
        parts = [columns for name, columns in groups.items() if name.startswith(field)]
        assert sorted(np.concatenate(parts)) == list(range(len(LABELS)))
    shells = [columns for name, columns in groups.items() if name.startswith("r ")]
    assert sorted(np.concatenate(shells)) == list(range(len(LABELS)))
    assert (LABELS.r[groups["r 1 to 1.5"]] <= 1.5 + 1e-9).all()
    assert (LABELS.kind[groups["species B"]] == "radial").all()
    ranges = range_groups(LABELS)
    assert next(iter(ranges)) == "r <= 1"
    assert list(ranges)[-1] == "r <= 5"
    assert len(ranges["r <= 5"]) == len(LABELS)
    orders = order_groups(LABELS)
    assert list(orders) == [f"l {order}" for order in range(1, 13)]
    assert (LABELS.kind[orders["l 4"]] == "angular").all()
    with pytest.raises(InputError, match="fields: "):
        label_groups(LABELS, fields=("color",))


@given(st.integers(0, 2**32))
@settings(max_examples=20, deadline=None)
def test_inflation_is_that_of_regressing_each_on_the_others(seed):
    random = np.random.default_rng(seed)
    X = random.normal(size=(40, 5)) * 10.0 ** random.uniform(-4, 4, 5)
    X[:, 4] += X[:, 3] * X[:, 4].std() / X[:, 3].std()
    X = np.hstack([X, np.full((40, 1), 2.0), X[:, [0]]])
    y = X[:, [1]] / X[:, 1].std() + random.normal(size=(40, 1))
    table = collinearity(Statistics.from_arrays(X, y, LABELS[:7]))
    Z = (X - X.mean(axis=0)) / np.where(X.std(axis=0) > 0, X.std(axis=0), 1.0)
    for j in (1, 2, 3, 4):
        others = Z[:, [k for k in (0, 1, 2, 3, 4) if k != j]]
        left = Z[:, j] - others @ np.linalg.lstsq(others, Z[:, j])[0]
        assert table["vif"][j] == pytest.approx(40 / (left @ left), rel=1e-8)
    assert np.isinf(table["vif"][[0, 6]]).all()
    assert np.isnan(table["vif"][5])
    assert table["nearest"][0] == 6
    np.testing.assert_allclose(
        table["with_target"][:5], [np.corrcoef(X[:, j], y[:, 0])[0, 1] for j in range(5)]
    )
    # Least squares of smallest norm, in deviations of features and target.
    w = np.linalg.pinv(Z, rcond=1e-10) @ ((y - y.mean()) / y.std())
    np.testing.assert_allclose(table["coefficient"], w[:, 0], atol=1e-8)


def test_a_plot_that_would_mislead_is_warned_of():
    found = collection().pooled()
    with pytest.warns(MisleadingCoefficients, match="2 of 4 features"):
        text = warn_if_misleading(collinearity(found))
    assert "not to be read one by one" in text
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert warn_if_misleading(collinearity(found.select([0, 1, 2]))) == ""


def test_two_features_that_say_the_same_are_one_cluster():
    random = np.random.default_rng(0)
    x = random.normal(size=(50, 1))
    for other, groups in ((-2 * x, 1), (random.normal(size=(50, 1)), 2)):
        statistics = Statistics.from_arrays(np.hstack([x, other]), x)
        assert len(clusters(statistics)) == groups


def test_clusters_join_what_says_the_same():
    groups = clusters(collection().pooled())
    assert {name: columns.tolist() for name, columns in groups.items()} == {
        "like 0": [0, 3], "like 1": [1], "like 2": [2],
    }  # fmt: skip


def test_bad_arguments_are_named():
    found = collection()
    with pytest.raises(InputError, match="groups: expected at least one"):
        ablation(found, {}, seed=1)
    with pytest.raises(InputError, match=r"groups\['x'\]"):
        ablation(found, {"x": [9]}, seed=1)
    with pytest.raises(InputError, match="target: "):
        collinearity(found.pooled(), target=1)
    with pytest.raises(InputError, match="within: "):
        clusters(found.pooled(), within=1.0)
