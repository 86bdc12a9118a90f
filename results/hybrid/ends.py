"""Measure what structure at the ends of short runs adds to structure and short runs.

    python results/hybrid/ends.py FOLDER

The ensembles of Kob-Andersen are simulated for this, of configurations of kob-andersen.toml, which
`cagebreak run` prepares in FOLDER. Those of hard spheres have the targets of the study
hard_spheres.toml of ../heterogeneity, restored in FOLDER, and short runs of their own. FOLDER keeps
one file a configuration, and is added to. For each system and each of `DESCRIBED`, tables go
beside this file: SYSTEM-ends-DESCRIBED.csv, -budgets.csv, -costs.csv, and -paired.csv with what the
ends add to the same structure and the same runs.
"""

import sys
import time
from pathlib import Path
from typing import NamedTuple

import numba
import numpy as np
import pandas as pd

import cagebreak as cb
from cagebreak._atomic import replacing
from cagebreak._frames import to_frame
from cagebreak.descriptors import papers
from cagebreak.descriptors.recommended import recommended
from cagebreak.dynamics.propensity import lengths
from cagebreak.learning.scores import paired_difference
from cagebreak.seeding import seed_sequence
from cagebreak.simulation.isoconfigurational import log_times, trajectory
from cagebreak.study.analysis.hybrid import Costs, Ends, Ensemble
from measure import LAST, SIZE, cost_of_a_tau, write


class System(NamedTuple):
    """What is simulated of a study, and what is predicted."""

    recipe: str
    until: tuple[float, ...]
    """Lengths of the short runs, in tau."""
    n_runs: int
    numbers: tuple[int, ...]
    """Numbers of short runs that are compared."""
    times: tuple[float, ...]
    """Times that are predicted, in tau."""
    dataset: str = ""
    """The data set of the same state point, if the runs go on to the last time and are the targets
    as well."""


SYSTEMS = {
    "kob-andersen": System(
        *("kob-andersen.toml", (4.4, 18.0, 74.0), 20, (1, 2, 5, 10, 15, 20)),
        *((29.0, 46.0, 74.0, 118.0, 188.0, 300.0), "kob-andersen-050"),
    ),
    "hard-spheres": System(
        *("hard_spheres.toml", (100.0, 400.0), 6, (1, 2, 6)),
        (1000.0, 2000.0, 4000.0, 10_000.0),
    ),
}
SEED, GENERATIONS = 41, 2
DESCRIBED = ("inherent", "positions")
"""What is described at the ends of runs: the inherent state, by the quick set, as structure is; or
positions as they are, by the descriptors of Alkemade 2022 up to `GENERATIONS`. These are cheaper,
and the mean over runs averages vibrations."""


def used(labels):
    """Return the columns of the quick set that are used, as in measure.py."""
    return ((labels.state == "inherent") & (labels.generation <= LAST)) | (labels.body == 1)


def simulated(study, system, described, c, path):
    """Write what the short runs of a configuration did, and the structure at their ends."""
    model, start = study.recipe.model, study.configuration(c)
    descriptor = recommended(model, SIZE)
    section = study.recipe.isoconfigurational
    known = log_times(section.first, section.last, section.n_times)
    ends = [int(np.abs(np.log(known / until)).argmin()) for until in system.until]
    times = known if system.dataset else known[: ends[-1] + 1]
    sums, led_to = np.zeros((2, len(times), len(start))), []
    for k in range(system.n_runs):
        moved = trajectory(start, model, times, seed_sequence(SEED, "run", c, k), "cagebreak")
        sums[k % 2] += lengths(moved)
        led_to.append(moved[ends].astype(np.float32))
    began = time.process_time()
    features = descriptor.compute(start, seed=seed_sequence(SEED, "structure", c))
    of_start = time.process_time() - began
    kept = used(features.labels)

    of_positions = papers.alkemade2022(model, generations=GENERATIONS)

    def describe(end):
        if described == "positions":
            return of_positions.compute(end).values
        return descriptor.compute(end, seed=seed_sequence(SEED, "end", c)).values[:, kept]

    began = time.process_time()
    moved = {known[i]: [of_run[u] for of_run in led_to] for u, i in enumerate(ends)}
    made = Ends.of(start, moved, describe)
    seconds = (time.process_time() - began) / (system.n_runs * len(ends) + 1)
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez(
            file, sums=sums, times=times, until=known[ends],
            ends=np.array(list(made.means.values()), np.float32).swapaxes(0, 1),
            start=made.start, structure=features.values[:, kept],
            labels=np.asarray(features.labels[kept]), seconds=[of_start, seconds],
        )  # fmt: skip


def ensemble(study, system, c, path):
    """Return the ensemble of a configuration, and the seconds of structure and of an end."""
    start, kept = study.configuration(c), np.load(path)
    times, sums = kept["times"], kept["sums"]
    if not system.dataset:
        # Later times are of other runs, as many.
        target = study.propensity(c)
        assert target.n_runs == system.n_runs
        times, sums = target.times, np.hstack([sums, target.sums[:, len(times) :]])
    labels = kept["labels"].view(np.recarray)
    moved = cb.Propensity(times, sums, system.n_runs, start.species)
    ends = Ends(
        kept["start"],
        {float(u): kept["ends"][:, k].astype(float) for k, u in enumerate(kept["until"])},
        system.n_runs,
    )
    features = cb.Features(kept["structure"], labels)
    return Ensemble(start, features, {"displacement": moved}, ends), kept["seconds"]


def paired(scan):
    """Return by how much r with ends exceeds r of the same structure and runs without."""
    rows = []
    for name, key in scan.keys.items():
        if key.inputs == "ends":
            without = next(n for n, k in scan.keys.items() if k == key._replace(inputs="both"))
            moments = [scan.held_out.moments[each] for each in (name, without)]
            gain = paired_difference(
                *moments, score="configuration", n_resamples=scan.n_resamples, seed=scan.seed
            )
            for t, of_time in zip(scan.times, np.array(gain).T, strict=True):
                if key.until <= t * (1 + 1e-9):
                    rows.append((t, key.n_runs, key.until, *of_time))
    return pd.DataFrame(rows, columns=["time", "n_runs", "until", "gain", "low", "high"])


def measure(name, described, folder):
    """Simulate what is missing, and write the tables of a system."""
    table = f"{name}-ends-{described}"
    system = SYSTEMS[name]
    study, ensembles, seconds = cb.Study(folder / system.recipe), [], []
    for c in range(study.n_configurations):
        path = folder / f"{table}-{c}.npz"
        if not path.exists():
            simulated(study, system, described, c, path)
            print(table, c, flush=True)
        made, of_one = ensemble(study, system, c, path)
        ensembles.append(made)
        seconds.append(of_one)
    # The first structure compiles kernels.
    structure, end = np.median(seconds[1:], axis=0).tolist()
    costs = Costs(structure, cost_of_a_tau(ensembles[0].start, study.recipe.model), end)
    joined = cb.hybrid(ensembles, times=system.times, seed=SEED)
    scan = joined.scan(system.numbers)
    write(f"{table}.csv", scan.table)
    write(f"{table}-paired.csv", paired(scan))
    budgets = to_frame(scan.within(costs))
    write(f"{table}-budgets.csv", budgets)
    relaxation = (cb.datasets.study(system.dataset) if system.dataset else study).relaxation()
    summary = budgets.iloc[:1][["species"]].assign(
        structure=costs.structure, per_tau=costs.per_tau, end=costs.end, n_runs=scan.n_ensemble,
        n_configurations=len(ensembles), n_particles=len(ensembles[0].start),
        tau_alpha=relaxation["A"],
    )  # fmt: skip
    write(f"{table}-costs.csv", summary)


if __name__ == "__main__":
    numba.set_num_threads(1)
    for system in SYSTEMS:
        for each in DESCRIBED:
            measure(system, each, Path(sys.argv[1]))
