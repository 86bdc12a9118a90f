"""Common parts of LAMMPS dump and data files: atoms with ids and types, in any order."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import SPECIES_NAMES
from cagebreak.files._text import TextFile

Integers = NDArray[np.int64]


def order_of(file: TextFile, column: NDArray, lines: Sequence[str]) -> tuple[Integers, Integers]:
    """Return the permutation that sorts the ids, and the sorted ids; refuse repeated ids."""
    ids = file.integers(column, lines, "whole numbers as ids")
    order = np.argsort(ids, kind="stable")
    ids = ids[order]
    repeated = np.flatnonzero(ids[1:] == ids[:-1])
    if len(repeated):
        row = int(order[repeated[0] + 1])
        number = file.number - len(lines) + 1 + row
        raise file.error(f"each id once, got {ids[repeated[0]]} again", lines[row], number)
    return order, ids


def species_of_types(file: TextFile, column: NDArray, lines: Sequence[str]) -> Integers:
    """Return the species (0 is A) of LAMMPS types (1 is A)."""
    n_species = len(SPECIES_NAMES)
    expected = f"a type from 1 to {n_species}"
    species = file.integers(column, lines, expected) - 1
    bad = np.flatnonzero((species < 0) | (species >= n_species))
    if len(bad):
        row = int(bad[0])
        raise file.error(expected, lines[row], file.number - len(lines) + 1 + row)
    return species


def type_names(species: Integers) -> tuple[str, ...]:
    """Return the names of the types up to the highest: "1", "2", ..."""
    return tuple(str(s + 1) for s in range(int(species.max()) + 1))
