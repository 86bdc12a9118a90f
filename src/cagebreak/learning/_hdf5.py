"""HDF5 files of learners and statistics: arrays, JSON and labels, sealed."""

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from cagebreak._hdf5 import LARGEST_FREE, UNREADABLE, is_group, names_in, read_array
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
            arrays = dict(_arrays(file))
    except FileNotFoundError:
        raise
    except UNREADABLE as error:
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
    """Return the structured array that `write_labels` wrote.

    Raises
    ------
    KeyError, ValueError, OSError
        As for `cagebreak._hdf5.read_array`, or if the labels have no fields, fields of different
        lengths, or fields that state another type than they have, or one too wide for memory.
    """
    fields = {name: read_array(group, name, (None,)) for name in names_in(group)}
    if len({len(field) for field in fields.values()}) != 1:
        raise ValueError("labels: expected fields of one length")
    dtype = np.dtype([(name, _stated_type(group[name], fields[name])) for name in fields])
    n = len(next(iter(fields.values())))
    if n * dtype.itemsize > LARGEST_FREE:
        raise ValueError(f"labels: expected at most {LARGEST_FREE} bytes, got {n * dtype.itemsize}")
    labels = np.empty(n, dtype=dtype)
    for name, field in fields.items():
        labels[name] = np.char.decode(field, "utf-8") if field.dtype.kind == "S" else field
    if "kind" in fields:
        rename_kinds(labels)
    return labels


def _stated_type(dataset: h5py.Dataset, field: NDArray) -> np.dtype:
    """Return the type that a field had before it was written; HDF5 has no fixed-width Unicode."""
    stated = np.dtype(str(dataset.attrs["dtype"]))
    if stated != field.dtype and (stated.kind, field.dtype.kind) != ("U", "S"):
        raise ValueError(f"{dataset.name}: expected {stated}, as stated, got {field.dtype}")
    return stated


def _arrays(group: h5py.Group) -> Iterator[tuple[str, NDArray]]:
    """Yield the arrays of a group and of the groups in it, with their paths."""
    for name in names_in(group):
        if is_group(group, name):
            for path, array in _arrays(group[name]):
                yield f"{name}/{path}", array
        else:
            yield name, read_array(group, name)
