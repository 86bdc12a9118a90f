"""The folder of a study: one HDF5 file per unit of work, whole or absent, with its provenance."""

import fcntl
import json
import os
import platform
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from numpy.typing import NDArray

from cagebreak._atomic import TEMPORARY
from cagebreak._sealed import joint_digest, opened, statement
from cagebreak.errors import StoreError
from cagebreak.files.hdf5 import UNREADABLE, Dataset, read_datasets
from cagebreak.study.survey import Survey
from cagebreak.study.unit_file import (
    FORMAT,
    PARTIAL,
    Identity,
    Provenance,
    Unit,
    as_json,
    content_of_arrays,
    read_identity,
    read_provenance,
    versions,
    with_present_names,
    write_unit,
)

ASIDE = "aside"
_LOCK = ".lock"
_ADDRESS = re.compile(r"(?:(\d{4,})/)?(\d{4,})(\.partial)?\.h5")


def _no_needs(unit: Unit) -> list[Unit]:
    return []


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
    needs
        Returns the units that a unit is made from.
    """

    folder: Path
    identities: Mapping[str, Identity]
    seed: int
    needs: Callable[[Unit], Sequence[Unit]] = _no_needs

    def path(self, unit: Unit, partial: bool = False) -> Path:
        """Return the path of a unit's file, or of the partial file of a unit in progress."""
        *parents, last = (f"{index:04d}" for index in unit.address)
        return self.folder.joinpath(unit.stage, *parents, last + PARTIAL * partial + ".h5")

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
            write_unit(path, attributes, arrays, self._parents(unit))
            if not partial:
                self.path(unit, partial=True).unlink(missing_ok=True)
        except (OSError, RuntimeError) as error:
            raise StoreError(f"{path}: cannot be written ({error})") from error

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
                identity = read_identity(file, unit)
                arrays = with_present_names(read_datasets(file, names))
        except FileNotFoundError:
            raise StoreError(f"{path}: {unit} is not done yet; run the study first") from None
        except UNREADABLE as error:
            raise StoreError(
                f"{path}: damaged ({error}); move it away, or run with --set-aside"
            ) from error
        if identity.hash != self.identities[unit.stage].hash:
            raise self._changed_error(unit.stage, identity)
        if other := self._other_parent(unit, provenance):
            raise self._mixed_error({path: other})
        return arrays

    def has(self, unit: Unit, partial: bool = False) -> bool:
        """Return whether the file of a unit exists."""
        return self.path(unit, partial).exists()

    def survey(self, stage: str) -> Survey:
        """Check every file of a stage, and sort the files by their state."""
        survey, identity = Survey(), self.identities[stage]
        folder = self.folder / stage
        for path in sorted(folder.rglob("*.h5")):
            match = _ADDRESS.fullmatch(path.relative_to(folder).as_posix())
            if not match:
                survey.damaged[path] = "no name of a unit"
                continue
            address = tuple(int(part) for part in match.groups()[:2] if part)
            unit = Unit(stage, address)
            try:
                provenance = read_provenance(path, unit, whole=True)
                if provenance.recipe != identity.hash:
                    with opened(path) as file:
                        survey.changed[path] = read_identity(file, unit)
                    continue
            except UNREADABLE as error:
                survey.damaged[path] = str(error)
                continue
            survey.without_digest += provenance.content is None
            if other := self._other_parent(unit, provenance):
                survey.mixed[path] = other
            elif match[3]:
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

    def check_parents(self, units: Mapping[Unit, Mapping[str, str]]) -> None:
        """Check that units of one configuration were made from the same units.

        `check` compares each unit with the units in the folder; this holds without them as well.

        Parameters
        ----------
        units
            `Provenance.parents` of the units.

        Raises
        ------
        StoreError
            If they were not.
        """
        stated: dict[tuple[str, int], tuple[Unit, str]] = {}
        for unit, parents in units.items():
            for stage, digest in parents.items():
                other, expected = stated.setdefault((stage, unit.address[0]), (unit, digest))
                if digest != expected:
                    raise StoreError(
                        f"{self.path(unit)}: made from another unit of {stage} than "
                        f"{self.path(other)}; move away the one that does not belong to this "
                        "study, and run it again"
                    )

    def parents_of(self, unit: Unit) -> Mapping[str, str]:
        """Return `Provenance.parents` of a unit.

        Raises
        ------
        StoreError
            If the file is missing or damaged.
        """
        try:
            return read_provenance(self.path(unit), unit).parents
        except UNREADABLE as error:
            raise StoreError(f"{self.path(unit)}: cannot be read ({error})") from error

    def content(self, unit: Unit) -> str:
        """Return the SHA-256 of the arrays of a unit, which its file states or has.

        Raises
        ------
        FileNotFoundError
        ValueError, KeyError, OSError
            If the file is damaged.
        """
        path = self.path(unit)
        stated = read_provenance(path, unit).content
        if stated is not None:
            return stated
        status = path.stat()
        return content_of_arrays(path, status.st_ino, status.st_size, status.st_ctime_ns)

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
            If another process holds the lock, or the folder cannot be written to.
        """
        path = self.folder / _LOCK
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            file = path.open("a+", encoding="utf-8")
        except OSError as error:
            raise StoreError(f"{self.folder}: cannot be written to ({error})") from error
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                raise StoreError(
                    f"{self.folder}: another run is at work here ({file.read().strip()}); "
                    "wait for it, or stop it"
                ) from None
            file.truncate(0)
            file.write(f"process {os.getpid()} on {platform.node()}\n")
            file.flush()
            # Killed runs leave temporary files behind.
            for stage in self.identities:
                for leftover in (self.folder / stage).rglob(f".*{TEMPORARY}"):
                    leftover.unlink(missing_ok=True)
            yield

    def _parents(self, unit: Unit) -> dict[str, str]:
        """Return `Provenance.parents` of a unit that is made from the units in the folder.

        Raises
        ------
        StoreError
            If these were made from different units.
        """
        by_stage: dict[str, list[Unit]] = {}
        for need in self.needs(unit):
            by_stage.setdefault(need.stage, []).append(need)
        parents: dict[str, str] = {}
        grandparents: dict[Unit, Mapping[str, str]] = {}
        for stage, units in by_stage.items():
            if all(map(self.has, units)):
                parents[stage] = joint_digest(map(self.content, units))
                grandparents |= {need: self.parents_of(need) for need in units}
        self.check_parents(grandparents)
        for stated in grandparents.values():
            parents |= stated
        return parents

    def _other_parent(self, unit: Unit, provenance: Provenance) -> str:
        """Return the stage whose units in the folder are not those that a unit was made from.

        Return an empty string if there is none. A stage whose units are not all in the folder
        cannot be compared.
        """
        by_stage: dict[str, list[Unit]] = {}
        for need in self._ancestors(unit):
            by_stage.setdefault(need.stage, []).append(need)
        grown = provenance.sizes != self.identities[unit.stage].sizes
        for stage, units in by_stage.items():
            # With another number of runs the unit is outdated, and is done again in any case.
            if not all(map(self.has, units)) or (grown and len(units[0].address) > 1):
                continue
            try:
                if provenance.content is None:
                    # Earlier versions have made a unit from units of earlier versions.
                    same = all(self._is_undigested(need) for need in units)
                else:
                    stated = provenance.parents.get(stage)
                    same = stated in (None, joint_digest(map(self.content, units)))
            except UNREADABLE:
                continue
            if not same:
                return stage
        return ""

    def _ancestors(self, unit: Unit) -> list[Unit]:
        """Return the units that a unit needs, directly or indirectly."""
        needs = self.needs(unit)
        distant = (other for need in needs for other in self._ancestors(need))
        return list(dict.fromkeys([*needs, *distant]))

    def _is_undigested(self, unit: Unit) -> bool:
        return statement(self.path(unit), whole=False) is None

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


def _free(path: Path) -> Path:
    """Return the path, or the first with a number appended, at which there is no file."""
    n, free = 1, path
    while free.exists():
        n += 1
        free = path.with_name(f"{path.stem}-{n}{path.suffix}")
    return free
