"""What a page reads from figures is what was drawn, where it was drawn."""

from io import BytesIO

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from cagebreak.figures import FIGURES
from cagebreak.figures.readings import drawing, plain
from support.figure_tables import draw, scores_table

X, Y = np.array([0.1, 1.0, 10.0, 100.0]), np.array([0.2, 0.5, np.nan, 0.4])


def example():
    figure = Figure(figsize=(4, 3))
    axes = figure.add_subplot(111, xlabel=r"$t\,/\,\tau$", ylabel="$r$", xscale="log")
    axes.fill_between(X, Y - 0.1, Y + 0.2, color="#DDAA33", alpha=0.2)
    axes.plot(X, Y, "o", color="#DDAA33", label="LR0", markersize=8)
    axes.axvline(2.0)
    axes.set_xlim(0.05, 50)
    return figure


def test_values_and_intervals_are_those_of_the_curve():
    (panel,) = drawing(example()).panels
    assert (panel["x"], panel["y"]) == ("t / τ", "r")
    (curve,) = panel["curves"]
    assert curve["name"] == "LR0"
    # The third point is missing, and the fourth outside the panel.
    np.testing.assert_allclose(curve["values"], [[0.1, 0.2, 0.1, 0.4], [1, 0.5, 0.4, 0.7]])


def test_points_are_where_they_are_drawn():
    figure = example()
    drawn = drawing(figure)
    assert drawn.size == (288, 216)
    image = BytesIO()
    figure.savefig(image, dpi=72, format="png")
    pixels = np.asarray(Image.open(image).convert("RGB")).astype(int)
    for x, y in drawn.panels[0]["curves"][0]["at"]:
        assert np.abs(pixels[int(y), int(x)] - [0xDD, 0xAA, 0x33]).max() < 10


def test_error_bars_have_their_ends():
    figure = Figure()
    figure.add_subplot(111).errorbar([1, 2], [3, 4], [[1, 2], [0.5, 0.25]], label="a", capsize=2)
    (curve,) = drawing(figure).panels[0]["curves"]
    assert curve["name"] == "a"
    assert curve["values"] == [[1, 3, 2, 3.5], [2, 4, 2, 4.25]]


def test_a_drawing_leaves_the_figure_and_has_the_same_bytes_each_time():
    figure = example()
    dpi, canvas = figure.dpi, figure.canvas
    assert drawing(figure).svg == drawing(figure).svg == drawing(example()).svg
    assert (figure.dpi, figure.canvas) == (dpi, canvas)


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_can_be_read(name):
    drawn = drawing(draw(name))
    assert drawn.panels
    width, height = drawn.size
    for panel in drawn.panels:
        for curve in panel["curves"]:
            assert len(curve["at"]) == len(curve["values"]) > 0
            places = np.array(curve["at"])
            assert (places >= 0).all()
            assert (places <= [width, height]).all()


def test_r_has_its_interval_in_every_panel():
    table = scores_table()
    drawn = drawing(draw("boattini2021.generations"))
    for panel, species in zip(drawn.panels, "AB", strict=True):
        for name in ("LR0", "LR1", "LR2"):
            rows = table[(table["species"] == species) & (table["features"] == name)]
            rows = np.sort(rows, order="time")
            (curve,) = [each for each in panel["curves"] if each["name"] == name]
            wanted = np.array([rows[key] for key in ("time", "r", "low", "high")]).T
            np.testing.assert_allclose(curve["values"], wanted, rtol=1e-4)
            assert panel["x"] == "t / τ"


def test_mathematical_text_is_made_plain():
    assert plain(r"$\langle|\Delta r_i(t)|\rangle\,/\,\sigma$") == "⟨|Δ r_i(t)|⟩ / σ"
    assert plain(r"$\tau_\alpha$") == "τ_α"
