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
    tables
        Those it is drawn from, by their names in `Study.table`.
    title
        What it shows, in one line.
    published
        Whether it needs published curves besides, which the user gives.
    section
        The section of the recipe whose results it shows, or "" for any. Of the runs it is drawn
        over time, and told tau_alpha.
    panels
        Whether it shows configurations of the study besides.
    mean_speed
        Whether it is told the thermal mean speed of A particles.
    """

    module: str
    name: str
    tables: tuple[str, ...]
    title: str
    published: bool = False
    section: str = "isoconfigurational"
    panels: bool = False
    mean_speed: bool = False

    @property
    def function(self) -> Callable[..., Any]:
        """``function(*tables, ...) -> Figure``; imports matplotlib."""
        return getattr(import_module(f"{__name__}.{self.module}"), self.name)


FIGURES = {
    f"{spec.module}.{spec.name}": spec
    for spec in (
        FigureSpec(
            "alkemade2022",
            "mean_propensity",
            ("propensity",),
            "Mean propensity over time and its regimes (Alkemade 2022, fig. 1)",
            mean_speed=True,
        ),
        FigureSpec(
            "alkemade2022",
            "generations",
            ("scores",),
            "Accuracy over time for generations 0, 1 and 2, A particles (Alkemade 2022, fig. 4)",
        ),
        FigureSpec(
            "boattini2021",
            "generations",
            ("scores",),
            "Accuracy over time for generations 0, 1 and 2, every species (Boattini 2021, fig. 3)",
        ),
        FigureSpec(
            "boattini2021",
            "radial_angular",
            ("scores",),
            "Radial against angular descriptors (Boattini 2021, figs. 1c and S4)",
        ),
        FigureSpec(
            "boattini2021",
            "selection",
            ("selection",),
            "Accuracy against the number of descriptors chosen (Boattini 2021, figs. 2 and S3)",
        ),
        FigureSpec(
            "alkemade2023",
            "accuracy_and_regimes",
            ("propensity", "scores"),
            "Mean propensity and accuracy over time (Alkemade 2023, fig. 1)",
        ),
        FigureSpec(
            "alkemade2023",
            "cage_displacement",
            ("correlations", "structure"),
            "The way to the inherent and the cage state, and their g(r) (Alkemade 2023, fig. 2)",
        ),
        FigureSpec(
            "alkemade2023",
            "states",
            ("scores",),
            "Accuracy from initial, inherent and cage state (Alkemade 2023, fig. 3)",
        ),
        FigureSpec(
            "alkemade2023",
            "published",
            ("scores",),
            "Accuracy beside published curves (Alkemade 2023, fig. 4a)",
            published=True,
        ),
        FigureSpec(
            "alkemade2023",
            "configurations",
            ("configurations",),
            "Mean propensity of each configuration (Alkemade 2023, fig. 4b)",
        ),
        FigureSpec(
            "alkemade2023",
            "contributions",
            ("scores",),
            "What each part of the description contributes (Alkemade 2023, fig. 5)",
        ),
        FigureSpec(
            "rottler2024",
            "stress_strain",
            ("shear",),
            "Stress and energy over strain, and what each plastic event loses",
            section="shear",
        ),
        FigureSpec(
            "rottler2024",
            "slices",
            (),
            "D2min in slices, thermal and under shear (Rottler and Ortner 2024, fig. 2)",
            section="",
            panels=True,
        ),
    )
}
