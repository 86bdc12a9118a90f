r"""Dynamic heterogeneity: the susceptibility chi_4, the structure factor S_4 and its length."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak.bootstrap import interval
from cagebreak.configuration import Configuration, as_configuration
from cagebreak.errors import InputError
from cagebreak.models.arguments import real
from cagebreak.structure.wave_vectors import WaveVectors

Floats = NDArray[np.float64]

Q_MAX = 2.0
"""Largest wave number of the fit of a length, in 1 / sigma (chosen: below it the form of Ornstein
and Zernike holds in glass formers)."""
N_SHELLS = 3
"""Least number of shells of wave vectors for a correlation length."""
FAR = 1e15
"""A length in sigma beyond any that a box shows."""
BLOCK = 100
"""Weights of all particles that are multiplied at once (chosen: more are not faster)."""
GRID = 400
"""Lengths at which the likelihood is computed, equally spaced in their logarithm (chosen: between
them the parabola is right to 1e-4)."""


class Susceptibility(NamedTuple):
    """chi_4 and its parts, of the shape of the quantity that varies."""

    total: Floats
    """Variance over runs and configurations."""
    isoconfigurational: Floats
    """Variance over the runs from one configuration, averaged over configurations."""
    structural: Floats
    """Variance over configurations of the mean over all runs from each."""


def susceptibility(values: ArrayLike, n_particles: float) -> Susceptibility:
    r"""Return chi_4 and how much of it structure decides.

    .. math:: \chi_4 = N \left( \langle Q^2 \rangle - \langle Q \rangle^2 \right)

    The variance is that over the runs from a configuration, which velocities decide, plus that over
    configurations of the mean over runs, which structure decides (:cite:`Berthier2007`). Both are
    unbiased: what few runs leave of the first in the second is taken off. Of one run from each
    configuration, such as the time origins of a long trajectory, the sum is known and its parts are
    not.

    Parameters
    ----------
    values : (C, R, ...) array
        Q of R runs from each of C configurations, such as `relaxation.overlap`.
    n_particles
        N, the number of particles that Q is a mean of.

    Returns
    -------
    Susceptibility
        NaN with fewer than two configurations, and but for the sum with fewer than two runs; the
        variance over runs needs no second configuration.

    Raises
    ------
    InputError
        If the values have fewer than two axes or no run, or the number is not positive.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim < 2 or 0 in values.shape[:2]:
        raise InputError(f"values: expected (configurations, runs, ...), got shape {values.shape}")
    if not 0 < real(n_particles) < np.inf:
        raise InputError(f"n_particles: expected a positive number, got {n_particles!r}")
    n_configurations, n_runs, *rest = values.shape
    of_runs, of_means = np.full(rest, np.nan), np.full(rest, np.nan)
    if n_runs > 1:
        of_runs = values.var(axis=1, ddof=1).mean(axis=0)
    if n_configurations > 1:
        of_means = values.mean(axis=1).var(axis=0, ddof=1)
    return Susceptibility(
        *(n_particles * part for part in variance_parts(of_runs, of_means, n_runs))
    )


def variance_parts(of_runs: Floats, of_means: Floats, n_runs: int) -> tuple[Floats, Floats, Floats]:
    """Return the sum of both variances, that over runs, and that over configurations.

    Parameters
    ----------
    of_runs
        Variance over the runs from a configuration.
    of_means
        Variance over configurations of the mean over `n_runs` runs, which has a part of the first.
    """
    of_configurations = of_means - of_runs / n_runs
    return (of_means if n_runs == 1 else of_runs + of_configurations), of_runs, of_configurations


def resample_bias(n_configurations: int) -> float:
    """Return the factor by which a variance over configurations is too small in a resample.

    A bootstrap resample varies less than its sample, by 1 - 1 / C on average. Without the factor
    intervals of a variance would be too low with few configurations.
    """
    return max(1 - 1 / n_configurations, 0.5)


def four_point_structure(
    configuration: Configuration, weights: ArrayLike, vectors: WaveVectors
) -> Floats:
    r"""Return the four-point structure factor of weighted particles, (B,) or (T, B).

    .. math:: S_4(q) = \frac{1}{N} \left\langle \left| \sum_i w_i \, e^{i q \cdot r_i(0)} \right|^2
              \right\rangle

    averaged over the wave vectors of each shell. With the weights ``1`` for particles that are
    still near their start, and 0 for others, it is that of :cite:`Lacevic2003`. With the deviations
    of a field from its mean, such as a predicted propensity, it is the structure factor of that
    field.

    Parameters
    ----------
    configuration
        The start, N particles.
    weights : (N,) or (T, N) array
        One for each particle; 0 for particles that are left out. N in the equation is the number of
        all particles.
    vectors
        Wave vectors of the box; the longest waves are of interest, such as ``shells(box, 3.0)``.

    Raises
    ------
    InputError
        If the wave vectors are of another box, or the weights are not one finite number for each
        particle.
    """
    configuration = as_configuration(configuration)
    vectors.require_box(configuration)
    weights = np.asarray(weights)
    weights = weights if weights.dtype == bool else weights.astype(np.float64)
    n = len(configuration)
    if weights.ndim not in (1, 2) or weights.shape[-1] != n or not np.isfinite(weights).all():
        raise InputError(f"weights: expected {n} finite numbers (T, {n}), got {weights.shape}")
    return vectors.mean(powers(weights, phases(configuration, vectors))) / n


def phases(configuration: Configuration, vectors: WaveVectors) -> NDArray[np.complex128]:
    """Return exp(i q r) of each particle and wave vector, (N, K)."""
    fractions = as_configuration(configuration).wrapped @ vectors.box.inverse
    top = np.abs(vectors.indices).max(axis=0, initial=0)
    x, y, z = (
        np.exp(2j * np.pi * np.multiply.outer(fractions[:, a], np.arange(-top[a], top[a] + 1)))
        for a in range(3)
    )
    waves = np.empty((len(fractions), len(vectors)), dtype=np.complex128)
    for n, m, first, last, place in vectors.rows.tolist():
        plane = x[:, n + top[0]] * y[:, m + top[1]]
        along = z[:, first + top[2] : last + top[2] + 1]
        np.multiply(plane[:, None], along, out=waves[:, place : place + last - first + 1])
    return waves


def powers(weights: NDArray, waves: NDArray[np.complex128]) -> Floats:
    """Return the squared moduli (..., K) of the sums of weighted particles (..., N).

    Few wave vectors and many weights are one product of matrices, `waves` as of `phases`.
    """
    flat = weights.reshape(-1, weights.shape[-1])
    squares = np.empty((len(flat), waves.shape[1]))
    # Of real numbers, real and imaginary parts in turn: half of the work of complex ones.
    parts = waves.view(np.float64)
    for begin in range(0, len(flat), BLOCK):
        modes = flat[begin : begin + BLOCK].astype(np.float64) @ parts
        squares[begin : begin + BLOCK] = (modes.reshape(len(modes), -1, 2) ** 2).sum(axis=-1)
    return squares.reshape(*weights.shape[:-1], waves.shape[1])


class Length(NamedTuple):
    """Correlation lengths from a fit of the form of Ornstein and Zernike."""

    length: Floats
    """xi, in sigma."""
    amplitude: Floats
    """S(q = 0)."""
    error: Floats
    """Standard error of xi, if the modes of all wave vectors are independent."""


def correlation_length(
    q: ArrayLike,
    values: ArrayLike,
    counts: ArrayLike,
    q_max: float = Q_MAX,
    spread: ArrayLike = 0.0,
) -> Length:
    r"""Return the correlation length of structure factors at small wave numbers.

    .. math:: S(q) = \frac{S(0)}{1 + (q \xi)^2}

    The fit has the greatest likelihood (:cite:`Whittle1953`): a mode is the sum over many
    particles, so the square of its modulus has an exponential distribution with the mean S(q).
    Noise then favors neither high nor low values, as it does in a fit by least squares.

    Parameters
    ----------
    q : (B,) array
        Wave numbers in 1 / sigma.
    values : (..., B) array
        Structure factors.
    counts : (B,) array
        Numbers of wave vectors of both signs (`WaveVectors.counts`), times that of configurations
        that were averaged.
    q_max
        Largest wave number of the fit; default 2 / sigma (`Q_MAX`).
    spread : (B,) array, optional
        Standard deviation of the wave numbers in each shell (`WaveVectors.spread`). The form is
        averaged over a shell: that of the longest waves of a cube has two wave numbers whose S(q)
        differ twofold where the length is large. By default a shell has one wave number.

    Returns
    -------
    Length
        Arrays (...). The length is 0 if the structure factor does not fall, and infinite if it
        falls faster than the form can: a box that is not several times longer does not show it. It
        is NaN if the structure factor is not positive and finite.

    Raises
    ------
    InputError
        If fewer than three shells are within `q_max`, or the shapes do not fit.
    """
    q, values, counts, spread = (
        np.asarray(each, dtype=np.float64) for each in (q, values, counts, spread)
    )
    shapes = q.shape, values.shape, counts.shape
    if q.ndim != 1 or any(shape[-1:] != q.shape for shape in shapes) or counts.ndim != 1:
        raise InputError(f"q, values, counts: expected shapes (B,), (..., B), (B,), got {shapes}")
    if spread.shape not in ((), q.shape):
        raise InputError(f"spread: expected one number, or {len(q)}, got shape {spread.shape}")
    spread = np.broadcast_to(spread, q.shape)
    used = (q > 0) & (q <= real(q_max)) & (counts > 0)
    if used.sum() < N_SHELLS:
        raise InputError(f"q_max: expected three shells or more within {q_max!r}, got {used.sum()}")
    q, values, modes, spread = q[used], values[..., used], counts[used] / 2, spread[used]
    if not (spread >= 0).all():
        raise InputError(f"spread: expected numbers of 0 or more, got {spread.tolist()}")
    positive = np.asarray(((values > 0) & (values < np.inf)).all(axis=-1))
    # Lengths far below 1 / q_max, or far above 1 / q_min, cannot be told from these bounds.
    logarithms = np.linspace(np.log(1e-2 / q.max()), np.log(1e1 / q.min()), GRID)
    forms, _ = _form(q, spread, np.exp(logarithms))
    # For each length the amplitude of greatest likelihood is a mean.
    amplitudes = values @ (modes / forms).T / modes.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        deviance = modes.sum() * np.log(amplitudes) + np.log(forms) @ modes
    best = np.argmin(np.where(positive[..., None], deviance, 0.0), axis=-1)
    inner = np.clip(best, 1, GRID - 2)
    left, middle, right = (
        np.take_along_axis(deviance, (inner + step)[..., None], axis=-1)[..., 0]
        for step in (-1, 0, 1)
    )
    # The deviance is a parabola about its minimum.
    with np.errstate(invalid="ignore"):
        shift = np.clip(0.5 * (left - right) / (left - 2 * middle + right), -1.0, 1.0)
    step = logarithms[1] - logarithms[0]
    length = np.where(best > 0, np.exp(logarithms[inner] + shift * step), 0.0)
    length = np.where(positive, np.where(best < GRID - 1, length, np.inf), np.nan)
    finite = np.where(np.isinf(length), np.nan, length)
    form, slopes = _form(q, spread, finite)
    amplitude = (values / form) @ modes / modes.sum()
    # The information of ln S(0) and ln xi: sums over modes of products of derivatives of ln S.
    variation = slopes**2 @ modes - (slopes @ modes) ** 2 / modes.sum()
    error = np.full(length.shape, np.nan)
    np.divide(finite, np.sqrt(variation), out=error, where=(finite > 0) & (variation > 0))
    return Length(length, amplitude, error)


def length_interval(resampled: Floats, n_configurations: int, confidence: float) -> Floats:
    """Return the bootstrap interval (2, ...) of a length; see ``cagebreak.bootstrap``.

    An infinite length in a resample is longer than any other. An end among these is NaN: the length
    has no bound, or none that the box shows.
    """
    bounds = interval(np.minimum(resampled, FAR), n_configurations, confidence)
    return np.where(bounds < 1e-6 * FAR, bounds, np.nan)


def _form(q: Floats, spread: Floats, length: Floats) -> tuple[Floats, Floats]:
    """Return the form of Ornstein and Zernike averaged over shells, and d ln form / d ln xi.

    Both are (..., B) for lengths (...). A shell has two wave numbers, its mean plus and minus its
    spread, which have its mean and its variance.
    """
    squares = np.square(np.multiply.outer(length, np.stack([q - spread, q + spread])))
    forms = 1 / (1 + squares)
    form = forms.mean(axis=-2)
    return form, -2 * (squares * forms**2).mean(axis=-2) / form
