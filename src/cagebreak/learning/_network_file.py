"""HDF5 files of networks: arrays by name and JSON beside them, whole or absent, never a pickle."""

import json
import os
from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np

from cagebreak.errors import FileFormatError
from cagebreak.learning._saving import replacing


def write(
    path: str | os.PathLike[str], kind: str, about: Mapping[str, Any], arrays: Mapping[str, Any]
) -> None:
    """Write arrays, and `about` as JSON; `kind` says of what."""
    with replacing(path) as file:
        file.attrs["kind"] = kind
        file.attrs["about"] = json.dumps(about)
        for name, array in arrays.items():
            file[name] = array


def read(path: str | os.PathLike[str], kind: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read what `write` has written: what it is about, and the arrays.

    Raises
    ------
    FileFormatError
        If the file is damaged, or holds something else.
    """
    try:
        with h5py.File(path, "r") as file:
            found = file.attrs["kind"]
            if found != kind:
                raise ValueError(f"found {found}")
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
