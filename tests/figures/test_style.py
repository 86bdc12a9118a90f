"""Numbers, settings and imports of all figures."""

import subprocess
import sys
from io import BytesIO

import matplotlib as mpl
import pytest
from matplotlib.layout_engine import ConstrainedLayoutEngine

from cagebreak.figures import style
from support.figure_tables import draw


def test_numbers_are_written_as_mathematics():
    found = [style.number(value) for value in (0.0158, 631.0, 1e3, 4120.0)]
    assert found == ["0.0158", "631", "10^{3}", r"4.12\times 10^{3}"]


def test_the_registry_needs_no_matplotlib_and_the_figures_no_pyplot():
    code = """if True:
        import sys
        from cagebreak.figures import FIGURES
        assert all((spec.tables or spec.panels) and spec.title for spec in FIGURES.values())
        assert "matplotlib" not in sys.modules
        assert all(callable(spec.function) for spec in FIGURES.values())
        assert "matplotlib" in sys.modules
        from cagebreak.figures.style import look
        with look():
            pass
        assert "matplotlib.pyplot" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", code], check=True)


def test_drawing_neither_changes_nor_heeds_the_callers_settings():
    with mpl.rc_context({"lines.linewidth": 9.0, "axes.facecolor": "black"}):
        before = dict(mpl.rcParams)
        (axes,) = draw("alkemade2022.generations").axes
        assert dict(mpl.rcParams) == before
        assert axes.get_lines()[0].get_linewidth() < 2
        assert axes.get_facecolor() == (1, 1, 1, 1)


@pytest.mark.parametrize("layout", ["constrained", "none"])
def test_a_figure_is_laid_out_once_for_all_formats_and_left_as_it_was(layout, monkeypatch):
    figure, same = (draw("alkemade2022.generations") for _ in range(2))
    with style.look():
        figure.set_layout_engine(layout)
        same.set_layout_engine(layout)
        expected = BytesIO()
        same.savefig(expected, format="png", dpi=300)
    before = figure.get_layout_engine(), figure.dpi, figure.canvas
    layouts = []
    execute = ConstrainedLayoutEngine.execute
    monkeypatch.setattr(
        ConstrainedLayoutEngine, "execute", lambda *of: layouts.append(execute(*of))
    )
    png, pdf = style.images(figure)
    assert len(layouts) == (layout == "constrained")
    assert png == expected.getvalue()
    assert pdf.startswith(b"%PDF")
    assert (figure.get_layout_engine(), figure.dpi, figure.canvas) == before
