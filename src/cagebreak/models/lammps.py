r"""Models whose interaction is given by lines of LAMMPS: many-body potentials, charges, any style.

LAMMPS computes energies and forces of these models, in this process (`cagebreak.potentials`). Their
unit of length, sigma, is a number of LAMMPS' own, such as 2.1 Angstrom. The units of energy and of
mass are LAMMPS' own, and :math:`\tau = \sqrt{m \sigma^2 / \epsilon}`.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from cagebreak._atomic import require_file
from cagebreak.configuration import SPECIES_NAMES
from cagebreak.errors import InputError
from cagebreak.models.arguments import real, within
from cagebreak.models.model import LammpsLines, Model, PairPotential

COMMANDS = (
    "pair_style",
    "pair_coeff",
    "pair_modify",
    "kspace_style",
    "kspace_modify",
    "dielectric",
)
"""Commands that the lines may hold: those that set an interaction, and do nothing else."""

FOREIGN = ("kim", "mliap", "python", "quip")
"""Pair styles that run code of other programs, which the digest of a recipe would not cover."""

SIGMA = (1e-6, 1e6)
"""Range of sigma in LAMMPS' unit of length (chosen), far from numbers that overflow."""

SIZES = (0.2, 5.0)
"""Range of diameters in units of sigma, as of tables (chosen)."""

HOTTEST = 1e5
"""Highest temperature in Kelvin (chosen): no condensed matter is as hot, but numbers of Kelvin in
place of kT are."""

COUNTED = 2.0
"""Distance within which particles are counted, in contact distances (chosen), so that a box in
other units is an error: only LAMMPS knows how far a style acts."""

_PAIR_STYLE = re.compile(r"^\s*pair_style\s", re.MULTILINE)
_STYLE = re.compile(r"[a-z0-9]+(/[a-z0-9]+)+")
_FILE = re.compile(r"\w[\w.+-]*")
_MOST_BYTES = 1 << 25


class UnitStyle(NamedTuple):
    """A system of units of LAMMPS: names, and its constants as LAMMPS has them."""

    length: str
    energy: str
    mass: str
    time: str
    temperature: str
    boltzmann: float
    """Unit of temperature, in units of energy."""
    kinetic: float
    """Unit of mass times the square of the unit of velocity, in units of energy."""
    pressure: float
    """Unit of energy over the cube of the unit of length, in units of pressure."""
    time_step: float
    """Of LAMMPS by default."""


UNITS = {
    "lj": UnitStyle("sigma", "eps", "m", "tau", "eps / kB", 1.0, 1.0, 1.0, 0.005),
    "metal": UnitStyle(
        "Angstrom", "eV", "g/mol", "ps", "K", 8.617343e-5, 1.0364269e-4, 1.6021765e6, 0.001
    ),
    "real": UnitStyle(
        "Angstrom", "kcal/mol", "g/mol", "fs", "K", 0.0019872067, 48.88821291**2, 68568.415, 1.0
    ),
}
"""The systems of units of LAMMPS that a model may have."""


def lammps(
    lines: str | os.PathLike[str],
    *,
    masses: Sequence[float],
    temperature: float,
    number_density: float,
    units: str = "lj",
    sigma: float = 1.0,
    composition: Sequence[float] = (),
    diameters: Sequence[float] = (),
    charges: Sequence[float] = (),
    time_step: float = 0.0,
    files: Mapping[str, str] | None = None,
) -> Model:
    r"""Return a model whose interaction is given by lines of LAMMPS.

    Parameters
    ----------
    lines
        A file of lines, or the lines themselves, with comments: `COMMANDS` alone. Files that they
        name are in the folder of that file, or in the working folder. The model keeps the text of
        all of them.
    masses
        Mass of each species, in LAMMPS' unit of mass: m = 1 g/mol in "metal" and "real". Type 1 is
        A, and there are as many species as masses.
    temperature
        kT, in LAMMPS' unit of energy: 0.0862 eV for 1000 K.
    number_density
        N sigma^3 / V.
    units
        "lj", "metal" or "real".
    sigma
        The unit of length, in LAMMPS' own; about the diameter of an A particle, since defaults of
        this package are lengths in that unit. Configurations are in units of sigma.
    composition
        Fraction of each species; default equal parts.
    diameters
        sigma_ii of each species, in sigma; default 1. Their ratios shape the cells of the cage
        state, and random packings have these sizes.
    charges
        Of each species, in LAMMPS' unit of charge; default none.
    time_step
        Of molecular dynamics, in LAMMPS' unit of time; 0 for LAMMPS' default (0.005 tau, 1 fs).
    files
        Texts of the files that the lines name, by name, in place of files in the folder.

    Returns
    -------
    Model
        In three dimensions, without bonds.

    Raises
    ------
    InputError
        If a line is not one of `COMMANDS`, names a file that is not in the folder, or an argument
        is out of range. LAMMPS sees the lines when something is computed; what it refuses is an
        `InputError` then.
    """
    if not isinstance(units, str) or units not in UNITS:
        raise InputError(f"units: expected one of {', '.join(UNITS)}, got {units!r}")
    for name, value in (("temperature", temperature), ("number_density", number_density)):
        if not 0 < real(value) < math.inf:
            raise InputError(f"{name}: expected a number above 0, got {value!r}")
    within("sigma", sigma, *SIGMA, closed_below=True)
    if not 0 <= real(time_step) < math.inf:
        raise InputError(f"time_step: expected a time above 0, or 0, got {time_step!r}")
    weights = _listed("masses", masses)
    n = len(weights)
    if not 1 <= n <= len(SPECIES_NAMES):
        raise InputError(f"masses: expected one of each species, got {masses!r}")
    fractions = _numbers("composition", composition, n, 1 / n)
    if abs(sum(fractions) - 1) > 1e-6:
        raise InputError(f"composition: expected fractions whose sum is 1, got {composition!r}")
    sizes = _numbers("diameters", diameters, n, 1.0)
    if not all(SIZES[0] <= size <= SIZES[1] for size in sizes):
        raise InputError(
            f"diameters: expected {SIZES[0]} to {SIZES[1]}, in units of sigma, got {diameters!r}"
        )
    style = UNITS[units]
    kelvin = float(temperature) / style.boltzmann
    if units != "lj" and kelvin > HOTTEST:
        raise InputError(
            f"temperature: expected kT in {style.energy}, got {temperature!r}, which is "
            f"{kelvin:.3g} K; {temperature!r} K is {temperature * style.boltzmann:.4g}"
        )
    tau = float(sigma) * math.sqrt(style.kinetic)
    words, texts = _read(lines, files)
    contacts = tuple(tuple((a + b) / 2 for b in sizes) for a in sizes)
    return Model(
        name="lammps",
        diameters=sizes,
        masses=_numbers("masses", masses, n, 1.0),
        composition=fractions,
        number_density=float(number_density),
        temperature=float(temperature),
        units=(
            ("sigma", f"{sigma:g} {style.length}"),
            ("eps", f"1 {style.energy}; kT = eps at {1 / style.boltzmann:.6g} {style.temperature}"),
            ("m", f"1 {style.mass}"),
            ("tau", f"{tau:.4g} {style.time}"),
        ),
        pair=PairPotential("lammps", ((1.0,) * n,) * n, contacts, COUNTED, COUNTED),
        lammps=LammpsLines(
            lines=words,
            files=texts,
            units=units,
            length=float(sigma),
            charges=_charges(charges, n),
            time_step=(float(time_step) or style.time_step) / tau,
        ),
    )


def named_files(lines: str, folder: Path, given: Collection[str] | None = None) -> list[str]:
    """Return the names of the files in a folder, or of those given, that lines of LAMMPS name.

    Raises
    ------
    InputError
        As `lammps`.
    """
    names: dict[str, None] = {}
    for line in _checked(lines):
        command, *words = line.split()
        if command in ("pair_style", "pair_coeff"):
            names |= dict.fromkeys(word for word in words if _is_file(word, line, folder, given))
    return list(names)


def _read(
    lines: str | os.PathLike[str], given: Mapping[str, str] | None
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Return the lines without comments, and the name and text of each file that they name."""
    if not isinstance(lines, str | os.PathLike):
        raise InputError(f"lines: expected a file of lines, or their text, got {lines!r}")
    if given is not None and not (
        isinstance(given, Mapping) and all(isinstance(text, str) for text in given.values())
    ):
        raise InputError(f"files: expected the text of each file by its name, got {given!r}")
    text, folder = str(lines), Path()
    if not _PAIR_STYLE.search(text):
        folder, text = Path(lines).parent, text_of_file(Path(lines))
    names = named_files(text, folder, given)
    texts = given or {name: text_of_file(folder / name) for name in names}
    return tuple(_checked(text)), tuple((name, texts[name]) for name in names)


def text_of_file(path: Path) -> str:
    """Return the text of a file of lines or of parameters.

    Raises
    ------
    InputError
        If it cannot be read, or is too long or no text.
    """
    try:
        require_file(path)
        if path.stat().st_size > _MOST_BYTES:
            raise InputError(f"lines: {path}: expected a file of at most {_MOST_BYTES} bytes")
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise InputError(
            f"lines: expected lines with pair_style or a file of them; {path} cannot be read "
            f"({error.strerror})"
        ) from error
    except ValueError as error:  # no name of a file has a zero byte
        raise InputError(f"lines: {path!r}: {error}") from error
    if "\0" in text:
        raise InputError(f"lines: {path}: expected text, got bytes of zero")
    return text


def _checked(text: str) -> list[str]:
    """Return lines without comments and blanks, all of them of `COMMANDS`."""
    checked = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        where = f"got {line.strip()!r} in line {number}"
        if words[0] not in COMMANDS:
            raise InputError(
                f"lines: expected {', '.join(COMMANDS)}, {where}; masses, units, charges and the "
                "time step are arguments, and cagebreak runs LAMMPS itself"
            )
        special = [sign for sign in "$&\"'`" if sign in " ".join(words)]
        if special:
            raise InputError(f"lines: expected no {special[0]}, {where}: no variables or quotes")
        off = words[0] == "pair_modify" and " compute no " in f" {' '.join(words)} "
        if off or words[:2] in (["pair_style", "none"], ["pair_style", "zero"]):
            raise InputError(f"lines: expected a pair style with an interaction, {where}")
        if words[0] == "dielectric" and not 0 < _number(" ".join(words[1:])) < math.inf:
            raise InputError(f"lines: expected a dielectric constant above 0, {where}")
        if words[0] == "pair_style":
            foreign = [word for word in words[1:] if word.partition("/")[0] in FOREIGN]
            if foreign:
                raise InputError(
                    f"lines: expected no pair style {foreign[0]}, which runs code of another "
                    f"program, {where}"
                )
        checked.append(" ".join(words))
    if not any(line.startswith("pair_style") for line in checked):
        raise InputError("lines: expected a pair_style, got none")
    return checked


def _is_file(word: str, line: str, folder: Path, given: Collection[str] | None) -> bool:
    """Return whether a word names a file of the folder; what looks like another is refused."""
    if ("/" in word and not _STYLE.fullmatch(word)) or word.startswith(("~", "..")):
        raise InputError(
            f"lines: expected files in the folder of the lines, by their names alone, got {word!r} "
            f"in {line!r}"
        )
    if "/" in word or not _FILE.fullmatch(word):
        return False
    if (folder / word).is_file() if given is None else word in given:
        return True
    if "." in word and re.search("[A-Za-z]", word) and math.isnan(_number(word)):
        raise InputError(
            f"lines: expected files in the folder of the lines, "
            f"{folder.resolve() if given is None else sorted(given)}; {word!r} in {line!r} is not "
            "there"
        )
    return False


def _listed(name: str, values: Sequence[float]) -> tuple[float, ...]:
    try:
        return tuple(map(real, values))
    except TypeError:
        raise InputError(f"{name}: expected a list, a number a species, got {values!r}") from None


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return math.nan


def _numbers(name: str, values: Sequence[float], n: int, default: float) -> tuple[float, ...]:
    numbers = _listed(name, values) or (default,) * n
    if len(numbers) != n or not all(0 < number < math.inf for number in numbers):
        raise InputError(f"{name}: expected {n} numbers above 0, a species each, got {values!r}")
    return numbers


def _charges(charges: Sequence[float], n: int) -> tuple[float, ...]:
    numbers = _listed("charges", charges)
    if len(numbers) not in (0, n) or not all(map(math.isfinite, numbers)):
        raise InputError(f"charges: expected {n} numbers, a species each, or none, got {charges!r}")
    return numbers
