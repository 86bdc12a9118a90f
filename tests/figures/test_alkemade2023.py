"""The figures of Alkemade 2023: every curve is that of its table."""

import numpy as np
import pytest

from cagebreak.errors import InputError
from cagebreak.figures import FIGURES, style
from support.figure_tables import (
    LATE,
    TABLES,
    TAU_ALPHA,
    TIMES,
    assert_curve,
    column,
    configurations_table,
    displacement,
    draw,
    line,
    propensity_table,
    published_curves,
    scores_table,
    shuffle,
    structure_table,
)


def test_accuracy_stands_below_the_propensity():
    propensity, scores = shuffle(propensity_table()), shuffle(scores_table())
    above, below = draw("alkemade2023.correlation_and_regimes", propensity, scores).axes
    (drawn,) = above.get_lines()
    np.testing.assert_array_equal(drawn.get_ydata(), column(propensity, "propensity", species="A"))
    assert_curve(below, r"$r$ from $X^\mathrm{init}$", scores, "r", species="A", features="LR2")
    edges = [(p.get_bbox().x0, p.get_bbox().x1) for p in (above.patches[0], below.patches[0])]
    assert edges[0] == edges[1]
    assert {"ballistic", "caging", "diffusive"} <= {text.get_text() for text in above.texts}


def test_displacements_stand_above_the_structure():
    table, structure = shuffle(scores_table()), shuffle(structure_table())
    above, below = draw("alkemade2023.cage_displacement", table, structure, species="B").axes
    for label, features in (("IS", "displacement inherent"), ("CS", "displacement cage")):
        label = rf"$\Delta r^\mathrm{{{label}}}$"
        assert_curve(above, label, table, "r", species="B", features=features)
    rows = structure[(structure["species"] == "B") & (structure["neighbors"] == "all")]
    for label, state in (("initial", "initial"), ("cage state", "cage")):
        x, y = line(below, label)
        expected = np.sort(rows[rows["state"] == state], order="r")
        np.testing.assert_array_equal(x, expected["r"])
        np.testing.assert_array_equal(y, expected["g"])


def test_states_stand_alone_and_together():
    table = shuffle(scores_table())
    above, below = draw("alkemade2023.states", table, tau_alpha=TAU_ALPHA).axes
    for axes, label, features in (
        (above, r"$X^\mathrm{init}$", "LR2"),
        (above, r"$X^\mathrm{IS}$", "X IS"),
        (above, r"$X^\mathrm{CS}$", "X CS"),
        (below, r"$X^\mathrm{init}$", "LR2"),
        (
            below,
            r"$X^\mathrm{init}, X^\mathrm{CS}, \Delta r^\mathrm{CS}$",
            "X init + X CS + dr CS",
        ),
    ):
        assert_curve(axes, label, table, "r", species="A", features=features)


def test_what_a_table_lacks_of_a_comparison_is_left_out():
    some = scores_table(selections=("LR2", "X CS", "X init + X CS + dr CS"))
    above, below = draw("alkemade2023.states", some).axes
    labels = [
        [each.get_label() for each in axes.get_lines() if each.get_label()[0] != "_"]
        for axes in (above, below)
    ]
    assert [len(each) for each in labels] == [3, 3]
    with pytest.raises(InputError, match=r"expected one of the features .*X CS"):
        draw("alkemade2023.states", scores_table(selections=("LR2",)))
    with pytest.raises(InputError, match="expected one of the features displacement"):
        draw("alkemade2023.cage_displacement", scores_table(selections=("LR2",)))


@pytest.mark.parametrize(
    ("name", "n_rows"),
    [
        ("alkemade2023.cage_displacement", 2),
        ("alkemade2023.states", 2),
        ("alkemade2023.contributions", 1),
    ],
)
def test_several_models_stand_side_by_side(name, n_rows):
    models = ("hard spheres", "harmonic spheres", "Kob-Andersen")
    tables = [dict.fromkeys(models, TABLES[kind]()) for kind in FIGURES[name].tables]
    tau_alpha = {model: {"A": 10.0**i} for i, model in enumerate(models)}
    axes = draw(name, *tables, tau_alpha=tau_alpha).axes
    names = [each.get_title(loc="left") for each in axes]
    expected = zip("abcdef"[: 3 * n_rows], n_rows * models, strict=True)
    assert names == [f"({letter}) {model}" for letter, model in expected]
    for i in range(len(models)):
        marks = [each.get_xdata()[0] for each in axes[i].get_lines() if each.get_ls() == ":"]
        assert marks == [10.0**i]


def test_models_of_two_tables_are_the_same():
    one, other = {"a": scores_table()}, {"b": structure_table()}
    with pytest.raises(InputError, match=r"structure: expected tables of a, .* got b"):
        draw("alkemade2023.cage_displacement", one, other)


def test_published_curves_stand_beside_ours():
    table = scores_table()
    curves = shuffle(published_curves())
    curves["pearson"][curves["method"] == "two"] = 0.7
    (axes,) = draw("alkemade2023.published", table, curves=curves).axes
    assert_curve(axes, "this study", table, "r", species="A", features="X init + X CS + dr CS")
    for method, r in (("one", 0.5), ("two", 0.7)):
        x, y = line(axes, method)
        np.testing.assert_array_equal(x, [0.13, 13.0, 3000.0])
        np.testing.assert_array_equal(y, [r] * 3)
    with pytest.raises(InputError, match=r"curves: none at temperature 0.5, .*has 0.44"):
        draw("alkemade2023.published", table, curves=curves, temperature=0.5)


def test_more_published_methods_than_colors_are_all_drawn():
    methods = [f"method {k}" for k in range(len(style.OTHERS) + 1)]
    curves = np.repeat(published_curves()[:1], len(methods))
    curves["method"] = methods
    (axes,) = draw("alkemade2023.published", scores_table(), curves=curves).axes
    drawn = [each for each in axes.get_lines() if each.get_label() in methods]
    assert [each.get_label() for each in drawn] == methods
    assert len({(each.get_color(), each.get_marker()) for each in drawn}) == len(methods)


@pytest.mark.parametrize("spread", [0.0, 0.01])
def test_configurations_are_colored_by_density_if_it_differs(spread):
    table = shuffle(configurations_table(spread))
    axes, *colorbar = draw("alkemade2023.configurations", table).axes
    assert len(colorbar) == (spread > 0)
    rows = table[table["species"] == "A"]
    points = axes.collections[0]
    np.testing.assert_array_equal(points.get_offsets()[:, 1], rows["propensity"])
    if spread:
        np.testing.assert_array_equal(points.get_array(), rows["density"])
    x, y = axes.get_lines()[0].get_data()
    np.testing.assert_array_equal(x, TIMES)
    np.testing.assert_allclose(y, displacement(TIMES) * 1.1)
    bars = axes.collections[1].get_segments()
    heights = [(bar[1, 1] - bar[0, 1]) / 2 for bar in bars]
    np.testing.assert_allclose(heights, 2 * 0.1 * displacement(TIMES))


def test_contributions_have_forces_where_there_are():
    table = shuffle(scores_table())
    (axes,) = draw("alkemade2023.contributions", table).axes
    assert_curve(axes, "all of these", table, "r", species="A", features="X CS + dr CS")
    names = ("F", "F + X CS + dr CS", "F + X init + X CS + dr CS")
    LATE.update(dict(zip(names, (0.1, 0.7, 0.72), strict=True)))
    more = scores_table(selections=("X CS", "dr CS", *names))
    (axes,) = draw("alkemade2023.contributions", more).axes
    for label, features in (
        (r"$F^\mathrm{net,0}$", "F"),
        ("all of these", names[1]),
        (r"all and $X^\mathrm{init}$", names[2]),
    ):
        assert_curve(axes, label, more, "r", species="A", features=features)


def test_models_without_forces_do_not_decide_the_legend():
    names = ("F", "F + X CS + dr CS", "F + X init + X CS + dr CS")
    LATE.update(dict(zip(names, (0.1, 0.7, 0.72), strict=True)))
    with_forces = scores_table(selections=("X CS", "dr CS", *names))
    models = {"hard spheres": scores_table(), "Kob-Andersen": with_forces}
    figure = draw("alkemade2023.contributions", models)
    (legend,) = [part.legends[0] for part in figure.subfigs]
    assert r"$F^\mathrm{net,0}$" in [text.get_text() for text in legend.get_texts()]
