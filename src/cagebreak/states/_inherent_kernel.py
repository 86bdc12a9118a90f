"""Kernels of the FIRE minimizer: neighbor lists with a skin, forces, and steps downhill."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cagebreak._compile import njit
from cagebreak._neighbor_kernel import gather
from cagebreak.potentials import _bond_kernel as bond_kernel
from cagebreak.potentials._bond_kernel import EXTENT_SQUARED
from cagebreak.potentials._pair_kernel import (
    CUTOFF_SQUARED,
    HARD_LOG,
    HARMONIC,
    LENNARD_JONES,
    LENNARD_JONES_SMOOTH,
    OPTIONS,
    SIGMA,
    TABULATED,
    force_over_distance,
    parameters,
)

CONVERGED, STALE, EXHAUSTED = range(3)
"""Why `descend` returned; STALE asks for a new neighbor list and another call."""

# Entries of `progress`: what `descend` goes on from.
DT, MIXING, DOWNHILL, ITERATIONS, LARGEST_FORCE, SMALLEST_LARGEST_FORCE = range(6)
N_PROGRESS = 6


class NeighborList(NamedTuple):
    """Neighbors of every particle, by species; a distant image is a particle of its own (ghost).

    With N particles, the images are numbered from N on.
    """

    bounds: NDArray[np.int64]
    """Neighbors of particle i and species s: from entry i S + s to the next, (N S + 1,)."""
    neighbors: NDArray[np.uint32]
    """Numbers of particles or images, (M,). Unsigned: no time is spent on negative indices."""
    parents: NDArray[np.uint32]
    """Of which particle each image is one, (G,)."""
    shifts: NDArray[np.float64]
    """Where the image stands from its particle, (3, G)."""


class Springs(NamedTuple):
    """The bonds between the particles."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    """Who is bonded to whom, (B,) each."""
    shifts: NDArray[np.float64]
    """What leads from the second particle to its image that the first is bonded to, (B, 3)."""
    row: tuple[float, ...]
    """The numbers of `cagebreak.potentials.bonds.bond_row`."""


class Parameters(NamedTuple):
    """What FIRE is told; `cagebreak.states.inherent` says what each means."""

    force_tolerance: float
    max_iterations: int
    largest_dt: float
    dt_per_gap: float
    longest_step: float
    skin: float
    delay: int
    growth: float
    cut: float
    first_mixing: float
    mixing_decay: float


@njit
def list_neighbors(cells, species, reach, inverse, x):
    """Return the list of all pairs of species a, b nearer than ``reach[a, b]``.

    `x` (3, N) holds the positions of the cells' particles, in the configuration's order and not
    wrapped: the images are counted from there.
    """
    n_species = len(reach)
    n = len(species)
    index, near = np.empty(cells.capacity, np.int64), np.empty((4, cells.capacity))
    bounds = np.zeros(n * n_species + 1, np.int64)
    for i in range(n):
        own = cells.order[i]
        for k in range(gather(cells, i, index, near)):
            s = cells.species[index[k]]
            limit = reach[cells.species[i], s]
            bounds[own * n_species + s + 1] += near[3, k] < limit * limit
    for k in range(len(bounds) - 1):
        bounds[k + 1] += bounds[k]
    neighbors = np.empty(bounds[-1], np.uint32)
    images = np.empty((bounds[-1], 3), np.int64)
    filled = bounds.copy()
    for i in range(n):
        own = cells.order[i]
        for k in range(gather(cells, i, index, near)):
            other = cells.order[index[k]]
            s = cells.species[index[k]]
            limit = reach[cells.species[i], s]
            if near[3, k] >= limit * limit:
                continue
            slot = filled[own * n_species + s]
            filled[own * n_species + s] += 1
            neighbors[slot] = other
            dx = near[0, k] - (x[0, other] - x[0, own])
            dy = near[1, k] - (x[1, other] - x[1, own])
            dz = near[2, k] - (x[2, other] - x[2, own])
            for a in range(3):
                images[slot, a] = np.rint(
                    dx * inverse[0, a] + dy * inverse[1, a] + dz * inverse[2, a]
                )
    parents, shifts = _number_images(neighbors, images, n, cells.matrix)
    return NeighborList(bounds, neighbors, parents, shifts)


@njit
def _number_images(neighbors, images, n, matrix):
    """Replace each neighbor that is an image by that image's number; return parents and shifts."""
    low, high = np.zeros(3, np.int64), np.zeros(3, np.int64)
    for k in range(len(neighbors)):
        for a in range(3):
            low[a] = min(low[a], images[k, a])
            high[a] = max(high[a], images[k, a])
    ny, nz = high[1] - low[1] + 1, high[2] - low[2] + 1
    numbers = np.full(((high[0] - low[0] + 1) * ny * nz, n), -1, np.int64)
    parents, first = np.empty(len(neighbors), np.uint32), np.empty(len(neighbors), np.int64)
    n_images = 0
    for k in range(len(neighbors)):
        a, b, c = images[k]
        if a == 0 and b == 0 and c == 0:
            continue
        code = ((a - low[0]) * ny + b - low[1]) * nz + c - low[2]
        parent = np.int64(neighbors[k])
        if numbers[code, parent] < 0:
            numbers[code, parent] = n + n_images
            parents[n_images], first[n_images] = parent, k
            n_images += 1
        neighbors[k] = numbers[code, parent]
    shifts = np.empty((3, n_images))
    for g in range(n_images):
        a, b, c = images[first[g]]
        for axis in range(3):
            shifts[axis, g] = a * matrix[0, axis] + b * matrix[1, axis] + c * matrix[2, axis]
    return parents[:n_images].copy(), shifts


@njit(**OPTIONS)
def _place_images(listed, x, n):
    """Write the positions of all images behind those of the N particles."""
    for axis in range(3):
        for g in range(len(listed.parents)):
            x[axis, n + g] = x[axis, listed.parents[g]] + listed.shifts[axis, g]


@njit(inline="always")
def _forces_of(form, table, species, listed, x, near, forces):
    """Write the force on every particle; return the largest."""
    n_species = len(table)
    xs, ys, zs = x[0], x[1], x[2]
    dxs, dys, dzs = near[0], near[1], near[2]
    neighbors = listed.neighbors
    largest = 0.0
    for i in range(len(species)):
        xi, yi, zi = xs[i], ys[i], zs[i]
        fx, fy, fz = 0.0, 0.0, 0.0
        for s in range(n_species):
            p = parameters(table, species[i], s)
            first = np.uint64(listed.bounds[i * n_species + s])
            n = np.uint64(listed.bounds[i * n_species + s + 1]) - first
            # Gathered first, so that the loop over them can be vectorized.
            for k in range(n):
                j = neighbors[first + k]
                dxs[k], dys[k], dzs[k] = xi - xs[j], yi - ys[j], zi - zs[j]
            for k in range(n):
                dx, dy, dz = dxs[k], dys[k], dzs[k]
                r2 = dx * dx + dy * dy + dz * dz
                f = force_over_distance(form, r2, p)
                f = f if r2 < p[CUTOFF_SQUARED] else 0.0
                fx += f * dx
                fy += f * dy
                fz += f * dz
        forces[0, i], forces[1, i], forces[2, i] = fx, fy, fz
        largest = max(largest, fx * fx + fy * fy + fz * fz)
    return np.sqrt(largest)


@njit(**OPTIONS)
def _forces(form, table, species, listed, x, near, forces):
    """Call `_forces_of` with the form as a constant."""
    if form == LENNARD_JONES:
        return _forces_of(LENNARD_JONES, table, species, listed, x, near, forces)
    if form == LENNARD_JONES_SMOOTH:
        return _forces_of(LENNARD_JONES_SMOOTH, table, species, listed, x, near, forces)
    if form == HARMONIC:
        return _forces_of(HARMONIC, table, species, listed, x, near, forces)
    if form == TABULATED:
        return _forces_of(TABULATED, table, species, listed, x, near, forces)
    return _forces_of(HARD_LOG, table, species, listed, x, near, forces)


@njit(**OPTIONS)
def _add_bonds(form, table, species, springs, x, forces, gaps):
    """Add the forces of bonds; write how far each particle's bonds are from their full length.

    Returns the largest force.
    """
    gaps[:] = np.inf
    extent = np.sqrt(springs.row[EXTENT_SQUARED])
    for k in range(len(springs.first)):
        i, j = springs.first[k], springs.second[k]
        dx = x[0, j] - x[0, i] + springs.shifts[k, 0]
        dy = x[1, j] - x[1, i] + springs.shifts[k, 1]
        dz = x[2, j] - x[2, i] + springs.shifts[k, 2]
        r2 = dx * dx + dy * dy + dz * dz
        p = parameters(table, species[i], species[j])
        f = bond_kernel.force_over_distance(form, r2, springs.row, p)
        forces[0, i] -= f * dx
        forces[1, i] -= f * dy
        forces[2, i] -= f * dz
        forces[0, j] += f * dx
        forces[1, j] += f * dy
        forces[2, j] += f * dz
        gap = extent - np.sqrt(r2)
        gaps[i], gaps[j] = min(gaps[i], gap), min(gaps[j], gap)
    largest = 0.0
    for i in range(forces.shape[1]):
        square = forces[0, i] ** 2 + forces[1, i] ** 2 + forces[2, i] ** 2
        largest = max(largest, square)
    return np.sqrt(largest)


@njit(**OPTIONS)
def _smallest_gaps(table, species, listed, x, gaps):
    """Write how far each sphere is from touching the nearest; return the smallest gap."""
    n_species = len(table)
    smallest = np.inf
    for i in range(len(species)):
        gaps[i] = np.inf
        for s in range(n_species):
            contact = table[species[i], s, SIGMA]
            for k in range(listed.bounds[i * n_species + s], listed.bounds[i * n_species + s + 1]):
                j = listed.neighbors[k]
                dx, dy, dz = x[0, i] - x[0, j], x[1, i] - x[1, j], x[2, i] - x[2, j]
                gaps[i] = min(gaps[i], np.sqrt(dx * dx + dy * dy + dz * dz) - contact)
        smallest = min(smallest, gaps[i])
    return smallest


@njit(**OPTIONS)
def _turn(velocities, forces, progress, told):
    """Adapt time step and mixing to whether the way leads downhill, and turn the velocities."""
    power, speed, push = 0.0, 0.0, 0.0
    for axis in range(3):
        for i in range(forces.shape[1]):
            power += forces[axis, i] * velocities[axis, i]
            speed += velocities[axis, i] * velocities[axis, i]
            push += forces[axis, i] * forces[axis, i]
    if power > 0:
        keep = 1 - progress[MIXING]
        along = progress[MIXING] * np.sqrt(speed / push)
        progress[DOWNHILL] += 1
        if progress[DOWNHILL] > told.delay:
            progress[DT] = min(progress[DT] * told.growth, told.largest_dt)
            progress[MIXING] *= told.mixing_decay
    else:
        keep = along = 0.0
        # Before the first step nothing moves, which is no reason to slow down.
        if speed > 0:
            progress[DT] *= told.cut
        progress[MIXING] = told.first_mixing
        progress[DOWNHILL] = 0
    for axis in range(3):
        for i in range(forces.shape[1]):
            velocities[axis, i] = keep * velocities[axis, i] + along * forces[axis, i]


@njit(**OPTIONS)
def _move(x, velocities, forces, listed_at, gaps, dt, longest):
    """Take a time step; return the square of the longest way from where the list was made.

    No particle moves more than `longest`, nor more than a quarter of its smallest gap, to a sphere
    or to the full length of a bond: then no gap shrinks below its half.
    """
    farthest = 0.0
    for i in range(forces.shape[1]):
        vx = velocities[0, i] + dt * forces[0, i]
        vy = velocities[1, i] + dt * forces[1, i]
        vz = velocities[2, i] + dt * forces[2, i]
        step = dt * np.sqrt(vx * vx + vy * vy + vz * vz)
        limit = min(longest, 0.25 * gaps[i])
        slower = limit / step if step > limit else 1.0
        vx, vy, vz = slower * vx, slower * vy, slower * vz
        velocities[0, i], velocities[1, i], velocities[2, i] = vx, vy, vz
        x[0, i] += dt * vx
        x[1, i] += dt * vy
        x[2, i] += dt * vz
        dx, dy, dz = x[0, i] - listed_at[0, i], x[1, i] - listed_at[1, i], x[2, i] - listed_at[2, i]
        farthest = max(farthest, dx * dx + dy * dy + dz * dz)
    return farthest


@njit
def descend(form, table, species, listed, springs, x, velocities, best, progress, told):
    """Take steps of FIRE until converged, exhausted, or the list is stale; return which.

    `x` (3, N + G) and `velocities` (3, N) are changed in place, and `progress` with them; `best`
    (3, N) takes the positions whose largest force is the smallest so far.
    """
    n = len(species)
    forces = np.empty((3, n))
    gaps = np.full(n, np.inf)
    near = np.empty((3, np.diff(listed.bounds).max()))
    listed_at = x[:, :n].copy()
    while True:
        _place_images(listed, x, n)
        progress[LARGEST_FORCE] = _forces(form, table, species, listed, x, near, forces)
        if len(springs.first):
            progress[LARGEST_FORCE] = _add_bonds(form, table, species, springs, x, forces, gaps)
        if progress[LARGEST_FORCE] < progress[SMALLEST_LARGEST_FORCE]:
            progress[SMALLEST_LARGEST_FORCE] = progress[LARGEST_FORCE]
            best[:] = x[:, :n]
        if progress[LARGEST_FORCE] <= told.force_tolerance:
            return CONVERGED
        if progress[ITERATIONS] >= told.max_iterations:
            return EXHAUSTED
        progress[ITERATIONS] += 1
        _turn(velocities, forces, progress, told)
        dt = progress[DT]
        if form == HARD_LOG:
            dt = min(dt, told.dt_per_gap * _smallest_gaps(table, species, listed, x, gaps))
        farthest = _move(x, velocities, forces, listed_at, gaps, dt, told.longest_step)
        if 4 * farthest > told.skin * told.skin:
            return STALE
