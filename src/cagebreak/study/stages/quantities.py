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
from cagebreak.simulation.isoconfigurational import log_times, nearest
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.recipe.schema import ImportedRuns

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
    state
        The state of the configuration, if any, whose displacement from it the quantity is along.
        Runs then measure vectors, (T', N, 3), at chosen times.
    """

    title: str
    unit: str
    parameter: Callable[[Recipe], Any]
    measure: Callable[[Configuration, Any], Measure]
    key: str
    run: str
    sums: str
    state: str = ""


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


def vector_times(recipe: Recipe) -> NDArray[np.int64] | None:
    """Return the indices of the times at which runs keep vectors of displacement, if they do."""
    section = recipe.isoconfigurational
    chosen = (section.keep or {}).get("vectors")
    return None if chosen is None else np.unique(nearest(times_of(recipe), chosen))


def times_of(recipe: Recipe) -> NDArray[np.float64]:
    """Return the times of the runs, (T,), in tau."""
    section = recipe.isoconfigurational
    if isinstance(section, ImportedRuns):
        return np.array(section.times)
    return log_times(section.first, section.last, section.n_times)


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
    "toward_cage": Quantity(
        *("displacement toward the cage center", "sigma"),
        vector_times,
        lambda start, chosen: lambda displacements: displacements[chosen].astype(np.float32),
        *("keep.vectors", "vectors", "sums_vectors", "cage"),
    ),
}
"""By name. To add one, add a line here and, if it has a key, to `KEEP` of the recipe."""

TARGETS = tuple(QUANTITIES)
"""Quantities that are averaged over runs and can be predicted."""

LOW_WHERE_ACTIVE = ("bond_breaking", "persistence")
"""Those that count what has not moved, so that active particles have the lowest values."""


def measured(recipe: Recipe) -> list[str]:
    """Return the names of the quantities that the runs of a recipe measure."""
    return [name for name, each in QUANTITIES.items() if each.parameter(recipe) is not None]


def require_measured(recipe: Recipe, target: str, argument: str = "target") -> None:
    """Check that the runs of a recipe measure a quantity, given as an argument of some name.

    Raises
    ------
    InputError
        If there is no such quantity, or the recipe does not ask for it.
    """
    if not isinstance(target, str) or target not in QUANTITIES:
        raise InputError(f"{argument}: expected one of {', '.join(TARGETS)}, got {target!r}")
    if QUANTITIES[target].parameter(recipe) is None:
        raise not_measured(target)
    if (state := QUANTITIES[target].state) and state not in recipe.sources:
        raise InputError(f"{argument}: {target} needs the state {state!r} in [descriptors] states")


def not_measured(target: str) -> InputError:
    """Return the error that runs have not measured a quantity."""
    key = QUANTITIES[target].key
    return InputError(f"target: {target} needs [isoconfigurational] {key} in the recipe")
