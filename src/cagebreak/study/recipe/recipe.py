"""The recipe of a study: one TOML file that says everything, checked before anything is run."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cagebreak._atomic import require_file
from cagebreak.descriptors import Generations
from cagebreak.descriptors.recommended import Recommended
from cagebreak.errors import FileFormatError, InputError, RecipeError
from cagebreak.models.model import Model
from cagebreak.simulation.engines import Engine
from cagebreak.study.recipe import descriptors, schema
from cagebreak.study.recipe.checks import checked, entry, near
from cagebreak.study.recipe.contradictions import check_together
from cagebreak.study.recipe.descriptors import RECOMMENDED
from cagebreak.study.recipe.end_descriptor import EndDescriptor
from cagebreak.study.recipe.preparation import Growth, Imported, Thermal
from cagebreak.study.recipe.protocols import PROTOCOLS

_MOST_BYTES = 1 << 16
"""Length of the file of a recipe, at most; those of this package have two thousand bytes."""

# The time to parse a key grows with the square of the number of its parts, a.a.a.a.
_LONG_KEY = re.compile(r"(?<![\w-])(?:[\w-]+[ \t]*\.[ \t]*){16}")


@dataclass(frozen=True)
class Recipe:
    """A checked recipe.

    Its sections are attributes. A section that the recipe does not have raises a `RecipeError`.

    Parameters
    ----------
    path
        The file it was read from.
    values
        Every value as it stands in the file, by section and key.
    model
        The model that [model] describes.
    sections
        The other sections, each with its values as attributes.
    potential
        The text of the file of a potential that [model] names; empty if it names none.
    """

    path: Path
    values: dict[str, dict[str, Any]]
    model: Model
    sections: dict[str, Any]
    potential: str = ""

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Recipe:
        """Read and check a recipe.

        Raises
        ------
        RecipeError
            If the file is missing or is no TOML, a section or key is unknown or missing, or a
            value is wrong.
        """
        path = Path(path)
        if path.suffix != ".toml":
            raise RecipeError(f"{path}: expected the name of a recipe to end in .toml")
        return cls.of_values(path, _parsed(path))

    @classmethod
    def of_values(cls, path: Path, raw: dict[str, Any], potential: str = "") -> Recipe:
        """Return the recipe of values by section and key, as a TOML file holds them.

        The file of a potential that [model] names is read from the folder of `path`, unless its
        text is given as `potential`.

        Raises
        ------
        RecipeError
            If a section or key is unknown or missing, or a value is wrong.
        """
        values = _checked(path, raw)
        kinds = schema.sections(values["model"]["name"], schema.work_of(values))
        if PROTOCOLS[values["model"]["name"]].of_file and not potential:
            file = path.parent / values["model"]["file"]
            potential = read_potential(path, values["model"]["name"], file)
        recipe = cls(
            path=path,
            values=values,
            model=make_model(path, values["model"], potential),
            sections={name: kind(**values[name]) for name, kind in kinds.items() if name in values},
            potential=potential,
        )
        check_together(recipe)
        return recipe

    @property
    def study(self) -> schema.StudySection:
        """The seed of the whole study."""
        return self._section("study")

    @property
    def preparation(self) -> Growth | Thermal | Imported:
        """Number of configurations and of particles, and the protocol of their preparation."""
        return self._section("preparation")

    @property
    def isoconfigurational(self) -> schema.Isoconfigurational | schema.ImportedRuns:
        """The runs from each configuration."""
        return self._section("isoconfigurational")

    @property
    def shear(self) -> schema.Shear:
        """The shear of each configuration."""
        return self._section("shear")

    @property
    def states(self) -> schema.States:
        """How inherent and cage states are computed."""
        return self._section("states")

    @property
    def descriptors(self) -> schema.Descriptors:
        """The descriptors of each state."""
        return self._section("descriptors")

    @property
    def learning(self) -> schema.Learning:
        """Ridge regression and its cross-validation."""
        return self._section("learning")

    @property
    def hybrid(self) -> schema.Hybrid:
        """Short runs beside structure; the defaults if the recipe has no such section."""
        return self.sections.get("hybrid") or schema.Hybrid.default()

    @property
    def short_lengths(self) -> tuple[float, ...]:
        """Lengths of the short runs of [hybrid], ascending, in tau."""
        return tuple(share * self.isoconfigurational.last for share in self.hybrid.shares)

    @property
    def short_until(self) -> float:
        """The longest of `short_lengths`."""
        return self.short_lengths[-1]

    @property
    def end_descriptor(self) -> EndDescriptor | None:
        """The descriptors of the ends of short runs; None if they are not described."""
        described = self.hybrid.ends
        return None if described is None else EndDescriptor(self.model, described)

    def asks_for(self, section: str) -> bool:
        """Return whether the recipe has a section."""
        return section in self.values

    def _section(self, name: str) -> Any:
        if name not in self.sections:
            raise RecipeError(f"{self.path}: has no section [{name}], which this needs")
        return self.sections[name]

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources of columns, in order: the states, and the recommended set if asked for."""
        states = self.descriptors.states
        return (*states, RECOMMENDED) if self.descriptors.recommended else states

    @property
    def recommended(self) -> Recommended:
        """The recommended set, computed from the cage states of the recipe."""
        return Recommended(self.model, **({"sweeps": None} | self.states.cage))

    def descriptor(self, state: str) -> Generations:
        """Return the descriptor of a state."""
        section = self.descriptors
        return descriptors.descriptor(self.model, section.set, section.generations, state)

    def labels(self) -> np.recarray:
        """Return the labels of all columns without computing them, each with its `source`."""
        return self._labels.copy()

    @cached_property
    def _labels(self) -> np.recarray:
        """Made once: every configuration that is read compares its columns with them."""
        made = {name: self.descriptor(name) for name in self.sources if name != RECOMMENDED}
        of_all = {RECOMMENDED: self.recommended} if self.descriptors.recommended else {}
        return descriptors.labels({**made, **of_all})

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the labels: another process makes its own sooner than it reads them."""
        return {name: value for name, value in vars(self).items() if name != "_labels"}

    @property
    def imported(self) -> bool:
        """Whether configurations and runs come from files."""
        return isinstance(self.preparation, Imported)

    @property
    def groups(self) -> NDArray[np.int64] | None:
        """The group of each configuration, as of `learning.evaluate`; None if each is its own."""
        sets = self.preparation.share_fold if isinstance(self.preparation, Imported) else ()
        if not sets:
            return None
        groups = np.arange(self.preparation.n_configurations)
        for members in sets:
            groups[list(members)] = min(members)
        return groups

    @property
    def missing_for_fit(self) -> str:
        """What a fit needs and the configurations and runs do not give; empty if nothing."""
        if not self.isoconfigurational.n_runs:
            return "the configurations have no runs, expected at least one of each"
        groups = self.groups
        n = self.preparation.n_configurations if groups is None else len(np.unique(groups))
        if n > 1:
            return ""
        if groups is None:
            return (
                "there is one configuration, expected at least 2, since one is held out for a "
                "test; import more files, or several origins of a long trajectory (--origins)"
            )
        return (
            "all configurations share one structure, expected at least 2, since one is held out "
            "for a test"
        )

    @property
    def folder(self) -> Path:
        """The folder of the results: beside the recipe, with its name."""
        return self.path.with_suffix("")

    @property
    def engine(self) -> Engine:
        """What moves particles that are not hard."""
        if isinstance(self.preparation, Thermal):
            # Recipes of earlier versions do not have the key.
            return self.preparation.engine or "lammps"
        return "cagebreak" if self.model.lammps is None else "lammps"

    def select(self, keys: Iterable[str]) -> dict[str, Any]:
        """Return the values of some keys (``"preparation.time"``) or sections (``"model"``).

        Keys and sections that the recipe does not have are left out, and so is an empty table. A
        file of a potential is represented by the SHA-256 of its text.
        """
        selected = {}
        for key in keys:
            section, _, name = key.partition(".")
            entries = self.values.get(section, {})
            for entry_name in [name] if name else entries:
                if entries.get(entry_name, {}) != {}:
                    selected[f"{section}.{entry_name}"] = entries[entry_name]
        if "model.file" in selected:
            selected["model.file"] = hashlib.sha256(self.potential.encode()).hexdigest()
        return selected


def _parsed(path: Path) -> dict[str, Any]:
    try:
        require_file(path)
        if path.stat().st_size > _MOST_BYTES:
            raise RecipeError(f"{path}: expected a file of at most {_MOST_BYTES} bytes")
        text = path.read_text(encoding="utf-8")
        if _LONG_KEY.search(text):
            raise RecipeError(f"{path}: expected keys of at most 16 parts")
        return tomllib.loads(text)
    except FileNotFoundError:
        raise RecipeError(
            f"{path}: no such file; write one with `cagebreak new hard-spheres {path}`"
        ) from None
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read ({error.strerror})") from error
    except RecipeError:
        raise
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"{path}: expected TOML ({error})") from error


def _checked(path: Path, raw: dict[str, Any]) -> dict[str, dict[str, Any]]:
    for name, content in raw.items():
        if name not in schema.SECTIONS:
            hint = near(name, schema.SECTIONS) or f"its sections are {', '.join(schema.SECTIONS)}"
            raise RecipeError(f"{path}: [{name}] is no section of a recipe; {hint}")
        if not isinstance(content, dict):
            raise RecipeError(f"{path}: {entry(name, content)}: expected a section [{name}]")
    begun = [names for names in schema.WORK.values() if any(name in raw for name in names)]
    for name in itertools.chain(schema.ALWAYS, *begun):
        if name not in raw:
            raise RecipeError(f"{path}: the section [{name}] is missing")
    if not begun:
        raise RecipeError(f"{path}: expected a section [isoconfigurational] or [shear]")
    if "hybrid" in raw and "isoconfigurational" not in raw:
        raise RecipeError(f"{path}: [hybrid] needs the section [isoconfigurational]")
    named = {key: value for key, value in raw["model"].items() if key == "name"}
    model = _checked_section(path, "model", named, {"name": schema.MODEL_NAME})["name"]
    work = schema.work_of(raw)
    return {
        section: _checked_section(path, section, raw[section], schema.keys_of(section, model, work))
        for section in schema.SECTIONS
        if section in raw
    }


def _checked_section(
    path: Path, section: str, raw: dict[str, Any], keys: Mapping[str, schema.Key]
) -> dict[str, Any]:
    try:
        return checked(raw, {name: key.check for name, key in keys.items()})
    except ValueError as error:
        raise RecipeError(f"{path}: [{section}] {error}") from None


def read_potential(path: Path, model: str, file: Path) -> str:
    """Return the text of the file of a potential that a recipe of a model names.

    Raises
    ------
    RecipeError
        If it cannot be read.
    """
    kind = PROTOCOLS[model].of_file
    assert kind is not None
    try:
        return kind.read(file)
    except OSError as error:
        raise RecipeError(
            f'{path}: [model] file = "{file.name}": expected {kind.content}, but {file} '
            f"cannot be read ({error.strerror})"
        ) from error
    except InputError as error:
        raise RecipeError(f"{path}: [model] {error}") from error


def make_model(path: Path, values: Mapping[str, Any], potential: str) -> Model:
    """Return the model that the values of [model] and the text of its potential describe.

    Raises
    ------
    RecipeError
        If they describe none.
    """
    parameters = {name: value for name, value in values.items() if name != "name"}
    protocol = PROTOCOLS[values["name"]]
    try:
        if protocol.of_file:
            parameters["file"] = protocol.of_file.parse(potential, parameters["file"])
        return protocol.make(**parameters)
    except (InputError, FileFormatError) as error:
        raise RecipeError(f"{path}: [model] {error}") from error
