"""Relaxation of single particles: MSD, alpha_2, F_s(k, t), overlap, and tau_alpha."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak.errors import InputError
from cagebreak.models.arguments import real


def mean_squared_displacement(
    displacements: NDArray[np.float64], species: NDArray[np.int64]
) -> NDArray[np.float64]:
    r"""Return the mean squared displacement of each species, (T, S), in sigma^2.

    .. math:: \frac{1}{N_s} \sum_i |r_i(t) - r_i(0)|^2

    NaN for an absent species.

    Parameters
    ----------
    displacements : (T, N, 3) array
        In sigma.
    species : (N,) array
    """
    return _per_species((displacements**2).sum(axis=-1), species)


def non_gaussian(
    displacements: NDArray[np.float64], species: NDArray[np.int64]
) -> NDArray[np.float64]:
    r"""Return the non-Gaussian parameter of each species, (T, S).

    .. math:: \alpha_2(t) = \frac{3 \langle \Delta r^4 \rangle}{5 \langle \Delta r^2 \rangle^2} - 1

    It is 0 for a Gaussian distribution of displacements (:cite:`Rahman1964`). NaN for an absent
    species, or if nothing has moved.

    Parameters
    ----------
    displacements : (T, N, 3) array
        In sigma.
    species : (N,) array
    """
    squares = (displacements**2).sum(axis=-1)
    return non_gaussian_of(_per_species(squares, species), _per_species(squares**2, species))


def non_gaussian_of(
    second: NDArray[np.float64], fourth: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the non-Gaussian parameter from the moments <r^2> and <r^4>, of the same shape."""
    result = np.full(np.shape(second), np.nan)
    np.divide(0.6 * fourth, np.square(second), out=result, where=np.greater(second, 0))
    return result - 1


def overlap(
    displacements: NDArray[np.float64], species: NDArray[np.int64], length: float = 0.3
) -> NDArray[np.float64]:
    r"""Return the share of the particles of each species that are still near their start, (T, S).

    .. math:: Q_s(t) = \frac{1}{N_s} \sum_i \Theta(a - |r_i(t) - r_i(0)|)

    Parameters
    ----------
    displacements : (T, N, 3) array
        In sigma.
    species : (N,) array
    length
        a, in sigma; default 0.3, beyond the vibrations in the cage (:cite:`Lacevic2003`).

    Raises
    ------
    InputError
        If the length is not positive.
    """
    return _per_species(is_near(displacements, length).astype(np.float64), species)


def is_near(displacements: NDArray[np.float64], length: float) -> NDArray[np.bool_]:
    """Return whether each particle is nearer than a length to its start, (T, N)."""
    if not 0 < real(length) < np.inf:
        raise InputError(f"length: expected a positive length in sigma, got {length!r}")
    return (displacements**2).sum(axis=-1) < length**2


def self_intermediate(
    displacements: NDArray[np.float64], species: NDArray[np.int64], k: float = 2 * math.pi
) -> NDArray[np.float64]:
    r"""Return the self-intermediate scattering function of each species, (T, S).

    .. math:: F_s(k, t) = \frac{1}{3 N_s} \sum_i \sum_{\hat e = x, y, z}
              \cos(k \, \hat e \cdot [r_i(t) - r_i(0)])

    Parameters
    ----------
    displacements : (T, N, 3) array
        In sigma.
    species : (N,) array
    k
        Wave number in 1 / sigma; default 2 pi / sigma_A, near the first peak of the structure
        factor (chosen).

    Raises
    ------
    InputError
        If k is not positive.
    """
    if not 0 < k < np.inf:
        raise InputError(f"k: expected a positive wave number, got {k!r}")
    return _per_species(np.cos(k * displacements).mean(axis=-1), species)


def tau_alpha(times: ArrayLike, scattering: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the time at which the scattering function of each species has fallen to 1/e, (S,).

    Parameters
    ----------
    times : (T,) array
        In tau, positive and ascending.
    scattering : (T, S) array
        F_s(k, t) of each species.

    Returns
    -------
    (S,) array
        In tau, interpolated in log t; NaN if 1/e is not reached.

    Raises
    ------
    InputError
        If the shapes do not fit.
    """
    times, scattering = np.asarray(times, dtype=np.float64), np.asarray(scattering)
    if scattering.ndim != 2 or len(scattering) != len(times):
        raise InputError(
            f"scattering: expected shape ({len(times)}, species), got {scattering.shape}"
        )
    result = np.full(scattering.shape[1], np.nan)
    for s, values in enumerate(scattering.T):
        below = np.flatnonzero(values <= 1 / math.e)
        if len(below) == 0 or below[0] == 0:
            continue
        after = below[0]
        (t0, t1), (f0, f1) = np.log(times[after - 1 : after + 1]), values[after - 1 : after + 1]
        result[s] = math.exp(t0 + (t1 - t0) * (f0 - 1 / math.e) / (f0 - f1))
    return result


def _per_species(values: NDArray[np.float64], species: NDArray[np.int64]) -> NDArray[np.float64]:
    result = np.full((len(values), int(species.max()) + 1), np.nan)
    for s in np.unique(species):
        result[:, s] = values[:, species == s].mean(axis=1)
    return result
