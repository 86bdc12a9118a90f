"""Measure what structure, short runs and both predict, and what they cost.

    python results/hybrid/measure.py SYSTEM ...

writes `SYSTEM.csv`, `SYSTEM-costs.csv` and `SYSTEM-budgets.csv` beside this file, for data sets of
the folder `datasets/`. Structure is the quick recommended set, of the inherent state up to
generation 2 and the scalars. Core-seconds are CPU time of one core, of the structure of one
configuration, and of its dynamics over some tau.
"""

import sys
import time
from pathlib import Path

import numba
import numpy as np

import cagebreak as cb
from cagebreak._atomic import replacing
from cagebreak._frames import to_frame
from cagebreak.descriptors.recommended import recommended
from cagebreak.seeding import seed_sequence
from cagebreak.simulation.engines import nve
from cagebreak.study.analysis.hybrid import Costs, Ensemble

FOLDER = Path(__file__).parent
SYSTEMS = {
    "hard-spheres-058": ((40, 100, 250, 1000), (2, 4, 8, 20), 2),
    "kob-andersen-050": ((4.4, 18, 74, 188), (1, 2, 5, 10), 1),
}
"""Lengths of short runs in tau, their numbers, and that every so many-th time is predicted."""
FIRST = 1.0
"""The first time that is predicted, in tau."""
SIZE, LAST, SEED, LEAST = "quick", 2, 7, 3.0
"""Size of the recommended set, the last generation that is used of it, seed, and the shortest time
over which dynamics is timed, in s."""


def measured(study):
    """Return the ensembles of a data set, and the costs of a further configuration."""
    model, ensembles, seconds = study.recipe.model, [], []
    descriptor = recommended(model, SIZE)
    for c in range(study.n_configurations):
        start = study.configuration(c)
        began = time.process_time()
        structure = descriptor.compute(start, seed=seed_sequence(SEED, "structure", c))
        seconds.append(time.process_time() - began)
        scalars = structure.labels.body == 1
        used = (structure.labels.state == "inherent") & (structure.labels.generation <= LAST)
        structure = cb.Features(
            structure.values[:, used | scalars], structure.labels[used | scalars]
        )
        ensembles.append(Ensemble(start, structure, {"displacement": study.propensity(c)}))
    # The first structure compiles kernels.
    structure = float(np.median(seconds[1:]))
    return ensembles, Costs(structure, cost_of_a_tau(ensembles[0].start, model))


def cost_of_a_tau(start, model):
    """Return the core-seconds of a tau of a run."""
    particles = nve(start, model, seed=SEED)
    particles.run(1.0)  # compiles kernels
    tau, spent = 1.0, 0.0
    while spent < LEAST:
        tau *= 2
        began = time.process_time()
        particles.run(tau)
        spent = time.process_time() - began
    return spent / tau


def write(name, table):
    with replacing(FOLDER / name) as temporary:
        table.to_csv(temporary, index=False, float_format="%.5g")


def main(names):
    numba.set_num_threads(1)
    for name in names:
        until, n_runs, step = SYSTEMS[name]
        study = cb.datasets.study(name)
        ensembles, costs = measured(study)
        print(name, costs, flush=True)
        known = study.propensity(0).times
        times = known[known >= FIRST][::-step][::-1]
        joined = cb.hybrid(ensembles, until=until, times=times.tolist(), seed=SEED)
        scan = joined.scan(n_runs)
        write(f"{name}.csv", scan.table)
        budgets = to_frame(scan.within(costs))
        write(f"{name}-budgets.csv", budgets)
        relaxation = study.relaxation()
        table = budgets.iloc[:1][["species"]].assign(
            structure=costs.structure, per_tau=costs.per_tau, n_runs=scan.n_ensemble,
            n_configurations=len(ensembles), tau_alpha=relaxation["A"],
        )  # fmt: skip
        write(f"{name}-costs.csv", table)
        print(name, "done", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or list(SYSTEMS))
