"""The closest pair of each two species, in contact distances."""

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration
from cagebreak.models.model import Model
from cagebreak.neighbors import cell_list, neighbor_table
from cagebreak.potentials import _match_kernel as kernel
from cagebreak.potentials.sizes import contacts_of, longest_contact

Floats = NDArray[np.float64]


def closest_pairs(
    configuration: Configuration, model: Model, reach: float
) -> tuple[Floats, NDArray[np.int64], Floats]:
    """Return the pair of each two species that is closest in contact distances.

    Parameters
    ----------
    configuration, model
    reach
        Up to which pairs are looked for, in contact distances.

    Returns
    -------
    distances : (S, S) array
        In sigma; infinite if there is no pair.
    pairs : (S, S, 2) array
        Numbers of the particles.
    contacts : (S, S) array
        Contact distances: of the species, or of the two particles if they have their own sizes.
    """
    s, contacts = model.n_species, np.array(model.pair.sigma)
    distances, pairs = np.full((s, s), np.inf), np.zeros((s, s, 2), np.int64)
    if model.sizes is None:
        kernel.nearest_pairs(cell_list(configuration, reach * contacts.max()), distances, pairs)
        return distances, pairs, contacts
    table = neighbor_table(configuration, reach * longest_contact(configuration, model))
    if len(table.distances):
        each = contacts_of(configuration, model, *table.pairs.T)
        k = int((table.distances / each).argmin())
        distances[:], pairs[:], contacts[:] = table.distances[k], table.pairs[k], each[k]
    return distances, pairs, contacts
