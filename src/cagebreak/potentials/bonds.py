r"""The bonds of a configuration, and the parameters of a bond as kernels read them.

Two bonded particles, the nearest image of each, feel instead of the pair potential, at a distance
below R_0,

.. math::
    -\tfrac{1}{2} k R_0^2 \ln[1 - (r / R_0)^2]
    + 4 \epsilon [(\sigma/r)^{12} - (\sigma/r)^6] + \epsilon,

with the second part up to its minimum at :math:`2^{1/6} \sigma` only: the finitely extensible
spring (FENE) of :cite:`Kremer1990`, `bond_style fene` with `special_bonds fene` in LAMMPS. `Bonds`
has the parameters.
"""

import numpy as np

from cagebreak.configuration import Configuration, as_configuration
from cagebreak.errors import ConfigurationError
from cagebreak.models.model import Model
from cagebreak.potentials._bond_kernel import BondTable


def bond_table(configuration: Configuration, model: Model) -> BondTable:
    """Return the bonds of a configuration; none if the model has no chains.

    Raises
    ------
    ConfigurationError
        If the particles do not make whole chains, the box is so small that a bond could reach two
        images, or a bond is not shorter than R_0.
    """
    configuration = as_configuration(configuration)
    bonds, n = model.bonds, len(configuration)
    if bonds is None:
        none = np.empty(0, np.int64)
        return BondTable(none, none, np.empty((0, 3)))
    if n % bonds.chain_length:
        raise ConfigurationError(
            f"configuration: expected whole chains of {bonds.chain_length} particles, got {n}"
        )
    box = configuration.box
    if box.heights.min() < 2 * bonds.extent:
        raise ConfigurationError(
            f"configuration.box: expected opposite faces {2 * bonds.extent:g} sigma apart at "
            f"least, for bonds that reach {bonds.extent:g}; got {box.heights.min():g}"
        )
    second = np.flatnonzero(np.arange(n) % bonds.chain_length)
    first = second - 1
    vectors = box.minimum_image(configuration.positions[second] - configuration.positions[first])
    lengths = np.sqrt((vectors**2).sum(axis=1))
    longest = int(lengths.argmax())
    if not lengths[longest] < bonds.extent:
        raise ConfigurationError(
            f"configuration.positions: expected a bond between particles {first[longest]} and "
            f"{second[longest]} shorter than {bonds.extent:g}, got {lengths[longest]:.4g}; "
            f"particles stand in the order of chains of {bonds.chain_length}"
        )
    return BondTable(first, second, vectors)


def bond_row(model: Model) -> tuple[float, ...]:
    """Return the numbers of a bond, in the columns of `_bond_kernel`; zeros without bonds."""
    bonds = model.bonds
    if bonds is None:
        return (0.0,) * 5
    return (
        bonds.stiffness,
        bonds.extent**2,
        2 ** (1 / 3) * bonds.sigma**2,
        4 * bonds.epsilon,
        bonds.sigma**6,
    )
