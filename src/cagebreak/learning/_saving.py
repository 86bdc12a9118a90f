"""HDF5 files of statistics: whole or absent, labels included."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[h5py.File]:
    """Yield a file open for writing, which takes the place of `path` if the block succeeds."""
    path = Path(path)
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        with h5py.File(beside, "w") as file:
            yield file
        os.replace(beside, path)
    finally:
        Path(beside).unlink(missing_ok=True)


def write_labels(group: h5py.Group, labels: np.ndarray) -> None:
    """Write a structured array into a group, a data set for each field."""
    # HDF5 has no fixed-width Unicode: words are stored as UTF-8.
    for name in labels.dtype.names or ():
        field = labels[name]
        group[name] = np.char.encode(field, "utf-8") if field.dtype.kind == "U" else field
        group[name].attrs["dtype"] = field.dtype.str


def read_labels(group: h5py.Group) -> np.ndarray:
    """Return what `write_labels` has written."""
    dtype = np.dtype([(name, group[name].attrs["dtype"]) for name in group])
    labels = np.empty(len(next(iter(group.values()))), dtype=dtype)
    for name in group:
        field = group[name][:]
        labels[name] = np.char.decode(field, "utf-8") if field.dtype.kind == "S" else field
    return labels
