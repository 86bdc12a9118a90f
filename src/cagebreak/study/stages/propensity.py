"""The stage of propensities: averages over the isoconfigurational runs of a configuration."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from cagebreak.dynamics.propensity import Propensity
from cagebreak.errors import InputError
from cagebreak.files.hdf5 import Dataset
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.runs import n_quantities, save_run
from cagebreak.study.stages.stage import Stage, file_size
from cagebreak.study.stages.trial import Trial, timed
from cagebreak.study.store import Store, Unit

SUMS = {"displacement": "sums", "d2min": "sums_d2min"}
"""Name of the array that holds the sums over runs of each target."""

TARGETS = tuple(SUMS)
"""Quantities that are averaged over runs and can be predicted."""


def load_propensity(
    store: Store, c: int, target: str = TARGETS[0]
) -> tuple[Propensity, dict[str, NDArray]]:
    """Return the stored propensity of configuration `c`, and its `msd` and `f_s`.

    Parameters
    ----------
    store
    c
    target
        The quantity that was averaged over runs, one of `TARGETS`.

    Returns
    -------
    Propensity
    dict of (T, S) arrays
        Means over runs of each species: `msd` in sigma^2, and `f_s`.

    Raises
    ------
    InputError
        If `target` is "d2min" and the recipe sets no `d2min_cutoff`.
    """
    arrays = store.load(Unit("propensity", (c,)))
    if SUMS[target] not in arrays:
        raise InputError("target: d2min needs [isoconfigurational] d2min_cutoff in the recipe")
    propensity = Propensity(
        arrays["times"], arrays[SUMS[target]], int(arrays["n_runs"]), arrays["species"]
    )
    return propensity, {name: arrays[name] for name in ("msd", "f_s")}


def _propensity(recipe: Recipe, store: Store, unit: Unit) -> None:
    (c,) = unit.address
    runs = [Unit("run", (c, r)) for r in range(recipe.isoconfigurational.n_runs)]
    first = store.load(runs[0], ("times", "species"))
    times, species = first["times"], first["species"]
    propensity = Propensity.from_runs(times, species, _of_runs(store, runs, "lengths"))
    msd, f_s = (np.sum(list(_of_runs(store, runs, name)), axis=0) for name in ("msd", "f_s"))
    axes = "runs of even and odd number, time, particle"
    arrays = {
        "times": Dataset(propensity.times, "tau", "time"),
        "sums": Dataset(propensity.sums, "sigma", axes),
        "n_runs": Dataset(np.array(propensity.n_runs), "runs", ""),
        "species": Dataset(propensity.species, "0 is A, 1 is B", "particle"),
        "msd": Dataset(msd / propensity.n_runs, "sigma^2", "time, species"),
        "f_s": Dataset(f_s / propensity.n_runs, "1", "time, species"),
    }
    if recipe.isoconfigurational.d2min_cutoff is not None:
        rearranged = Propensity.from_runs(times, species, _of_runs(store, runs, "d2min"))
        arrays[SUMS["d2min"]] = Dataset(rearranged.sums, "sigma^2", axes)
    store.save(unit, arrays)


def _of_runs(store: Store, runs: Sequence[Unit], name: str) -> Iterator[NDArray]:
    """Yield the array `name` of each run."""
    for run in runs:
        yield store.load(run, (name,))[name]


def _seconds(trial: Trial) -> float:
    """Return the seconds of a fixed part and of one a run, from few runs and from fewer."""
    few, more = 2, 6
    section, configuration = trial.recipe.isoconfigurational, trial.configuration
    times = np.arange(section.n_times, dtype=np.float64)
    moved = np.zeros((section.n_times, len(configuration), 3))
    for r in range(more):
        save_run(*trial.study(more), Unit("run", (0, r)), configuration, moved, times)
    unit = Unit("propensity", (0,))
    seconds = {n: timed(_propensity, *trial.study(n), unit)[1] for n in (few, more)}
    of_run = max(seconds[more] - seconds[few], 0.0) / (more - few)
    return seconds[few] + of_run * (section.n_runs - few)


def _n_bytes(recipe: Recipe) -> int:
    n_sums = 2 * n_quantities(recipe) * recipe.isoconfigurational.n_times
    return file_size(recipe.preparation.n_particles * (n_sums + 1))


STAGE = Stage(
    "propensity",
    needs=("run",),
    keys=(),
    work=_propensity,
    seconds=_seconds,
    n_bytes=_n_bytes,
    sizes=("isoconfigurational.n_runs",),
)
