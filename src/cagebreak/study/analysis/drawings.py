"""Figures that are drawn already: a record beside each says from what, and names its files."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from cagebreak import _atomic, figures
from cagebreak.figures import FigureSpec
from cagebreak.study.analysis import table_files
from cagebreak.study.run.engines import Engine, available_cores, pool, serial
from cagebreak.study.sha256sums import sha256


def source() -> str:
    """Return the SHA-256 of the code that draws, and of the versions of what it draws with."""
    digest = hashlib.sha256(f"{version('matplotlib')} {version('numpy')}".encode())
    for path in sorted(Path(figures.__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


SEVERAL = 4
"""Figures from which on processes draw them: starting takes as long as drawing two (measured)."""


def engine(n: int, workers: int | None) -> AbstractContextManager[Engine]:
    """Return what draws n figures: by default processes, or this process if there are few.

    Parameters
    ----------
    n
    workers
        Number of processes; by default one for each core.
    """
    n_workers = min(workers or available_cores(), n)
    parallel = n_workers > 1 and (workers is not None or n >= SEVERAL)
    return pool(n_workers) if parallel else serial(1)


def images(
    spec: FigureSpec, tables: Mapping[str, np.ndarray], arguments: Mapping[str, Any]
) -> tuple[bytes, bytes]:
    """Draw a figure, and return it as PNG and PDF."""
    # matplotlib takes a second to import, so it is imported when it is needed.
    from cagebreak.figures import style

    return style.images(spec.function(*tables.values(), **arguments))


def write(
    stem: Path,
    drawn: tuple[bytes, bytes],
    tables: Mapping[str, np.ndarray],
    provenances: Mapping[str, Mapping[str, Any]],
    listed: bool,
) -> list[Path]:
    """Write a figure as PNG and PDF, and its tables as CSV; return the files.

    Parameters
    ----------
    stem
        The path without its suffix.
    drawn
        As of `images`.
    tables, provenances
        By the names of the tables.
    listed
        As of `table_files.write`.
    """
    stem.parent.mkdir(parents=True, exist_ok=True)
    # `with_suffix` would cut a stem such as "eta0.58" at its dot.
    files = [stem.with_name(f"{stem.name}.{suffix}") for suffix in ("png", "pdf")]
    for path, image in zip(files, drawn, strict=True):
        _atomic.write(path, image)
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
