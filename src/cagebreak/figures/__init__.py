"""Figures: one module a paper, one function a figure; data go in, a matplotlib `Figure` comes out.

`FIGURES` lists them without importing matplotlib. To add a figure, write its function in the
module of its paper and add one line here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class FigureSpec:
    """A figure that a study can draw.

    Parameters
    ----------
    module, name
        Where its function stands: ``cagebreak.figures.<module>.<name>``.
    table
        The table it is drawn from: ``"propensity"`` or ``"scores"``.
    title
        What it shows, in one line.
    """

    module: str
    name: str
    table: str
    title: str

    @property
    def function(self) -> Callable[..., Any]:
        """``function(table, tau_alpha=...) -> Figure``; imports matplotlib."""
        return getattr(import_module(f"{__name__}.{self.module}"), self.name)


FIGURES = {
    f"{spec.module}.{spec.name}": spec
    for spec in (
        FigureSpec(
            "alkemade2022",
            "mean_propensity",
            "propensity",
            "Mean propensity over time and its regimes (Alkemade 2022, fig. 1)",
        ),
        FigureSpec(
            "alkemade2022",
            "generations",
            "scores",
            "Accuracy over time for generations 0, 1 and 2, A particles (Alkemade 2022, fig. 4)",
        ),
        FigureSpec(
            "boattini2021",
            "generations",
            "scores",
            "Accuracy over time for generations 0, 1 and 2, every species (Boattini 2021, fig. 3)",
        ),
        FigureSpec(
            "boattini2021",
            "radial_angular",
            "scores",
            "Radial against angular descriptors (Boattini 2021, figs. 1c and S4)",
        ),
    )
}
