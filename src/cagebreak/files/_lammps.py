"""What LAMMPS's dump and data files have in common: atoms with ids and types, in any order."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import SPECIES_NAMES
from cagebreak.files._text import TextFile

Integers = NDArray[np.int64]


def order_of(file: TextFile, column: NDArray, lines: Sequence[str]) -> tuple[Integers, Integers]:
    """Return the order that makes ids ascend, and the ids in it; refuse an id that comes twice."""
    ids = file.integers(column, lines, "whole numbers as ids")
    order = np.argsort(ids, kind="stable")
    ids = ids[order]
    twice = np.flatnonzero(ids[1:] == ids[:-1])
    if len(twice):
        again = int(order[twice[0] + 1])
        at = file.number - len(lines) + 1 + again
        raise file.error(f"each id once, got {ids[twice[0]]} again", lines[again], at)
    return order, ids


def species_of_types(file: TextFile, column: NDArray, lines: Sequence[str]) -> Integers:
    """Return the species of types; type 1 is A."""
    most = len(SPECIES_NAMES)
    expected = f"a type from 1 to {most}"
    species = file.integers(column, lines, expected) - 1
    bad = np.flatnonzero((species < 0) | (species >= most))
    if len(bad):
        at = int(bad[0])
        raise file.error(expected, lines[at], file.number - len(lines) + 1 + at)
    return species
