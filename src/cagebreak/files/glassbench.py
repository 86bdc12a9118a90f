"""The `.npz` files of GlassBench (:cite:`Jung2023a`): configurations and their propensities.

The arrays are `types` (N,), `initial_positions` (N, d), and the averages over runs `md_prop` and
`bb_prop` (T, N): the displacement of a particle, and the share of its bonds that are kept. Some
files have the positions of the inherent and the cage state too, and files of the test set have the
predictions of published methods. No file states its box, its times or single runs.
"""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Box, Configuration
from cagebreak.errors import FileFormatError, InputError
from cagebreak.files import botan

NUMBER_DENSITIES = {2: 1290 / 32.8962**2, 3: botan.NUMBER_DENSITY}
"""N sigma^d / V of the systems of two and of three dimensions, from which the box follows."""

STATES = ("inherent", "cage")
"""States whose positions a file may have."""

PREDICTIONS = ("BOTAN", "CAGE", "GlassMLP", "SE3")
"""Methods whose predictions of the displacement a file may have."""

FARTHEST = 0.5
"""Median distance of particles from their places in a state, in mean spacings, from which the state
is of other particles (chosen)."""

ROUNDING = 1e-3
"""By how much a share of bonds may leave 0 to 1 (chosen): half precision has 5e-4."""

_NAMES = ("types", "initial_positions", "md_prop", "bb_prop")


@dataclass(frozen=True, eq=False)
class Measured:
    """The content of a file.

    Parameters
    ----------
    configuration
        The initial positions.
    displacement : (T, N) array
        Absolute displacement of each particle at each time, averaged over runs, in sigma.
    bonds : (T, N) array
        Share of the bonds of each particle that are kept.
    states
        The configuration of each of `STATES` that the file has. Each particle is at the image that
        is nearest to its initial position.
    predictions
        The predicted displacement by each of `PREDICTIONS` that the file has, (T, n): of all
        particles, or of the n particles A.
    """

    configuration: Configuration
    displacement: NDArray[np.float64]
    bonds: NDArray[np.float64]
    states: Mapping[str, Configuration]
    predictions: Mapping[str, NDArray[np.float64]]


def recognizes(path: Path) -> bool:
    """Return whether a file is an archive that has propensities of GlassBench."""
    if not path.is_file():
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return f"{_NAMES[2]}.npy" in archive.namelist()
    except botan.UNREADABLE:
        return False


def read(path: Path) -> Configuration:
    """Read the initial configuration, in a cubic or square box of the density of its system.

    Raises
    ------
    FileFormatError
        If the file is not a `.npz` archive or lacks the arrays of GlassBench.
    """
    return read_measured(path).configuration


def read_measured(path: Path) -> Measured:
    """Read a configuration, its states and propensities, and predictions of them.

    Positions of a state that are all zero or NaN count as absent, and so do predictions of another
    shape, or that are not finite.

    Raises
    ------
    FileFormatError
        If the file is not a `.npz` archive, lacks an array, or an array has another shape or
        numbers that are not finite; if displacements or shares of bonds cannot be, or a state is of
        other particles.
    """
    names = {state: f"initial_positions_{state}" for state in STATES}
    arrays = botan.arrays(path, _NAMES, (*names.values(), *PREDICTIONS), "a GlassBench file")
    start = _configuration(path, arrays["types"], arrays["initial_positions"])
    n, d = len(start), start.dimension
    displacement = _numbers(path, arrays, "md_prop", ("T", n))
    bonds = _numbers(path, arrays, "bb_prop", (len(displacement), n))
    if displacement.min() < 0:
        raise FileFormatError(
            f"{path}: md_prop: expected displacements from 0, got {displacement.min():g}"
        )
    if bonds.min() < -ROUNDING or bonds.max() > 1 + ROUNDING:
        raise FileFormatError(
            f"{path}: bb_prop: expected shares of bonds from 0 to 1, got {bonds.min():g} to "
            f"{bonds.max():g}"
        )
    states = {}
    for state, name in names.items():
        if name in arrays and not _is_blank(arrays[name]):
            positions = np.zeros((n, 3))
            positions[:, :d] = _numbers(path, arrays, name, (n, d))
            moved = start.box.minimum_image(positions - start.positions)
            distance = float(np.median(np.linalg.norm(moved, axis=1)))
            if distance > FARTHEST * start.spacing:
                raise FileFormatError(
                    f"{path}: {name}: expected each particle near its initial position, got a "
                    f"median distance of {distance:.3g} sigma"
                )
            states[state] = start.replace(positions=start.positions + moved)
    n_a = int((start.species == 0).sum())
    shapes = [(len(displacement), n), (len(displacement), n_a)]
    predictions = {
        name: arrays[name].astype(np.float64)
        for name in PREDICTIONS
        if name in arrays and arrays[name].shape in shapes and _is_finite(arrays[name])
    }
    return Measured(start, displacement, bonds, states, predictions)


def _configuration(path: Path, types: NDArray, positions: NDArray) -> Configuration:
    if positions.ndim != 2 or positions.shape[1] not in NUMBER_DENSITIES or not len(positions):
        raise FileFormatError(
            f"{path}: initial_positions: expected numbers of shape (N, 2) or (N, 3), got "
            f"{positions.dtype} of shape {positions.shape}"
        )
    n, dimension = positions.shape
    try:
        box = Box.of_volume(n / NUMBER_DENSITIES[dimension], dimension)
        return Configuration(positions, types, box)
    except (InputError, TypeError) as error:
        raise FileFormatError(f"{path}: {error}") from error


def _numbers(
    path: Path, arrays: Mapping[str, NDArray], name: str, shape: tuple[int | str, int]
) -> NDArray[np.float64]:
    """Return an array of a given shape as finite numbers; its first length is any if "T"."""
    values = arrays[name]
    fits = values.ndim == 2 and values.shape[1] == shape[1] and len(values) > 0
    fits = fits and shape[0] in ("T", len(values))
    if values.dtype.kind not in "fiu" or not fits:
        raise FileFormatError(
            f"{path}: {name}: expected numbers of shape ({shape[0]}, {shape[1]}), got "
            f"{values.dtype} of shape {values.shape}"
        )
    if not np.isfinite(values).all():
        raise FileFormatError(
            f"{path}: {name}: expected finite numbers, got {values[~np.isfinite(values)][0]}"
        )
    return values.astype(np.float64)


def _is_blank(values: NDArray) -> bool:
    """Return whether an array holds no number but 0 and NaN."""
    return values.dtype.kind == "f" and not (np.abs(values) > 0).any()


def _is_finite(values: NDArray) -> bool:
    return values.dtype.kind in "fiu" and bool(np.isfinite(values).all())
