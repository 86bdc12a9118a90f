"""The positions of particles that come and go, frame by frame, in a window with edges."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import SPECIES_NAMES
from cagebreak.errors import InputError
from cagebreak.models.arguments import is_whole

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class Tracks:
    """Tracks of particles, one row for each particle in each frame; `read_tracks` makes them.

    Parameters
    ----------
    frame, particle : (M,) arrays of integers
        Rows ascend by frame, then by particle. A particle may be missing in any frame.
    positions : (M, 3) array
        In sigma, without the `drift`; z is 0 in two dimensions.
    species : (M,) array of integers
        0 is A.
    interval
        Time between frames whose numbers differ by 1, in tau.
    window : (d, 2) array
        The lowest and the highest coordinate that the camera sees on each axis, in sigma.
    periodic : d booleans
        Whether the system is periodic along an axis, with the window as its period. An axis that
        is not has an edge.
    drift : (F, 3) array
        Motion of the whole sample since the first frame, in sigma, which was taken out of the
        positions; for each of `frames`.
    seen : (M,) array of booleans
        False for a position that was interpolated in a gap; such rows never count as motion.
    diameters : (M,) array, optional
        In sigma.
    stated_noise : (3,) array, optional
        Variance of a coordinate by localization as the table states it, in sigma^2.
    """

    frame: Integers
    particle: Integers
    positions: Floats
    species: Integers
    interval: float
    window: Floats
    periodic: tuple[bool, ...]
    drift: Floats
    seen: NDArray[np.bool_]
    diameters: Floats | None = None
    stated_noise: Floats | None = None

    def __repr__(self) -> str:
        edges = " x ".join(f"{length:.6g}" for length in self.lengths)
        return (
            f"Tracks({self.n_particles} particles in {len(self.frames)} frames, "
            f"{len(self) / len(self.frames):.6g} a frame; window {edges})"
        )

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def dimension(self) -> int:
        """3 or 2."""
        return len(self.window)

    @cached_property
    def frames(self) -> Integers:
        """Numbers of the frames that have particles, (F,), ascending."""
        return np.unique(self.frame)

    @cached_property
    def _rows_of_frames(self) -> Integers:
        return np.append(np.searchsorted(self.frame, self.frames), len(self))

    @property
    def n_particles(self) -> int:
        """Number of different particles in all frames."""
        return len(np.unique(self.particle))

    @property
    def n_species(self) -> int:
        """One more than the highest species."""
        return int(self.species.max()) + 1

    @property
    def lengths(self) -> Floats:
        """Lengths of the window, (d,), in sigma."""
        return self.window[:, 1] - self.window[:, 0]

    @property
    def number_density(self) -> float:
        """Mean number of particles in a frame over the area, or volume, of the window."""
        return len(self) / len(self.frames) / float(np.prod(self.lengths))

    @property
    def spacing(self) -> float:
        """Mean spacing of the particles, in sigma."""
        # Root by root: the volume of a window in strange units may be no number.
        root = 1 / self.dimension
        return float(np.prod(self.lengths**root)) / (len(self) / len(self.frames)) ** root

    @property
    def steps(self) -> Integers:
        """Differences of the numbers of successive frames, each once, ascending."""
        return np.unique(np.diff(self.frames))

    @property
    def period(self) -> Floats:
        """Lattice vectors of the periodic axes on the diagonal, 0 for axes with an edge, (3,)."""
        period = np.zeros(3)
        period[: self.dimension] = np.where(self.periodic, self.lengths, 0.0)
        return period

    def replace(self, **changes: object) -> Tracks:
        """Return a copy with some fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type]

    def rows(self, frame: int) -> slice:
        """Return the rows of a frame.

        Raises
        ------
        InputError
            If no particle is in the frame.
        """
        f = self.index(frame)
        return slice(int(self._rows_of_frames[f]), int(self._rows_of_frames[f + 1]))

    def index(self, frame: int) -> int:
        """Return the place of a frame in `frames`.

        Raises
        ------
        InputError
            If no particle is in the frame.
        """
        f = int(np.searchsorted(self.frames, frame)) if is_whole(frame) else len(self.frames)
        if f == len(self.frames) or self.frames[f] != frame:
            raise InputError(
                f"frame: expected one of {self.frames[0]} to {self.frames[-1]} that has particles, "
                f"got {frame!r}"
            )
        return f

    def in_window(self, rows: slice) -> Floats:
        """Return positions as the camera sees them, with the drift, from the lowest corner."""
        f = np.searchsorted(self.frames, self.frame[rows])
        positions = self.positions[rows] + self.drift[f]
        positions[:, : self.dimension] -= self.window[:, 0]
        return positions

    @cached_property
    def _keys(self) -> tuple[Integers, Integers, Integers, int]:
        """Return ascending keys of seen rows, their rows, the key of each row, and the span."""
        order = np.unique(self.particle, return_inverse=True)[1].reshape(-1)
        frames = self.frame - self.frame[0]
        span = 2 * int(frames[-1]) + 2
        key = order * span + frames
        seen = np.flatnonzero(self.seen)
        sorted_rows = seen[np.argsort(key[seen], kind="stable")]
        return key[sorted_rows], sorted_rows, key, span

    def pairs(self, lag: int, rows: slice | Integers | None = None) -> tuple[Integers, Integers]:
        """Return rows of the same particle a lag apart, seen in both frames.

        Parameters
        ----------
        lag
            In frames.
        rows
            Rows that may be the first of a pair; default all.

        Returns
        -------
        first, second : (P,) arrays
            Rows; frames between them do not matter.

        Raises
        ------
        InputError
            If the lag is not 1, 2, ...
        """
        if not is_whole(lag) or lag < 1:
            raise InputError(f"lag: expected a number of frames from 1, got {lag!r}")
        keys, sorted_rows, key, span = self._keys
        # By ascending keys, so that the search stays in the cache.
        first = sorted_rows if rows is None else np.arange(len(self))[rows]
        first = first[self.seen[first]]
        if lag >= span // 2:
            return first[:0], first[:0]
        place = np.minimum(np.searchsorted(keys, key[first] + lag), len(keys) - 1)
        has = keys[place] == key[first] + lag
        return first[has], sorted_rows[place[has]]

    @cached_property
    def wrapped(self) -> NDArray[np.bool_]:
        """Whether positions are wrapped along each axis, (3,): a periodic one that none is beyond.

        Noise takes a position beyond the window by less than half of the spacing.
        """
        seen = self.in_window(slice(None))[self.seen, : self.dimension]
        beyond = np.maximum(-seen, seen - self.lengths).max(axis=0)
        wrapped = np.zeros(3, bool)
        wrapped[: self.dimension] = self.periodic & (beyond <= self.spacing / 2)
        return wrapped

    def displacements(self, first: Integers, second: Integers) -> Floats:
        """Return the displacements (P, 3) between rows, in sigma; the shortest on wrapped axes."""
        moved = self.positions[second] - self.positions[first]
        period, axes = self.period, self.wrapped
        moved[:, axes] -= np.rint(moved[:, axes] / period[axes]) * period[axes]
        return moved

    def names(self) -> list[str]:
        """Return the letters of the species."""
        return list(SPECIES_NAMES[: self.n_species])


def require_tracks(tracks: object) -> None:
    """Refuse anything but tracks, such as the table that they are read from.

    Raises
    ------
    InputError
    """
    if not isinstance(tracks, Tracks):
        raise InputError(
            f"tracks: expected Tracks, as read_tracks returns, got {type(tracks).__name__}"
        )
