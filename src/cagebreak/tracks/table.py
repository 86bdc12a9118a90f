"""Tables of tracks: data frames of trackpy, and CSV files."""

from __future__ import annotations

import lzma
import numbers
import os
import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak._atomic import require_file
from cagebreak.configuration.interchange.names import species_of
from cagebreak.errors import ConfigurationWarning, FileFormatError, InputError
from cagebreak.models.arguments import real
from cagebreak.tracks.tracks import Floats, Integers, Tracks

if TYPE_CHECKING:
    from pandas import DataFrame

AXES = "xyz"
ERRORS = "ep"
"""Column of trackpy: standard error of a coordinate; also `ep_x`, `ep_y` and `ep_z`."""

SPACINGS = (0.5, 3.0)
"""Range of the mean spacing of dense particles, in sigma (chosen); else units may be wrong."""

_BROKEN = (
    *(OSError, EOFError, ImportError, ValueError),
    *(zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError),
)
"""What pandas raises for files that are no tables, or not compressed as their names say."""

SAME_TIME = 1e-3
"""Difference of a time from that of its frame, in frames, that is taken for rounding (chosen)."""


def read_tracks(
    table: str | os.PathLike[str] | DataFrame,
    *,
    length: float,
    interval: float,
    window: ArrayLike | None = None,
    periodic: str = "",
    species: Sequence[str] | None = None,
    diameters: str | None = None,
) -> Tracks:
    """Return the tracks in a table.

    Parameters
    ----------
    table
        A CSV file, also compressed, or a data frame, such as `trackpy.link` returns. A row is a
        particle in a frame. Its columns are:

        - `frame`, `particle`: whole numbers, those of particles from 0; `x`, `y`; without `z`, or
          with the same z in all rows, there are two dimensions;
        - `species`, optional: names, the same in all frames; default A;
        - `ep`, or `ep_x`, `ep_y` and `ep_z`, optional: standard errors of the coordinates, which
          `Tracks.stated_noise` has. Rows without one count for nothing there;
        - `time`, optional: is compared with the frames. All other columns, such as `mass`, `size`,
          `ecc` and `signal`, are not used.
    length
        sigma, in the units of the table, such as pixels. All lengths here are in sigma.
    interval
        Time between frames whose numbers differ by 1, in the unit tau that all times will have.
    window
        ((x_low, x_high), (y_low, y_high)), and of z, in the units of the table: what the camera
        sees. Default: the extent of all positions.
    periodic
        Axes along which the system is periodic, such as "x" or "xy", with the window as the period;
        for simulations.
    species
        Names of the species in order, the first for A; needed unless they are letters from A or
        numbers from 0 or 1.
    diameters
        Name of a column of diameters, in the units of the table; the mean over its frames is the
        diameter of a particle. `size` of trackpy is the radius of an image, not of a particle.

    Raises
    ------
    FileFormatError
        If the file is not a table of comma-separated values.
    InputError
        If a column is missing; a value is missing or not finite; frames, particles or species are
        not what they should be; a particle is in a frame twice, or two at one place; times
        contradict frames; or a parameter cannot be used.

    Warns
    -----
    ConfigurationWarning
        If the mean spacing says that `length` is in other units than the table.
    """
    for name, value in (("length", length), ("interval", interval)):
        if not 0 < real(value) < np.inf:
            raise InputError(f"{name}: expected a positive number, got {value!r}")
    length, interval = float(length), float(interval)
    rows = _Table.of(table)
    frame, particle = rows.whole("frame"), rows.whole("particle")
    rows.require_linked(particle)
    columns = [rows.numbers(name) for name in AXES if name in rows.frame.columns or name != "z"]
    if len(columns) == 3 and np.ptp(columns[2]) == 0:
        columns = columns[:2]
    d = len(columns)
    order = np.lexsort((particle, frame))
    rows.require_once(frame[order], particle[order], order)
    rows.require_apart(frame, np.column_stack(columns))
    rows.check_times(frame, interval)
    positions = np.zeros((len(order), 3))
    with np.errstate(over="ignore"):
        positions[:, :d] = np.column_stack(columns)[order] / length
    if not np.isfinite(positions).all():
        raise InputError(
            f"length: expected sigma in the units of the table, got {length:g} for positions up to "
            f"{max(np.abs(column).max() for column in columns):g}"
        )
    is_periodic = _periodic(periodic, d)
    edges = _window(window, positions[:, :d], length, is_periodic)
    found = rows.species(species)
    rows.require_constant(particle, found)
    n_frames = len(np.unique(frame))
    tracks = Tracks(
        frame[order],
        particle[order],
        positions,
        found[order],
        interval,
        edges,
        is_periodic,
        np.zeros((n_frames, 3)),
        np.ones(len(order), bool),
        None if diameters is None else rows.diameters(diameters, particle)[order] / length,
        rows.stated_noise(length, d),
    )
    if not SPACINGS[0] <= tracks.spacing <= SPACINGS[1]:
        warnings.warn(
            f"length: the mean spacing of the particles is {tracks.spacing:.3g} sigma, expected "
            f"{SPACINGS[0]:g} to {SPACINGS[1]:g} of dense particles; is {length:g} sigma in the "
            "units of the table, and the window that of the particles?",
            ConfigurationWarning,
            stacklevel=2,
        )
    return tracks


class _Table:
    """The rows of a table, and what messages call it and its rows."""

    def __init__(self, frame: DataFrame, name: str, first: int | None) -> None:
        self.frame, self.name, self._first = frame, name, first
        missing = [column for column in ("frame", "particle", "x", "y") if column not in frame]
        if missing:
            raise InputError(
                f"{name}: expected the columns frame, particle, x, y, and z if there is one; "
                f"{', '.join(missing)} missing, got {', '.join(map(str, frame.columns))}"
            )
        repeated = frame.columns[frame.columns.duplicated()].tolist()
        if repeated:
            raise InputError(f"{name}: expected each column once, got {repeated[0]!r} twice")
        if len(frame) == 0:
            raise InputError(f"{name}: expected at least one row, got none")

    @classmethod
    def of(cls, table: Any) -> _Table:
        import pandas as pd

        if isinstance(table, pd.DataFrame):
            # trackpy keeps `frame` as the index and as a column of the same name.
            return cls(table.reset_index(drop=True), "table", None)
        if not isinstance(table, str | os.PathLike):
            raise InputError(f"table: expected a path or a DataFrame, got {type(table).__name__}")
        path = Path(table)
        require_file(path)
        try:
            head, frame = _read(path)
        except _BROKEN as error:
            raise FileFormatError(
                f"{path}: expected a table of comma-separated values: {str(error).strip()}"
            ) from error
        repeated = [name for name in head if head.count(name) > 1]
        if repeated:
            raise InputError(f"{path}: expected each column once, got {repeated[0]!r} twice")
        _require_end(path)
        return cls(frame, str(path), 2)

    def at(self, row: int) -> str:
        """Return how a message names a row."""
        if self._first is None:
            return f"row {row}"
        return f"line {self.frame.index[row] + self._first}"

    def numbers(self, name: str) -> Floats:
        """Return a column of finite numbers."""
        import pandas as pd

        column = self.frame[name]
        # pandas takes dates for nanoseconds.
        if column.dtype.kind not in "mM":
            column = pd.to_numeric(column, errors="coerce")
        if column.dtype.kind not in "iufO":
            raise InputError(
                f"{self.name}: expected numbers as {name}, got a column of {column.dtype}"
            )
        values = column.to_numpy(np.float64, na_value=np.nan)
        bad = np.flatnonzero(~np.isfinite(values))
        if len(bad):
            raise InputError(
                f"{self.name}, {self.at(bad[0])}: expected a finite number as {name}, got "
                f"{self.frame[name].tolist()[bad[0]]!r} ({len(bad)} such rows)"
            )
        return values

    def whole(self, name: str) -> Integers:
        """Return a column of whole numbers."""
        values = self.numbers(name)
        bad = np.flatnonzero((values != np.rint(values)) | (np.abs(values) > 2**53))
        if len(bad):
            hint = "; times are no frames: number them, and give their interval"
            raise InputError(
                f"{self.name}, {self.at(bad[0])}: expected a whole number as {name}, got "
                f"{values[bad[0]]} ({len(bad)} such rows){hint if name == 'frame' else ''}"
            )
        return values.astype(np.int64)

    def require_linked(self, particle: Integers) -> None:
        """Refuse negative numbers, which trackers give to particles that are in no track."""
        bad = np.flatnonzero(particle < 0)
        if len(bad):
            raise InputError(
                f"{self.name}, {self.at(bad[0])}: expected a number from 0 as particle, got "
                f"{particle[bad[0]]} ({len(bad)} such rows); particles that were not linked need "
                "numbers of their own"
            )

    def require_once(self, frame: Integers, particle: Integers, order: Integers) -> None:
        """Refuse a particle that is in a frame twice; rows are sorted."""
        again = np.flatnonzero((np.diff(frame) == 0) & (np.diff(particle) == 0))
        if len(again):
            i = again[0]
            rows = sorted((int(order[i]), int(order[i + 1])))
            raise InputError(
                f"{self.name}: expected each particle once in a frame, got particle {particle[i]} "
                f"in frame {frame[i]} in {self.at(rows[0])} and {self.at(rows[1])} ({len(again)} "
                "such pairs); particles that were not linked need numbers of their own"
            )

    def require_apart(self, frame: Integers, positions: Floats) -> None:
        """Refuse two particles of a frame at one place."""
        place = np.column_stack([frame, positions])
        order = np.lexsort(place.T)
        same = np.flatnonzero((np.diff(place[order], axis=0) == 0).all(axis=1))
        if len(same):
            rows = sorted(order[same[0] : same[0] + 2].tolist())
            raise InputError(
                f"{self.name}: expected one particle at a place, got two in frame "
                f"{frame[rows[0]]} in {self.at(rows[0])} and {self.at(rows[1])} ({len(same)} such "
                "pairs)"
            )

    def require_constant(self, particle: Integers, species: Integers) -> None:
        """Refuse a particle that changes its species."""
        order = np.argsort(particle, kind="stable")
        same = np.diff(particle[order]) == 0
        changed = np.flatnonzero(same & (np.diff(species[order]) != 0))
        if len(changed):
            row = int(order[changed[0] + 1])
            raise InputError(
                f"{self.name}, {self.at(row)}: expected one species of particle {particle[row]} in "
                f"all frames, got another ({len(changed)} such rows)"
            )

    def check_times(self, frame: Integers, interval: float) -> None:
        """Refuse times that are not proportional to the frames: their steps are not constant."""
        if "time" not in self.frame or np.ptp(frame) == 0:
            return
        times = self.numbers("time")
        first, last = int(frame.argmin()), int(frame.argmax())
        per_frame = (times[last] - times[first]) / (frame[last] - frame[first])
        expected = times[first] + (frame - frame[first]) * per_frame
        bad = np.flatnonzero(~(np.abs(times - expected) <= SAME_TIME * abs(per_frame)))
        if per_frame <= 0 or len(bad):
            row = int(bad[0]) if len(bad) else last
            raise InputError(
                f"{self.name}, {self.at(row)}: expected times in proportion to the frames, "
                f"{expected[row]:.8g} in frame {frame[row]}, got {times[row]:.8g}; steps between "
                "frames are not constant: number the frames by their times in units of the "
                "shortest step"
            )

    def species(self, order: Sequence[str] | None) -> Integers:
        """Return the species of each row."""
        if "species" not in self.frame:
            if order is not None:
                raise InputError(f"species: expected a column species in {self.name}, got none")
            return np.zeros(len(self.frame), np.int64)
        column = self.frame["species"]
        bad = np.flatnonzero(column.isna())
        if len(bad):
            raise InputError(
                f"{self.name}, {self.at(bad[0])}: expected a name as species, got none "
                f"({len(bad)} such rows)"
            )
        strange = column.map(lambda name: not isinstance(name, str | numbers.Real | np.bool_))
        if strange.any():
            row = int(np.flatnonzero(strange)[0])
            raise InputError(
                f"{self.name}, {self.at(row)}: expected a name as species, got "
                f"{column.iloc[row]!r} ({np.count_nonzero(strange)} such rows)"
            )
        values = column.to_numpy()
        if values.dtype.kind == "f" and (values == np.rint(values)).all():
            values = values.astype(np.int64)
        return species_of(self.name, {"species": values}, order)

    def diameters(self, name: str, particle: Integers) -> Floats:
        """Return the mean diameter of the particle of each row."""
        if not isinstance(name, str) or name not in self.frame:
            raise InputError(f"diameters: expected a column of {self.name}, got {name!r}")
        values = self.numbers(name)
        bad = np.flatnonzero(values <= 0)
        if len(bad):
            raise InputError(
                f"{self.name}, {self.at(bad[0])}: expected a positive diameter as {name}, got "
                f"{values[bad[0]]:g} ({len(bad)} such rows)"
            )
        index = np.unique(particle, return_inverse=True)[1].reshape(-1)
        return np.asarray((np.bincount(index, values) / np.bincount(index))[index])

    def stated_noise(self, length: float, dimension: int) -> Floats | None:
        """Return the mean square of the stated errors of each coordinate; None without any."""
        import pandas as pd

        names = [f"{ERRORS}_{axis}" for axis in AXES[:dimension]]
        if not all(name in self.frame for name in names):
            names = [ERRORS] * dimension
        if names[0] not in self.frame:
            return None
        result = np.zeros(3)
        for axis, name in enumerate(names):
            values = pd.to_numeric(self.frame[name], errors="coerce").to_numpy(np.float64)
            # trackpy states NaN, or a negative number, where its estimate fails.
            known = values[np.isfinite(values) & (values > 0)]
            if not len(known):
                return None
            result[axis] = np.mean((known / length) ** 2)
        return result


def _read(path: Path) -> tuple[list[str], DataFrame]:
    """Return the names of the columns in a file, and its table.

    The index of the table counts all lines after the head, also empty ones.
    """
    import pandas as pd

    first = pd.read_csv(path, skipinitialspace=True, header=None, nrows=1, dtype=str).iloc[0]
    head = first.dropna().str.strip().tolist()
    with warnings.catch_warnings():
        # By default pandas takes the first fields of rows that are longer than the head for names
        # of the rows, which shifts all columns.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            frame = pd.read_csv(
                path, skipinitialspace=True, index_col=False, skip_blank_lines=False
            )
        except pd.errors.ParserWarning as error:
            raise ValueError(
                f"rows have more fields than the first line, which has {', '.join(head)}"
            ) from error
    frame.columns = frame.columns.str.strip()
    return head, frame.dropna(how="all")


def _require_end(path: Path) -> None:
    """Refuse a file whose last line does not end: its last number may have lost digits.

    Compressed files have a checksum.
    """
    if path.suffix.lower() in (".gz", ".bz2", ".xz", ".zst", ".zip", ".tar"):
        return
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(file.tell() - 1, 0))
        last = file.read()
    if last and last not in b"\r\n":
        raise FileFormatError(
            f"{path}: expected a last line that ends, got a file that may be cut short (if it is "
            "whole, end its last line)"
        )


def _periodic(axes: str, dimension: int) -> tuple[bool, ...]:
    known = AXES[:dimension]
    if not isinstance(axes, str) or len(set(axes)) < len(axes) or not set(axes) <= set(known):
        raise InputError(f"periodic: expected some of the axes {known!r}, each once, got {axes!r}")
    return tuple(axis in axes for axis in known)


def _window(
    window: ArrayLike | None, positions: Floats, length: float, periodic: tuple[bool, ...]
) -> NDArray[np.float64]:
    """Return the lowest and highest coordinate of each axis, (d, 2), in sigma."""
    d = positions.shape[1]
    low, high = positions.min(axis=0), positions.max(axis=0)
    if window is None:
        if any(periodic):
            raise InputError(
                "window: expected the period of the periodic axes, ((x_low, x_high), ...), got none"
            )
        edges = np.column_stack([low, high])
        if not (edges[:, 1] > edges[:, 0]).all():
            raise InputError(
                "window: expected ((x_low, x_high), ...), since all positions are the same along "
                "an axis, got none"
            )
        return edges
    try:
        edges = np.asarray(window, dtype=np.float64) / length
    except (TypeError, ValueError):
        edges = np.zeros(0)
    if edges.shape != (d, 2) or not (np.isfinite(edges).all() and (np.diff(edges) > 0).all()):
        raise InputError(
            f"window: expected the lowest and the highest coordinate of each of {d} axes, "
            f"((x_low, x_high), ...), got {window!r}"
        )
    outside = (positions < edges[:, 0]) | (positions > edges[:, 1])
    outside &= ~np.array(periodic)
    if outside.any():
        axis = int(np.argwhere(outside)[0, 1])
        raise InputError(
            f"window: expected one that holds all positions, got {AXES[axis]} from "
            f"{low[axis] * length:g} to {high[axis] * length:g} in the table, beyond "
            f"{edges[axis, 0] * length:g} to {edges[axis, 1] * length:g}"
        )
    return np.asarray(edges)
