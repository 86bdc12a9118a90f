"""Monte Carlo sweeps of particles in cells of their own; see `cage_sampler` for the quantities.

Positions are whole numbers: 2^32 of them span the box (or, if it is small, several boxes side by
side) along each lattice vector. Differences of 32-bit integers wrap around as the box does, so
every difference is that to the nearest image, without a rounding error.
"""

import math
from functools import cache

import numpy as np

from cagebreak._compile import njit
from cagebreak._simd.sites import COLUMNS, LANES, any_within, squares
from cagebreak._simd.vectors import pointer
from cagebreak.potentials import _bond_kernel as bond_kernel
from cagebreak.potentials._bond_kernel import EXTENT_SQUARED
from cagebreak.potentials._pair_kernel import HARD_LOG, energy, parameters
from cagebreak.states._philox_kernel import draw_trials

CHUNK = 256  # trials drawn together
DONE, OUTGROWN = 0, 1
# Entries of `clock`: the sweep and the particle in it whose turn it is
SWEEP, TURN = 0, 1
# Columns of `walls`: twice the vector to the neighbor, its square, and 1 - (sigma_j / sigma_i)^2
WALL_COLUMNS = 5

OPTIONS = {
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"reassoc", "contract"},
}


@njit(inline="always")
def outside(u, v, w, i, inner, outer, wall_starts, walls):
    """Return whether the displacement (u, v, w) from the start leads out of the cell of i."""
    square = u * u + v * v + w * w
    if square < inner[i]:
        return False
    if square >= outer[i]:
        return True
    for k in range(wall_starts[i], wall_starts[i + 1]):
        b = WALL_COLUMNS * k
        towards = walls[b] * u + walls[b + 1] * v + walls[b + 2] * w
        if towards >= walls[b + 3] + walls[b + 4] * square:
            return True
    return False


@njit(inline="always")
def overlaps(x, y, z, i, lines, rows, entries, limits, m):
    """Return whether sphere i at (x, y, z) overlaps one of its neighbors."""
    first = rows[2 * i]
    last = first + rows[2 * i + 1]
    for block in range(first, last, LANES):
        if any_within(lines, entries, limits, block, (x, y, z), m):
            return True
    return False


@njit(inline="always")
def difference(form, x, y, z, i, lines, rows, entries, limits, species, table, m, found):
    """Return the energy of particle i at (x, y, z) less that where it is."""
    at = COLUMNS * i
    both = (x, y, z, lines[at], lines[at + 1], lines[at + 2])
    n_species = table.shape[0]
    total = np.float32(0)
    for s in range(n_species):
        p = parameters(table, species[i], s)
        row = 2 * (i * n_species + s)
        first = rows[row]
        for block in range(first, first + rows[row + 1], LANES):
            squares(lines, entries, block, both, m, found)
            for k in range(LANES):
                new = energy(form, found[k], p)
                total += new if found[k] < limits[block + k] else np.float32(0)
                old = energy(form, found[LANES + k], p)
                total -= old if found[LANES + k] < limits[block + k] else np.float32(0)
    return total


@njit(inline="always")
def bonds_difference(form, x, y, z, i, lines, partners, bond, species, table, m):
    """Return what bonds add to the energy of particle i at (x, y, z), less what they add now.

    Infinite if a bond would be longer than it can be.
    """
    total = 0.0
    for k in range(2 * i, 2 * i + 2):
        j = partners[k]
        if j < 0:
            continue
        p = parameters(table, species[i], species[j % len(species)])
        here, there = COLUMNS * i, COLUMNS * j
        a = np.float64(np.int32(x - lines[there]))
        b = np.float64(np.int32(y - lines[there + 1]))
        c = np.float64(np.int32(z - lines[there + 2]))
        u = a * m[0] + b * m[3] + c * m[6]
        v = a * m[1] + b * m[4] + c * m[7]
        w = a * m[2] + b * m[5] + c * m[8]
        square = u * u + v * v + w * w
        if square >= bond[EXTENT_SQUARED]:
            return np.inf
        total += bond_kernel.energy(form, square, bond, p)
        a = np.float64(np.int32(lines[here] - lines[there]))
        b = np.float64(np.int32(lines[here + 1] - lines[there + 1]))
        c = np.float64(np.int32(lines[here + 2] - lines[there + 2]))
        u = a * m[0] + b * m[3] + c * m[6]
        v = a * m[1] + b * m[4] + c * m[7]
        w = a * m[2] + b * m[5] + c * m[8]
        total -= bond_kernel.energy(form, u * u + v * v + w * w, bond, p)
    return total


@cache
def sweeps_of(form, bonded):
    """Return the kernel of one form of the pair potential: a constant lets the compiler vectorize.

    The form `HARD_LOG` stands for hard spheres. Without bonds, no time is spent on them.
    """

    @njit(**OPTIONS)
    def sweep(
        until, clock, key, steps, lines, lattice, homes, centers, reaches, needed, inner, outer,
        wall_starts, walls, rows, entries, limits, partners, bond, species, table, beta, weights,
        drift, moves, chances, distances, accepted, blocked, sums,
    ):  # fmt: skip
        """Go on until sweep `until`; return OUTGROWN if a trial leads further than lists hold."""
        n = len(reaches)
        copies = len(lines) // n
        q, found = pointer(lines), pointer(distances)
        row, entry, limit = pointer(rows), pointer(entries), pointer(limits)
        wall, wall_start, partner = pointer(walls), pointer(wall_starts), pointer(partners)
        m = as_tuple(lattice)
        m32 = single(m)
        while clock[SWEEP] < until:
            while clock[TURN] < n:
                begin = clock[TURN]
                end = min((begin // CHUNK + 1) * CHUNK, n)
                draw_trials(key, clock[SWEEP], begin, end, steps, moves, chances)
                for i in range(begin, end):
                    k = i - begin
                    x = np.int32(lines[i, 0] + moves[0, k])
                    y = np.int32(lines[i, 1] + moves[1, k])
                    z = np.int32(lines[i, 2] + moves[2, k])
                    a = np.float64(np.int32(x - homes[0, i]))
                    b = np.float64(np.int32(y - homes[1, i]))
                    c = np.float64(np.int32(z - homes[2, i]))
                    u = a * m[0] + b * m[3] + c * m[6]
                    v = a * m[1] + b * m[4] + c * m[7]
                    w = a * m[2] + b * m[5] + c * m[8]
                    away = u * u + v * v + w * w
                    u, v, w = u + centers[0, i], v + centers[1, i], w + centers[2, i]
                    if outside(u, v, w, i, inner, outer, wall_start, wall):
                        blocked[i] += 1
                        continue
                    if away > reaches[i] * reaches[i]:
                        clock[TURN] = i
                        needed[0] = math.sqrt(away)
                        return OUTGROWN
                    if form == HARD_LOG:
                        if overlaps(x, y, z, i, q, row, entry, limit, m32):
                            continue
                    else:
                        if bonded:
                            stretch = bonds_difference(
                                form, x, y, z, i, q, partner, bond, species, table, m
                            )  # fmt: skip
                            if stretch == np.inf:
                                continue
                        change = difference(
                            form, x, y, z, i, q, row, entry, limit, species, table, m32, found
                        )  # fmt: skip
                        cost = beta * np.float64(change)
                        if bonded:
                            cost += beta * stretch
                        # Written so that a cost that is not a number is refused.
                        if not (cost <= 0 or (cost < 23 and chances[k] < math.exp(-cost))):
                            continue
                    accepted[i] += 1
                    drift[0] += weights[i] * moves[0, k]
                    drift[1] += weights[i] * moves[1, k]
                    drift[2] += weights[i] * moves[2, k]
                    for site in range(i, i + copies * n, n):
                        lines[site, 0] += moves[0, k]
                        lines[site, 1] += moves[1, k]
                        lines[site, 2] += moves[2, k]
                clock[TURN] = end
            clock[TURN] = 0
            clock[SWEEP] += 1
            accumulate(lines, homes, centers, drift, m, sums)
        return DONE

    return sweep


@njit(inline="always")
def as_tuple(m):
    """Return the nine numbers of a matrix."""
    return (m[0, 0], m[0, 1], m[0, 2], m[1, 0], m[1, 1], m[1, 2], m[2, 0], m[2, 1], m[2, 2])


@njit(inline="always")
def single(m):
    """Return nine numbers in single precision."""
    return (
        np.float32(m[0]), np.float32(m[1]), np.float32(m[2]), np.float32(m[3]), np.float32(m[4]),
        np.float32(m[5]), np.float32(m[6]), np.float32(m[7]), np.float32(m[8]),
    )  # fmt: skip


@njit(**OPTIONS)
def accumulate(lines, homes, centers, drift, m, sums):
    """Add the displacements from the start, less the drift, and their products to sums (9, N)."""
    x = drift[0] * m[0] + drift[1] * m[3] + drift[2] * m[6]
    y = drift[0] * m[1] + drift[1] * m[4] + drift[2] * m[7]
    z = drift[0] * m[2] + drift[1] * m[5] + drift[2] * m[8]
    for i in range(homes.shape[1]):
        a = np.float64(np.int32(lines[i, 0] - homes[0, i]))
        b = np.float64(np.int32(lines[i, 1] - homes[1, i]))
        c = np.float64(np.int32(lines[i, 2] - homes[2, i]))
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
