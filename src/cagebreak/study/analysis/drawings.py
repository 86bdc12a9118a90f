"""Figures that are drawn already: a record beside each says from what, and names its files."""

import hashlib
import json
import math
import os
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cagebreak import _atomic, figures
from cagebreak.figures import FIGURES, FigureSpec
from cagebreak.figures.literature import read_published
from cagebreak.models.model import Model
from cagebreak.study.analysis import table_files
from cagebreak.study.analysis.observables.shear import panels_of
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.sha256sums import sha256
from cagebreak.study.stages.equilibrate import SHOWN, load_configuration
from cagebreak.study.store import Store


def source() -> str:
    """Return the SHA-256 of the code that draws, and of the versions of what it draws with."""
    digest = hashlib.sha256(f"{version('matplotlib')} {version('numpy')}".encode())
    for path in sorted(Path(figures.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def usual(recipe: Recipe) -> list[str]:
    """Return the names of the figures of a study that are drawn unless others are asked for."""
    kept = (recipe.isoconfigurational.keep or {}) if recipe.asks_for("isoconfigurational") else {}
    return [
        name
        for name, spec in FIGURES.items()
        if not spec.on_request
        and (not spec.section or recipe.asks_for(spec.section))
        and (not spec.keep or spec.keep in kept)
        and (spec.published is None or _is_kob_andersen(recipe.model, spec.published))
    ]


def _is_kob_andersen(model: Model, temperature: float) -> bool:
    return model.name == "kob_andersen" and math.isclose(model.temperature, temperature)


class Shown(NamedTuple):
    """A figure, with the tables and the other arguments of its function."""

    spec: FigureSpec
    tables: Mapping[str, np.ndarray]
    arguments: Mapping[str, Any]

    def figure(self) -> Any:
        """Return the matplotlib `Figure`."""
        return self.spec.function(*self.tables.values(), **self.arguments)


def arguments(
    spec: FigureSpec, recipe: Recipe, store: Store, tau_alpha: Any, published: Any
) -> dict[str, Any]:
    """Return the arguments of a figure's function beside its tables.

    Parameters
    ----------
    spec, recipe, store
    tau_alpha
        Relaxation times by species, or None.
    published
        A CSV file of published curves, or None.
    """
    needed: dict[str, Any] = {} if tau_alpha is None else {"tau_alpha": tau_alpha}
    if spec.mean_speed:
        model = recipe.model
        needed["mean_speed"] = math.sqrt(8 * model.temperature / (math.pi * model.masses[0]))
    if spec.panels:
        needed["panels"] = panels_of(recipe, store)
    if spec.particles:
        needed["configuration"] = load_configuration(store, SHOWN)
        needed["diameters"] = recipe.model.diameters
    if published is not None and spec.published is not None:
        needed["curves"] = read_published(published)
    return needed


def images(figure: Any) -> tuple[bytes, bytes]:
    """Return a figure as PNG and PDF."""
    # matplotlib takes a second to import, so it is imported when it is needed.
    from cagebreak.figures import style

    return style.images(figure)


def images_of(shown: Shown) -> tuple[bytes, bytes]:
    """Draw a figure, and return it as PNG and PDF."""
    return images(shown.figure())


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


def origin(
    name: str,
    recipe: Recipe,
    provenances: Mapping[str, Any],
    units: Mapping[str, list[str]],
    published: str | os.PathLike[str] | None,
) -> dict[str, Any]:
    """Return everything that the files of a figure depend on.

    Parameters
    ----------
    name
    recipe
    provenances
        Of its tables.
    units
        Contents of the finished units, by stage.
    published
        As of `arguments`.

    Raises
    ------
    OSError
        If `published` is no file.
    """
    curves = published if FIGURES[name].published is not None else None
    if curves is not None:
        _atomic.require_file(curves)
    return {
        "figure": name,
        "tables": provenances,
        "recipe": recipe.select(("model", "preparation", "isoconfigurational", "shear")),
        "units": units,
        "published": None if curves is None else sha256(Path(curves).read_bytes()),
        "code": source(),
    }


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
