"""What holds for every figure: errors name what is missing, curves are seen, files are written."""

import re
from inspect import signature

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from cagebreak._frames import to_frame
from cagebreak.errors import InputError
from cagebreak.figures import FIGURES, alkemade2022
from cagebreak.figures.style import save
from support.figure_tables import (
    SELECTIONS,
    TABLES,
    TAU_ALPHA,
    draw,
    learners_table,
    scores_table,
)

# The column that a table cannot do without.
VALUES = {"propensity": "propensity", "structure": "g", "configurations": "propensity"}
VALUES |= {"structure_factor": "s", "van_hove": "g"}
VALUES |= {"functions": "chi_4", "fields": "xi", "heterogeneity.distributions": "p50"}
OVER_TIME = [
    name
    for name, spec in FIGURES.items()
    if spec.section == "isoconfigurational" and not spec.particles
]
USES = [(name, i) for name in OVER_TIME for i in range(len(FIGURES[name].tables))]


def test_curves_lie_inside_the_panel():
    low = scores_table()
    low["r"] -= 0.9
    low["low"] -= 0.9
    for name in OVER_TIME:
        spec = FIGURES[name]
        of_r = [low if each in ("scores", "correlations") else None for each in spec.tables]
        for tables in ([], of_r):
            for axes in draw(name, *tables).axes:
                (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
                for drawn in axes.get_lines():
                    if drawn.get_label().startswith("_"):
                        continue
                    x, y = drawn.get_xdata(), drawn.get_ydata()
                    if axes.get_ylabel().startswith("$g(r)"):
                        x, y = x[(x > x0) & (x < x1)], y[(x > x0) & (x < x1)]
                    assert x0 < np.min(x) < np.max(x) < x1
                    assert y0 < np.min(y) <= np.max(y) < y1


@pytest.mark.parametrize(("name", "index"), USES)
def test_missing_columns_are_named(name, index):
    kind = FIGURES[name].tables[index]
    before, table = [None] * index, TABLES[kind]()
    value = VALUES.get(name, VALUES.get(kind, "r"))
    rest = [column for column in table.dtype.names if column != value]
    with pytest.raises(InputError, match=f"lacks the columns {value};"):
        draw(name, *before, table[rest])
    with pytest.raises(InputError, match="expected a data frame, got list"):
        draw(name, *before, [1, 2])
    with pytest.raises(InputError, match="at least one row"):
        draw(name, *before, table[:0])
    if kind == "structure":
        return
    if kind in ("structure_factor", "van_hove"):
        with pytest.raises(InputError, match=r"one row a [kr] for"):
            draw(name, *before, np.concatenate([table, table]))
        return
    if kind == "selection":
        with pytest.raises(InputError, match="one row a time and number"):
            draw(name, *before, np.concatenate([table, table]))
    elif kind != "configurations":
        with pytest.raises(InputError, match="one row a time"):
            draw(name, *before, np.concatenate([table, table]))
    table["time"] = 0
    with pytest.raises(InputError, match=r"times (and propensities )?> 0"):
        draw(name, *before, table)


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("alkemade2022.generations", "LR1"),
        ("boattini2021.generations", "LR2"),
        ("boattini2021.radial_angular", "LR2 angular"),
        ("alkemade2023.states", "LR2"),
        ("alkemade2023.published", "X init + X CS + dr CS"),
        ("alkemade2023.contributions", "X CS + dr CS"),
    ],
)
def test_missing_selections_are_named(name, missing):
    selections = [selection for selection in SELECTIONS if selection != missing]
    with pytest.raises(
        InputError, match=rf"no rows for features '{re.escape(missing)}'.*has LR0, "
    ):
        draw(name, scores_table(selections=selections))


def test_scores_that_are_no_numbers_are_named():
    table = scores_table()
    table["r"][table["features"] == "LR1"] = np.nan
    with pytest.raises(InputError, match="no finite r for species 'A', features 'LR1'"):
        draw("alkemade2022.generations", table)


@pytest.mark.parametrize("name", ["alkemade2022.generations", "boattini2021.radial_angular"])
def test_missing_species_are_named(name):
    with pytest.raises(InputError, match=r"no rows for species 'A'.*has B"):
        draw(name, scores_table(species="B"))


@pytest.mark.parametrize("name", FIGURES)
def test_figures_of_arrays_and_of_data_frames_are_the_same_files(name, tmp_path, monkeypatch):
    # Dots cost a second a figure, and are of a PDF too: it has the layout of the PNG.
    monkeypatch.setattr("cagebreak.figures.style.DPI", 50)
    figure = draw(name, tau_alpha=TAU_ALPHA)
    assert isinstance(figure, Figure)
    png, pdf = save(figure, tmp_path / "new" / "eta0.58")
    assert (png.name, pdf.name) == ("eta0.58.png", "eta0.58.pdf")
    assert png.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert pdf.read_bytes()[:5] == b"%PDF-"
    first = pdf.read_bytes()
    frames = [to_frame(TABLES[table]()) for table in FIGURES[name].tables]
    save(draw(name, *frames, tau_alpha=TAU_ALPHA), tmp_path / "new" / "eta0.58")
    assert pdf.read_bytes() == first


OF_SPECIES = {
    kind: make for kind, make in TABLES.items() if "species" in signature(make).parameters
}


@pytest.mark.parametrize("species", ["A", "ABC", "ABCD"])
@pytest.mark.parametrize("name", OVER_TIME)
def test_one_three_and_four_species_are_drawn(name, species):
    tables = [OF_SPECIES[kind](species=species) for kind in FIGURES[name].tables]
    figure = draw(name, *tables, tau_alpha=dict.fromkeys(species, 300.0))
    assert any(axes.get_lines() for axes in figure.axes)
    figure.canvas.draw()
    if name in ("alkemade2022.mean_propensity", "boattini2021.generations"):
        text = " ".join(t.get_text() for t in figure.findobj(Text))
        assert all(re.search(rf"\b{letter}\b", text) for letter in species)


@pytest.mark.parametrize("species", ["A", "ABC", "ABCD"])
@pytest.mark.parametrize("learners", [("ridge",), ("ridge", "network", "graph")])
def test_learners_of_one_three_and_four_species_are_drawn(species, learners):
    figure = alkemade2022.comparison(learners_table(species, learners))
    figure.canvas.draw()
    text = " ".join(t.get_text() for t in figure.findobj(Text))
    assert all(f"{letter} particles" in text for letter in species)
