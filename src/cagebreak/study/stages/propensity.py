"""The stage of propensities: averages over the isoconfigurational runs of a configuration."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration
from cagebreak.dynamics.propensity import Propensity, half_sums, lengths
from cagebreak.dynamics.reduction import Reducer, Reduction
from cagebreak.errors import InputError
from cagebreak.files.hdf5 import Dataset
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.equilibrate import load_configuration
from cagebreak.study.stages.quantities import (
    QUANTITIES,
    TARGETS,
    measured,
    not_measured,
    vector_times,
)
from cagebreak.study.stages.runs import (
    UNITS,
    VAN_HOVE,
    n_of_particle,
    n_sums,
    reducer_of,
    save_run,
)
from cagebreak.study.stages.stage import Stage, file_size
from cagebreak.study.stages.states import load_state
from cagebreak.study.stages.trial import Trial, timed
from cagebreak.study.store import Store, Unit


def load_propensity(
    store: Store, c: int, target: str = TARGETS[0]
) -> tuple[Propensity, dict[str, NDArray]]:
    """Return the stored propensity of configuration `c`, and its `msd` and `f_s`.

    A quantity along the displacement to a state, such as the cage center, is the projection of
    the mean vector of displacement: the mean of the projections of all runs.

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
        If the runs have not measured it.
    """
    arrays = store.load(Unit("propensity", (c,)))
    if QUANTITIES[target].sums not in arrays:
        raise not_measured(target)
    times, sums = arrays["times"], arrays[QUANTITIES[target].sums]
    if state := QUANTITIES[target].state:
        times = times[arrays["vector_times"]]
        sums = np.einsum("htna,na->htn", sums.astype(np.float64), _directions(store, state, c))
    propensity = Propensity(times, sums, int(arrays["n_runs"]), arrays["species"])
    return propensity, {name: arrays[name] for name in ("msd", "f_s")}


def _directions(store: Store, state: str, c: int) -> NDArray[np.float64]:
    """Return the unit vectors (N, 3) from configuration `c` to its state; 0 where they are equal.

    Both have the same center of mass.
    """
    reached = load_state(store, state, c)
    assert not isinstance(reached, Configuration)
    vectors = reached.configuration.unwrapped - reached.start.unwrapped
    vectors -= vectors.mean(axis=0)
    norms = lengths(vectors)[:, None]
    return np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)


def load_reductions(recipe: Recipe, store: Store, c: int) -> tuple[Reducer, list[Reduction]]:
    """Return the stored sums over particles of each run from configuration `c`, and their reducer.

    Raises
    ------
    InputError
        If the recipe does not keep them.
    """
    reducer = reducer_of(recipe, load_configuration(store, c))
    if reducer is None:
        raise InputError("functions: need [isoconfigurational] keep.functions in the recipe")
    arrays = store.load(Unit("propensity", (c,)))
    runs = zip(*(arrays[f"sum_{name}"] for name in Reduction._fields), strict=True)
    return reducer, [Reduction(*of_run) for of_run in runs]


def load_van_hove(store: Store, c: int) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Return times (T,), r (R,) and the van Hove function of configuration `c`, its self part
    (T, S, R) and its distinct part (T, S, S, R), means over runs.

    Raises
    ------
    InputError
        If the recipe does not keep it.
    """
    arrays = store.load(Unit("propensity", (c,)))
    if "van_hove_r" not in arrays:
        raise InputError("van_hove: needs [isoconfigurational] keep.van_hove in the recipe")
    r, self_part, distinct = (arrays[f"van_hove_{name}"] for name in VAN_HOVE)
    return arrays["times"], r, self_part, distinct


def _propensity(recipe: Recipe, store: Store, unit: Unit) -> None:
    (c,) = unit.address
    runs = [Unit("run", (c, r)) for r in range(recipe.isoconfigurational.n_runs)]
    first = store.load(runs[0], ("times", "species"))
    times, species = first["times"], first["species"]
    msd, f_s = (np.sum(list(_of_runs(store, runs, name)), axis=0) for name in ("msd", "f_s"))
    arrays = {
        "times": Dataset(times, "tau", "time"),
        "n_runs": Dataset(np.array(len(runs)), "runs", ""),
        "species": Dataset(species, "0 is A, 1 is B", "particle"),
        "msd": Dataset(msd / len(runs), "sigma^2", "time, species"),
        "f_s": Dataset(f_s / len(runs), "1", "time, species"),
    }
    for name in measured(recipe):
        quantity = QUANTITIES[name]
        sums, _ = half_sums(_of_runs(store, runs, quantity.run))
        axes = "runs of even and odd number, time, particle"
        if quantity.state:
            sums, axes = sums.astype(np.float32), axes.replace("time", "chosen time") + ", axis"
            chosen = np.asarray(vector_times(recipe))
            arrays["vector_times"] = Dataset(chosen, "indices of times", "chosen time")
        arrays[quantity.sums] = Dataset(sums, quantity.unit, axes)
    if (recipe.isoconfigurational.keep or {}).get("functions") is not None:
        for name in Reduction._fields:
            values = np.array(list(_of_runs(store, runs, f"sum_{name}")))
            axes = "run, time, group, shell of q" if values.ndim == 4 else "run, time, group"
            arrays[f"sum_{name}"] = Dataset(values, UNITS.get(name, "1"), axes)
    if (recipe.isoconfigurational.keep or {}).get("van_hove") is not None:
        arrays["van_hove_r"] = Dataset(store.load(runs[0])["van_hove_r"], VAN_HOVE["r"], "bin")
        of_species = "time, species, bin"
        for name, axes in (("self", of_species), ("distinct", f"{of_species[:-3]}species, bin")):
            mean = np.mean(list(_of_runs(store, runs, f"van_hove_{name}")), axis=0)
            arrays[f"van_hove_{name}"] = Dataset(mean, VAN_HOVE[name], axes)
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
    of_particle = 2 * n_of_particle(recipe) + 1
    of_runs = recipe.isoconfigurational.n_runs * n_sums(recipe)
    return file_size(round(recipe.preparation.n_particles * of_particle) + of_runs)


STAGE = Stage(
    "propensity",
    needs=("run",),
    keys=(),
    work=_propensity,
    seconds=_seconds,
    n_bytes=_n_bytes,
    sizes=("isoconfigurational.n_runs",),
)
