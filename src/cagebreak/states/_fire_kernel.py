"""Kernels of the FIRE minimizer: forces, and the FIRE step.

A step of FIRE (:cite:`Bitzek2006`) is `_turn`, which adapts the time step and mixes the velocities,
and `_move`, which integrates the equations of motion.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cagebreak._compile import njit
from cagebreak.potentials import _bond_kernel as bond_kernel
from cagebreak.potentials._bond_kernel import EXTENT_SQUARED
from cagebreak.potentials._pair_kernel import (
    CUTOFF_SQUARED,
    HARD_LOG,
    HARMONIC,
    LENNARD_JONES,
    LENNARD_JONES_SMOOTH,
    OPTIONS,
    POWERS,
    SIGMA,
    TABULATED,
    contact_of,
    force_over_distance,
    parameters,
)

CONVERGED, STALE, EXHAUSTED = range(3)
"""Status of `descend`. STALE asks for a new neighbor list and another call."""

# Entries of `progress`, the state of the run between two calls of `descend`.
DT, MIXING, DOWNHILL, ITERATIONS, LARGEST_FORCE, SMALLEST_LARGEST_FORCE = range(6)
N_PROGRESS = 6


class BondList(NamedTuple):
    """The bonds between the particles."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    """The two particles of each bond, (B,) each."""
    shifts: NDArray[np.float64]
    """Vector from the second particle to the image that is bonded to the first, (B, 3)."""
    row: tuple[float, ...]
    """Parameters of a bond, as in `cagebreak.potentials.bonds.bond_row`."""


class FireParameters(NamedTuple):
    """Parameters of FIRE; `cagebreak.states.inherent` describes them."""

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


@njit(**OPTIONS)
def _place_images(neighbor_list, x, n):
    """Write the positions of all ghosts after those of the N particles."""
    for axis in range(3):
        for g in range(len(neighbor_list.parents)):
            x[axis, n + g] = x[axis, neighbor_list.parents[g]] + neighbor_list.shifts[axis, g]


@njit(inline="always")
def _forces_of(form, table, species, neighbor_list, x, near, forces):
    """Write the force on every particle; return the largest."""
    n_species = len(table)
    xs, ys, zs = x[0], x[1], x[2]
    dxs, dys, dzs = near[0], near[1], near[2]
    neighbors = neighbor_list.neighbors
    largest = 0.0
    for i in range(len(species)):
        xi, yi, zi = xs[i], ys[i], zs[i]
        fx, fy, fz = 0.0, 0.0, 0.0
        for s in range(n_species):
            p = parameters(table, species[i], s)
            first = np.uint64(neighbor_list.bounds[i, s, 0])
            n = np.uint64(neighbor_list.bounds[i, s, 1]) - first
            # Neighbors are gathered first, so that the loop over them is vectorized.
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
def _forces(form, table, species, neighbor_list, x, near, forces):
    """Call `_forces_of` with the form as a constant."""
    if form == LENNARD_JONES:
        return _forces_of(LENNARD_JONES, table, species, neighbor_list, x, near, forces)
    if form == LENNARD_JONES_SMOOTH:
        return _forces_of(LENNARD_JONES_SMOOTH, table, species, neighbor_list, x, near, forces)
    if form == HARMONIC:
        return _forces_of(HARMONIC, table, species, neighbor_list, x, near, forces)
    if form == TABULATED:
        return _forces_of(TABULATED, table, species, neighbor_list, x, near, forces)
    if form == POWERS:
        return _forces_of(POWERS, table, species, neighbor_list, x, near, forces)
    return _forces_of(HARD_LOG, table, species, neighbor_list, x, near, forces)


@njit(inline="always")
def _sized_forces_of(form, table, sizes, neighbor_list, x, near, forces):
    """Write the force on every particle, of its own size; return the largest."""
    xs, ys, zs, diameters = x[0], x[1], x[2], sizes.diameters
    dxs, dys, dzs, units = near[0], near[1], near[2], near[3]
    neighbors, p = neighbor_list.neighbors, parameters(table, 0, 0)
    largest = 0.0
    for i in range(forces.shape[1]):
        xi, yi, zi = xs[i], ys[i], zs[i]
        fx, fy, fz = 0.0, 0.0, 0.0
        first = np.uint64(neighbor_list.bounds[i, 0, 0])
        n = np.uint64(neighbor_list.bounds[i, 0, 1]) - first
        for k in range(n):
            j = neighbors[first + k]
            dxs[k], dys[k], dzs[k] = xi - xs[j], yi - ys[j], zi - zs[j]
            units[k] = contact_of(diameters[i], diameters[j], sizes.nonadditivity)
        for k in range(n):
            dx, dy, dz = dxs[k], dys[k], dzs[k]
            unit = 1 / (units[k] * units[k])
            r2 = (dx * dx + dy * dy + dz * dz) * unit
            f = force_over_distance(form, r2, p) * unit
            f = f if r2 < p[CUTOFF_SQUARED] else 0.0
            fx += f * dx
            fy += f * dy
            fz += f * dz
        forces[0, i], forces[1, i], forces[2, i] = fx, fy, fz
        largest = max(largest, fx * fx + fy * fy + fz * fz)
    return np.sqrt(largest)


@njit(**OPTIONS)
def _sized_forces(form, table, sizes, neighbor_list, x, near, forces):
    """Call `_sized_forces_of` with the form as a constant."""
    if form == HARD_LOG:
        return _sized_forces_of(HARD_LOG, table, sizes, neighbor_list, x, near, forces)
    if form == HARMONIC:
        return _sized_forces_of(HARMONIC, table, sizes, neighbor_list, x, near, forces)
    return _sized_forces_of(POWERS, table, sizes, neighbor_list, x, near, forces)


@njit(**OPTIONS)
def _add_bonds(form, table, species, bonds, x, forces, gaps):
    """Add the forces of bonds, and write how far each is from its largest extension to `gaps`.

    Returns the largest force.
    """
    gaps[:] = np.inf
    extent = np.sqrt(bonds.row[EXTENT_SQUARED])
    for k in range(len(bonds.first)):
        i, j = bonds.first[k], bonds.second[k]
        dx = x[0, j] - x[0, i] + bonds.shifts[k, 0]
        dy = x[1, j] - x[1, i] + bonds.shifts[k, 1]
        dz = x[2, j] - x[2, i] + bonds.shifts[k, 2]
        r2 = dx * dx + dy * dy + dz * dz
        p = parameters(table, species[i], species[j])
        f = bond_kernel.force_over_distance(form, r2, bonds.row, p)
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
def _smallest_gaps(table, species, sizes, neighbor_list, x, gaps):
    """Write the gap between each sphere and the nearest other; return the smallest gap."""
    n_species = len(table)
    smallest = np.inf
    for i in range(len(species)):
        gaps[i] = np.inf
        for s in range(n_species):
            contact = table[species[i], s, SIGMA]
            for k in range(neighbor_list.bounds[i, s, 0], neighbor_list.bounds[i, s, 1]):
                j = neighbor_list.neighbors[k]
                if len(sizes.diameters):
                    own, other = sizes.diameters[i], sizes.diameters[j]
                    contact = contact_of(own, other, sizes.nonadditivity)
                dx, dy, dz = x[0, i] - x[0, j], x[1, i] - x[1, j], x[2, i] - x[2, j]
                gaps[i] = min(gaps[i], np.sqrt(dx * dx + dy * dy + dz * dz) - contact)
        smallest = min(smallest, gaps[i])
    return smallest


@njit(**OPTIONS)
def _turn(velocities, forces, progress, fire):
    """Adapt time step and mixing to the power F . v, and turn velocities towards the forces."""
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
        if progress[DOWNHILL] > fire.delay:
            progress[DT] = min(progress[DT] * fire.growth, fire.largest_dt)
            progress[MIXING] *= fire.mixing_decay
    else:
        keep = along = 0.0
        # At the first step all velocities are 0, which must not shorten the time step.
        if speed > 0:
            progress[DT] *= fire.cut
        progress[MIXING] = fire.first_mixing
        progress[DOWNHILL] = 0
    for axis in range(3):
        for i in range(forces.shape[1]):
            velocities[axis, i] = keep * velocities[axis, i] + along * forces[axis, i]


@njit(**OPTIONS)
def _move(x, velocities, forces, listed_positions, gaps, dt, longest):
    """Take a time step; return the largest squared displacement since the list was made.

    No particle moves farther than `longest`, or than a quarter of its smallest gap, to another
    sphere or to the largest extension of a bond. Each gap thus keeps at least half of its size.
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
        dx, dy, dz = (
            x[0, i] - listed_positions[0, i],
            x[1, i] - listed_positions[1, i],
            x[2, i] - listed_positions[2, i],
        )
        farthest = max(farthest, dx * dx + dy * dy + dz * dz)
    return farthest


@njit(**OPTIONS)
def _copy(x, best):
    """Copy positions; assigning a whole array would take seconds more to compile."""
    for axis in range(3):
        for i in range(best.shape[1]):
            best[axis, i] = x[axis, i]


@njit(nogil=True)
def descend(form, table, species, neighbor_list, bonds, sizes, x, velocities, best, progress, fire):
    """Take steps of FIRE until they converge, are exhausted, or the list is stale; return which.

    `x` (3, N + G), `velocities` (3, N) and `progress` change in place. `best` (3, N) takes the
    positions whose largest force is the smallest so far. `sizes` has the diameters of particles and
    images, of `HARD_LOG`, `HARMONIC` and `POWERS` only.
    """
    n = len(species)
    forces = np.empty((3, n))
    gaps = np.full(n, np.inf)
    bounds = neighbor_list.bounds
    near = np.empty((4, (bounds[:, :, 1] - bounds[:, :, 0]).max()))
    listed_positions = x[:, :n].copy()
    while True:
        _place_images(neighbor_list, x, n)
        if len(sizes.diameters):
            largest = _sized_forces(form, table, sizes, neighbor_list, x, near, forces)
        else:
            largest = _forces(form, table, species, neighbor_list, x, near, forces)
        progress[LARGEST_FORCE] = largest
        if len(bonds.first):
            progress[LARGEST_FORCE] = _add_bonds(form, table, species, bonds, x, forces, gaps)
        if progress[LARGEST_FORCE] < progress[SMALLEST_LARGEST_FORCE]:
            progress[SMALLEST_LARGEST_FORCE] = progress[LARGEST_FORCE]
            _copy(x, best)
        if progress[LARGEST_FORCE] <= fire.force_tolerance:
            return CONVERGED
        if progress[ITERATIONS] >= fire.max_iterations:
            return EXHAUSTED
        progress[ITERATIONS] += 1
        _turn(velocities, forces, progress, fire)
        dt = progress[DT]
        if form == HARD_LOG:
            smallest = _smallest_gaps(table, species, sizes, neighbor_list, x, gaps)
            dt = min(dt, fire.dt_per_gap * smallest)
        farthest = _move(x, velocities, forces, listed_positions, gaps, dt, fire.longest_step)
        if 4 * farthest > fire.skin * fire.skin:
            return STALE
