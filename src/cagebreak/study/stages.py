"""The stages of a study: what a unit of each needs, depends on, and does.

To add a stage, write its function and add a line to `STAGES`.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numba
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cagebreak.configuration import Configuration
from cagebreak.descriptors import Features
from cagebreak.descriptors.base import read_labels
from cagebreak.descriptors.recommended import SAMPLES
from cagebreak.dynamics.d2min import D2Min
from cagebreak.dynamics.propensity import Propensity, lengths
from cagebreak.dynamics.relaxation import mean_squared_displacement, self_intermediate
from cagebreak.errors import InputError
from cagebreak.files import hdf5
from cagebreak.files.hdf5 import Dataset
from cagebreak.seeding import seed_sequence
from cagebreak.simulation import preparation
from cagebreak.simulation.isoconfigurational import log_times, trajectory
from cagebreak.simulation.preparation import Prepared
from cagebreak.states import CageState, InherentState, cage_state, inherent_state
from cagebreak.study import describe
from cagebreak.study.recipe import Recipe
from cagebreak.study.sheared import shear_unit
from cagebreak.study.store import Identity, Store, Unit
from cagebreak.study.values import STATES

SUMS = {"displacement": "sums", "d2min": "sums_d2min"}
TARGETS = tuple(SUMS)
"""What can be averaged over runs and predicted, and the array of a unit that holds its sums."""

SOURCES = {"initial": "equilibrate", "inherent": "inherent", "cage": "cage"}
"""The stage that makes each state."""


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
    state
        The source of descriptors that it makes or describes; a recipe that does not ask for it has
        no such stage.
    section
        The section of the recipe that asks for it; every recipe, if empty.
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
    state: str = ""
    section: str = "isoconfigurational"
    reduced_to: str = ""
    weight: Callable[[Recipe], float] = lambda recipe: 1.0


def stages_of(recipe: Recipe) -> dict[str, Stage]:
    """Return the stages that a recipe needs, in order."""
    wanted: tuple[str, ...] = ("",)
    without: tuple[str, ...] = ()
    if recipe.asks_for("isoconfigurational"):
        wanted += describe.sources(recipe)
        # Imported configurations may come without runs.
        without = () if recipe.isoconfigurational.n_runs else ("run", "propensity")
    return {
        name: stage
        for name, stage in STAGES.items()
        if stage.state in wanted
        and name not in without
        and (not stage.section or recipe.asks_for(stage.section))
    }


def describing(source: str) -> str:
    """Return the name of the stage that describes a state, or all of them as recommended."""
    return f"descriptors-{source}"


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


def needs_of_all(recipe: Recipe, unit: Unit) -> list[Unit]:
    """Return what a unit needs, and what that needs, and so on."""
    found = needs(recipe, unit)
    return list(dict.fromkeys(found + [far for n in found for far in needs_of_all(recipe, n)]))


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


def load_history(store: Store, c: int) -> NDArray | None:
    """Return how a configuration was prepared; None if that was not kept yet."""
    arrays = store.load(Unit("equilibrate", (c,)))
    return arrays.get("history")


def load_propensity(
    store: Store, c: int, target: str = TARGETS[0]
) -> tuple[Propensity, dict[str, NDArray]]:
    """Return the propensity of a configuration; and `msd` and `f_s` (T, S), means over runs.

    `target`, one of `TARGETS`, is what was averaged.

    Raises
    ------
    InputError
        If the recipe measures no D2min.
    """
    arrays = store.load(Unit("propensity", (c,)))
    if SUMS[target] not in arrays:
        raise InputError("target: d2min needs [isoconfigurational] d2min_cutoff in the recipe")
    found = Propensity(
        arrays["times"], arrays[SUMS[target]], int(arrays["n_runs"]), arrays["species"]
    )
    return found, {name: arrays[name] for name in ("msd", "f_s")}


def load_state(store: Store, state: str, c: int) -> Configuration | InherentState | CageState:
    """Return a state of a configuration: itself if "initial"."""
    start = load_configuration(store, c)
    if state == "initial":
        return start
    unit = Unit(SOURCES[state], (c,))
    arrays = store.load(unit)
    end = hdf5.configuration(arrays, str(store.path(unit)))
    if state == "inherent":
        return InherentState(
            start=start,
            configuration=end,
            energy=float(arrays["energy"]),
            force=float(arrays["force"]),
            iterations=int(arrays["iterations"]),
        )
    per_particle = ("displacement", "covariance", "acceptance", "wall", "error")
    return CageState(
        start=start,
        configuration=end,
        **{name: arrays[name] for name in per_particle},
        sweeps=tuple(arrays["sweeps"].tolist()),
        step=float(arrays["step"]),
        samples=arrays["samples"].astype(np.float64),
    )


def sweeps_of_cage(recipe: Recipe) -> int:
    """Return how many sweeps a cage state takes, or about as many if it runs to a precision."""
    wanted = recipe.states.cage
    return sum(wanted.get("sweeps", (10000,))) * wanted.get("chains", 1)


def samples_kept(recipe: Recipe) -> int:
    """Return how many samples a chain of a cage state keeps: none if it runs to a precision."""
    _, measured = recipe.states.cage.get("sweeps", (0, 0))
    return min(SAMPLES, measured)


def load_features(store: Store, source: str, c: int) -> Features:
    """Return the descriptors of a state of a configuration, or the recommended ones."""
    arrays = store.load(Unit(describing(source), (c,)))
    return Features(arrays["values"], read_labels(_text(arrays["labels"])))


def _equilibrate(recipe: Recipe, store: Store, unit: Unit) -> None:
    """Like `cagebreak.equilibrate`, with the state kept after every segment."""
    model, wanted = recipe.model, recipe.preparation
    steps = wanted.protocol
    if store.has(unit, partial=True):
        kept = store.load(unit, partial=True)
        configuration = hdf5.configuration(kept, str(store.path(unit, partial=True)))
        prepared = Prepared(configuration, kept["history"], kept["origin"])
    else:
        seed = seed_sequence(recipe.study.seed, "equilibrate", *unit.address)
        prepared = preparation.begin(model, wanted.n_particles, steps, seed)
    segments = preparation.segments(steps, model)
    for segment in segments[len(prepared.history) :]:
        prepared = preparation.advance(prepared, model, steps, segment)
        if segment is not segments[-1]:
            origin = {"origin": Dataset(prepared.origin, "sigma", "particle, xyz")}
            arrays = hdf5.datasets(prepared.configuration) | _history(prepared) | origin
            store.save(unit, arrays, partial=True)
    end = preparation.finished(prepared)
    store.save(unit, hdf5.datasets(end) | _history(prepared))


def _history(prepared: Prepared) -> dict[str, Dataset]:
    units = "tau, eps, 1/sigma^3; see cagebreak.simulation.preparation.Prepared"
    return {"history": Dataset(prepared.history, units, "segment")}


def _run(recipe: Recipe, store: Store, unit: Unit) -> None:
    configuration = load_configuration(store, unit.address[0])
    seed = seed_sequence(recipe.study.seed, "run", *unit.address)
    times = _times(recipe)
    displacements = trajectory(configuration, recipe.model, times, seed)
    save_run(recipe, store, unit, configuration, displacements, times)


def save_run(
    recipe: Recipe,
    store: Store,
    unit: Unit,
    configuration: Configuration,
    displacements: NDArray[np.float64],
    times: NDArray[np.float64],
) -> None:
    """Save what is kept of a run: of its displacements (T, N, 3) lengths, MSD, F_s, D2min."""
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
    cutoff = recipe.isoconfigurational.d2min_cutoff
    if cutoff is not None:
        moved = D2Min(configuration, cutoff)(displacements)
        arrays["d2min"] = Dataset(moved, "sigma^2", "time, particle")
    store.save(unit, arrays)


def _shear(recipe: Recipe, store: Store, unit: Unit) -> None:
    start = load_configuration(store, unit.address[0])
    shear_unit(recipe.shear, recipe.model, start, store, unit)


def _propensity(recipe: Recipe, store: Store, unit: Unit) -> None:
    runs = needs(recipe, unit)
    first = store.load(runs[0], ("times", "species"))
    times, species = first["times"], first["species"]
    result = Propensity.from_runs(times, species, _of_runs(store, runs, "lengths"))
    msd, f_s = (np.sum(list(_of_runs(store, runs, name)), axis=0) for name in ("msd", "f_s"))
    axes = "runs of even and odd number, time, particle"
    arrays = {
        "times": Dataset(result.times, "tau", "time"),
        "sums": Dataset(result.sums, "sigma", axes),
        "n_runs": Dataset(np.array(result.n_runs), "runs", ""),
        "species": Dataset(result.species, "0 is A, 1 is B", "particle"),
        "msd": Dataset(msd / result.n_runs, "sigma^2", "time, species"),
        "f_s": Dataset(f_s / result.n_runs, "1", "time, species"),
    }
    if recipe.isoconfigurational.d2min_cutoff is not None:
        rearranged = Propensity.from_runs(times, species, _of_runs(store, runs, "d2min"))
        arrays[SUMS["d2min"]] = Dataset(rearranged.sums, "sigma^2", axes)
    store.save(unit, arrays)


def _of_runs(store: Store, runs: Sequence[Unit], name: str) -> Iterator[NDArray]:
    """Yield an array of each run."""
    for run in runs:
        yield store.load(run, (name,))[name]


def _inherent(recipe: Recipe, store: Store, unit: Unit) -> None:
    start = load_configuration(store, unit.address[0])
    state = inherent_state(start, recipe.model, force_tolerance=recipe.states.force_tolerance)
    arrays = {
        "energy": Dataset(np.array(state.energy), "eps per particle", ""),
        "force": Dataset(np.array(state.force), "eps/sigma, the largest left", ""),
        "iterations": Dataset(np.array(state.iterations), "steps of FIRE", ""),
    }
    store.save(unit, hdf5.datasets(state.configuration) | arrays)


def _cage(recipe: Recipe, store: Store, unit: Unit) -> None:
    start = load_configuration(store, unit.address[0])
    seed = seed_sequence(recipe.study.seed, "cage", *unit.address)
    wanted, samples = recipe.states.cage, samples_kept(recipe)
    state = cage_state(start, recipe.model, seed=seed, **wanted, samples=samples)
    arrays = {
        "displacement": Dataset(state.displacement, "sigma, from the start", "particle"),
        "covariance": Dataset(state.covariance, "sigma^2", "particle, xyz, xyz"),
        "acceptance": Dataset(state.acceptance, "share of trials", "particle"),
        "wall": Dataset(state.wall, "share of trials rejected by the cell", "particle"),
        "error": Dataset(state.error, "sigma, of the mean position", "particle"),
        "sweeps": Dataset(np.array(state.sweeps), "sweeps", "to relax, to measure"),
        "step": Dataset(np.array(state.step), "sigma", ""),
        # Single precision: one sample need not be known better than that.
        "samples": Dataset(state.samples.astype(np.float32), "sigma", "sample, particle, xyz"),
    }
    store.save(unit, hdf5.datasets(state.configuration) | arrays)


def _descriptors(state: str, recipe: Recipe, store: Store, unit: Unit) -> None:
    source = load_state(store, state, unit.address[0])
    _save_features(store, unit, describe.descriptor(recipe, state).compute(source))


def _recommended(recipe: Recipe, store: Store, unit: Unit) -> None:
    inherent, cage = (load_state(store, state, unit.address[0]) for state in ("inherent", "cage"))
    assert isinstance(inherent, InherentState)
    assert isinstance(cage, CageState)
    _save_features(store, unit, describe.recommended(recipe).describe(inherent, cage))


def _save_features(store: Store, unit: Unit, features: Features) -> None:
    store.save(unit, feature_arrays(features))


def feature_arrays(features: Features) -> dict[str, Dataset]:
    """Return descriptors and their labels as they stand in a file."""
    return {
        "values": Dataset(features.values, "reduced", "particle, feature"),
        "labels": Dataset(_bytes(features.labels), "r and width in sigma", "feature"),
    }


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
            keys=(
                "study.seed",
                "model",
                "preparation.n_particles",
                "preparation.time",
                "preparation.steps",
                "preparation.imported",
            ),
            work=_equilibrate,
            section="",
            weight=lambda recipe: 100 + sum(step.time for step in recipe.preparation.protocol),
        ),
        Stage(
            "run",
            needs=("equilibrate",),
            keys=(
                "isoconfigurational.first",
                "isoconfigurational.last",
                "isoconfigurational.n_times",
                "isoconfigurational.times",
                "isoconfigurational.wavenumber",
                "isoconfigurational.d2min_cutoff",
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
            "shear",
            needs=("equilibrate",),
            keys=("shear",),
            work=_shear,
            section="shear",
            # A step costs as much as a sixth of a tau of dynamics; measured.
            weight=lambda recipe: recipe.shear.n_steps / 6,
        ),
        Stage(
            "inherent",
            needs=("equilibrate",),
            keys=("states.force_tolerance",),
            work=_inherent,
            state="inherent",
            weight=lambda recipe: 20.0,
        ),
        Stage(
            "cage",
            needs=("equilibrate",),
            keys=("states.cage",),
            work=_cage,
            state="cage",
            weight=lambda recipe: sweeps_of_cage(recipe) / 20,
        ),
        *(
            Stage(
                describing(state),
                needs=(SOURCES[state],),
                keys=("descriptors.set", "descriptors.generations"),
                work=partial(_descriptors, state),
                state=state,
            )
            for state in STATES
        ),
        Stage(
            describing(describe.RECOMMENDED),
            needs=("inherent", "cage"),
            keys=(),
            work=_recommended,
            state=describe.RECOMMENDED,
            weight=lambda recipe: 20.0,
        ),
    )
}
