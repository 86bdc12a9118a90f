"""Structure at the ends of short runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from cagebreak.configuration import Configuration, as_configuration
from cagebreak.dynamics.propensity import Propensity, half_sums
from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats
from cagebreak.simulation.isoconfigurational import led_to


class Ends(NamedTuple):
    """Structure at the start and at the ends of short runs, by the same descriptor."""

    start: Floats
    """Descriptors of all particles of the configuration, (N, G)."""
    means: Mapping[float, Floats]
    """Means of the descriptors at the ends, over the runs of each half, (2, N, G), by the length of
    the runs in tau. The halves are those of the motion: runs of even, and of odd number."""
    n_runs: int
    """Number of runs, as many as of the motion."""

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
            If there are fewer than two runs or no length, their numbers differ, a shape does not
            fit, or a number is not finite.
        """
        start = as_configuration(start, "start")
        all_runs = {float(until): np.asarray(d, np.float64) for until, d in displacements.items()}
        if not all_runs:
            raise InputError("displacements: expected at least one length of runs, got none")
        n_runs = len(next(iter(all_runs.values())))
        for until, moved in all_runs.items():
            name = f"displacements[{until:g}]"
            if moved.ndim != 3 or moved.shape[1:] != start.positions.shape or len(moved) < 2:
                expected = ", ".join(map(str, start.positions.shape))
                raise InputError(
                    f"{name}: expected shape (R, {expected}) of two runs or more, got {moved.shape}"
                )
            if len(moved) != n_runs:
                raise InputError(f"{name}: expected {n_runs} runs, as before, got {len(moved)}")
            if not (np.isfinite(moved).all() and until > 0):
                raise InputError(f"{name}: expected finite numbers, after a time above 0")
        of_start = described(start, describe)
        means = {}
        for until, moved in all_runs.items():
            ends = (described(led_to(start, each), describe) for each in moved)
            sums, _ = half_sums(ends, of_start.shape)
            means[until] = sums / np.array([(n_runs + 1) // 2, n_runs // 2])[:, None, None]
        return cls(of_start, means, n_runs)


def described(configuration: Configuration, describe: Callable[[Configuration], Floats]) -> Floats:
    """Return the descriptors (N, G) of a configuration.

    Raises
    ------
    InputError
        If they are something else.
    """
    values = np.asarray(describe(configuration), dtype=np.float64)
    if values.ndim != 2 or len(values) != len(configuration) or not np.isfinite(values).all():
        raise InputError(
            f"describe: expected finite numbers of shape ({len(configuration)}, G), got "
            f"{values.shape}"
        )
    return values


def lengths_described(ends: Ends, until: Floats, known: Floats) -> dict[float, float]:
    """Return those lengths of short runs at whose ends structure is described, in tau.

    Parameters
    ----------
    ends
    until
        The lengths.
    known
        Times of the runs.

    Returns
    -------
    dict
        Lengths as they are in `ends`, by those of `until`.

    Raises
    ------
    InputError
        If structure is described at no time of the runs, or at the end of none of the lengths.
    """
    lengths = list(ends.means)
    for length in lengths:
        if not np.isclose(known, length, rtol=0.01).any():
            raise InputError(
                f"ends: expected lengths among the times of the runs, {known.tolist()}, got "
                f"{length!r}"
            )
    described = {
        end: length
        for end in until.tolist()
        for length in lengths
        if np.isclose(end, length, rtol=0.01)
    }
    if not described:
        raise InputError(
            f"until: expected some of {lengths}, the lengths of runs whose ends are described, got "
            f"{until.tolist()}"
        )
    return described


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
        If the ends of runs are not described alike in all configurations, shapes do not fit, a
        number is not finite, or the ends are of other numbers of runs than the targets.
    """
    expected: tuple[int, list[float]] | None = None
    for c, (ends, target) in enumerate(ensembles):
        name = f"ensembles[{c}].ends"
        if ends is None:
            raise InputError(f"{name}: expected the structure at the ends of runs, got none")
        if ends.n_runs != target.n_runs:
            raise InputError(
                f"{name}: expected {target.n_runs} runs, as of the motion, got {ends.n_runs}"
            )
        shape: tuple[int, ...] = (len(target.species), np.shape(ends.start)[-1])
        _require_finite(f"{name}.start", ends.start, shape)
        expected = expected or (shape[1], list(ends.means))
        if expected != (shape[1], list(ends.means)):
            raise InputError(
                f"{name}: expected {expected[0]} descriptors at {expected[1]} tau, as of the "
                f"first, got {shape[1]} at {list(ends.means)}"
            )
        for until, means in ends.means.items():
            _require_finite(f"{name}.means[{until:g}]", means, (2, *shape))
        rows = np.flatnonzero(target.species == species)
        yield ends.start[rows], target.mean[times][:, rows].T


def _require_finite(name: str, array: Floats, shape: tuple[int, ...]) -> None:
    if np.shape(array) != shape or not np.isfinite(array).all():
        raise InputError(f"{name}: expected finite numbers of shape {shape}, got {np.shape(array)}")
