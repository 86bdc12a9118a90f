"""Files of the tables of a study: CSV, with the provenance as JSON beside each."""

import csv
import io
import json
import warnings
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cagebreak._atomic import READ_ONLY, reason, replacing
from cagebreak._frames import with_whole_names
from cagebreak.configuration import SPECIES_NAMES
from cagebreak.dynamics.propensity import Propensity
from cagebreak.errors import CacheWarning, DamagedFileWarning, StoreError
from cagebreak.study import sha256sums

PROPENSITY = np.dtype(
    [
        ("time", "f8"),
        ("species", "U1"),
        ("propensity", "f8"),
        ("error", "f8"),
        ("msd", "f8"),
        ("f_s", "f8"),
        ("ceiling", "f8"),
        ("n_configurations", "i8"),
    ]
)


def propensity_table(
    measured: Iterable[tuple[Propensity, Mapping[str, NDArray]]],
) -> np.ndarray:
    """Return the mean propensity and relaxation of each species over time.

    Parameters
    ----------
    measured
        The propensity of each configuration, and its `msd` and `f_s` (T, S).

    Returns
    -------
    structured array
        A row for each species that has particles, and time. The columns are `time` in tau;
        `propensity` in sigma, averaged over the configurations that have the species, and `error`,
        its standard error (NaN for one configuration);
        `msd` in sigma^2; `f_s`; `ceiling`, the mean over configurations of the noise ceiling of r;
        and `n_configurations`.
    """
    times = np.empty(0)
    rows: dict[int, list[list[NDArray]]] = {}
    for propensity, relaxation in measured:
        times = propensity.times
        for s in np.unique(propensity.species).tolist():
            mean = propensity.mean[:, propensity.species == s].mean(axis=1)
            of_species = (relaxation["msd"], relaxation["f_s"], propensity.ceiling)
            rows.setdefault(s, []).append([mean, *(values[:, s] for values in of_species)])
    table = np.zeros((len(rows), len(times)), PROPENSITY)
    for of_table, s in zip(table, sorted(rows), strict=True):
        values = np.array(rows[s])  # configuration, quantity, time
        for name, quantity in zip(
            ("propensity", "msd", "f_s", "ceiling"), values.mean(axis=0), strict=True
        ):
            of_table[name] = quantity
        of_table["time"], of_table["species"] = times, SPECIES_NAMES[s]
        of_table["n_configurations"] = len(values)
        of_table["error"] = np.nan
        if len(values) > 1:
            of_table["error"] = values[:, 0].std(axis=0, ddof=1) / np.sqrt(len(values))
    return table.ravel()


def write(
    path: Path, table: np.ndarray, provenance: Mapping[str, Any], listed: bool = True
) -> None:
    """Write a table as CSV with numbers in full precision, and its provenance as JSON beside it.

    Parameters
    ----------
    path
    table
    provenance
    listed
        Whether the SHA-256 of both files is recorded in `sha256sums.NAME` beside them.

    Raises
    ------
    StoreError
        If the files cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.dtype.names or ())
    writer.writerows(table.tolist())
    beside = path.with_suffix(".json")
    contents = {path: text.getvalue().encode(), beside: _json(provenance)}

    def announce() -> None:
        if listed:
            digests = {file.name: sha256sums.sha256(content) for file, content in contents.items()}
            sha256sums.record(path.parent, digests)
        # A table whose writing was interrupted has no provenance, and is made again.
        beside.unlink(missing_ok=True)

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(beside) as json_file:
            json_file.write_bytes(contents[beside])
            with replacing(path, before=announce) as csv_file:
                csv_file.write_bytes(contents[path])
    except OSError as error:
        failure = StoreError(f"{path}: cannot be written ({reason(error)})")
        failure.errno = error.errno
        raise failure from error


def keep(path: Path, table: np.ndarray, provenance: Mapping[str, Any]) -> None:
    """Write a table to the folder of a study, if that can be written to."""
    try:
        write(path, table, provenance)
    except StoreError as error:
        if error.errno not in READ_ONLY:
            raise
        _say_not_kept(path.parent.parent)


@cache
def _say_not_kept(folder: Path) -> None:
    """Say, once a process, that the tables of a study are not kept."""
    warnings.warn(
        f"{folder}: cannot be written to, so that its tables are not kept",
        CacheWarning,
        stacklevel=2,
    )


def read(path: Path, dtype: np.dtype, provenance: Mapping[str, Any]) -> np.ndarray | None:
    """Return the table in a file; None if it is absent, damaged or of another provenance.

    A damaged file is named by a warning.
    """
    try:
        if not all(map(sha256sums.is_unchanged, (path.with_suffix(".json"), path))):
            return None
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        warnings.warn(f"{error}; the table is made again", DamagedFileWarning, stacklevel=2)
        return None
    try:
        if path.with_suffix(".json").read_bytes() != _json(provenance):
            return None
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        if tuple(header) != dtype.names:
            return None
        return _parsed(rows, dtype)
    except (OSError, ValueError):
        return None


def _parsed(rows: list[list[str]], dtype: np.dtype) -> np.ndarray:
    """Return rows of text as a table.

    Raises
    ------
    ValueError
        If a row is too short or too long, or an entry is not of its type.
    """
    # As a truth value, numpy takes any text but the empty one for true.
    truths = {"True": True, "False": False}
    table = np.array([tuple(row) for row in rows], [(name, "O") for name in dtype.names or ()])
    texts = {name: table[name] for name in dtype.names or () if dtype[name].kind == "U"}
    columns = [(name, dtype[name].str.lstrip("<|=>")) for name in dtype.names or ()]
    typed = np.empty(len(table), with_whole_names(columns, **texts))
    for name in dtype.names or ():
        column = table[name].tolist()
        if dtype[name].kind == "b" and not set(column) <= set(truths):
            raise ValueError(f"{name}: expected True or False")
        typed[name] = [truths[entry] for entry in column] if dtype[name].kind == "b" else column
    return typed


def _json(provenance: Mapping[str, Any]) -> bytes:
    return (json.dumps(provenance, indent=1, sort_keys=True) + "\n").encode()
