"""The stages of a study: what a unit of each needs, depends on, and does.

To add a stage, write its function and add a line to `STAGES`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cagebreak.configuration import Configuration
from cagebreak.descriptors import Features, papers
from cagebreak.dynamics.propensity import Propensity, lengths
from cagebreak.dynamics.relaxation import mean_squared_displacement, self_intermediate
from cagebreak.files import hdf5
from cagebreak.files.hdf5 import Dataset
from cagebreak.seeding import seed_sequence
from cagebreak.simulation.equilibrate import age, grow, segments
from cagebreak.simulation.isoconfigurational import log_times, trajectory
from cagebreak.study.recipe import Recipe
from cagebreak.study.store import Identity, Store, Unit


@dataclass(frozen=True)
class Stage:
    """One kind of work, done for every configuration, or for every run of it.

    Parameters
    ----------
    name
    needs
        The stages it builds on, for the same configuration.
    keys
        Recipe keys and sections that its results depend on, besides those of `needs`.
    work
        Does a unit and saves it.
    per_run
        Whether a unit is one run rather than one configuration.
    sizes
        Recipe keys that say how many units it takes in; see `Identity`.
    reduced_to
        The stage that keeps all that is needed of it: once a configuration is done there, the files
        of this stage may be deleted and are not made again.
    weight
        Expected cost of a unit, in tau of simulation; for estimates of the time left.
    """

    name: str
    needs: tuple[str, ...]
    keys: tuple[str, ...]
    work: Callable[[Recipe, Store, Unit], None]
    per_run: bool = False
    sizes: tuple[str, ...] = ()
    reduced_to: str = ""
    weight: Callable[[Recipe], float] = lambda recipe: 1.0


def units(recipe: Recipe, stage: Stage) -> list[Unit]:
    """Return the units of a stage in order."""
    configurations = range(recipe.preparation.n_configurations)
    if not stage.per_run:
        return [Unit(stage.name, (c,)) for c in configurations]
    runs = range(recipe.isoconfigurational.n_runs)
    return [Unit(stage.name, (c, r)) for c in configurations for r in runs]


def needs(recipe: Recipe, unit: Unit) -> list[Unit]:
    """Return the units that must be done before a unit can be."""
    c = unit.address[0]
    needed = []
    for name in STAGES[unit.stage].needs:
        if STAGES[name].per_run:
            needed += [Unit(name, (c, r)) for r in range(recipe.isoconfigurational.n_runs)]
        else:
            needed.append(Unit(name, (c,)))
    return needed


def open_store(recipe: Recipe) -> Store:
    """Return the folder of a recipe's study."""
    identities = {
        name: Identity(recipe.select(_all_keys(stage)), recipe.select(stage.sizes))
        for name, stage in STAGES.items()
    }
    return Store(recipe.folder, identities, recipe.study.seed)


def _all_keys(stage: Stage) -> list[str]:
    inherited = [key for name in stage.needs for key in _all_keys(STAGES[name])]
    return [*inherited, *stage.keys]


def do(recipe: Recipe, store: Store, unit: Unit) -> float:
    """Do a unit and return the seconds it took; for any executor, on any machine.

    One thread only: units run side by side, and the order of a sum must not depend on threads.
    """
    start = time.perf_counter()
    numba.set_num_threads(1)
    with threadpool_limits(limits=1):
        STAGES[unit.stage].work(recipe, store, unit)
    return time.perf_counter() - start


def load_configuration(store: Store, c: int) -> Configuration:
    """Return an equilibrated configuration."""
    unit = Unit("equilibrate", (c,))
    return hdf5.configuration(store.load(unit), str(store.path(unit)))


def load_propensity(store: Store, c: int) -> tuple[Propensity, dict[str, NDArray]]:
    """Return the propensity of a configuration; and `msd` and `f_s` (T, S), means over runs."""
    arrays = store.load(Unit("propensity", (c,)))
    relaxation = {name: arrays.pop(name) for name in ("msd", "f_s")}
    return Propensity(n_runs=int(arrays.pop("n_runs")), **arrays), relaxation


def load_features(store: Store, c: int) -> Features:
    """Return the descriptors of a configuration."""
    arrays = store.load(Unit("descriptors", (c,)))
    return Features(arrays["values"], _text(arrays["labels"]).view(np.recarray))


def _equilibrate(recipe: Recipe, store: Store, unit: Unit) -> None:
    """Like `cagebreak.equilibrate`, with the state kept after every segment."""
    model, preparation = recipe.model, recipe.preparation
    first = 0
    if store.has(unit, partial=True):
        arrays = store.load(unit, partial=True)
        first = int(arrays.pop("segments"))
        configuration = hdf5.configuration(arrays, str(store.path(unit, partial=True)))
    else:
        seed = seed_sequence(recipe.study.seed, "equilibrate", *unit.address)
        configuration = grow(model, preparation.n_particles, seed)
    steps = segments(preparation.time)
    for done, step in enumerate(steps[first:], first + 1):
        configuration = age(configuration, model, step)
        if done < len(steps):
            segment = {"segments": Dataset(np.array(done), "segments done", "")}
            store.save(unit, hdf5.datasets(configuration) | segment, partial=True)
    store.save(unit, hdf5.datasets(configuration))


def _run(recipe: Recipe, store: Store, unit: Unit) -> None:
    configuration = load_configuration(store, unit.address[0])
    seed = seed_sequence(recipe.study.seed, "run", *unit.address)
    times = _times(recipe)
    displacements = trajectory(configuration, recipe.model, times, seed)
    species, k = configuration.species, recipe.isoconfigurational.wavenumber
    arrays = {
        "times": Dataset(times, "tau", "time"),
        "lengths": Dataset(lengths(displacements), "sigma", "time, particle"),
        "species": Dataset(species, "0 is A, 1 is B", "particle"),
        "msd": Dataset(
            mean_squared_displacement(displacements, species), "sigma^2", "time, species"
        ),
        "f_s": Dataset(self_intermediate(displacements, species, k), "1", "time, species"),
    }
    store.save(unit, arrays)


def _propensity(recipe: Recipe, store: Store, unit: Unit) -> None:
    runs = needs(recipe, unit)
    first = store.load(runs[0], ("times", "species"))
    sums: dict[str, NDArray] = {}

    def lengths_of_runs():
        for run in runs:
            arrays = store.load(run, ("lengths", "msd", "f_s"))
            for name in ("msd", "f_s"):
                sums[name] = sums.get(name, 0) + arrays[name]
            yield arrays["lengths"]

    result = Propensity.from_runs(first["times"], first["species"], lengths_of_runs())
    arrays = {
        "times": Dataset(result.times, "tau", "time"),
        "sums": Dataset(result.sums, "sigma", "runs of even and odd number, time, particle"),
        "n_runs": Dataset(np.array(result.n_runs), "runs", ""),
        "species": Dataset(result.species, "0 is A, 1 is B", "particle"),
        "msd": Dataset(sums["msd"] / result.n_runs, "sigma^2", "time, species"),
        "f_s": Dataset(sums["f_s"] / result.n_runs, "1", "time, species"),
    }
    store.save(unit, arrays)


def _descriptors(recipe: Recipe, store: Store, unit: Unit) -> None:
    configuration = load_configuration(store, unit.address[0])
    wanted = recipe.descriptors
    descriptor = getattr(papers, wanted.set)(recipe.model, generations=wanted.generations)
    features = Features.concatenate(
        [descriptor.compute(configuration, state=state) for state in wanted.states]
    )
    arrays = {
        "values": Dataset(features.values, "1", "particle, feature"),
        "labels": Dataset(_bytes(features.labels), "r and width in sigma", "feature"),
    }
    store.save(unit, arrays)


def _times(recipe: Recipe) -> NDArray[np.float64]:
    wanted = recipe.isoconfigurational
    return log_times(wanted.first, wanted.last, wanted.n_times)


# HDF5 has no fixed-length UTF-32, which numpy's text is; labels are ASCII.
def _bytes(table: NDArray) -> NDArray:
    return _recast(table, "U", "S")


def _text(table: NDArray) -> NDArray:
    return _recast(table, "S", "U")


def _recast(table: NDArray, old: str, new: str) -> NDArray:
    width = {"U": 4, "S": 1}[old]
    dtype = [
        (name, f"{new}{field.itemsize // width}" if field.kind == old else field)
        for name, field in ((name, table.dtype[name]) for name in table.dtype.names or ())
    ]
    return np.asarray(table).astype(dtype)


STAGES: dict[str, Stage] = {
    stage.name: stage
    for stage in (
        Stage(
            "equilibrate",
            needs=(),
            keys=("study.seed", "model", "preparation.n_particles", "preparation.time"),
            work=_equilibrate,
            weight=lambda recipe: 100 + recipe.preparation.time,
        ),
        Stage(
            "run",
            needs=("equilibrate",),
            keys=(
                "isoconfigurational.first",
                "isoconfigurational.last",
                "isoconfigurational.n_times",
                "isoconfigurational.wavenumber",
            ),
            work=_run,
            per_run=True,
            reduced_to="propensity",
            weight=lambda recipe: recipe.isoconfigurational.last,
        ),
        Stage(
            "propensity",
            needs=("run",),
            keys=(),
            sizes=("isoconfigurational.n_runs",),
            work=_propensity,
        ),
        Stage(
            "descriptors",
            needs=("equilibrate",),
            keys=("descriptors",),
            work=_descriptors,
        ),
    )
}
