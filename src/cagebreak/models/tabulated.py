r"""Models with a tabulated pair potential, from a file of LAMMPS or from arrays.

The file has a section for each pair of species, in the format of `pair_style table` and
`pair_write` of LAMMPS::

    # Kob-Andersen, cut and shifted
    AA
    N 1000 R 0.7 2.5

    1 0.7 253.1 ...         number, r, u(r), -u'(r)

A section is named by the letters of the two species, ``AB``, or by their numbers, ``1-2``. After N
may follow ``R first last`` (equal spacing in r), ``RSQ first last`` (in r^2) or nothing (the
distances of the lines, ascending); ``FPRIME`` is ignored.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak._atomic import require_file
from cagebreak.configuration import SPECIES_NAMES
from cagebreak.errors import FileFormatError, InputError
from cagebreak.models.arguments import real
from cagebreak.models.model import Matrix, Model, PairPotential, Table
from cagebreak.models.table_checks import LARGEST, contradiction

UNITS = (
    ("sigma", "the unit of length of the table"),
    ("eps", "the unit of energy of the table"),
    ("m", "the unit of mass"),
    ("tau", "sqrt(m sigma^2 / eps)"),
)

ATTRACTION = 1e-3
"""Depth from which a potential counts as attractive, in kT (chosen)."""

SIZES = (0.2, 5.0)
"""Range of diameters of a table in reduced units (chosen)."""

_MOST_POINTS = 1 << 16
_MOST_BYTES = 1 << 25
_EVEN = 1e-3  # of the spacing, within which distances are equally spaced: those of printed tables
_NAME = re.compile(r"([A-Z])[-_]?([A-Z])|([1-9][0-9]?)[-_]([1-9][0-9]?)")


class Arrays(NamedTuple):
    """Distances (M,) of a pair, ascending; energies and forces there."""

    r: NDArray[np.float64]
    u: NDArray[np.float64]
    force: NDArray[np.float64]


Tables = str | os.PathLike[str] | Mapping[str, tuple[ArrayLike, ArrayLike, ArrayLike]]
"""A file of tables, or r, u and -u' of each pair of species."""


def tabulated(
    potential: Tables,
    *,
    temperature: float,
    number_density: float,
    composition: Sequence[float] = (),
    masses: Sequence[float] = (),
    diameters: Sequence[float] = (),
) -> Model:
    r"""Return a model whose pair potential is a table.

    Parameters
    ----------
    potential
        A file of tables of LAMMPS; or r, u and -u' of each pair of species, ``{"AA": (r, u, f)}``.
        The last distance is the cut-off; nothing is shifted. The unit of length is about the
        diameter of an A particle, since defaults of this package are lengths in that unit.
    temperature
        kT, in the table's unit of energy.
    number_density
        N / V.
    composition
        Fraction of each species; default equal parts.
    masses
        Mass of each species; default 1.
    diameters
        sigma_ii of each species; sigma_ij is the mean of two. Their ratios shape the cells of the
        cage state. By default sigma_ij is the shortest distance at which u_ij is zero, as for
        Lennard-Jones potentials; if u_ij is never negative, the distance at which it is kT.

    Returns
    -------
    Model
        Between distances of the table, cubic Hermite interpolation (`cagebreak.potentials`). Tables
        that are not equally spaced in r are interpolated to the smallest spacing they have.

    Raises
    ------
    FileFormatError
        If the file does not hold tables.
    InputError
        If a pair of species is missing, distances do not ascend, a force and the energies around it
        contradict each other, a contact distance cannot be found or is far from 1, or an argument
        is out of range.
    """
    if not isinstance(potential, Mapping):
        path = Path(potential)
        try:
            potential = read_tables(_text(path), path.name)
        except OSError as error:
            raise InputError(f"potential: {path} cannot be read ({error.strerror})") from error
    for name, value in (("temperature", temperature), ("number_density", number_density)):
        if not 0 < real(value) < np.inf:
            raise InputError(f"{name}: expected a number above 0, got {value!r}")
    numbers = {
        _pair(name): (name, _arrays(name, values, temperature))
        for name, values in potential.items()
    }
    n = 1 + max((pair[1] for pair in numbers), default=0)
    for pair in itertools.combinations_with_replacement(range(n), 2):
        if pair not in numbers:
            name = "".join(SPECIES_NAMES[s] for s in pair)
            raise InputError(
                f"potential: expected a table for each pair of species, none of {name}"
            )
    fractions = _positive("composition", composition, n, 1 / n)
    if abs(sum(fractions) - 1) > 1e-6:
        raise InputError(f"composition: expected fractions whose sum is 1, got {composition!r}")
    tables = tuple(
        tuple(_table(*numbers[min(a, b), max(a, b)]) for b in range(n)) for a in range(n)
    )
    if diameters:
        sizes = _positive("diameters", diameters, n, 1.0)
        sigma: Matrix = tuple(tuple((a + b) / 2 for b in sizes) for a in sizes)
    else:
        sigma = tuple(
            tuple(_contact(a, b, tables[a][b], temperature) for b in range(n)) for a in range(n)
        )
    sizes = tuple(sigma[s][s] for s in range(n))
    if not SIZES[0] <= min(sizes) <= max(sizes) <= SIZES[1]:
        raise InputError(
            f"diameters: expected lengths in units of about the diameter of A, so diameters from "
            f"{SIZES[0]} to {SIZES[1]}; got {', '.join(f'{size:.4g}' for size in sizes)}"
        )
    cutoff = max(tables[a][b].last / sigma[a][b] for a in range(n) for b in range(n))
    ones = ((1.0,) * n,) * n
    return Model(
        name="tabulated",
        diameters=sizes,
        masses=_positive("masses", masses, n, 1.0),
        composition=fractions,
        number_density=float(number_density),
        temperature=float(temperature),
        units=UNITS,
        pair=PairPotential("tabulated", ones, sigma, cutoff, cutoff, tables),
    )


def read_tables(text: str, where: str) -> dict[str, Arrays]:
    """Return the sections of a file of tables by name.

    Raises
    ------
    FileFormatError
        If the text has no section, or a section contradicts its header; names `where` and the line.
    """
    lines = [line.partition("#")[0].split() for line in text.splitlines()]
    sections: dict[str, Arrays] = {}
    at = 0

    def problem(expected: str) -> FileFormatError:
        text = " ".join(lines[at])[:80] if at < len(lines) else "the end of the file"
        return FileFormatError(f"{where}, line {at + 1}: expected {expected}, got {text!r}")

    def skip_blank(at: int) -> int:
        while at < len(lines) and not lines[at]:
            at += 1
        return at

    while (at := skip_blank(at)) < len(lines):
        name = lines[at][0]
        if not _NAME.fullmatch(name):
            raise problem("the name of a pair of species, such as AB or 1-2")
        if name in sections:
            raise problem(f"one section {name}")
        at = skip_blank(at + 1)
        header = _header(lines[at]) if at < len(lines) else None
        if header is None:
            raise problem(
                "N and a number of at least 2, then R first last, RSQ first last or nothing"
            )
        n, spaced = header
        at = skip_blank(at + 1)
        rows = np.empty((n, 3))
        for k in range(n):
            try:
                _, *numbers = map(float, lines[at])
                rows[k] = numbers
            except (IndexError, ValueError):
                raise problem(f"line {k + 1} of {n} of {name}: number, r, energy, force") from None
            at += 1
        r, u, force = rows.T
        if spaced is not None:
            if not np.allclose(r, spaced, atol=0.1 * np.diff(spaced).min(), rtol=0):
                at -= n
                raise problem(f"the distances of {name} as spaced as N says")
            r = spaced
        sections[name] = Arrays(r, u, force)
    if not sections:
        raise problem("the name of a pair of species, such as AB or 1-2")
    return sections


def table_text(pairs: Mapping[str, Arrays]) -> str:
    """Return the text of a file of tables of equal spacing in r, given by name."""
    parts = []
    for name, (r, u, force) in pairs.items():
        rows = zip(r.tolist(), u.tolist(), force.tolist(), strict=True)
        lines = [f"{k} {a!r} {b!r} {c!r}" for k, (a, b, c) in enumerate(rows, 1)]
        header = f"{name}\nN {len(r)} R {r[0].item()!r} {r[-1].item()!r}\n"
        parts.append("\n".join([header, *lines, ""]))
    return "\n".join(parts)


def tables_of(model: Model) -> dict[str, Arrays]:
    """Return the tables of a model by the name that they have in a file."""
    tables = {}
    for a, b in itertools.combinations_with_replacement(range(model.n_species), 2):
        table = model.pair.tables[a][b]
        r = np.linspace(table.first, table.last, len(table.energies))
        arrays = Arrays(r, np.array(table.energies), np.array(table.forces))
        tables[SPECIES_NAMES[a] + SPECIES_NAMES[b]] = arrays
    return tables


def _text(path: Path) -> str:
    """Return the text of a file; what is no file or too long for tables is refused."""
    require_file(path)
    if path.stat().st_size > _MOST_BYTES:
        raise InputError(f"potential: {path}: expected a file of at most {_MOST_BYTES} bytes")
    return path.read_text(encoding="utf-8", errors="replace")


def _header(words: list[str]) -> tuple[int, NDArray[np.float64] | None] | None:
    """Return the number of points and their distances, if given; None if it is not a header."""
    match words:
        case ["N", count, *rest] if re.fullmatch("[0-9]{1,7}", count) and int(count) > 1:
            n = int(count)
        case _:
            return None
    if rest[-3:-2] == ["FPRIME"]:
        rest = rest[:-3]
    match rest:
        case []:
            return n, None
        case ["R" | "RSQ" as spacing, first, last]:
            power = 1 if spacing == "R" else 2
        case _:
            return None
    try:
        low, high = float(first), float(last)
    except ValueError:
        return None
    if not 0 <= low < high < np.inf:
        return None
    return n, np.linspace(low**power, high**power, n) ** (1 / power)


def _pair(name: str) -> tuple[int, int]:
    """Return the numbers of the two species, the smaller first."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise InputError(f"potential: expected names of pairs such as AB or 1-2, got {name!r}")
    if match[1]:
        numbers = [SPECIES_NAMES.index(match[1]), SPECIES_NAMES.index(match[2])]
    else:
        numbers = [int(match[3]) - 1, int(match[4]) - 1]
    return min(numbers), max(numbers)


def _arrays(
    name: str, values: tuple[ArrayLike, ArrayLike, ArrayLike], temperature: float
) -> Arrays:
    """Check r, u and f of a pair."""
    try:
        r, u, force = (np.asarray(column, dtype=np.float64) for column in values)
    except (TypeError, ValueError) as error:
        raise InputError(f"potential: {name}: expected arrays r, u and f ({error})") from error
    if not r.shape == u.shape == force.shape or r.ndim != 1 or len(r) < 2:
        raise InputError(
            f"potential: {name}: expected r, u and f of equal length, at least 2, got shapes "
            f"{r.shape}, {u.shape}, {force.shape}"
        )
    fine = (np.abs([r, u, force]) <= LARGEST).all(axis=0) & (r >= 0)
    fine &= np.diff(r, prepend=-np.inf) > 0
    if not fine.all():
        k = int(np.flatnonzero(~fine)[0])
        raise InputError(
            f"potential: {name}: expected finite numbers, distances ascending from 0, none above "
            f"{LARGEST:g}; got r = {r[k]:g}, u = {u[k]:g}, force {force[k]:g} at point {k + 1}"
        )
    if problem := contradiction(r, u, force, temperature):
        raise InputError(
            f"potential: {name}: expected forces that are -du/dr, got {problem} (a wrong number or "
            "sign, or too coarse a table?)"
        )
    return Arrays(r, u, force)


def _table(name: str, arrays: Arrays) -> Table:
    """Return a table of equal spacing, interpolated to the smallest one if spacings differ."""
    r, u, force = arrays
    even = np.linspace(r[0], r[-1], len(r))
    if np.abs(r - even).max() > _EVEN * np.diff(r).min():
        n = int(np.ceil((r[-1] - r[0]) / np.diff(r).min())) + 1
        if n > _MOST_POINTS:
            raise InputError(
                f"potential: {name}: expected distances about equally spaced, got spacings from "
                f"{np.diff(r).min():.3g} to {np.diff(r).max():.3g}"
            )
        even = np.linspace(r[0], r[-1], n)
        u, force = _hermite(arrays, even)
    return Table(float(r[0]), float(r[-1]), tuple(u.tolist()), tuple(force.tolist()))


def _hermite(arrays: Arrays, at: NDArray[np.float64]) -> tuple[NDArray, NDArray]:
    """Return energy and force at other distances."""
    r, u, force = arrays
    k = np.clip(np.searchsorted(r, at, side="right") - 1, 0, len(r) - 2)
    h = r[k + 1] - r[k]
    x, rise, left, right = (at - r[k]) / h, u[k + 1] - u[k], -h * force[k], -h * force[k + 1]
    second, third = 3 * rise - 2 * left - right, left + right - 2 * rise
    energy = u[k] + x * (left + x * (second + x * third))
    return energy, -(left + x * (2 * second + 3 * x * third)) / h


def _contact(a: int, b: int, table: Table, temperature: float) -> float:
    """Return sigma_ij: the distance at which u first falls to zero, or to kT if it only repels."""
    u = np.array(table.energies)
    level = 0.0 if u.min() < -ATTRACTION * temperature else temperature
    below = np.flatnonzero(u <= level)
    if not len(below) or below[0] == 0:
        name = SPECIES_NAMES[a] + SPECIES_NAMES[b]
        raise InputError(
            f"diameters: expected from you, as the energy of {name} nowhere falls to {level:g} "
            f"between {table.first:g} and {table.last:g}"
        )
    k = below[0]
    r = np.linspace(table.first, table.last, len(u))
    return float(r[k - 1] + (r[k] - r[k - 1]) * (u[k - 1] - level) / (u[k - 1] - u[k]))


def _positive(name: str, values: Sequence[float], n: int, default: float) -> tuple[float, ...]:
    numbers = tuple(map(real, values if np.iterable(values) else [values])) or (default,) * n
    if len(numbers) != n or not all(0 < number < np.inf for number in numbers):
        raise InputError(f"{name}: expected {n} numbers above 0, a species each, got {values!r}")
    return numbers
