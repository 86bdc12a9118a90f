"""The range of densities and features that a saved model was trained on, and what lies outside.

Features are standardized and clipped, as the regression sees them: what the clipping cuts off is no
other feature to it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration
from cagebreak.files.hdf5 import Dataset
from cagebreak.models.model import Model
from cagebreak.potentials.state_point import density
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.equilibrate import load_configuration
from cagebreak.study.store import Store

Floats = NDArray[np.float64]

MARGIN = 1.0
"""Distance beyond the lowest and the highest value of training at which a feature is outside, in
standard deviations of training; chosen: with hundreds of features, half of the particles have one
that is the highest or the lowest so far, and few have one that is this much beyond."""

OFTEN = 2.0
"""Factor between the mean number of features of a particle that are outside and the largest one of
a training configuration left out, above which it is said; chosen: of six configurations of a
Kob-Andersen mixture at T = 0.5 it is up to 5, of a snapshot at T = 0.6 18 to 48."""

RARE = 1e-3
"""Probability below which the mean of a feature is not one of the training configurations', for
all features together; chosen."""

DENSITY = 0.005
"""Relative distance beyond the lowest and the highest density of training that is said; chosen:
relaxation times of dense liquids change by several percent."""

NUMBERS = "range_numbers"
_NAMES = ("range_low", "range_high", "range_means", "range_scatter")


@dataclass(frozen=True, eq=False)
class TrainingRange:
    """Where the features of particles of one species lay in training.

    Parameters
    ----------
    low, high : (F,) arrays
        The lowest and the highest value of any particle.
    means, scatter : (F,) arrays
        Mean of the configurations' means, and their standard deviation.
    n_configurations
        Configurations with particles of the species.
    left_out
        Largest mean number of features of a particle that are outside in a configuration, with the
        range of all others; NaN for less than two.
    """

    low: Floats
    high: Floats
    means: Floats
    scatter: Floats
    n_configurations: int
    left_out: float

    @classmethod
    def of(cls, read: Callable[[], Iterable[Floats]]) -> "TrainingRange":
        """Return the range of configurations, which `read` yields as arrays (N, F); twice."""
        lows, highs, means = [], [], []
        for X in read():
            if len(X):
                lows.append(X.min(axis=0))
                highs.append(X.max(axis=0))
                means.append(X.mean(axis=0))
        low, high, mean = np.array(lows), np.array(highs), np.array(means)
        n = len(mean)
        numbers = []
        for k, X in enumerate(X for X in read() if n > 1 and len(X)):
            others = np.arange(n) != k
            outside = _outside(X, low[others].min(axis=0), high[others].max(axis=0))
            numbers.append(float(outside.sum(axis=1).mean()))
        return cls(
            low=low.min(axis=0),
            high=high.max(axis=0),
            means=mean.mean(axis=0),
            scatter=mean.std(axis=0, ddof=1) if n > 1 else np.full_like(mean[0], np.nan),
            n_configurations=n,
            left_out=max(numbers, default=np.nan),
        )

    def outside(self, values: Floats) -> NDArray[np.bool_]:
        """Return which features (N, F) are outside."""
        return _outside(values, self.low, self.high)

    def remark(self, species: str, values: Floats, names: Sequence[str]) -> str:
        """Return what leaves the range in a configuration, (N, F), in words; "" if nothing does."""
        outside = self.outside(values)
        number = float(outside.sum(axis=1).mean())
        if number > OFTEN * self.left_out or (np.isnan(self.left_out) and number > 0):
            most = np.argsort(-outside.sum(axis=0), kind="stable")[:3]
            listed = ", ".join(names[f] for f in most if outside[:, f].any())
            usual = (
                f"of training configurations left out at most {self.left_out:.3g}"
                if np.isfinite(self.left_out)
                else "there was one training configuration only"
            )
            return (
                f"{number:.3g} features of a particle of {species} are outside the range of "
                f"training, on average ({usual}), most often {listed}; predictions extrapolate"
            )
        return self._mean_remark(species, values, names)

    def _mean_remark(self, species: str, values: Floats, names: Sequence[str]) -> str:
        """Return the mean that is the least likely of a training configuration, or ""."""
        n = self.n_configurations
        if n < 3:
            return ""
        # Imported at need, as scipy takes long.
        from scipy.stats import t as student

        error = self.scatter * np.sqrt(1 + 1 / n)
        apart = np.abs(values.mean(axis=0) - self.means)
        ratio = np.divide(apart, error, out=np.zeros_like(apart), where=error > 0)
        limit = student.isf(RARE / 2 / len(ratio), n - 1)
        if not (ratio > limit).any():
            return ""
        most = np.argsort(-ratio, kind="stable")[:3]
        listed = ", ".join(names[f] for f in most if ratio[f] > limit)
        return (
            f"the means over {species} particles of {np.count_nonzero(ratio > limit)} features are "
            f"not those of the training configurations, by up to {ratio.max():.3g} standard errors "
            f"({listed}); another state point or preparation?"
        )

    def datasets(self) -> dict[str, Dataset]:
        """Return the range as datasets of a file."""
        arrays = (self.low, self.high, self.means, self.scatter)
        numbers = np.array([self.n_configurations, self.left_out])
        return {
            name: Dataset(array, "1, of standardized features", "feature")
            for name, array in zip(_NAMES, arrays, strict=True)
        } | {NUMBERS: Dataset(numbers, "configurations; features outside of one left out", "")}

    @classmethod
    def of_datasets(cls, arrays: Mapping[str, NDArray], n_features: int) -> "TrainingRange | None":
        """Return a stored range; None for a file of an earlier version, which has none.

        Raises
        ------
        ValueError
            If an array has another shape.
        """
        if NUMBERS not in arrays:
            return None
        low, high, means, scatter = parts = [arrays[name] for name in _NAMES]
        numbers = arrays[NUMBERS]
        if any(part.shape != (n_features,) for part in parts) or numbers.shape != (2,):
            raise ValueError(f"expected a range of {n_features} features")
        n, left_out = int(numbers[0]), float(numbers[1])
        return cls(low, high, means, scatter, n, left_out)


def _outside(values: Floats, low: Floats, high: Floats) -> NDArray[np.bool_]:
    return (values < low - MARGIN) | (values > high + MARGIN)


def training_densities(recipe: Recipe, store: Store) -> Floats:
    """Return the density of each training configuration, (n,).

    It is the packing fraction of hard spheres, and the number density of other particles.
    """
    n = recipe.preparation.n_configurations
    return np.array([_density(load_configuration(store, c), recipe.model)[1] for c in range(n)])


def density_remark(configuration: Configuration, densities: Floats, model: Model) -> str:
    """Return that a density is not one of training, in words; "" if it is."""
    name, value = _density(configuration, model)
    low, high = float(densities.min()), float(densities.max())
    if low * (1 - DENSITY) <= value <= high * (1 + DENSITY):
        return ""
    end = low if value < low else high
    trained = f"{low:.4g}" if np.isclose(low, high, rtol=1e-4) else f"{low:.4g} to {high:.4g}"
    return (
        f"its {name} is {value:.4g}, {100 * abs(value / end - 1):.2g} % "
        f"{'below' if value < low else 'above'} that of the training configurations, {trained}"
    )


def _density(configuration: Configuration, model: Model) -> tuple[str, float]:
    n = len(configuration)
    composition = np.bincount(configuration.species, minlength=model.n_species) / n
    name, _, value = density(n / configuration.box.volume, composition, model)
    return name.replace("_", " "), value
