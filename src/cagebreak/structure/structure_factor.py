"""The static structure factor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration, as_configurations
from cagebreak.errors import InputError
from cagebreak.structure.shell_average import ShellAverage
from cagebreak.structure.wave_vectors import density_modes, shells

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StructureFactor:
    """S(k) of every pair of species.

    Parameters
    ----------
    k : (B,) array
        Mean wave number of each shell, in 1 / sigma.
    pairs : (S, S, B) array
        ``pairs[a, b]``: partial structure factor of species a and b; symmetric.
    total : (B,) array
        Of all particles: the sum of all `pairs`.
    counts : (B,) array of integers
        Number of wave vectors of each shell, of all configurations.
    """

    k: Floats
    pairs: Floats
    total: Floats
    counts: NDArray[np.int64]


def structure_factor(
    configurations: Configuration | Sequence[Configuration],
    k_max: float = 20.0,
    width: float | None = None,
) -> StructureFactor:
    r"""Return S(k) of a configuration, or the mean of several.

    .. math:: S_{ab}(k) = \frac{1}{N} \, \langle \rho_a(k) \, \rho_b(-k) \rangle

    with the density modes :math:`\rho_a` of species a (`density_modes`), averaged over all wave
    vectors of a shell that fit the box. The total structure factor is the sum over a and b
    (:cite:`HansenMcDonald2013`).

    Parameters
    ----------
    configurations
        One or several.
    k_max
        Largest wave number, in 1 / sigma; default 20, the second peak and beyond.
    width
        Of a shell, in 1 / sigma; default 2 pi over the longest lattice vector of the first.

    Raises
    ------
    InputError
        If there is no configuration, or a number is not positive.
    """
    several = as_configurations(configurations)
    if not several:
        raise InputError("configurations: expected at least one, got none")
    # Shells of one width for all boxes, which have other wave vectors.
    width = 2 * np.pi / several[0].box.longest if width is None else width
    n_species = max(configuration.n_species for configuration in several)
    vectors = shells(several[0].box, k_max, width)
    k, counts, pairs = [], [], []
    for configuration in several:
        box = configuration.box
        if vectors.box != box:
            vectors = shells(box, k_max, width)
        modes = density_modes(configuration, vectors)
        products = np.zeros((n_species, n_species, len(vectors)))
        # The mean of rho_a(k) rho_b(-k) over k and -k is its real part.
        products[: len(modes), : len(modes)] = (modes[:, None] * modes.conj()).real
        pairs.append(vectors.mean(products) / len(configuration))
        k.append(vectors.k)
        counts.append(vectors.counts)
    average = ShellAverage(k, counts, vectors.edges)
    mean = average(pairs)
    return StructureFactor(average.k, mean, mean.sum(axis=(0, 1)), average.counts)
