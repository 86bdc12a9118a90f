"""The `.sph` format of event-driven hard-sphere codes: spheres and their radii in a box.

The first line is the number of spheres, the second the three edge lengths of the box. Each further
line is a letter, three coordinates and a radius. A movie has one snapshot after the other; those of
F. Smallenburg's codes have unwrapped positions and no times.
"""

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak._atomic import replacing
from cagebreak.configuration import SPECIES_NAMES, Box, Configuration
from cagebreak.errors import FileFormatError, InputError
from cagebreak.files._text import TextFile, integer, numbers
from cagebreak.files.frame import Frame

Floats = NDArray[np.float64]


def read(path: Path) -> list[Frame]:
    """Read all snapshots of a `.sph` file.

    The radius decides the species: the largest spheres are A, the next B, and so on. Lengths keep
    the units of the file, so sigma is 1 only if the largest radius is 0.5. Positions of several
    snapshots are unwrapped; whether those of a single one are, the file does not say.

    Raises
    ------
    FileFormatError
        If a line violates the format, two letters have the same radius, or there are more radii
        than letters of species.
    """
    snapshots: list[tuple[Floats, Floats, Box]] = []
    letters: dict[float, str] = {}
    with TextFile(path) as file:
        while (line := file.start()) is not None:
            snapshots.append(_snapshot(file, line, letters))
        if not snapshots:
            raise file.error("the number of spheres", "the end of the file", 1)
    radii = np.array(sorted(letters, reverse=True))
    if len(radii) > len(SPECIES_NAMES):
        raise FileFormatError(
            f"{path}: expected at most {len(SPECIES_NAMES)} different radii, got {len(radii)}"
        )
    frames = []
    for positions, of_spheres, box in snapshots:
        species = np.searchsorted(-radii, -of_spheres)
        images = np.zeros(positions.shape, np.int64) if len(snapshots) > 1 else None
        try:
            frames.append(Frame(Configuration(positions, species, box, images=images)))
        except InputError as error:
            raise FileFormatError(f"{path}: {error}") from error
    return frames


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
    present = np.unique(configuration.species)
    if len(present) < configuration.n_species:
        raise InputError(
            "configuration: a .sph file numbers the species by the radii in it, so that A and all "
            f"others have to be present, got {', '.join(SPECIES_NAMES[s] for s in present)}"
        )
    box = configuration.box
    if not box.is_orthorhombic:
        raise InputError(
            "configuration: a .sph file holds orthorhombic boxes only, got a sheared one"
        )
    lines = [str(len(configuration)), " ".join(map(repr, np.diag(box.sheet).tolist()))]
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


def _snapshot(file: TextFile, line: str, letters: dict[float, str]) -> tuple[Floats, Floats, Box]:
    """Return positions, radii and box of a snapshot; add the letter of each radius to `letters`."""
    n = integer(line)
    if n is None or n < 1:
        raise file.error("the number of spheres", line)
    line = file.line("three edge lengths")
    lengths = numbers(line)
    if lengths is None or len(lengths) != 3:
        raise file.error("three edge lengths", line)
    if min(lengths) <= 0:
        raise file.error("positive edge lengths", line)
    try:
        box = Box(np.diag(lengths))
    except InputError as error:
        raise file.failure(error) from error
    rows = file.block(n, "spheres")
    expected = "a letter, x, y, z and a radius"
    table = rows.table([1, 2, 3, 4], 5, expected)
    radii = table[:, 3]
    bad = np.flatnonzero(radii <= 0)
    if len(bad):
        raise rows.error(int(bad[0]), "a positive radius")
    for row, (letter, radius) in enumerate(
        zip(rows.words(0, expected), radii.tolist(), strict=True)
    ):
        if letters.setdefault(radius, letter) != letter:
            raise rows.error(
                row, f"one letter a radius, got {letter!r} and {letters[radius]!r} for {radius}"
            )
    return table[:, :3], radii, box
