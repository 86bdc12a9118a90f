"""A fitted hybrid model: it predicts a configuration from its structure and a few short runs."""

from __future__ import annotations

import json
import os
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from cagebreak._hdf5 import UNREADABLE
from cagebreak._sealed import creating, opened
from cagebreak.configuration import SPECIES_NAMES, Configuration, as_configuration
from cagebreak.descriptors import Features
from cagebreak.descriptors.base import column_names, make_labels, same_labels
from cagebreak.descriptors.coarse_grained.short_runs import STATE, MeanMotion, ShortRuns
from cagebreak.errors import ConfigurationWarning, FileFormatError, InputError
from cagebreak.files.hdf5 import Dataset, read_datasets, write_datasets
from cagebreak.learning._validation import Floats
from cagebreak.learning.short_runs import EndFits, RunRidge
from cagebreak.potentials.match import check
from cagebreak.seeding import Seed
from cagebreak.study.analysis.hybrid.calibration import columns_to
from cagebreak.study.analysis.hybrid.measurement import Measurement
from cagebreak.study.analysis.hybrid.reading import fields_of, measurement_in
from cagebreak.study.analysis.hybrid.training import Training
from cagebreak.study.analysis.inherent_energy import training_remark
from cagebreak.study.analysis.training_range import density_remark
from cagebreak.study.analysis.uncertainty import particle_intervals
from cagebreak.study.analysis.uncertainty.prediction import Prediction
from cagebreak.study.archive import text_of
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.descriptors import label_dataset, made_once

FORMAT = "cagebreak hybrid model 2"


@dataclass(frozen=True, eq=False)
class HybridModel:
    """Ridge regression on structure and the mean motion of `n_runs` runs to the time `until`.

    `Hybrid.fit` makes it.

    Parameters
    ----------
    ridge
    short_runs
        Describes the motion.
    times : (T,) array
        Times that are predicted, in tau.
    species
        Number of the species that is predicted.
    labels : (F,) record array
        Labels of the structural descriptors.
    n_runs, until
        The short runs whose motion the model expects; `until` in tau.
    measurement
        As of `Hybrid`.
    ends
        What structure at the ends of the runs predicts, if it is an input.
    training
        The range of training, and predictive intervals; None in a file of an earlier version.
    """

    ridge: RunRidge
    short_runs: ShortRuns
    times: NDArray[np.float64]
    species: int
    labels: np.recarray
    n_runs: int
    until: float
    measurement: Measurement | None = None
    ends: EndFits | None = None
    training: Training | None = None

    @property
    def recipe(self) -> Recipe:
        """The recipe of the study that the model is of.

        Raises
        ------
        InputError
            If it is of none.
        """
        if self.measurement is None:
            raise InputError("recipe: expected a model of a study, got one of ensembles")
        return self.measurement.recipe

    @property
    def n_structure(self) -> int:
        """Number of structural descriptors, F."""
        return len(self.labels)

    def __repr__(self) -> str:
        return f"HybridModel({self.n_runs} runs to {self.until:.3g} tau, {len(self.times)} times)"

    @property
    def statement(self) -> str:
        """What the predictive intervals are, in words."""
        if self.training is None:
            return "intervals: none, as the model was saved by an earlier version"
        return self.training.statement(self.species, self.n_runs, self.until)

    def predict(self, configuration: Configuration, *, seed: Seed) -> Floats:
        """Return the predicted propensity, (T, N); NaN for other species.

        The structure of the configuration is described, and the short runs are simulated; their
        ends are described if the model expects it.

        Parameters
        ----------
        configuration
        seed
            Of the cage state and of the short runs.

        Raises
        ------
        InputError
            If the model is not one of a study; `predict_from` takes structure and motion instead.
        ConfigurationError
            If the configuration cannot be one of the model; see `cagebreak.check`.

        Warns
        -----
        ConfigurationWarning
            If the configuration differs from the model, its density or the energy of its inherent
            state from those of training, or structure or motion leave the range of training.
        """
        return self._simulated(configuration, seed).values

    def predict_intervals(self, configuration: Configuration, *, seed: Seed) -> Prediction:
        """Return the predicted propensity with the predictive interval of every particle.

        The parameters, errors and warnings are those of `predict`. Another warning says if the
        model has no intervals. An interval contains, with the probability 0.9, the mean over
        `training.n_others` runs other than the short ones.
        """
        prediction = self._simulated(configuration, seed)
        self._warn_without_intervals()
        return prediction

    def predict_from(
        self, structure: Features | None, motion: MeanMotion, ends: Floats | None = None
    ) -> Floats:
        """Return the predicted propensity, (T, N), of a configuration described before.

        Parameters
        ----------
        structure
            The structural descriptors of the fit; None if it has none.
        motion
            Means over `n_runs` runs, at the times of `short_runs` up to `until`.
        ends : (N, G) array, optional
            The mean over these runs of the structure at their ends, of a model that expects it.

        Raises
        ------
        InputError
            If something does not fit the model.

        Warns
        -----
        ConfigurationWarning
            If structure or motion leave the range of training.
        """
        return _warned(self._described(structure, motion, ends), 3).values

    def predict_intervals_from(
        self, structure: Features | None, motion: MeanMotion, ends: Floats | None = None
    ) -> Prediction:
        """Return the predictive interval of every particle beside what `predict_from` returns.

        The parameters, errors and warnings are those of `predict_from`. Another warning says if the
        model has no intervals.
        """
        prediction = _warned(self._described(structure, motion, ends), 3)
        self._warn_without_intervals()
        return prediction

    def apply(self, configuration: Configuration, seed: Seed) -> Prediction:
        """Return the prediction for a configuration that was compared with the model before.

        The parameters are those of `predict`.
        """
        measurement, training = self.measurement, self.training
        assert measurement is not None
        motion, ends = measurement.short_runs(
            configuration,
            self.short_runs.up_to(self.until).times,
            self.n_runs,
            seed,
            self.ends is not None,
        )
        recipe = measurement.recipe
        state = made_once(recipe, configuration, seed)
        structure = measurement.structure(state) if self.n_structure else None
        prediction = self._described(structure, motion, ends)
        if training is None or training.densities is None:
            return prediction
        described = state if "inherent" in recipe.sources else None
        remarks = (
            density_remark(configuration, training.densities, recipe.model),
            training_remark(configuration, training.inherent_energies, recipe, described),
        )
        said = tuple(remark for remark in remarks if remark)
        return replace(prediction, remarks=said + prediction.remarks)

    def _simulated(self, configuration: Configuration, seed: Seed) -> Prediction:
        """Return the prediction of `apply`, and warn of its remarks."""
        if self.measurement is None:
            raise InputError(
                "configuration: expected a model of a study, which knows how to describe and to "
                "simulate it; use predict_from(structure, motion)"
            )
        match = check(as_configuration(configuration), self.recipe.model, fixed=True)
        return _warned(self.apply(match.configuration, seed), 4)

    def _warn_without_intervals(self) -> None:
        if self.training is None or self.training.intervals is None:
            warnings.warn(self.statement, ConfigurationWarning, stacklevel=3)

    def _described(
        self, structure: Features | None, motion: MeanMotion, ends: Floats | None
    ) -> Prediction:
        """Return the prediction from what `predict_from` takes."""
        start, features = self._features(structure, motion, ends)
        rows = np.flatnonzero(start.species == self.species)
        shape = (len(self.times), len(start))
        predicted, low, high = (np.full(shape, np.nan) for _ in range(3))
        outside, remark = np.full(len(start), np.nan), ""
        if len(rows):
            values = self.ridge.predict(features)
            predicted[:, rows] = values.T
            if (training := self.training) is not None:
                lower, upper = particle_intervals.bounds(training.intervals, values)
                low[:, rows], high[:, rows] = lower.T, upper.T
                standardized = self.ridge.standardized(features)
                outside[rows] = training.outside(standardized)
                letter = SPECIES_NAMES[self.species]
                remark = training.features.remark(letter, standardized, self._names)
        return Prediction(self.times, predicted, low, high, outside, (remark,) if remark else ())

    @property
    def _names(self) -> list[str]:
        """The names of the features that are inputs."""
        labels = [self.labels, self.short_runs.labels()]
        n_ends = len(self.ridge.units.mean_) - sum(map(len, labels))
        labels.append(make_labels("prediction", 1, STATE, [{}] * n_ends))
        return column_names(np.concatenate(labels)[self.ridge.used].view(np.recarray))

    def _features(
        self, structure: Features | None, motion: MeanMotion, ends: Floats | None
    ) -> tuple[Configuration, Floats]:
        """Return the configuration, and the features of the particles of the species."""
        if not isinstance(structure, Features | None):
            raise InputError(f"structure: expected Features, got {type(structure).__name__}")
        if not isinstance(motion, MeanMotion):
            raise InputError(f"motion: expected a MeanMotion, got {type(motion).__name__}")
        start = motion.start
        n_columns = 0 if structure is None else structure.n_features
        if n_columns != self.n_structure:
            raise InputError(f"structure: expected {self.n_structure} descriptors, got {n_columns}")
        if structure is not None and not same_labels(structure.labels, self.labels):
            raise InputError("structure: expected the descriptors of the fit in their order")
        if structure is not None and len(structure.values) != len(start):
            raise InputError(
                f"structure: expected {len(start)} particles, got {len(structure.values)}"
            )
        if (ends is None) != (self.ends is None):
            expected = "none" if self.ends is None else "the structure at the ends of the runs"
            raise InputError(f"ends: expected {expected}")
        at_ends = np.zeros(0) if ends is None else np.asarray(ends, dtype=np.float64)
        if self.ends is not None:
            shape = (len(start), self.ends.coefficients.shape[1])
            if at_ends.shape != shape or not np.isfinite(at_ends).all():
                raise InputError(
                    f"ends: expected finite numbers of shape {shape}, got {at_ends.shape}"
                )
        # Later times of other models of the same statistics have no coefficients.
        columns = columns_to(self.short_runs, motion, self.until)
        values = columns if structure is None else np.hstack([structure.values, columns])
        rows = np.flatnonzero(start.species == self.species)
        # Ends of runs of other lengths have no coefficients.
        led_to = np.zeros((len(rows), self.ridge.coefficients.shape[0] - values.shape[1]))
        if self.ends is not None and len(rows):
            own = self.ridge.inputs.columns[-self.ends.n_targets :] - columns.shape[1]
            led_to[:, own] = self.ends.predict(at_ends[rows])
        return start, np.hstack([values[rows], led_to])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model as HDF5; an existing file is replaced atomically.

        Raises
        ------
        InputError
            If the mean target of some configuration of training was not positive.
        OSError
            If the file cannot be written.
        """
        ridge, short_runs = self.ridge, self.short_runs
        about = {
            "species": self.species,
            "n_runs": self.n_runs,
            "until": self.until,
            "mean_of": None if ridge.inputs.mean_of is None else int(ridge.inputs.mean_of),
            "clip": ridge.units.clip,
            "n_others": None if self.training is None else self.training.n_others,
            "motion": {
                "times": short_runs.times, "n_species": short_runs.n_species,
                "quantities": short_runs.quantities, "lengths": short_runs.lengths,
            },
        }  # fmt: skip
        arrays = {
            "times": Dataset(self.times, "tau", "time"),
            "labels": label_dataset(self.labels),
            "coefficients": Dataset(ridge.coefficients, "target over feature", "feature, time"),
            "alpha": Dataset(ridge.alpha, "1", "time"),
            "factor": Dataset(ridge.factor, "1", "time"),
            "columns": Dataset(ridge.inputs.columns, "those of runs that are used", "column"),
            "mean": Dataset(ridge.units.mean_, "of the feature", "feature"),
            "deviation": Dataset(ridge.units.scale_, "of the feature", "feature"),
        }
        for name, values in ridge.mean.numbers().items():
            arrays[name] = Dataset(values, "of the mean of a configuration", "")
        if self.ends is not None:
            about["end_clip"] = self.ends.clip
            coefficients = self.ends.coefficients[0]
            arrays["end_coefficients"] = Dataset(
                coefficients, "target over descriptor", "descriptor, target"
            )
        if self.training is not None:
            arrays |= self.training.datasets()
        with creating(path, {"format": FORMAT}) as file:
            file.attrs["format"] = FORMAT
            file.attrs["about"] = json.dumps(about)
            if (measurement := self.measurement) is not None:
                file.attrs["recipe"] = json.dumps(measurement.recipe.values)
                file.attrs["features"] = json.dumps(measurement.features)
                file.attrs["quantities"] = json.dumps(measurement.quantities)
                arrays |= text_of(measurement.recipe)
            write_datasets(file, arrays)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a file that `save` wrote.

        Raises
        ------
        FileFormatError
            If the file is damaged or not a hybrid model.
        """
        path = Path(path)
        try:
            with opened(path) as file:
                if (file_format := file.attrs.get("format")) != FORMAT:
                    raise ValueError(f"expected format {FORMAT!r}, got {file_format!r}")
                about, arrays = json.loads(file.attrs["about"]), read_datasets(file)
                measurement = measurement_in(file, path)
            return cls(**fields_of(about, arrays, measurement))
        except FileNotFoundError:
            raise
        except UNREADABLE as error:
            raise FileFormatError(f"{path}: expected a hybrid model, whole ({error})") from error


def _warned(prediction: Prediction, stacklevel: int) -> Prediction:
    """Return a prediction, and warn of its remarks."""
    for remark in prediction.remarks:
        warnings.warn(remark, ConfigurationWarning, stacklevel=stacklevel)
    return prediction
