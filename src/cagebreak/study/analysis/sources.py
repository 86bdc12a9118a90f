"""What the tables and the figures of a study are made from."""

import os
from functools import cache
from importlib.metadata import version
from typing import Any

from cagebreak._sealed import joint_digest
from cagebreak.figures import FIGURES
from cagebreak.study.analysis import drawings
from cagebreak.study.analysis.tables import TABLES
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.stages import stages_of, units
from cagebreak.study.store import Store


class Sources:
    """What tables and figures are made from, as the finished units are now.

    Each unit is looked at once: what is done or changed later is not in it.

    Parameters
    ----------
    recipe
    store
    """

    def __init__(self, recipe: Recipe, store: Store) -> None:
        self._recipe, self._store = recipe, store
        self._stages = stages_of(recipe)
        self.of_table = cache(self._of_table)
        """Function of a name that returns what a table depends on, its provenance."""
        self._contents = cache(self._contents_of)

    def of_figure(self, name: str, published: str | os.PathLike[str] | None) -> dict[str, Any]:
        """Return everything that the files of a figure depend on; see `drawings.origin`."""
        stages = sorted(set(self._stages) & {"equilibrate", "propensity", "shear"})
        contents = {stage: list(self._contents(stage)) for stage in stages}
        provenances = {table: self.of_table(table) for table in FIGURES[name].tables}
        return drawings.origin(name, self._recipe, provenances, contents, published)

    def _of_table(self, name: str) -> dict[str, Any]:
        spec = TABLES[name]
        stages = spec.needs(self._recipe)
        contents = {stage: joint_digest(iter(self._contents(stage))) for stage in stages}
        about = {"table": name, "recipe": self._recipe.select(spec.keys), "units": contents}
        return about | {"version": version("cagebreak")}

    def _contents_of(self, stage: str) -> tuple[str, ...]:
        """Return the SHA-256 of the contents of each unit of a stage that is done."""
        of_stage = units(self._recipe, self._stages[stage])
        return tuple(map(self._store.content, filter(self._store.has, of_stage)))
