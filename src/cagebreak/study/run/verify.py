"""Verification of a study's folder: all digests, and a sample of units computed again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cagebreak._atomic import TemporaryFolder
from cagebreak.errors import CagebreakError
from cagebreak.seeding import random_seed, stream
from cagebreak.study import sha256sums
from cagebreak.study.archive import differences
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages import stages
from cagebreak.study.store import Store, Survey, Unit


@dataclass(frozen=True)
class Verification:
    """The result of a verification.

    Parameters
    ----------
    n_read
        Number of units whose files are whole.
    without_digest
        Number of these of earlier versions, whose bytes have no digest: only the checksums of their
        arrays are right.
    damaged
        The damaged files, and what is wrong with each. A unit that was made from other units than
        those in the folder counts as damaged.
    seed
        Seed of the choice of units.
    again
        The units that were done again.
    different
        The units of `again` whose results differ, and the names of the arrays that differ.
    """

    n_read: int
    without_digest: int
    damaged: Mapping[Path, str]
    seed: int
    again: Sequence[Unit]
    different: Mapping[Unit, Sequence[str]]

    @property
    def sound(self) -> bool:
        """Whether no file is damaged and no result differs."""
        return not self.damaged and not self.different


def verify(
    recipe: Recipe, store: Store, surveys: Mapping[str, Survey], sample: int, seed: int | None
) -> Verification:
    """Read every array of every unit, and do a random sample of the units again.

    The study's folder is only read; the sample is computed in temporary folders.
    """
    seed = random_seed() if seed is None else seed
    damaged = {path: why for survey in surveys.values() for path, why in survey.problems.items()}
    damaged |= sha256sums.damaged(store.folder)
    done = [
        unit
        for name, survey in surveys.items()
        for address in sorted(survey.done)
        if store.has(unit := Unit(name, address)) and store.path(unit) not in damaged
    ]
    sound = []
    for unit in done:
        try:
            store.load(unit)
            sound.append(unit)
        except CagebreakError as error:
            damaged[store.path(unit)] = str(error).removeprefix(f"{store.path(unit)}: ")
    # Imported configurations and runs cannot be computed again.
    imported = stages.IMPORTED if recipe.imported else ()
    whole = set(sound)
    candidates = [
        unit
        for unit in sound
        if unit.stage not in imported and whole.issuperset(stages.needs_of_all(recipe, unit))
    ]
    chosen = stream(seed, "verify").permutation(len(candidates))[:sample]
    again = [candidates[i] for i in sorted(chosen)]
    different = {}
    for unit in again:
        if names := _done_again(recipe, store, unit):
            different[unit] = names
    without_digest = sum(survey.without_digest for survey in surveys.values())
    return Verification(len(sound), without_digest, damaged, seed, again, different)


def _done_again(recipe: Recipe, store: Store, unit: Unit) -> list[str]:
    """Do a unit again in a temporary folder; return the names of the arrays that differ."""
    with TemporaryFolder("cagebreak-tmp-") as folder:
        copy = replace(store, folder=folder)
        for need in stages.needs_of_all(recipe, unit):
            if store.has(need):
                target = copy.path(need)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.symlink_to(store.path(need).resolve())
        stages.do(recipe, copy, unit)
        return differences(store.path(unit), copy.path(unit))
