r"""Statistics of features that are means over runs, for any number of runs.

The runs of a configuration are halved, a and b. A feature that is linear in the runs is
:math:`x + \epsilon_a` in one half and :math:`x + \epsilon_b` in the other, a target
:math:`y + \eta_a` and :math:`y + \eta_b`. The noise of a feature and of a target of the same run is
correlated; that of different halves is independent. Hence

.. math::
    \langle x y \rangle = \tfrac12 \langle x_a y_b + x_b y_a \rangle, \qquad
    \langle x x' \rangle = \tfrac12 \langle x_a x'_b + x_b x'_a \rangle, \qquad
    N = \frac{\langle (x_a - x_b)(x'_a - x'_b) \rangle}{1 / n_a + 1 / n_b}

are the products without noise, and the covariance N of the noise of one run. The Gram matrix that
features of n runs have beside targets of infinitely many other runs is
:math:`\langle x x' \rangle + N / n`. No product of a feature and a target of one run enters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cagebreak.bootstrap import as_groups
from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers, as_table, require_finite
from cagebreak.learning.collection import Collection
from cagebreak.learning.near_copies import Axes, Rows, require_different
from cagebreak.learning.preprocessing import CLIP, Moments, Standardizer
from cagebreak.learning.scores import COUNT, X_MEAN, XX, XY, Y_MEAN, YY
from cagebreak.learning.short_runs.end_fits import EndFits, clipped_about_mean
from cagebreak.learning.statistics import Statistics
from cagebreak.models.arguments import is_whole

LEAST_ERRORS = 2.0
"""The squares of a target without noise are known if they exceed their standard error by this
factor (chosen: of six simulated configurations with a known r, it was then too large by at most
2 %; without a limit by up to 21 %)."""


class RunSample(NamedTuple):
    """Features and targets of the particles of one species of a configuration."""

    structure: Floats
    """Features that have no noise of runs, (n, F)."""
    runs: Floats
    """Features from the two halves of the runs, (2, n, V)."""
    targets: Floats
    """Targets from the same halves, (2, n, T)."""
    n_runs: tuple[int, int]
    """Number of runs in each half."""


class EndColumns(NamedTuple):
    """Which columns of runs are predictions at their ends, by all fits of `EndFits`."""

    fits: EndFits
    first: int
    """The first of these columns. For each length of the runs, and each fit, there are E."""

    def used(self, n_noisy: int, fit: int) -> Integers:
        """Return the columns without those of all fits but one."""
        n_fits, n = len(self.fits.left_out), self.fits.n_targets
        of_ends = np.arange(self.first, n_noisy).reshape(-1, n_fits, n)[:, fit]
        return np.concatenate([np.arange(self.first), of_ends.ravel()])

    def of_length(self, which: int) -> slice:
        """Return the columns of one of the lengths of the runs, by all fits."""
        n = len(self.fits.left_out) * self.fits.n_targets
        return slice(self.first + which * n, self.first + (which + 1) * n)

    def alike(self, n_noisy: int) -> Integers:
        """Return, for each column, the one whose units it has: the same of the first fit."""
        n_fits, n = len(self.fits.left_out), self.fits.n_targets
        of_ends = np.arange(self.first, n_noisy).reshape(-1, n_fits, n)
        first = np.broadcast_to(of_ends[:, :1], of_ends.shape)
        return np.concatenate([np.arange(self.first), first.ravel()])


@dataclass(frozen=True, eq=False)
class RunCollection:
    """Statistics of each of C configurations, with the noise of the runs apart.

    `collect_runs` makes one.

    Parameters
    ----------
    collection
        The features [structure, runs] of all runs, beside targets of other runs. The squares of the
        targets are without noise, so that r is that with the noiseless target.
    noise : (C, V, V) array
        Sum over the particles of the covariance of the noise of a single run.
    target_noise : (C, T) array
        Sum over the particles of the variance of the noise of the targets from a single run.
    n_runs : (C,) array
        Number of runs whose features are those of `collection`.
    mean_noise : (C, V + T) array
        Noise of the means over particles of features and targets, from the difference of the
        halves: products of two of them are their covariance for a single run.
    ends
        The columns of runs that are predictions at their ends, if there are such.
    """

    collection: Collection
    noise: Floats
    target_noise: Floats
    n_runs: Floats
    mean_noise: Floats
    ends: EndColumns | None = None

    @property
    def n_noisy(self) -> int:
        """Number of features that come from runs, V."""
        return int(self.noise.shape[1])

    @property
    def n_structure(self) -> int:
        """Number of features of structure, F."""
        return self.collection.n_features - self.n_noisy

    def for_training(self, members: Sequence[int]) -> RunCollection:
        """Return the collection to train on some configurations and to test on the others.

        Predictions at the ends of runs are those of the fit that may have seen the members, and not
        the configuration itself (`EndFits.unseen`).
        """
        if self.ends is None:
            return self
        whole, start, parts, noise, mean_noise, extremes = (
            self.collection,
            self.n_structure,
            *[[] for _ in range(4)],
        )
        for c, part in enumerate(whole.parts):
            used = self.ends.used(self.n_noisy, self.ends.fits.unseen(c, members))
            columns = np.concatenate([np.arange(start), start + used])
            parts.append(part.select(columns))
            noise.append(self.noise[c][np.ix_(used, used)])
            targets = np.arange(self.n_noisy, self.mean_noise.shape[1])
            mean_noise.append(self.mean_noise[c][np.concatenate([used, targets])])
            extremes.append(whole.extremes[c][:, columns])
            # Labels are compared, and those of the fits differ.
            parts[-1].labels = parts[0].labels
        collection = Collection(
            parts, whole.standardizer.select(columns), whole.times, None, whole.about,
            np.array(extremes), whole.groups,
        )  # fmt: skip
        return RunCollection(
            collection, np.array(noise), self.target_noise, self.n_runs, np.array(mean_noise)
        )

    def extra(self, c: int, n_runs: int) -> Floats:
        """Return what features of `n_runs` runs have more of noise in configuration c, (V, V)."""
        more: Floats = self.noise[c] * (1 / n_runs - 1 / self.n_runs[c])
        return more

    def at(self, n_runs: int) -> Collection:
        """Return the statistics that features of `n_runs` runs have, for any learner.

        Forward selection, ablation and every fit take it as any other collection.

        Raises
        ------
        InputError
            If there are not so many runs.
        """
        self.require_runs(n_runs)
        whole, start = self.collection, self.n_structure
        parts = []
        for c, part in enumerate(whole.parts):
            count, mean, _ = part.packed()
            gram = part.gram.copy()
            end = start + self.n_noisy
            gram[start:end, start:end] += self.extra(c, n_runs)
            lower = gram[np.tri(len(mean), dtype=bool)]
            parts.append(Statistics.unpacked(count, mean, lower, part.n_targets, part.labels))
        return Collection(
            parts, whole.standardizer, whole.times, None, whole.about, whole.extremes, whole.groups
        )

    def ensemble(self, n_runs: int) -> Floats:
        """Return the moments (C, 6, T) of the targets measured in `n_runs` runs, and without noise.

        They say what simulation alone reaches: r of an ensemble of so many runs.
        """
        moments = np.zeros((len(self.collection), 6, self.collection.n_targets))
        for c, part in enumerate(self.collection.parts):
            moments[c, COUNT], moments[c, [X_MEAN, Y_MEAN]] = part.count, part.y_mean
            moments[c, [XX, XY, YY]] = np.diag(part.yy)
            moments[c, XX] += self.target_noise[c] / n_runs
        return moments

    @property
    def is_known(self) -> NDArray[np.bool_]:
        r"""Whether the squares of each target without noise are known in all configurations, (T,).

        They are estimates, :math:`\langle y_a y_b \rangle`. Their standard error, of n normally
        distributed particles with signal s and noise h of a half of the runs, is
        :math:`\delta \langle y_a y_b \rangle` with

        .. math:: \delta^2 = \frac{(s^2 + h^2)^2 + s^4}{n s^4} .

        r is divided by their root, so that its bias is about :math:`3 \delta^2 / 8`. Where
        :math:`\delta > 1 / 2` in some configuration, the runs are too few to say what varies but
        noise, and there is no r with the noiseless target.
        """
        known = [
            _is_known(part.count, np.diag(part.yy), noise, n_runs)
            for part, noise, n_runs in zip(
                self.collection.parts, self.target_noise, self.n_runs, strict=True
            )
        ]
        return np.all(known, axis=0)

    @property
    def target_mean_noise(self) -> Floats:
        """The `mean_noise` of the targets, (C, T)."""
        return self.mean_noise[:, self.n_noisy :]

    def noise_of_mean(self, feature: int | None, c: int) -> float:
        """Return the `mean_noise` of a feature, of all F + V or none, in configuration c."""
        if feature is None or feature < self.n_structure:
            return 0.0
        return float(self.mean_noise[c, feature - self.n_structure])

    def with_noise_of_means(self, moments: Floats, n_runs: int, noise: Floats) -> Floats:
        """Return moments (C, 6, T) for the pooled r, in which means of configurations count.

        The means of predictions and targets in `moments` are of the same runs, of all there are.
        The noise of the targets is taken from the squares and products, and predictions get that
        of `n_runs` other runs.

        Parameters
        ----------
        moments
        n_runs
        noise : (C, T) array
            Noise of the mean prediction from a single run, as `mean_noise`.
        """
        count, all_runs = moments[:, COUNT], self.n_runs[:, None]
        # The mean over all configurations, which is subtracted, has its share of the noise.
        share = count * (1 - count / count.sum(axis=0))
        result = moments.copy()
        result[:, XX] += share * noise**2 * (1 / n_runs - 1 / all_runs)
        result[:, XY] -= share * noise * self.target_mean_noise / all_runs
        result[:, YY] -= share * self.target_mean_noise**2 / all_runs
        return result

    def require_runs(self, n_runs: int) -> None:
        """Raise an `InputError` unless it is a whole number, from 1 to all runs."""
        if not is_whole(n_runs) or not 1 <= n_runs <= self.n_runs.min():
            most = int(self.n_runs.min())
            raise InputError(f"n_runs: expected 1 to {most}, the runs there are, got {n_runs!r}")


def _is_known(count: float, squares: Floats, noise: Floats, n_runs: float) -> NDArray[np.bool_]:
    """Return `RunCollection.is_known` of one configuration, from sums over its particles."""
    of_half = 2 * noise / n_runs
    error = np.sqrt(((squares + of_half) ** 2 + squares**2) / count)
    known: NDArray[np.bool_] = squares > LEAST_ERRORS * error
    return known


def collect_runs(
    samples: Iterable[RunSample],
    *,
    times: Floats,
    species: str = "A",
    labels: np.ndarray | None = None,
    clip: float = CLIP,
    groups: np.ndarray | None = None,
    ends: EndColumns | None = None,
) -> RunCollection:
    """Return the statistics of configurations, which are read once.

    Parameters
    ----------
    samples
    times : (T,) array
        Times of the targets.
    species
        Letter of the species of the particles.
    labels : (F + V,) structured array, optional
        Labels of the features, those of structure first.
    clip
        Bound of the features of structure, in deviations of their configuration.
    groups : (C,) array of integers, optional
        As of `learning.evaluate`.
    ends
        The columns of runs that are predictions at their ends, if there are such.

    Raises
    ------
    InputError
        If there is no sample, shapes do not fit, a half has no run, a number is not finite, or
        the structure of configurations of different groups is nearly equal (`near_copies`), or
        their motion if there is no structure.
    """
    parts, extremes, noise, target_noise, n_runs, total = [], [], [], [], [], None
    mean_noise, axes = [], None
    projected: dict[int, Rows] = {}
    for i, sample in enumerate(samples):
        structure, runs, targets = _checked(sample)
        # Without structure, copies are known by their motion.
        compared = structure if structure.shape[1] else runs.mean(axis=0)
        axes = Axes.of(compared) if axes is None else axes
        projected[i] = axes.project(compared)
        n_structure, n_noisy, n_targets = structure.shape[1], runs.shape[2], targets.shape[2]
        clipped = clipped_about_mean(structure, clip)
        both = Statistics.from_arrays(np.hstack([clipped, *runs]), np.hstack([*targets]))
        signal, of_run = _without_noise(both, n_structure, n_noisy, n_targets, sample.n_runs)
        mean = signal.x_mean[n_structure:]
        bounds = np.stack([clipped.min(axis=0), clipped.max(axis=0)])
        # Motion is measured as in training: only features of structure are held to its range.
        extremes.append(np.hstack([bounds, [mean, mean]]))
        moments = Moments(len(clipped), signal.x_mean, np.diag(signal.xx).copy())
        total = moments if total is None else total + moments
        signal.labels = labels
        parts.append(signal)
        noise.append(of_run)
        halves, of_one = (
            targets - targets.mean(axis=1, keepdims=True),
            sum(1 / n for n in sample.n_runs),
        )
        target_noise.append(((halves[0] - halves[1]) ** 2).sum(axis=0) / of_one)
        means = np.hstack([runs.mean(axis=1), targets.mean(axis=1)])
        mean_noise.append((means[0] - means[1]) / np.sqrt(of_one))
        n_runs.append(float(sum(sample.n_runs)))
    if total is None:
        raise InputError("samples: expected at least one configuration, got none")
    group = np.arange(len(parts)) if groups is None else as_groups(groups, len(parts))
    require_different(
        projected, lambda i, j: bool(group[i] != group[j]), of=f" of species {species}"
    )
    # Means and deviations are units: they cancel in every fit.
    units = Standardizer.from_moments(total, clip)
    if ends is not None:
        alike = n_structure + ends.alike(n_noisy)
        units = units.select(np.concatenate([np.arange(n_structure), alike]))
    factors = np.divide(1.0, units.scale_, out=np.zeros_like(units.scale_), where=units.scale_ > 0)
    of_runs = factors[n_structure:]
    in_units = []
    for part in parts:
        scaled = part.scaled(factors, units.mean_)
        scaled.x_mean[:] -= units.mean_
        in_units.append(scaled)
    collection = Collection(
        in_units,
        units,
        times,
        about={"species": species},
        extremes=(np.array(extremes) - units.mean_) * factors,
        groups=groups,
    )
    in_units_noise = np.array(noise) * np.outer(of_runs, of_runs)
    of_means = np.array(mean_noise)
    of_means[:, : len(of_runs)] *= of_runs
    return RunCollection(
        collection, in_units_noise, np.array(target_noise), np.array(n_runs), of_means, ends
    )


def _checked(sample: RunSample) -> tuple[Floats, Floats, Floats]:
    structure = as_table("structure", sample.structure)
    arrays = [structure]
    require_finite("structure", structure, structure.sum(axis=0))
    for name in ("runs", "targets"):
        array = np.asarray(getattr(sample, name), dtype=np.float64)
        if array.ndim != 3 or array.shape[:2] != (2, len(structure)):
            raise InputError(
                f"{name}: expected shape (2, {len(structure)}, ...), got {array.shape}"
            )
        if not np.isfinite(array).all():
            raise InputError(f"{name}: expected finite numbers")
        arrays.append(array)
    if len(sample.n_runs) != 2 or not min(sample.n_runs) >= 1:
        raise InputError(f"n_runs: expected a run in each half, got {sample.n_runs!r}")
    return structure, arrays[1], arrays[2]


def _without_noise(
    both: Statistics, n_structure: int, n_noisy: int, n_targets: int, n_runs: tuple[int, int]
) -> tuple[Statistics, Floats]:
    """Return the statistics of all runs beside targets of other runs, and the noise of one run.

    `both` has the features [structure, half a, half b] and the targets [half a, half b].
    """
    ends = np.cumsum([0, n_structure, n_noisy, n_noisy, n_targets, n_targets])
    structure, a, b, y_a, y_b = (slice(*pair) for pair in pairwise(ends.tolist()))
    gram, mean = both.gram, np.concatenate([both.x_mean, both.y_mean])

    def cross(first: tuple[slice, slice], second: tuple[slice, slice]) -> Floats:
        """Return the mean product of quantities in different halves."""
        product: Floats = (gram[first[0], second[1]] + gram[first[1], second[0]]) / 2
        return product

    x, y, s = (a, b), (y_a, y_b), (structure, structure)
    crossed = cross(x, x)
    within = gram[a, a] + gram[b, b] - gram[a, b] - gram[b, a]
    noise = within / (1 / n_runs[0] + 1 / n_runs[1])
    full = np.block(
        [
            [gram[structure, structure], cross(s, x), cross(s, y)],
            [cross(x, s), crossed + noise / sum(n_runs), cross(x, y)],
            [cross(y, s), cross(y, x), cross(y, y)],
        ]
    )
    means = np.concatenate([mean[structure], (mean[a] + mean[b]) / 2, (mean[y_a] + mean[y_b]) / 2])
    lower = full[np.tri(len(full), dtype=bool)]
    return Statistics.unpacked(both.count, means, lower, n_targets), noise
