"""What the file of a hybrid model holds, checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from cagebreak._hdf5 import require_finite
from cagebreak.descriptors.base import same_labels
from cagebreak.descriptors.coarse_grained.short_runs import ShortRuns
from cagebreak.learning.model_selection.configuration_mean import ConfigurationMean
from cagebreak.learning.preprocessing import Standardizer
from cagebreak.learning.short_runs import EndFits, Inputs, RunRidge
from cagebreak.models.arguments import is_whole
from cagebreak.study.analysis.hybrid.measurement import Measurement
from cagebreak.study.analysis.hybrid.training import Training
from cagebreak.study.archive import potential_in
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.descriptors import labels_in


def fields_of(
    about: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]],
    measurement: Measurement | None,
) -> dict[str, Any]:
    """Return the parameters of a `HybridModel`.

    Parameters
    ----------
    about, arrays
        As `HybridModel.save` writes them.
    measurement
        Of the model.

    Raises
    ------
    KeyError, TypeError, ValueError
        If something is missing, or does not fit the rest.
    """
    labels, n_runs = labels_in(arrays["labels"]), about["n_runs"]
    n_structure = len(labels)
    short_runs = ShortRuns(**about["motion"])
    times, columns = arrays["times"], arrays["columns"]
    ends = _ends(about, arrays, measurement)
    n_targets = 0 if ends is None else ends.n_targets
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
    mean_of, n_others = about["mean_of"], about.get("n_others")
    known = {
        **about, "times": times.tolist(), "quantities": short_runs.quantities, "n_others": n_others
    }  # fmt: skip
    for name, fits in {
        "species": about["species"] in range(short_runs.n_species),
        "n_runs": is_whole(n_runs) and n_runs >= 1,
        "until": np.isclose(short_runs.times, about["until"]).any(),
        "mean_of": mean_of is None or (type(mean_of) is int and 0 <= mean_of < n_features),
        "clip": about["clip"] > 0,
        "times": (np.diff(times, prepend=0.0) > 0).all(),
        "quantities": measurement is None or measurement.quantities == short_runs.quantities,
        "n_others": n_others is None or (is_whole(n_others) and n_others >= 0),
    }.items():
        if not fits:
            raise ValueError(f"{name}: expected one that fits the model, got {known[name]!r}")
    ridge = RunRidge(
        arrays["coefficients"], arrays["alpha"], arrays["factor"],
        Inputs(n_structure > 0, columns, n_runs, mean_of),
        Standardizer.of(arrays["mean"], arrays["deviation"], float(about["clip"])),
        n_structure, ConfigurationMean.of_numbers(arrays, len(times)),
    )  # fmt: skip
    return {
        "ridge": ridge,
        "short_runs": short_runs,
        "times": times,
        "species": int(about["species"]),
        "labels": labels,
        "n_runs": n_runs,
        "until": float(about["until"]),
        "measurement": measurement,
        "ends": ends,
        "training": Training.of_datasets(arrays, n_others, (len(ridge.used), len(times))),
    }


def measurement_in(file: h5py.File, path: Path) -> Measurement | None:
    """Return how a configuration is measured, from the file of a model; None if it does not say.

    Raises
    ------
    KeyError, TypeError, ValueError
        If something is missing, or is no recipe.
    """
    if "recipe" not in file.attrs:
        return None
    values = json.loads(file.attrs["recipe"])
    if not isinstance(values, dict):
        raise ValueError(f"recipe: expected sections, got {type(values).__name__}")
    recipe = Recipe.of_values(path, values, potential_in(file))
    quantities = tuple(json.loads(file.attrs["quantities"]))
    return Measurement(recipe, json.loads(file.attrs["features"]), quantities)


def _ends(
    about: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]],
    measurement: Measurement | None,
) -> EndFits | None:
    """Return what structure at the ends of runs predicts, if it is an input."""
    if "end_coefficients" not in arrays:
        return None
    coefficients = arrays["end_coefficients"]
    n_columns, n_targets = coefficients.shape
    if measurement is not None:
        descriptor = measurement.recipe.end_descriptor
        n_columns = 0 if descriptor is None else len(descriptor.labels())
    _check_shape("end_coefficients", coefficients, (n_columns, n_targets))
    fold = np.zeros(0, np.int64)
    return EndFits(coefficients[None], (frozenset(),), fold, float(about["end_clip"]))


def _check_shape(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        raise ValueError(f"{name}: expected shape {shape}, got {array.shape}")
    require_finite(**{name: array})
