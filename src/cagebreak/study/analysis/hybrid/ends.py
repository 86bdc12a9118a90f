"""Structure at the ends of short runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from cagebreak.configuration import Configuration
from cagebreak.dynamics.propensity import Propensity, half_sums
from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats


class Ends(NamedTuple):
    """Structure at the start and at the ends of short runs, by the same descriptor."""

    start: Floats
    """Descriptors of all particles of the configuration, (N, G)."""
    means: Mapping[float, Floats]
    """Means of the descriptors at the ends, over the runs of each half, (2, N, G), by the length of
    the runs in tau. The halves are those of the motion: runs of even, and of odd number."""

    @classmethod
    def of(
        cls,
        start: Configuration,
        displacements: Mapping[float, ArrayLike],
        describe: Callable[[Configuration], Floats],
    ) -> Ends:
        """Describe where runs lead.

        Parameters
        ----------
        start
            The configuration that the runs start from, N particles.
        displacements
            Displacements at the end of each of R runs, (R, N, d) in sigma, by the length of the
            runs in tau.
        describe
            Returns the descriptors (N, G) of a configuration.

        Raises
        ------
        InputError
            If there are fewer than two runs, or a shape does not fit.
        """
        means = {}
        for until, of_runs in displacements.items():
            moved = np.asarray(of_runs, dtype=np.float64)
            if moved.ndim != 3 or moved.shape[1:] != start.positions.shape or len(moved) < 2:
                expected = ", ".join(map(str, start.positions.shape))
                raise InputError(
                    f"displacements[{until:g}]: expected shape (R, {expected}) of two runs or "
                    f"more, got {moved.shape}"
                )
            ends = (
                Configuration(start.positions + each, start.species, start.box) for each in moved
            )
            sums, n = half_sums(map(describe, ends))
            means[float(until)] = sums / np.array([(n + 1) // 2, n // 2])[:, None, None]
        return cls(describe(start), means)


def end_samples(
    ensembles: Iterable[tuple[Ends | None, Propensity]], species: int, times: Sequence[int]
) -> Iterator[tuple[Floats, Floats]]:
    """Yield the structure at the start of runs, and the targets, of particles of a species.

    Parameters
    ----------
    ensembles
        Structure and target of each configuration.
    species
        Number of the species.
    times
        Indices of the times of the targets.

    Raises
    ------
    InputError
        If the ends of runs are not described alike in all configurations, or shapes do not fit.
    """
    expected: tuple[int, list[float]] | None = None
    for c, (ends, target) in enumerate(ensembles):
        name = f"ensembles[{c}].ends"
        if ends is None:
            raise InputError(f"{name}: expected the structure at the ends of runs, got none")
        n_columns = ends.start.shape[1]
        expected = expected or (n_columns, list(ends.means))
        if expected != (n_columns, list(ends.means)):
            raise InputError(
                f"{name}: expected {expected[0]} descriptors at {expected[1]} tau, as of the "
                f"first, got {n_columns} at {list(ends.means)}"
            )
        shape = (2, len(target.species), n_columns)
        for until, means in ends.means.items():
            if means.shape != shape or not np.isfinite(means).all():
                raise InputError(
                    f"{name}.means[{until:g}]: expected finite numbers of shape {shape}, got "
                    f"{means.shape}"
                )
        rows = np.flatnonzero(target.species == species)
        yield ends.start[rows], target.mean[times][:, rows].T
