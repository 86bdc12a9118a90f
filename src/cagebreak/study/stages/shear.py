"""What a study keeps of a shear: its curve, its windows, and the state it goes on from."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.lib.recfunctions import rename_fields
from numpy.typing import NDArray

from cagebreak.configuration import Box, Configuration
from cagebreak.dynamics.plasticity import CURVE, ShearRun, Window, Windows, point
from cagebreak.files import hdf5
from cagebreak.files.hdf5 import Dataset
from cagebreak.models.model import Model
from cagebreak.simulation.shear import Sheared, advance, begin
from cagebreak.study.recipe.schema import Shear
from cagebreak.study.store import Store, Unit

KEPT_EVERY = 200
"""Steps after which the state is kept: some seconds (chosen)."""

FORMER_NAMES = {"drift": "nonaffine", "lost": "dissipated"}
"""What earlier versions called an array and a column of the curve, and their names of now."""


def shear_unit(wanted: Shear, model: Model, start: Configuration, store: Store, unit: Unit) -> None:
    """Shear a configuration as a recipe wants, from where it was stopped, and save the course."""
    if store.has(unit, partial=True):
        kept = _load(store, unit, partial=True)
        state = _state(kept, str(store.path(unit, partial=True)))
        rows = [tuple(row) for row in kept["curve"].tolist()]
        whole = list(_windows(kept, start.species))
        current = whole.pop() if kept["open"] else None
        division = Windows(wanted.cutoff, wanted.window, wanted.discard, current)
    else:
        division, whole = Windows(wanted.cutoff, wanted.window, wanted.discard), []
        state = begin(start.replace(velocities=None), model, wanted.force_tolerance)
        rows = [point(None, state)]
        division.add(None, state)
    while state.steps < wanted.n_steps:
        before = state
        state = advance(before, model, wanted.step, wanted.force_tolerance)
        rows.append(point(before, state))
        ended = division.add(before, state)
        if ended is not None:
            whole.append(ended)
        if state.steps % KEPT_EVERY == 0 and state.steps < wanted.n_steps:
            still = [] if division.current is None else [division.current]
            arrays = _course(rows, [*whole, *still], start) | _kept(state, bool(still))
            store.save(unit, arrays, partial=True)
    store.save(unit, _course(rows, whole, start))


def load_shear(store: Store, c: int) -> ShearRun:
    """Return the shear of a configuration."""
    arrays = _load(store, Unit("shear", (c,)))
    return ShearRun(arrays["curve"].view(np.recarray), _windows(arrays, arrays["species"]))


def load_curve(store: Store, c: int) -> np.recarray:
    """Return the curve alone of the shear of a configuration."""
    return _load(store, Unit("shear", (c,)), ("curve",))["curve"].view(np.recarray)


def _load(
    store: Store, unit: Unit, names: tuple[str, ...] | None = None, partial: bool = False
) -> dict[str, NDArray]:
    """Return the arrays of a unit; those of earlier versions have the names of now."""
    arrays = store.load(unit, names, partial)
    arrays["curve"] = rename_fields(arrays["curve"], FORMER_NAMES)
    return {FORMER_NAMES.get(name, name): array for name, array in arrays.items()}


def _course(
    rows: Sequence[tuple], windows: Sequence[Window], start: Configuration
) -> dict[str, Dataset]:
    n = len(start)
    positions = np.reshape([w.start.positions for w in windows], (-1, n, 3))
    boxes = np.reshape([w.start.box.matrix for w in windows], (-1, 3, 3))
    moved = np.reshape([w.d2min for w in windows], (-1, n))
    strains = np.array([w.strain for w in windows], dtype=np.float64)
    events = np.array([w.events for w in windows], dtype=np.int64)
    units = "eps per particle, eps/sigma^3, eps; see cagebreak.dynamics.plasticity.curve"
    return {
        "curve": Dataset(np.array(rows, CURVE), units, "step"),
        "species": Dataset(start.species, "0 is A, 1 is B", "particle"),
        "window_strain": Dataset(strains, "at its start", "window"),
        "window_positions": Dataset(positions, "sigma, at its start", "window, particle, xyz"),
        "window_box": Dataset(boxes, "sigma, at its start", "window, lattice vector, xyz"),
        "window_d2min": Dataset(moved, "sigma^2, the largest of a step", "window, particle"),
        "window_events": Dataset(events, "plastic events", "window"),
    }


def _windows(arrays: Mapping[str, NDArray], species: NDArray) -> tuple[Window, ...]:
    names = ("positions", "box", "strain", "d2min", "events")
    columns = [arrays[f"window_{name}"] for name in names]
    return tuple(
        Window(Configuration(positions, species, Box(box)), float(strain), moved, int(events))
        for positions, box, strain, moved, events in zip(*columns, strict=True)
    )


def _kept(state: Sheared, inside: bool) -> dict[str, Dataset]:
    """Return what the shear goes on from; `inside`: is the last window still open?"""
    return hdf5.datasets(state.configuration) | {
        "steps": Dataset(np.array(state.steps), "steps", ""),
        "strain": Dataset(np.array(state.strain), "1", ""),
        "energy": Dataset(np.array(state.energy), "eps", ""),
        "stress": Dataset(np.array(state.stress), "eps/sigma^3", ""),
        "nonaffine": Dataset(state.nonaffine, "sigma", "particle, xyz"),
        "open": Dataset(np.array(inside), "whether the last window is", ""),
    }


def _state(kept: Mapping[str, NDArray], where: str) -> Sheared:
    return Sheared(
        configuration=hdf5.configuration(kept, where),
        steps=int(kept["steps"]),
        strain=float(kept["strain"]),
        energy=float(kept["energy"]),
        stress=float(kept["stress"]),
        nonaffine=kept["nonaffine"],
    )
