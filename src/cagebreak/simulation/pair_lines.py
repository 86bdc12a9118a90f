"""Tables of pair potentials that `pair_style` and `pair_coeff` lines of LAMMPS describe."""

import errno
import itertools
import os
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cagebreak._atomic import require_file, require_place, write
from cagebreak.configuration import SPECIES_NAMES
from cagebreak.errors import FileFormatError, InputError, SimulationError
from cagebreak.models.arguments import is_whole, real
from cagebreak.models.tabulated import Arrays, read_tables, table_text
from cagebreak.potentials.lammps.instance import Instance

COMMANDS = ("pair_style", "pair_coeff", "pair_modify")
"""Commands that the lines may hold."""

POINTS = 4000
"""Distances of a table (chosen): energies of Lennard-Jones are then right to 1e-9 eps."""

FIRST = 0.5
"""The shortest distance of a table, in sigma (chosen): where Lennard-Jones has 1e4 eps."""

_PAIR_STYLE = re.compile(r"^\s*pair_style\s", re.MULTILINE)
_LONGEST = 20.0  # no pair style acts farther, in sigma
_EDGE = 4 * _LONGEST  # of the box
_COARSE = 1001  # distances among which a cut-off is looked for, again and again
_ADDITIVE = 1e-6  # relative difference between the energy of a cluster and that of its pairs


def tabulate(
    lines: str | os.PathLike[str],
    path: str | os.PathLike[str],
    *,
    n_species: int,
    first: float = FIRST,
    points: int = POINTS,
) -> None:
    """Write the table of a potential that lines of LAMMPS describe, for `cagebreak.tabulated`.

    LAMMPS is needed for this alone; the table is used without it.

    Parameters
    ----------
    lines
        The lines themselves, or a file of them: `pair_style`, `pair_coeff` and `pair_modify`, with
        comments. Units are those of `units lj`.
    path
        A new file, or one to be replaced.
    n_species
        How many types there are; type 1 is A.
    first
        The shortest distance of the table, in sigma. No pair may ever come nearer.
    points
        Number of distances, equally spaced up to the cut-off of each pair.

    Raises
    ------
    MissingDependencyError
        If LAMMPS is not installed.
    InputError
        If there are other lines, LAMMPS refuses them, or the style is not one of pairs alone: then
        the energy of a few particles is not the sum of that of their pairs.
    """
    given = isinstance(lines, str) and _PAIR_STYLE.search(lines) and not os.path.exists(lines)
    text = str(lines) if given else _text(Path(lines))
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if words and words[0] not in COMMANDS:
            raise InputError(
                f"lines: expected {', '.join(COMMANDS)}, got {line.strip()!r} in line {number}"
            )
    if not (is_whole(n_species) and 1 <= n_species <= len(SPECIES_NAMES)):
        raise InputError(f"n_species: expected 1 to {len(SPECIES_NAMES)}, got {n_species!r}")
    if not 0 < real(first) < _LONGEST:
        raise InputError(f"first: expected a length in (0, {_LONGEST}), got {first!r}")
    if not (is_whole(points) and 10 <= points <= 1 << 16):
        raise InputError(f"points: expected a whole number from 10 to 65536, got {points!r}")
    require_place(Path(path), *([] if given else [Path(lines)]))
    instance = Instance.idle_or_new()
    try:
        _set_up(instance, text, n_species)
        _check_additive(instance, n_species)
        pairs = _pairs(instance, n_species, first, points)
    except SimulationError as error:
        instance.abandon()
        raise InputError(
            f"lines: expected a pair style that LAMMPS can tabulate; {error}"
        ) from error
    except InputError:
        instance.give_back()
        raise
    instance.give_back()
    write(Path(path), table_text(pairs))


def _text(path: Path) -> str:
    try:
        require_file(path)
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(
            f"lines: expected lines with pair_style or a file of them; {path} cannot be read "
            f"({error.strerror})"
        ) from error


def _set_up(instance: Instance, text: str, n_species: int) -> None:
    edges = f"0 {_EDGE} 0 {_EDGE} 0 {_EDGE}"
    instance.do(
        f"units lj\natom_style atomic\natom_modify map array\nregion box block {edges}\n"
        f"create_box {n_species} box\nmass * 1\nthermo_modify norm no\n{text}"
    )


def _pairs(instance: Instance, n_species: int, first: float, points: int) -> dict[str, Arrays]:
    pairs = {}
    for a, b in itertools.combinations_with_replacement(range(n_species), 2):
        name = SPECIES_NAMES[a] + SPECIES_NAMES[b]
        low, high = first, _LONGEST
        # The cut-off is bracketed ever more closely.
        while high - low > 1e-9 * high:
            coarse = _written(instance, a, b, _COARSE, low, high, name)
            acting = np.flatnonzero((coarse.u != 0) | (coarse.force != 0))
            if not len(acting):
                if low == first:
                    raise InputError(f"lines: expected {name} to act beyond {first}, it does not")
                break
            last = acting[-1]
            if last == len(coarse.r) - 1:
                low = high
                break
            low, high = coarse.r[last].item(), coarse.r[last + 1].item()
        pairs[name] = _written(instance, a, b, points, first, low, name)
    return pairs


def _written(
    instance: Instance, a: int, b: int, points: int, first: float, last: float, name: str
) -> Arrays:
    """Return energy and force, written by `pair_write`."""
    path = instance.folder / "written"
    path.unlink(missing_ok=True)
    instance.do(f"pair_write {a + 1} {b + 1} {points} r {first!r} {last!r} {path} {name}")
    text = path.read_text(encoding="utf-8")
    try:
        if text.endswith("\n"):
            return read_tables(text, f"pair_write of {name}")[name]
    except FileFormatError:
        pass
    # LAMMPS does not check what it writes.
    raise OSError(errno.ENOSPC, "LAMMPS wrote no whole table; is the disk full?", str(path))


def _check_additive(instance: Instance, n_species: int) -> None:
    """Raise unless the energy of a few particles is the sum over their pairs."""
    species = np.arange(max(4, n_species)) % n_species
    corners = np.array(list(itertools.product(range(3), repeat=3)))[: len(species)]
    # Particles are near each other, and all distances differ.
    positions = _EDGE / 2 + 1.1 * corners + 0.1 * np.sin(np.arange(3 * len(species))).reshape(-1, 3)
    together = _energy(instance, species, positions)
    pairs = [
        _energy(instance, species[list(two)], positions[list(two)])
        for two in itertools.combinations(range(len(species)), 2)
    ]
    if abs(together - sum(pairs)) > _ADDITIVE * np.abs(pairs).sum():
        raise InputError(
            f"lines: expected a pair style whose energy is a sum over pairs; {len(species)} "
            f"particles have {together:.6g}, their pairs {sum(pairs):.6g}"
        )


def _energy(
    instance: Instance, species: NDArray[np.int64], positions: NDArray[np.float64]
) -> float:
    n = len(species)
    instance.do("delete_atoms group all")
    where = positions.ravel().tolist()
    instance.lammps.create_atoms(n, list(range(1, n + 1)), (species + 1).tolist(), where)
    instance.do("run 0 post no")
    return instance.thermo("pe")
