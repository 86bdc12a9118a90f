"""A configuration and its model in LAMMPS: the box, the particles and their interaction."""

import os
import warnings
from pathlib import Path

import numpy as np

from cagebreak._atomic import write
from cagebreak.configuration import Configuration
from cagebreak.errors import (
    ConfigurationError,
    ConfigurationWarning,
    InputError,
    SimulationError,
)
from cagebreak.models.model import Model
from cagebreak.potentials.lammps import lines
from cagebreak.potentials.lammps.instance import Instance
from cagebreak.potentials.lammps.scales import scales_of

SAME_MASS = 0.01
"""Relative difference of the mass of a species and that in a file that is rounding (chosen)."""

NEUTRAL = 1e-6
"""Net charge over the sum of all, without signs, up to which particles are neutral (chosen)."""


def set_up(
    instance: Instance, configuration: Configuration, model: Model, time_step: float
) -> None:
    """Put a configuration with velocities into an idle instance, with the model's interaction.

    Raises
    ------
    InputError
        If LAMMPS refuses a line of the model; its message and the line are in the error. If a file
        of the model has other masses.
    SimulationError
        If LAMMPS refuses anything else; the end of its log is in the message.

    Warns
    -----
    ConfigurationWarning
        If sums over wave vectors are of particles with a net charge.
    """
    instance.do(lines.particles(configuration, model, time_step))
    instance.place(configuration, scales_of(model))
    if model.lammps is None:
        instance.do(lines.interactions(model, instance.folder))
        return
    _warn_of_net_charge(configuration, model)
    for s, charge in enumerate(model.lammps.charges, 1):
        instance.do(f"set type {s} charge {charge!r}")
    for name, text in model.lammps.files:
        write(instance.folder / name, text)
    names = [name for name, _ in model.lammps.files]
    for line in model.lammps.lines:
        words = line.split()
        _check_words(instance, line, names)
        where = [str(instance.folder / word) if word in names else word for word in words]
        try:
            instance.do(" ".join(where))
        except SimulationError as error:
            # After a failed style LAMMPS would abort this process on close.
            instance.abandon()
            raise InputError(f"lines: expected what LAMMPS takes, got {line!r}; {error}") from error
    _set_masses(instance, model)


def _set_masses(instance: Instance, model: Model) -> None:
    """Set the masses of the model again, which files of metals replace by those of the elements."""
    pointer = instance.lammps.extract_atom("mass")
    present = [float(pointer[s + 1]) for s in range(model.n_species)]
    if not np.allclose(present, model.masses, rtol=SAME_MASS, atol=0.0):
        instance.give_back()
        raise InputError(
            f"masses: expected {present}, as in the file that the lines name, got "
            f"{list(model.masses)}; are the elements in the order of the species?"
        )
    for s, mass in enumerate(model.masses, 1):
        instance.do(f"mass {s} {mass!r}")


def _warn_of_net_charge(configuration: Configuration, model: Model) -> None:
    assert model.lammps is not None
    if not any(line.startswith("kspace_style") for line in model.lammps.lines):
        return
    charges = np.array(model.lammps.charges or (0.0,) * model.n_species)[configuration.species]
    if abs(charges.sum()) > NEUTRAL * np.abs(charges).sum():
        warnings.warn(
            f"charges: expected neutral particles, got a net charge of {charges.sum():.6g} of "
            f"{len(charges)}; LAMMPS adds a uniform background of the other sign",
            ConfigurationWarning,
            stacklevel=2,
        )


def first_run(instance: Instance, model: Model) -> None:
    """Compute forces for the first time, when LAMMPS looks at its input as a whole.

    Raises
    ------
    InputError
        If LAMMPS refuses the lines of the model together; its message and the lines are in the
        error.
    SimulationError
        If LAMMPS refuses anything else.
    """
    try:
        instance.do("run 0 post no")
    except SimulationError as error:
        if model.lammps is None:
            raise
        instance.abandon()
        raise InputError(
            f"lines: expected what LAMMPS takes, got {list(model.lammps.lines)}; {error}"
        ) from error


def check_box(configuration: Configuration) -> None:
    """Raise a `ConfigurationError` if the lattice vectors are not those of LAMMPS."""
    matrix = configuration.box.matrix
    if np.triu(matrix, 1).any() or (np.diag(matrix) <= 0).any():
        raise ConfigurationError(
            "configuration.box: expected the first lattice vector along x and the second in the "
            f"plane xy, as LAMMPS does, got {matrix.tolist()}"
        )


def _check_words(instance: Instance, line: str, names: list[str]) -> None:
    """Check that no word can be a file that the model does not have, which LAMMPS would read."""
    command, *words = line.split()
    if command not in ("pair_style", "pair_coeff"):
        return
    # LAMMPS looks for files there, too.
    elsewhere = os.environ.get("LAMMPS_POTENTIALS", "").split(os.pathsep)
    folders = [Path(), *map(Path, elsewhere)]
    for word in words:
        is_style = any(instance.lammps.has_style(kind, word) for kind in ("pair", "kspace"))
        if (
            word not in names
            and not is_style
            and ("/" in word or any((folder / word).is_file() for folder in folders))
        ):
            instance.abandon()
            raise InputError(
                f"lines: expected files that were in the folder of the lines, got {word!r} in "
                f"{line!r}, which is no style of this LAMMPS and would be read from elsewhere"
            )
