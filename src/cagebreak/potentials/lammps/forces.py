"""Energies and forces of particles that LAMMPS computes, at one set of positions after another."""

import ctypes
import weakref

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration, as_configuration
from cagebreak.errors import ConfigurationError, InputError
from cagebreak.models.model import Model
from cagebreak.neighbors import MOST_IN_POTENTIAL, check_apart, check_density
from cagebreak.potentials.lammps.instance import Instance
from cagebreak.potentials.lammps.scales import scales_of
from cagebreak.potentials.lammps.setup import check_box, first_run, set_up
from cagebreak.potentials.sizes import check_sizes
from cagebreak.seeding import stream

Floats = NDArray[np.float64]

SHAKE = 0.03
"""Random displacement along each axis before forces are compared with differences of the energy, in
sigma (chosen): near a minimum the differences drown in the rounding of tables of LAMMPS."""

STEP = 1e-3
"""Largest displacement along the forces of these differences, in sigma (chosen)."""

DISAGREEMENT = 0.02
"""Relative difference of both that is an error (chosen): sums over wave vectors have 1e-3; forces
of friction, or an energy that LAMMPS does not add up, differ by as much as they are."""

SHARED = """
compute energies all pe/atom
compute sum all reduce sum c_energies
thermo_style custom step temp pe etotal press vol c_sum
thermo_modify norm no flush yes
"""
"""Lines with which energies of particles are computed whenever LAMMPS prints."""


class Forces:
    """The forces of a model on the particles of a configuration.

    Parameters
    ----------
    configuration
        N particles. The first lattice vector lies along x, the second in the plane xy.
    model
        A model of `cagebreak.models.lammps`.
    shared
        Whether LAMMPS shares the energy out among the particles, for `energies`.

    Raises
    ------
    MissingDependencyError
        If LAMMPS is not installed.
    ConfigurationError
        If a species is not the model's, the box is far too small, particles coincide, or the
        lattice vectors are not LAMMPS'.
    InputError
        If LAMMPS refuses a line of the model, or forces are not the slope of the energy: styles of
        friction or of noise have no energy.
    SimulationError
        If LAMMPS refuses anything else.
    """

    def __init__(self, configuration: Configuration, model: Model, shared: bool = False) -> None:
        configuration = as_configuration(configuration)
        check_sizes(configuration, model)
        if configuration.n_species > model.n_species:
            raise ConfigurationError(
                f"configuration.species: expected {' or '.join(model.species_names)}, as in the "
                f"model; got species number {configuration.n_species - 1}"
            )
        if configuration.dimension != 3:
            raise ConfigurationError(
                f"configuration.box: expected 3 dimensions, as of {model.name}, got "
                f"{configuration.dimension}"
            )
        check_box(configuration)
        check_density(configuration, float(model.pair.cutoffs.max()), MOST_IN_POTENTIAL)
        check_apart(configuration)
        self._box, self._scales = configuration.box, scales_of(model)
        self._shifts = configuration.wrapped - configuration.positions
        instance = Instance.idle_or_new()
        at_rest = configuration.replace(velocities=np.zeros((len(configuration), 3)))
        assert model.lammps is not None
        set_up(instance, at_rest, model, model.lammps.time_step)
        if shared:
            instance.do(SHARED)
        first_run(instance, model)
        self._instance = instance
        weakref.finalize(self, instance.give_back)
        self._require_slope(configuration.positions, model)

    def __call__(self, positions: Floats) -> tuple[float, Floats]:
        """Return the energy of all particles, in eps, and the forces, (N, 3), in eps / sigma.

        `positions` (N, 3) in sigma may lie outside the box.
        """
        # Each particle goes to the image at which LAMMPS has it: LAMMPS makes new lists whenever a
        # particle has moved far, and would take one that enters across the box for such.
        images = np.array(self._instance.lammps.gather_atoms("image", 0, 3)).reshape(-1, 3)
        near = positions + self._shifts - images @ self._box.matrix
        apart = np.abs(near @ self._box.inverse - 0.5).max(axis=1) > 1
        near[apart] = self._box.wrap(near[apart])
        sites = near * self._scales.length
        content = (ctypes.c_double * sites.size).from_buffer(sites.data)
        self._instance.lammps.scatter_atoms("x", 1, 3, content)
        self._instance.do("run 1 pre no post no")
        return self._instance.thermo("pe"), self._instance.gather("f") * self._scales.length

    def energies(self) -> Floats:
        """Return the energy of every particle at the last positions, (N,), in eps.

        A style shares out its energy as it does: that of a pair, half to each.

        Raises
        ------
        InputError
            If the style does not share out all of its energy.
        """
        energies = self._instance.gather("c_energies", 1)[:, 0]
        whole = self._instance.thermo("pe")
        if not abs(energies.sum() - whole) <= 1e-6 * np.abs(energies).sum():
            raise InputError(
                f"model: expected a style that shares out its energy, {whole:.6g} eps, got "
                f"{energies.sum():.6g} over all particles"
            )
        return energies

    def _require_slope(self, positions: Floats, model: Model) -> None:
        """Raise an `InputError` unless the energy changes along the forces as they say."""
        random = stream(0, "slope")
        positions = positions + SHAKE * random.uniform(-1, 1, positions.shape)
        forces = self(positions)[1]
        largest = float(np.abs(forces).max())
        if not largest > 0:  # no particle is near another
            return
        shift = forces * (STEP / largest)
        change = self(positions + shift)[0] - self(positions - shift)[0]
        expected = 2 * float((forces * shift).sum())
        if not abs(change + expected) <= DISAGREEMENT * expected:
            raise InputError(
                f"model: expected lines whose forces are the slope of the energy, got a change of "
                f"{change:.6g} eps where the forces say {-expected:.6g}: "
                f"{'; '.join(model.lammps.lines) if model.lammps else model.name}"
            )
