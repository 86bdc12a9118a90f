"""The `.npz` files of BOTAN: a Kob-Andersen configuration and the end positions of its runs.

The arrays are `types` (N,), `initial_positions` (N, 3) and `positions` (R, N, 3), the unwrapped
positions of R isoconfigurational runs at one time. The file states neither the box nor the time.
"""

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Box, Configuration
from cagebreak.dynamics.propensity import Propensity, lengths
from cagebreak.errors import FileFormatError, InputError
from cagebreak.files._compressed import LARGEST_FREE, LARGEST_RATIO, check_regular

NUMBER_DENSITY = 1.2
"""N sigma^3 / V of BOTAN's simulations (:cite:`Shiba2023`), from which the box follows."""

WITHIN = 1e-4
"""By how much positions that are wrapped may leave the box by rounding, in boxes (chosen)."""

UNREADABLE = (
    OSError,
    ValueError,
    EOFError,
    MemoryError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What numpy raises on a file that is no archive, is truncated, or holds pickled objects."""


def read(path: Path) -> Configuration:
    """Read the initial configuration, in a cubic box of number density 1.2 sigma^-3.

    Raises
    ------
    FileFormatError
        If the file is not a `.npz` archive or lacks the arrays of a configuration.
    """
    types, positions = arrays(path, ("types", "initial_positions")).values()
    try:
        box = Box.cubic((len(positions) / NUMBER_DENSITY) ** (1 / 3))
        return Configuration(positions, types, box)
    except (InputError, TypeError) as error:
        raise FileFormatError(f"{path}: {error}") from error


def read_runs(path: Path) -> tuple[Configuration, NDArray[np.float64]]:
    """Read the initial configuration and the end positions of its runs.

    Returns
    -------
    Configuration
        As from `read`.
    (R, N, 3) array
        Unwrapped positions, in sigma; minus the initial positions they are displacements.

    Raises
    ------
    FileFormatError
        If the file is not a `.npz` archive or lacks the arrays of a configuration and its runs, or
        the ends are wrapped.
    """
    configuration = read(path)
    (ends,) = arrays(path, ("positions",)).values()
    n = len(configuration)
    if ends.dtype.kind not in "fiu" or ends.ndim != 3 or ends.shape[1:] != (n, 3) or not len(ends):
        raise FileFormatError(
            f"{path}: positions: expected numbers of shape (R, {n}, 3), "
            f"got {ends.dtype} of shape {ends.shape}"
        )
    ends = ends.astype(np.float64)
    if not np.isfinite(ends).all():
        value = ends[~np.isfinite(ends)][0]
        raise FileFormatError(f"{path}: positions: expected finite numbers, got {value}")
    require_unwrapped(path, "positions", configuration, ends)
    return configuration, ends


def require_unwrapped(
    path: Path, name: str, start: Configuration, ends: NDArray[np.float64]
) -> None:
    """Refuse ends (..., N, 3) of runs that fill one box, though some moved beyond half of it.

    Particles that cross a face of the box leave it, unless positions are wrapped.

    Raises
    ------
    FileFormatError
        If the ends are wrapped.
    """
    fractions = (ends @ start.box.inverse).reshape(-1, len(start), 3)
    moved = np.abs(fractions - start.positions @ start.box.inverse).max(axis=(0, 1))
    extent = np.ptp(fractions, axis=(0, 1))
    if (wrapped := (moved > 0.5) & (extent > 0.5) & (extent <= 1 + WITHIN)).any():
        axis = int(wrapped.argmax())
        raise FileFormatError(
            f"{path}: {name}: expected unwrapped positions, got some that are all in the box, and "
            f"{moved[axis]:.2f} of it from their start along {'xyz'[axis]}"
        )


def read_propensity(path: Path, time: float) -> tuple[Configuration, Propensity]:
    """Read the initial configuration, and compute the propensity from its runs.

    Parameters
    ----------
    path
    time
        Duration of the runs, in tau.

    Raises
    ------
    FileFormatError
        As for `read_runs`.
    InputError
        If the time is not positive.
    """
    configuration, ends = read_runs(path)
    displacements = lengths(ends - configuration.positions)
    return configuration, Propensity.from_runs(
        [time], configuration.species, displacements[:, None]
    )


def arrays(
    path: Path, names: Sequence[str], optional: Sequence[str] = (), what: str = "a BOTAN file"
) -> dict[str, NDArray]:
    """Return the arrays of a `.npz` archive by name, and those of `optional` that it has.

    Raises
    ------
    FileFormatError
        If the file is no such archive, or lacks one of `names`; the message says that they belong
        to `what`.
    """
    check_regular(path)
    try:
        with np.load(path, allow_pickle=False) as archive:
            _refuse_bombs(path, archive.zip)
            missing = [name for name in names if name not in archive]
            present = [name for name in (*names, *optional) if name in archive]
            read = {name: archive[name] for name in present}
    except (FileNotFoundError, FileFormatError):
        raise
    except (*UNREADABLE, TypeError, AttributeError) as error:
        raise FileFormatError(
            f"{path}: expected a .npz archive of plain arrays, whole ({error})"
        ) from error
    if missing:
        raise FileFormatError(
            f"{path}: expected the arrays of {what}, found no {' and no '.join(missing)}"
        )
    return read


def _refuse_bombs(path: Path, archive: zipfile.ZipFile) -> None:
    size = sum(member.file_size for member in archive.infolist())
    if size > LARGEST_FREE and size > LARGEST_RATIO * path.stat().st_size:
        raise FileFormatError(
            f"{path}: expected a configuration, got a file that expands to more than "
            f"{LARGEST_RATIO} times its size"
        )
