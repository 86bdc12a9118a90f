"""Terms of the atomic cluster expansion as arrays that the kernel works through.

Numbers of a particle stand in rows: first 1, then its sums A over neighbors, by species, l, n and
m; then pairs of sums that are coupled to the harmonic of a third. A term is a dot product of two
stretches of these rows, and a feature a combination of terms.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cagebreak.descriptors._angular_kernel import ROWS
from cagebreak.descriptors.ace_terms import Slot, Term, purified
from cagebreak.descriptors.couplings import real_coupling


class Program(NamedTuple):
    """What the kernel does for every particle."""

    harmonic_rows: NDArray[np.int64]
    """Row of each harmonic, as `harmonics` wants it, (l_max + 1, l_max + 1)."""
    n_of_block: NDArray[np.int64]
    """How many radial functions each block of `ROWS` harmonics needs, an even number."""
    place: NDArray[np.int64]
    """Row of the sum of each species, harmonic and n, -1 if it is not needed: (Z, L, n)."""
    scale: NDArray[np.float64]
    """Of each harmonic: makes S_00 = 1 of the kernel's normalisation, (L,)."""
    n_sums: int
    """Rows of 1 and the sums."""
    pair_starts: NDArray[np.int64]
    """Row `n_sums` + p is the sum of the products `pair_starts[p]` to `pair_starts[p + 1]`."""
    pair_weights: NDArray[np.float64]
    pair_rows: NDArray[np.int64]
    """(products, 2)"""
    term_rows: NDArray[np.int64]
    """Where the two stretches of each term begin, and how long they are: (terms, 3)."""
    feature_starts: NDArray[np.int64]
    """Feature f is the sum over `feature_starts[f]` to `feature_starts[f + 1]` of terms."""
    feature_weights: NDArray[np.float64]
    feature_terms: NDArray[np.int64]


def compile_terms(wanted: Sequence[Term], pure: bool, envelope: int) -> Program:
    """Return the program of the wanted terms, pure or not."""
    combinations = [purified(term, envelope) if pure else {term: 1.0} for term in wanted]
    needed = list(dict.fromkeys(term for each in combinations for term in each))
    number = {term: k for k, term in enumerate(needed)}
    slots = sorted({slot for term in needed for slot in term}, key=lambda s: (s[0], s[2], s[1]))

    rows: dict[Slot, int] = {}
    n_sums = 1
    for slot in slots:
        rows[slot] = n_sums
        n_sums += 2 * slot[2] + 1
    pairs: dict[tuple[Slot, Slot, int], int] = {}
    starts, weights, products = [0], [], []
    term_rows = np.empty((len(needed), 3), np.int64)
    for k, term in enumerate(needed):
        if len(term) == 1:
            term_rows[k] = 0, rows[term[0]], 1
        elif len(term) == 2:
            term_rows[k] = rows[term[0]], rows[term[1]], 2 * term[0][2] + 1
        else:
            # The slot of lowest l stays out of the pair: few and short pairs serve many terms.
            last = min(range(3), key=lambda place: term[place][2])
            one, other = (slot for place, slot in enumerate(term) if place != last)
            l = term[last][2]
            if (one, other, l) not in pairs:
                pairs[one, other, l] = n_sums + len(starts) - 1
                coupling = real_coupling(one[2], other[2], l)
                for m in range(2 * l + 1):
                    for i, j in np.argwhere(coupling[:, :, m]):
                        weights.append(coupling[i, j, m])
                        products.append((rows[one] + i, rows[other] + j))
                    starts.append(len(weights))
            term_rows[k] = pairs[one, other, l], rows[term[last]], 2 * l + 1

    n_species = 1 + max(z for z, _, _ in slots)
    n_of_l = np.zeros(1 + max(l for _, _, l in slots), np.int64)
    for _, n, l in slots:
        n_of_l[l] = max(n_of_l[l], n)
    l_of_row = np.repeat(np.arange(len(n_of_l)), 2 * np.arange(len(n_of_l)) + 1)
    place = np.full((n_species, len(l_of_row), n_of_l.max()), -1)
    for (z, n, l), row in rows.items():
        place[z, l * l : (l + 1) ** 2, n - 1] = row + np.arange(2 * l + 1)
    blocks = range(0, len(l_of_row), ROWS)
    n_of_block = np.array([n_of_l[l_of_row[b : b + ROWS]].max() for b in blocks])
    l, m = np.indices((len(n_of_l), len(n_of_l)))
    return Program(
        harmonic_rows=l * l + np.maximum(2 * m - 1, 0),
        n_of_block=n_of_block + n_of_block % 2,
        place=place,
        scale=np.sqrt(2.0 * l_of_row + 1),
        n_sums=n_sums,
        pair_starts=np.array(starts),
        pair_weights=np.array(weights, dtype=np.float64),
        pair_rows=np.array(products, dtype=np.int64).reshape(-1, 2),
        term_rows=term_rows,
        feature_starts=np.cumsum([0, *map(len, combinations)]),
        feature_weights=np.array([w for each in combinations for w in each.values()]),
        feature_terms=np.array([number[term] for each in combinations for term in each]),
    )
