"""Newton's equations of particles in cells: the leapfrog, whose drifts end at the walls of cells.

Positions and velocities are in steps of the box, as in `cagebreak.leapfrog`; cells are in sigma.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cagebreak._compile import njit
from cagebreak._simd.lines import nearest_step, squared_length
from cagebreak.leapfrog._leapfrog_kernel import begin_step, catch_up, leap, renew_centers
from cagebreak.leapfrog._row_kernel import DONE
from cagebreak.leapfrog._state import OPTIONS, STEPS, copy_lines
from cagebreak.states._billiard_kernel import fly_one
from cagebreak.states._cage_kernel import Cells

EVERY = 5
"""Time steps between two additions to the moments (chosen)."""

CORNERED = -1
"""Status: a particle was reflected again and again within a time step."""


class Walls(NamedTuple):
    """The cells of N particles, and how lengths and steps are converted."""

    cells: Cells
    starts: NDArray[np.float64]
    """(N, 3), the positions that the cells surround, in steps."""
    matrix: NDArray[np.float64]
    """(3, 3), what a step along each lattice vector is, in sigma."""
    inverse: NDArray[np.float64]
    reflections: NDArray[np.int64]
    """(N,), time steps in which each particle was reflected."""


class Moments(NamedTuple):
    """Sums over displacements u of N particles from their starts, in sigma.

    They are relative to the center of mass.
    """

    weights: NDArray[np.float64]
    """(N,), shares in the center of mass; zeros to leave its motion in."""
    additions: NDArray[np.int64]
    """(1,), how often u was added."""
    first: NDArray[np.float64]
    """(3, N), of u."""
    second: NDArray[np.float64]
    """(6, N), of xx, yy, zz, xy, xz and yz."""
    now: NDArray[np.float64]
    """(N, 3), u of the last time."""


@njit(**OPTIONS)
def add_moments(moments):
    """Add the displacements `moments.now`, from which the center of mass is taken out."""
    now, first, second = moments.now, moments.first, moments.second
    center = np.zeros(3)
    for i in range(len(now)):
        for d in range(3):
            center[d] += moments.weights[i] * now[i, d]
    for i in range(len(now)):
        x, y, z = now[i, 0] - center[0], now[i, 1] - center[1], now[i, 2] - center[2]
        first[0, i] += x
        first[1, i] += y
        first[2, i] += z
        second[0, i] += x * x
        second[1, i] += y * y
        second[2, i] += z * z
        second[3, i] += x * y
        second[4, i] += x * z
        second[5, i] += y * z
    moments.additions[0] += 1


@njit(**OPTIONS)
def measure(state, walls, moments):
    """Add the present displacements to the moments."""
    x, numbers = state.particles.x, state.particles.numbers
    for i in range(len(numbers)):
        for e in range(3):
            u = 0.0
            for d in range(3):
                u += (x[i, d] - walls.starts[numbers[i], d]) * walls.matrix[d, e]
            moments.now[numbers[i], e] = u
    add_moments(moments)


@njit(**OPTIONS)
def reflect(state, walls):
    """Let the last drift end at the walls.

    Returns the largest distance of a reflected particle from the center of its rows, in steps along
    the first lattice vector; or `CORNERED`.
    """
    x, v, numbers = state.particles.x, state.particles.v, state.particles.numbers
    lines, centers = state.lines.lines, state.lines.centers
    matrix, inverse, cells = walls.matrix, walls.inverse, walls.cells
    largest, any_reflected = 0.0, False
    u, w = np.empty(3), np.empty(3)
    for i in range(len(numbers)):
        number = numbers[i]
        u[:], w[:] = 0.0, 0.0
        for d in range(3):
            before = x[i, d] - v[i, d] - walls.starts[number, d]
            for e in range(3):
                u[e] += before * matrix[d, e]
                w[e] += v[i, d] * matrix[d, e]
        u_end, w_end, n = fly_one((u[0], u[1], u[2]), (w[0], w[1], w[2]), 1.0, cells, number)
        if n < 0:
            return float(CORNERED)
        if n == 0:
            continue
        any_reflected = True
        walls.reflections[number] += 1
        for d in range(3):
            x[i, d], v[i, d] = walls.starts[number, d], 0.0
        for e in range(3):
            for d in range(3):
                x[i, d] += u_end[e] * inverse[e, d]
                v[i, d] += w_end[e] * inverse[e, d]
        for d in range(3):
            lines[i, d] = nearest_step(x[i, d])
        # Of 32 bits, so that differences are to the nearest image.
        square = squared_length(
            float(np.int32(lines[i, 0] - centers[i, 0])),
            float(np.int32(lines[i, 1] - centers[i, 1])),
            float(np.int32(lines[i, 2] - centers[i, 2])),
            state.metric,
        )
        largest = max(largest, np.sqrt(square))
    if any_reflected:
        copy_lines(state.particles, state.lines)
    return largest


@njit(**OPTIONS)
def follow(state, form, target, walls, moments):
    """Go on up to time step `target`; return DONE, or what is in the way, to be called again.

    Every `EVERY` time steps, the last of which is `target`, the moments are added to. After
    `CORNERED` there is no going on.
    """
    while True:
        status = catch_up(state, form)
        if status != DONE or state.clock.counts[STEPS] >= target:
            return status
        begin_step(state)
        first, second = leap(state.particles, state.lines, state.metric)
        reflected = reflect(state, walls)
        if reflected < 0:
            return CORNERED
        if (target - state.clock.counts[STEPS]) % EVERY == 0:
            measure(state, walls, moments)
        if not max(first, reflected) + max(second, reflected) < state.rows.skin:
            status = renew_centers(state)
            if status != DONE:
                return status
