"""The species of particles from the names that an object gives them.

No order of names is guessed. It is told by the object, by the caller, or by the names themselves:
letters from A, and whole numbers from 0 or 1 without a gap.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from cagebreak.configuration._arrays import Integers
from cagebreak.configuration.species import SPECIES_NAMES
from cagebreak.errors import InputError


def species_of(
    argument: str,
    labels: Mapping[str, ArrayLike],
    order: Sequence[str] | None,
    declared: Iterable[str] = (),
) -> Integers:
    """Return the species (N,) of the particles of an object.

    Parameters
    ----------
    argument
        The name of the object.
    labels
        Names of the species of the particles, (N,), by what the object calls them. Without
        `order`, the first that differ rule.
    order
        The names of the species in their order; None if the names themselves tell it.
    declared
        Further names of the object, of which it may have no particle.

    Raises
    ------
    InputError
        If the order is not known, two labels contradict each other, or a particle has a name that
        is not in the order.
    """
    words = {key: np.asarray(values).astype(str) for key, values in labels.items()}
    distinct = {key: np.unique(values).tolist() for key, values in words.items()}
    if order is not None:
        names = _checked(order)
        ruling = min(words, key=lambda key: len(set(distinct[key]) - set(names)))
    else:
        several = [key for key in words if len(distinct[key]) > 1] or list(words)
        ruling = several[0]
        for other in several[1:]:
            pairs = np.unique(np.stack([words[ruling], words[other]]), axis=1).shape[1]
            if not pairs == len(distinct[ruling]) == len(distinct[other]):
                raise InputError(
                    f"{argument}: expected {ruling} and {other} that agree about the species, got "
                    f"{_listed(distinct[ruling])} and {_listed(distinct[other])}; give the names "
                    "of the species in order, species=(...)"
                )
        found = {*distinct[ruling], *declared}
        names = _own_order(found)
        if not names:
            raise InputError(
                f"species: expected the order of the names {_listed(found)} of {argument}, the "
                f"first for A, such as species={tuple(sorted(found))}, got none"
            )
    unknown = sorted(set(distinct[ruling]) - set(names))
    if unknown:
        raise InputError(
            f"species: expected the names {_listed(names)}, got a particle of {unknown[0]!r} in "
            f"{argument}"
        )
    index = {name: number for number, name in enumerate(names)}
    return np.array([index[word] for word in words[ruling].tolist()], dtype=np.int64)


def letters(names: Iterable[str]) -> tuple[str, ...]:
    """Return the letters up to the last of the names, if they are letters and A is one of them."""
    distinct = set(names)
    if "A" not in distinct or not distinct <= set(SPECIES_NAMES):
        return ()
    return tuple(SPECIES_NAMES[: SPECIES_NAMES.index(max(distinct)) + 1])


def _own_order(names: set[str]) -> tuple[str, ...]:
    """Return names in the order that they tell, or nothing."""
    if all(name.isascii() and name.isdigit() for name in names):
        numbers = sorted(map(int, names))
        first = numbers[0]
        whole = first in (0, 1) and numbers == list(range(first, first + len(names)))
        return tuple(sorted(names, key=int)) if whole else ()
    # One letter alone may be a species or a chemical element.
    if len(names) == 1 and not names <= set(SPECIES_NAMES):
        return tuple(names)
    return letters(names)


def _checked(order: Sequence[str]) -> tuple[str, ...]:
    several = isinstance(order, Iterable) and not isinstance(order, str)
    names = tuple(str(name) for name in order) if several else ()
    if not 0 < len(set(names)) == len(names) <= len(SPECIES_NAMES):
        raise InputError(f"species: expected different names, such as ('L', 'S'), got {order!r}")
    return names


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names) if isinstance(names, set) else names)
