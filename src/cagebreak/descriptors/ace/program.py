"""The terms of the atomic cluster expansion, compiled to arrays of operations for the kernel.

The kernel keeps the numbers of a particle in rows. The first row is 1. The next rows are the sums A
over neighbors, by species, l, n and m. Each further row is a sum of products of two earlier rows:
two sums A coupled to a harmonic, or a term. A feature is a linear combination of rows.
"""

from collections.abc import Sequence

import numpy as np

from cagebreak.descriptors._angular_kernel import ROWS, SHELLS
from cagebreak.descriptors.ace._expansion_kernel import Program
from cagebreak.descriptors.ace.couplings import real_coupling
from cagebreak.descriptors.ace.terms import Slot, Term, purified


def compile_terms(terms: Sequence[Term], pure: bool, envelope: int) -> Program:
    """Return the program of these terms, purified if `pure`."""
    combinations = [purified(term, envelope) if pure else {term: 1.0} for term in terms]
    needed = list(dict.fromkeys(term for combination in combinations for term in combination))
    slots = sorted({slot for term in needed for slot in term}, key=lambda s: (s[0], s[2], s[1]))
    rows = dict(
        zip(slots, np.cumsum([1, *(2 * l + 1 for _, _, l in slots)]).tolist(), strict=False)
    )
    n_sums = 1 + sum(2 * l + 1 for _, _, l in slots)
    products = _Products(n_sums)
    term_rows = {term: _term_row(term, rows, products) for term in needed}

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
        radial_blocks=-(-n_of_block // SHELLS),
        species_starts=np.cumsum([1, *sizes]),
        sources=np.array([(0, 0), *sources]),
        scales=np.array([1.0, *(np.sqrt(2.0 * l_of_harmonic[c] + 1) for c, _ in sources)]),
        n_rows=n_sums + len(products.starts) - 1,
        product_starts=np.array(products.starts),
        product_weights=np.array(products.weights, dtype=np.float64),
        left=np.array(products.left, dtype=np.int64),
        right=np.array(products.right, dtype=np.int64),
        feature_starts=np.cumsum([0, *map(len, combinations)]),
        feature_weights=np.array([w for terms in combinations for w in terms.values()]),
        feature_rows=np.array([term_rows[term] for terms in combinations for term in terms]),
    )


class _Products:
    """Rows that are sums of products of earlier rows, added when a term needs them."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.starts: list[int] = [0]
        self.weights: list[float] = []
        self.left: list[int] = []
        self.right: list[int] = []
        self.pairs: dict[tuple[int, int, int], int] = {}

    def add(self, products: Sequence[tuple[float, int, int]]) -> int:
        """Add a row and return its number."""
        for weight, left, right in products:
            self.weights.append(weight)
            self.left.append(left)
            self.right.append(right)
        self.starts.append(len(self.weights))
        return self.first + len(self.starts) - 2

    def dot(self, left: int, right: int, length: int) -> int:
        """Add a row: the dot product of the `length` rows from `left` and from `right` on."""
        return self.add([(1.0, left + m, right + m) for m in range(length)])

    def coupled(self, left: tuple[int, int], right: tuple[int, int], l: int) -> int:
        """Return the first of 2 l + 1 rows: two sums A, each (row, l), coupled to a harmonic l."""
        key = left[0], right[0], l
        if key not in self.pairs:
            coupling = real_coupling(left[1], right[1], l)
            added = [
                self.add(
                    [(coupling[i, j, m], left[0] + i, right[0] + j)
                     for i, j in np.argwhere(coupling[:, :, m])]
                )
                for m in range(2 * l + 1)
            ]  # fmt: skip
            self.pairs[key] = added[0]
        return self.pairs[key]


def _term_row(term: Term, rows: dict[Slot, int], products: _Products) -> int:
    """Return the row of a term, after adding the products that it needs."""
    if len(term) == 1:
        return rows[term[0]]
    if len(term) == 2:
        return products.dot(rows[term[0]], rows[term[1]], 2 * term[0][2] + 1)
    # The slot of lowest l is not in the pair, so that few and short pairs serve many terms.
    last = min(range(3), key=lambda place: term[place][2])
    left, right = ((rows[s], s[2]) for place, s in enumerate(term) if place != last)
    l = term[last][2]
    return products.dot(products.coupled(left, right, l), rows[term[last]], 2 * l + 1)
