"""How far chains reach from end to end."""

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration, as_configuration
from cagebreak.errors import InputError
from cagebreak.models.model import Model
from cagebreak.potentials.bonds import bond_table


def end_to_end(configuration: Configuration, model: Model) -> NDArray[np.float64]:
    """Return the vector from the first to the last particle of every chain, (C, 3), in sigma.

    Bonds are added up, so positions may be wrapped.

    Raises
    ------
    InputError
        If the model has no chains.
    ConfigurationError
        If bonds are not what `cagebreak.potentials.bonds.bond_table` expects.
    """
    configuration = as_configuration(configuration)
    if model.bonds is None:
        raise InputError(f"model: expected one of chains, got {model.name}")
    vectors = bond_table(configuration, model).vectors
    return vectors.reshape(-1, model.chain_length - 1, 3).sum(axis=1)
