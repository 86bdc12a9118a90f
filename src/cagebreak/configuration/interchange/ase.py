"""`ase.Atoms`. Numbers are taken as they are; ASE's lengths are Å, its energies eV, its masses u.

Momenta are divided by masses, as `Atoms.get_velocities` does. Images, which ASE does not know, are
the array `images`, and the order of the elements is the entry `species_names` of `info`, in words
separated by spaces: so extended XYZ, which ASE writes, has it where `cagebreak.read` looks for it.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cagebreak.configuration._arrays import vectors
from cagebreak.configuration.interchange.arrays import Arrays, Particles, box_of, diameters_of
from cagebreak.configuration.interchange.names import species_of
from cagebreak.configuration.interchange.packages import imported, require
from cagebreak.errors import InputError

KINDS = ("ase.Atoms",)

_ORDER = "species_names"


def arrays_of(atoms: Any, species: Sequence[str] | None = None) -> Arrays:
    """Return the arrays of `Configuration.from_ase`."""
    require("atoms", atoms, KINDS)
    box, change = box_of("atoms.cell", atoms.cell[...], atoms.pbc.tolist())
    images = atoms.arrays.get("images")
    if images is not None:
        images = vectors('atoms.arrays["images"]', images, len(atoms)) @ change
    labels: dict[str, ArrayLike] = {"symbols": atoms.get_chemical_symbols()}
    order = atoms.info.get(_ORDER) if species is None else species
    if species is None and isinstance(order, str):
        order = order.split()
    if "type" in atoms.arrays:
        labels = {"type": atoms.arrays["type"], **labels}
    elif order is None:
        order = _order_of(atoms.numbers)
    of_particles = species_of("atoms", labels, order)
    return Arrays(
        atoms.positions,
        of_particles,
        box,
        atoms.get_velocities() if atoms.has("momenta") else None,
        images,
        diameters_of('atoms.arrays["diameters"]', atoms.arrays.get("diameters"), of_particles),
    )


def atoms_of(configuration: Particles, species: Sequence[str] | None) -> Any:
    """Return the atoms of `Configuration.to_ase`."""
    ase, data = imported("ase", "ase"), imported("ase.data", "ase")
    n_species = configuration.n_species
    elements = data.chemical_symbols[1 : n_species + 1] if species is None else list(species)
    known = len(set(elements)) == len(elements) >= n_species
    if isinstance(species, str) or not known or any(e not in data.atomic_numbers for e in elements):
        raise InputError(
            f"species: expected different symbols of elements for the {n_species} species, such "
            f"as ('Ni', 'P'), got {species!r}"
        )
    atoms = ase.Atoms(
        numbers=np.array([data.atomic_numbers[e] for e in elements])[configuration.species],
        positions=configuration.positions,
        cell=configuration.box.sheet,
        masses=np.ones(len(configuration)),
        pbc=True,
        info={_ORDER: " ".join(elements)},
    )
    if configuration.velocities is not None:
        atoms.set_velocities(configuration.velocities)
    if configuration.images is not None:
        atoms.set_array("images", configuration.images)
    if configuration.diameters is not None:
        atoms.set_array("diameters", configuration.diameters)
    return atoms


def _order_of(numbers: np.ndarray) -> list[str] | None:
    """Return the symbols in order if there is one, or if they are those of types of LAMMPS.

    `ase.io.read` gives type 1 of a dump the symbol H, type 2 He, and so on.
    """
    symbols = imported("ase.data", "ase").chemical_symbols
    distinct = np.unique(numbers).tolist()
    if len(distinct) == 1 or distinct == list(range(1, len(distinct) + 1)):
        return [symbols[number] for number in distinct]
    return None
