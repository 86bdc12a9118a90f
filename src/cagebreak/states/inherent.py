"""The inherent state: the energy minimum into whose basin a configuration falls."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration
from cagebreak.errors import InputError, NotConvergedError
from cagebreak.models.model import Model
from cagebreak.neighbors import cell_list
from cagebreak.potentials.bonds import bond_row, bond_table
from cagebreak.potentials.pair_potentials import FORMS, energy, laplacians, pair_table
from cagebreak.states import _inherent_kernel as kernel

# FIRE, as Bitzek 2006 prints its parameters.
DELAY = 5
"""N_min: steps downhill before the time step grows."""
GROWTH = 1.1
"""f_inc: growth of the time step."""
CUT = 0.5
"""f_dec: cut of the time step when the way leads uphill."""
FIRST_MIXING = 0.1
"""alpha_start: share of the velocity that is turned into the direction of the force."""
MIXING_DECAY = 0.99
"""f_alpha: decay of that share, a step."""
LARGEST_DT = 10
"""Largest time step, in first time steps."""

FIRST_DT = {
    "hard_log": 0.005,
    "harmonic": 0.03,
    "lennard_jones": 0.003,
    "lennard_jones_smooth": 0.003,
}
"""First time step of each form of potential, with all masses 1.

Chosen: the largest then lies just below where the stiffest vibrations of the default state points
become unstable, above which FIRE keeps starting anew and takes several times as many steps.
"""

FIRST_DT_BONDED = 0.0025
"""First time step at most where there are bonds, chosen likewise."""

DT_PER_CURVATURE = 0.09
"""First time step of a tabulated potential, over the root of the median Laplacian of the start.

Chosen: what harmonic spheres have at their default state point; Kob-Andersen has 0.12 (measured).
"""

DT_PER_GAP = 0.7
"""Largest time step of hard spheres, in units of their smallest gap.

Chosen: a sphere between two others, each a gap g away, has omega = 2 sqrt(kT) / g, and steps of
semi-implicit Euler are stable below 2 / omega = g.
"""

LONGEST_STEP = 0.1
"""How far a particle goes in one step at most, in sigma (chosen)."""

SKIN = 0.3
"""How much farther than the cut-off neighbors are listed, in sigma (chosen)."""


@dataclass(frozen=True, eq=False)
class InherentState:
    """A local minimum of the potential energy, and how it was reached.

    Parameters
    ----------
    start
        The configuration that the descent began at.
    configuration
        The minimum, without velocities. It continues `start`: positions are not wrapped, images
        are those of `start`.
    energy
        Potential energy per particle, in eps.
    force
        The largest force that is left on a particle, in eps / sigma.
    iterations
        Steps of FIRE.
    """

    start: Configuration
    configuration: Configuration
    energy: float
    force: float
    iterations: int

    @property
    def displacement(self) -> NDArray[np.float64]:
        """How far each particle is from where it started, (N,), in sigma."""
        vectors = self.configuration.unwrapped - self.start.unwrapped
        return np.sqrt((vectors**2).sum(axis=1))


def inherent_state(
    configuration: Configuration,
    model: Model,
    *,
    force_tolerance: float = 1e-6,
    max_iterations: int = 100_000,
) -> InherentState:
    """Descend from a configuration into the nearest minimum of the potential energy, by FIRE.

    Parameters
    ----------
    configuration
        N particles in a box of any shape, which stays as it is.
    model
        Whose pair potential is minimized; for hard spheres the logarithmic one of
        `cagebreak.potentials`, under which no sphere ever overlaps another.
    force_tolerance
        The descent ends when no particle feels a larger force, in eps / sigma (chosen).
    max_iterations
        It fails after so many steps (chosen).

    Returns
    -------
    InherentState
        The minimum; `.displacement` tells how far each particle went.

    Raises
    ------
    InputError
        If `force_tolerance` or `max_iterations` is not positive.
    ConfigurationError
        If a species is not the model's, hard spheres overlap, two particles coincide, or bonds are
        not what `cagebreak.potentials.bonds.bond_table` expects.
    NotConvergedError
        If `max_iterations` did not suffice. Its `state` is the `InherentState` with the smallest
        largest force that was found.

    Notes
    -----
    Fast inertial relaxation engine: Bitzek et al. 2006, with the parameters printed there, as in
    Alkemade 2023. Where it leaves a choice: all masses are 1, the steps are those of semi-implicit
    Euler, no particle goes farther than 0.1 sigma in one, no hard sphere farther than a quarter
    of its smallest gap, and none in a chain farther than a quarter of what is left to the full
    length of its bonds. One thread; the same input gives the same bits on the same machine.
    """
    if not (np.isfinite(force_tolerance) and force_tolerance > 0):
        raise InputError(f"force_tolerance: expected a positive force, got {force_tolerance!r}")
    if not isinstance(max_iterations, int | np.integer) or max_iterations < 1:
        raise InputError(f"max_iterations: expected 1, 2, ..., got {max_iterations!r}")
    energy(configuration, model)  # raises if the model cannot describe the configuration
    first_dt = first_dt_of(configuration, model)
    return fire(configuration, model, force_tolerance, max_iterations, first_dt)


def first_dt_of(configuration: Configuration, model: Model) -> float:
    """Return the first time step for a model: that of its pairs, or less if it has bonds."""
    if model.pair.tables:
        curvature = np.median(laplacians(configuration, model))
        # Particles that feel nothing, or stand on a saddle, may go at any pace.
        return DT_PER_CURVATURE / np.sqrt(max(curvature, model.temperature))
    of_pairs = FIRST_DT[model.pair.form]
    return of_pairs if model.bonds is None else min(of_pairs, FIRST_DT_BONDED)


def fire(
    configuration: Configuration,
    model: Model,
    force_tolerance: float,
    max_iterations: int,
    first_dt: float,
) -> InherentState:
    """Do what `inherent_state` does, with arguments that are known to be right.

    Who starts near a minimum may set out with steps longer than `FIRST_DT`; none gets longer than
    `LARGEST_DT` of those.

    Raises
    ------
    NotConvergedError
        As `inherent_state`.
    """
    best, progress, status = _descend(
        configuration, model, force_tolerance, max_iterations, first_dt
    )
    end = configuration.replace(positions=best, velocities=None)
    state = InherentState(
        start=configuration,
        configuration=end,
        energy=energy(end, model) / len(end),
        force=float(progress[kernel.SMALLEST_LARGEST_FORCE]),
        iterations=int(progress[kernel.ITERATIONS]),
    )
    if status == kernel.EXHAUSTED:
        raise NotConvergedError(
            f"inherent_state: expected a largest force of {force_tolerance:g} eps/sigma within "
            f"max_iterations = {max_iterations} steps, got {state.force:.3g}",
            state,
        )
    return state


def _descend(
    configuration: Configuration,
    model: Model,
    force_tolerance: float,
    max_iterations: int,
    first_dt: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    """Return the best positions (N, 3), the progress of the kernel, and its status."""
    pair, form = model.pair, FORMS[model.pair.form]
    table = pair_table(pair)
    reach = pair.cutoffs + SKIN
    told = kernel.Parameters(
        force_tolerance=float(force_tolerance),
        max_iterations=int(max_iterations),
        largest_dt=LARGEST_DT * first_dt_of(configuration, model),
        dt_per_gap=DT_PER_GAP,
        longest_step=LONGEST_STEP,
        skin=SKIN,
        delay=DELAY,
        growth=GROWTH,
        cut=CUT,
        first_mixing=FIRST_MIXING,
        mixing_decay=MIXING_DECAY,
    )
    # Particles that are near in space are near in memory.
    order = cell_list(configuration, float(reach.max())).order
    now = Configuration(
        configuration.wrapped[order], configuration.species[order], configuration.box
    )
    springs = _springs(configuration, model, order, now.positions)
    n, start = len(now), now.positions.T.copy()
    best, velocities = start.copy(), np.zeros_like(start)
    progress = np.zeros(kernel.N_PROGRESS)
    progress[kernel.DT], progress[kernel.MIXING] = first_dt, FIRST_MIXING
    progress[kernel.SMALLEST_LARGEST_FORCE] = np.inf
    status = kernel.STALE
    while status == kernel.STALE:
        cells = cell_list(now, float(reach.max()))
        positions = now.positions.T
        listed = kernel.list_neighbors(cells, now.species, reach, now.box.inverse, positions)
        x = np.empty((3, n + len(listed.parents)))
        x[:, :n] = positions
        status = kernel.descend(
            form, table, now.species, listed, springs, x, velocities, best, progress, told
        )
        now = now.replace(positions=x[:, :n].T)
    end = np.empty((n, 3))
    end[order] = (best - start).T
    return configuration.positions + end, progress, status


def _springs(
    configuration: Configuration,
    model: Model,
    order: NDArray[np.int64],
    sorted_positions: NDArray[np.float64],
) -> kernel.Springs:
    """Return the bonds between particles in another order, at these positions."""
    bonds, place = bond_table(configuration, model), np.argsort(order)
    first, second = place[bonds.first], place[bonds.second]
    shifts = bonds.vectors - (sorted_positions[second] - sorted_positions[first])
    return kernel.Springs(first, second, shifts, bond_row(model))
