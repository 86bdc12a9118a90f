"""Figures that are drawn already: a record beside each says from what, and names its files."""

import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from cagebreak import _atomic, figures
from cagebreak.study.analysis import table_files
from cagebreak.study.sha256sums import sha256


def source() -> str:
    """Return the SHA-256 of the code that draws, and of the versions of what it draws with."""
    digest = hashlib.sha256(f"{version('matplotlib')} {version('numpy')}".encode())
    for path in sorted(Path(figures.__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def write(
    stem: Path,
    figure: Any,
    tables: Mapping[str, np.ndarray],
    provenances: Mapping[str, Mapping[str, Any]],
    listed: bool,
) -> list[Path]:
    """Write a figure as PNG and PDF, and its tables as CSV; return the files.

    Parameters
    ----------
    stem
        The path without its suffix.
    figure
    tables, provenances
        By the names of the tables.
    listed
        As of `table_files.write`.
    """
    # matplotlib takes a second to import, so it is imported when it is needed.
    from cagebreak.figures.style import save

    files = [*save(figure, stem)]
    for name, table in tables.items():
        beside = stem.with_name(f"{stem.name}{f'.{name}' if len(tables) > 1 else ''}.csv")
        table_files.write(beside, table, provenances[name], listed)
        files += [beside, beside.with_suffix(".json")]
    return files


def keep(stem: Path, origin: Mapping[str, Any], files: list[Path]) -> None:
    """Record that files were drawn from `origin`, which JSON can hold.

    Raises
    ------
    OSError
        If the record cannot be written.
    """
    digests = {path.name: sha256(path.read_bytes()) for path in files}
    _atomic.write(_record(stem), json.dumps({"origin": origin, "files": digests}, indent=1) + "\n")


def is_up_to_date(stem: Path, origin: Mapping[str, Any]) -> bool:
    """Return whether a figure was drawn from `origin`, and its files have not changed since."""
    try:
        _atomic.require_file(_record(stem))
        record = json.loads(_record(stem).read_bytes())
        # What JSON has no type for, such as tuples, becomes what it reads.
        if record["origin"] != json.loads(json.dumps(origin)):
            return False
        return all(
            sha256(stem.with_name(name).read_bytes()) == digest
            for name, digest in record["files"].items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _record(stem: Path) -> Path:
    # `with_suffix` would cut a stem such as "eta0.58" at its dot.
    return stem.with_name(f"{stem.name}.drawn.json")
