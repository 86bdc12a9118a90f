"""Whether a study's folder still holds what was computed: checksums, and a sample done again."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cagebreak.errors import CagebreakError
from cagebreak.seeding import stream
from cagebreak.study.archive import differences
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages import stages
from cagebreak.study.store import Store, Survey, Unit


@dataclass(frozen=True)
class Verification:
    """What was found.

    Parameters
    ----------
    n_read
        Files whose every checksum was compared.
    damaged
        Files that do not hold what was written, and why.
    again
        Units that were done again.
    different
        Those of them that came out otherwise, and in which arrays.
    """

    n_read: int
    damaged: Mapping[Path, str]
    again: Sequence[Unit]
    different: Mapping[Unit, Sequence[str]]

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.damaged and not self.different


def verify(
    recipe: Recipe, store: Store, surveys: Mapping[str, Survey], sample: int, seed: int
) -> Verification:
    """Read every array of every unit, and do a sample of the units again, elsewhere."""
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
    # What came from files is not computed here.
    given = ("equilibrate", "run") if recipe.imported else ()
    candidates = [
        unit
        for unit in sound
        if unit.stage not in given and all(store.has(n) for n in stages.needs(recipe, unit))
    ]
    chosen = stream(seed, "verify").permutation(len(candidates))[:sample]
    again = [candidates[i] for i in sorted(chosen)]
    different = {}
    for unit in again:
        if names := _done_again(recipe, store, unit):
            different[unit] = names
    return Verification(len(sound), damaged, again, different)


def _done_again(recipe: Recipe, store: Store, unit: Unit) -> list[str]:
    """Return the arrays in which a unit, done again in a folder of its own, differs."""
    with tempfile.TemporaryDirectory(prefix="cagebreak-") as folder:
        elsewhere = replace(store, folder=Path(folder))
        for need in stages.needs_of_all(recipe, unit):
            if store.has(need):
                target = elsewhere.path(need)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.symlink_to(store.path(need).resolve())
        stages.do(recipe, elsewhere, unit)
        return differences(store.path(unit), elsewhere.path(unit))
