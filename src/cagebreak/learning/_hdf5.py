"""HDF5 files of learners and statistics: arrays, JSON and labels, sealed."""

import json
import os
from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np

from cagebreak._sealed import creating, opened
from cagebreak.descriptors.base import rename_kinds
from cagebreak.errors import FileFormatError


def write(
    path: str | os.PathLike[str], kind: str, about: Mapping[str, Any], arrays: Mapping[str, Any]
) -> None:
    """Write arrays, `about` as JSON, and the `kind` of object that they belong to."""
    with creating(path, {"format": f"cagebreak {kind} 1"}) as file:
        file.attrs["kind"] = kind
        file.attrs["about"] = json.dumps(about)
        for name, array in arrays.items():
            file[name] = array


def read(path: str | os.PathLike[str], kind: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return `about` and the arrays of a file that `write` wrote.

    Raises
    ------
    FileFormatError
        If the file is damaged, or holds an object of another kind.
    """
    try:
        with opened(path) as file:
            file_kind = file.attrs["kind"]
            if file_kind != kind:
                raise ValueError(f"got {file_kind}")
            about = json.loads(file.attrs["about"])
            arrays: dict[str, np.ndarray] = {}
            file.visititems(
                lambda name, item: (
                    arrays.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
                )
            )
    except FileNotFoundError:
        raise
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        raise FileFormatError(f"{path}: expected a saved {kind}, {error}") from error
    return about, arrays


def write_labels(group: h5py.Group, labels: np.ndarray) -> None:
    """Write a structured array into a group, with a data set for each field."""
    # HDF5 has no fixed-width Unicode, so text is stored as UTF-8.
    for name in labels.dtype.names or ():
        field = labels[name]
        group[name] = np.char.encode(field, "utf-8") if field.dtype.kind == "U" else field
        group[name].attrs["dtype"] = field.dtype.str


def read_labels(group: h5py.Group) -> np.ndarray:
    """Return the structured array that `write_labels` wrote."""
    dtype = np.dtype([(name, group[name].attrs["dtype"]) for name in group])
    labels = np.empty(len(next(iter(group.values()))), dtype=dtype)
    for name in group:
        field = group[name][:]
        labels[name] = np.char.decode(field, "utf-8") if field.dtype.kind == "S" else field
    if "kind" in group:
        rename_kinds(labels)
    return labels
