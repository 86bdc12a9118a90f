"""Relaxation of single particles: MSD, alpha_2, F_s(k, t), overlap, and tau_alpha."""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak.dynamics._shapes import dimension_of, require_motion
from cagebreak.errors import InputError
from cagebreak.models.arguments import real
from cagebreak.simulation.isoconfigurational import check_times


def mean_squared_displacement(displacements: ArrayLike, species: ArrayLike) -> NDArray[np.float64]:
    r"""Return the mean squared displacement of each species, (T, S), in sigma^2.

    .. math:: \frac{1}{N_s} \sum_i |r_i(t) - r_i(0)|^2

    NaN for an absent species.

    Parameters
    ----------
    displacements : (T, N, 3) array
        In sigma.
    species : (N,) array
        Numbers from 0, or letters from "A".

    Raises
    ------
    InputError
        If species are neither numbers nor letters, or the displacements have another shape, or are
        not finite.
    """
    displacements, species = require_motion(displacements, species)
    return _per_species(map(squared_lengths, displacements), species, len(displacements))


def non_gaussian(displacements: ArrayLike, species: ArrayLike) -> NDArray[np.float64]:
    r"""Return the non-Gaussian parameter of each species, (T, S).

    .. math:: \alpha_2(t) =
        \frac{d \, \langle \Delta r^4 \rangle}{(d + 2) \, \langle \Delta r^2 \rangle^2} - 1

    in d dimensions: two, if nothing moves along z. It is 0 for a Gaussian distribution of
    displacements (:cite:`Rahman1964`). NaN for an absent species, or if nothing has moved.

    Parameters
    ----------
    displacements : (T, N, 3) array
        In sigma.
    species : (N,) array
        Numbers from 0, or letters from "A".

    Raises
    ------
    InputError
        If species are neither numbers nor letters, or the displacements have another shape, or are
        not finite.
    """
    displacements, species = require_motion(displacements, species)
    n_times = len(displacements)
    second = _per_species(map(squared_lengths, displacements), species, n_times)
    fourths = (squared_lengths(moved) ** 2 for moved in displacements)
    fourth = _per_species(fourths, species, n_times)
    return non_gaussian_of(second, fourth, dimension_of(displacements))


def non_gaussian_of(
    second: NDArray[np.float64], fourth: NDArray[np.float64], dimension: int
) -> NDArray[np.float64]:
    """Return the non-Gaussian parameter from the moments <r^2> and <r^4>, of the same shape."""
    result = np.full(np.shape(second), np.nan)
    np.divide(
        dimension / (dimension + 2) * fourth,
        np.square(second),
        out=result,
        where=np.greater(second, 0),
    )
    return result - 1


def overlap(
    displacements: ArrayLike, species: ArrayLike, length: float = 0.3
) -> NDArray[np.float64]:
    r"""Return the share of the particles of each species that are still near their start, (T, S).

    .. math:: Q_s(t) = \frac{1}{N_s} \sum_i \Theta(a - |r_i(t) - r_i(0)|)

    Parameters
    ----------
    displacements : (T, N, 3) array
        In sigma.
    species : (N,) array
        Numbers from 0, or letters from "A".
    length
        a, in sigma; default 0.3, beyond the vibrations in the cage (:cite:`Lacevic2003`).

    Raises
    ------
    InputError
        If the length is not positive, and as of `mean_squared_displacement`.
    """
    displacements, species = require_motion(displacements, species)
    near = is_near(displacements, length)
    return _per_species(near, species, len(near))


def is_near(displacements: NDArray[np.float64], length: float) -> NDArray[np.bool_]:
    """Return whether each particle is nearer than a length to its start, (T, N)."""
    if not 0 < real(length) < np.inf:
        raise InputError(f"length: expected a positive length in sigma, got {length!r}")
    near = [squared_lengths(moved) < length**2 for moved in displacements]
    return np.array(near, dtype=bool).reshape(np.shape(displacements)[:-1])


def squared_lengths(moved: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the squared lengths (N,) of displacements (N, 3)."""
    x, y, z = moved.T
    return np.asarray(x * x + y * y + z * z)


def self_intermediate(
    displacements: ArrayLike, species: ArrayLike, k: float = 2 * math.pi
) -> NDArray[np.float64]:
    r"""Return the self-intermediate scattering function of each species, (T, S).

    .. math:: F_s(k, t) = \frac{1}{d N_s} \sum_i \sum_{\hat e = x, y, z}
              \cos(k \, \hat e \cdot [r_i(t) - r_i(0)])

    in d dimensions: two, without z, if nothing moves along z.

    Parameters
    ----------
    displacements : (T, N, 3) array
        In sigma.
    species : (N,) array
        Numbers from 0, or letters from "A".
    k
        Wave number in 1 / sigma; default 2 pi / sigma_A, near the first peak of the structure
        factor (chosen).

    Raises
    ------
    InputError
        If k is not positive, and as of `mean_squared_displacement`.
    """
    if not 0 < real(k) < np.inf:
        raise InputError(f"k: expected a positive wave number, got {k!r}")
    displacements, species = require_motion(displacements, species)
    d = dimension_of(displacements)
    waves = (np.cos(k * moved[:, :d]) for moved in displacements)
    return _per_species(waves, species, len(displacements))


def tau_alpha(times: ArrayLike, scattering: ArrayLike) -> NDArray[np.float64]:
    """Return the time at which the scattering function of each species has fallen to 1/e, (S,).

    Parameters
    ----------
    times : (T,) array
        In tau, ascending from 0 or more.
    scattering : (T, S) array
        F_s(k, t) of each species, or any other function that falls from 1.

    Returns
    -------
    (S,) array
        In tau, interpolated in log t; NaN if 1/e is not reached, or was before the first time
        above 0.

    Raises
    ------
    InputError
        If times do not ascend, or the shapes do not fit.
    """
    times, scattering = check_times(times), np.asarray(scattering, dtype=np.float64)
    if scattering.ndim != 2 or len(scattering) != len(times):
        raise InputError(
            f"scattering: expected shape ({len(times)}, species), got {scattering.shape}"
        )
    result = np.full(scattering.shape[1], np.nan)
    for s, values in enumerate(scattering.T):
        below = np.flatnonzero(values <= 1 / math.e)
        if len(below) == 0 or below[0] == 0 or times[below[0] - 1] == 0:
            continue
        after = below[0]
        (t0, t1), (f0, f1) = np.log(times[after - 1 : after + 1]), values[after - 1 : after + 1]
        result[s] = math.exp(t0 + (t1 - t0) * (f0 - 1 / math.e) / (f0 - f1))
    return result


def _per_species(
    values: Iterable[NDArray], species: NDArray[np.int64], n_times: int
) -> NDArray[np.float64]:
    """Return the mean over the particles of each species, (T, S), of values (N, ...) at each time.

    Values come one time after the other, so that they stay in the cache.
    """
    result = np.full((n_times, int(species.max()) + 1), np.nan)
    members = {s: species == s for s in np.unique(species).tolist()}
    if len(members) == 1:
        members = dict.fromkeys(members, slice(None))  # a view
    for of_time, at_time in zip(result, values, strict=True):
        for s, of_species in members.items():
            of_time[s] = at_time[of_species].mean()
    return result
