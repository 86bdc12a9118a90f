r"""Whether the energies and the forces of a table belong to each other, interval by interval.

Between two distances the energy falls by the integral of the force. The integral of the cubic
through four forces, compared with that of the line through two, shows how well a table of this
spacing can know it.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LARGEST = 1e100
"""Largest energy or force of a table, so that no sum overflows."""

DISAGREEMENT = 0.1
"""Allowed difference, as a share of the sizes of both changes of energy (chosen).

Tables from simulations are smoothed, and their forces are differences of the energy.
"""

SPACING = 3.0
"""Allowed difference, in units of that between a cubic and a line through the forces (chosen).

A kink of the force has 2, differences of the energy as forces have 2. A wrong force has 13.
"""

TRUNCATION = 0.1
"""Largest step of the energy to zero at a cut-off, in kT or depths of the well (chosen)."""

PRINTED = 1e-6
"""Relative error of distances that are printed (chosen)."""


def contradiction(r: Floats, u: Floats, force: Floats, temperature: float) -> str:
    """Return which points of a table contradict each other; empty if none do.

    Parameters
    ----------
    r, u, force : (M,) arrays
        Distances, ascending; energies; and -du/dr. Finite, and none larger than `LARGEST`.
    temperature
        kT, in the unit of the energies.
    """
    h = np.diff(r)
    fall, line = -np.diff(u), h * (force[1:] + force[:-1]) / 2
    cubic = h * _means_of_cubics(r, force)
    apart = np.abs(fall - cubic)
    sizes = np.abs(fall) + np.abs(line)
    of_points = _rounding(u) + PRINTED * np.abs(force) * r
    of_forces = _rounding(force)
    rounding = of_points[1:] + of_points[:-1] + h * (of_forces[1:] + of_forces[:-1])
    allowed = DISAGREEMENT * _of_neighbors(sizes) + SPACING * np.abs(cubic - line) + rounding
    wrong = apart > allowed
    # Where the force jumps, its mean is between both sides. Beside a wrong point too, but then
    # two intervals disagree.
    low, high = np.minimum(force[1:], force[:-1]), np.maximum(force[1:], force[:-1])
    slack = DISAGREEMENT * np.maximum(np.abs(low), np.abs(high)) + rounding / h
    between = (fall / h >= low - slack) & (fall / h <= high + slack)
    alone = wrong & ~np.r_[False, wrong[:-1]] & ~np.r_[wrong[1:], False]
    wrong &= ~(alone & between)
    wrong &= ~_truncated(u, force, temperature)
    if not wrong.any():
        return ""
    k = int(np.argmax(np.where(wrong, apart / allowed, 0)))
    return (
        f"points {k + 1} and {k + 2} (r = {r[k]:.6g} and {r[k + 1]:.6g}): the energy changes by "
        f"{-fall[k]:.4g}, minus the integral of the force by {-cubic[k]:.4g}"
    )


def _means_of_cubics(r: Floats, force: Floats) -> Floats:
    """Return the mean in each interval of the cubic through four forces, (M - 1,)."""
    n = len(r)
    size = min(n, 4)
    first = np.clip(np.arange(n - 1) - 1, 0, n - size)
    points = first[:, None] + np.arange(size)
    x = (r[points] - r[:-1, None]) / np.diff(r)[:, None]
    powers = np.arange(size)
    # Weights that integrate 1, x, x^2, x^3 exactly from 0 to 1.
    weights = np.linalg.solve(
        np.moveaxis(x[..., None] ** powers, -1, -2),
        np.broadcast_to(1 / (powers + 1.0), x.shape)[..., None],
    )[..., 0]
    return (weights * force[points]).sum(axis=1)


def _of_neighbors(sizes: Floats) -> Floats:
    """Return the median of each size and its neighbors, which one wrong point does not raise."""
    around = np.stack([np.roll(sizes, shift) for shift in (-2, -1, 0, 1, 2)])
    median = np.median(around, axis=0)
    median[:2], median[-2:] = sizes[:2], sizes[-2:]
    return np.maximum(median, sizes)


def _truncated(u: Floats, force: Floats, temperature: float) -> NDArray[np.bool_]:
    """Return which intervals (M - 1,) are the step to zeros that fill the rest of the table."""
    last = np.flatnonzero((u != 0) | (force != 0))
    steps = np.zeros(len(u) - 1, np.bool_)
    if len(last) and last[-1] < len(u) - 1:
        k = last[-1]
        steps[k] = abs(u[k]) <= TRUNCATION * max(-float(u.min()), temperature)
    return steps


def _rounding(values: Floats) -> Floats:
    """Return the error by which values may have been rounded when they were printed, (M,).

    They have as many decimals or as many significant digits as the longest of them has.
    """
    size = np.abs(values)
    exponents = np.floor(np.log10(np.where(size > 0, size, 1.0)))
    error = np.zeros_like(values)
    for digits in range(17):
        if (np.abs(values - np.round(values, digits)) <= 1e-15 * size).all():
            error += 0.5 * 10.0**-digits
            break
    for digits in range(17):
        unit = 10.0 ** (exponents - digits)
        if (np.abs(values / unit - np.rint(values / unit)) <= 1e-15 * size / unit).all():
            error += 0.5 * unit
            break
    return error
