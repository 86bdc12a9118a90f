"""The inherent state: the local energy minimum that a configuration descends to, by FIRE."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cagebreak._progress import shown
from cagebreak.configuration import Configuration, as_configuration
from cagebreak.errors import InputError, NotConvergedError
from cagebreak.models import as_model
from cagebreak.models.model import Model
from cagebreak.neighbors import cell_list
from cagebreak.potentials.bonds import bond_row, bond_table
from cagebreak.potentials.lammps import Forces
from cagebreak.potentials.overlaps import separated
from cagebreak.potentials.pair_potentials import FORMS, energy, laplacians, pair_table
from cagebreak.potentials.sizes import reach as reach_of
from cagebreak.potentials.sizes import sizes_of
from cagebreak.potentials.state_point import warn_of_another_state_point
from cagebreak.states import _fire_kernel as kernel
from cagebreak.states._fire_list_kernel import NeighborList, list_neighbors
from cagebreak.states.lammps_descent import descend as lammps_descent
from cagebreak.states.lammps_descent import median_curvature

# Parameters of FIRE, as printed by Bitzek 2006.
DELAY = 5
"""N_min: steps downhill before the time step grows."""
GROWTH = 1.1
"""f_inc: factor by which the time step grows."""
CUT = 0.5
"""f_dec: factor on the time step after a step uphill."""
FIRST_MIXING = 0.1
"""alpha_start: share of the velocity that is turned towards the force."""
MIXING_DECAY = 0.99
"""f_alpha: factor on that share per step."""
LARGEST_DT = 10
"""Largest time step, in units of the first."""

FIRST_DT = {
    "hard_log": 0.005,
    "harmonic": 0.03,
    "lennard_jones": 0.003,
    "lennard_jones_even": 0.003,
    "lennard_jones_smooth": 0.003,
    "soft_spheres": 0.006,
}
"""First time step of each form of potential, with all masses 1; chosen.

The largest time step is then just below the limit of stability of the stiffest vibrations at the
default state points. Above that limit FIRE restarts again and again and needs several times as many
steps.
"""

FIRST_DT_BONDED = 0.0025
"""Upper limit of the first time step of models with bonds; chosen likewise."""

DT_PER_CURVATURE = 0.09
"""First time step of a table or of LAMMPS, times the root of the median Laplacian of the start.

Chosen: the value of harmonic spheres at their default state point. Kob-Andersen has 0.11, measured.
"""

DT_PER_GAP = 0.7
"""Largest time step of hard spheres, in units of their smallest gap; chosen.

A sphere between two others, each a gap g away, has omega = 2 sqrt(kT) / g. Semi-implicit Euler is
stable for time steps below 2 / omega = g.
"""

LONGEST_STEP = 0.1
"""Largest displacement of a particle in one step, in sigma; chosen."""

SKIN = 0.3
"""Width of the shell beyond the cut-off in which neighbors are listed, in sigma; chosen."""


@dataclass(frozen=True, eq=False)
class InherentState:
    """A local minimum of the potential energy, and the descent that led to it.

    Parameters
    ----------
    start
        The configuration at the beginning of the descent.
    configuration
        The minimum, without velocities. Positions are not wrapped, and images are those of
        `start`, so that unwrapped positions are continuous.
    energy
        Potential energy per particle, in eps.
    force
        The largest remaining force on a particle, in eps / sigma.
    iterations
        Number of steps of FIRE.
    """

    start: Configuration
    configuration: Configuration
    energy: float
    force: float
    iterations: int

    @property
    def displacement(self) -> NDArray[np.float64]:
        """Distance of each particle from its initial position, (N,), in sigma."""
        vectors = self.configuration.unwrapped - self.start.unwrapped
        return np.sqrt((vectors**2).sum(axis=1))


def inherent_state(
    configuration: Configuration,
    model: Model,
    *,
    force_tolerance: float = 1e-6,
    max_iterations: int = 100_000,
) -> InherentState:
    """Descend from a configuration to a local minimum of the potential energy, by FIRE.

    Parameters
    ----------
    configuration
        N particles in a box of any shape, which does not change.
    model
        Gives the pair potential. That of hard spheres is the logarithmic one of
        `cagebreak.potentials`, under which spheres never overlap.
    force_tolerance
        The descent ends when no particle feels a larger force, in eps / sigma; chosen.
    max_iterations
        The largest number of steps; chosen.

    Returns
    -------
    InherentState
        The minimum; `displacement` is the distance of each particle from the start.

    Raises
    ------
    InputError
        If `force_tolerance` or `max_iterations` is not positive.
    ConfigurationError
        If a species is not the model's, hard spheres overlap, two particles coincide, or bonds
        violate the expectations of `cagebreak.potentials.bonds.bond_table`.
    NotConvergedError
        If `max_iterations` steps do not suffice. Its `state` is the `InherentState` whose largest
        force is the smallest so far.

    Notes
    -----
    The fast inertial relaxation engine (FIRE) of :cite:`Bitzek2006`, with the parameters printed
    there, as in :cite:`Alkemade2023`. Chosen here: all masses are 1, and the integrator is
    semi-implicit Euler. In one step no particle moves farther than 0.1 sigma, no hard sphere
    farther than a quarter of its smallest gap, and no bead of a chain farther than a quarter of the
    distance to the largest extension of its bonds. One thread; the same input gives the same bits
    on the same machine. Forces of a model of LAMMPS are those of LAMMPS.
    """
    configuration = as_configuration(configuration)
    model = as_model(model)
    if not (np.isfinite(force_tolerance) and force_tolerance > 0):
        raise InputError(f"force_tolerance: expected a positive force, got {force_tolerance!r}")
    if not isinstance(max_iterations, int | np.integer) or max_iterations < 1:
        raise InputError(f"max_iterations: expected 1, 2, ..., got {max_iterations!r}")
    if model.is_hard and configuration.n_species <= model.n_species:
        configuration = separated(configuration, model, least=0.0)
    energy(configuration, model)  # raises if the model cannot describe the configuration
    warn_of_another_state_point(configuration, model)
    first_dt = first_dt_of(configuration, model)
    return fire(configuration, model, force_tolerance, max_iterations, first_dt)


def first_dt_of(configuration: Configuration, model: Model) -> float:
    """Return the first time step of FIRE for a model, with all masses 1."""
    if model.pair.tables or model.lammps is not None:
        if model.lammps is not None:
            forces_at = Forces(configuration, model)
            curvature = median_curvature(forces_at, configuration.positions)
        else:
            curvature = float(np.median(laplacians(configuration, model)))
        # Bounded from below: without interaction, or at a saddle, the curvature may be 0 or less.
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
    """Run `inherent_state` with checked arguments and any first time step.

    Near a minimum, the first time step may be longer than `first_dt_of`. The largest is always
    `LARGEST_DT` times `first_dt_of`.

    Raises
    ------
    NotConvergedError
        As in `inherent_state`.
    """
    progress = np.zeros(kernel.N_PROGRESS)
    progress[kernel.DT], progress[kernel.MIXING] = first_dt, FIRST_MIXING
    progress[kernel.SMALLEST_LARGEST_FORCE] = np.inf
    with shown("inherent state", _Descent(progress, force_tolerance).fraction):
        best, status = _descend(configuration, model, force_tolerance, max_iterations, progress)
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
    progress: NDArray[np.float64],
) -> tuple[NDArray[np.float64], int]:
    """Return the best positions (N, 3) and the status of the kernel, which writes its progress."""
    parameters = kernel.FireParameters(
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
    if model.lammps is not None:
        forces_at = Forces(configuration, model)
        return lammps_descent(forces_at, configuration.positions, progress, parameters)
    pair, form = model.pair, FORMS[model.pair.form]
    table = pair_table(pair)
    sizes, reach = sizes_of(configuration, model), pair.cutoffs + SKIN
    if model.sizes is not None:
        reach = np.array([[reach_of(configuration, model) + SKIN]])
    # Particles that are near in space are near in memory.
    order = cell_list(configuration, float(reach.max())).order
    current = Configuration(
        configuration.wrapped[order], configuration.species[order], configuration.box
    )
    bonds = _sorted_bonds(configuration, model, order, current.positions)
    n, start = len(current), current.positions.T.copy()
    best, velocities = start.copy(), np.zeros_like(start)
    status = kernel.STALE
    while status == kernel.STALE:
        cells = cell_list(current, float(reach.max()))
        positions = current.positions.T
        neighbor_list = NeighborList(
            *list_neighbors(cells, current.species, reach, current.box.inverse, positions)
        )
        of_all = sizes
        if model.sizes is not None:
            diameters = sizes.diameters[order]
            images = diameters[neighbor_list.parents]
            of_all = sizes._replace(diameters=np.concatenate([diameters, images]))
        x = np.empty((3, n + len(neighbor_list.parents)))
        x[:, :n] = positions
        status = kernel.descend(
            form,
            table,
            current.species,
            neighbor_list,
            bonds,
            of_all,
            x,
            velocities,
            best,
            progress,
            parameters,
        )
        current = current.replace(positions=x[:, :n].T)
    end = np.empty((n, 3))
    end[order] = (best - start).T
    return configuration.positions + end, status


class _Descent:
    """How far a descent has come: near a minimum, forces fall exponentially."""

    def __init__(self, progress: NDArray[np.float64], force_tolerance: float) -> None:
        self._progress, self._last = progress, force_tolerance
        self._first = 0.0

    def fraction(self) -> float:
        force = float(self._progress[kernel.SMALLEST_LARGEST_FORCE])
        if not self._last < force < np.inf:
            return 0.0
        self._first = self._first or force
        if force == self._first:
            return 0.0
        return float(np.log(self._first / force) / np.log(self._first / self._last))


def _sorted_bonds(
    configuration: Configuration,
    model: Model,
    order: NDArray[np.int64],
    sorted_positions: NDArray[np.float64],
) -> kernel.BondList:
    """Return the bonds between the particles in their sorted order, at the sorted positions."""
    bonds, place = bond_table(configuration, model), np.argsort(order)
    first, second = place[bonds.first], place[bonds.second]
    shifts = bonds.vectors - (sorted_positions[second] - sorted_positions[first])
    return kernel.BondList(first, second, shifts, bond_row(model))
