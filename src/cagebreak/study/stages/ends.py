"""The stages of the ends of short runs: where runs lead, and the structure there.

The runs are those of the propensity up to the end of the short runs, made again from their seeds.
On the machine of the first runs they have the same bits.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cagebreak.dynamics.propensity import half_sums
from cagebreak.files.hdf5 import Dataset
from cagebreak.seeding import seed_sequence
from cagebreak.simulation.isoconfigurational import led_to, nearest, trajectory
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.descriptors import checked_labels, feature_arrays
from cagebreak.study.stages.equilibrate import load_configuration
from cagebreak.study.stages.quantities import times_of
from cagebreak.study.stages.stage import Stage, file_size
from cagebreak.study.stages.trial import Trial, timed
from cagebreak.study.store import Store, Unit

Floats = NDArray[np.float64]


def ends_of(recipe: Recipe) -> NDArray[np.int64]:
    """Return the indices of the times of the runs at which short runs end, ascending."""
    return np.unique(nearest(times_of(recipe), recipe.short_lengths))


def load_ends(recipe: Recipe, store: Store, c: int) -> tuple[Floats, Mapping[float, Floats], int]:
    """Return the descriptors at the start and at the ends of the runs of configuration `c`.

    Returns
    -------
    start : (N, G) array
    means : mapping of (2, N, G) arrays
        By the length of the runs in tau, over the runs of even and of odd number.
    n_runs

    Raises
    ------
    StoreError
        If the columns are others than those of the recipe.
    """
    unit = Unit("descriptors-ends", (c,))
    arrays = store.load(unit)
    assert recipe.end_descriptor is not None
    checked_labels(store, unit, arrays["labels"], recipe.end_descriptor.labels())
    n_runs = int(arrays["n_runs"])
    counts = np.reshape([(n_runs + 1) // 2, n_runs // 2], (2, 1, 1))
    means = (sums / counts for sums in arrays["sums"].swapaxes(0, 1))
    return arrays["values"], dict(zip(arrays["times"].tolist(), means, strict=True)), n_runs


def _ends(recipe: Recipe, store: Store, unit: Unit) -> None:
    _run_to(recipe, store, unit, ends_of(recipe))


def _run_to(recipe: Recipe, store: Store, unit: Unit, ends: NDArray[np.int64]) -> None:
    configuration = load_configuration(store, unit.address[0])
    seed = seed_sequence(recipe.study.seed, "run", *unit.address)
    # A run stops at all of these times: where it stops has a part in its rounding.
    times = times_of(recipe)[: ends[-1] + 1]
    displacements = trajectory(configuration, recipe.model, times, seed, recipe.engine)
    store.save(unit, _arrays(times[ends], displacements[ends]))


def _arrays(times: Floats, displacements: Floats) -> dict[str, Dataset]:
    """Return the arrays of the ends of a run, of displacements (E, N, 3)."""
    return {
        "times": Dataset(times, "tau", "end"),
        "displacements": Dataset(displacements, "sigma", "end, particle, axis"),
    }


def _ends_seconds(trial: Trial) -> float:
    """Return the seconds of a short run with as many stops, and of the rest of its dynamics."""
    short, store = trial.study()
    ends = ends_of(trial.recipe)
    _, seconds = timed(_run_to, short, store, Unit("ends", (0, 0)), ends)
    left = times_of(trial.recipe)[ends[-1]] - times_of(short)[ends[-1]]
    return seconds + trial.dynamics[0] * float(left)


def _describe(recipe: Recipe, store: Store, unit: Unit) -> None:
    (c,) = unit.address
    start, descriptor = load_configuration(store, c), recipe.end_descriptor
    assert descriptor is not None
    runs = [Unit("ends", (c, r)) for r in range(recipe.isoconfigurational.n_runs)]

    def described(run: Unit) -> Floats:
        moved = store.load(run)["displacements"]
        return np.stack([descriptor.compute(led_to(start, each)).values for each in moved])

    sums, n_runs = half_sums(map(described, runs))
    arrays = {
        "times": Dataset(store.load(runs[0], ("times",))["times"], "tau", "end"),
        "n_runs": Dataset(np.array(n_runs), "runs", ""),
        "sums": Dataset(sums, "reduced", "parity of run, end, particle, feature"),
    }
    store.save(unit, feature_arrays(descriptor.compute(start)) | arrays)


def n_described(recipe: Recipe) -> int:
    """Return how often a unit computes descriptors: at the start, and at each end of each run."""
    return 1 + recipe.isoconfigurational.n_runs * len(ends_of(recipe))


def _describe_seconds(trial: Trial) -> float:
    """Return the seconds of a unit of two runs, and of the descriptions that it has not.

    The sums over each half of the runs, and their file, take as long for any number of runs.
    """
    recipe, store = trial.study(2)
    start, later = trial.configuration, trial.dynamics[1][-1]
    assert recipe.end_descriptor is not None
    moved = start.box.minimum_image(later.positions - start.positions)
    times = times_of(trial.recipe)[ends_of(trial.recipe)]
    arrays = _arrays(times, np.broadcast_to(moved, (len(times), *moved.shape)))
    for r in range(2):
        store.save(Unit("ends", (0, r)), arrays)
    _, seconds = timed(_describe, recipe, store, Unit("descriptors-ends", (0,)))
    _, of_one = timed(recipe.end_descriptor.compute, later)
    return seconds + of_one * (n_described(trial.recipe) - (1 + 2 * len(times)))


def _describe_bytes(recipe: Recipe) -> int:
    assert recipe.end_descriptor is not None
    n_columns = len(recipe.end_descriptor.labels())
    return file_size(recipe.preparation.n_particles * n_columns * (1 + 2 * len(ends_of(recipe))))


SOURCE = "ends"
"""What a recipe with `ends` in [hybrid] asks for."""

STAGE = Stage(
    "ends",
    needs=("equilibrate",),
    keys=(
        "isoconfigurational.first",
        "isoconfigurational.last",
        "isoconfigurational.n_times",
        "hybrid.share",
    ),
    work=_ends,
    seconds=_ends_seconds,
    n_bytes=lambda recipe: file_size(3 * recipe.preparation.n_particles * len(ends_of(recipe))),
    weight=lambda recipe: recipe.short_until,
    per_run=True,
    source=SOURCE,
    reduced_to="descriptors-ends",
)

DESCRIBED = Stage(
    "descriptors-ends",
    needs=("ends",),
    keys=("hybrid.ends",),
    work=_describe,
    seconds=_describe_seconds,
    n_bytes=_describe_bytes,
    weight=lambda recipe: float(n_described(recipe)),
    sizes=("isoconfigurational.n_runs",),
    source=SOURCE,
)
