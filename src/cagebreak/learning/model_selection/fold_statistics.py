"""Statistics of training rows in the units of every outer fold, from one pass over most rows."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers
from cagebreak.learning.linear_model.whitening import whiten
from cagebreak.learning.preprocessing import Moments, Standardizer
from cagebreak.learning.samples import Samples, in_turn, take_rows
from cagebreak.learning.statistics import Statistics, inverse

NEAR = 0.8
"""Share of the bound of clipping within which outer folds share rows (chosen)."""


class _Rest(NamedTuple):
    """Rows of a configuration that are added anew for each outer fold."""

    rows: Integers
    others: tuple[float, Floats]
    """Number and mean of the other rows of the configuration, in the units of their fold."""


class _Shared(NamedTuple):
    """Rows of a species in a fold that outer folds share, in units of the fold itself."""

    units: Standardizer
    packed: tuple[float, Floats, Floats]
    """`Statistics.packed` of the rows."""
    extremes: Floats
    """Lowest and highest value of each feature, (2, F)."""
    rest: dict[int, _Rest]
    """The other rows, by index of the configuration."""


class FoldStatistics:
    r"""Statistics of each fold, standardized and clipped for any outer fold.

    Each outer fold standardizes the features by its own training rows, and clips them. The Gram
    matrix G of a fold is therefore kept in units of the fold itself. With the deviations :math:`s`
    of the fold and :math:`s_k` of the training rows of outer fold k, it becomes

    .. math:: G_{ij} \rightarrow \frac{s_i s_j}{s_{k,i} s_{k,j}} G_{ij}

    The few rows that have a feature far from its mean are added anew for each outer fold; and all
    rows of a fold, if an outer fold clips others. The training rows alone determine the statistics
    of an outer fold, to the bit.

    Parameters
    ----------
    learner
        A linear learner.
    samples
    fold : (C,) array of integers
        The fold of each configuration.
    moments
        Moments of the features, by species and index of the configuration.
    """

    def __init__(
        self,
        learner: Any,
        samples: Samples,
        fold: Integers,
        moments: Mapping[str, Mapping[int, Moments]],
    ) -> None:
        self._learner, self._samples, self._fold = learner, samples, fold
        self._n_targets = samples[0].targets.shape[1]
        self._moments: dict[str, dict[int, Moments]] = {}
        for species, of_species in moments.items():
            by_fold: dict[int, Moments] = {}
            for i, new in of_species.items():
                j = int(fold[i])
                by_fold[j] = by_fold[j] + new if j in by_fold else new
            self._moments[species] = dict(sorted(by_fold.items()))
        self._kept: dict[int, dict[str, _Shared]] = {}

    def standardizer(self, species: str, k: int) -> Standardizer:
        """Return the standardizer of the rows outside fold k.

        Raises
        ------
        InputError
            If there are none.
        """
        training = [moments for j, moments in self._moments[species].items() if j != k]
        if not training:
            raise missing(species, k)
        total = sum(training[1:], start=training[0])
        return Standardizer.from_moments(total, self._learner.clip)

    def training(self, k: int) -> dict[str, list[Statistics]]:
        """Return the statistics of each fold but fold k, in its units, by species.

        Each training configuration is read once for all outer folds, and once for each outer fold
        for which rows of it are added.
        """
        units = {species: self.standardizer(species, k) for species in self._moments}
        blocks: dict[str, dict[int, Statistics]] = {}
        rest: dict[int, dict[str, _Rest | None]] = {}
        for species, of_species in self._moments.items():
            blocks[species] = {}
            for j in of_species.keys() - {k}:
                shared = self._shared(j).get(species)
                if shared is None or _clips(units[species], shared.extremes):
                    n_features = len(units[species].scale_)
                    block = Statistics(n_features, self._n_targets, self._learner.center)
                    for i in np.flatnonzero(self._fold == j).tolist():
                        rest.setdefault(i, {})[species] = None  # All of its rows are added.
                else:
                    block = self._in_units(shared, units[species])
                    for i, (rows, (n, mean)) in shared.rest.items():
                        others = n, _mean_in_units(mean, shared.units, units[species])
                        rest.setdefault(i, {})[species] = _Rest(rows, others)
                blocks[species][j] = block
        for i, sample in in_turn(self._samples, sorted(rest)):
            for species, rows in sample.rows().items():
                if species not in rest[i]:
                    continue
                some = rest[i][species]
                used = rows if some is None else some.rows
                matrix = self._learner.whitening_of(sample.particles(rows), len(rows))
                Z = units[species].standardize(sample.features[used])
                block = blocks[species][int(self._fold[i])]
                others = (0.0, np.empty(0)) if some is None else some.others
                block.add(*whiten(matrix, Z, sample.targets[used]), others)
        # Blocks are in the order of the folds, so that sums do not depend on the samples' order.
        return {species: [part[j] for j in sorted(part)] for species, part in blocks.items()}

    def _shared(self, j: int) -> dict[str, _Shared]:
        """Return the shared rows of fold j; its configurations are read at the first call."""
        # Whitening mixes all rows of a configuration.
        if self._learner.error_correlation is not None:
            return {}
        if j not in self._kept:
            self._kept[j] = self._read(j)
        return self._kept[j]

    def _read(self, j: int) -> dict[str, _Shared]:
        """Read the configurations of fold j."""
        units: dict[str, Standardizer] = {}
        parts: dict[str, Statistics] = {}
        extremes: dict[str, list[Floats]] = {}
        rest: dict[str, dict[int, _Rest]] = {}
        for i, sample in in_turn(self._samples, np.flatnonzero(self._fold == j)):
            for species, rows in sample.rows().items():
                Y, n_features = sample.targets[rows], sample.features.shape[1]
                if species not in parts:
                    moments = self._moments[species][j]
                    units[species] = Standardizer.from_moments(moments, self._learner.clip)
                    parts[species] = Statistics(n_features, Y.shape[1], self._learner.center)
                    extremes[species], rest[species] = [np.zeros((2, n_features))], {}
                Z = units[species].in_units(take_rows(sample.features, rows))
                near = np.maximum(Z.max(axis=1), -Z.min(axis=1)) <= NEAR * self._learner.clip
                if not near.all():
                    Y, Z = _kept(Y, near), _kept(Z, near)
                    mean = np.zeros(n_features + Y.shape[1])
                    if len(Z):
                        mean = np.concatenate([Z.mean(axis=0), Y.mean(axis=0)])
                    rest[species][i] = _Rest(rows[~near], (len(Z), mean))
                if len(Z):
                    extremes[species].append(np.stack([Z.min(axis=0), Z.max(axis=0)]))
                parts[species].add(Z, Y)
        kept = {}
        for species, part in parts.items():
            of_all = np.array(extremes[species])
            widest = np.stack([of_all[:, 0].min(axis=0), of_all[:, 1].max(axis=0)])
            widest = units[species].mean_ + units[species].scale_ * widest
            kept[species] = _Shared(units[species], part.packed(), widest, rest[species])
        return kept

    def _in_units(self, shared: _Shared, units: Standardizer) -> Statistics:
        """Return the statistics of shared rows in the units of an outer fold."""
        count, mean, triangle = shared.packed
        factors = shared.units.scale_ * inverse(units.scale_)
        center = self._learner.center
        part = Statistics.unpacked(count, mean, triangle, self._n_targets, center=center)
        part = part.scaled(factors)
        part.x_mean[:] = _mean_in_units(mean, shared.units, units)[: len(factors)]
        return part


def _mean_in_units(mean: Floats, before: Standardizer, units: Standardizer) -> Floats:
    """Return a mean of features and targets, (F + T,), in other units of the features."""
    n = len(units.scale_)
    features = before.mean_ + before.scale_ * mean[:n]
    return np.concatenate([(features - units.mean_) * inverse(units.scale_), mean[n:]])


def _kept(table: Floats, kept: NDArray[np.bool_]) -> Floats:
    """Return some rows of a table in any order, in its memory."""
    n = int(kept.sum())
    table[:n][~kept[:n]] = table[n:][kept[n:]]
    return table[:n]


def _clips(units: Standardizer, extremes: Floats) -> bool:
    """Return whether values within extremes (2, F) may be clipped."""
    varies = units.scale_ > 0  # else a feature is 0 in these units, whatever its value
    largest = np.abs(extremes - units.mean_).max(axis=0)
    return bool((largest[varies] > units.clip * units.scale_[varies]).any())


def missing(species: str, held_out: int) -> InputError:
    """Return the error that a species is in one fold only."""
    return InputError(
        f"samples: expected particles of species {species} outside fold {held_out}, got none"
    )
