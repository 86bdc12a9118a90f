"""The quantities of particles that runs measure, and that can be predicted."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration
from cagebreak.dynamics.d2min import D2Min
from cagebreak.dynamics.neighbor_motion import BondBreaking, CageRelative
from cagebreak.dynamics.propensity import lengths
from cagebreak.dynamics.relaxation import is_near
from cagebreak.errors import InputError
from cagebreak.study.recipe.recipe import Recipe

Floats = NDArray[np.float64]
Measure = Callable[[Floats], NDArray[Any]]


class Quantity(NamedTuple):
    """A quantity of each particle, at each time of a run.

    Parameters
    ----------
    title
        What it is, as figures and reports name it.
    unit
    parameter
        Returns what the recipe says of it; None if it is not measured.
    measure
        Returns the function of displacements (T, N, 3) from a start that measures it, (T, N), with
        the parameter of the recipe.
    key
        The key of the recipe that asks for it.
    run, sums
        Names of its arrays in the files of runs and of propensities.
    """

    title: str
    unit: str
    parameter: Callable[[Recipe], Any]
    measure: Callable[[Configuration, Any], Measure]
    key: str
    run: str
    sums: str


def _kept(name: str, title: str, unit: str, measure: Callable[[Configuration, Any], Measure]):
    """Return a quantity that `keep` asks for."""
    return Quantity(
        title,
        unit,
        lambda recipe: (recipe.isoconfigurational.keep or {}).get(name) or None,
        measure,
        f"keep.{name}",
        name,
        f"sums_{name}",
    )


def _squared(start: Configuration, _: bool) -> Measure:
    return lambda displacements: (displacements**2).sum(axis=-1)


def _mobile(start: Configuration, length: float) -> Measure:
    return lambda displacements: 1.0 - is_near(displacements, length)


def _persistence(start: Configuration, length: float) -> Measure:
    # What has left between two times and come back is not seen.
    return lambda displacements: np.logical_and.accumulate(
        is_near(displacements, length), axis=0
    ).astype(np.float64)


QUANTITIES: dict[str, Quantity] = {
    "displacement": Quantity(
        *("propensity", "sigma"),
        lambda recipe: True,
        lambda start, _: lengths,
        *("", "lengths", "sums"),
    ),
    "d2min": Quantity(
        *("D²min", "sigma^2"),
        lambda recipe: recipe.isoconfigurational.d2min_cutoff,
        D2Min,
        *("d2min_cutoff", "d2min", "sums_d2min"),
    ),
    "squared_displacement": _kept(
        "squared_displacement", "squared displacement", "sigma^2", _squared
    ),
    "cage_relative": _kept("cage_relative", "cage-relative displacement", "sigma", CageRelative),
    "bond_breaking": _kept(
        "bond_breaking",
        "share of bonds kept",
        "1",
        lambda start, lengths: BondBreaking(start, *lengths),
    ),
    "mobile": _kept("mobile", "probability to have moved", "1", _mobile),
    "persistence": _kept("persistence", "probability never to have moved", "1", _persistence),
}
"""By name. To add one, add a line here and, if it has a key, to `KEEP` of the recipe."""

TARGETS = tuple(QUANTITIES)
"""Quantities that are averaged over runs and can be predicted."""

LOW_WHERE_ACTIVE = ("bond_breaking", "persistence")
"""Those that count what has not moved, so that active particles have the lowest values."""


def measured(recipe: Recipe) -> list[str]:
    """Return the names of the quantities that the runs of a recipe measure."""
    return [name for name, each in QUANTITIES.items() if each.parameter(recipe) is not None]


def require_measured(recipe: Recipe, target: str) -> None:
    """Check that the runs of a recipe measure a quantity.

    Raises
    ------
    InputError
        If there is no such quantity, or the recipe does not ask for it.
    """
    if target not in QUANTITIES:
        raise InputError(f"target: expected one of {', '.join(TARGETS)}, got {target!r}")
    if QUANTITIES[target].parameter(recipe) is None:
        raise not_measured(target)


def not_measured(target: str) -> InputError:
    """Return the error that runs have not measured a quantity."""
    key = QUANTITIES[target].key
    return InputError(f"target: {target} needs [isoconfigurational] {key} in the recipe")
