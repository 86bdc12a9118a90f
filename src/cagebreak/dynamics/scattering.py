"""Collective relaxation of the density: the intermediate scattering function F(k, t)."""

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration, as_configuration
from cagebreak.dynamics._shapes import require_displacements_of
from cagebreak.structure.wave_vectors import Complexes, WaveVectors, modes_at

Floats = NDArray[np.float64]


def intermediate_scattering(
    configuration: Configuration, displacements: Floats, vectors: WaveVectors
) -> Floats:
    r"""Return F(k, t) of every pair of species, (T, S, S, B).

    .. math:: F_{ab}(k, t) = \frac{1}{N} \, \langle \rho_a(k, t) \, \rho_b(-k, 0) \rangle

    averaged over the wave vectors of each shell. F(k, 0) is the structure factor S(k)
    (`cagebreak.structure.structure_factor`). The total is the sum over a and b
    (:cite:`HansenMcDonald2013`).

    Parameters
    ----------
    configuration
        The start of the run, N particles.
    displacements : (T, N, 3) array
        From the start, in sigma; not wrapped.
    vectors
        Wave vectors of the box of the start; see `cagebreak.structure.wave_vectors`.

    Raises
    ------
    InputError
        If the displacements have another shape, or the wave vectors are of another box.
    """
    configuration = as_configuration(configuration)
    vectors.require_box(configuration)
    displacements = require_displacements_of(displacements, configuration)
    n_species = configuration.n_species
    of_species = [np.flatnonzero(configuration.species == s) for s in range(n_species)]

    def modes(positions: Floats) -> Complexes:
        parts = (positions.take(rows, axis=0) for rows in of_species)
        return np.array([modes_at(part, vectors, np.ones(len(part))) for part in parts])

    start = modes(configuration.positions).conj()
    result = np.empty((len(displacements), n_species, n_species, vectors.n_shells))
    for of_time, moved in zip(result, displacements, strict=True):
        now = modes(configuration.positions + moved)
        of_time[:] = vectors.mean((now[:, None] * start).real) / len(configuration)
    return result
