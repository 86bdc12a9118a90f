"""Figures: a module or folder a paper, one function a figure, which returns a matplotlib `Figure`.

A table that a figure takes is a data frame or a structured array. `FIGURES` lists the figures of a
study without importing matplotlib. To add a figure, write its function in the module of its paper
and add its `FigureSpec` here. `particle_map` draws any configuration with values of its particles,
and `interval_map` a prediction with its predictive intervals.
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
        Its function is ``cagebreak.figures.<module>.<name>``.
    tables
        The tables that the function takes, by their names in `Study.table`.
    title
        The content of the figure, in one line.
    published
        The temperature of the Kob-Andersen mixture whose published curves the function takes as
        ``curves``; None if it takes none.
    section
        The section of the recipe whose results the figure shows, or "" for any. With
        "isoconfigurational" the function takes ``tau_alpha``.
    panels
        Whether the function takes ``panels``, configurations of the study with their D2min.
    mean_speed
        Whether the function takes ``mean_speed``, the thermal one of A particles.
    particles
        Whether the function takes ``configuration`` and ``diameters``, the particles of the table.
    keep
        What `[isoconfigurational] keep` of the recipe must ask for, or "".
    on_request
        Whether the figure is drawn only where its name is given, since its tables take long.
    """

    module: str
    name: str
    tables: tuple[str, ...]
    title: str
    published: float | None = None
    section: str = "isoconfigurational"
    panels: bool = False
    mean_speed: bool = False
    particles: bool = False
    keep: str = ""
    on_request: bool = False

    @property
    def function(self) -> Callable[..., Any]:
        """``function(*tables, ...) -> Figure``; imports matplotlib."""
        return getattr(import_module(f"{__name__}.{self.module}"), self.name)


FIGURES = {
    "map": FigureSpec(
        "maps",
        "held_out",
        ("map",),
        "Measured and predicted propensity in a plane, and their difference",
        particles=True,
    )
} | {
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
            "r over time for generations 0, 1 and 2, A particles (Alkemade 2022, fig. 4)",
        ),
        FigureSpec(
            "boattini2021",
            "generations",
            ("scores",),
            "r over time for generations 0, 1 and 2, every species (Boattini 2021, fig. 3)",
        ),
        FigureSpec(
            "boattini2021",
            "radial_angular",
            ("scores",),
            "Radial and angular descriptors (Boattini 2021, figs. 1c and S4)",
        ),
        FigureSpec(
            "boattini2021",
            "selection",
            ("selection",),
            "r over the number of descriptors chosen (Boattini 2021, figs. 2 and S3)",
        ),
        FigureSpec(
            "alkemade2023",
            "correlation_and_regimes",
            ("propensity", "scores"),
            "Mean propensity and r over time (Alkemade 2023, fig. 1)",
        ),
        FigureSpec(
            "alkemade2023",
            "cage_displacement",
            ("correlations", "structure"),
            "Displacement to the inherent and the cage state, and g(r) (Alkemade 2023, fig. 2)",
        ),
        FigureSpec(
            "alkemade2023",
            "states",
            ("scores",),
            "r from initial, inherent and cage state (Alkemade 2023, fig. 3)",
        ),
        FigureSpec(
            "alkemade2023",
            "published",
            ("scores",),
            "r and published curves (Alkemade 2023, fig. 4a)",
            published=0.44,
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
            "r of each part of the description (Alkemade 2023, fig. 5)",
        ),
        FigureSpec(
            "heterogeneity",
            "functions",
            ("functions",),
            "Relaxation, alpha_2, chi_4 and xi_4 over time",
            keep="functions",
        ),
        FigureSpec(
            "pairs",
            "structure_factor",
            ("structure_factor",),
            "S(k) of each pair of species and of all particles",
            on_request=True,
        ),
        FigureSpec(
            "pairs",
            "van_hove",
            ("van_hove",),
            "Van Hove function: how far particles go, and who takes their places",
            keep="van_hove",
        ),
        FigureSpec(
            "heterogeneity",
            "fields",
            ("fields",),
            "Variance and length of the measured and the predicted propensity over time",
            on_request=True,
        ),
        FigureSpec(
            "heterogeneity",
            "distributions",
            ("fields",),
            "Distribution of the measured and the predicted propensity over time",
            on_request=True,
        ),
        FigureSpec(
            "rottler2024",
            "stress_strain",
            ("shear",),
            "Stress and energy over strain, and the energy dissipated in plastic events",
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


def __getattr__(name: str) -> Any:
    # matplotlib takes a second to import.
    if name in ("interval_map", "particle_map"):
        return getattr(import_module(f"{__name__}.maps"), name)
    if name == "inspection":
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
