"""Single files, without a study: described, or predicted by a model that a study has saved."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cagebreak._atomic import replacing
from cagebreak.configuration import Configuration
from cagebreak.descriptors import Features
from cagebreak.errors import InputError
from cagebreak.files import hdf5, read, write
from cagebreak.files.hdf5 import create, write_datasets
from cagebreak.study.analysis.model_file import SavedModel, described
from cagebreak.study.importing import set_parameters
from cagebreak.study.recipe import schema
from cagebreak.study.recipe.protocols import protocol_name
from cagebreak.study.recipe.recipe import Recipe, read_potential
from cagebreak.study.stages.stored import feature_arrays


def describe_file(
    file: str | os.PathLike[str],
    output: str | os.PathLike[str],
    model: str,
    parameters: Mapping[str, Any],
    set_: str,
    generations: int,
    states: Sequence[str],
    seed: int,
) -> Features:
    """Write the descriptors of a configuration, their labels, and itself to an HDF5 file.

    Raises
    ------
    InputError
        If the file has several frames, or an option is none that a recipe may have.
    """
    configuration = _one(file)
    if Path(output).suffix != ".h5":
        raise InputError(f"output: expected a name that ends in .h5, got {os.fspath(output)!r}")
    values = schema.defaults(protocol_name(model), work="imported")
    table = set_parameters(Path(model), values["model"], parameters)
    potential = read_potential(Path(model), table) if table else ""
    values["preparation"] |= {"n_particles": max(len(configuration), 10), "imported": "0" * 64}
    wanted = {"set": set_, "generations": generations, "states": list(states)}
    values["descriptors"] |= wanted | {"recommended": False}
    values["learning"]["selections"] = {"all": {"generations": generations}}
    recipe = Recipe.of_values(Path(model), _plain(values), potential)
    features = described(recipe, recipe.sources, configuration, seed)
    with replacing(Path(output)) as temporary, create(temporary) as file:
        write_datasets(file, feature_arrays(features) | hdf5.datasets(configuration))
    return features


def predict_file(
    model: str | os.PathLike[str],
    file: str | os.PathLike[str],
    output: str | os.PathLike[str],
    seed: int,
) -> dict[str, float]:
    """Write a configuration with its predicted propensity; return the time of each column.

    Raises
    ------
    FileFormatError
        If a file is not what it should be.
    InputError
        If the file has several frames, or the output is of a format without columns.
    """
    saved = SavedModel.load(Path(model))
    configuration = _one(file)
    predicted = saved.predict(configuration, seed)
    names = [f"prediction_{i + 1}" for i in range(len(saved.times))]
    if len(names) == 1:
        names = ["prediction"]
    write(output, configuration, columns=dict(zip(names, predicted, strict=True)))
    return dict(zip(names, np.asarray(saved.times).tolist(), strict=True))


def _one(file: str | os.PathLike[str]) -> Configuration:
    found = read(file)
    if not isinstance(found, Configuration):
        raise InputError(f"{os.fspath(file)}: expected one frame, got {len(found)}")
    return found


def _plain(value):
    """Return values as TOML has them: lists for tuples."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
