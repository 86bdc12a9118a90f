"""Figures of the cluster expansion, from data of our own making."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import cagebreak as cb
from cagebreak.errors import InputError
from cagebreak.figures import rottler2024 as figures

MIXTURE = cb.papers.rottler2024(cb.kob_andersen(), r_cut=2.5)


def table(x="n_features", y="accuracy", n=500, rise=0.2):
    sizes = np.array([1, 10, 100, n])
    made = np.zeros(4, [(x, "i8"), (y, "f8"), ("low", "f8"), ("high", "f8")])
    made[x], made[y] = sizes, 0.6 + rise * np.log10(sizes) / 3
    made["low"], made["high"] = made[y] - 0.02, made[y] + 0.02
    return made


def rows(**options):
    curves = {"2": table(**options), "4": table(rise=0.3, **options)}
    return {way: {"KA": curves, "polymer": curves} for way in ("thermal", "shear")}


def of(figure):
    assert isinstance(figure, Figure)
    figure.canvas.draw()
    return figure.axes


def positions(axes):
    return sorted(
        line.get_xdata()[0] for line in axes.get_lines() if len(set(line.get_xdata())) == 1
    )


def test_radial_basis_shows_the_functions():
    (axes,) = of(figures.radial_basis(MIXTURE, n=6))
    curves = [line for line in axes.get_lines() if len(line.get_xdata()) > 2]
    assert len(curves) == 6
    r = curves[2].get_xdata()
    np.testing.assert_allclose(curves[2].get_ydata(), MIXTURE.radial(r)[2])


@pytest.mark.parametrize("value", ["accuracy", "r"])
def test_accuracy_has_a_line_where_bodies_and_species_begin(value):
    polymer = cb.AtomicClusterExpansion(2.5, 3, 20, 18)
    labels = {"KA": MIXTURE.labels(), "polymer": polymer.labels()}
    axes = of(figures.accuracy(rows(y=value), labels, value))
    assert [panel.get_title() for panel in axes] == [
        "KA, thermal", "polymer, thermal", "KA, shear", "polymer, shear",
    ]  # fmt: skip
    # 10 pairs with A and with B each, then 154 terms of 3 bodies; 20 and 204 in the polymer.
    assert positions(axes[0]) == [10.5, 20.5, 174.5]
    assert positions(axes[1]) == [20.5, 224.5]
    np.testing.assert_allclose(axes[0].get_lines()[0].get_ydata(), table()["accuracy"])
    with pytest.raises(InputError, match="labels: expected those of 'polymer', got KA"):
        figures.accuracy(rows(y=value), {"KA": MIXTURE.labels()}, value)


def test_selections_and_learning_curves_show_every_curve():
    axes = of(figures.selections(rows()))
    assert [len(panel.get_lines()) for panel in axes] == [2, 2, 2, 2]
    panels = rows(x="n_configurations")["thermal"]
    axes = of(figures.learning_curves(panels))
    assert [panel.get_title() for panel in axes] == ["KA", "polymer"]
    few = {"KA": {"pairs": table(x="n_configurations", n=7)[[0, 3]]}}
    (panel,) = of(figures.learning_curves(few))
    low, high = panel.get_xlim()
    assert [x for x in panel.get_xticks() if low < x < high] == [1, 2, 5]
    with pytest.raises(InputError, match="2: lacks the columns n_configurations; has n_features"):
        figures.learning_curves(rows()["thermal"])
    with pytest.raises(InputError, match="at least one panel"):
        figures.selections({"thermal": {}})
    with pytest.raises(InputError, match="as many panels in each"):
        figures.selections({"thermal": rows()["thermal"], "shear": {"KA": {"2": table()}}})


def test_distributions_are_normalized_over_one_set_of_bins():
    values, active = np.random.default_rng(0).normal(size=1000), np.arange(1000) < 300
    ways = {"T": (values + active, active), "M": (values, active)}
    (axes,) = of(figures.distributions({"KA": ways}))
    steps = [patch.get_data() for patch in axes.patches]
    assert len(steps) == 4
    for heights, edges, _ in steps:
        assert (heights * np.diff(edges)).sum() == pytest.approx(1.0)
        np.testing.assert_array_equal(edges, steps[0].edges)
    names = [patch.get_label() for patch in axes.patches[:2]]
    assert names == ["active, T", "inactive, T"]
    (axes,) = of(figures.distributions({"KA": {"": (values, active)}}))
    assert [patch.get_label() for patch in axes.patches] == ["active", "inactive"]
    with pytest.raises(InputError, match="expected inactive particles in 'KA', T"):
        figures.distributions({"KA": {"T": (values, np.ones(1000, bool))}})
    with pytest.raises(InputError, match="panels: expected 1 or 2 ways in 'KA', got 0"):
        figures.distributions({"KA": {}})
    with pytest.raises(InputError, match=r"panels: expected 1 or 2 ways, got 3, \['T', 'M', 'S'\]"):
        figures.distributions({"KA": ways, "polymer": {"S": (values, active)}})


def test_a_way_has_the_same_line_in_every_panel():
    values, active = np.arange(10.0), np.arange(10) < 5
    ways = {"T": (values, active), "M": (values, active)}
    turned = dict(reversed(ways.items()))
    for axes in of(figures.distributions({"KA": ways, "polymer": turned})):
        lines = {patch.get_label(): patch.get_linestyle() for patch in axes.patches}
        assert lines["active, T"] == lines["inactive, T"] == "-"
        assert lines["active, M"] == lines["inactive, M"] == "--"


def test_pair_functions_are_drawn_for_each_species():
    r = np.linspace(0.8, 2.5, 50)
    both = np.stack([np.cos(r), np.sin(r)])
    axes = of(figures.pair_functions(r, {"KA": {"thermal": both, "shear": -both}, "x": {"": both}}))
    assert [len(panel.get_lines()) for panel in axes] == [5, 3]  # and a line at 0
    np.testing.assert_allclose(axes[0].get_lines()[1].get_ydata(), np.sin(r))
    with pytest.raises(InputError, match=r"panels: expected \(50,\) in 'KA', got \(2, 49\)"):
        figures.pair_functions(r, {"KA": {"thermal": both[:, 1:]}})
