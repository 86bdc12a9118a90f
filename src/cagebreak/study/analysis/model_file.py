"""Fitted models of a study in files, and their predictions for other configurations."""

import json
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from cagebreak._hdf5 import UNREADABLE, group_in, read_array, require_finite
from cagebreak._sealed import creating, opened
from cagebreak.configuration import SPECIES_NAMES, Configuration, as_configuration
from cagebreak.descriptors.base import column_names
from cagebreak.descriptors.recommended import feature_groups
from cagebreak.errors import ConfigurationWarning, FileFormatError, InputError
from cagebreak.files.hdf5 import Dataset, read_datasets, write_datasets
from cagebreak.learning import PredictiveIntervals, RidgeCV, Standardizer, Statistics
from cagebreak.learning.linear_model.ridge import AlphaWarning, outside_range
from cagebreak.learning.model_selection.configuration_mean import ConfigurationMean
from cagebreak.learning.preprocessing import Moments
from cagebreak.potentials.match import check
from cagebreak.seeding import Seed, natural, seed_sequence
from cagebreak.study.analysis import inherent_energy
from cagebreak.study.analysis.samples import StudySamples
from cagebreak.study.analysis.training_range import (
    TrainingRange,
    density_remark,
    training_densities,
)
from cagebreak.study.analysis.uncertainty import particle_intervals
from cagebreak.study.analysis.uncertainty.prediction import Prediction
from cagebreak.study.archive import potential_in, text_of
from cagebreak.study.recipe import selections
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.descriptors import averaged, made_once, states_of
from cagebreak.study.stages.propensity import load_propensity
from cagebreak.study.stages.states import make_cages
from cagebreak.study.store import Store

FORMAT = "cagebreak model 1"

CAGE_STATES = 4
"""Cage states over which the features of a prediction are averaged by default; chosen, see
`docs/pretrained.md`."""


@dataclass(frozen=True, eq=False)
class SpeciesFit:
    """The fit of one species.

    Parameters
    ----------
    ridge
        The regression on the features of the selection.
    configuration_mean
        The fit of the mean target of a configuration; None unless the mean is predicted separately.
    training
        The range of the features in training; None in a file of an earlier version.
    intervals
        Predictive intervals; None with fewer than two configurations, of several state points, and
        in a file of an earlier version.
    """

    ridge: RidgeCV
    configuration_mean: ConfigurationMean | None
    training: TrainingRange | None
    intervals: PredictiveIntervals | None


@dataclass(frozen=True, eq=False)
class SavedModel:
    """Ridge regression on one selection of a study, fitted to all of its configurations.

    Parameters
    ----------
    recipe
        The recipe of the study, which determines states and descriptors.
    selection
        Name of the selection in the recipe.
    times : (T,) array
        Times of the propensity, in tau.
    fits
        The fit of each species, by its number.
    inherent_energies : (n,) array
        Energy of the inherent state of training configurations per particle, in eps; None for hard
        spheres and in a file of an earlier version. See
        `cagebreak.study.analysis.inherent_energy.training_energies`.
    densities : (n,) array
        Density of the training configurations: the packing fraction of hard spheres, and the number
        density of other particles; None in a file of an earlier version.
    """

    recipe: Recipe
    selection: str
    times: NDArray[np.float64]
    fits: Mapping[int, SpeciesFit]
    inherent_energies: NDArray[np.float64] | None = None
    densities: NDArray[np.float64] | None = None

    @classmethod
    def of_study(cls, recipe: Recipe, store: Store, selection: str) -> "SavedModel":
        """Return a model fitted to all configurations of a study.

        The penalty alpha of each species and time is chosen by cross-validation over the
        configurations.

        Raises
        ------
        InputError
            If the recipe has no such selection.

        Warns
        -----
        AlphaWarning
            If an alpha lies outside the range of the recipe.
        ConfigurationWarning
            If the energy of the inherent state of a configuration is far from those of all others.
        """
        group, labels = _group(recipe, selection)
        read_labels = labels[np.isin(labels.source, group.sources)][group.read]
        families = feature_groups(read_labels.view(np.recarray))
        settings = recipe.learning
        ridge = RidgeCV(
            alphas=settings.alphas,
            folds=settings.outer_folds,
            clip=settings.clip,
            seed=recipe.study.seed,
            **group.learned,
        )
        fits = {}
        with threadpool_limits(limits=1, user_api="blas"):
            for letter in settings.species:
                number = SPECIES_NAMES.index(letter)
                samples = StudySamples(store, recipe, [number], group.sources, group.read)
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", AlphaWarning)  # It follows, with its species.
                    intervals = particle_intervals.calibrate(recipe, store, selection, letter)
                    fits[number] = _fit(ridge, samples, group, families, intervals)
                alpha, outside = fits[number].ridge.alpha_, fits[number].ridge.outside_
                if outside.any():
                    text = outside_range(settings.alphas, alpha[outside], alpha.size)
                    text += f" (species {letter}, features {selection!r})"
                    warnings.warn(text, AlphaWarning, stacklevel=3)
        energies = inherent_energy.training_energies(recipe, store)
        if energies is not None:
            for c, remark in inherent_energy.outliers(energies, recipe.model):
                warnings.warn(f"configuration {c}: {remark}", ConfigurationWarning, stacklevel=3)
        times = load_propensity(store, 0)[0].times
        densities = training_densities(recipe, store)
        return cls(recipe, selection, times, fits, energies, densities)

    def predict(
        self, configuration: Configuration, seed: Seed, cage_states: int = CAGE_STATES
    ) -> NDArray[np.float64]:
        """Return the predicted propensity, (T, N) in sigma; NaN for species without a fit.

        Parameters
        ----------
        configuration
        seed
            Seed of the cage states, if the selection uses them.
        cage_states
            Number of cage states over which the features are averaged; the first has the seed
            itself. They are sampled in parallel in the threads of Numba. One is what a study
            describes.

        Raises
        ------
        ConfigurationError
            If the configuration cannot be one of the model; see `cagebreak.check`.

        Warns
        -----
        ConfigurationWarning
            If the configuration differs from the model, its density or the energy of its inherent
            state from those of training, or features leave the range of training.
        """
        match = check(as_configuration(configuration), self.recipe.model, fixed=True)
        return self._applied(match.configuration, seed, cage_states).values

    def predict_intervals(
        self, configuration: Configuration, seed: Seed, cage_states: int = CAGE_STATES
    ) -> Prediction:
        """Return the predicted propensity with the predictive interval of every particle.

        The parameters, errors and warnings are those of `predict`. Another warning says if the
        model has no intervals.
        """
        match = check(as_configuration(configuration), self.recipe.model, fixed=True)
        prediction = self._applied(match.configuration, seed, cage_states)
        if not any(self.intervals.values()):
            warnings.warn(self.statement, ConfigurationWarning, stacklevel=2)
        return prediction

    def _applied(self, configuration: Configuration, seed: Seed, cage_states: int) -> Prediction:
        """Return the prediction of `apply`, and warn of its remarks."""
        prediction = self.apply(configuration, seed, cage_states)
        for remark in prediction.remarks:
            warnings.warn(remark, ConfigurationWarning, stacklevel=3)
        return prediction

    def apply(
        self, configuration: Configuration, seed: Seed, cage_states: int = CAGE_STATES
    ) -> Prediction:
        """Return the prediction for a configuration that was compared with the model before.

        The parameters are those of `predict`.
        """
        if natural("cage_states", cage_states) < 1:
            raise InputError(f"cage_states: expected at least one, got {cage_states!r}")
        group, labels = _group(self.recipe, self.selection)
        needed = {name for source in group.sources for name in states_of(self.recipe, source)}
        seeds = [seed, *(seed_sequence(seed, "cage state", k) for k in range(1, cage_states))]
        state = made_once(self.recipe, configuration, seed)
        sampled = sorted(needed & {"cage", "wide"})
        with make_cages(self.recipe, configuration, seeds, sampled) as cages:
            # The descent to the inherent state goes on beside the sampling.
            energies, known = self.inherent_energies, state if "inherent" in needed else None
            remarks = [inherent_energy.training_remark(configuration, energies, self.recipe, known)]
            features = averaged(self.recipe, group.sources, state, cages)[:, group.read]
        columns = group.columns[self.selection]
        read_labels = labels[np.isin(labels.source, group.sources)][group.read][columns]
        names = column_names(read_labels.view(np.recarray))
        shape = (len(self.times), len(configuration))
        predicted, low, high = (np.full(shape, np.nan) for _ in range(3))
        outside = np.full(len(configuration), np.nan)
        for number, fit in self.fits.items():
            rows = np.flatnonzero(configuration.species == number)
            if not len(rows):
                continue
            of_species = features[np.ix_(rows, columns)]
            values = fit.ridge.predict(of_species)
            if fit.training is None:
                remarks.append(
                    f"the range of the features of {SPECIES_NAMES[number]} in training is unknown: "
                    "the model was saved by an earlier version"
                )
            else:
                scaling = fit.ridge.standardizer_
                assert scaling is not None
                standardized = scaling.transform(of_species)
                outside[rows] = fit.training.outside(standardized).sum(axis=1)
                remarks.append(fit.training.remark(SPECIES_NAMES[number], standardized, names))
            if fit.configuration_mean is not None and group.configuration_mean is not None:
                feature = float(features[rows, group.configuration_mean].mean())
                mean = fit.configuration_mean.predict(feature)
                values = values - values.mean(axis=0) + mean
            predicted[:, rows] = values.T
            lower, upper = particle_intervals.bounds(fit.intervals, values)
            low[:, rows], high[:, rows] = lower.T, upper.T
        if self.densities is not None:
            # First, since another density explains the rest.
            remarks.insert(0, density_remark(configuration, self.densities, self.recipe.model))
        said = tuple(remark for remark in remarks if remark)
        return Prediction(self.times, predicted, low, high, outside, said)

    @property
    def intervals(self) -> dict[str, PredictiveIntervals | None]:
        """The predictive intervals, by the letter of the species."""
        return {SPECIES_NAMES[number]: fit.intervals for number, fit in self.fits.items()}

    @property
    def statement(self) -> str:
        """What the predictive intervals are, in words."""
        return particle_intervals.statement(self.intervals, self.recipe.isoconfigurational.n_runs)

    def save(self, path: Path) -> None:
        """Write the model as HDF5; an existing file is replaced atomically."""
        with creating(path, {"format": FORMAT}) as file:
            file.attrs["format"] = FORMAT
            file.attrs["recipe"] = json.dumps(self.recipe.values)
            file.attrs["selection"] = self.selection
            arrays = {"times": Dataset(self.times, "tau", "time")}
            if self.inherent_energies is not None:
                arrays["inherent_energies"] = Dataset(
                    self.inherent_energies, "eps per particle", "configuration"
                )
            if self.densities is not None:
                arrays["densities"] = Dataset(
                    self.densities, "packing fraction, or sigma^-3", "configuration"
                )
            write_datasets(file, arrays | text_of(self.recipe))
            for number, fit in self.fits.items():
                scaling = fit.ridge.standardizer_
                assert scaling is not None
                arrays = {
                    "coefficients": Dataset(
                        fit.ridge.coef_, "sigma, of standardized features", "time, feature"
                    ),
                    "intercept": Dataset(fit.ridge.intercept_, "sigma", "time"),
                    "alpha": Dataset(fit.ridge.alpha_, "1", "time"),
                    "mean": Dataset(scaling.mean_, "reduced", "feature"),
                    "deviation": Dataset(scaling.scale_, "reduced", "feature"),
                }
                if fit.training is not None:
                    arrays |= fit.training.datasets()
                if fit.intervals is not None:
                    arrays |= particle_intervals.datasets(fit.intervals)
                if fit.configuration_mean is not None:
                    for name, values in fit.configuration_mean.numbers().items():
                        arrays[name] = Dataset(
                            values, "see cagebreak.learning.model_selection.configuration_mean", ""
                        )
                write_datasets(file.create_group(SPECIES_NAMES[number]), arrays)

    @classmethod
    def load(cls, path: Path) -> "SavedModel":
        """Read a file that `save` wrote.

        Raises
        ------
        FileFormatError
            If the file is damaged or not a saved model.
        """
        try:
            with opened(path) as file:
                if (file_format := file.attrs.get("format")) != FORMAT:
                    raise ValueError(f"expected format {FORMAT!r}, got {file_format!r}")
                values = json.loads(file.attrs["recipe"])
                if not isinstance(values, dict):
                    raise ValueError(f"recipe: expected sections, got {type(values).__name__}")
                recipe = Recipe.of_values(path, values, potential_in(file))
                selection = str(file.attrs["selection"])
                times = read_array(file, "times", (None,))
                require_finite(times=times)
                energies, densities = (
                    read_array(file, name, (None,)) if name in set(file) else None
                    for name in ("inherent_energies", "densities")
                )
                if energies is not None:
                    require_finite(inherent_energies=energies)
                if densities is not None:
                    require_finite(densities=densities)
                arrays = {n: read_datasets(group_in(file, n)) for n in file if n in SPECIES_NAMES}
            group, _ = _group(recipe, selection)
            n_features = len(group.columns[selection])
            fits = {
                SPECIES_NAMES.index(name): _loaded(datasets, group, recipe, len(times), n_features)
                for name, datasets in arrays.items()
            }
        except FileNotFoundError:
            raise
        except UNREADABLE as error:
            raise FileFormatError(f"{path}: expected a saved model, whole ({error})") from error
        return cls(recipe, selection, times, fits, energies, densities)


def _group(recipe: Recipe, name: str) -> tuple[selections.Group, np.recarray]:
    names = recipe.learning.selections
    if name not in names:
        raise InputError(f"selection: expected one of {', '.join(names)}, got {name!r}")
    labels = recipe.labels()
    default = {"center": recipe.learning.center, "weights": (1.0,)}
    (group,) = selections.groups(labels, {name: names[name]}, default)
    return group, labels


def _fit(
    ridge: RidgeCV,
    samples: StudySamples,
    group: selections.Group,
    families: NDArray,
    intervals: PredictiveIntervals | None,
) -> SpeciesFit:
    ((_, columns),) = group.columns.items()

    def read() -> Iterator[tuple[NDArray, NDArray, NDArray]]:
        for c in range(len(samples)):
            sample = samples[c]
            yield sample.features, sample.features[:, columns], sample.targets

    moments = Moments.none(len(columns))
    for _, X, _ in read():
        moments = moments + Moments.of(X)
    standardizer = Standardizer.from_moments(moments, ridge.clip)
    # Configurations of one group are held out together when alpha is chosen.
    groups = samples.recipe.groups
    parts: dict[int, Statistics] = {}
    x, y = [], []
    for c, (features, X, Y) in enumerate(read()):
        if not len(X):
            continue
        empty = Statistics(X.shape[1], Y.shape[1], ridge.center)
        part = parts.setdefault(c if groups is None else int(groups[c]), empty)
        part.add(standardizer.standardize(X), Y)
        y.append(Y.mean(axis=0))
        if group.configuration_mean is not None:
            x.append(features[:, group.configuration_mean].mean())
    fitted = clone(ridge).fit_statistics(list(parts.values()), standardizer, families[columns])
    mean = ConfigurationMean(np.array(x), np.array(y)) if x else None
    training = TrainingRange.of(lambda: (standardizer.standardize(X) for _, X, _ in read()))
    return SpeciesFit(fitted, mean, training, intervals)


def _loaded(
    arrays: Mapping[str, NDArray],
    group: selections.Group,
    recipe: Recipe,
    n_times: int,
    n_features: int,
) -> SpeciesFit:
    shapes = {
        "coefficients": (n_times, n_features),
        "intercept": (n_times,),
        "alpha": (n_times,),
        "mean": (n_features,),
        "deviation": (n_features,),
    }
    for name, shape in shapes.items():
        if arrays[name].shape != shape:
            raise ValueError(f"{name}: expected shape {shape}, got {arrays[name].shape}")
        require_finite(**{name: arrays[name]})
    ridge = RidgeCV(clip=recipe.learning.clip, **group.learned)
    ridge.coef_, ridge.intercept_ = arrays["coefficients"], arrays["intercept"]
    ridge.alpha_ = arrays["alpha"]
    ridge.n_features_in_ = n_features
    ridge.standardizer_ = Standardizer.of(arrays["mean"], arrays["deviation"], recipe.learning.clip)
    return SpeciesFit(
        ridge,
        ConfigurationMean.of_numbers(arrays, n_times) if "level_slope" in arrays else None,
        TrainingRange.of_datasets(arrays, n_features),
        particle_intervals.of_datasets(arrays, n_times),
    )
