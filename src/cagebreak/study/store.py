"""The folder of a study: one HDF5 file per unit of work, whole or absent, with its provenance."""

import fcntl
import json
import os
import platform
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from numpy.typing import NDArray

from cagebreak._atomic import READ_ONLY, TEMPORARY, open_own, reason, remove_unlocked
from cagebreak._hdf5 import UNREADABLE
from cagebreak._sealed import opened
from cagebreak.errors import StoreError
from cagebreak.files.hdf5 import Dataset, read_datasets
from cagebreak.study import sha256sums
from cagebreak.study.lineage import Lineage
from cagebreak.study.survey import Survey
from cagebreak.study.unit_file import (
    FORMAT,
    Identity,
    Provenance,
    Unit,
    as_json,
    check_content,
    is_partial,
    read_identity,
    read_provenance,
    versions,
    with_present_names,
    write_unit,
)

ASIDE = "aside"
_LOCK = ".lock"
_ADDRESS = re.compile(r"(?:(\d{4,})/)?(\d{4,})(?:\.partial)?\.h5")
_READERS = 8
"""Number of files that are read at once (chosen); SHA-256 runs in parallel."""
_checked: set[tuple[str | None, str | None]] = set()
"""SHA-256 of bytes and of arrays of the units whose arrays this process has checked."""


@dataclass(frozen=True)
class Store(Lineage):
    """The folder of a study: what is saved, loaded, found and set aside there.

    The parameters are those of `Lineage`.
    """

    def save(self, unit: Unit, arrays: Mapping[str, Dataset], partial: bool = False) -> None:
        """Write the file of a unit atomically, or its partial file.

        Writing the file of a unit deletes its partial file.

        Raises
        ------
        StoreError
            If the file cannot be written, as on a full disk, or the units that this one needs were
            themselves made from different units.
        """
        path, identity = self.path(unit, partial), self.identities[unit.stage]
        attributes = {
            "format": FORMAT,
            "stage": unit.stage,
            "address": unit.address,
            "recipe_hash": identity.hash,
            "recipe": as_json(identity.values),
            "sizes": as_json(identity.sizes),
            "seed": self.seed,
            "versions": as_json(versions()),
        }
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_unit(path, attributes, arrays, self.parents(unit))
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
            provenance = read_provenance(path, unit)
            with opened(path) as file:
                identity = read_identity(file, unit, provenance)
                arrays = read_datasets(file, names)
            # The same bytes have the same arrays.
            checked = (provenance.bytes, provenance.content)
            if names is None and checked not in _checked:
                check_content(arrays, provenance.content)
                _checked.add(checked)
            arrays = with_present_names(arrays)
        except FileNotFoundError:
            raise StoreError(f"{path}: {unit} is not done yet; run the study first") from None
        except UNREADABLE as error:
            raise StoreError(
                f"{path}: damaged ({error}); move it away, or run with --set-aside"
            ) from error
        if identity.hash != self.identities[unit.stage].hash:
            raise self._changed_error(unit.stage, identity)
        if other := self.other_parent(unit, provenance):
            raise self._mixed_error({path: other})
        return arrays

    def survey(self, stage: str) -> Survey:
        """Check every file of a stage, and sort the files by their state."""
        survey, identity = Survey(), self.identities[stage]
        paths = sorted((self.folder / stage).rglob("*.h5"))
        with ThreadPoolExecutor(_READERS) as readers:
            provenances = readers.map(lambda path: self._try_provenance(stage, path), paths)
            results = list(zip(paths, provenances, strict=True))
        for path, provenance in results:
            if isinstance(provenance, FileNotFoundError):
                # A run has just finished this unit, or deleted its partial file.
                continue
            if isinstance(provenance, Exception):
                survey.damaged[path] = str(provenance)
                continue
            unit = self._unit(stage, path)
            address = unit.address
            if provenance.recipe != identity.hash:
                try:
                    with opened(path) as file:
                        survey.changed[path] = read_identity(file, unit, provenance)
                except UNREADABLE as error:
                    survey.damaged[path] = str(error)
                continue
            survey.without_digest += provenance.content is None
            if other := self.other_parent(unit, provenance):
                survey.mixed[path] = other
            elif is_partial(path):
                continue
            elif provenance.sizes != identity.sizes:
                survey.outdated.add(address)
            else:
                survey.done.add(address)
                survey.parents[address] = provenance.parents
        return survey

    def check(self, surveys: Mapping[str, Survey]) -> None:
        """Check that no file is damaged, mixed or of another recipe; see `Survey`.

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
        mixed = {path: stage for survey in surveys.values() for path, stage in survey.mixed.items()}
        if mixed:
            raise self._mixed_error(mixed)

    def set_aside(self, surveys: Mapping[str, Survey]) -> int:
        """Move damaged, mixed and other recipes' files to `aside`; return their number.

        Files of this recipe that were set aside earlier are moved back, unless there is a newer
        one.
        """
        moves: dict[Path, Path] = {}
        for stage, survey in surveys.items():
            folder = self.folder / stage
            for path, identity in survey.changed.items():
                moves[path] = self._aside(stage, identity) / path.relative_to(folder)
            for path in survey.damaged:
                moves[path] = self.folder / ASIDE / f"{stage}-damaged" / path.relative_to(folder)
            for path in survey.mixed:
                aside = self.folder / ASIDE / f"{stage}-mixed"
                moves[path] = aside / path.relative_to(folder)
        n_aside = len(moves)
        for stage, identity in self.identities.items():
            aside = self._aside(stage, identity)
            for path in sorted(aside.rglob("*.h5")):
                target = self.folder / stage / path.relative_to(aside)
                if target in moves or not target.exists():
                    moves[path] = target
        for source, target in moves.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(source, _free(target))
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
        # One by one: a stage may be a link to a folder on another disk.
        for name in (*self.identities, *sha256sums.FOLDERS):
            for path in (self.folder / name).rglob(f".*{TEMPORARY}"):
                remove_unlocked(path)

    def _unit(self, stage: str, path: Path) -> Unit:
        """Return the unit whose file, partial or not, is at a path.

        Raises
        ------
        ValueError
            If there is none.
        """
        match = _ADDRESS.fullmatch(path.relative_to(self.folder / stage).as_posix())
        if match:
            unit = Unit(stage, tuple(int(part) for part in match.groups() if part))
            if self.path(unit, is_partial(path)) == path:
                return unit
        raise ValueError("no name of a unit")

    def _try_provenance(self, stage: str, path: Path) -> Provenance | Exception:
        """Return what a file states after a check of its bytes, or what is wrong with it."""
        try:
            return read_provenance(path, self._unit(stage, path), whole=True)
        except UNREADABLE as error:
            return error

    def _mixed_error(self, mixed: Mapping[Path, str]) -> StoreError:
        path, stage = next(iter(mixed.items()))
        rest = f" and {len(mixed) - 1} more" if len(mixed) > 1 else ""
        return StoreError(
            f"{path}{rest}: made from another unit of {stage} than the one in {self.folder}, which "
            "was done again or is of another study. Restore the one that it was made from, or run "
            f"with --set-aside: such files then move to {self.folder / ASIDE}, and their units are "
            "done again"
        )

    def _aside(self, stage: str, identity: Identity) -> Path:
        return self.folder / ASIDE / f"{stage}-{identity.hash[:12]}"

    def _changed_error(self, stage: str, identity: Identity) -> StoreError:
        old, new = identity.values, json.loads(as_json(self.identities[stage].values))
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


def _free(path: Path) -> Path:
    """Return the path, or the first with a number appended, at which there is no file."""
    n, free = 1, path
    while free.exists():
        n += 1
        free = path.with_name(f"{path.stem}-{n}{path.suffix}")
    return free
