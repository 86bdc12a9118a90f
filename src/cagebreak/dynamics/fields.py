"""How a field of the particles varies in space: a measured propensity, or a predicted one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak.bootstrap import as_groups, interval, require_bootstrap, resamples
from cagebreak.configuration import Configuration, as_configurations
from cagebreak.dynamics.four_point import (
    N_SHELLS,
    Q_MAX,
    correlation_length,
    length_interval,
    phases,
    resample_bias,
)
from cagebreak.errors import InputError
from cagebreak.models.arguments import real
from cagebreak.seeding import Seed
from cagebreak.simulation.isoconfigurational import check_times
from cagebreak.structure.shell_average import ShellAverage
from cagebreak.structure.wave_vectors import shells

Floats = NDArray[np.float64]

FIELDS = ("measured", "without noise", "predicted", "with unexplained")
"""Fields of a table: the measured one; what of it does not come from the few runs; what is
predicted; and that with the unexplained variance added, as if no two particles shared it."""

QUANTITIES = ("mean", "variance", "chi", "s_q", "xi")
LEVELS = (1, 5, 25, 50, 75, 95, 99)
"""Percentages of the particles below the columns `p1` to `p99`."""
N_QUANTILES = 400
"""Quantiles by which a distribution is added to another (chosen: percentiles of the sum of two
Gaussians are right to 1 % of its width)."""

COLUMNS = np.dtype(
    [("field", "U16"), ("time", "f8")]
    + [(part + name, "f8") for name in QUANTITIES for part in ("", "low_", "high_")]
    + [(f"p{level}", "f8") for level in LEVELS]
)


class Fields(NamedTuple):
    """The fields of a configuration, at T times for the n particles that are looked at."""

    halves: Floats
    """Measured in the runs of even and of odd number, (2, T, n)."""
    measured: Floats
    """Measured in all runs, (T, n)."""
    predicted: Floats
    """(T, n)"""


def field_heterogeneity(
    configurations: Sequence[Configuration],
    fields: Sequence[Fields],
    rows: Sequence[NDArray[np.int64]],
    times: ArrayLike,
    *,
    q_max: float = Q_MAX,
    seed: Seed = 1,
    n_resamples: int = 1000,
    confidence: float = 0.95,
    groups: ArrayLike | None = None,
) -> np.ndarray:
    r"""Return how measured and predicted fields vary in space, with intervals.

    With the deviation :math:`\delta x_i` of a field from its mean over all configurations, for n
    particles in each,

    .. math::
        \chi &= n \left\langle \left( \frac{1}{n} \sum_i \delta x_i \right)^2 \right\rangle,

        S(q) &= \frac{1}{n} \left\langle \left| \sum_i \delta x_i \, e^{i q \cdot r_i} \right|^2
                \right\rangle

    chi is the variance over configurations, `s_q` is S(q) in the shell of the longest waves, and
    `xi` its correlation length (`dynamics.four_point.correlation_length`). Of particles that do not
    know of each other all of variance, chi and S(q) are equal. Two comparisons show what a
    prediction misses. Without the noise of the few runs, the measured variance is larger than the
    predicted one by what is unexplained. If `s_q` of the prediction with the unexplained variance,
    as of independent particles, is below the measured one, the unexplained motion is collective.

    The percentiles of the particles describe the distribution of a field. Those of the measured
    field contain the noise of the runs. So do those of the prediction with the unexplained
    variance: a residual, measured less predicted, is added to every prediction, drawn from the
    residuals of all particles less their mean. They differ from the measured ones where residuals
    depend on the prediction. The distribution without noise is not known, only its variance.

    Parameters
    ----------
    configurations
        C starts.
    fields
        For each configuration its fields.
    rows
        For each configuration the numbers of the n particles of the fields. A configuration without
        any does not count.
    times : (T,) array
        In tau.
    q_max
        Largest wave number of the fit, in 1 / sigma; default 2.
    seed, n_resamples, confidence
        Of the bootstrap over configurations.
    groups : (C,) array of integers, optional
        As of `learning.evaluate`.

    Returns
    -------
    structured array
        A row for each field, one of `FIELDS`, and time: `mean`, `variance`, `chi`, `s_q` and `xi`
        with the ends of their intervals, `low_` and `high_`, and percentiles `p1` to `p99` of the
        particles, NaN without noise. `variance`, `chi` and `s_q` are in units of the squared mean
        of the measured field, which takes out that all move farther in time; NaN where it is 0.

    Raises
    ------
    InputError
        If numbers of configurations, or shapes, differ, `q_max` is not positive, a number that is
        measured or predicted is not finite, or a row is no particle or given twice.
    """
    require_bootstrap(n_resamples, confidence, seed)
    starts, times = as_configurations(configurations), check_times(times)
    if not len(starts) == len(fields) == len(rows) > 0:
        raise InputError(
            f"fields, rows: expected those of {len(starts)} configurations, got {len(fields)} and "
            f"{len(rows)}"
        )
    if not 0 < real(q_max) < np.inf:
        raise InputError(f"q_max: expected a positive number, got {q_max!r}")
    for c, of_configuration in enumerate(zip(starts, fields, rows, strict=True)):
        _require_fields(c, *of_configuration, len(times))
    number = as_groups(groups, len(starts))
    having = [c for c, particles in enumerate(rows) if len(particles)]
    if not having:
        raise InputError("rows: expected particles in some configuration, got none")
    starts, fields = [starts[c] for c in having], [fields[c] for c in having]
    rows, groups = [rows[c] for c in having], number[having]
    moments = _Moments(starts, fields, rows, q_max)
    drawn = resamples(len(starts), n_resamples, seed=seed, groups=groups)
    n_independent = int(as_groups(groups, len(starts)).max()) + 1
    estimates = moments.quantities(np.ones((1, len(starts))))
    samples = moments.quantities(drawn, resample_bias(n_independent))
    table = np.zeros((len(FIELDS), len(times)), COLUMNS)
    table["field"], table["time"] = np.array(FIELDS)[:, None], times
    for name in QUANTITIES:
        interval_of = length_interval if name == "xi" else interval
        table[name] = estimates[name][0]
        bounds = interval_of(samples[name], n_independent, confidence)
        table["low_" + name], table["high_" + name] = bounds
    table["xi"][np.isinf(table["xi"])] = np.nan
    measured, predicted = (
        np.concatenate([getattr(each, name) for each in fields], axis=1)
        for name in ("measured", "predicted")
    )
    percentiles = {
        "measured": np.percentile(measured, LEVELS, axis=1),
        "without noise": np.full((len(LEVELS), len(times)), np.nan),
        "predicted": np.percentile(predicted, LEVELS, axis=1),
        "with unexplained": _percentiles_of_sum(predicted, measured - predicted),
    }
    for f, name in enumerate(FIELDS):
        for level, values in zip(LEVELS, percentiles[name], strict=True):
            table[f"p{level}"][f] = values
    return table.ravel()


def _require_fields(
    c: int, start: Configuration, fields: Fields, rows: NDArray[np.int64], n_times: int
) -> None:
    """Raise unless the fields of configuration c are those of particles of its start."""
    shape = (n_times, len(rows))
    if not all(isinstance(values, np.ndarray) for values in fields):
        raise InputError(f"fields: expected arrays of configuration {c}")
    shapes = fields.halves.shape, fields.measured.shape, fields.predicted.shape
    if shapes != ((2, *shape), shape, shape):
        raise InputError(f"fields: expected shape {shape} of configuration {c}, got {shapes}")
    if not (np.isfinite(fields.measured).all() and np.isfinite(fields.predicted).all()):
        raise InputError(f"fields: expected finite numbers of configuration {c}")
    if not np.isin(rows, np.arange(len(start))).all() or len(np.unique(rows)) < len(rows):
        raise InputError(
            f"rows: expected numbers of particles from 0 to {len(start) - 1}, each once, of "
            f"configuration {c}"
        )


def _percentiles_of_sum(values: Floats, added: Floats) -> Floats:
    """Return percentiles (P, T) of values plus independent ones less their mean, (T, n) each."""
    levels = 100 * (np.arange(N_QUANTILES) + 0.5) / N_QUANTILES
    added = added - added.mean(axis=1, keepdims=True)
    pairs = zip(*(np.percentile(each, levels, axis=1).T for each in (values, added)), strict=True)
    return np.transpose([np.percentile(np.add.outer(*pair), LEVELS) for pair in pairs])


class _Moments:
    """Sums over the particles of each configuration, of which all quantities are functions."""

    def __init__(
        self,
        starts: Sequence[Configuration],
        fields: Sequence[Fields],
        rows: Sequence[NDArray[np.int64]],
        q_max: float,
    ) -> None:
        width = 2 * np.pi / starts[0].box.longest
        self._n = np.array([len(particles) for particles in rows], dtype=np.float64)
        total = self._n.sum()
        # Products of two fields are averaged; those of the halves share no noise.
        first = [np.stack([f.measured, f.halves[0], f.predicted]) for f in fields]
        second = [np.stack([f.measured, f.halves[1], f.predicted]) for f in fields]
        means = [sum(each.sum(axis=-1) for each in side) / total for side in (first, second)]
        sums, products, spectra, residuals, waves_of = ([] for _ in range(5))
        for start, f, particles, x, y in zip(starts, fields, rows, first, second, strict=True):
            x, y = x - means[0][..., None], y - means[1][..., None]
            sums.append(np.stack([x.sum(axis=-1), y.sum(axis=-1)]))
            products.append((x * y).sum(axis=-1))
            residuals.append(((f.measured - f.predicted) ** 2).sum(axis=-1))
            vectors = shells(start.box, q_max, width)
            waves = phases(start, vectors)[particles]
            spectrum = vectors.mean(((x @ waves) * (y @ waves).conj()).real)
            spectra.append(spectrum / len(particles))
            waves_of.append(vectors)
        self._means = means[0]
        self._sums, self._products = np.array(sums), np.array(products)
        self._spectra, self._residuals = spectra, np.array(residuals)
        self._shells = ShellAverage.of(waves_of)
        self._spread = self._shells.spread(waves_of)

    def quantities(self, weights: Floats, bias: float = 1.0) -> dict[str, Floats]:
        """Return each quantity (W, F, T) of weighted configurations, for weights (W, C).

        The variance over configurations is divided by its bias (`four_point.resample_bias`).
        """

        def total(values: Floats) -> Floats:
            return np.asarray(np.tensordot(weights, values, axes=1))

        n = (weights @ self._n)[:, None, None]
        n_configurations = weights.sum(axis=1)[:, None, None]
        shift = total(self._sums) / n[:, None]  # of both sides of each pair
        product = shift[:, 0] * shift[:, 1]
        mean = self._means + shift[:, 0]
        variance = total(self._products) / n - product
        # Of configurations of equal size n / C each: the covariance of their means.
        of_means = self._sums / self._n[:, None, None, None]
        between = total(of_means[:, 0] * of_means[:, 1]) / n_configurations - product
        if len(self._n) > 1:
            between /= bias * (1 - 1 / len(self._n))
        else:
            between[:] = np.nan
        spectra = self._shells(self._spectra, weights)
        unexplained = total(self._residuals) / n[:, 0] - (mean[:, 0] - mean[:, 2]) ** 2

        def with_unexplained(values: Floats, added: Floats) -> Floats:
            return np.concatenate([values, values[:, 2:] + added], axis=1)

        # Of the measured field; none where its mean is 0, as of what has not moved yet.
        scale = np.where(mean[:, :1] == 0, np.nan, mean[:, :1] ** 2)
        chi = n / n_configurations * between
        result = {
            "mean": with_unexplained(mean, np.zeros(())),
            "variance": with_unexplained(variance, unexplained[:, None]) / scale,
            "chi": with_unexplained(chi, unexplained[:, None]) / scale,
        }
        spectra = with_unexplained(spectra, unexplained[:, None, :, None]) / scale[..., None]
        result["s_q"], result["xi"] = spectra[..., 0], np.full(spectra.shape[:-1], np.nan)
        q, counts = self._shells.k, self._shells.counts
        if len(q) >= N_SHELLS:
            for t in range(spectra.shape[2]):
                fit = correlation_length(q, spectra[:, :, t], counts, np.inf, self._spread)
                result["xi"][:, :, t] = fit.length
        return result
