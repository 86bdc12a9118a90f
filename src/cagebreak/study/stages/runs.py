"""The stage of isoconfigurational runs."""

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration
from cagebreak.dynamics.four_point import Q_MAX
from cagebreak.dynamics.reduction import Reducer
from cagebreak.dynamics.relaxation import mean_squared_displacement, self_intermediate
from cagebreak.dynamics.van_hove import van_hove
from cagebreak.files.hdf5 import Dataset
from cagebreak.seeding import seed_sequence
from cagebreak.simulation.isoconfigurational import trajectory
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.equilibrate import load_configuration
from cagebreak.study.stages.quantities import QUANTITIES, measured, times_of, vector_times
from cagebreak.study.stages.stage import Stage, file_size
from cagebreak.study.stages.trial import Trial, timed
from cagebreak.study.store import Store, Unit

BIN = 0.05
"""Width of the bins of the van Hove function, in sigma (chosen)."""

VAN_HOVE = {"r": "sigma", "self": "1/sigma^d", "distinct": "1"}
"""What is kept of the van Hove function, in its units."""

UNITS = {"second": "sigma^2", "fourth": "sigma^4"}
"""Units of the sums over particles that have one."""


def save_run(
    recipe: Recipe,
    store: Store,
    unit: Unit,
    configuration: Configuration,
    displacements: NDArray[np.float64],
    times: NDArray[np.float64],
) -> None:
    """Save what is kept of a run's displacements, (T, N, 3): `QUANTITIES`, MSD, F_s and sums."""
    species, k = configuration.species, recipe.isoconfigurational.wavenumber
    arrays = {
        "times": Dataset(times, "tau", "time"),
        "species": Dataset(species, "0 is A, 1 is B", "particle"),
        "msd": Dataset(
            mean_squared_displacement(displacements, species), "sigma^2", "time, species"
        ),
        "f_s": Dataset(self_intermediate(displacements, species, k), "1", "time, species"),
    }
    for name in measured(recipe):
        quantity = QUANTITIES[name]
        values = quantity.measure(configuration, quantity.parameter(recipe))(displacements)
        axes = "chosen time, particle, axis" if quantity.state else "time, particle"
        arrays[quantity.run] = Dataset(values, quantity.unit, axes)
    if (reducer := reducer_of(recipe, configuration)) is not None:
        for name, values in reducer(displacements)._asdict().items():
            axes = "time, group, shell of q" if values.ndim == 3 else "time, group"
            arrays[f"sum_{name}"] = Dataset(values, UNITS.get(name, "1"), axes)
    if (r_max := van_hove_range(recipe, configuration)) is not None:
        functions = van_hove(configuration, displacements, r_max, max(round(r_max / BIN), 1))
        for name, values, axes in (
            ("r", functions.r, "bin"),
            ("self", functions.self_part, "time, species, bin"),
            ("distinct", functions.distinct, "time, species, species, bin"),
        ):
            arrays[f"van_hove_{name}"] = Dataset(values, VAN_HOVE[name], axes)
    store.save(unit, arrays)


def van_hove_range(recipe: Recipe, start: Configuration) -> float | None:
    """Return the largest distance of the van Hove function, at most half of the box, if kept."""
    asked = (recipe.isoconfigurational.keep or {}).get("van_hove")
    half = float(start.box.heights[: start.dimension].min()) / 2
    return None if asked is None else min(asked, half)


def reducer_of(recipe: Recipe, start: Configuration) -> Reducer | None:
    """Return what reduces runs from a start for dynamic functions, if the recipe asks for them."""
    section = recipe.isoconfigurational
    length = (section.keep or {}).get("functions")
    return None if length is None else Reducer(start, section.wavenumber, length, Q_MAX)


def _run(recipe: Recipe, store: Store, unit: Unit) -> None:
    configuration = load_configuration(store, unit.address[0])
    reducer_of(recipe, configuration)  # refuses a wave number of no wave in the box, before the run
    seed = seed_sequence(recipe.study.seed, "run", *unit.address)
    times = times_of(recipe)
    displacements = trajectory(configuration, recipe.model, times, seed, recipe.engine)
    save_run(recipe, store, unit, configuration, displacements, times)


def _seconds(trial: Trial) -> float:
    """Return the seconds of a short run with as many stops, and of the rest of its dynamics."""
    if trial.recipe.imported:
        return 0.0
    short, store = trial.study()
    _, seconds = timed(_run, short, store, Unit("run", (0, 0)))
    left = trial.recipe.isoconfigurational.last - short.isoconfigurational.last
    return seconds + trial.dynamics[0] * left


def n_of_particle(recipe: Recipe) -> float:
    """Return how many numbers of 8 bytes are stored for each particle of a run."""
    of_all_times = [name for name in measured(recipe) if not QUANTITIES[name].state]
    vectors = vector_times(recipe)
    n_vectors = 0 if vectors is None else len(vectors)
    return len(of_all_times) * recipe.isoconfigurational.n_times + 3 * n_vectors / 2


def n_sums(recipe: Recipe) -> int:
    """Return how many sums over particles are stored for each run, about."""
    section = recipe.isoconfigurational
    keep, n = section.keep or {}, recipe.model.n_species
    n_bins = round(keep.get("van_hove", 0) / BIN)
    of_pairs = section.n_times * (n + n * n) * n_bins
    if keep.get("functions") is None:
        return of_pairs
    length = (recipe.preparation.n_particles / recipe.model.number_density) ** (1 / 3)
    n_shells = max(round(Q_MAX * length / (2 * np.pi)), 1)
    return section.n_times * (n + 1) * (5 + n_shells) + of_pairs


def _n_bytes(recipe: Recipe) -> int:
    n_numbers = n_of_particle(recipe) + 1
    return file_size(round(recipe.preparation.n_particles * n_numbers) + n_sums(recipe))


STAGE = Stage(
    "run",
    needs=("equilibrate",),
    keys=(
        "isoconfigurational.first",
        "isoconfigurational.last",
        "isoconfigurational.n_times",
        "isoconfigurational.times",
        "isoconfigurational.wavenumber",
        "isoconfigurational.d2min_cutoff",
        "isoconfigurational.keep",
    ),
    work=_run,
    seconds=_seconds,
    n_bytes=_n_bytes,
    weight=lambda recipe: recipe.isoconfigurational.last,
    per_run=True,
    reduced_to="propensity",
)
