r"""Energies and forces of a configuration, for every model.

Pair potentials, zero beyond their cut-off r_c (`PairPotential` has the parameters):

- ``harmonic``: :math:`\epsilon (1 - r/\sigma)^2`; :cite:`Alkemade2023`, eq. 2.
- ``lennard_jones``: :math:`4 \epsilon [(\sigma/r)^{12} - (\sigma/r)^6]`, shifted to zero at r_c;
  Alkemade 2023, eq. 3.
- ``lennard_jones_smooth``: the same up to the inner cut-off; from there to r_c the force is the
  cubic polynomial that joins it and ends at zero, both with continuous slope (`lj/smooth` of
  LAMMPS), and the energy is its integral.
- ``lennard_jones_even``, ``soft_spheres``: :math:`4 \epsilon [(\sigma/r)^{12} - (\sigma/r)^6]`, or
  :math:`\epsilon (\sigma/r)^{12}`, plus the polynomial :math:`c_0 + c_2 r^2 + c_4 r^4` with which
  the energy and two derivatives are zero at r_c; :cite:`Gutierrez2015`, :cite:`Ninarello2017`.
- ``hard_log``: :math:`V(r) = -kT \ln(r - \sigma)` with energy and force shifted to zero,
  :math:`V(r) - V(r_c) - (r - r_c) V'(r_c)`; the effective potential of hard spheres of
  :cite:`Arceri2020`, as in Alkemade 2023, section II D.
- ``tabulated``: cubic Hermite interpolation of a table: between two distances the cubic that has
  the energy and the force of both. The force is exactly its negative slope.

Particles with diameters of their own (`cagebreak.models.model.Sizes`) have u(r / sigma_ij), with u
that of two particles of diameter 1.

A pair counts once for each periodic image within the cut-off, so boxes may be small and sheared.

Energies and forces of models of `cagebreak.models.lammps` are those of LAMMPS. They have no
Laplacians and no stress.

Bonded particles feel a bond instead of the pair potential; `cagebreak.potentials.bonds` has its
equation.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration, as_configuration, ball
from cagebreak.errors import ConfigurationError
from cagebreak.models.model import Model, PairPotential, Table, require_pairs
from cagebreak.neighbors import MOST_IN_POTENTIAL, cell_list, check_density
from cagebreak.potentials import _bond_kernel as bond_kernel
from cagebreak.potentials import _pair_kernel as kernel
from cagebreak.potentials.bonds import bond_row, bond_table
from cagebreak.potentials.lammps import Forces
from cagebreak.potentials.overlaps import separated
from cagebreak.potentials.sizes import check_sizes, diameters_of, reach, sizes_of

Floats = NDArray[np.float64]

FORMS = {
    "hard_log": kernel.HARD_LOG,
    "harmonic": kernel.HARMONIC,
    "lennard_jones": kernel.LENNARD_JONES,
    "lennard_jones_even": kernel.POWERS,
    "lennard_jones_smooth": kernel.LENNARD_JONES_SMOOTH,
    "soft_spheres": kernel.POWERS,
    "tabulated": kernel.TABULATED,
}
"""The forms of a pair potential, and their numbers in kernels."""


class PairSums(NamedTuple):
    """Sums over the pairs and bonds of every particle."""

    energies: Floats
    """Half of the energy of each of its pairs, (N,), in eps."""
    forces: Floats
    """(N, 3), in eps / sigma."""
    laplacians: Floats
    """(N,), in eps / sigma^2."""


def energy(configuration: Configuration, model: Model) -> float:
    """Return the potential energy of all particles together, in eps.

    Parameters
    ----------
    configuration
        N particles in a box of any shape.
    model
        Gives the potential.

    Raises
    ------
    ConfigurationError
        If a species is not the model's, the box is far too small for the range of the potential,
        hard spheres overlap, two particles coincide or are nearer than their table begins, or bonds
        are not what `cagebreak.potentials.bonds.bond_table` expects.
    CagebreakError
        As `cagebreak.potentials.lammps.Forces`, of a model of LAMMPS.
    """
    configuration = as_configuration(configuration)
    if model.lammps is not None:
        return Forces(configuration, model)(configuration.positions)[0]
    return float(energies(configuration, model).sum())


def energies(configuration: Configuration, model: Model) -> Floats:
    """Return the energy of every particle, (N,), in eps: half of that of each of its pairs.

    Of a model of LAMMPS it is what `compute pe/atom` shares out. Parameters and errors are those of
    `energy`.
    """
    return energies_and_forces(configuration, model)[0]


def forces(configuration: Configuration, model: Model) -> Floats:
    """Return the force on every particle, (N, 3), in eps / sigma.

    Parameters and errors are those of `energy`.
    """
    configuration = as_configuration(configuration)
    if model.lammps is not None:
        return Forces(configuration, model)(configuration.positions)[1]
    return energies_forces_laplacians(configuration, model).forces


def energies_and_forces(configuration: Configuration, model: Model) -> tuple[Floats, Floats]:
    """Return `energies` and `forces` of every particle, computed in one pass.

    Parameters and errors are those of `energy`.
    """
    configuration = as_configuration(configuration)
    if model.lammps is None:
        return energies_forces_laplacians(configuration, model)[:2]
    of_lammps = Forces(configuration, model, shared=True)
    of_particles = of_lammps(configuration.positions)[1]
    return of_lammps.energies(), of_particles


def laplacians(configuration: Configuration, model: Model) -> Floats:
    r"""Return the curvature of the energy around every particle, (N,), in eps / sigma^2.

    .. math::
        \nabla_i^2 U = \sum_{j \ne i} \left[ u''(r_{ij}) + (d - 1) u'(r_{ij}) / r_{ij} \right],

    in d dimensions: the trace of the particle's block of the Hessian. Parameters and errors are
    those of `energy`; a model of LAMMPS is an `InputError`.
    """
    configuration = as_configuration(configuration)
    return energies_forces_laplacians(configuration, model).laplacians


def energies_forces_laplacians(configuration: Configuration, model: Model) -> PairSums:
    """Return `energies`, `forces` and `laplacians` of every particle, computed in one pass.

    Parameters and errors are those of `energy`; a model of LAMMPS is an `InputError`.
    """
    configuration = as_configuration(configuration)
    require_pairs(model, "Laplacians")
    check_species(configuration, model)
    check_range(configuration, model)
    pair, n = model.pair, len(configuration)
    sums = PairSums(np.empty(n), np.empty((n, 3)), np.empty(n))
    bonds = bond_table(configuration, model)
    cells, sizes = (
        cell_list(configuration, reach(configuration, model)),
        sizes_of(configuration, model),
    )
    form, table = FORMS[pair.form], pair_table(pair)
    i, j = kernel.sums(cells, form, table, model.dimension, sizes, *sums)
    if i >= 0:
        if model.is_hard:
            return energies_forces_laplacians(separated(configuration, model, least=0.0), model)
        raise overlap_error(i, j, model)
    if model.bonds is not None:
        bond_kernel.add_sums(bonds, configuration.species, form, table, bond_row(model), *sums)
    return sums


def stress(configuration: Configuration, model: Model) -> Floats:
    r"""Return the stress of the particles at rest, (3, 3), in eps / sigma^3.

    .. math:: \sigma_{ab} = \frac{1}{V} \sum_{pairs} u'(r) \frac{r_a r_b}{r},

    the derivative of the energy by strain over the volume: tension is positive, and the pressure of
    the particles at rest is :math:`-\mathrm{tr} \, \sigma / d` in d dimensions. Parameters and
    errors are those of `energy`; a model of LAMMPS is an `InputError`.
    """
    configuration = as_configuration(configuration)
    require_pairs(model, "the stress")
    check_species(configuration, model)
    check_range(configuration, model)
    pair, result = model.pair, np.zeros((3, 3))
    cells, sizes = (
        cell_list(configuration, reach(configuration, model)),
        sizes_of(configuration, model),
    )
    form, table = FORMS[pair.form], pair_table(pair)
    i, j = kernel.virial(cells, form, table, sizes, result)
    if i >= 0:
        if model.is_hard:
            return stress(separated(configuration, model, least=0.0), model)
        raise overlap_error(i, j, model)
    if model.bonds is not None:
        bonds = bond_table(configuration, model)
        bond_kernel.add_virial(bonds, configuration.species, form, table, bond_row(model), result)
    return result / configuration.box.volume


def check_species(configuration: Configuration, model: Model) -> None:
    """Raise a `ConfigurationError` if a particle's species is not the model's, or has no size.

    Diameters that the model does not use are a `ConfigurationWarning`.
    """
    configuration = as_configuration(configuration)
    check_sizes(configuration, model)
    if configuration.n_species > model.n_species:
        raise ConfigurationError(
            f"configuration.species: expected {' or '.join(model.species_names)}, as in the model; "
            f"got species number {configuration.n_species - 1}"
        )


def check_dimension(configuration: Configuration, model: Model) -> None:
    """Raise a `ConfigurationError` if configuration and model are of different dimensions."""
    if configuration.dimension != model.dimension:
        raise ConfigurationError(
            f"configuration.box: expected {model.dimension} dimensions, as of {model.name}, got "
            f"{configuration.dimension}"
        )


def check_range(configuration: Configuration, model: Model) -> None:
    """Check that the box has the units of the model, before pairs are searched for.

    Raises
    ------
    ConfigurationError
        If configuration and model are of different dimensions, more than `MOST_IN_POTENTIAL`
        particles lie within the range of the potential, or hard spheres fill more than the box.
    """
    configuration = as_configuration(configuration)
    check_dimension(configuration, model)
    check_density(configuration, reach(configuration, model), MOST_IN_POTENTIAL)
    if model.is_hard:
        box, diameters = configuration.box, diameters_of(configuration, model)
        packing = ball(diameters / 2, box.dimension).sum() / box.volume
        if packing >= 1:
            raise ConfigurationError(
                f"configuration.box: expected a packing fraction below 1, got {packing:.4g} in a "
                f"box of {' x '.join(f'{length:.4g}' for length in box.lengths[: box.dimension])}; "
                "other units?"
            )


def overlap_error(i: int, j: int, model: Model) -> ConfigurationError:
    """Return the error for two particles at which a tabulated potential has no value."""
    return ConfigurationError(
        f"configuration.positions: expected particles {i} and {j} apart, got a distance of no more "
        f"than the first one in their table; the potential of {model.name} has no value there"
    )


def pair_table(pair: PairPotential) -> Floats:
    """Return the parameters as kernels read them: a row for each pair of species, (S, S, P).

    The columns are those of `_pair_kernel`.
    """
    if pair.tables:
        return _pieces(pair)
    epsilon, sigma = np.array(pair.epsilon), np.array(pair.sigma)
    r_c = pair.cutoffs
    table = np.zeros((*sigma.shape, kernel.N_COLUMNS))
    table[..., kernel.CUTOFF_SQUARED] = r_c**2
    if pair.form == "harmonic":
        table[..., kernel.SIGMA] = sigma
        table[..., kernel.STRENGTH] = epsilon / sigma**2
    elif pair.form in ("lennard_jones_even", "soft_spheres"):
        is_soft = pair.form == "soft_spheres"
        twelfth = (epsilon if is_soft else 4 * epsilon) * sigma**12
        sixth = np.zeros_like(sigma) if is_soft else 4 * epsilon * sigma**6
        table[..., kernel.TWELFTH], table[..., kernel.SIXTH] = twelfth, sixth
        u = twelfth / r_c**12 - sixth / r_c**6
        slope = -12 * twelfth / r_c**13 + 6 * sixth / r_c**7
        curvature = 156 * twelfth / r_c**14 - 42 * sixth / r_c**8
        fourth = (slope / r_c - curvature) / (8 * r_c**2)
        second = -slope / (2 * r_c) - 2 * fourth * r_c**2
        table[..., kernel.FOURTH], table[..., kernel.SECOND] = fourth, second
        table[..., kernel.ZEROTH] = -u - r_c**2 * (second + fourth * r_c**2)
    elif pair.form == "hard_log":
        table[..., kernel.SIGMA] = sigma
        table[..., kernel.STRENGTH] = epsilon
        table[..., kernel.CUTOFF] = r_c
        table[..., kernel.CUTOFF_U] = -epsilon * np.log(r_c - sigma)
        table[..., kernel.CUTOFF_SLOPE] = -epsilon / (r_c - sigma)
    else:
        r = pair.inner_cutoff * sigma
        s6 = (sigma / r) ** 6
        u = 4 * epsilon * (s6**2 - s6)
        force = 24 * epsilon * (2 * s6**2 - s6) / r
        slope = -24 * epsilon * (26 * s6**2 - 7 * s6) / r**2
        width = r_c - r
        # Zero force and slope at the cut-off; without smoothing, the width is zero.
        over = np.divide(1, width, out=np.zeros_like(width), where=width > 0)
        third = -(3 * force + 2 * slope * width) * over**2
        fourth = (2 * force + slope * width) * over**3
        fall = width * (force + width * (slope / 2 + width * (third / 3 + width * fourth / 4)))
        table[..., kernel.FOUR_EPSILON] = 4 * epsilon
        table[..., kernel.SIGMA_6] = sigma**6
        table[..., kernel.SHIFT] = u - fall
        table[..., kernel.INNER] = r
        table[..., kernel.INNER_U] = fall
        table[..., kernel.F1], table[..., kernel.F2] = force, slope
        table[..., kernel.F3], table[..., kernel.F4] = third, fourth
    return table


def _pieces(pair: PairPotential) -> Floats:
    """Return the rows of a tabulated potential, each followed by its cubic pieces.

    Pieces also cover distances below the first, which trial moves and minimizers may pass: the
    energy continues along its tangent there.
    """
    rows = [[_row(table) for table in tables] for tables in pair.tables]
    longest = max(len(row) for partners in rows for row in partners)
    result = np.zeros((len(rows), len(rows), longest))
    for a, partners in enumerate(rows):
        for b, row in enumerate(partners):
            result[a, b, : len(row)] = row
    return result


def _row(table: Table) -> Floats:
    u, force = np.array(table.energies), np.array(table.forces)
    h = (table.last - table.first) / (len(u) - 1)
    n_nearer = math.ceil(table.first / h)
    nearer = h * np.arange(-n_nearer, 0)
    u = np.concatenate([u[0] - force[0] * nearer, u])
    slope = -h * np.concatenate([np.full(n_nearer, force[0]), force])
    rise = np.diff(u)
    pieces = np.column_stack(
        [
            u[:-1],
            slope[:-1],
            3 * rise - 2 * slope[:-1] - slope[1:],
            slope[:-1] + slope[1:] - 2 * rise,
        ]
    )
    numbers = np.zeros(kernel.N_COLUMNS)
    numbers[kernel.CUTOFF_SQUARED] = table.last**2
    numbers[kernel.FIRST] = table.first
    numbers[kernel.PER_LENGTH] = 1 / h
    numbers[kernel.OFFSET] = n_nearer - table.first / h
    numbers[kernel.LAST_PIECE] = len(pieces) - 1
    return np.concatenate([numbers, pieces.ravel()])
