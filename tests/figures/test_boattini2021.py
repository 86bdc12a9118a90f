"""The figures of Boattini 2021: every curve is that of its table."""

import numpy as np
import pytest

from cagebreak.figures import boattini2021, style
from support.figure_tables import (
    TAU_ALPHA,
    TIMES,
    assert_curve,
    draw,
    learners_table,
    line,
    published_curves,
    scores_table,
    selection_table,
    shuffle,
)


@pytest.mark.parametrize("species", ["A", "AB"])
def test_generations_have_a_panel_for_each_species(species):
    table = shuffle(scores_table(species))
    panels = draw("boattini2021.generations", table).axes
    assert len(panels) == len(species)
    for axes, name in zip(panels, species, strict=True):
        for features in ("LR0", "LR1", "LR2"):
            assert_curve(axes, features, table, "r", species=name, features=features)


def test_radial_and_angular_stand_beside_both():
    table = shuffle(scores_table())
    panels = draw("boattini2021.radial_angular", table, species="B").axes
    for axes, generation in zip(panels, ("LR0", "LR2"), strict=True):
        for kind, features in (
            ("radial", f"{generation} radial"),
            ("angular", f"{generation} angular"),
            ("both", generation),
        ):
            assert_curve(axes, kind, table, "r", species="B", features=features)


def test_published_curves_have_a_panel_below_with_ours_in_gray():
    table, curves = shuffle(learners_table()), shuffle(published_curves())
    panels = boattini2021.learners(table, curves=curves).axes
    names = [axes.get_title(loc="left") for axes in panels]
    assert names == ["(a) A particles", "(b) B particles", "(c) A particles, published"]
    x, y = line(panels[2], "one")
    np.testing.assert_array_equal(x, [0.13, 13.0, 3000.0])
    np.testing.assert_array_equal(y, [0.5] * 3)
    gray = [each.get_ydata() for each in panels[2].get_lines() if each.get_color() == "0.75"]
    ours = [line(panels[0], learner)[1] for learner in ("ridge", "network", "graph")]
    np.testing.assert_array_equal(np.sort(gray, axis=0), np.sort(ours, axis=0))


def test_a_selection_is_drawn_at_the_time_of_relaxation():
    table = shuffle(selection_table())
    lines = {"A": {"support vectors": 0.45}}
    figure = draw("boattini2021.selection", table, tau_alpha=TAU_ALPHA, others=lines)
    for axes, species in zip(figure.axes, "AB", strict=True):
        near = TIMES[np.abs(np.log(TIMES / TAU_ALPHA[species])).argmin()]
        x, y = line(axes, "selected")
        rows = table[(table["species"] == species) & (table["time"] == near)]
        rows = rows[np.argsort(rows["n_features"])]
        np.testing.assert_array_equal(x, rows["n_features"])
        np.testing.assert_array_equal(y, rows["r"])
        assert style.number(near) in axes.get_title(loc="left")
    assert line(figure.axes[0], "support vectors")[1] == [0.45, 0.45]
