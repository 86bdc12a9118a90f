"""Descriptors and predictions of single files, without a study."""

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cagebreak._atomic import require_place
from cagebreak._sealed import creating, statement
from cagebreak.configuration import Configuration
from cagebreak.descriptors import Features
from cagebreak.errors import ConfigurationError, ConfigurationWarning, InputError
from cagebreak.files import Frame, hdf5, read_frames, require_columns, write
from cagebreak.files.hdf5 import write_datasets
from cagebreak.models.model import Model
from cagebreak.potentials.match import examine
from cagebreak.study.analysis.hybrid.model import FORMAT as HYBRID
from cagebreak.study.analysis.hybrid.model import HybridModel
from cagebreak.study.analysis.model_file import CAGE_STATES, SavedModel
from cagebreak.study.importing import set_parameters
from cagebreak.study.recipe import schema
from cagebreak.study.recipe.protocols import PROTOCOLS, protocol_name
from cagebreak.study.recipe.recipe import Recipe, make_model, read_potential
from cagebreak.study.stages.descriptors import describe, feature_arrays, made_once

FORMAT = "cagebreak descriptors 1"


def named_model(name: str, parameters: Mapping[str, Any]) -> Model:
    """Return a model by its name, such as ``"kob-andersen"``, with parameters that are stated.

    Raises
    ------
    InputError
        If no model has this name, or it has no such parameter or refuses its value.
    """
    values = schema.defaults(protocol_name(name), work="imported")["model"]
    table = set_parameters(Path(name), values, parameters)
    potential = "" if table is None else read_potential(Path(name), values["name"], table)
    return make_model(Path(name), values, potential)


def describe_file(
    file: str | os.PathLike[str],
    output: str | os.PathLike[str],
    model: str,
    parameters: Mapping[str, Any],
    set_: str,
    generations: int,
    states: Sequence[str],
    seed: int,
    frame: int | None = None,
    **reading: Any,
) -> Features:
    """Write the descriptors of a configuration, their labels and the configuration to a file.

    Parameters
    ----------
    file
        A file of one configuration.
    output
        The HDF5 file to write, `.h5`.
    model
        Name of the glass former, such as ``"kob-andersen"``.
    parameters
        Parameters of the model that differ from its defaults.
    set_
        Name of the descriptor set, as in a recipe's `[descriptors] set`.
    generations
        Number of generations of averages over neighbors.
    states
        The states to describe, of "initial", "inherent" and "cage".
    seed
        Seed of the cage state.
    frame
        Number of the frame of a file of several.
    reading
        `format`, `box` and `species` of `cagebreak.read`.

    Raises
    ------
    ConfigurationError
        If the configuration cannot be one of the model; see `cagebreak.check`.
    FileFormatError
        If the file cannot be read.
    InputError
        If the file has several frames, `output` does not end in .h5 or is `file`, or a recipe would
        refuse a parameter or option.
    """
    configuration = _one(file, frame, reading).configuration
    if Path(output).suffix != ".h5":
        raise InputError(f"output: expected a name that ends in .h5, got {os.fspath(output)!r}")
    require_place(Path(output), file)
    values = schema.defaults(protocol_name(model), work="imported")
    table = set_parameters(Path(model), values["model"], parameters)
    potential = ""
    if table is not None:
        potential = read_potential(Path(model), values["model"]["name"], table)
    values["preparation"] |= {"n_particles": max(len(configuration), 10), "imported": "0" * 64}
    names = make_model(Path(model), values["model"], potential).species_names
    values["learning"]["species"] = list(names)
    options = {"set": set_, "generations": generations, "states": list(states)}
    values["descriptors"] |= options | {"recommended": False}
    values["learning"]["selections"] = {"all": {"generations": generations}}
    if PROTOCOLS[values["model"]["name"]].of_file:
        # Density and composition are not in the file: the configuration gives them.
        shares = np.bincount(configuration.species) / len(configuration)
        of_file = {
            "number_density": len(configuration) / configuration.box.volume,
            "composition": tuple(shares.tolist()),
        }
        values["model"] |= {name: of_file[name] for name in of_file if name not in parameters}
    recipe = Recipe.of_values(Path(model), _plain(values), potential)
    configuration = _compared(file, configuration, recipe.model)
    features = describe(recipe, recipe.sources, made_once(recipe, configuration, seed))
    with creating(output, {"format": FORMAT}) as file:
        write_datasets(file, feature_arrays(features) | hdf5.datasets(configuration))
    return features


def predict_file(
    model: str | os.PathLike[str],
    file: str | os.PathLike[str],
    output: str | os.PathLike[str],
    seed: int,
    frame: int | None = None,
    cage_states: int | None = None,
    **reading: Any,
) -> tuple[dict[str, float], str]:
    """Write a configuration with its predicted propensity, and return what the columns are.

    Parameters
    ----------
    model
        A file that `SavedModel.save` wrote; or `HybridModel.save`, for which the short runs are
        simulated.
    file
        A file of one configuration.
    output
        The file to write, of a format that holds columns: `.xyz`, `.dump` or `.gsd`. Its columns
        are those of `Prediction.columns`. If the ids of the particles are not 1, 2, ..., N, they
        are the column ``original_id``.
    seed
        Seed of the cage states and of short runs.
    frame
        Number of the frame of a file of several.
    cage_states
        Number of cage states over which the features are averaged; default `CAGE_STATES`. A hybrid
        model describes one.
    reading
        `format`, `box` and `species` of `cagebreak.read`.

    Returns
    -------
    times : dict
        The time in tau of each column of predictions: ``prediction_1``, ``prediction_2``, ..., or
        only ``prediction`` for a model of one time.
    intervals : str
        What the columns ``prediction_low`` and ``prediction_high`` are.

    Raises
    ------
    ConfigurationError
        If the configuration cannot be one of the model.
    FileFormatError
        If the model or the file cannot be read.
    InputError
        If the file has several frames, `output` is `file` or of a format without columns, or the
        model cannot describe a configuration, or not so many cage states.

    Warns
    -----
    ConfigurationWarning
        If the configuration differs from the model, its density or the energy of its inherent state
        from those of training, or features leave the range of training.
    """
    require_place(Path(output), file)
    require_columns(output)
    saved = _model_in(Path(model), cage_states)
    content = _one(file, frame, reading)
    configuration = _compared(file, content.configuration, saved.recipe.model, fixed=True)
    if isinstance(saved, HybridModel):
        prediction = saved.apply(configuration, seed)
    else:
        prediction = saved.apply(configuration, seed, cage_states or CAGE_STATES)
    for remark in prediction.remarks:
        warnings.warn(f"{os.fspath(file)}: {remark}", ConfigurationWarning, stacklevel=2)
    columns: dict[str, np.ndarray] = {**prediction.columns()}
    if content.ids is not None and (content.ids != np.arange(1, len(configuration) + 1)).any():
        columns["original_id"] = content.ids
    write(output, configuration, columns=columns)
    return prediction.column_times(), saved.statement


def _model_in(path: Path, cage_states: int | None) -> SavedModel | HybridModel:
    """Return the model in a file, which can describe a configuration."""
    if not _is_hybrid(path):
        return SavedModel.load(path)
    model = HybridModel.load(path)
    if model.measurement is None:
        raise InputError(
            f"{path}: expected a model of a study, which knows how to simulate a configuration, "
            "got one of ensembles; use HybridModel.predict_from"
        )
    if cage_states is not None:
        raise InputError(
            f"cage_states: expected none for {path}, a hybrid model, which describes one, got "
            f"{cage_states}"
        )
    return model


def _is_hybrid(path: Path) -> bool:
    try:
        stated = statement(path, whole=False)
    except (OSError, ValueError):  # The reader says what is wrong.
        return False
    return stated is not None and stated["format"] == HYBRID


def _compared(
    file: str | os.PathLike[str], configuration: Configuration, model: Model, fixed: bool = False
) -> Configuration:
    """Compare the configuration of a file with a model as `check` does, and return it."""
    match = examine(configuration, model, fixed=fixed)
    if match.problem:
        raise ConfigurationError(f"{os.fspath(file)}: {match.problem}")
    for remark in match.remarks:
        warnings.warn(f"{os.fspath(file)}: {remark}", ConfigurationWarning, stacklevel=3)
    return match.configuration


def _one(file: str | os.PathLike[str], frame: int | None, reading: Mapping[str, Any]) -> Frame:
    frames = read_frames(file, frame=frame, **reading)
    if len(frames) != 1:
        raise InputError(
            f"{os.fspath(file)}: expected one frame, got {len(frames)}; choose one (frame=, "
            "--frame), counted from 0"
        )
    return frames[0]


def _plain(value):
    """Return values as TOML represents them, with lists in place of tuples."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
