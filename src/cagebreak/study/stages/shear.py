"""The stage of athermal shear: stress-strain curve, windows of strain, and partial state."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Box, Configuration
from cagebreak.dynamics.plasticity import CURVE, ShearRun, Window, Windows, point
from cagebreak.files import hdf5
from cagebreak.files.hdf5 import Dataset
from cagebreak.simulation.shear import Sheared, advance, begin, shear
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.equilibrate import load_configuration
from cagebreak.study.stages.stage import Stage, file_size
from cagebreak.study.stages.trial import Trial, timed
from cagebreak.study.store import Store, Unit

KEPT_EVERY = 200
"""Number of steps between two saves of the partial file; some seconds (chosen)."""

_FLOW, _COARSE_STEP = 0.1, 2e-3
"""Strain beyond which a glass flows, and the coarse strain step that takes a trial there."""

_TRIAL_SECONDS = 8.0
"""Duration of the timing of steps, in seconds; long enough for several plastic events."""

_QUIET = 0.25
"""Share of the steps in steady flow that are quiet, without an event (chosen)."""


def _shear(recipe: Recipe, store: Store, unit: Unit) -> None:
    """Shear a configuration; continue from the partial file of an earlier run if there is one."""
    section, model = recipe.shear, recipe.model
    start = load_configuration(store, unit.address[0])
    if store.has(unit, partial=True):
        kept = store.load(unit, partial=True)
        state = _state(kept, str(store.path(unit, partial=True)))
        rows = [tuple(row) for row in kept["curve"].tolist()]
        complete = list(_windows(kept, start.species))
        current = complete.pop() if kept["open"] else None
        windows = Windows(section.cutoff, section.window, section.discard, current)
    else:
        windows, complete = Windows(section.cutoff, section.window, section.discard), []
        state = begin(start.replace(velocities=None), model, section.force_tolerance)
        rows = [point(None, state)]
        windows.add(None, state)
    while state.steps < section.n_steps:
        before = state
        state = advance(before, model, section.step, section.force_tolerance)
        rows.append(point(before, state))
        ended = windows.add(before, state)
        if ended is not None:
            complete.append(ended)
        if state.steps % KEPT_EVERY == 0 and state.steps < section.n_steps:
            unfinished = [] if windows.current is None else [windows.current]
            arrays = _arrays(rows, [*complete, *unfinished], start) | _kept(state, bool(unfinished))
            store.save(unit, arrays, partial=True)
    store.save(unit, _arrays(rows, complete, start))


def load_shear(store: Store, c: int) -> ShearRun:
    """Return the shear of a configuration."""
    arrays = store.load(Unit("shear", (c,)))
    return ShearRun(arrays["curve"].view(np.recarray), _windows(arrays, arrays["species"]))


def load_curve(store: Store, c: int) -> np.recarray:
    """Return the curve alone of the shear of a configuration."""
    return store.load(Unit("shear", (c,)), ("curve",))["curve"].view(np.recarray)


def _arrays(
    rows: Sequence[tuple], windows: Sequence[Window], start: Configuration
) -> dict[str, Dataset]:
    n = len(start)
    positions = np.reshape([w.start.positions for w in windows], (-1, n, 3))
    d = start.dimension
    boxes = np.reshape([w.start.box.lattice for w in windows], (-1, d, d))
    d2min = np.reshape([w.d2min for w in windows], (-1, n))
    strains = np.array([w.strain for w in windows], dtype=np.float64)
    events = np.array([w.events for w in windows], dtype=np.int64)
    units = "eps per particle, eps/sigma^3, eps; see cagebreak.dynamics.plasticity.curve"
    return {
        "curve": Dataset(np.array(rows, CURVE), units, "step"),
        "species": Dataset(start.species, "0 is A, 1 is B", "particle"),
        "window_strain": Dataset(strains, "at its start", "window"),
        "window_positions": Dataset(positions, "sigma, at its start", "window, particle, xyz"),
        "window_box": Dataset(boxes, "sigma, at its start", "window, lattice vector, xyz"),
        "window_d2min": Dataset(d2min, "sigma^2, the largest of a step", "window, particle"),
        "window_events": Dataset(events, "plastic events", "window"),
    }


def _windows(arrays: Mapping[str, NDArray], species: NDArray) -> tuple[Window, ...]:
    names = ("positions", "box", "strain", "d2min", "events")
    columns = [arrays[f"window_{name}"] for name in names]
    return tuple(
        Window(Configuration(positions, species, Box(box)), float(strain), d2min, int(events))
        for positions, box, strain, d2min, events in zip(*columns, strict=True)
    )


def _kept(state: Sheared, inside: bool) -> dict[str, Dataset]:
    """Return the state that a shear continues from; `inside`: the last window is still open."""
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


def _seconds(trial: Trial) -> float:
    """Return the seconds of a shear, measured on steps in steady flow.

    The cost of plastic events, all but that of quiet steps, grows with the square of the number of
    particles: there are more events, and each is a minimization of all.
    """
    section, model = trial.recipe.shear, trial.recipe.model
    flow, enough = (_COARSE_STEP, 0.0) if trial.rehearsal else (_FLOW, _TRIAL_SECONDS)
    *_, state = shear(trial.configuration, model, flow, step=_COARSE_STEP)
    costs: list[float] = []
    while not costs or sum(costs) < enough:
        state, seconds = timed(advance, state, model, section.step, section.force_tolerance)
        costs.append(seconds)
    quiet = np.quantile(costs, _QUIET)
    return float(quiet + trial.scale * (np.mean(costs) - quiet)) * section.n_steps


def _n_bytes(recipe: Recipe) -> int:
    section = recipe.shear
    n_windows = int((section.strain - section.discard) / section.window)
    per_particle = 1 + 4 * n_windows
    return file_size(recipe.preparation.n_particles * per_particle + 5 * section.n_steps)


STAGE = Stage(
    "shear",
    needs=("equilibrate",),
    keys=("shear",),
    work=_shear,
    seconds=_seconds,
    n_bytes=_n_bytes,
    # A step of 5e-5 costs 0.8 tau of dynamics, one of 1e-4 1.8 (measured with 1000 particles).
    weight=lambda recipe: recipe.shear.n_steps,
    section="shear",
)
