"""What the folder of a stage holds: units that are done, and files that cannot be used."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cagebreak.study.unit_file import Identity


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
    mixed
        Files of units that were made from other units than those in the folder, and the stage of
        these.
    parents
        `Provenance.parents` of the units that are done.
    without_digest
        Number of files of earlier versions, which have no digest.
    """

    done: set[tuple[int, ...]] = field(default_factory=set)
    outdated: set[tuple[int, ...]] = field(default_factory=set)
    changed: dict[Path, Identity] = field(default_factory=dict)
    damaged: dict[Path, str] = field(default_factory=dict)
    mixed: dict[Path, str] = field(default_factory=dict)
    parents: dict[tuple[int, ...], Mapping[str, str]] = field(default_factory=dict)
    without_digest: int = 0

    @property
    def problems(self) -> dict[Path, str]:
        """The damaged and the mixed files, and what is wrong with each."""
        mixed = {
            path: f"made from another unit of {stage} than the one in the folder"
            for path, stage in self.mixed.items()
        }
        return self.damaged | mixed
