r"""The terms of the atomic cluster expansion, and what purifies them.

A slot (species, n, l) stands for the sums :math:`A_{\zeta n l m}` over neighbors. A term is one,
two or three slots, in order, whose sums are coupled to an invariant. Sums are over all neighbors
for themselves, so in a term of several slots one neighbor may fill two of them. Purifying takes
those away: where two neighbors are the same, the product of their functions is a sum of functions
of one neighbor, so a pure term is a combination of terms.
"""

from collections.abc import Iterator
from itertools import combinations

from cagebreak.descriptors.ace.couplings import meeting
from cagebreak.descriptors.ace.radial import product

Slot = tuple[int, int, int]
Term = tuple[Slot, ...]

# So that sums of multiples of wl do not exceed the degree by rounding.
_ROUNDING = 1e-9


def terms(n_species: int, order: int, n_max: int, degree: float, wl: float) -> list[Term]:
    """Return the terms of an expansion, in order: by body, by species, then by degree.

    Parameters
    ----------
    n_species
    order
        The largest number of slots.
    n_max
        Of every slot; terms of one slot are limited by nothing else.
    degree, wl
        Of the sum of n + wl l over several slots.
    """
    found: list[Term] = [((z, n, 0),) for z in range(n_species) for n in range(1, n_max + 1)]
    n_limit = int(min(n_max, degree + _ROUNDING))
    l_limit = int((degree + _ROUNDING) / wl)
    slots = sorted(
        ((z, n, l) for z in range(n_species) for n in range(1, n_limit + 1)
         for l in range(l_limit + 1) if n + wl * l <= degree + _ROUNDING),
    )  # fmt: skip
    for size in range(2, order + 1):
        of_size = [term for term in _fill(slots, size, degree, wl, 0) if _is_invariant(term)]
        found += sorted(of_size, key=lambda term: _place(term, wl))
    return found


def purified(term: Term, envelope: int) -> dict[Term, float]:
    """Return a term without self-interaction as a combination of terms.

    Inclusion and exclusion of the neighbors that are the same: minus the terms in which two slots
    have met, plus twice that in which three have.
    """
    result = {term: 1.0}
    for pair in combinations(range(len(term)), 2):
        rest = tuple(slot for place, slot in enumerate(term) if place not in pair)
        for met, weight in _met([term[place] for place in pair], rest, envelope):
            result[met] = result.get(met, 0.0) - weight
    if len(term) == 3:
        for met, weight in _met(term, (), envelope):
            result[met] = result.get(met, 0.0) + 2 * weight
    return result


def _met(slots, rest: Term, envelope: int) -> Iterator[tuple[Term, float]]:
    """Yield the terms, and their weights, in which one neighbor fills `slots` and others `rest`."""
    z = slots[0][0]
    if any(slot[0] != z for slot in slots):
        return
    l = rest[0][2] if rest else 0
    degrees = [slot[2] for slot in (*slots, *rest)]
    if len(degrees) == 2:
        angular = 2 * l + 1 if rest else 2 * degrees[0] + 1
    else:
        angular = meeting(*degrees) * (1 if rest else 2 * degrees[2] + 1)
    for k, weight in enumerate(product(tuple(slot[1] for slot in slots), envelope), start=1):
        if weight != 0.0 and angular != 0.0:
            yield tuple(sorted(((z, k, l), *rest))), angular * weight


def _fill(slots: list[Slot], size: int, degree: float, wl: float, first: int) -> Iterator[Term]:
    """Yield all choices of so many slots, in order, whose degrees do not exceed the limit."""
    if size == 0:
        yield ()
        return
    for place in range(first, len(slots)):
        _, n, l = slots[place]
        left = degree - n - wl * l
        # Every further slot has a degree of 1 at least.
        if left + _ROUNDING >= size - 1:
            for others in _fill(slots, size - 1, left, wl, place):
                yield (slots[place], *others)


def _is_invariant(term: Term) -> bool:
    degrees = sorted(l for _, _, l in term)
    if len(term) == 2:
        return degrees[0] == degrees[1]
    return degrees[2] <= degrees[0] + degrees[1] and sum(degrees) % 2 == 0


def _place(term: Term, wl: float) -> tuple:
    species = tuple(z for z, _, _ in term)
    total = sum(n + wl * l for _, n, l in term)
    return species, total, sum(l for _, _, l in term), term
