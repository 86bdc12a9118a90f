r"""The wave vectors that fit a periodic box, and the density modes of particles.

A wave vector :math:`k = 2\pi\, n B^{-T}` of whole numbers n fits the box whose lattice vectors are
the rows of B. The modes of k and -k are complex conjugates, so one of each pair is kept.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak.configuration import Box, Configuration, as_box, as_configuration, ball
from cagebreak.errors import InputError
from cagebreak.models.arguments import real
from cagebreak.structure import _modes_kernel as kernel

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
Integers = NDArray[np.int64]

MOST = 20_000_000
"""Most wave vectors of a box (chosen: their modes take 320 MB)."""


@dataclass(frozen=True, eq=False)
class WaveVectors:
    """Wave vectors of a box in shells of the wave number, one of each pair k and -k.

    Parameters
    ----------
    box
    indices : (K, 3) array of integers
        n, of which the first that is not 0 is positive; sorted, so that those that differ in the
        last number alone follow each other.
    shell : (K,) array of integers
        The shell of each, from 0.
    edges : (B + 1,) array
        Bounds of the B shells, in 1 / sigma.
    """

    box: Box
    indices: Integers
    shell: Integers
    edges: Floats

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def n_shells(self) -> int:
        """Number of shells, B."""
        return len(self.edges) - 1

    @property
    def vectors(self) -> Floats:
        """The wave vectors, (K, 3), in 1 / sigma."""
        return 2 * np.pi * self.indices @ self.box.inverse.T

    @property
    def counts(self) -> Integers:
        """Number of wave vectors in each shell, those of both signs, (B,)."""
        return 2 * np.bincount(self.shell, minlength=self.n_shells)

    @property
    def k(self) -> Floats:
        """Mean wave number of each shell, (B,), in 1 / sigma; NaN in an empty shell."""
        return self.mean(np.linalg.norm(self.vectors, axis=1))

    @property
    def spread(self) -> Floats:
        """Standard deviation of the wave numbers of each shell, (B,); NaN in an empty shell."""
        squares = self.mean(np.square(self.vectors).sum(axis=1))
        return np.sqrt(np.maximum(squares - self.k**2, 0.0))

    @cached_property
    def rows(self) -> Integers:
        """Runs of wave vectors that differ in the last number by one, (R, 5).

        A row has the first two numbers, the first and the last of the last numbers, and the place
        of its first wave vector.
        """
        steps = np.diff(self.indices, axis=0)
        begins = np.flatnonzero((steps != [0, 0, 1]).any(axis=1)) + 1
        begins = np.concatenate([np.zeros(min(len(self), 1), dtype=np.int64), begins])
        ends = np.append(begins, len(self))[1:] - 1
        first, last = self.indices[begins], self.indices[ends]
        return np.column_stack([first, last[:, 2], begins])

    @cached_property
    def mirrored_rows(self) -> Integers:
        """The runs, of which one of last numbers from 0 includes its mirror image, (M, 6).

        What a row has is explained in the kernel.
        """
        x, y, first, last, begins = self.rows.T
        zero = begins - first  # the place of the last number 0, were it in the run
        above = np.column_stack([x, y, np.maximum(first, 0), last, zero])[last >= 0]
        below = np.column_stack([x, y, np.maximum(-last, 1), -first, zero])[first < 0]
        own, images = _mirrored(above[:, :4], below[:, :4])
        alone = np.delete(below, images, axis=0)
        rows = np.full((len(above) + len(alone), 6), -1)
        rows[: len(above), :4], rows[len(above) :, :4] = above[:, :4], alone[:, :4]
        rows[: len(above), 4] = above[:, 4] + above[:, 2]
        rows[own, 5] = below[images, 4] - above[own, 2]
        rows[len(above) :, 5] = alone[:, 4] - alone[:, 2]
        return rows

    def require_box(self, configuration: Configuration) -> None:
        """Check that these are wave vectors of the box of a configuration.

        Raises
        ------
        InputError
            If the box is another.
        """
        if configuration.box != self.box:
            raise InputError(
                f"vectors: expected those of the box {configuration.box.matrix.tolist()}, "
                f"got those of {self.box.matrix.tolist()}"
            )

    def mean(self, values: ArrayLike) -> Floats:
        """Return the mean over each shell, (..., B), of values of the wave vectors, (..., K)."""
        values = np.asarray(values, dtype=np.float64)
        flat = values.reshape(math.prod(values.shape[:-1]), len(self))
        counts = np.bincount(self.shell, minlength=self.n_shells)
        sums = np.zeros((len(flat), self.n_shells))
        for row, of_k in zip(sums, flat, strict=True):
            row[:] = np.bincount(self.shell, of_k, self.n_shells)
        means = np.full(sums.shape, np.nan)
        np.divide(sums, counts, out=means, where=counts > 0)
        return means.reshape(*values.shape[:-1], self.n_shells)


def _mirrored(above: Integers, below: Integers) -> tuple[Integers, Integers]:
    """Return which rows (x, y, first, last) are equal; a first number of 0 counts as 1."""
    rows = np.concatenate([above, below])
    rows[:, 1] -= rows[:, 1].min(initial=0)
    rows[:, 2] = np.maximum(rows[:, 2], 1)
    keys = np.ravel_multi_index(tuple(rows.T), tuple(rows.max(axis=0, initial=0) + 1))
    ours, others = np.split(keys, [len(above)])
    _, own, images = np.intersect1d(ours, others, assume_unique=True, return_indices=True)
    return own, images


def wave_vectors(box: Box | ArrayLike, edges: ArrayLike) -> WaveVectors:
    """Return the wave vectors of a box in shells.

    Parameters
    ----------
    box
    edges : (B + 1,) array
        Shell b has ``edges[b] <= |k| < edges[b + 1]``, in 1 / sigma. k = 0 is in no shell.

    Raises
    ------
    InputError
        If the edges do not ascend from 0 or more, or there are more than `MOST` wave vectors.
    """
    box = as_box(box)
    edges = np.asarray(edges, dtype=np.float64)
    if edges.ndim != 1 or len(edges) < 2 or not np.isfinite(edges).all():
        raise InputError(f"edges: expected at least two wave numbers, got {edges.tolist()}")
    if edges[0] < 0 or not (np.diff(edges) > 0).all():
        raise InputError(f"edges: expected ascending wave numbers >= 0, got {edges.tolist()}")
    # |n_a| is |k . a| / 2 pi of the lattice vector a, at most |k| |a| / 2 pi.
    top = np.floor(edges[-1] * box.lengths / (2 * np.pi)).astype(np.int64)
    top[box.dimension :] = 0
    number = box.volume * float(ball(edges[-1], box.dimension)) / (2 * np.pi) ** box.dimension / 2
    if number > MOST:
        raise InputError(
            f"edges: expected at most {MOST:,} wave vectors, got about {number:,.0f} up to "
            f"{edges[-1]:g} in a box of volume {box.volume:g}"
        )
    parts, shells_of = [], []
    y, z = (np.arange(-n, n + 1) for n in top[1:])
    plane = np.stack(np.meshgrid(y, z, indexing="ij"), axis=-1).reshape(-1, 2)
    for x in range(int(top[0]) + 1):
        n = np.column_stack([np.full(len(plane), x), plane])
        if x == 0:
            n = n[(plane[:, 0] > 0) | ((plane[:, 0] == 0) & (plane[:, 1] > 0))]
        length = np.linalg.norm(2 * np.pi * n @ box.inverse.T, axis=1)
        shell = np.searchsorted(edges, length, side="right") - 1
        inside = (shell >= 0) & (shell < len(edges) - 1)
        parts.append(n[inside])
        shells_of.append(shell[inside])
    return WaveVectors(box, np.concatenate(parts), np.concatenate(shells_of), edges)


def shells(box: Box | ArrayLike, k_max: float, width: float | None = None) -> WaveVectors:
    """Return the wave vectors up to `k_max` in shells about the multiples of a width.

    The first shell begins at 0. The last ends half a width beyond the multiple nearest to `k_max`.

    Parameters
    ----------
    box
    k_max
        In 1 / sigma.
    width
        In 1 / sigma; default 2 pi over the longest lattice vector, so that the first shell of a
        cube has its shortest wave vectors.

    Raises
    ------
    InputError
        If a number is not positive.
    """
    box = as_box(box)
    width = 2 * np.pi / box.longest if width is None else width
    for name, value in (("k_max", k_max), ("width", width)):
        if not 0 < real(value) < np.inf:
            raise InputError(f"{name}: expected a positive wave number, got {value!r}")
    edges = (np.arange(max(round(k_max / width), 1) + 1) + 0.5) * width
    edges[0] = 0.0
    return wave_vectors(box, edges)


def density_modes(
    configuration: Configuration, vectors: WaveVectors, weights: ArrayLike | None = None
) -> Complexes:
    r"""Return the density modes of each species, or of weighted particles.

    .. math:: \rho(k) = \sum_i w_i \exp(i\, k \cdot r_i)

    Exponentials are products of powers along the three lattice vectors. The work is four
    multiplications for each particle and wave vector, or for two that differ in the sign of the
    last number.

    Parameters
    ----------
    configuration
        N particles in the box of the wave vectors.
    vectors
        K wave vectors.
    weights : (N,) or (W, N) array, optional
        By default 1 for the particles of a species, for each species.

    Returns
    -------
    (S, K), (K,) or (W, K) complex array
        For each species, or as the weights.

    Raises
    ------
    InputError
        If the box is another, or the weights are not one finite number for each particle.
    """
    configuration = as_configuration(configuration)
    vectors.require_box(configuration)
    if weights is None:
        weights = np.arange(configuration.n_species)[:, None] == configuration.species
    weights = np.asarray(weights, dtype=np.float64)
    if weights.shape[-1:] != (len(configuration),) or weights.ndim > 2:
        raise InputError(
            f"weights: expected shape (N,) or (W, N) with N = {len(configuration)}, "
            f"got {weights.shape}"
        )
    if not np.isfinite(weights).all():
        raise InputError("weights: expected finite numbers")
    modes = [modes_at(configuration.positions, vectors, each) for each in np.atleast_2d(weights)]
    return np.array(modes).reshape(*weights.shape[:-1], len(vectors))


def modes_at(positions: Floats, vectors: WaveVectors, weights: Floats) -> Complexes:
    """Return the modes (K,) of weighted particles at positions (N, 3); see `density_modes`."""
    used = weights != 0
    if not used.all():
        positions, weights = positions[used], weights[used]
    fractions = positions @ vectors.box.inverse
    fractions -= np.floor(fractions)  # so that the angles are exact to rounding
    cosines, sines = np.zeros(len(vectors)), np.zeros(len(vectors))
    kernel.add_modes(fractions, weights, vectors.mirrored_rows, cosines, sines)
    return cosines + 1j * sines
