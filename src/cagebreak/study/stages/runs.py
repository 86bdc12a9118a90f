"""The stage of isoconfigurational runs."""

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration
from cagebreak.dynamics.d2min import D2Min
from cagebreak.dynamics.propensity import lengths
from cagebreak.dynamics.relaxation import mean_squared_displacement, self_intermediate
from cagebreak.files.hdf5 import Dataset
from cagebreak.seeding import seed_sequence
from cagebreak.simulation.isoconfigurational import log_times, trajectory
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.equilibrate import load_configuration
from cagebreak.study.stages.stage import Stage, file_size
from cagebreak.study.stages.trial import Trial, timed
from cagebreak.study.store import Store, Unit


def save_run(
    recipe: Recipe,
    store: Store,
    unit: Unit,
    configuration: Configuration,
    displacements: NDArray[np.float64],
    times: NDArray[np.float64],
) -> None:
    """Save the reductions of a run's displacements, (T, N, 3): lengths, MSD, F_s and D2min."""
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
        d2min = D2Min(configuration, cutoff)(displacements)
        arrays["d2min"] = Dataset(d2min, "sigma^2", "time, particle")
    store.save(unit, arrays)


def _run(recipe: Recipe, store: Store, unit: Unit) -> None:
    configuration = load_configuration(store, unit.address[0])
    seed = seed_sequence(recipe.study.seed, "run", *unit.address)
    section = recipe.isoconfigurational
    times = log_times(section.first, section.last, section.n_times)
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


def n_quantities(recipe: Recipe) -> int:
    """Return the number of quantities stored for each particle and time: displacement, D2min."""
    return 1 if recipe.isoconfigurational.d2min_cutoff is None else 2


def _n_bytes(recipe: Recipe) -> int:
    section = recipe.isoconfigurational
    n_numbers = n_quantities(recipe) * section.n_times + 1
    return file_size(recipe.preparation.n_particles * n_numbers)


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
    ),
    work=_run,
    seconds=_seconds,
    n_bytes=_n_bytes,
    weight=lambda recipe: recipe.isoconfigurational.last,
    per_run=True,
    reduced_to="propensity",
)
