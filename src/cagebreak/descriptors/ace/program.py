"""Terms of the atomic cluster expansion as arrays that the kernel works through.

Numbers of a particle stand in rows: first 1, then its sums A over neighbors, by species, l, n and
m; then sums of products of earlier rows: pairs of sums coupled to the harmonic of a third, and the
terms. A feature is a combination of rows.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cagebreak.descriptors._angular_kernel import ROWS, SHELLS
from cagebreak.descriptors.ace.couplings import real_coupling
from cagebreak.descriptors.ace.terms import Slot, Term, purified


class Program(NamedTuple):
    """What the kernel does for every particle."""

    l_max: int
    wanted: NDArray[np.int64]
    """How many blocks of `SHELLS` radial functions each block of `ROWS` harmonics needs."""
    species_starts: NDArray[np.int64]
    """Rows `species_starts[z]` to `species_starts[z + 1]` are sums over species z."""
    sources: NDArray[np.int64]
    """Harmonic and radial function of each of these rows, (rows, 2)."""
    scales: NDArray[np.float64]
    """Makes S_00 = 1 of the normalization of `harmonics`, (rows,)."""
    n_rows: int
    product_starts: NDArray[np.int64]
    """Of the rows that follow, row p is the sum of products from start p to start p + 1."""
    product_weights: NDArray[np.float64]
    ones: NDArray[np.int64]
    others: NDArray[np.int64]
    """The rows that are multiplied."""
    feature_starts: NDArray[np.int64]
    """Feature f is the sum of rows from start f to start f + 1."""
    feature_weights: NDArray[np.float64]
    feature_rows: NDArray[np.int64]


def compile_terms(wanted: Sequence[Term], pure: bool, envelope: int) -> Program:
    """Return the program of the wanted terms, pure or not."""
    combinations = [purified(term, envelope) if pure else {term: 1.0} for term in wanted]
    needed = list(dict.fromkeys(term for each in combinations for term in each))
    slots = sorted({slot for term in needed for slot in term}, key=lambda s: (s[0], s[2], s[1]))
    rows = dict(
        zip(slots, np.cumsum([1, *(2 * l + 1 for _, _, l in slots)]).tolist(), strict=False)
    )
    n_sums = 1 + sum(2 * l + 1 for _, _, l in slots)
    products = _Products(n_sums)
    place = {term: _term_row(term, rows, products) for term in needed}

    n_of_l = np.zeros(1 + max(l for _, _, l in slots), np.int64)
    for _, n, l in slots:
        n_of_l[l] = max(n_of_l[l], n)
    l_of_harmonic = np.repeat(np.arange(len(n_of_l)), 2 * np.arange(len(n_of_l)) + 1)
    blocks = range(0, len(l_of_harmonic), ROWS)
    n_of_block = np.array([n_of_l[l_of_harmonic[b : b + ROWS]].max() for b in blocks])
    sizes = np.bincount([z for z, _, l in slots for _ in range(2 * l + 1)])
    sources = [(l * l + m, n - 1) for _, n, l in slots for m in range(2 * l + 1)]
    return Program(
        l_max=len(n_of_l) - 1,
        wanted=-(-n_of_block // SHELLS),
        species_starts=np.cumsum([1, *sizes]),
        sources=np.array([(0, 0), *sources]),
        scales=np.array([1.0, *(np.sqrt(2.0 * l_of_harmonic[c] + 1) for c, _ in sources)]),
        n_rows=n_sums + len(products.starts) - 1,
        product_starts=np.array(products.starts),
        product_weights=np.array(products.weights, dtype=np.float64),
        ones=np.array(products.ones, dtype=np.int64),
        others=np.array(products.others, dtype=np.int64),
        feature_starts=np.cumsum([0, *map(len, combinations)]),
        feature_weights=np.array([w for each in combinations for w in each.values()]),
        feature_rows=np.array([place[term] for each in combinations for term in each]),
    )


class _Products:
    """Rows that are sums of products of earlier ones, as they come to be needed."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.starts: list[int] = [0]
        self.weights: list[float] = []
        self.ones: list[int] = []
        self.others: list[int] = []
        self.pairs: dict[tuple[int, int, int], int] = {}

    def add(self, products: Sequence[tuple[float, int, int]]) -> int:
        """Add a row and return its number."""
        for weight, one, other in products:
            self.weights.append(weight)
            self.ones.append(one)
            self.others.append(other)
        self.starts.append(len(self.weights))
        return self.first + len(self.starts) - 2

    def dot(self, one: int, other: int, length: int) -> int:
        """Add the dot product of two stretches of rows."""
        return self.add([(1.0, one + m, other + m) for m in range(length)])

    def coupled(self, one: tuple[int, int], other: tuple[int, int], l: int) -> int:
        """Return the first of the rows of a pair, each (row, l), coupled to a harmonic of l."""
        key = one[0], other[0], l
        if key not in self.pairs:
            coupling = real_coupling(one[1], other[1], l)
            added = [
                self.add(
                    [(coupling[i, j, m], one[0] + i, other[0] + j)
                     for i, j in np.argwhere(coupling[:, :, m])]
                )
                for m in range(2 * l + 1)
            ]  # fmt: skip
            self.pairs[key] = added[0]
        return self.pairs[key]


def _term_row(term: Term, rows: dict[Slot, int], products: _Products) -> int:
    if len(term) == 1:
        return rows[term[0]]
    if len(term) == 2:
        return products.dot(rows[term[0]], rows[term[1]], 2 * term[0][2] + 1)
    # The slot of lowest l stays out of the pair: few and short pairs serve many terms.
    last = min(range(3), key=lambda place: term[place][2])
    one, other = ((rows[s], s[2]) for place, s in enumerate(term) if place != last)
    l = term[last][2]
    return products.dot(products.coupled(one, other, l), rows[term[last]], 2 * l + 1)
