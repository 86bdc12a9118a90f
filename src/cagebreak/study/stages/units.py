"""What a unit of each stage does."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration
from cagebreak.descriptors import Features
from cagebreak.descriptors.recommended import SAMPLES
from cagebreak.dynamics.d2min import D2Min
from cagebreak.dynamics.propensity import Propensity, lengths
from cagebreak.dynamics.relaxation import mean_squared_displacement, self_intermediate
from cagebreak.files import hdf5
from cagebreak.files.hdf5 import Dataset
from cagebreak.seeding import seed_sequence
from cagebreak.simulation import preparation
from cagebreak.simulation.isoconfigurational import log_times, trajectory
from cagebreak.simulation.preparation import Prepared
from cagebreak.states import CageState, InherentState, cage_state, inherent_state
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.shear import shear_unit
from cagebreak.study.stages.stored import SUMS, feature_arrays, load_configuration, load_state
from cagebreak.study.store import Store, Unit


def sweeps_of_cage(recipe: Recipe) -> int:
    """Return how many sweeps a cage state takes, or about as many if it runs to a precision."""
    wanted = recipe.states.cage
    return sum(wanted.get("sweeps", (10000,))) * wanted.get("chains", 1)


def samples_kept(recipe: Recipe) -> int:
    """Return how many samples a chain of a cage state keeps: none if it runs to a precision."""
    _, measured = recipe.states.cage.get("sweeps", (0, 0))
    return min(SAMPLES, measured)


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
    (c,) = unit.address
    runs = [Unit("run", (c, r)) for r in range(recipe.isoconfigurational.n_runs)]
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
        "cell_rejection": Dataset(
            state.cell_rejection, "share of trials rejected by the cell", "particle"
        ),
        "error": Dataset(state.error, "sigma, of the mean position", "particle"),
        "sweeps": Dataset(np.array(state.sweeps), "sweeps", "to relax, to measure"),
        "step": Dataset(np.array(state.step), "sigma", ""),
        # Single precision: one sample need not be known better than that.
        "samples": Dataset(state.samples.astype(np.float32), "sigma", "sample, particle, xyz"),
    }
    store.save(unit, hdf5.datasets(state.configuration) | arrays)


def _descriptors(state: str, recipe: Recipe, store: Store, unit: Unit) -> None:
    source = load_state(store, state, unit.address[0])
    _save_features(store, unit, recipe.descriptor(state).compute(source))


def _recommended(recipe: Recipe, store: Store, unit: Unit) -> None:
    inherent, cage = (load_state(store, state, unit.address[0]) for state in ("inherent", "cage"))
    assert isinstance(inherent, InherentState)
    assert isinstance(cage, CageState)
    _save_features(store, unit, recipe.recommended.describe(inherent, cage))


def _save_features(store: Store, unit: Unit, features: Features) -> None:
    store.save(unit, feature_arrays(features))


def _times(recipe: Recipe) -> NDArray[np.float64]:
    wanted = recipe.isoconfigurational
    return log_times(wanted.first, wanted.last, wanted.n_times)
