"""A fitted hybrid model: it predicts a configuration from its structure and a few short runs."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import h5py
import numpy as np
from numpy.typing import NDArray

from cagebreak._hdf5 import UNREADABLE, require_finite
from cagebreak._sealed import creating, opened
from cagebreak.configuration import Configuration, as_configuration
from cagebreak.descriptors import Features
from cagebreak.descriptors.base import same_labels
from cagebreak.descriptors.coarse_grained.short_runs import MeanMotion, ShortRuns
from cagebreak.errors import FileFormatError, InputError
from cagebreak.files.hdf5 import Dataset, read_datasets, write_datasets
from cagebreak.learning.model_selection.configuration_mean import ConfigurationMean
from cagebreak.learning.preprocessing import Standardizer
from cagebreak.learning.short_runs import EndFits, Inputs, RunRidge
from cagebreak.models.arguments import is_whole
from cagebreak.potentials.match import check
from cagebreak.seeding import Seed
from cagebreak.study.analysis.hybrid.measurement import Measurement
from cagebreak.study.analysis.uncertainty.prediction import Prediction
from cagebreak.study.archive import potential_in, text_of
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.descriptors import label_dataset, labels_in

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

    def predict(self, configuration: Configuration, *, seed: Seed) -> NDArray[np.float64]:
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
            If the model is not one of a study whose runs were simulated; `predict_from` takes
            structure and motion instead.
        ConfigurationError
            If the configuration cannot be one of the model; see `cagebreak.check`.
        """
        if self.measurement is None:
            raise InputError(
                "configuration: expected a model of a study, which knows how to describe and to "
                "simulate it; use predict_from(structure, motion)"
            )
        match = check(as_configuration(configuration), self.recipe.model, fixed=True)
        return self.apply(match.configuration, seed).values

    def apply(self, configuration: Configuration, seed: Seed) -> Prediction:
        """Return the prediction for a configuration that was compared with the model before.

        As of a saved model, but without intervals. The parameters are those of `predict`.
        """
        assert self.measurement is not None
        times = [time for time in self.short_runs.times if time <= self.until * (1 + 1e-9)]
        motion, ends = self.measurement.short_runs(
            configuration, times, self.n_runs, seed, self.ends is not None
        )
        structure = self.measurement.structure(configuration, seed) if self.n_structure else None
        values = self.predict_from(structure, motion, ends)
        none = np.full(values.shape, np.nan)
        return Prediction(self.times, values, none, none, np.full(len(configuration), np.nan), ())

    @property
    def statement(self) -> str:
        """That there are no predictive intervals, and which short runs are simulated, in words."""
        return f"intervals: none, as {self.n_runs} short runs to {self.until:.3g} tau are inputs"

    def predict_from(
        self,
        structure: Features | None,
        motion: MeanMotion,
        ends: NDArray[np.float64] | None = None,
    ) -> NDArray[np.float64]:
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
        """
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
        short_runs = self.short_runs
        labels = short_runs.labels()
        columns = np.zeros((len(start), len(labels)))
        used = labels.time <= self.until * (1 + 1e-9)
        of_motion = ShortRuns(
            tuple(np.unique(labels.time[used]).tolist()),
            short_runs.n_species, short_runs.quantities, short_runs.lengths,
        )  # fmt: skip
        columns[:, used] = of_motion.compute(motion).values
        values = columns if structure is None else np.hstack([structure.values, columns])
        rows = np.flatnonzero(start.species == self.species)
        predicted = np.full((len(self.times), len(start)), np.nan)
        if len(rows):
            # Ends of runs of other lengths have no coefficients.
            led_to = np.zeros((len(rows), self.ridge.coefficients.shape[0] - values.shape[1]))
            if self.ends is not None:
                own = self.ridge.inputs.columns[-self.ends.n_targets :] - len(labels)
                led_to[:, own] = self.ends.predict(at_ends[rows])
            predicted[:, rows] = self.ridge.predict(np.hstack([values[rows], led_to])).T
        return predicted

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
                measurement = _measurement_in(file, path) if "recipe" in file.attrs else None
            return cls._of_arrays(about, arrays, measurement)
        except FileNotFoundError:
            raise
        except UNREADABLE as error:
            raise FileFormatError(f"{path}: expected a hybrid model, whole ({error})") from error

    @classmethod
    def _of_arrays(
        cls,
        about: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
        measurement: Measurement | None,
    ) -> Self:
        labels, n_runs = labels_in(arrays["labels"]), about["n_runs"]
        n_structure = len(labels)
        short_runs = ShortRuns(**about["motion"])
        times, columns, ends = arrays["times"], arrays["columns"], None
        n_targets = 0
        if "end_coefficients" in arrays:
            coefficients = arrays["end_coefficients"]
            n_columns = coefficients.shape[0]
            if measurement is not None:
                descriptor = measurement.recipe.end_descriptor
                n_columns = 0 if descriptor is None else len(descriptor.labels())
            n_targets = coefficients.shape[1]
            _check_shape("end_coefficients", coefficients, (n_columns, n_targets))
            ends = EndFits(
                coefficients[None], (frozenset(),), np.zeros(0, np.int64), float(about["end_clip"])
            )
        if measurement is not None and n_structure:
            expected = measurement.recipe.labels()[measurement.columns]
            if not same_labels(labels, expected):
                raise ValueError(
                    f"expected {n_structure} descriptors, got {len(expected)} of this version of "
                    "cagebreak, or others"
                )
        n_features, n_motion = len(arrays["mean"]), len(short_runs.labels())
        last = n_features - n_structure - n_motion
        if last < n_targets or not np.isin(columns, np.arange(n_motion + last)).all():
            raise ValueError(f"expected features of structure, motion and ends, got {n_features}")
        for name, shape in {
            "times": (len(times),), "coefficients": (n_features, len(times)),
            "alpha": (len(times),), "factor": (len(times),), "mean": (n_features,),
            "deviation": (n_features,), "level_slope": (len(times),),
            "level_log_y_mean": (len(times),),
        }.items():  # fmt: skip
            _check_shape(name, arrays[name], shape)
        mean_of = about["mean_of"]
        known = {**about, "times": times.tolist(), "quantities": short_runs.quantities}
        for name, fits in {
            "species": about["species"] in range(short_runs.n_species),
            "n_runs": is_whole(n_runs) and n_runs >= 1,
            "until": np.isclose(short_runs.times, about["until"]).any(),
            "mean_of": mean_of is None or (type(mean_of) is int and 0 <= mean_of < n_features),
            "clip": about["clip"] > 0,
            "times": (np.diff(times, prepend=0.0) > 0).all(),
            "quantities": measurement is None or measurement.quantities == short_runs.quantities,
        }.items():
            if not fits:
                raise ValueError(f"{name}: expected one that fits the model, got {known[name]!r}")
        ridge = RunRidge(
            arrays["coefficients"], arrays["alpha"], arrays["factor"],
            Inputs(n_structure > 0, columns, n_runs, mean_of),
            Standardizer.of(arrays["mean"], arrays["deviation"], float(about["clip"])),
            n_structure, ConfigurationMean.of_numbers(arrays, len(times)),
        )  # fmt: skip
        return cls(
            ridge, short_runs, times, int(about["species"]), labels, n_runs,
            float(about["until"]), measurement, ends,
        )  # fmt: skip


def _measurement_in(file: h5py.File, path: Path) -> Measurement:
    values = json.loads(file.attrs["recipe"])
    if not isinstance(values, dict):
        raise ValueError(f"recipe: expected sections, got {type(values).__name__}")
    recipe = Recipe.of_values(path, values, potential_in(file))
    quantities = tuple(json.loads(file.attrs["quantities"]))
    return Measurement(recipe, json.loads(file.attrs["features"]), quantities)


def _check_shape(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        raise ValueError(f"{name}: expected shape {shape}, got {array.shape}")
    require_finite(**{name: array})
