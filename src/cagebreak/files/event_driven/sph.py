"""The `.sph` format of event-driven hard-sphere codes: spheres and their radii in a box.

The first line is the number of spheres, the second the three edge lengths of the box. Each further
line is a letter, three coordinates and a radius. A movie has one snapshot after the other; those of
F. Smallenburg's codes have unwrapped positions and no times.
"""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak._atomic import replacing
from cagebreak.configuration import SPECIES_NAMES, Box, Configuration
from cagebreak.configuration.sizes import own_sizes
from cagebreak.errors import FileFormatError, InputError
from cagebreak.files._text import Rows, TextFile, integer, numbers
from cagebreak.files.frame import Frame, in_order

Floats = NDArray[np.float64]


class _Snapshot(NamedTuple):
    rows: Rows
    letters: NDArray[np.str_]
    positions: Floats
    radii: Floats
    box: Box


def read(path: Path) -> Iterator[Frame]:
    """Yield all snapshots of a `.sph` file, which is read twice.

    If all spheres of a letter have one radius, the largest spheres are A, the next B, and so on. If
    not, the letters are the species, and spheres have diameters of their own. Lengths keep the
    units of the file, so sigma is 1 only if the largest radius is 0.5. Positions of several
    snapshots are unwrapped; whether those of a single one are, the file does not say.

    Raises
    ------
    FileFormatError
        If a line violates the format, spheres of two letters have one radius though the radius
        decides the species, or there are more letters than species.
    """
    order, n = _order(path)
    for snapshot in _snapshots(path):
        letters, at = np.unique(snapshot.letters, return_inverse=True)
        species = np.array([order.index(letter) for letter in letters])[at]
        images = np.zeros(snapshot.positions.shape, np.int64) if n > 1 else None
        try:
            configuration = Configuration(
                snapshot.positions,
                species,
                snapshot.box,
                images=images,
                diameters=own_sizes(2 * snapshot.radii, species),
            )
        except InputError as error:
            raise FileFormatError(f"{path}: {error}") from error
        yield Frame(configuration)


def write(path: Path, configuration: Configuration, diameters: ArrayLike | None = None) -> None:
    """Write a `.sph` file: wrapped positions to full precision, without velocities and images.

    Parameters
    ----------
    path
    configuration
        A configuration in an orthorhombic box.
    diameters
        sigma_ii of each species, descending: `read` numbers species from the largest radius. None
        for a configuration with diameters of particles.

    Raises
    ------
    InputError
        If the box is sheared, or the diameters are too few or not descending.
    """
    sizes = _sizes(configuration, diameters)
    present = np.unique(configuration.species)
    if len(present) < configuration.n_species:
        raise InputError(
            "configuration: a .sph file numbers the species by the spheres in it, so that A and "
            f"all others have to be present, got {', '.join(SPECIES_NAMES[s] for s in present)}"
        )
    box = configuration.box
    if not box.is_orthorhombic or (np.diag(box.matrix) < 0).any():
        raise InputError(
            "configuration: a .sph file holds orthorhombic boxes only, of edges along x, y and z, "
            f"got {box.matrix.tolist()}"
        )
    lines = [str(len(configuration)), " ".join(map(repr, np.diag(box.sheet).tolist()))]
    columns = (configuration.wrapped.tolist(), configuration.species.tolist(), sizes.tolist())
    for position, s, size in zip(*columns, strict=True):
        lines.append(" ".join([SPECIES_NAMES[s].lower(), *map(repr, (*position, size / 2))]))
    with replacing(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="ascii")


def _sizes(configuration: Configuration, diameters: ArrayLike | None) -> Floats:
    """Return the diameter of every particle."""
    own, species = configuration.diameters, configuration.species
    if diameters is None:
        if own is None:
            raise InputError(
                "diameters: expected one for each species in a .sph file, such as "
                "model.diameters, got none"
            )
        if own_sizes(own, species) is not None:
            return own
        # The file will say no more than the size of each species.
        diameters = [own[species == s].max() for s in np.unique(species)]
    elif own is not None:
        raise InputError(
            "diameters: expected none for a configuration whose particles have diameters, got "
            f"{diameters!r}"
        )
    sizes = np.asarray(diameters, dtype=float)
    n_species = configuration.n_species
    if sizes.ndim != 1 or len(sizes) < n_species or not (np.diff(sizes) < 0).all():
        raise InputError(
            f"diameters: expected those of {n_species} species, each smaller than the one before, "
            f"got {sizes.tolist()}"
        )
    return sizes[species]


def _order(path: Path) -> tuple[tuple[str, ...], int]:
    """Return the letters in the order of their species, and the number of snapshots."""
    largest: dict[str, float] = {}
    same: dict[frozenset[str], FileFormatError] = {}
    one_radius = True
    n = 0
    for snapshot in _snapshots(path):
        n += 1
        for letter in np.unique(snapshot.letters).tolist():
            radii = np.where(snapshot.letters == letter, snapshot.radii, 0.0)
            row = int(radii.argmax())
            one_radius &= (
                own_sizes(radii[radii > 0], np.zeros(np.count_nonzero(radii), int)) is None
            )
            if radii[row] <= largest.get(letter, 0.0):
                continue
            largest[letter] = float(radii[row])
            for other, radius in largest.items():
                if other != letter and radius == radii[row]:
                    same[frozenset((letter, other))] = snapshot.rows.error(
                        row, f"one letter a radius, got {letter!r} and {other!r} for {radius}"
                    )
    if not one_radius:
        try:
            return in_order(largest), n
        except InputError as error:
            raise FileFormatError(f"{path}: {error}") from error
    order = tuple(sorted(largest, key=largest.__getitem__, reverse=True))
    for letter, other in pairwise(order):
        if largest[letter] == largest[other]:
            raise same[frozenset((letter, other))]
    if len(order) > len(SPECIES_NAMES):
        raise FileFormatError(
            f"{path}: expected at most {len(SPECIES_NAMES)} different radii, got {len(order)}"
        )
    return order, n


def _snapshots(path: Path) -> Iterator[_Snapshot]:
    with TextFile(path) as file:
        empty = True
        while (line := file.start()) is not None:
            yield _snapshot(file, line)
            empty = False
        if empty:
            raise file.error("the number of spheres", "the end of the file", 1)


def _snapshot(file: TextFile, line: str) -> _Snapshot:
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
    bad = np.flatnonzero(table[:, 3] <= 0)
    if len(bad):
        raise rows.error(int(bad[0]), "a positive radius")
    return _Snapshot(rows, np.array(rows.words(0, expected)), table[:, :3], table[:, 3], box)
