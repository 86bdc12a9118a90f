"""One frame of a trajectory file: a configuration, and when it was."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import SPECIES_NAMES, Configuration


@dataclass(frozen=True, eq=False)
class Frame:
    """A configuration as a file has it.

    Parameters
    ----------
    configuration
    step
        The time step the file states.
    time
        The time it states, in its units.
    ids : (N,) array of integers, optional
        Ascending names of the particles, whose order is that of the configuration.
    """

    configuration: Configuration
    step: int | None = None
    time: float | None = None
    ids: NDArray[np.int64] | None = None


def species_of(names: Sequence[str], known: Iterable[str]) -> list[int]:
    """Return the species of particles whose kinds have names.

    Parameters
    ----------
    names
        Of each particle's kind.
    known
        The kinds of the whole file, in the file's order. If all are letters, A is 0, B is 1 and so
        on; otherwise the first is A.

    Raises
    ------
    ValueError
        If there are more kinds than letters.
    """
    order = list(dict.fromkeys(known))
    if all(len(name) == 1 and name in SPECIES_NAMES for name in order):
        order = list(SPECIES_NAMES)
    if len(order) > len(SPECIES_NAMES):
        raise ValueError(f"expected at most {len(SPECIES_NAMES)} species, got {len(order)}")
    number = {name: i for i, name in enumerate(order)}
    return [number[name] for name in names]


def in_order(names: Iterable[str]) -> list[str]:
    """Return the kinds among names: numbers ascending, then words by the alphabet.

    The order of the particles, which differs between files, does not matter so.
    """

    def key(name: str) -> tuple[float, str]:
        return (int(name) if name.isascii() and name.isdecimal() and len(name) < 19 else inf, name)

    return sorted(set(names), key=key)
