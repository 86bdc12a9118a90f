"""Numbers, settings and imports of all figures."""

import subprocess
import sys

import matplotlib as mpl

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
