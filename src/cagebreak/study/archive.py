"""Export of a whole study to one HDF5 file, and its restoration.

The file holds the recipe, the units and the list of imported files. Each unit is a group, such as
`equilibrate/0003`, and a copy of the unit's file: arrays with units and axes, and provenance as
attributes.
"""

import json
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from cagebreak._atomic import TemporaryFolder, reason, require_file, require_place, write
from cagebreak._hdf5 import UNREADABLE, group_in, is_group, names_in, read_array
from cagebreak._sealed import creating, opened, statement
from cagebreak.errors import FileFormatError, StoreError
from cagebreak.files.hdf5 import Dataset, read_datasets, write_datasets
from cagebreak.study.importing import LISTED
from cagebreak.study.recipe.checks import FILE_NAME
from cagebreak.study.recipe.protocols import PROTOCOLS
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.store import Store
from cagebreak.study.unit_file import check_content, versions, with_present_names, write_unit

FORMAT = "cagebreak study 1"
POTENTIAL = "potential"

_NAME = re.compile(r"[a-z-]+(/[0-9]{4,}){1,2}")
_FOLDER = re.compile(r"[a-z-]+(/[0-9]{4,})?")


def pack(recipe: Recipe, store: Store, stages: list[str], path: Path) -> int:
    """Write the recipe and the units of the given stages to one file; return the number of units.

    Raises
    ------
    StoreError
        If a unit is damaged or the file cannot be written.
    """
    n = 0
    try:
        with creating(path, {"format": FORMAT}) as archive:
            archive.attrs["format"] = FORMAT
            archive.attrs["recipe"] = recipe.path.read_text(encoding="utf-8")
            archive.attrs["name"] = recipe.folder.name
            archive.attrs["versions"] = json.dumps(versions())
            write_datasets(archive, text_of(recipe))
            for stage in stages:
                for file in sorted((store.folder / stage).rglob("[0-9]*.h5")):
                    if ".partial" in file.name:
                        continue
                    group = archive.create_group(_name(store.folder, file))
                    with opened(file) as unit:
                        attributes, arrays = _content(unit)
                    for name, value in attributes.items():
                        group.attrs[name] = value
                    write_datasets(group, arrays)
                    # A disk that is full ends the export here, not after the last unit.
                    archive.flush()
                    n += 1
            listed = store.folder / LISTED
            if listed.exists():
                require_file(listed)
                archive.attrs["imported"] = listed.read_text(encoding="utf-8")
    except UNREADABLE as error:
        raise StoreError(f"{path}: cannot be written ({reason(error)})") from error
    return n


def unpack(path: Path, recipe: Path) -> int:
    """Write out the recipe and the units of an archive; return the number of units.

    The folder appears last, complete. If the process is killed before, a recipe can be left:
    importing the same archive again goes on.

    Raises
    ------
    FileFormatError
        If the file is damaged or not an exported study.
    StoreError
        If the recipe or its folder exists, or a different table of potentials with the same name.
    """
    folder = recipe.with_suffix("")
    if os.path.lexists(folder):
        raise StoreError(f"{folder}: exists already, and is never overwritten")
    require_file(path)
    require_place(recipe)
    written: list[Path] = []
    try:
        with TemporaryFolder(f".{folder.name}-", folder.parent) as temporary:
            unfinished = temporary / folder.name
            unfinished.mkdir()
            files, n = _unpacked(path, recipe, unfinished)
            for file, content in files.items():
                if not file.exists():
                    write(file, content)
                    written.append(file)
            os.replace(unfinished, folder)
    except BaseException as error:
        for file in written:
            file.unlink()
        if isinstance(error, OSError) and any(
            part.startswith(f".{folder.name}-") for part in Path(str(error.filename)).parts
        ):
            raise OSError(error.errno, error.strerror, str(folder)) from error
        raise
    return n


def _unpacked(path: Path, recipe: Path, folder: Path) -> tuple[dict[Path, bytes], int]:
    """Write out the units of an archive; return the files beside the folder, and how many units."""
    try:
        with opened(path) as archive:
            if (archive_format := archive.attrs.get("format")) != FORMAT:
                raise ValueError(f"expected format {FORMAT!r}, got {archive_format!r}")
            text, potential = str(archive.attrs["recipe"]), potential_in(archive)
            files = {recipe: text.encode()}
            if potential:
                files = _potential_files(recipe, text, potential) | files
            for file, content in files.items():
                if file.exists() and file.read_bytes() != content:
                    raise StoreError(f"{file}: exists already, and is never overwritten")
            n = _unpack_units(archive, folder)
            if "imported" in archive.attrs:
                write(folder / LISTED, str(archive.attrs["imported"]))
    except FileNotFoundError:
        raise
    except UNREADABLE as error:
        # An error that names a file is not one of HDF5, but of a file that is written.
        if isinstance(error, StoreError) or (isinstance(error, OSError) and error.filename):
            raise
        raise FileFormatError(f"{path}: expected an exported study, whole ({error})") from error
    return files, n


def _potential_files(recipe: Path, text: str, potential: str) -> dict[Path, bytes]:
    """Return the files of a potential beside a recipe, with their content."""
    model = tomllib.loads(text)["model"]
    kind = PROTOCOLS[model["name"]].of_file
    if kind is None:
        raise ValueError(f"expected no file of a potential of {model['name']}")
    texts = kind.files(potential, FILE_NAME.convert(model["file"]))
    return {recipe.parent / FILE_NAME.convert(n): content.encode() for n, content in texts.items()}


def text_of(recipe: Recipe) -> dict[str, Dataset]:
    """Return the table of potentials of a recipe as a data set; empty if the recipe names none."""
    if not recipe.potential:
        return {}
    text = np.frombuffer(recipe.potential.encode(), np.uint8)
    return {POTENTIAL: Dataset(text, "text in UTF-8", "byte")}


def potential_in(file: h5py.File) -> str:
    """Return the table of potentials that `text_of` stored; empty if there is none."""
    return read_array(file, POTENTIAL).tobytes().decode() if POTENTIAL in file else ""


def _unpack_units(archive: h5py.File, folder: Path) -> int:
    names = list(_unit_names(archive))
    for name in names:
        target = folder / f"{name}.h5"
        target.parent.mkdir(parents=True, exist_ok=True)
        attributes, arrays = _content(archive[name])
        values = {array: dataset.values for array, dataset in arrays.items()}
        check_content(values, attributes.pop("content", None))
        # Units of earlier versions do not state what they were made from.
        parents = json.loads(attributes.pop("parents", "{}"))
        write_unit(target, attributes, arrays, parents)
    return len(names)


def _unit_names(group: h5py.Group, path: str = "") -> Iterator[str]:
    """Yield the paths of the units in a group, whose own path ends in a slash.

    Raises
    ------
    ValueError
        If a group is neither a unit nor has the name of a folder of units.
    """
    for name in filter(lambda name: is_group(group, name), names_in(group)):
        inner, full = group_in(group, name), f"{path}{name}"
        if "recipe_hash" not in inner.attrs and _FOLDER.fullmatch(full):
            yield from _unit_names(inner, f"{full}/")
        elif _NAME.fullmatch(full):
            yield full
        else:
            raise ValueError(f"a unit has the name {full[:80]!r}")


def _content(unit: h5py.Group) -> tuple[dict[str, Any], dict[str, Dataset]]:
    """Return the attributes and the arrays of a unit."""
    arrays = {
        name: Dataset(values, unit[name].attrs["units"], unit[name].attrs["axes"])
        for name, values in read_datasets(unit).items()
    }
    return dict(unit.attrs), arrays


def is_archive(path: str | os.PathLike[str]) -> bool:
    """Return whether a file is an exported study.

    Raises
    ------
    FileFormatError
        If it is damaged.
    """
    try:
        stated = statement(path, whole=False)
        if stated is not None:
            return stated["format"] == FORMAT
        with opened(path) as file:
            return file.attrs.get("format") == FORMAT
    except UNREADABLE as error:
        # A file of another name may be a trajectory.
        if Path(path).suffix == ".h5":
            raise FileFormatError(f"{path}: expected an HDF5 file, whole ({error})") from error
        return False


def differences(one: Path, other: Path) -> list[str]:
    """Return the names of the arrays in which two unit files differ by any bit.

    Names that an earlier version has given arrays are no difference.
    """
    with opened(one) as left, opened(other) as right:
        arrays = [with_present_names(read_datasets(file)) for file in (left, right)]
    return [
        name
        for name in sorted(set(arrays[0]) | set(arrays[1]))
        if not all(name in of_file for of_file in arrays)
        or not _same(*(of_file[name] for of_file in arrays))
    ]


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    same_form = (one.dtype, one.shape) == (other.dtype, other.shape)
    return same_form and one.tobytes() == other.tobytes()


def _name(folder: Path, file: Path) -> str:
    return os.fspath(file.relative_to(folder).with_suffix(""))
