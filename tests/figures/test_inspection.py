"""Figures that read a fit show their tables, and say where they would mislead."""

import numpy as np
import pytest

from cagebreak.errors import InputError
from cagebreak.figures import inspection
from cagebreak.learning import (
    Sample,
    Source,
    ablation,
    collect,
    collinearity,
    learning_curve,
    transfer,
)

LABELS = np.array([(1, 0.5), (2, 1.0), (2, 1.5), (4, 2.0)], dtype=[("l", "i8"), ("r", "f8")])


def samples(seed=0, n_configurations=6, copy=True):
    random = np.random.default_rng(seed)
    made = []
    for _ in range(n_configurations):
        X = random.normal(size=(60, 4))
        if copy:
            X[:, 3] = X[:, 0] + 0.01 * random.normal(size=60)
        halves = X[:, :1] + X[:, 1:2] + 0.5 * random.normal(size=(2, 60, 1))
        made.append(Sample(X, halves.mean(axis=0), halves=halves))
    return made


@pytest.fixture(scope="module")
def found():
    return collect(samples())


def test_groups(found):
    table = ablation(found, {"generation 0": [0, 3], "generation 1": [1, 2]}, seed=1)
    left, right = inspection.groups(table).axes
    assert [text.get_text() for text in left.get_yticklabels()] == ["generation 0", "generation 1"]
    for axes, kept, value in ((left, "alone", "r"), (right, "without", "change")):
        drawn = axes.containers[0].lines[0]
        np.testing.assert_array_equal(drawn.get_xdata(), table[value][table["kept"] == kept])
    with pytest.raises(InputError, match="no rows for target 7"):
        inspection.groups(table, target=7)
    with pytest.raises(InputError, match="lacks the columns change"):
        inspection.groups(table[["target", "time", "group", "kept", "r", "low", "high"]])


def test_range_and_order(found):
    ranges = ablation(found, {"r <= 2": [0, 1, 2, 3], "r <= 1": [0, 1]}, seed=1)
    orders = ablation(found, {"l 1": [0], "l 2": [1, 2], "l 4": [3]}, seed=1)
    left, right = inspection.range_and_order(ranges, orders).axes
    assert left.get_lines()[0].get_xdata().tolist() == [1.0, 2.0]
    assert right.get_lines()[0].get_xdata().tolist() == [1.0, 2.0, 4.0]
    with pytest.raises(InputError, match="ranges: "):
        inspection.range_and_order(orders, orders)


def test_learning(found):
    table = learning_curve(found, seed=1, runs=[8], sizes=[1, 2, 4], n_resamples=50).table
    (axes,) = inspection.learning(table, limit=(0.9, 0.8, 0.95)).axes
    line = next(line for line in axes.get_lines() if line.get_label() == "8 runs")
    np.testing.assert_array_equal(line.get_ydata(), table["r_corrected"])
    assert "extrapolated" in [line.get_label() for line in axes.get_lines()]


def test_transfer():
    sources = {name: Source(samples(seed, 4), LABELS) for seed, name in enumerate("ab")}
    table = transfer(sources, seed=1, n_resamples=50)
    (axes,) = inspection.transfer(table).axes
    (row,) = table.query("train == 'a' and test == 'b'").itertuples()
    assert f"{row.r:.2f}" == axes.texts[2].get_text()
    assert f"{row.low:.2f}\u2013{row.high:.2f}" == axes.texts[3].get_text()
    with pytest.raises(InputError, match="species 'B'"):
        inspection.transfer(table, species="B")


def test_state_points_have_a_panel_each_in_their_order():
    rows = [
        (name, value, fit, mark, r, r - 0.1, r + 0.1, 0.8)
        for name, value in (("0.5", 2.0), ("0.8", 1.25), ("0.6", 1.6), ("0.7", 1.4))
        for fit, r in (("own", 0.6), ("left out", 0.5))
        for mark in (1.0, 0.1)
    ]
    names = ("state_point", "value", "fit", "mark", "r", "low", "high", "ceiling")
    kinds = ("U8", float, "U8", *[float] * 5)
    table = np.array(rows, list(zip(names, kinds, strict=True)))
    axes = [panel for panel in inspection.state_points(table).axes if panel.get_visible()]
    assert [panel.get_title(loc="left") for panel in axes] == ["0.8", "0.7", "0.6", "0.5"]
    own, left_out = axes[0].get_lines()
    np.testing.assert_allclose(own.get_xdata(), [0.1, 1.0])
    np.testing.assert_allclose(own.get_ydata(), 0.6 / 0.8)
    np.testing.assert_allclose(left_out.get_ydata(), 0.5 / 0.8)
    with pytest.raises(InputError, match="mark"):
        inspection.state_points(table[["state_point", "value", "fit"]])


def test_coefficients_that_mislead_are_named_as_such(found):
    (axes,) = inspection.coefficients(collinearity(found.pooled())).axes
    assert axes.get_title() == "misleading: 2 of 4 features are collinear"
    alone = collect(samples(copy=False))
    (axes,) = inspection.coefficients(collinearity(alone.pooled())).axes
    assert axes.get_title() == ""
