"""Following particles from frame to frame, in positions that are unwrapped, wrapped or unknown."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Box, Configuration, as_configuration
from cagebreak.errors import ConfigurationError, InputError

Floats = NDArray[np.float64]

LARGEST_STRAIN = 0.1
"""Largest change of the box of a run, as a strain (chosen: beyond it a run is a deformation)."""

AMBIGUOUS = 0.45
"""Share of the box that no particle may cross between two frames of wrapped positions (chosen).

Of a particle that moves by half the box, the shortest way is not the way that it went.
"""

SPREAD = 1.25
"""Extent of positions, in lengths of the box, beyond which they are not wrapped (chosen).

LAMMPS wraps positions only when it makes neighbor lists, so that they leave the box by a little.
"""

_ROUNDING = 1e-9
"""Strain of a box that does not change."""


def displacements(frames: Iterable[Configuration], wrapped: bool = False) -> Floats:
    r"""Return the displacements of the particles of a run from its first frame, (F, N, 3).

    Those of a constant box are :math:`r_i(t) - r_i(0)`. Where the box changes, as at constant
    pressure or under shear, its affine deformation is left out: with the lattice vectors
    :math:`h(t)` as rows,

    .. math:: u_i(t) = [r_i(t) \, h(t)^{-1} - r_i(0) \, h(0)^{-1}] \, h(0)
              - \langle \dots \rangle_i ,

    without the mean over the particles, since the origin of a box that changes has no meaning.
    Lattice vectors that a simulation of shear has flipped are flipped back.

    Parameters
    ----------
    frames
        The same particles in the same order, such as ``cb.iread("run.dump")``; one is in memory at
        a time.
    wrapped
        Whether positions are wrapped and have no images: particles then go the shortest way from
        frame to frame.

    Returns
    -------
    (F, N, 3) array
        In sigma; that of the first frame is zero. ``d[lags + origin] - d[origin]`` are
        displacements from another frame.

    Raises
    ------
    InputError
        If positions contradict `wrapped`, it is unknown which way a particle went, or the box
        changes by a strain of more than 0.1.
    ConfigurationError
        If the numbers of particles or of dimensions differ, or the species of a particle.
    """
    if isinstance(frames, Configuration):
        raise InputError("frames: expected the frames of a run, got one Configuration")
    follower: Follower | None = None
    rows: list[Floats] = []
    for frame in frames:
        configuration = as_configuration(frame, "frames")
        if follower is None:
            follower = Follower("frames", configuration, wrapped)
            rows.append(np.zeros(configuration.positions.shape))
        else:
            rows.append(follower.follow(configuration))
    if follower is None:
        raise InputError("frames: expected at least one, got none")
    found = np.array(rows)
    follower.finish(found)
    return found


class Follower:
    """Follows the particles of a run from its first frame through the others.

    Parameters
    ----------
    where
        What messages name, such as a file.
    first
        The first frame.
    wrapped
        As of `displacements`.

    Attributes
    ----------
    strain
        Largest strain of the box so far; 0 if it is constant.
    """

    def __init__(self, where: str, first: Configuration, wrapped: bool) -> None:
        self.strain = 0.0
        self._where, self._wrapped = where, wrapped
        self._first = self._previous = first
        self._box = first.box
        self._displacement = np.zeros(first.positions.shape)
        self._number = 1
        self._widest, self._widest_number = 0.0, 1
        self._unclear: InputError | None = None
        self._see(first)

    def follow(self, frame: Configuration) -> Floats:
        """Return the displacements to the next frame, (N, 3); `finish` completes them.

        Raises
        ------
        InputError, ConfigurationError
            As of `displacements`.
        """
        self._number += 1
        self._require_like_the_first(frame)
        start, before = self._first, self._previous
        box = _continued(start.box, frame.box)
        self.strain = max(self.strain, self._strain(box))
        self._see(frame)
        if self.strain:
            fractions = frame.unwrapped @ box.inverse - before.unwrapped @ self._box.inverse
            step = fractions @ start.box.matrix
        else:
            step = frame.unwrapped - before.unwrapped
        if self._wrapped:
            step = start.box.minimum_image(step)
        if frame.images is None and self._unclear is None:
            self._unclear = self._way_unclear(step)
        self._previous, self._box = frame, box
        self._displacement = self._displacement + step
        return self._displacement

    def finish(self, found: Floats) -> None:
        """Check what only all frames tell, and take the mean out of (F, N, 3) if the box changes.

        Raises
        ------
        InputError
            If it is unknown which way a particle went.
        """
        if self._unclear is not None and self._widest <= SPREAD:
            raise self._unclear
        if self.strain:
            for displacement in found:
                displacement -= displacement.mean(axis=0)

    def _require_like_the_first(self, frame: Configuration) -> None:
        first = self._first
        for what, expected, got in (
            ("particles", len(first), len(frame)),
            ("dimensions", first.dimension, frame.dimension),
        ):
            if got != expected:
                raise ConfigurationError(
                    f"{self._where}: expected the {expected} {what} of the first frame in every "
                    f"other, got {got} in frame {self._number}"
                )
        if (frame.species != first.species).any():
            particle = int(np.flatnonzero(frame.species != first.species)[0])
            raise ConfigurationError(
                f"{self._where}: expected particles in the order of the first frame, got another "
                f"species of particle {particle} in frame {self._number}; write ids"
            )
        if (frame.images is None) != (first.images is None):
            without = 1 if first.images is None else self._number
            raise InputError(
                f"{self._where}: expected images in all frames or in none, got none in frame "
                f"{without}"
            )

    def _see(self, frame: Configuration) -> None:
        """Compare positions with what is said about them."""
        if frame.images is not None:
            if self._wrapped:
                raise InputError(
                    f"wrapped: images or unwrapped positions in {self._where} say how far each "
                    "particle went; leave wrapped out"
                )
            return
        extent = float(np.ptp(frame.positions @ frame.box.inverse, axis=0).max())
        if extent > self._widest:
            self._widest, self._widest_number = extent, self._number
        if self._wrapped and extent > SPREAD:
            raise InputError(
                f"wrapped: positions in {self._where} extend over {extent:.3g} lengths of the box "
                f"in frame {self._number}, so that they are not wrapped; leave wrapped out"
            )

    def _strain(self, box: Box) -> float:
        """Return the largest component of the strain of a box; 0 if it is rounding."""
        first = self._first.box
        strain = float(np.abs(first.inverse @ box.matrix - np.eye(3)).max())
        if strain > LARGEST_STRAIN:
            raise InputError(
                f"{self._where}: expected the box of its first frame in every other, or a change "
                f"of at most {LARGEST_STRAIN:g}, got a strain of {strain:.3g} in frame "
                f"{self._number}: edges of {_edges(box)}, at first {_edges(first)}"
            )
        return strain if strain > _ROUNDING else 0.0

    def _way_unclear(self, step: Floats) -> InputError | None:
        """Return an error if it is unknown which way a particle went."""
        shares = np.abs(step @ self._first.box.inverse).max(axis=1)
        particle = int(np.argmax(shares))
        moved = (
            f"{self._where}: particle {particle} moves by {shares[particle]:.3g} of the box "
            f"between frames {self._number - 1} and {self._number}"
        )
        if self._wrapped and shares[particle] > AMBIGUOUS:
            return InputError(
                f"{moved}, expected at most {AMBIGUOUS:g}: wrapped positions do not say which way "
                "it went; write images, unwrapped positions or more frames (and the ids of the "
                "particles, if they change their order)"
            )
        if not self._wrapped and shares[particle] > 0.5:
            return InputError(
                f"{moved}, all positions are within one box, and they have no images; say "
                "wrapped if they are wrapped, or write images or unwrapped positions"
            )
        return None


def _continued(first: Box, box: Box) -> Box:
    """Return a box with the lattice vectors that continue those of the first.

    A simulation of shear flips its box to an equivalent one.
    """
    basis = np.rint(first.matrix @ box.inverse)
    flipped = abs(np.linalg.det(basis) - 1) < 0.5 and (basis != np.eye(3)).any()
    return box.with_matrix(basis @ box.matrix) if flipped else box


def _edges(box: Box) -> str:
    return " x ".join(f"{length:.5g}" for length in box.lengths)
