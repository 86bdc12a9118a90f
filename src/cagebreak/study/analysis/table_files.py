"""Files of the tables of a study: CSV, with the provenance as JSON beside each."""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cagebreak._atomic import replacing
from cagebreak._frames import with_whole_names
from cagebreak.configuration import SPECIES_NAMES
from cagebreak.dynamics.propensity import Propensity
from cagebreak.errors import StoreError

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
        A row for each species and time. The columns are `time` in tau; `propensity` in sigma,
        averaged over configurations, and `error`, its standard error (NaN for one configuration);
        `msd` in sigma^2; `f_s`; `ceiling`, the mean over configurations of the noise ceiling of r;
        and `n_configurations`.
    """
    times, rows = np.empty(0), []
    for propensity, relaxation in measured:
        times = propensity.times
        means = [
            propensity.mean[:, propensity.species == s].mean(axis=1)
            for s in range(relaxation["msd"].shape[1])
        ]
        rows.append([np.transpose(means), relaxation["msd"], relaxation["f_s"], propensity.ceiling])
    values = np.array(rows)  # configuration, quantity, time, species
    n_configurations, _, n_times, n_species = values.shape
    mean = values.mean(axis=0)
    error = np.full((n_times, n_species), np.nan)
    if n_configurations > 1:
        error = values[:, 0].std(axis=0, ddof=1) / np.sqrt(n_configurations)
    table = np.zeros((n_species, n_times), PROPENSITY)
    table["time"] = times
    table["species"] = np.array(list(SPECIES_NAMES[:n_species]))[:, None]
    for name, quantity in zip(("propensity", "msd", "f_s", "ceiling"), mean, strict=True):
        table[name] = quantity.T
    table["error"] = error.T
    table["n_configurations"] = n_configurations
    return table.ravel()


def write(path: Path, table: np.ndarray, provenance: Mapping[str, Any]) -> None:
    """Write a table as CSV with numbers in full precision, and its provenance as JSON beside it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.dtype.names or ())
    writer.writerows(table.tolist())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The provenance is removed first: if writing is interrupted, the table is made again.
        path.with_suffix(".json").unlink(missing_ok=True)
        with replacing(path) as temporary:
            temporary.write_text(text.getvalue(), encoding="utf-8")
        with replacing(path.with_suffix(".json")) as temporary:
            temporary.write_text(_json(provenance), encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error})") from error


def read(path: Path, dtype: np.dtype, provenance: Mapping[str, Any]) -> np.ndarray | None:
    """Return the table in a file; None if it is absent, unreadable or of another provenance."""
    try:
        if path.with_suffix(".json").read_text(encoding="utf-8") != _json(provenance):
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


def _json(provenance: Mapping[str, Any]) -> str:
    return json.dumps(provenance, indent=1, sort_keys=True) + "\n"
