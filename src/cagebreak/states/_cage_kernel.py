"""Kernel of the cage Monte Carlo: sweeps of trial moves, each particle confined to its cell.

`cage_sampler.CageSampler` states the rules of the moves. Positions are 32-bit integers: 2^32 units
span the box along each lattice vector, or several copies of a small box side by side. Integer
differences wrap around as the periodic box does. Each difference is therefore the one to the
nearest image, free of rounding errors.
"""

import math
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cagebreak._compile import njit
from cagebreak._simd.sites import COLUMNS, LANES, any_within, squares
from cagebreak._simd.vectors import pointer
from cagebreak.potentials import _bond_kernel as bond_kernel
from cagebreak.potentials._bond_kernel import EXTENT_SQUARED
from cagebreak.potentials._pair_kernel import CUTOFF_SQUARED, HARD_LOG, energy, parameters
from cagebreak.states._cage_list_kernel import NeighborLists
from cagebreak.states._philox_kernel import draw_trials

CHUNK = 256  # trials drawn together
DONE, OUTGROWN = 0, 1
# Entries of `Progress.clock`: the current sweep, and the particle whose turn it is
SWEEP, TURN = 0, 1
FACE_COLUMNS = 5  # of `Cells.faces`

OPTIONS = {
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"reassoc", "contract"},
}


class Cells(NamedTuple):
    """The cell of each of N particles, around its initial position.

    A displacement u from that position is inside the cell if u^2 < `inner`, and outside if
    u^2 >= `outer`. Between the two, it is inside if it is on the inner side of every face.
    """

    inner: NDArray[np.float64]
    """Squared radius of the largest ball inside the cell, in sigma^2, (N,)."""
    outer: NDArray[np.float64]
    """Squared radius of a ball around the cell, in sigma^2, (N,); infinite if none is known."""
    offsets: NDArray[np.int64]
    """The faces of particle i are ``offsets[i]`` to ``offsets[i + 1]``, (N + 1,)."""
    faces: NDArray[np.float64]
    """2 r_ij, r_ij^2 and 1 - (sigma_j / sigma_i)^2 of each neighbor j, (M, 5).

    Displacement u is on the inner side if 2 r_ij . u < r_ij^2 + (1 - (sigma_j / sigma_i)^2) u^2.
    """


class Progress(NamedTuple):
    """The state of the run between two calls of `sweep`."""

    clock: NDArray[np.int64]
    """`SWEEP` and `TURN`, (2,)."""
    reach: NDArray[np.float64]
    """The reach that the trial of the particle in turn needs, if the lists are outgrown, (1,)."""


class RandomStream(NamedTuple):
    """What the trial moves are drawn from; see `_philox_kernel.draw_trials`."""

    key: NDArray[np.uint64]
    """(2,)"""
    steps: NDArray[np.float64]
    """Largest displacements along the three axes, in integer units, as rows, (3, 3)."""


class Sites(NamedTuple):
    """Positions of N particles, in L copies of the box side by side, and of their list centers."""

    coordinates: NDArray[np.int32]
    """Integer coordinates of the particles in each copy, and a gap, (L N, 4)."""
    lattice: NDArray[np.float64]
    """Lattice vectors of the repeated box over 2^32, in sigma, as rows, (3, 3)."""
    homes: NDArray[np.int32]
    """Integer coordinates of the list centers, (3, N)."""
    centers: NDArray[np.float64]
    """Vectors from the starts of the particles to their list centers, in sigma, (3, N)."""
    reaches: NDArray[np.float64]
    """The lists hold while each particle is within this distance of its center, (N,)."""


class Interaction(NamedTuple):
    """What decides whether a trial inside the cell is accepted."""

    species: NDArray[np.int64]
    """(N,)"""
    table: NDArray[np.float32]
    """Parameters of the pair potential, as in `potentials.pair_table`."""
    beta: float
    """1 / kT, in 1 / eps."""
    partners: NDArray[np.int32]
    """The sites that a particle is bonded to, (N, 2); -1 for none."""
    bond: tuple[float, ...]
    """Parameters of a bond, as in `potentials.bonds.bond_row`."""


class Moments(NamedTuple):
    """What is counted and summed over the sweeps."""

    accepted: NDArray[np.int64]
    """Accepted trials of each particle, (N,)."""
    rejected: NDArray[np.int64]
    """Trials of each particle that its cell rejected, (N,)."""
    weights: NDArray[np.float64]
    """Shares of the particles in the center of mass, (N,); all 0 to leave its motion in."""
    center_of_mass: NDArray[np.float64]
    """Displacement of the center of mass, in integer units, (3,)."""
    sums: NDArray[np.float64]
    """Sums of the displacement and of its products xx, yy, zz, xy, xz, yz, (9, N)."""


class Scratch(NamedTuple):
    """Memory that the kernel works in."""

    moves: NDArray[np.int32]
    """(3, CHUNK)"""
    chances: NDArray[np.float32]
    """(CHUNK,)"""
    distances: NDArray[np.float32]
    """(2 LANES,)"""


@njit(inline="always")
def outside(u, v, w, i, cells):
    """Return whether the displacement (u, v, w) from the start leads out of the cell of i."""
    square = u * u + v * v + w * w
    if square < cells.inner[i]:
        return False
    if square >= cells.outer[i]:
        return True
    for k in range(cells.offsets[i], cells.offsets[i + 1]):
        b = FACE_COLUMNS * k
        projection = cells.faces[b] * u + cells.faces[b + 1] * v + cells.faces[b + 2] * w
        if projection >= cells.faces[b + 3] + cells.faces[b + 4] * square:
            return True
    return False


@njit(inline="always")
def overlaps(x, y, z, i, coordinates, lists, m):
    """Return whether sphere i at (x, y, z) overlaps one of its neighbors."""
    first = lists.rows[2 * i]
    last = first + lists.rows[2 * i + 1]
    for block in range(first, last, LANES):
        if any_within(coordinates, lists.entries, lists.limits, block, (x, y, z), m):
            return True
    return False


@njit(inline="always")
def difference(form, sized, x, y, z, i, coordinates, lists, interaction, m, distances):
    """Return the energy of particle i at (x, y, z), less its energy at its present position.

    The energy of particles with sizes of their own (`sized`) is that of the distance in units of
    their contact distance. The limit of a pair is its squared cut-off, which the table has in these
    units.
    """
    here = COLUMNS * i
    points = (x, y, z, coordinates[here], coordinates[here + 1], coordinates[here + 2])
    species, table = interaction.species, interaction.table
    n_species = table.shape[0]
    total = np.float32(0)
    for s in range(n_species):
        p = parameters(table, species[i], s)
        row = 2 * (i * n_species + s)
        first = lists.rows[row]
        for block in range(first, first + lists.rows[row + 1], LANES):
            squares(coordinates, lists.entries, block, points, m, distances)
            for k in range(LANES):
                limit = lists.limits[block + k]
                unit = p[CUTOFF_SQUARED] / limit if sized else np.float32(1)
                new = energy(form, distances[k] * unit, p)
                total += new if distances[k] < limit else np.float32(0)
                old = energy(form, distances[LANES + k] * unit, p)
                total -= old if distances[LANES + k] < limit else np.float32(0)
    return total


@njit(inline="always")
def bonds_difference(form, x, y, z, i, coordinates, interaction, m):
    """Return the energy of the bonds of particle i at (x, y, z), less their present energy.

    Infinite if a bond would be longer than its largest extension.
    """
    species, table, bond = interaction.species, interaction.table, interaction.bond
    total = 0.0
    for k in range(2):
        j = interaction.partners[i, k]
        if j < 0:
            continue
        p = parameters(table, species[i], species[j % len(species)])
        here, there = COLUMNS * i, COLUMNS * j
        a = np.float64(np.int32(x - coordinates[there]))
        b = np.float64(np.int32(y - coordinates[there + 1]))
        c = np.float64(np.int32(z - coordinates[there + 2]))
        u = a * m[0] + b * m[3] + c * m[6]
        v = a * m[1] + b * m[4] + c * m[7]
        w = a * m[2] + b * m[5] + c * m[8]
        square = u * u + v * v + w * w
        if square >= bond[EXTENT_SQUARED]:
            return np.inf
        total += bond_kernel.energy(form, square, bond, p)
        a = np.float64(np.int32(coordinates[here] - coordinates[there]))
        b = np.float64(np.int32(coordinates[here + 1] - coordinates[there + 1]))
        c = np.float64(np.int32(coordinates[here + 2] - coordinates[there + 2]))
        u = a * m[0] + b * m[3] + c * m[6]
        v = a * m[1] + b * m[4] + c * m[7]
        w = a * m[2] + b * m[5] + c * m[8]
        total -= bond_kernel.energy(form, u * u + v * v + w * w, bond, p)
    return total


@cache
def sweep_of(form, bonded, sized):
    """Return the kernel `sweep` for one form of the pair potential, with or without bonds.

    All three are constants of the kernel, so that the compiler vectorizes the energy and leaves out
    bonds, and sizes of particles, that do not exist. The form `HARD_LOG` stands for hard spheres.
    """

    @njit(**OPTIONS)
    def sweep(until, progress, stream, sites, cells, lists, interaction, moments, scratch):
        """Run to sweep `until`; return OUTGROWN if a trial leads beyond the reach of the lists."""
        clock, coordinates, lattice = progress.clock, sites.coordinates, sites.lattice
        homes, centers, reaches = sites.homes, sites.centers, sites.reaches
        moves, chances, distances = scratch.moves, scratch.chances, pointer(scratch.distances)
        center_of_mass, weights = moments.center_of_mass, moments.weights
        n = len(reaches)
        copies = len(coordinates) // n
        flat = pointer(coordinates)
        near = NeighborLists(pointer(lists.rows), pointer(lists.entries), pointer(lists.limits))
        cell = Cells(cells.inner, cells.outer, pointer(cells.offsets), pointer(cells.faces))
        m = as_tuple(lattice)
        m32 = single(m)
        while clock[SWEEP] < until:
            while clock[TURN] < n:
                begin = clock[TURN]
                end = min((begin // CHUNK + 1) * CHUNK, n)
                draw_trials(stream.key, clock[SWEEP], begin, end, stream.steps, moves, chances)
                for i in range(begin, end):
                    k = i - begin
                    x = np.int32(coordinates[i, 0] + moves[0, k])
                    y = np.int32(coordinates[i, 1] + moves[1, k])
                    z = np.int32(coordinates[i, 2] + moves[2, k])
                    a = np.float64(np.int32(x - homes[0, i]))
                    b = np.float64(np.int32(y - homes[1, i]))
                    c = np.float64(np.int32(z - homes[2, i]))
                    u = a * m[0] + b * m[3] + c * m[6]
                    v = a * m[1] + b * m[4] + c * m[7]
                    w = a * m[2] + b * m[5] + c * m[8]
                    square = u * u + v * v + w * w
                    u, v, w = u + centers[0, i], v + centers[1, i], w + centers[2, i]
                    if outside(u, v, w, i, cell):
                        moments.rejected[i] += 1
                        continue
                    if square > reaches[i] * reaches[i]:
                        clock[TURN] = i
                        progress.reach[0] = math.sqrt(square)
                        return OUTGROWN
                    if form == HARD_LOG:
                        if overlaps(x, y, z, i, flat, near, m32):
                            continue
                    else:
                        if bonded:
                            stretch = bonds_difference(form, x, y, z, i, flat, interaction, m)
                            if stretch == np.inf:
                                continue
                        change = difference(
                            form, sized, x, y, z, i, flat, near, interaction, m32, distances
                        )
                        cost = interaction.beta * np.float64(change)
                        if bonded:
                            cost += interaction.beta * stretch
                        # Written so that a cost that is not a number is rejected.
                        if not (cost <= 0 or (cost < 23 and chances[k] < math.exp(-cost))):
                            continue
                    moments.accepted[i] += 1
                    center_of_mass[0] += weights[i] * moves[0, k]
                    center_of_mass[1] += weights[i] * moves[1, k]
                    center_of_mass[2] += weights[i] * moves[2, k]
                    for copy in range(i, i + copies * n, n):
                        coordinates[copy, 0] += moves[0, k]
                        coordinates[copy, 1] += moves[1, k]
                        coordinates[copy, 2] += moves[2, k]
                clock[TURN] = end
            clock[TURN] = 0
            clock[SWEEP] += 1
            accumulate(sites, center_of_mass, m, moments.sums)
        return DONE

    return sweep


@njit(inline="always")
def as_tuple(m):
    """Return the nine elements of a matrix."""
    return (m[0, 0], m[0, 1], m[0, 2], m[1, 0], m[1, 1], m[1, 2], m[2, 0], m[2, 1], m[2, 2])


@njit(inline="always")
def single(m):
    """Return nine numbers in single precision."""
    return (
        np.float32(m[0]), np.float32(m[1]), np.float32(m[2]), np.float32(m[3]), np.float32(m[4]),
        np.float32(m[5]), np.float32(m[6]), np.float32(m[7]), np.float32(m[8]),
    )  # fmt: skip


@njit(**OPTIONS)
def accumulate(sites, center_of_mass, m, sums):
    """Add displacements from the start, relative to the center of mass, and their products."""
    coordinates, homes, centers = sites.coordinates, sites.homes, sites.centers
    x = center_of_mass[0] * m[0] + center_of_mass[1] * m[3] + center_of_mass[2] * m[6]
    y = center_of_mass[0] * m[1] + center_of_mass[1] * m[4] + center_of_mass[2] * m[7]
    z = center_of_mass[0] * m[2] + center_of_mass[1] * m[5] + center_of_mass[2] * m[8]
    for i in range(homes.shape[1]):
        a = np.float64(np.int32(coordinates[i, 0] - homes[0, i]))
        b = np.float64(np.int32(coordinates[i, 1] - homes[1, i]))
        c = np.float64(np.int32(coordinates[i, 2] - homes[2, i]))
        u = a * m[0] + b * m[3] + c * m[6] + (centers[0, i] - x)
        v = a * m[1] + b * m[4] + c * m[7] + (centers[1, i] - y)
        w = a * m[2] + b * m[5] + c * m[8] + (centers[2, i] - z)
        sums[0, i] += u
        sums[1, i] += v
        sums[2, i] += w
        sums[3, i] += u * u
        sums[4, i] += v * v
        sums[5, i] += w * w
        sums[6, i] += u * v
        sums[7, i] += u * w
        sums[8, i] += v * w
