"""The `.sph` format of event-driven hard-sphere codes: spheres and their radii in a box.

The first line is the number of spheres, the second the three edge lengths of the box. Each further
line is a letter, three coordinates and a radius.
"""

import math
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak._atomic import replacing
from cagebreak.configuration import SPECIES_NAMES, Box, Configuration
from cagebreak.errors import FileFormatError, InputError
from cagebreak.files._compressed import open_binary

_LONGEST = 1 << 16  # characters of a line


def read(path: Path) -> Configuration:
    """Read a `.sph` file.

    The radius decides the species: the largest spheres are A, the next B, and so on. Lengths keep
    the units of the file, so sigma is 1 only if the largest radius is 0.5.

    Raises
    ------
    FileFormatError
        If a line violates the format, two letters have the same radius, or there are more radii
        than letters of species.
    """
    try:
        with open_binary(path) as file:
            text = file.read().decode("ascii")
    except UnicodeDecodeError as error:
        raise FileFormatError(f"{path}: expected plain text ({error})") from error
    lines = text.rstrip().splitlines()
    if lines and not text.endswith(("\n", "\r")):
        # A truncated number is still a number, so only the missing line break shows it.
        raise FileFormatError(
            f"{path}, line {len(lines)}: expected a line that ends, got a file that is cut short, "
            f"{lines[-1][:80]!r}"
        )
    n = _count(path, lines)
    lengths = _numbers(path, lines, 2, "three edge lengths")
    if min(lengths) <= 0:
        raise FileFormatError(f"{path}, line 2: expected positive edge lengths, got {lengths}")
    if len(lines) != n + 2:
        raise FileFormatError(
            f"{path}, line {min(len(lines), n + 2) + 1}: expected {n} spheres as line 1 says, "
            f"got {len(lines) - 2}"
        )
    positions = np.empty((n, 3))
    radii = np.empty(n)
    letters: dict[float, str] = {}
    for i in range(n):
        *position, radius = _numbers(path, lines, i + 3, "a letter, x, y, z and a radius", 1)
        letter = lines[i + 2].split()[0]
        if radius <= 0:
            raise FileFormatError(f"{path}, line {i + 3}: expected a positive radius, got {radius}")
        if letters.setdefault(radius, letter) != letter:
            raise FileFormatError(
                f"{path}, line {i + 3}: expected one letter a radius, got {letter!r} and "
                f"{letters[radius]!r} for {radius}"
            )
        positions[i], radii[i] = position, radius
    distinct = np.unique(radii)[::-1]
    if len(distinct) > len(SPECIES_NAMES):
        raise FileFormatError(
            f"{path}: expected at most {len(SPECIES_NAMES)} different radii, got {len(distinct)}"
        )
    try:
        return Configuration(positions, np.searchsorted(-distinct, -radii), Box(np.diag(lengths)))
    except InputError as error:
        raise FileFormatError(f"{path}: {error}") from error


def write(path: Path, configuration: Configuration, diameters: ArrayLike) -> None:
    """Write a `.sph` file: wrapped positions to full precision, without velocities and images.

    Parameters
    ----------
    path
    configuration
        A configuration in an orthorhombic box.
    diameters
        sigma_ii of each species, descending: `read` numbers species from the largest radius.

    Raises
    ------
    InputError
        If the box is sheared, or the diameters are too few or not descending.
    """
    sizes = _diameters(diameters, configuration.n_species)
    box = configuration.box
    if not box.is_orthorhombic:
        raise InputError(
            "configuration: a .sph file holds orthorhombic boxes only, got a sheared one"
        )
    lines = [str(len(configuration)), " ".join(map(repr, box.lengths.tolist()))]
    for position, s in zip(
        configuration.wrapped.tolist(), configuration.species.tolist(), strict=True
    ):
        numbers = " ".join(map(repr, (*position, sizes[s] / 2)))
        lines.append(f"{SPECIES_NAMES[s].lower()} {numbers}")
    with replacing(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="ascii")


def _diameters(diameters: ArrayLike, n_species: int) -> list[float]:
    array: NDArray = np.asarray(diameters, dtype=float)
    if array.ndim != 1 or len(array) < n_species or not (np.diff(array) < 0).all():
        raise InputError(
            f"diameters: expected those of {n_species} species, each smaller than the one before, "
            f"got {array.tolist()}"
        )
    return array.tolist()


def _count(path: Path, lines: list[str]) -> int:
    first = lines[0].strip() if lines else ""
    if not first.isdecimal() or len(first) > 12 or int(first) == 0:
        raise FileFormatError(f"{path}, line 1: expected the number of spheres, got {first[:80]!r}")
    return int(first)


def _numbers(
    path: Path, lines: list[str], number: int, expected: str, skip: int = 0
) -> list[float]:
    line = lines[number - 1] if len(lines) >= number else ""
    if len(line) > _LONGEST:
        raise FileFormatError(f"{path}, line {number}: expected at most {_LONGEST} characters")
    try:
        numbers = [float(word) for word in line.split()[skip:]]
    except ValueError:
        numbers = []
    if "_" in line:  # Python reads 1_0 as 10; no other program does.
        numbers = []
    if len(numbers) != 3 + skip or not all(map(math.isfinite, numbers)):
        raise FileFormatError(f"{path}, line {number}: expected {expected}, got {line[:80]!r}")
    return numbers
