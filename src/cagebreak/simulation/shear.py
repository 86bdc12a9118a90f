r"""Athermal quasistatic shear: strain a little, minimise, and so on.

Simple shear in the plane xy: a step maps :math:`x \to x + \delta\gamma \, y`, of particles and box
alike, and the energy is minimised by FIRE at the new strain. Positions are never wrapped, and the
lattice stays the same when the box is replaced by a less tilted one: no way is lost at a flip.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cagebreak.configuration import Box, Configuration
from cagebreak.errors import InputError
from cagebreak.models import Model
from cagebreak.potentials import stress
from cagebreak.states.inherent import inherent_state

STEP = 5e-5
"""Strain a step; Rottler and Ortner 2024."""

FORCE_TOLERANCE = 1e-5
"""Largest force left after a step, in eps / sigma (chosen).

The energy is then right to 1e-11 eps a particle, a millionth of what an elastic step changes it by.
"""


@dataclass(frozen=True, eq=False)
class Sheared:
    """A sheared configuration at rest, from which shear goes on.

    Parameters
    ----------
    configuration
        Unwrapped positions in the sheared box, whose tilt is at most half an edge.
    steps
        How many steps were taken.
    strain
        In all, from the start.
    energy
        Potential energy of all particles together, in eps.
    stress
        The shear stress sigma_xy, in eps / sigma^3; positive against the strain.
    """

    configuration: Configuration
    steps: int
    strain: float
    energy: float
    stress: float


def begin(
    configuration: Configuration, model: Model, force_tolerance: float = FORCE_TOLERANCE
) -> Sheared:
    """Return the start of a shear: the inherent state of a configuration, unstrained.

    Raises
    ------
    InputError
        If the first two lattice vectors are not in the plane xy, the first along x.
    """
    matrix = configuration.box.matrix
    if matrix[0, 1] or matrix[0, 2] or matrix[1, 2]:
        raise InputError(
            "configuration.box: expected the first lattice vector along x and the second in the "
            f"plane xy, got {matrix.tolist()}"
        )
    return _at_rest(configuration, model, 0, 0.0, force_tolerance)


def advance(
    sheared: Sheared, model: Model, step: float = STEP, force_tolerance: float = FORCE_TOLERANCE
) -> Sheared:
    """Return the state after one step more; the same bits, wherever it goes on from."""
    before = sheared.configuration
    deformation = np.eye(3)
    deformation[1, 0] = step
    matrix = before.box.matrix @ deformation
    matrix[1] -= np.rint(matrix[1, 0] / matrix[0, 0]) * matrix[0]
    strained = before.replace(positions=before.positions @ deformation, box=Box(matrix))
    steps = sheared.steps + 1
    return _at_rest(strained, model, steps, sheared.strain + step, force_tolerance)


def shear(
    start: Configuration | Sheared,
    model: Model,
    strain: float,
    *,
    step: float = STEP,
    force_tolerance: float = FORCE_TOLERANCE,
) -> Iterator[Sheared]:
    """Shear quasistatically at zero temperature, and yield the state after every step.

    Parameters
    ----------
    start
        A configuration, whose inherent state is yielded first; or any state of a shear, which goes
        on from there with the same bits.
    model
    strain
        How far, in all; negative to shear the other way.
    step
        Strain of a step, positive.
    force_tolerance
        Of the minimisation, in eps / sigma.

    Yields
    ------
    Sheared
        The state at the start if it is a configuration, then one after each step.

    Raises
    ------
    InputError
        If strain or step is absurd, or the box lies otherwise than `begin` expects.
    NotConvergedError
        If a minimisation fails.
    """
    if not 0 < step < 0.1:
        raise InputError(f"step: expected a strain in (0, 0.1), got {step!r}")
    if not np.isfinite(strain):
        raise InputError(f"strain: expected a finite number, got {strain!r}")
    return _shear(
        start, model, round(abs(strain) / step), np.copysign(step, strain), force_tolerance
    )


def _shear(
    start: Configuration | Sheared, model: Model, steps: int, step: float, force_tolerance: float
) -> Iterator[Sheared]:
    if isinstance(start, Configuration):
        start = begin(start, model, force_tolerance)
        yield start
    while start.steps < steps:
        start = advance(start, model, step, force_tolerance)
        yield start


def _at_rest(
    strained: Configuration, model: Model, steps: int, strain: float, force_tolerance: float
) -> Sheared:
    state = inherent_state(strained, model, force_tolerance=force_tolerance)
    end = state.configuration
    return Sheared(
        configuration=end,
        steps=steps,
        strain=strain,
        energy=state.energy * len(end),
        stress=float(stress(end, model)[0, 1]),
    )
