"""Verification of a study's folder: all checksums, and a sample of units computed again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cagebreak._atomic import TemporaryFolder
from cagebreak.errors import CagebreakError
from cagebreak.seeding import stream
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
        Number of files that are whole: all their checksums are right.
    damaged
        The damaged files, and what is wrong with each.
    again
        The units that were done again.
    different
        The units of `again` whose results differ, and the names of the arrays that differ.
    """

    n_read: int
    damaged: Mapping[Path, str]
    again: Sequence[Unit]
    different: Mapping[Unit, Sequence[str]]

    @property
    def sound(self) -> bool:
        """Whether no file is damaged and no result differs."""
        return not self.damaged and not self.different


def verify(
    recipe: Recipe, store: Store, surveys: Mapping[str, Survey], sample: int, seed: int
) -> Verification:
    """Read every array of every unit, and do a random sample of the units again.

    The study's folder is only read; the sample is computed in temporary folders.
    """
    damaged = {path: why for survey in surveys.values() for path, why in survey.damaged.items()}
    done = [
        unit
        for name, survey in surveys.items()
        for address in sorted(survey.done)
        if store.has(unit := Unit(name, address))
    ]
    sound = []
    for unit in done:
        try:
            store.load(unit)
            sound.append(unit)
        except CagebreakError as error:
            damaged[store.path(unit)] = str(error)
    # Imported configurations and runs cannot be computed again.
    imported = stages.IMPORTED if recipe.imported else ()
    candidates = [
        unit
        for unit in sound
        if unit.stage not in imported and all(store.has(n) for n in stages.needs(recipe, unit))
    ]
    chosen = stream(seed, "verify").permutation(len(candidates))[:sample]
    again = [candidates[i] for i in sorted(chosen)]
    different = {}
    for unit in again:
        if names := _done_again(recipe, store, unit):
            different[unit] = names
    return Verification(len(sound), damaged, again, different)


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
