r"""D2min: the squared displacements of neighbors that no affine deformation explains.

.. math:: D^2_{min}(i) = \min_A \sum_{j: r_{ij} < r_c} | r'_{ij} - r_{ij} A |^2

with the vectors to the neighbors j in the reference, :math:`r_{ij}`, and later, :math:`r'_{ij}`;
:cite:`Falk1998`. It is the *sum* over neighbors, in sigma^2, as in OVITO. A deformation of the
box, like any other affine map, leaves it unchanged.
"""

from __future__ import annotations

from concurrent.futures import Executor

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak.configuration import Configuration, as_configuration
from cagebreak.dynamics import _d2min_kernel as kernel
from cagebreak.dynamics._shapes import require_displacements_of
from cagebreak.dynamics.propensity import Propensity
from cagebreak.errors import ConfigurationError, InputError
from cagebreak.models.model import Model
from cagebreak.neighbors import neighbor_table
from cagebreak.seeding import Seed
from cagebreak.simulation.isoconfigurational import isoconfigurational


class D2Min:
    """D2min of any number of later configurations against one reference.

    Parameters
    ----------
    reference
        N particles in a box of any shape.
    cutoff
        Neighbors are those nearer than this in the reference, in sigma.

    Raises
    ------
    InputError
        If the cut-off is not positive.

    Notes
    -----
    Where neighbors span no volume, the fit of smallest norm is taken: up to three of them in
    general position are fitted exactly, and D2min is 0.
    """

    def __init__(self, reference: Configuration, cutoff: float) -> None:
        reference = as_configuration(reference, "reference")
        if not 0 < cutoff < np.inf:
            raise InputError(f"cutoff: expected a positive length in sigma, got {cutoff!r}")
        self._reference = reference
        self._table = neighbor_table(reference, cutoff)
        self._inverses = np.empty((len(reference), 3, 3))
        kernel.invert(self._table.offsets, self._table.vectors, reference.dimension, self._inverses)

    def __call__(self, displacements: ArrayLike) -> NDArray[np.float64]:
        """Return D2min (..., N), in sigma^2, after displacements (..., N, 3) in sigma.

        Raises
        ------
        InputError
            If the shape is another, a displacement is not finite, or particles leave the plane of a
            reference in two dimensions.
        """
        displacements = np.ascontiguousarray(displacements, dtype=np.float64)
        shape, n = displacements.shape, len(self._reference)
        if shape[-2:] != (n, 3):
            raise InputError(f"displacements: expected (..., {n}, 3), got {shape}")
        require_displacements_of(displacements.reshape(-1, n, 3), self._reference)
        result = np.empty(shape[:-1])
        for index in np.ndindex(shape[:-2]):
            kernel.residuals(
                self._table.offsets, self._table.neighbors, self._table.vectors, self._inverses,
                displacements[index], result[index],
            )  # fmt: skip
        return result


def d2min(
    reference: Configuration, configuration: Configuration, cutoff: float
) -> NDArray[np.float64]:
    """Return D2min of every particle, (N,), in sigma^2.

    Parameters
    ----------
    reference
        N particles in a box of any shape.
    configuration
        The same particles later, in a box that may be deformed, or flipped to an equivalent one.
        With `images` in both, displacements are exact; without, each is taken to be the shortest
        periodic image, in the box of `configuration`, of its nonaffine part.
    cutoff
        Neighbors are those nearer than this in the reference, in sigma.

    Raises
    ------
    InputError
        If the cut-off is not positive.
    ConfigurationError
        If the numbers of particles differ, or no lattice vectors of the box are near those of the
        reference.
    """
    reference = as_configuration(reference, "reference")
    configuration = as_configuration(configuration)
    return D2Min(reference, cutoff)(nonaffine(reference, configuration))


def nonaffine(reference: Configuration, configuration: Configuration) -> NDArray[np.float64]:
    """Return displacements (N, 3), in sigma, without those that the box imposes.

    A particle with constant fractional coordinates has a nonaffine displacement of zero. Parameters
    and errors are those of `d2min`.
    """
    reference = as_configuration(reference, "reference")
    configuration = as_configuration(configuration)
    if reference.dimension != configuration.dimension:
        raise ConfigurationError(
            f"configuration.box: expected {reference.dimension} dimensions, as of the reference, "
            f"got {configuration.dimension}"
        )
    if len(reference) != len(configuration):
        raise ConfigurationError(
            f"configuration: expected the {len(reference)} particles of the reference, "
            f"got {len(configuration)}"
        )
    before = reference.box.matrix
    # After a flip of the box other lattice vectors continue those of the reference.
    basis = np.rint(before @ configuration.box.inverse)
    if reference.dimension == 2:
        basis[2, 2] = 1.0  # nothing is along z
    if abs(np.linalg.det(basis)) < 0.5:
        raise ConfigurationError(
            f"configuration.box: expected a box near that of the reference, {before.tolist()}, "
            f"got {configuration.box.matrix.tolist()}"
        )
    now = basis @ configuration.box.matrix
    fractions = reference.unwrapped @ reference.box.inverse
    displacements = (configuration.unwrapped @ np.linalg.inv(now) - fractions) @ now
    if reference.images is None or configuration.images is None:
        return configuration.box.with_matrix(now).minimum_image(displacements)
    return displacements


def thermal_d2min(
    configuration: Configuration,
    model: Model,
    times: ArrayLike,
    n_runs: int,
    seed: Seed,
    cutoff: float,
    executor: Executor | None = None,
) -> Propensity:
    """Measure D2min against the start, averaged over the isoconfigurational ensemble.

    :cite:`Rottler2024` classify by it.

    Parameters
    ----------
    configuration, model, times, n_runs, seed, executor
        See `cagebreak.isoconfigurational`.
    cutoff
        Of the neighbors, in sigma.

    Returns
    -------
    Propensity
        With D2min, in sigma^2, in the place of displacements: mean (T, N), halves, ceiling.

    Raises
    ------
    InputError
        If an argument cannot be used.
    """
    configuration = as_configuration(configuration)
    observe = D2Min(configuration, cutoff)
    runs = isoconfigurational(configuration, model, times, n_runs, seed, observe, executor)
    return Propensity.from_runs(times, configuration.species, runs)
