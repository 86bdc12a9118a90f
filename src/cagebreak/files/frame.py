"""One frame of a trajectory file: a configuration with its time step, time and ids."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import SPECIES_NAMES, Configuration


@dataclass(frozen=True, eq=False)
class Frame:
    """A configuration from a file, with what else the file states about it.

    Parameters
    ----------
    configuration
    step
        Time step of the simulation; None if the file states none.
    time
        Time in the units of the file; None if the file states none.
    ids : (N,) array of integers, optional
        Ids of the particles, ascending; particle `i` of the configuration has id ``ids[i]``.
    """

    configuration: Configuration
    step: int | None = None
    time: float | None = None
    ids: NDArray[np.int64] | None = None


def species_of(names: Sequence[str], known: Iterable[str]) -> list[int]:
    """Return the species numbers of particles from the names of their types.

    Parameters
    ----------
    names
        Name of the type of each particle.
    known
        Names of all types in the file, in the file's order. If all are letters of species, A is 0,
        B is 1 and so on; otherwise they are numbered in this order.

    Raises
    ------
    ValueError
        If there are more types than letters of species.
    """
    order = list(dict.fromkeys(known))
    if all(len(name) == 1 and name in SPECIES_NAMES for name in order):
        order = list(SPECIES_NAMES)
    if len(order) > len(SPECIES_NAMES):
        raise ValueError(f"expected at most {len(SPECIES_NAMES)} species, got {len(order)}")
    number = {name: i for i, name in enumerate(order)}
    return [number[name] for name in names]


def in_order(names: Iterable[str]) -> list[str]:
    """Return the distinct names: numbers ascending, then words in alphabetical order.

    The result does not depend on the order of the particles, which differs between files.
    """

    def key(name: str) -> tuple[float, str]:
        return (int(name) if name.isascii() and name.isdecimal() and len(name) < 19 else inf, name)

    return sorted(set(names), key=key)
