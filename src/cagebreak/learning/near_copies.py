"""Configurations that are nearly equal: copies of one structure in training and test.

Two configurations are compared by their features, since samples need not hold positions.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats
from cagebreak.learning.preprocessing import Standardizer
from cagebreak.learning.samples import Samples, in_turn
from cagebreak.seeding import stream

DIRECTIONS = 16
"""Directions in the space of features along which rows are compared (chosen)."""
ALIKE = 0.8
"""Smallest correlation, row by row, of configurations that are nearly equal (chosen). It is 0.99 if
positions differ by 0.01 sigma in each direction and 0.9 at 0.05 sigma; between independent
configurations of liquids and polymers it was at most 0.2."""
ERRORS = 6.0
"""Standard errors by which the correlation must exceed chance (chosen)."""
FEWEST = 8
"""Fewest rows that are compared: fewer may be alike by chance (chosen)."""
PROBES = 32
"""Rows whose nearest row is looked for if the order of rows may differ (chosen)."""
NEARER = 0.7, 0.9
"""Rows of a copy have their nearest row in the other configuration within the first share of the
distance to their nearest in their own, for at least the second share of the probes (chosen)."""


def require_distinct(samples: Samples, apart: Callable[[int, int], bool]) -> None:
    """Raise if two configurations are nearly equal and may not be.

    Rows are compared in order, and by their nearest rows if their order differs. Features are
    standardized and projected on their main directions. With 100 configurations of 1000 rows and
    1000 features it takes a few seconds.

    Parameters
    ----------
    samples
    apart
        Function that returns whether two configurations, given by index, must differ, such as two
        that are in different folds.

    Raises
    ------
    InputError
        If two configurations that are apart are nearly equal.
    """
    projections: dict[str, dict[int, NDArray[np.float32]]] = defaultdict(dict)
    bases: dict[str, tuple[Standardizer, Floats]] = {}
    for i, sample in in_turn(samples):
        for species, rows in sample.rows().items():
            X = sample.features[rows]
            if species not in bases:
                bases[species] = _basis(X)
            standardizer, directions = bases[species]
            projections[species][i] = (standardizer.standardize(X) @ directions).astype(np.float32)
    for species, projected in projections.items():
        for i, j, how in _alike(projected, apart):
            raise InputError(
                f"samples: expected configurations that differ, got samples[{i}] and samples[{j}] "
                f"with nearly equal features of species {species} ({how}): copies of one structure "
                "in training and test make r too large; give them one number in `groups`, or make "
                "them one configuration with the mean of their targets"
            )


def _basis(X: Floats) -> tuple[Standardizer, Floats]:
    """Return the standardizer of rows (n, F) and their main directions, (F, up to 16)."""
    standardizer = Standardizer().fit(X)
    Z = standardizer.standardize(X)
    Z -= Z.mean(axis=0)
    directions = stream(0, "near copies").normal(size=(X.shape[1], min(DIRECTIONS, X.shape[1])))
    for _ in range(2):  # Subspace iteration; the directions need not be exact.
        directions, _ = np.linalg.qr(Z.T @ (Z @ directions))
    return standardizer, directions


def _alike(
    projected: dict[int, NDArray[np.float32]], apart: Callable[[int, int], bool]
) -> Iterator[tuple[int, int, str]]:
    """Yield pairs of nearly equal configurations that are apart, and how they are alike."""
    of_size: dict[int, list[int]] = defaultdict(list)
    for i, rows in projected.items():
        of_size[len(rows)].append(i)
    for n, members in of_size.items():
        if n < FEWEST:
            continue
        r = _correlations(np.stack([projected[i] for i in members]))
        # The error of Fisher's z of a correlation is 1 / sqrt(n - 3).
        by_chance = np.tanh(ERRORS / np.sqrt(n - 3))
        for a, b in np.argwhere(np.triu(r >= max(ALIKE, by_chance), 1)).tolist():
            if apart(members[a], members[b]):
                yield members[a], members[b], f"row by row they correlate by {r[a, b]:.3f}"
        if n < PROBES:
            continue
        own = {i: _nearest(projected[i], projected[i], own=True) for i in members}
        for i, j in combinations(members, 2):
            if apart(i, j) and all(
                (_nearest(projected[a], projected[b]) < NEARER[0] ** 2 * own[a]).mean() >= NEARER[1]
                for a, b in ((i, j), (j, i))
            ):
                yield i, j, "each row has a copy in the other, in another order"


def _correlations(rows: NDArray[np.float32]) -> Floats:
    """Return the correlation of each two configurations (C, n, D), row by row; 0 if undefined."""
    deviations = (rows - rows.mean(axis=1, keepdims=True)).reshape(len(rows), -1)
    norm = np.linalg.norm(deviations, axis=1, keepdims=True)
    unit = np.divide(deviations, norm, out=np.zeros_like(deviations), where=norm > 0)
    return (unit @ unit.T).astype(np.float64)


def _nearest(
    rows: NDArray[np.float32], others: NDArray[np.float32], own: bool = False
) -> NDArray[np.float32]:
    """Return the squared distance of some rows to the nearest of `others`, itself left out."""
    chosen = np.linspace(0, len(rows) - 1, PROBES).astype(np.int64)
    probes = rows[chosen]
    squares = (probes**2).sum(axis=1)[:, None] - 2 * probes @ others.T + (others**2).sum(axis=1)
    if own:
        squares[np.arange(PROBES), chosen] = np.inf
    return np.maximum(squares.min(axis=1), 0.0)
