"""The files of units in a folder, and which units each was made from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cagebreak._hdf5 import UNREADABLE
from cagebreak._sealed import joint_digest, statement
from cagebreak.errors import StoreError
from cagebreak.study.unit_file import (
    PARTIAL,
    Identity,
    Provenance,
    Unit,
    content_of_arrays,
    read_provenance,
)


def _no_needs(unit: Unit) -> list[Unit]:
    return []


@dataclass(frozen=True)
class Lineage:
    """The files of the units of a study, and which units each was made from.

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

    def has(self, unit: Unit, partial: bool = False) -> bool:
        """Return whether the file of a unit exists."""
        return self.path(unit, partial).exists()

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

    def parents(self, unit: Unit) -> dict[str, str]:
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

    def other_parent(self, unit: Unit, provenance: Provenance) -> str:
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
