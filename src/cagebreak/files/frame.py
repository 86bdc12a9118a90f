"""One frame of a trajectory file, and the numbering of species by the names in the file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import SPECIES_NAMES, Configuration
from cagebreak.errors import InputError
from cagebreak.files._text import number


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
    species_names
        Names of the species in the file: species `s` of the configuration is called
        ``species_names[s]`` there. None if the file has no names.
    """

    configuration: Configuration
    step: int | None = None
    time: float | None = None
    ids: NDArray[np.int64] | None = None
    species_names: tuple[str, ...] | None = None


def common_names(names: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the names of the species of several frames, in their common order.

    A file that happens to lack a species is so numbered as the others are. An order that all frames
    share, such as that of the types of LAMMPS, is kept.

    Raises
    ------
    InputError
        If there are more names than letters of species.
    """
    tuples = set(names)
    longest = max(tuples, key=len, default=())
    if all(longest[: len(some)] == some for some in tuples):
        return longest
    return in_order(name for some in tuples for name in some)


def renamed(frame: Frame, names: Sequence[str]) -> Frame:
    """Return a frame whose species are numbered in the order of `names`.

    Raises
    ------
    InputError
        If the frame has particles of a species that is not among the names.
    """
    current = frame.species_names
    if current is None or current == tuple(names):
        return frame
    index = {name: i for i, name in enumerate(names)}
    present = np.unique(frame.configuration.species).tolist()
    unknown = [current[s] for s in present if current[s] not in index]
    if unknown:
        raise InputError(
            f"species: expected the names {', '.join(names)}, got a particle of {unknown[0]!r}"
        )
    numbers = np.array([index.get(name, -1) for name in current])
    species = numbers[frame.configuration.species]
    configuration = frame.configuration.replace(species=species)
    return replace(frame, configuration=configuration, species_names=tuple(names))


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Return names of species in the order in which they are numbered.

    Letters of species keep their places in the alphabet: "A" with or without any others is A, and
    "C" beside it is C. Of all other names, numbers are in ascending order, then words in
    alphabetical order. The result does not depend on the order of the particles.

    Raises
    ------
    InputError
        If there are more names than letters of species.
    """
    distinct = set(names)
    if "A" in distinct and all(len(name) == 1 and name in SPECIES_NAMES for name in distinct):
        return tuple(SPECIES_NAMES[: SPECIES_NAMES.index(max(distinct)) + 1])
    if len(distinct) > len(SPECIES_NAMES):
        raise InputError(f"species: expected at most {len(SPECIES_NAMES)}, got {len(distinct)}")

    def key(name: str) -> tuple[float, str]:
        value = number(name)
        return (inf if value is None else value, name)

    return tuple(sorted(distinct, key=key))


def named(words: Sequence[str]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return the species of particles from the names of their species, and the names in order."""
    # A dict is faster than a sort of strings, as np.unique would do.
    names = in_order(dict.fromkeys(words))
    index = {name: i for i, name in enumerate(names)}
    return np.array([index[word] for word in words], np.int64), names
