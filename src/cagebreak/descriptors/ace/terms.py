r"""The terms of the atomic cluster expansion, and their purification from self-interaction.

A slot (species, n, l) stands for the sums :math:`A_{\zeta n l m}` over neighbors. A term consists
of one, two or three slots, sorted, whose sums are coupled to an invariant. The product of two sums
contains products of functions of the same neighbor: self-interaction. Such a product is again a sum
of functions of one neighbor. A purified term, without self-interaction, is therefore a linear
combination of terms (Ho, Gutleb and Ortner 2024).
"""

from collections.abc import Iterator
from itertools import combinations

from cagebreak.descriptors.ace.couplings import product_coefficient
from cagebreak.descriptors.ace.radial import product

Slot = tuple[int, int, int]
Term = tuple[Slot, ...]

# Tolerance, so that sums of multiples of wl never exceed the degree by rounding.
_ROUNDING = 1e-9


def terms(n_species: int, order: int, n_max: int, degree: float, wl: float) -> list[Term]:
    """Return the terms of an expansion, in order: by body, by species, then by degree.

    Parameters
    ----------
    n_species
        Number of species.
    order
        The largest number of slots.
    n_max
        The largest n of a slot, and the only limit of terms with one slot.
    degree, wl
        Terms of several slots have a sum of n + wl l of at most `degree`.
    """
    result: list[Term] = [((z, n, 0),) for z in range(n_species) for n in range(1, n_max + 1)]
    n_limit = int(min(n_max, degree + _ROUNDING))
    l_limit = int((degree + _ROUNDING) / wl)
    slots = sorted(
        ((z, n, l) for z in range(n_species) for n in range(1, n_limit + 1)
         for l in range(l_limit + 1) if n + wl * l <= degree + _ROUNDING),
    )  # fmt: skip
    for size in range(2, order + 1):
        of_size = [term for term in _fill(slots, size, degree, wl, 0) if _is_invariant(term)]
        result += sorted(of_size, key=lambda term: _sort_key(term, wl))
    return result


def purified(term: Term, envelope: int) -> dict[Term, float]:
    """Return a term without self-interaction, as a combination of terms with their weights.

    By inclusion and exclusion: minus the terms in which one neighbor fills two slots, plus twice
    the term in which one neighbor fills three.
    """
    result = {term: 1.0}
    for pair in combinations(range(len(term)), 2):
        rest = tuple(slot for place, slot in enumerate(term) if place not in pair)
        for merged, weight in _merged([term[place] for place in pair], rest, envelope):
            result[merged] = result.get(merged, 0.0) - weight
    if len(term) == 3:
        for merged, weight in _merged(term, (), envelope):
            result[merged] = result.get(merged, 0.0) + 2 * weight
    return result


def _merged(slots, rest: Term, envelope: int) -> Iterator[tuple[Term, float]]:
    """Yield terms and weights: one neighbor fills all of `slots`, other neighbors fill `rest`."""
    z = slots[0][0]
    if any(slot[0] != z for slot in slots):
        return
    l = rest[0][2] if rest else 0
    degrees = [slot[2] for slot in (*slots, *rest)]
    if len(degrees) == 2:
        angular = 2 * l + 1 if rest else 2 * degrees[0] + 1
    else:
        angular = product_coefficient(*degrees) * (1 if rest else 2 * degrees[2] + 1)
    for k, weight in enumerate(product(tuple(slot[1] for slot in slots), envelope), start=1):
        if weight != 0.0 and angular != 0.0:
            yield tuple(sorted(((z, k, l), *rest))), angular * weight


def _fill(slots: list[Slot], size: int, degree: float, wl: float, first: int) -> Iterator[Term]:
    """Yield all sorted choices of `size` slots, from `first` on, of at most this total degree."""
    if size == 0:
        yield ()
        return
    for place in range(first, len(slots)):
        _, n, l = slots[place]
        left = degree - n - wl * l
        # Every further slot has a degree of at least 1.
        if left + _ROUNDING >= size - 1:
            for others in _fill(slots, size - 1, left, wl, place):
                yield (slots[place], *others)


def _is_invariant(term: Term) -> bool:
    degrees = sorted(l for _, _, l in term)
    if len(term) == 2:
        return degrees[0] == degrees[1]
    return degrees[2] <= degrees[0] + degrees[1] and sum(degrees) % 2 == 0


def _sort_key(term: Term, wl: float) -> tuple:
    species = tuple(z for z, _, _ in term)
    total = sum(n + wl * l for _, n, l in term)
    return species, total, sum(l for _, _, l in term), term
