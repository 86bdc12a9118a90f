"""What the second line of a frame says, in each of the dialects of XYZ."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cagebreak.errors import InputError
from cagebreak.files._fields import Columns, Field, recognized
from cagebreak.files._particles import Cell, cell_of
from cagebreak.files._text import integer, number

STEPS = ("step", "timestep", "time_step", "timestepindex", "iteration")
TIMES = ("time", "simulation_time")
"""Keys that state the time step and the time of a frame, in lower case."""

_LONGEST = 1 << 18  # characters of a comment line
_KEY = r"([A-Za-z_][\w.-]*)"
# Arrays are bounded and a key begins where a word does: a hostile line would take quadratic time.
_ARRAY = r"\{[^}]{0,500}\}|\[[^][]{0,500}(?:\[[^][]{0,300}\][^][]{0,20}){0,20}\]"
_VALUE = rf"""("(?:[^"\\]|\\.)*"|'[^']*'|{_ARRAY}|[^\s"'{{[]\S*)"""
_PAIR = re.compile(rf"(?<![\w.-]){_KEY}\s*=\s*{_VALUE}")
_BRACKETS = re.compile(r"[][{}\",']")
_PROPERTY = re.compile(r"([^:\s]+):([SIRL]):([1-9][0-9]{0,5})")
_PLAIN_STEP = re.compile(r"\b(?:time ?step|step|i)\s*[:=]\s*([0-9]+)\b", re.IGNORECASE)
_PLAIN_TIME = re.compile(r"\btime\s*[:=]\s*([-+.0-9eEdD]+)", re.IGNORECASE)
_VECTORS = re.compile(r"pos|position|vel|velocity|force|.*_unfolded|.*_unwrapped|unwrapped_.*")
"""Columns of atooms that are vectors, of as many numbers as the cell has."""

_BOX, _SHEARED_BOX = "RectangularSimulationBox", "LeesEdwardsSimulationBox"
"""Boxes of RUMD."""


@dataclass(frozen=True)
class Header:
    """What a comment line states about its frame.

    Parameters
    ----------
    cell
        None if it states no box.
    columns
        None if it does not list the columns.
    step, time
    type_names
        Names of all species in their order, or none.
    exact
        Whether lines have exactly the columns of the header.
    """

    cell: Cell | None = None
    columns: Columns | None = None
    step: int | None = None
    time: float | None = None
    type_names: tuple[str, ...] = ()
    species_names: tuple[str, ...] = ()
    exact: bool = False


def parse(comment: str) -> Header:
    """Return what a comment line states, whichever program wrote it.

    Raises
    ------
    InputError
        If it is of a known dialect, and breaks its rules.
    """
    if len(comment) > _LONGEST:
        raise InputError(f"comment: expected at most {_LONGEST} characters, got {len(comment)}")
    comment = " ".join(comment.split())
    if comment.startswith('"') and comment.endswith('"') and '""' in comment:
        comment = comment[1:-1].replace('""', '"')  # as spreadsheets write a cell with quotes
    pairs = _pairs(comment)
    if "lattice" in pairs or "properties" in pairs:
        return _extended(pairs)
    listed = _listed(comment)
    if "ioformat" in listed or "boxlengths" in listed or "sim_box" in listed:
        return _rumd(listed)
    if "columns" in listed or "cell" in listed:
        return _atooms(listed)
    step, time = _PLAIN_STEP.search(comment), _PLAIN_TIME.search(comment)
    return Header(
        step=None if step is None else integer(step[1]),
        time=None if time is None else number(time[1].rstrip(".,")),
    )


def plain_columns(words: Sequence[str]) -> Columns:
    """Return the columns of a plain XYZ file: species, x, y and z, or x, y and z alone."""
    axes = [Field(axis, i) for i, axis in enumerate("xyz", start=len(words) > 3)]
    return recognized([Field("species", 0), *axes] if len(words) > 3 else axes, len(axes))


def _pairs(comment: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for key, value in _PAIR.findall(comment):
        quoted = value[0] in "\"'" and len(value) > 1
        text = value[1:-1].replace('\\"', '"') if quoted else value
        if pairs.setdefault(key.lower(), text) != text and key.lower() in (
            *("lattice", "properties", "pbc", *STEPS, *TIMES),
        ):
            raise InputError(f"{key}: expected one value, got {pairs[key.lower()]} and {text}")
    return pairs


def _extended(pairs: Mapping[str, str]) -> Header:
    cell = None
    lattice = pairs.get("lattice", pairs.get("cell"))
    if lattice is not None:
        numbers = np.array(_numbers("Lattice", lattice, (9, 3, 4, 2)))
        cell = cell_of(np.diag(numbers) if len(numbers) < 4 else _square(numbers))
    periodic = _words(pairs.get("pbc", "T"))
    if any(word.lower().strip(".") not in ("t", "true", "1") for word in periodic):
        raise InputError(f'pbc: expected periodic boundaries, pbc="T T T", got {pairs["pbc"]}')
    fields, width = _fields(pairs.get("properties", "species:S:1:pos:R:3"))
    names = tuple(_words(pairs.get("species_names", "")))
    return Header(
        cell,
        recognized(fields, width),
        *_step_and_time(pairs, number(pairs.get("dt", ""))),
        species_names=names,
    )


def _square(numbers: np.ndarray) -> np.ndarray:
    n = int(np.sqrt(len(numbers)))
    return numbers.reshape(n, n)


def _fields(text: str) -> tuple[list[Field], int]:
    """Return the properties that `Properties` lists, and the number of columns."""
    fields = []
    start = position = 0
    while position <= len(text):
        match = _PROPERTY.match(text, position)
        if match is None or (match.end() < len(text) and text[match.end()] != ":"):
            raise InputError(
                f"Properties: expected name:type:columns, with type S, I, R or L, got {text}"
            )
        name, kind, width = match[1], match[2], int(match[3])
        if width == 1 or kind in "RI":  # no other property is read
            fields.append(Field(name, start, width))
        start += width
        position = match.end() + 1
    return fields, start


def _listed(comment: str) -> dict[str, list[str]]:
    """Return keys and their lists of values in `key:1,2,3 key=4`, as atooms and RUMD write them."""
    comment = re.sub(r"(?<!\s)\s*([:=,])\s*", r"\1", _BRACKETS.sub(_comma_or_space, comment))
    listed: dict[str, list[str]] = {}
    for word in comment.split():
        key, _, values = word.replace("=", ":").partition(":")
        if values:
            listed[key.lower()] = [value for value in values.split(",") if value]
    return listed


def _comma_or_space(match: re.Match[str]) -> str:
    return "," if match[0] == "," else ""


def _atooms(listed: Mapping[str, list[str]]) -> Header:
    cell = None
    if "cell" in listed:
        lengths = _numbers("cell", " ".join(listed["cell"]), (3, 2))
        cell = cell_of(np.diag(lengths))
    names = [name.removeprefix("particle.") for name in listed.get("columns", ["species", "pos"])]
    fields = []
    start, d = 0, len(listed.get("cell", "xyz"))
    for name in names:
        fields.append(Field(name, start, d if _VECTORS.fullmatch(name) else 1))
        start += fields[-1].width
    known = {"species", "name", "type"} & set(names)
    if "id" in names and not known:
        # For atooms `id` is the name of the species.
        fields[names.index("id")] = fields[names.index("id")]._replace(name="species")
    dt = number(listed["dt"][0]) if listed.get("dt") else None
    single = {key: values[0] for key, values in listed.items() if len(values) == 1}
    columns = recognized(fields, start)
    return Header(cell, columns, *_step_and_time(single, dt), exact="columns" in listed)


def _rumd(listed: Mapping[str, list[str]]) -> Header:
    shape, *numbers = listed.get("sim_box", [_BOX])
    if shape not in (_BOX, _SHEARED_BOX):
        raise InputError(f"sim_box: expected {_BOX} or {_SHEARED_BOX}, got {shape}")
    lengths = " ".join(numbers or listed.get("boxlengths", []))
    cell = None
    if shape == _SHEARED_BOX:
        x, y, z, shift = _numbers(shape, lengths, (4,))
        # The image above is displaced by the shift.
        cell = cell_of([[x, 0, 0], [shift, y, 0], [0, 0, z]])
    elif lengths:
        # RUMD has three dimensions; partycls writes its format for two as well.
        cell = cell_of(np.diag(_numbers("sim_box or boxLengths", lengths, (3, 2))))
    names = listed.get("columns", ["type", "x", "y", "z"])
    columns = recognized([Field(name, i) for i, name in enumerate(names)], len(names))
    dt = listed.get("dt") or listed.get("integrator", [])[1:2]
    single = {key: values[0] for key, values in listed.items() if len(values) == 1}
    n_types = integer(single.get("numtypes", "0")) or 0
    return Header(
        cell,
        columns,
        *_step_and_time(single, number(dt[0]) if dt else None),
        type_names=tuple(str(i) for i in range(min(n_types, 26))),
    )


def _step_and_time(pairs: Mapping[str, str], dt: float | None) -> tuple[int | None, float | None]:
    """Return the time step and the time; a time step of known length gives the time."""
    step = None
    for key in STEPS:
        whole = integer(pairs.get(key, ""))
        if whole is None and key != "step":
            # timestep=0.005 is the length of a step.
            dt = number(pairs.get(key, "")) if dt is None else dt
        elif step is None:
            step = whole
    time = next((number(pairs[key]) for key in TIMES if key in pairs), None)
    if time is None and step is not None and dt is not None:
        time = step * dt
    return step, time


def _numbers(key: str, text: str, sizes: Sequence[int]) -> list[float]:
    values = [number(word) for word in _words(text)]
    if len(values) not in sizes or None in values:
        expected = " or ".join(str(size) for size in sizes)
        raise InputError(f"{key}: expected {expected} numbers, got {text}")
    return values  # type: ignore[return-value]


def _words(text: str) -> list[str]:
    """Return the elements of an array in any of the forms "1 2", [1, 2], {1 2} and [[1], [2]]."""
    return _BRACKETS.sub(" ", text).split()
