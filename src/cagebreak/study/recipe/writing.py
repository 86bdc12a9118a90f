"""A recipe as a commented TOML file, and its JSON schema for editors."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cagebreak._atomic import replacing
from cagebreak._atomic import write as write_file
from cagebreak.errors import RecipeError
from cagebreak.study.recipe import schema
from cagebreak.study.recipe.checks import JsonSchema, short, table_json
from cagebreak.study.recipe.protocols import PROTOCOLS, protocol_name

_COMMENT_COLUMN = 33

_HEADER = """\
# Recipe of a cagebreak study. Every key must be present; the source of a default is in brackets.
# Units: {units}.
# Results go to the folder beside this file that has its name.
"""


def write_new(
    path: str | os.PathLike[str], model: str, small: bool = False, shear: bool = False
) -> None:
    """Write a recipe with every default of a model spelled out and commented.

    The JSON schema of the recipe is written beside it; see `write`.

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
    OSError
        If the files cannot be written; then neither is.
    """
    path = Path(path)
    name = protocol_name(model)
    if shear and not PROTOCOLS[name].shear:
        sheared = ", ".join(each for each, protocol in PROTOCOLS.items() if protocol.shear)
        raise RecipeError(f"model: {model} is not sheared; expected one of {sheared}")
    if path.suffix != ".toml":
        raise RecipeError(f"{path}: expected the name of a recipe to end in .toml")
    if os.path.lexists(path):
        raise RecipeError(f"{path}: exists already, and is never overwritten")
    write(path, schema.defaults(name, small, "shear" if shear else "isoconfigurational"))


def write(path: Path, values: Mapping[str, Mapping[str, Any]]) -> None:
    """Write a new recipe, and its JSON schema into a file beside it.

    The first line of the recipe names the schema, so that editors (Even Better TOML, Taplo, Tombi)
    complete and check the keys of this model, without a network.

    Raises
    ------
    OSError
        If the files cannot be written; then neither is.
    """
    beside = schema_path(path)
    content = json_schema(values["model"]["name"], schema.work_of(values))
    described = json.dumps(content, indent=1) + "\n"
    # The recipe is the last to appear, so that it never stands without its schema.
    with replacing(path, before=lambda: write_file(beside, described)) as temporary:
        temporary.write_text(f"#:schema ./{quote(beside.name)}\n{text(values)}", encoding="utf-8")


def schema_path(recipe: Path) -> Path:
    """Return the path of the JSON schema of a recipe: ``hs.schema.json`` of ``hs.toml``."""
    return recipe.with_suffix(".schema.json")


def text(values: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a recipe as commented TOML."""
    known = PROTOCOLS[values["model"]["name"]].units
    units = ", ".join(f"{unit} = {meaning}" for unit, meaning in known)
    work = schema.work_of(values)
    lines = [_HEADER.format(units=units)]
    for section, entries in values.items():
        keys = schema.keys_of(section, values["model"]["name"], work)
        # What follows the line of a table belongs to it; an empty one takes no line of its own.
        tables = [name for name, value in entries.items() if isinstance(value, Mapping) and value]
        lines.append(f"[{section}]")
        for name in entries:
            if name not in tables:
                lines.append(_line(name, entries[name], keys[name].comment))
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
        rounded = short(f"{value:.0e}")
        is_far = value != 0 and not 1e-4 <= value < 1e3
        return rounded if is_far and float(rounded) == value else repr(value)
    if isinstance(value, Mapping):
        return (
            "{}"
            if not value
            else "{ " + ", ".join(f"{_quoted(k)} = {_toml(v)}" for k, v in value.items()) + " }"
        )
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(_toml, value)) + "]"
    # TOML is like JSON here, but for two characters.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _quoted(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _toml(key)


def json_schema(model: str, work: str) -> JsonSchema:
    """Return the JSON schema of recipes, with comments and defaults.

    It admits every recipe that can be read. It does not check what keys say together.

    Parameters
    ----------
    model
        A name in `PROTOCOLS`.
    work
        A name in `schema.WORK`.
    """
    sections = {}
    for section in schema.SECTIONS:
        if section == "shear" and not PROTOCOLS[model].shear:
            continue
        keys = schema.keys_of(section, model, work)
        sections[section] = table_json({name: key.check for name, key in keys.items()})
        for name, key in keys.items():
            described = {"description": key.comment}
            if key.full is not None:
                described["default"] = key.full
            sections[section]["properties"][name] = key.check.json | described
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": sections,
        "required": [*schema.ALWAYS, *schema.WORK[work]],
        "dependencies": {name: list(names) for names in schema.WORK.values() for name in names},
        "additionalProperties": False,
    }
