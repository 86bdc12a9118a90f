"""The file of a potential that [model] names: tables, or lines of LAMMPS and their files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from cagebreak._atomic import require_file
from cagebreak.models.lammps import lammps, named_files, text_of_file
from cagebreak.models.model import Model
from cagebreak.models.tabulated import UNITS, Tables, read_tables, tabulated


class PotentialFile(NamedTuple):
    """What is done with a file of one kind. Its text is kept with a study and with its models."""

    units: tuple[tuple[str, str], ...]
    """The units sigma, eps, m and tau, each with its meaning."""
    content: str
    """What the file holds, in words."""
    read: Callable[[Path], str]
    """Returns the text of a file, with all that it names."""
    parse: Callable[[str, str], Any]
    """Returns what the function of the model takes, for a text and the name of the file."""
    files: Callable[[str, str], dict[str, str]]
    """Returns the texts of the files beside a recipe, by name, for a text and the file's name."""


def _read_tables(path: Path) -> str:
    require_file(path)
    return path.read_text(encoding="utf-8", errors="replace")


def _read_lines(path: Path) -> str:
    require_file(path)
    lines = text_of_file(path)
    files = {name: text_of_file(path.parent / name) for name in named_files(lines, path.parent)}
    return json.dumps({"lines": lines, "files": files}, sort_keys=True)


def _parse_lines(text: str, name: str) -> tuple[str, dict[str, str]]:
    content = json.loads(text)
    return content["lines"], content["files"]


def _lines_and_files(text: str, name: str) -> dict[str, str]:
    content = json.loads(text)
    return {name: content["lines"]} | content["files"]


TABLES = PotentialFile(
    UNITS,
    "tables of potentials",
    read=_read_tables,
    parse=read_tables,
    files=lambda text, name: {name: text},
)
"""Tables of pairs, as `cagebreak.tabulated` reads them."""

LINES = PotentialFile(
    (
        ("sigma", "that of [model]"),
        ("eps", "LAMMPS' unit of energy"),
        ("m", "LAMMPS' unit of mass"),
        ("tau", "sqrt(m sigma^2 / eps)"),
    ),
    "lines of LAMMPS",
    read=_read_lines,
    parse=_parse_lines,
    files=_lines_and_files,
)
"""Lines of LAMMPS, as `cagebreak.models.lammps` reads them, and the files that they name."""


def of_table(
    file: Tables = "potential.table",
    temperature: float = 1.0,
    number_density: float = 1.0,
    composition: tuple[float, ...] = (),
    masses: tuple[float, ...] = (),
    diameters: tuple[float, ...] = (),
) -> Model:
    """Return a model of tables, as a recipe describes it."""
    return tabulated(
        file,
        temperature=temperature,
        number_density=number_density,
        composition=composition,
        masses=masses,
        diameters=diameters,
    )


def of_lammps(
    file: Any = "potential.in",
    masses: tuple[float, ...] = (1.0,),
    temperature: float = 1.0,
    number_density: float = 1.0,
    units: str = "lj",
    sigma: float = 1.0,
    composition: tuple[float, ...] = (),
    diameters: tuple[float, ...] = (),
    charges: tuple[float, ...] = (),
    time_step: float = 0.0,
) -> Model:
    """Return a model of lines of LAMMPS, as a recipe describes it."""
    lines, files = file
    return lammps(
        lines,
        masses=masses,
        temperature=temperature,
        number_density=number_density,
        units=units,
        sigma=sigma,
        composition=composition,
        diameters=diameters,
        charges=charges,
        time_step=time_step,
        files=files,
    )
