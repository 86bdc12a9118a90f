r"""Localization noise: positions are seen with an error, the same for all and independent.

A seen displacement is :math:`\Delta r + e`, with a Gaussian e of variance :math:`2 \sigma_a^2`
along axis a, where :math:`\sigma_a^2` is the variance of a seen coordinate.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak.errors import ConfigurationWarning, InputError
from cagebreak.tracks.tracks import Tracks, require_tracks

Floats = NDArray[np.float64]

FEWEST = 10
"""Smallest number of tracks that an error is estimated from."""

STRAIGHT = 3.0
"""Standard errors by which estimates from one and from two frames may differ."""


@dataclass(frozen=True, eq=False)
class Noise:
    """The noise of localization.

    Parameters
    ----------
    variance : (3,) array
        Of a coordinate along each axis, in sigma^2; 0 along z in two dimensions.
    error : (3,) array
        Standard error of the variance.
    """

    variance: Floats
    error: Floats


def localization_noise(tracks: Tracks) -> Noise:
    r"""Return the variance of localization, from the covariance of successive displacements.

    .. math:: \sigma_a^2 = - \langle \Delta a_n \, \Delta a_{n+1} \rangle

    with the displacements from frame n - 1 to n, and from n to n + 1. Both contain the error in
    frame n, with opposite signs. For free diffusion this is the covariance-based estimator of
    :cite:`Vestergaard2014` without motion blur. Motion during the exposure lowers it by what it
    lowers the MSD (:cite:`Savin2005`), so that it corrects the MSD in any case. It equals the
    extrapolation of the MSD to t = 0 by the straight line through those at one and two frames.

    Particles in cages turn back, which looks like noise: the estimate is too large if the MSD bends
    between one and two frames. Films that are fast compared with the rattling in the cage give the
    noise. A warning says if the same estimate from every second frame differs.

    Parameters
    ----------
    tracks
        After the drift was taken out.

    Returns
    -------
    Noise
        The error is that of a mean over independent tracks. An estimate below 0 is returned as it
        is: it says that there is no noise within the error.

    Raises
    ------
    InputError
        If fewer than ten particles are seen in three successive frames.

    Warns
    -----
    ConfigurationWarning
        If the estimate is an upper bound.
    """
    require_tracks(tracks)
    step = int(tracks.steps.min()) if len(tracks.frames) > 1 else 1
    variance, error = _covariance(tracks, step)
    noise = Noise(variance, error)
    try:
        other, error_of_other = _covariance(tracks, 2 * step)
    except InputError:
        return noise
    spread = STRAIGHT * np.hypot(error, error_of_other)
    axis = int(np.argmax(other - variance - spread))
    if other[axis] - variance[axis] > spread[axis]:
        warnings.warn(
            f"tracks: the noise is {variance[axis]:.3g} sigma^2 along {'xyz'[axis]} from "
            f"successive frames, and {other[axis]:.3g} from every second one: cages turn particles "
            "back between frames, so that both are upper bounds; take the noise from a faster film",
            ConfigurationWarning,
            stacklevel=2,
        )
    return noise


def _covariance(tracks: Tracks, lag: int) -> tuple[Floats, Floats]:
    """Return minus the mean product of successive displacements, (3,), and its error."""
    first, second = tracks.pairs(lag)
    both = np.full(len(tracks), -1)
    both[first] = second
    start = first[both[second] >= 0]
    middle = both[start]
    products = -tracks.displacements(start, middle) * tracks.displacements(middle, both[middle])
    _, track = np.unique(tracks.particle[start], return_inverse=True)
    n_tracks = int(track.max()) + 1 if len(track) else 0
    if n_tracks < FEWEST:
        raise InputError(
            f"tracks: expected at least {FEWEST} particles that are seen in three frames "
            f"{lag} apart, got {n_tracks}"
        )
    mean = products.mean(axis=0)
    deviations = np.zeros((n_tracks, 3))
    np.add.at(deviations, track.reshape(-1), products - mean)
    error = np.sqrt((deviations**2).sum(axis=0) * n_tracks / (n_tracks - 1)) / len(products)
    return mean, error


def as_variance(noise: Noise | ArrayLike | None, dimension: int) -> Floats:
    """Return the variance of each coordinate, (3,): of an estimate, one for all axes, or each.

    Estimates below 0 are within the error of 0, and stand for it.

    Raises
    ------
    InputError
        If it is not one number of at least 0, or one for each axis.
    """
    if noise is None:
        return np.zeros(3)
    if isinstance(noise, Noise):
        return np.maximum(noise.variance, 0.0)
    try:
        given = np.asarray(noise, dtype=np.float64)
    except (TypeError, ValueError):
        given = np.array(np.nan)
    if given.shape not in ((), (dimension,), (3,)) or not (np.isfinite(given) & (given >= 0)).all():
        raise InputError(
            f"noise: expected a Noise, or a variance of at least 0 in sigma^2 for all or for each "
            f"of {dimension} axes, got {noise!r}"
        )
    variance = np.zeros(3)
    variance[:dimension] = given if given.shape == () else given[:dimension]
    return variance


def length_variance(lengths: ArrayLike, variance: ArrayLike, dimension: int) -> Floats:
    r"""Return the variance that noise adds to the length of each displacement, (...).

    The length of :math:`\Delta r + e` with a Gaussian e of variance s along each axis has a Rice
    distribution, in three dimensions one of Maxwell's kind. Its variance grows from
    :math:`(2 - \pi / 2) s` for a particle that rests, in two dimensions, to s for one that moves
    far. It depends on the true length, for which :math:`\sqrt{l^2 - d s}` stands, or 0.

    Parameters
    ----------
    lengths : (...) array
        Seen lengths l, in sigma.
    variance : (...) array
        Variance s of a component of the displacement, in sigma^2: twice that of a coordinate.
    dimension
        d.
    """
    from scipy.special import gammaln, hyp1f1

    lengths, s = np.broadcast_arrays(np.asarray(lengths, float), np.asarray(variance, float))
    result = np.zeros(lengths.shape)
    noisy = s > 0
    l, s = lengths[noisy], s[noisy]
    true = np.maximum(l * l / s - dimension, 0.0)
    far = true > 200.0
    ratio = np.exp(gammaln((dimension + 1) / 2) - gammaln(dimension / 2))
    mean = np.sqrt(2) * ratio * hyp1f1(-0.5, dimension / 2, -np.where(far, 0.0, true) / 2)
    # Far from 0 the difference of large numbers is replaced by its expansion.
    near_one = 1 - (dimension - 1) / (2 * np.where(far, true, 1.0))
    result[noisy] = s * np.where(far, near_one, true + dimension - mean**2)
    return result


def noise_ceiling(lengths: ArrayLike, noise_variance: ArrayLike) -> float:
    r"""Return the largest r that localization noise allows.

    .. math:: \sqrt{1 - \langle v_i \rangle / \mathrm{Var}(l_i)}

    with the variances v that noise adds (`length_variance`). The motion itself is random as well,
    which one trajectory cannot tell: r stays further below.

    Parameters
    ----------
    lengths, noise_variance : (n,) arrays

    Returns
    -------
    float
        NaN for fewer than two displacements, or equal ones; 0 if noise explains all variance.
    """
    lengths = np.asarray(lengths, dtype=np.float64)
    if len(lengths) < 2 or not lengths.var() > 0:
        return float("nan")
    share = np.asarray(noise_variance, dtype=np.float64).mean() / lengths.var()
    return float(np.sqrt(max(1 - share, 0.0)))
