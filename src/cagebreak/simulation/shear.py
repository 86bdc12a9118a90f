r"""Athermal quasistatic shear: strain a little, minimize, and so on.

Simple shear in the plane xy: a step maps :math:`x \to x + \delta\gamma \, y`, of particles and box
alike, and the energy is minimized by FIRE at the new strain. Between plastic events the nonaffine
displacements of successive steps are nearly equal. FIRE therefore starts from those of the step
before, a fifth as far from the minimum. Positions are never wrapped. When the box is replaced by an
equivalent, less tilted one, the lattice and all displacements stay the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration, as_configuration
from cagebreak.errors import InputError
from cagebreak.models import as_model
from cagebreak.models.arguments import real
from cagebreak.models.model import Model, require_pairs
from cagebreak.potentials.pair_potentials import stress
from cagebreak.states.inherent import LARGEST_DT, InherentState, fire, first_dt_of, inherent_state

STEP = 5e-5
"""Strain a step; :cite:`Rottler2024`."""

FORCE_TOLERANCE = 1e-5
"""Largest force left after a step, in eps / sigma (chosen).

The energy is then right to 1e-11 eps a particle, a millionth of what an elastic step changes it by.
"""

LARGEST_NONAFFINE = 0.05
"""Largest nonaffine displacement of a particle for which the next step starts from it, in sigma.

Chosen: an event moves some particles farther, an elastic step of 5e-5 by about 1e-3.
"""

MAX_ITERATIONS = 100_000
"""Steps of FIRE after which a minimization has failed (chosen)."""


@dataclass(frozen=True, eq=False)
class Sheared:
    """A sheared configuration at rest, from which shear goes on.

    Parameters
    ----------
    configuration
        Unwrapped positions in the sheared box, whose tilt is at most half an edge.
    steps
        Number of steps since the start.
    strain
        Strain since the start.
    energy
        Potential energy of all particles together, in eps.
    stress
        The shear stress sigma_xy, in eps / sigma^3; positive against the strain.
    nonaffine : (N, 3) array
        Displacement of each particle in the last step beyond the strain, in sigma. The next step
        starts its minimization from there. Zero at the start and after an event.
    """

    configuration: Configuration
    steps: int
    strain: float
    energy: float
    stress: float
    nonaffine: NDArray[np.float64]


def begin(
    configuration: Configuration, model: Model, force_tolerance: float = FORCE_TOLERANCE
) -> Sheared:
    """Return the start of a shear: the inherent state of a configuration, unstrained.

    Raises
    ------
    InputError
        If the first two lattice vectors are not in the plane xy, the first along x; or if the model
        is hard spheres, which have no energy.
    """
    configuration = as_configuration(configuration)
    model = as_model(model)
    if model.is_hard:
        raise InputError(f"model: expected one with an energy to minimize, got {model.name}")
    require_pairs(model, "shear")
    matrix = configuration.box.matrix
    if matrix[0, 1] or matrix[0, 2] or matrix[1, 2]:
        raise InputError(
            "configuration.box: expected the first lattice vector along x and the second in the "
            f"plane xy, got {matrix.tolist()}"
        )
    end = inherent_state(configuration, model, force_tolerance=force_tolerance)
    return _at_rest(end, model, 0, 0.0, np.zeros((len(configuration), 3)))


def advance(
    sheared: Sheared, model: Model, step: float = STEP, force_tolerance: float = FORCE_TOLERANCE
) -> Sheared:
    """Return the state one step later.

    It follows from `sheared` alone, to the bit: a shear may stop and go on after any step.
    """
    before = sheared.configuration
    deformation = np.eye(3)
    deformation[1, 0] = step
    matrix = before.box.matrix @ deformation
    matrix[1] -= np.rint(matrix[1, 0] / matrix[0, 0]) * matrix[0]
    strained = before.positions @ deformation
    start = before.replace(
        positions=strained + sheared.nonaffine, box=before.box.with_matrix(matrix)
    )
    # The start is close to the minimum, so that the largest time step is safe from the beginning.
    first_dt = LARGEST_DT * first_dt_of(start, model)
    end = fire(start, model, force_tolerance, MAX_ITERATIONS, first_dt)
    nonaffine = end.configuration.positions - strained
    if np.abs(nonaffine).max() > LARGEST_NONAFFINE:
        nonaffine = np.zeros_like(nonaffine)
    return _at_rest(end, model, sheared.steps + 1, sheared.strain + step, nonaffine)


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
        A configuration, whose inherent state is yielded first; or a state of a shear, from which
        the shear goes on with the same bits.
    model
    strain
        Strain at the end; negative to shear in the opposite direction.
    step
        Strain of a step, positive.
    force_tolerance
        Of the minimization, in eps / sigma.

    Yields
    ------
    Sheared
        The state at the start if it is a configuration, then one after each step.

    Raises
    ------
    InputError
        If strain or step is absurd, or the box or the model is not what `begin` expects.
    NotConvergedError
        If a minimization fails.
    """
    if not isinstance(start, Sheared):
        start = as_configuration(start, "start")
    if not 0 < real(step) < 0.1:
        raise InputError(f"step: expected a strain in (0, 0.1), got {step!r}")
    if not np.isfinite(real(strain)):
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
    state: InherentState, model: Model, steps: int, strain: float, nonaffine: NDArray[np.float64]
) -> Sheared:
    end = state.configuration
    return Sheared(
        configuration=end,
        steps=steps,
        strain=strain,
        energy=state.energy * len(end),
        stress=float(stress(end, model)[0, 1]),
        nonaffine=nonaffine,
    )
