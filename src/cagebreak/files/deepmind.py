"""Pickles of DeepMind's glassy dynamics (:cite:`Bapst2020`): a configuration and its runs.

The pickle is a dict of `positions` (N, 3), `types` (N,) and `box` (3,). For the runs it also has
`time`, `time_indices` and `trajectory_target_positions`; the last holds, for each time and each
run, the unwrapped positions (N, 3).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration, as_box
from cagebreak.errors import FileFormatError, InputError
from cagebreak.files import _pickle
from cagebreak.files._compressed import open_binary
from cagebreak.files.botan import require_unwrapped


def read(path: Path) -> Configuration:
    """Read the initial configuration; no code in the pickle is executed.

    Raises
    ------
    FileFormatError
        If the file is not a pickle of plain data, or lacks the arrays of a configuration.
    """
    return _configuration(path, _load(path))


def read_runs(path: Path) -> tuple[Configuration, NDArray[np.float64], NDArray[np.float64]]:
    """Read the initial configuration and the positions of its runs at all times.

    Returns
    -------
    Configuration
        As from `read`.
    (T,) array
        The times, ascending, in the file's units.
    (R, T, N, 3) array
        Unwrapped positions of the runs.

    Raises
    ------
    FileFormatError
        As for `read`; also if the file has no runs, their number of times differs from T, or their
        positions are wrapped.
    """
    data = _load(path)
    configuration = _configuration(path, data)
    file_times: list[Any] = _numbers(path, data, "time")
    indices: list[Any] = _numbers(path, data, "time_indices")
    bad = [index for index in indices if type(index) is not int or not 0 <= index < len(file_times)]
    if bad or not indices:
        raise FileFormatError(
            f"{path}: time_indices: expected numbers from 0 to {len(file_times) - 1}, got {bad[:3]}"
        )
    times = np.array([file_times[index] for index in indices], dtype=np.float64)
    # The file lists the time at which F_s falls to 1/e last, out of order.
    order = np.argsort(times)
    if not np.isfinite(times).all() or times.min() <= 0 or len(set(times.tolist())) != len(times):
        raise FileFormatError(f"{path}: time: expected different positive times, got {times}")
    targets = _stacked(data.get("trajectory_target_positions"), len(times), len(configuration))
    if targets is None:
        raise FileFormatError(
            f"{path}: trajectory_target_positions: expected for each of {len(times)} times as many "
            f"runs of finite positions ({len(configuration)}, 3)"
        )
    require_unwrapped(path, "trajectory_target_positions", configuration, targets)
    return configuration, times[order], targets[order].swapaxes(0, 1)


def _load(path: Path) -> dict[Any, Any]:
    with open_binary(path) as file:
        content = file.read()
    try:
        data = _pickle.loads(content)
    except ValueError as error:
        raise FileFormatError(f"{path}: expected a pickle of plain data ({error})") from error
    if type(data) is not dict:
        raise FileFormatError(f"{path}: expected a dict of arrays, got {type(data).__name__}")
    return data


def _configuration(path: Path, data: dict[Any, Any]) -> Configuration:
    positions, types, box = (_array(path, data, name) for name in ("positions", "types", "box"))
    try:
        return Configuration(positions, types, as_box(box))
    except InputError as error:
        raise FileFormatError(f"{path}: {error}") from error


def _array(path: Path, data: dict[Any, Any], name: str) -> NDArray:
    values = data.get(name)
    array = values.values if type(values) is _pickle.Array else None
    if array is None:
        raise FileFormatError(f"{path}: {name}: expected an array, got {type(values).__name__}")
    return array


def _numbers(path: Path, data: dict[Any, Any], name: str) -> list[Any]:
    values: Any = data.get(name)
    if type(values) is _pickle.Array and values.values is not None and values.values.ndim == 1:
        values = values.values.tolist()
    if type(values) not in (list, tuple):
        raise FileFormatError(f"{path}: {name}: expected numbers, got {type(values).__name__}")
    for i, value in enumerate(values):
        if type(value) not in (int, float):
            raise FileFormatError(
                f"{path}: {name}[{i}]: expected a number, got {type(value).__name__}"
            )
    return list(values)


def _stacked(targets: Any, n_times: int, n: int) -> NDArray[np.float64] | None:
    """Return the runs (T, R, N, 3) from an array or nested lists; None if the shape is wrong."""
    if type(targets) is _pickle.Array:
        positions = targets.values
        fits = positions is not None and positions.ndim == 4 and positions.shape[2:] == (n, 3)
    else:
        positions = _nested(targets, (n, 3))
        fits = positions is not None
    if positions is None or not fits or len(positions) != n_times or not positions.shape[1]:
        return None
    positions = positions.astype(np.float64)
    return positions if np.isfinite(positions).all() else None


def _nested(targets: Any, shape: tuple[int, int]) -> NDArray | None:
    if type(targets) not in (list, tuple) or any(type(r) not in (list, tuple) for r in targets):
        return None
    if len({len(runs) for runs in targets}) != 1 or not _differ(targets):
        return None
    arrays = [array for runs in targets for array in runs]
    if not _differ(arrays) or not arrays:
        return None
    if any(type(a) is not _pickle.Array or _shape(a) != shape for a in arrays):
        return None
    return np.array([[array.values for array in runs] for runs in targets])


def _differ(objects: Sequence[Any]) -> bool:
    """Return whether no object comes twice.

    A small pickle can refer to one array many times, and copies of it would fill the memory.
    """
    return len({id(thing) for thing in objects}) == len(objects)


def _shape(array: _pickle.Array) -> tuple[int, ...] | None:
    return None if array.values is None else array.values.shape
