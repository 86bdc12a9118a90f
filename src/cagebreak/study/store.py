"""The folder of a study: one HDF5 file per unit of work, whole or absent, with its provenance."""

import fcntl
import hashlib
import json
import os
import platform
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.lib.recfunctions import rename_fields
from numpy.typing import NDArray

from cagebreak._atomic import (
    READ_ONLY,
    TEMPORARY,
    open_own,
    reason,
    remove_unlocked,
    replacing,
    require_file,
)
from cagebreak.descriptors.base import rename_kinds
from cagebreak.errors import StoreError
from cagebreak.files.hdf5 import UNREADABLE, Dataset, create, read_datasets, write_datasets

FORMAT = "cagebreak unit 1"
ASIDE = "aside"
_PARTIAL = ".partial"
_LOCK = ".lock"
_ADDRESS = re.compile(r"(?:(\d{4,})/)?(\d{4,})(\.partial)?\.h5")

RENAMED = {"wall": "cell_rejection", "drift": "nonaffine", "lost": "dissipated"}
"""Present names of arrays and fields that earlier versions have stored."""


@dataclass(frozen=True, order=True)
class Unit:
    """A unit of work: a stage and an address, (configuration,) or (configuration, run)."""

    stage: str
    address: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.stage} {'/'.join(map(str, self.address))}"


@dataclass(frozen=True)
class Identity:
    """The recipe values that identify the results of a stage.

    Parameters
    ----------
    values
        Recipe values that the results depend on, directly or through the stages they need.
    sizes
        Recipe values that only set how many units of other stages a unit reads, such as the number
        of runs. If they change, units of this stage are done again, but the units that they read
        remain valid.
    """

    values: dict[str, Any]
    sizes: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the values in canonical JSON."""
        return hashlib.sha256(_json(self.values).encode()).hexdigest()


@dataclass
class Survey:
    """The content of a stage's folder.

    Parameters
    ----------
    done
        Addresses of the units that are done.
    outdated
        Addresses of the units that were done with other `Identity.sizes`.
    changed
        Files that were computed with another recipe, and the identity that each states.
    damaged
        Damaged files, and what is wrong with each.
    """

    done: set[tuple[int, ...]] = field(default_factory=set)
    outdated: set[tuple[int, ...]] = field(default_factory=set)
    changed: dict[Path, Identity] = field(default_factory=dict)
    damaged: dict[Path, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Store:
    """The folder of a study.

    Parameters
    ----------
    folder
        Path of the folder; it is created when the first unit is written.
    identities
        Identity of each stage, in the order of the stages.
    seed
        Seed of the study, which is recorded in every file.
    """

    folder: Path
    identities: Mapping[str, Identity]
    seed: int

    def path(self, unit: Unit, partial: bool = False) -> Path:
        """Return the path of a unit's file, or of the partial file of a unit in progress."""
        *parents, last = (f"{index:04d}" for index in unit.address)
        return self.folder.joinpath(unit.stage, *parents, last + _PARTIAL * partial + ".h5")

    def save(self, unit: Unit, arrays: Mapping[str, Dataset], partial: bool = False) -> None:
        """Write the file of a unit atomically, or its partial file.

        Writing the file of a unit deletes its partial file.

        Raises
        ------
        StoreError
            If the file cannot be written, as on a full disk.
        """
        path, identity = self.path(unit, partial), self.identities[unit.stage]
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as temporary, create(temporary) as file:
                file.attrs["format"] = FORMAT
                file.attrs["stage"] = unit.stage
                file.attrs["address"] = unit.address
                file.attrs["recipe_hash"] = identity.hash
                file.attrs["recipe"] = _json(identity.values)
                file.attrs["sizes"] = _json(identity.sizes)
                file.attrs["seed"] = self.seed
                file.attrs["versions"] = _json(versions())
                write_datasets(file, arrays)
            if not partial:
                self.path(unit, partial=True).unlink(missing_ok=True)
        except (OSError, RuntimeError) as error:
            raise StoreError(f"{path}: cannot be written ({reason(error)})") from error

    def load(
        self, unit: Unit, names: tuple[str, ...] | None = None, partial: bool = False
    ) -> dict[str, NDArray]:
        """Return the arrays of a unit: those in `names`, or all by default.

        Raises
        ------
        StoreError
            If the file is missing or damaged, or belongs to another unit or another recipe.
        """
        path = self.path(unit, partial)
        try:
            require_file(path)
            with h5py.File(path, "r", locking=False) as file:
                header = _header(file, unit)
                arrays = with_present_names(read_datasets(file, names))
        except FileNotFoundError:
            raise StoreError(f"{path}: {unit} is not done yet; run the study first") from None
        except UNREADABLE as error:
            raise StoreError(
                f"{path}: damaged ({error}); move it away, or run with --set-aside"
            ) from error
        if header.hash != self.identities[unit.stage].hash:
            raise self._changed_error(unit.stage, header)
        return arrays

    def has(self, unit: Unit, partial: bool = False) -> bool:
        """Return whether the file of a unit exists."""
        return self.path(unit, partial).exists()

    def survey(self, stage: str) -> Survey:
        """Read the header of every file of a stage, and sort the files by their state."""
        survey, identity = Survey(), self.identities[stage]
        folder = self.folder / stage
        for path in sorted(folder.rglob("*.h5")):
            match = _ADDRESS.fullmatch(path.relative_to(folder).as_posix())
            if not match:
                survey.damaged[path] = "no name of a unit"
                continue
            address = tuple(int(part) for part in match.groups()[:2] if part)
            try:
                require_file(path)
                with h5py.File(path, "r", locking=False) as file:
                    header = _header(file, Unit(stage, address))
            except UNREADABLE as error:
                survey.damaged[path] = str(error)
                continue
            if header.hash != identity.hash:
                survey.changed[path] = header
            elif match[3]:
                continue
            elif header.sizes != identity.sizes:
                survey.outdated.add(address)
            else:
                survey.done.add(address)
        return survey

    def check(self, surveys: Mapping[str, Survey]) -> None:
        """Check that no file is damaged or belongs to another recipe.

        Raises
        ------
        StoreError
            If there is such a file.
        """
        for stage, survey in surveys.items():
            for identity in survey.changed.values():
                raise self._changed_error(stage, identity)
        damaged = {path: why for survey in surveys.values() for path, why in survey.damaged.items()}
        for path, why in damaged.items():
            rest = f" and {len(damaged) - 1} more" if len(damaged) > 1 else ""
            raise StoreError(
                f"{path}{rest}: damaged ({why}); with --set-aside such files move to "
                f"{self.folder / ASIDE} and their units are done again"
            )

    def set_aside(self, surveys: Mapping[str, Survey]) -> int:
        """Move damaged files and files of another recipe to `aside`; return their number.

        Files of this recipe that were set aside earlier are moved back.
        """
        moves: dict[Path, Path] = {}
        for stage, survey in surveys.items():
            folder = self.folder / stage
            for path, identity in survey.changed.items():
                moves[path] = self._aside(stage, identity) / path.relative_to(folder)
            for path in survey.damaged:
                moves[path] = self.folder / ASIDE / f"{stage}-damaged" / path.relative_to(folder)
        n_aside = len(moves)
        for stage, identity in self.identities.items():
            aside = self._aside(stage, identity)
            for path in sorted(aside.rglob("*.h5")):
                moves[path] = self.folder / stage / path.relative_to(aside)
        for source, target in moves.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(source, target)
        for folder in sorted((self.folder / ASIDE).rglob("*/"), reverse=True):
            if not any(folder.iterdir()):
                folder.rmdir()
        return n_aside

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the folder against other runs, and delete the temporary files of killed ones.

        The operating system releases the lock when the process ends, even by kill -9.

        Raises
        ------
        StoreError
            If another process holds the lock, the folder cannot be written to, or its file system
            has no locks.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = open_own(self.folder / _LOCK, os.O_RDWR | os.O_CREAT)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            try:
                self._lock(lock, fcntl.LOCK_EX)
            except OSError as error:
                if isinstance(error, StoreError):
                    raise
                raise StoreError(
                    f"{self.folder}: its file system has no locks ({error.strerror}), without "
                    "which two runs could be at work at once; put the study on a local disk"
                ) from error
            _sign(lock, f"process {os.getpid()} on {platform.node()}\n")
            self._remove_temporary_files()
            yield
        finally:
            _sign(lock, "")
            os.close(lock)

    @contextmanager
    def read_locked(self) -> Iterator[None]:
        """Keep runs out of the folder while it is read, by any number of processes.

        In a folder that cannot be written to and has no lock to share, there is no run to keep out.

        Raises
        ------
        StoreError
            If a run is at work in the folder, or its lock is something else than a file.
        """
        lock = self._open_shared()
        try:
            if lock is not None:
                try:
                    self._lock(lock, fcntl.LOCK_SH)
                except OSError as error:
                    # Without locks on the file system there is no run either.
                    if isinstance(error, StoreError):
                        raise
            yield
        finally:
            if lock is not None:
                os.close(lock)

    def _open_shared(self) -> int | None:
        for flags in (os.O_RDONLY, os.O_RDWR | os.O_CREAT):
            try:
                return open_own(self.folder / _LOCK, flags)
            except FileNotFoundError:
                continue
            except OSError as error:
                if error.errno not in READ_ONLY:
                    raise self._unwritable(error) from error
        return None

    def _lock(self, lock: int, operation: int) -> None:
        try:
            fcntl.flock(lock, operation | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(lock, 200, 0).decode(errors="replace").strip()
            raise StoreError(
                f"{self.folder}: another run is at work here ({holder or 'verify or export'}); "
                "wait for it, or stop it"
            ) from None

    def _unwritable(self, error: OSError) -> StoreError:
        name = f"{error.filename}: " if error.filename != str(self.folder) else ""
        return StoreError(f"{self.folder}: cannot be written to ({name}{error.strerror})")

    def _remove_temporary_files(self) -> None:
        for path in self.folder.glob(f".*{TEMPORARY}"):
            remove_unlocked(path)
        for folder in self.folder.iterdir():
            # One by one: a stage may be a link to a folder on another disk.
            if folder.is_dir():
                for path in folder.rglob(f".*{TEMPORARY}"):
                    remove_unlocked(path)

    def _aside(self, stage: str, identity: Identity) -> Path:
        return self.folder / ASIDE / f"{stage}-{identity.hash[:12]}"

    def _changed_error(self, stage: str, identity: Identity) -> StoreError:
        old, new = identity.values, json.loads(_json(self.identities[stage].values))
        keys = [key for key in new | old if new.get(key) != old.get(key)]
        changes = ", ".join(f"{key} was {old.get(key)!r}, is {new.get(key)!r}" for key in keys)
        return StoreError(
            f"{self.folder / stage}: computed with another recipe ({changes}). Restore the recipe, "
            "or give the new one a name of its own, or run with --set-aside: results of the old "
            f"recipe then move to {self.folder / ASIDE}, and come back with it"
        )


def _sign(lock: int, holder: str) -> None:
    """Write into a lock who holds it, unless the file has another name too, or the disk is full."""
    with suppress(OSError):
        if os.fstat(lock).st_nlink == 1:
            os.truncate(lock, 0)
            os.pwrite(lock, holder.encode(), 0)


def _header(file: h5py.File, unit: Unit) -> Identity:
    """Return the identity that a unit's file states.

    Raises
    ------
    ValueError, KeyError
        If the header is not that of this unit.
    """
    attributes = file.attrs
    if attributes.get("format") != FORMAT:
        raise ValueError(f"expected format {FORMAT!r}, got {attributes.get('format')!r}")
    address = tuple(int(part) for part in np.atleast_1d(attributes["address"]))
    stated = Unit(str(attributes["stage"]), address)
    if stated != unit:
        raise ValueError(f"it is that of {stated}, in the place of {unit}")
    identity = Identity(json.loads(attributes["recipe"]), json.loads(attributes["sizes"]))
    if identity.hash != attributes["recipe_hash"]:
        raise ValueError("its recipe does not have the hash it states")
    return identity


def _json(values: Any) -> str:
    return json.dumps(values, sort_keys=True)


@cache
def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that results depend on."""
    packages = ("cagebreak", "numpy", "scipy", "numba", "h5py")
    return {"python": platform.python_version()} | {name: version(name) for name in packages}


def with_present_names(arrays: Mapping[str, NDArray]) -> dict[str, NDArray]:
    """Return the arrays of a unit, of which an earlier version may have named some otherwise."""
    present = {}
    for name, array in arrays.items():
        if array.dtype.names:
            array = rename_fields(array, RENAMED)
            if "kind" in (array.dtype.names or ()):
                rename_kinds(array)
        present[RENAMED.get(name, name)] = array
    return present
