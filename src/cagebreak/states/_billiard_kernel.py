"""Kernel of free flight in cells: each particle moves straight, and its cell's wall reflects it."""

import math

from cagebreak._compile import njit

MOST_REFLECTIONS = 100
"""Reflections of a particle in one flight (chosen): near an edge of its cell they may go on and on,
the same forwards and backwards in time."""


@njit(inline="always")
def _time_to(square, double, constant, curvature, u, v):
    """Return when a particle at u with velocity v crosses a wall outwards; infinite if never.

    The inner side is ``constant + curvature x^2 - double . x > 0``; `square` is v^2.
    """
    here = constant + curvature * (u[0] * u[0] + u[1] * u[1] + u[2] * u[2])
    here -= double[0] * u[0] + double[1] * u[1] + double[2] * u[2]
    # Rounding may have put a particle just outside of the wall that reflected it. Taken to be on
    # it, it leaves at once or is on its way in; outside, it could pass along a sphere forever.
    here = max(here, 0.0)
    slope = 2 * curvature * (u[0] * v[0] + u[1] * v[1] + u[2] * v[2])
    slope -= double[0] * v[0] + double[1] * v[1] + double[2] * v[2]
    bend = curvature * square
    discriminant = slope * slope - 4 * bend * here
    if discriminant <= 0:
        return math.inf
    root = math.sqrt(discriminant)
    # Of the two crossings, the one at which the particle leaves.
    if slope < 0:
        return 2 * here / (root - slope)
    return (slope + root) / (-2 * bend) if bend < 0 else math.inf


@njit(nogil=True)
def fly_one(u, v, duration, cells, i):
    """Return displacement and velocity of particle i after a time, and how often it was reflected.

    The number is negative if that was more often than `MOST_REFLECTIONS`.
    """
    square = v[0] * v[0] + v[1] * v[1] + v[2] * v[2]
    left, n = duration, 0
    farthest = math.sqrt(u[0] * u[0] + u[1] * u[1] + u[2] * u[2])
    farthest += math.sqrt(square) * duration
    reaches_wall = farthest * farthest >= cells.inner[i]
    while reaches_wall:
        first, double, curvature = left, (0.0, 0.0, 0.0), 0.0
        if cells.outer[i] < math.inf:
            time = _time_to(square, double, cells.outer[i], -1.0, u, v)
            if time < first:
                first, curvature = time, -1.0
        for k in range(cells.offsets[i], cells.offsets[i + 1]):
            face = (cells.faces[k, 0], cells.faces[k, 1], cells.faces[k, 2])
            time = _time_to(square, face, cells.faces[k, 3], cells.faces[k, 4], u, v)
            if time < first:
                first, double, curvature = time, face, cells.faces[k, 4]
        if first >= left:
            break
        n += 1
        if n > MOST_REFLECTIONS:
            return u, v, -1
        left -= first
        u = (u[0] + first * v[0], u[1] + first * v[1], u[2] + first * v[2])
        a = 2 * curvature * u[0] - double[0]
        b = 2 * curvature * u[1] - double[1]
        c = 2 * curvature * u[2] - double[2]
        push = 2 * (a * v[0] + b * v[1] + c * v[2]) / (a * a + b * b + c * c)
        v = (v[0] - push * a, v[1] - push * b, v[2] - push * c)
    return (u[0] + left * v[0], u[1] + left * v[1], u[2] + left * v[2]), v, n


@njit(nogil=True)
def fly(displacements, velocities, duration, cells, reflections):
    """Move all particles for a time; count those that were reflected in `reflections` (N,).

    `displacements` from the starts and `velocities`, (N, 3), change in place. Returns whether no
    particle was reflected more often than `MOST_REFLECTIONS`.
    """
    for i in range(len(displacements)):
        u = (displacements[i, 0], displacements[i, 1], displacements[i, 2])
        v = (velocities[i, 0], velocities[i, 1], velocities[i, 2])
        u, v, n = fly_one(u, v, duration, cells, i)
        if n < 0:
            return False
        displacements[i, 0], displacements[i, 1], displacements[i, 2] = u
        velocities[i, 0], velocities[i, 1], velocities[i, 2] = v
        if n:
            reflections[i] += 1
    return True
