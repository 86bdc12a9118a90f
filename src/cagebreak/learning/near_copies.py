"""Configurations that are nearly equal: copies of one structure in training and test.

Two configurations are compared by their features, since samples need not hold positions.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers
from cagebreak.learning.preprocessing import Standardizer
from cagebreak.learning.samples import Sample, Samples, in_turn, take_rows
from cagebreak.learning.statistics import Statistics, deviations
from cagebreak.seeding import stream

Rows = NDArray[np.float32]

GROUP_THEM = (
    "give them one number in `groups` (in a recipe: one list in [preparation] share_fold), or make "
    "them one configuration with the mean of their targets"
)

DIRECTIONS = 16
"""Directions in the space of features along which rows are compared (chosen)."""
AT_ONCE = 512
"""Rows that are standardized at a time (chosen): they stay in the cache."""
ALIKE = 0.8
"""Smallest correlation, row by row, of configurations that are nearly equal (chosen). For A
particles of Kob-Andersen it is 0.99 if positions differ by 0.01 sigma in each direction, 0.81 at
0.04 sigma and 0.73 at 0.05; between independent configurations of liquids and polymers it was at
most 0.2."""
ERRORS = 6.0
"""Standard errors by which the correlation must exceed chance (chosen)."""
FEWEST = 8
"""Fewest rows that are compared: fewer may be alike by chance (chosen)."""
ROUNDING = 1e-6
"""Difference of means, in standard deviations, that is taken for rounding (chosen)."""
PROBES = 32
"""Rows whose nearest row is looked for if the order of rows may differ (chosen)."""
NEARER = 0.7, 0.9
"""Rows of a copy have their nearest row in the other configuration within the first share of the
distance to their nearest in their own, for at least the second share of the probes (chosen)."""


class Axes(NamedTuple):
    """The main directions of the features of one configuration, along which all are compared.

    Few numbers a row tell copies from other configurations.
    """

    standardizer: Standardizer
    directions: Floats

    @classmethod
    def of(cls, X: Floats) -> "Axes":
        """Return the axes of the rows X (n, F), up to 16."""
        standardizer = Standardizer().fit(X)
        Z = standardizer.standardize(X)
        Z -= Z.mean(axis=0)
        directions = stream(0, "near copies").normal(size=(X.shape[1], min(DIRECTIONS, X.shape[1])))
        for _ in range(2):  # Subspace iteration; the directions need not be exact.
            directions, _ = np.linalg.qr(Z.T @ (Z @ directions))
        return cls(standardizer, directions)

    def project(self, X: Floats) -> Rows:
        """Return the rows X (n, F) along the axes, (n, D)."""
        parts = (X[first : first + AT_ONCE] for first in range(0, max(len(X), 1), AT_ONCE))
        projected = [self.standardizer.standardize(part) @ self.directions for part in parts]
        return np.concatenate(projected).astype(np.float32)


def require_distinct(
    samples: Samples,
    apart: Callable[[int, int], bool],
    name: Callable[[int], str] = "samples[{}]".format,
    way_on: str = GROUP_THEM,
) -> None:
    """Raise if two samples are nearly equal and may not be.

    Rows are compared in order, and by their nearest rows if their order differs. Features are
    standardized and projected on their main directions. With 100 configurations of 1000 rows and
    1000 features it takes a few seconds.

    Parameters
    ----------
    samples
    apart, name, way_on
        As of `require_different`.

    Raises
    ------
    InputError
        If two configurations that are apart are nearly equal.
    """
    projections = Projections()
    for i, sample in in_turn(samples):
        projections.add(i, sample)
    projections.require_distinct(apart, name, way_on)


class Projections:
    """The rows of samples along the axes of the first one with the species; see `Axes`."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[int, Rows]] = defaultdict(dict)
        self._axes: dict[str, Axes] = {}

    def add(self, i: int, sample: Sample) -> None:
        """Project the rows of sample i."""
        for species, rows in sample.rows().items():
            X = take_rows(sample.features, rows)
            if species not in self._axes:
                self._axes[species] = Axes.of(X)
            self._rows[species][i] = self._axes[species].project(X)

    def require_distinct(
        self,
        apart: Callable[[int, int], bool],
        name: Callable[[int], str] = "samples[{}]".format,
        way_on: str = GROUP_THEM,
    ) -> None:
        """Raise as `cagebreak.learning.near_copies.require_distinct`, for the samples added."""
        for species, rows in self._rows.items():
            require_different(rows, apart, name, f" of species {species}", way_on)


def require_different(
    projected: Mapping[int, Rows],
    apart: Callable[[int, int], bool],
    name: Callable[[int], str] = "samples[{}]".format,
    of: str = "",
    way_on: str = GROUP_THEM,
    particles: Mapping[int, Integers] | None = None,
) -> None:
    """Raise if two configurations are nearly equal and may not be.

    Parameters
    ----------
    projected
        The rows of each configuration along the same `Axes`.
    apart
        Function that returns whether two configurations, given by index, must differ, such as two
        that are in different folds.
    name
        Function that returns the name of a configuration.
    of
        What the features belong to, such as " of species A".
    way_on
        What the user can do.
    particles
        The particle of each row, if rows are those of some particles only: the particles that are
        in both configurations are compared. By default rows are compared one by one, and without
        order.

    Raises
    ------
    InputError
        If two configurations that are apart are nearly equal.
    """
    alike = _alike(projected, apart)
    if particles is not None:
        alike = _alike_particles(projected, particles, apart)
    for i, j, how in alike:
        raise InputError(
            f"{name(i)}: expected another configuration than {name(j)}, got nearly equal "
            f"features{of} ({how}): copies of one structure in training and test make scores too "
            f"high; {way_on}"
        )


def require_other_statistics(parts: Sequence[Statistics], others: Sequence[Statistics]) -> None:
    """Raise if two collections hold one configuration: as many rows with the same statistics.

    Means and deviations are compared to `ROUNDING`. Noise of the positions cannot be noticed, since
    the rows are not known.

    Raises
    ------
    InputError
        If they do.
    """
    for i, part in enumerate(parts):
        for j, other in enumerate(others):
            spread = deviations(part)
            varies = spread > 0
            apart = np.abs([part.x_mean - other.x_mean, spread - deviations(other)])[:, varies]
            same = part.count == other.count and (apart <= ROUNDING * spread[varies]).all()
            if same and varies.any():
                raise InputError(
                    f"other.parts[{j}]: expected another configuration than parts[{i}], got the "
                    "same: copies of one structure in training and test make scores too high"
                )


def _limit(n: int) -> float:
    """Return the correlation of n rows from which configurations are nearly equal."""
    # The error of Fisher's z of a correlation is 1 / sqrt(n - 3).
    return max(ALIKE, float(np.tanh(ERRORS / np.sqrt(n - 3))))


def _alike(
    projected: Mapping[int, Rows], apart: Callable[[int, int], bool]
) -> Iterator[tuple[int, int, str]]:
    """Yield pairs of nearly equal configurations that are apart, and how they are alike."""
    of_size: dict[int, list[int]] = defaultdict(list)
    for i, rows in projected.items():
        of_size[len(rows)].append(i)
    for n, members in of_size.items():
        if n < FEWEST:
            continue
        r = _correlations(np.stack([projected[i] for i in members]))
        for a, b in np.argwhere(np.triu(r >= _limit(n), 1)).tolist():
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


def _alike_particles(
    projected: Mapping[int, Rows],
    particles: Mapping[int, Integers],
    apart: Callable[[int, int], bool],
) -> Iterator[tuple[int, int, str]]:
    """Yield as `_alike`, by the particles that are in both configurations."""
    for i, j in combinations(projected, 2):
        _, a, b = np.intersect1d(particles[i], particles[j], return_indices=True)
        if len(a) < FEWEST or not apart(i, j):
            continue
        r = _correlations(np.stack([projected[i][a], projected[j][b]]))[0, 1]
        if r >= _limit(len(a)):
            yield i, j, f"{len(a)} particles that both have correlate by {r:.3f}"


def _correlations(rows: Rows) -> Floats:
    """Return the correlation of each two configurations (C, n, D), row by row; 0 if undefined."""
    deviations = (rows - rows.mean(axis=1, keepdims=True)).reshape(len(rows), -1)
    norm = np.linalg.norm(deviations, axis=1, keepdims=True)
    unit = np.divide(deviations, norm, out=np.zeros_like(deviations), where=norm > 0)
    return (unit @ unit.T).astype(np.float64)


def _nearest(rows: Rows, others: Rows, own: bool = False) -> Rows:
    """Return the squared distance of some rows to the nearest of `others`, itself left out."""
    chosen = np.linspace(0, len(rows) - 1, PROBES).astype(np.int64)
    probes = rows[chosen]
    squares = (probes**2).sum(axis=1)[:, None] - 2 * probes @ others.T + (others**2).sum(axis=1)
    if own:
        squares[np.arange(PROBES), chosen] = np.inf
    return np.maximum(squares.min(axis=1), 0.0)
