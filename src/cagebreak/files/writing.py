"""Writing of configurations, in the format of the name of the file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from numpy.typing import ArrayLike

from cagebreak.configuration import Configuration, as_configurations
from cagebreak.errors import InputError
from cagebreak.files import _columns
from cagebreak.files.event_driven import sph
from cagebreak.files.formats import TRAJECTORIES, writer_of


def write(
    path: str | os.PathLike[str],
    configuration: Configuration | Sequence[Configuration],
    diameters: ArrayLike | None = None,
    columns: Mapping[str, ArrayLike] | None = None,
    *,
    format: str | None = None,
) -> None:
    """Write a configuration, or several as frames.

    An existing file is replaced atomically: readers see the old file or the new one.

    Parameters
    ----------
    path
        The suffix is one of `.h5` and `.xyz` (both store everything, to the bit), `.dump` (boxes in
        LAMMPS's form), `.gsd` (boxes in HOOMD's form, single precision) and `.sph` (wrapped
        positions and diameters).
    configuration
        A list is written as frames; only `.xyz`, `.dump` and `.gsd` hold several.
    diameters
        sigma_ii of each species (``model.diameters``). Required for a `.sph` file of particles
        without diameters of their own, refused otherwise.
    columns
        One number per particle under each name, ``{"propensity": ...}``: an array (N,), or for
        several frames one such array per frame. Only for `.xyz`, `.dump` and `.gsd`; OVITO shows
        them.
    format
        One of these suffixes, such as ``"xyz"``, for a file whose name has another.

    Raises
    ------
    FileFormatError
        If the name belongs to no format, or to one that can only be read.
    InputError
        If diameters or columns are missing or refused, or the format cannot hold the box.
    """
    path = Path(path)
    module = writer_of(path, format)
    if module is not sph and diameters is not None:
        raise InputError(f"diameters: those of species are for .sph files only, got {diameters!r}")
    frames = as_configurations(configuration, "configuration")
    if module in TRAJECTORIES:
        if not frames:
            raise InputError("configuration: expected at least one, got none")
        module.write(path, frames, _columns.checked(columns or {}, frames))
        return
    if columns:
        raise InputError(f"columns: only .xyz, .dump and .gsd files hold them, got {list(columns)}")
    if len(frames) != 1:
        raise InputError(
            f"configuration: expected one, got {len(frames)}; several are for .xyz, .dump and .gsd "
            "files"
        )
    if module is sph:
        sph.write(path, frames[0], diameters)
    else:
        module.write(path, frames[0])


def require_columns(path: str | os.PathLike[str]) -> None:
    """Check before any work that a file of this name can hold columns.

    Raises
    ------
    FileFormatError, InputError
        As for `write`.
    """
    path = Path(path)
    if writer_of(path) not in TRAJECTORIES:
        raise InputError(f"columns: only .xyz, .dump and .gsd files hold them, got {path.name!r}")
