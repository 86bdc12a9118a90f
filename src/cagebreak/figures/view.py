"""Spheres in three dimensions, in a notebook or as one HTML file that needs no network."""

from __future__ import annotations

import base64
import html
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_rgb
from numpy.typing import ArrayLike

from cagebreak._atomic import require_place, write
from cagebreak.configuration import SPECIES_NAMES, Configuration, as_configuration
from cagebreak.errors import InputError
from cagebreak.figures import style
from cagebreak.figures.maps import DIFFERENCES, VALUES, color_ends, diameters_of

if TYPE_CHECKING:
    from pandas import DataFrame

Columns: TypeAlias = "ArrayLike | Mapping[str, ArrayLike] | DataFrame"
"""Values of particles: an array, or several by name."""

HEIGHT = 560
"""Height of a view in a notebook, in pixels."""


@dataclass(frozen=True, eq=False)
class View:
    """A configuration in three dimensions; a notebook shows it as the value of a cell.

    Parameters
    ----------
    html
        The page: one HTML file with the data, which needs no network.
    """

    html: str = field(repr=False)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page to a file, which any browser opens.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        require_place(Path(path))
        write(Path(path), self.html)

    def _repr_html_(self) -> str:
        # In a frame of its own the page neither sees nor changes the notebook.
        return (
            f'<iframe srcdoc="{html.escape(self.html)}" sandbox="allow-scripts" '
            f'style="width:100%;height:{HEIGHT}px;border:0"></iframe>'
        )


def view(
    configuration: Configuration,
    values: Columns | None = None,
    *,
    times: ArrayLike | None = None,
    diameters: float | Sequence[float] = 1.0,
    title: str = "",
) -> View:
    """Show particles as spheres in three dimensions, colored by their values.

    The page has a list of columns to color by, a box for each species, a plane that cuts along a
    lattice vector, and a slider of times. Dragging turns the box, the wheel or two fingers zoom,
    and the particle under the pointer is named with its value. Particles without a value (NaN, or
    masked) are gray.

    The color scale of each column and time runs from the 2nd to the 98th percentile. That of a
    column with both signs, such as a difference, is symmetric about 0.

    Parameters
    ----------
    configuration
    values
        Values of the particles, (N,), or (T, N) for several times; or several of these by name, as
        a dict or a data frame. By default the species are colored.
    times : (T,) array, optional
        The times of values (T, N), in tau.
    diameters
        Diameter of the spheres in sigma, or one for each species, such as ``model.diameters``;
        default 1.
    title
        Title of the page.

    Returns
    -------
    View
        `View.save` writes it as an HTML file.

    Raises
    ------
    InputError
        If values are not one number for each particle (and time), or a diameter is not positive.

    Examples
    --------
    >>> ensemble = study.propensity(0)  # doctest: +SKIP
    >>> view(study.configuration(0), ensemble.mean, times=ensemble.times)  # doctest: +SKIP
    """
    data = view_data(configuration, values, times=times, diameters=diameters)
    page = Template(part("view.html")).substitute(
        title=html.escape(str(title)),
        style=part("view.css"),
        controls=part("view_controls.html"),
        script=part("view.js"),
        data=in_script(data),
    )
    return View(page)


def view_data(
    configuration: Configuration,
    values: Columns | None = None,
    *,
    times: ArrayLike | None = None,
    diameters: float | Sequence[float] = 1.0,
    start: int | None = None,
) -> dict[str, Any]:
    """Return what `cagebreakView` of `view.js` shows.

    Parameters
    ----------
    configuration, values, times, diameters
        As of `view`.
    start
        Index of the time that is shown first; default the last.

    Raises
    ------
    InputError
        As of `view`.
    """
    configuration = as_configuration(configuration)
    at = _times(times)
    columns = [_column(name, each, len(configuration), at) for name, each in _named(values).items()]
    names = SPECIES_NAMES[: configuration.n_species]
    return {
        "box": configuration.box.matrix.tolist(),
        "axes": ["x", "y", "z"] if configuration.box.is_orthorhombic else ["a", "b", "c"],
        "positions": _encoded(configuration.wrapped, "<f4"),
        "species": _encoded(configuration.species, "u1"),
        "names": list(names),
        "diameters": diameters_of(configuration, diameters).tolist(),
        "palette": [_rgb(style.species_look(name)[0]) for name in names],
        "times": at.tolist(),
        "start": len(at) - 1 if start is None else start,
        "unit": "τ",
        "columns": columns,
        "maps": [
            _encoded(np.rint(255 * colormaps[name](np.arange(256) / 255)[:, :3]), "u1")
            for name in (VALUES, DIFFERENCES)
        ],
    }


def part(name: str) -> str:
    """Return a file of this folder that pages are made of."""
    return (files("cagebreak.figures") / name).read_text(encoding="utf-8")


def in_script(data: Any) -> str:
    """Return data as JSON that can stand in a script of a page."""
    # "</script>" in a name would end the script.
    return json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def _named(values: Any) -> Mapping[str, Any]:
    """Return columns by name."""
    if values is None:
        return {}
    if isinstance(values, Mapping):
        return {str(name): each for name, each in values.items()}
    if hasattr(values, "columns"):
        return {str(name): values[name] for name in values.columns}
    return {"value": values}


def _times(times: ArrayLike | None) -> np.ndarray:
    if times is None:
        return np.empty(0)
    try:
        array = np.asarray(times, dtype=float)
    except (TypeError, ValueError):
        array = np.empty(0)
    if array.ndim != 1 or not len(array) or not np.isfinite(array).all():
        raise InputError(f"times: expected finite numbers, (T,), got {times!r}")
    return array


def _column(name: str, values: ArrayLike, n: int, times: np.ndarray) -> dict[str, Any]:
    """Return a column as the page reads it."""
    try:
        if np.iscomplexobj(values):
            raise TypeError
        array: np.ndarray = np.ma.filled(np.ma.asarray(values, dtype=float), np.nan)
    except (TypeError, ValueError) as error:
        raise InputError(f"values: expected numbers in {name!r}") from error
    expected = f"({n},) or ({len(times)}, {n})" if len(times) else f"({n},), or times,"
    if array.shape not in {(n,), (len(times), n)}:
        raise InputError(f"values: expected shape {expected} of {name!r}, got {array.shape}")
    array = np.where(np.isfinite(array), array, np.nan).reshape(-1, n)
    known = array[np.isfinite(array)]
    if not len(known):
        raise InputError(f"values: expected at least one finite number in {name!r}, got none")
    both = bool(known.min() < 0 < known.max())
    return {
        "name": name,
        "n_times": len(array),
        "values": _encoded(array, "<f4"),
        "map": int(both),
        "ranges": [color_ends(row, both) for row in array],
    }


def _encoded(array: np.ndarray, kind: str) -> str:
    return base64.b64encode(np.ascontiguousarray(array, dtype=kind).tobytes()).decode()


def _rgb(color: str) -> list[int]:
    return [round(255 * part) for part in to_rgb(color)]
