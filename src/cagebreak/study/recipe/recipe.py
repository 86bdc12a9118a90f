"""The recipe of a study: one TOML file that says everything, checked before any work is spent."""

import difflib
import hashlib
import json
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cagebreak.descriptors import Generations
from cagebreak.descriptors.recommended import Recommended
from cagebreak.errors import FileFormatError, InputError, RecipeError
from cagebreak.models.model import Model
from cagebreak.models.tabulated import read_tables
from cagebreak.study.recipe import descriptors, schema, selections
from cagebreak.study.recipe.descriptors import RECOMMENDED
from cagebreak.study.recipe.protocols import PROTOCOLS

_SHOWN = 80  # characters of a value in a message
_COMMENT_COLUMN = 33

_HEADER = """\
# Recipe of a cagebreak study. Every key must be present; the source of a default is in brackets.
# Units: {units}.
# Results go to the folder beside this file that has its name.
"""


@dataclass(frozen=True)
class Recipe:
    """A checked recipe.

    Parameters
    ----------
    path
        The file it was read from.
    values
        Every value as it stands in the file, by section and key.
    model
        The model that [model] describes.
    sections
        What the other sections of the file hold, by their names.
    potential
        The text of the file of tables that [model] names; empty if it names none.
    """

    path: Path
    values: dict[str, dict[str, Any]]
    model: Model
    sections: dict[str, Any]
    potential: str = ""

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> "Recipe":
        """Read and check a recipe.

        Raises
        ------
        RecipeError
            If the file is missing or no TOML, or a section or key is unknown, missing or absurd.
        """
        path = Path(path)
        if path.suffix != ".toml":
            raise RecipeError(f"{path}: expected the name of a recipe to end in .toml")
        return cls.of_values(path, _parsed(path))

    @classmethod
    def of_values(cls, path: Path, raw: dict[str, Any], potential: str = "") -> "Recipe":
        """Check the values of a recipe, by section and key, as they were read from a file.

        A table of potentials that [model] names is read beside `path`, unless its text is given.

        Raises
        ------
        RecipeError
            If a section or key is unknown, missing or absurd.
        """
        values = _checked(path, raw)
        if PROTOCOLS[values["model"]["name"]].of_file and not potential:
            potential = read_potential(path, path.parent / values["model"]["file"])
        recipe = cls(
            path=path,
            values=values,
            model=make_model(path, values["model"], potential),
            sections={
                name: section(**values[name])
                for name, section in _sections(values).items()
                if name in values
            },
            potential=potential,
        )
        _agree(recipe)
        return recipe

    @property
    def study(self) -> schema.StudySection:
        """What holds for all of it."""
        return self._section("study")

    @property
    def preparation(self) -> schema.Growth | schema.Thermal | schema.Imported:
        """How many configurations, and how they are prepared."""
        return self._section("preparation")

    @property
    def isoconfigurational(self) -> schema.Isoconfigurational | schema.ImportedRuns:
        """The runs from each configuration; this and all below raise if the recipe lacks it."""
        return self._section("isoconfigurational")

    @property
    def shear(self) -> schema.Shear:
        """The shear of each configuration."""
        return self._section("shear")

    @property
    def states(self) -> schema.States:
        """How inherent and cage states are reached."""
        return self._section("states")

    @property
    def descriptors(self) -> schema.Descriptors:
        """How surroundings are described."""
        return self._section("descriptors")

    @property
    def learning(self) -> schema.Learning:
        """How it is learned."""
        return self._section("learning")

    def asks_for(self, section: str) -> bool:
        """Return whether the recipe has a section."""
        return section in self.values

    def _section(self, name: str) -> Any:
        if name not in self.sections:
            raise RecipeError(f"{self.path}: has no section [{name}], which this needs")
        return self.sections[name]

    @property
    def sources(self) -> tuple[str, ...]:
        """Where columns come from, in order: the states, and the recommended set if asked for."""
        states = self.descriptors.states
        return (*states, RECOMMENDED) if self.descriptors.recommended else states

    @property
    def recommended(self) -> Recommended:
        """The recommended set, from the recipe's own cage states."""
        return Recommended(self.model, **self.states.cage)

    def descriptor(self, state: str) -> Generations:
        """Return the descriptor of a state."""
        section = self.descriptors
        return descriptors.descriptor(self.model, section.set, section.generations, state)

    def labels(self) -> np.recarray:
        """Return the labels of all columns without computing them, each with its `source`."""
        return descriptors.labels(
            {
                source: self.recommended if source == RECOMMENDED else self.descriptor(source)
                for source in self.sources
            }
        )

    @property
    def imported(self) -> bool:
        """Whether its configurations and runs come from files."""
        return isinstance(self.preparation, schema.Imported)

    @property
    def folder(self) -> Path:
        """Where the results are: the folder beside the recipe that has its name."""
        return self.path.with_suffix("")

    def select(self, keys: Iterable[str]) -> dict[str, Any]:
        """Return the values of some keys (``"preparation.time"``) or sections (``"model"``).

        A key or section that the recipe does not have is left out. For a file of tables stands the
        SHA-256 of its text.
        """
        selected = {}
        for key in keys:
            section, _, name = key.partition(".")
            entries = self.values.get(section, {})
            for each in [name] if name else entries:
                if each in entries:
                    selected[f"{section}.{each}"] = entries[each]
        if "model.file" in selected:
            selected["model.file"] = hashlib.sha256(self.potential.encode()).hexdigest()
        return selected


def write_new(
    path: str | os.PathLike[str], model: str, small: bool = False, shear: bool = False
) -> None:
    """Write a recipe with every default of a model spelled out and commented.

    Parameters
    ----------
    path
        A new file that ends in `.toml`.
    model
        The model's name, e.g. ``"hard-spheres"``.
    small
        Write a study that ends within minutes, of a liquid that relaxes within it.
    shear
        Write a study of athermal shear instead of one of isoconfigurational runs.

    Raises
    ------
    RecipeError
        If the file exists or is not called `.toml`, or no model has this name.
    """
    path = Path(path)
    name = protocol_name(model)
    if shear and not PROTOCOLS[name].shear:
        raise RecipeError(f"model: {model} has no energy to minimize, so it is not sheared")
    if path.suffix != ".toml":
        raise RecipeError(f"{path}: expected the name of a recipe to end in .toml")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(
                text(schema.defaults(name, small, "shear" if shear else "isoconfigurational"))
            )
    except FileExistsError:
        raise RecipeError(f"{path}: exists already, and is never overwritten") from None


def protocol_name(model: str) -> str:
    """Return the name in `PROTOCOLS` of a model called ``"kob-andersen"``.

    Raises
    ------
    RecipeError
        If no model has this name.
    """
    name = model.replace("-", "_")
    if name not in PROTOCOLS:
        known = [known.replace("_", "-") for known in PROTOCOLS]
        raise RecipeError(f"model: expected one of {', '.join(known)}, got {model!r}")
    return name


def text(values: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a recipe as commented TOML."""
    known = PROTOCOLS[values["model"]["name"]].units
    units = ", ".join(f"{unit} = {meaning}" for unit, meaning in known)
    work = _work(values)
    lines = [_HEADER.format(units=units)]
    for section, entries in values.items():
        keys = schema.keys_of(section, values["model"]["name"], work)
        tables = [name for name, value in entries.items() if isinstance(value, Mapping)]
        lines.append(f"[{section}]")
        for name in entries:
            if name not in tables:
                comment = keys[name].comment if name in keys else "the glass former"
                lines.append(_line(name, entries[name], comment))
        for name in tables:
            lines += ["", f"[{section}.{name}]  # {keys[name].comment}"]
            lines += [_line(_quoted(key), value) for key, value in entries[name].items()]
        lines.append("")
    return "\n".join(lines)


def _line(name: str, value: Any, comment: str = "") -> str:
    entry = f"{name} = {_toml(value)}"
    if not comment:
        return entry
    if len(entry) > 2 * _COMMENT_COLUMN:
        return f"# {comment}\n{entry}"
    return f"{entry:{_COMMENT_COLUMN}} # {comment}"


def _toml(value: Any) -> str:
    if isinstance(value, float):
        # 1e5 rather than 100000.0, where both are the same number.
        short = re.sub(r"e\+?(-?)0*(\d)", r"e\1\2", f"{value:.0e}")
        return short if float(short) == value and not 1e-4 <= value < 1e3 else repr(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_quoted(k)} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(_toml, value)) + "]"
    # TOML is like JSON here, but for two characters.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _quoted(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _toml(key)


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecipeError(
            f"{path}: no such file; write one with `cagebreak new hard-spheres {path}`"
        ) from None
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"{path}: expected TOML ({error})") from error


def _checked(path: Path, raw: dict[str, Any]) -> dict[str, dict[str, Any]]:
    sections = schema.SECTIONS
    for name, content in raw.items():
        if name not in sections:
            raise RecipeError(f"{path}: [{name}] is no section of a recipe{_hint(name, sections)}")
        if not isinstance(content, dict):
            raise RecipeError(f"{path}: {name} = {_show(content)}: expected a section [{name}]")
    expected = list(schema.ALWAYS)
    for names in schema.WORK.values():
        if any(name in raw for name in names):
            expected += names
    for name in expected:
        if name not in raw:
            raise RecipeError(f"{path}: the section [{name}] is missing")
    if len(expected) == len(schema.ALWAYS):
        raise RecipeError(f"{path}: expected a section [isoconfigurational] or [shear]")
    named = raw["model"].get("name")
    if not isinstance(named, str) or named not in PROTOCOLS:
        one_of = f"one of {', '.join(PROTOCOLS)}"
        raise RecipeError(_problem(path, "model", raw["model"], "name", one_of, PROTOCOLS))
    work = _work(raw)
    return {
        section: _checked_section(path, section, raw[section], schema.keys_of(section, named, work))
        for section in sections
        if section in raw
    }


def _work(values: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what the recipe is for, a name in `schema.WORK`."""
    if "imported" in values["preparation"]:
        return "imported"
    return "isoconfigurational" if "isoconfigurational" in values else "shear"


def _sections(values: Mapping[str, Mapping[str, Any]]) -> dict[str, type]:
    return schema.sections(values["model"]["name"], _work(values))


def _checked_section(
    path: Path, section: str, raw: dict[str, Any], keys: Mapping[str, schema.Key]
) -> dict[str, Any]:
    checked: dict[str, Any] = {"name": raw["name"]} if section == "model" else {}
    for name in raw:
        if name not in keys and name not in checked:
            raise RecipeError(
                f"{path}: [{section}] {name} = {_show(raw[name])}: no key of this section"
                f"{_hint(name, keys)}"
            )
    for name, key in keys.items():
        if name not in raw and key.optional:
            continue
        if name not in raw:
            raise RecipeError(_problem(path, section, raw, name, key.expected))
        try:
            checked[name] = key.check(raw[name])
        except ValueError as error:
            raise RecipeError(
                _problem(path, section, raw, name, key.expected) + (f"; {error}" * bool(str(error)))
            ) from None
    return checked


def read_potential(path: Path, table: Path) -> str:
    """Return the text of the file of tables that a recipe names."""
    try:
        return table.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise RecipeError(
            f'{path}: [model] file = "{table.name}": expected tables of potentials, but {table} '
            f"cannot be read ({error.strerror})"
        ) from error


def make_model(path: Path, values: Mapping[str, Any], potential: str) -> Model:
    """Return the model that the values of [model] and the text of its tables describe.

    Raises
    ------
    RecipeError
        If they describe none.
    """
    parameters = {name: value for name, value in values.items() if name != "name"}
    protocol = PROTOCOLS[values["name"]]
    try:
        if protocol.of_file:
            parameters["file"] = read_tables(potential, parameters["file"])
        return protocol.make(**parameters)
    except (InputError, FileFormatError) as error:
        raise RecipeError(f"{path}: [model] {error}") from error


def _agree(recipe: Recipe) -> None:
    """Check what two keys say together."""

    def problem(key: str, expected: str) -> RecipeError:
        section, name = key.split(".")
        return RecipeError(_problem(recipe.path, section, recipe.values[section], name, expected))

    n_configurations = recipe.preparation.n_configurations
    n_particles = recipe.preparation.n_particles
    if n_particles % recipe.model.chain_length:
        raise problem(
            "preparation.n_particles", f"a multiple of chain_length = {recipe.model.chain_length}"
        )
    counts = np.bincount(recipe.model.species(n_particles), minlength=recipe.model.n_species)
    if counts.min() < 3 and not recipe.imported:
        raise problem(
            "preparation.n_particles",
            f"at least 3 particles of each species, which would be {counts.tolist()}",
        )
    if recipe.asks_for("shear"):
        _agree_on_shear(recipe, problem)
    if not recipe.asks_for("isoconfigurational"):
        return
    learning = recipe.learning
    if isinstance(recipe.isoconfigurational, schema.ImportedRuns):
        if bool(recipe.isoconfigurational.n_runs) != bool(recipe.isoconfigurational.times):
            raise problem("isoconfigurational.times", "times where there are runs, none otherwise")
    elif not recipe.isoconfigurational.first < recipe.isoconfigurational.last:
        first = recipe.isoconfigurational.first
        raise problem("isoconfigurational.last", f"more than first = {first!r}")
    if learning.outer_folds > n_configurations and not recipe.imported:
        raise problem("learning.outer_folds", f"at most n_configurations = {n_configurations}")
    if learning.inner_folds >= learning.outer_folds:
        raise problem("learning.inner_folds", f"less than outer_folds = {learning.outer_folds}")
    if not set(learning.species) <= set(recipe.model.species_names):
        raise problem("learning.species", f"among {', '.join(recipe.model.species_names)}")
    if recipe.descriptors.recommended:
        if not {"inherent", "cage"} <= set(recipe.descriptors.states):
            raise problem("descriptors.recommended", "false without the states inherent and cage")
        if "sweeps" not in recipe.states.cage:
            raise problem("descriptors.recommended", "false without sweeps in [states.cage]")
    labels = recipe.labels()
    for name, selection in learning.selections.items():
        try:
            selections.columns(labels, selection)
            selections.learned(selection, selections.LEARNED)
        except InputError as error:
            expected = f"what [descriptors] has; {name!r}: {error}"
            raise problem("learning.selections", expected) from None


def _agree_on_shear(recipe: Recipe, problem: Callable[[str, str], RecipeError]) -> None:
    wanted = recipe.shear
    if not PROTOCOLS[recipe.values["model"]["name"]].shear:
        raise problem("model.name", "a model with an energy to minimize, for [shear]")
    if not wanted.discard < wanted.strain:
        raise problem("shear.strain", f"more than discard = {wanted.discard!r}")
    # Half a step is the rounding of sums of steps.
    if not wanted.step <= wanted.window <= wanted.strain - wanted.discard + wanted.step / 2:
        raise problem("shear.window", "from step up to strain - discard")


def _problem(
    path: Path,
    section: str,
    raw: Mapping[str, Any],
    name: str,
    expected: str,
    candidates: Iterable[str] = (),
) -> str:
    if name not in raw:
        return f"{path}: [{section}] {name} is missing: expected {expected}"
    hint = _hint(str(raw[name]), candidates)
    return f"{path}: [{section}] {name} = {_show(raw[name])}: expected {expected}{hint}"


def _hint(name: str, candidates: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(candidates), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _show(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"
