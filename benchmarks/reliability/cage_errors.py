"""How exact a cage state is after how much time: single moves against trajectories.

    python benchmarks/reliability/cage_errors.py FOLDER

Four chains of each sampler run in the cells of one configuration of a data set, and are compared
after growing numbers of sweeps or trajectories. `cage_errors.csv` has the CPU time of a chain from
its begin, the error of the mean positions of one chain, from the scatter of all, and the mean
variance in a chain; `cage_errors.png` draws the first two.
"""

import csv
import sys
import time
from pathlib import Path

import numpy as np

import cagebreak as cb
from cagebreak.figures import style
from cagebreak.seeding import seed_sequence
from cagebreak.states.cage import sampler_of

SEED, CHAINS = 1, 4
SYSTEMS = {"kob-andersen-044": 0, "kob-andersen-050": 0}
"""Data sets, and the configuration that is taken."""
RELAX = {"sweeps": 1000, "trajectories": 40}
MEASURED = {
    "sweeps": (300, 1000, 3000, 10_000),
    "trajectories": (10, 30, 100, 300),
}
LABELS = {"sweeps": "single moves", "trajectories": "trajectories"}
HEADER = ["system", "particles", "sampler", "measured", "seconds", "error", "variance"]


def chain(start, model, sampler, k):
    """Yield seconds, displacements of mean positions and variance after each number measured."""
    began = time.thread_time()
    by_trajectories = sampler == "trajectories"
    seed = seed_sequence(SEED, sampler, k)
    running = sampler_of(start, model, seed, by_trajectories=by_trajectories)
    running.relax(RELAX[sampler])
    for measured in MEASURED[sampler]:
        running.run(measured - running.sweeps[1])
        state = running.state()
        moved = state.configuration.unwrapped - start.unwrapped
        yield time.thread_time() - began, moved, state.variance.mean()


def rows(name, start, model):
    """Yield rows of the table for one configuration; chains of both samplers take turns."""
    chains = {sampler: [] for sampler in MEASURED}
    for sampler in MEASURED:
        # Kernels are compiled before time counts.
        sampler_of(start, model, SEED, by_trajectories=sampler == "trajectories").run(1)
    for k in range(CHAINS):
        for sampler, of in chains.items():
            of.append(list(chain(start, model, sampler, k)))
    for sampler, of in chains.items():
        for measured, after in zip(MEASURED[sampler], zip(*of, strict=True), strict=True):
            seconds, moved, variance = zip(*after, strict=True)
            scatter = np.var(moved, axis=0, ddof=1).sum(axis=-1).mean()
            numbers = (np.mean(seconds), np.sqrt(scatter), np.mean(variance))
            yield [name, len(start), sampler, measured, *(f"{value:.4g}" for value in numbers)]


def draw(table, path):
    """Draw the error over the time."""
    with style.look():
        figure, panels = style.panels(len(SYSTEMS), 4.0)
        for axes, name in zip(panels, SYSTEMS, strict=True):
            for (sampler, label), look in zip(LABELS.items(), style.OTHERS, strict=False):
                of = [row for row in table if row[0] == name and row[2] == sampler]
                seconds, errors = ([float(row[k]) for row in of] for k in (4, 5))
                axes.plot(seconds, errors, color=look[0], marker=look[1], label=label)
            style.log_axis(axes, "x", 0.3, 10)
            style.log_axis(axes, "y", 0.02, 0.2)
            axes.set_ylabel(r"error of mean positions / $\sigma$")
            style.name_panel(axes, name)
        panels[-1].set_xlabel("CPU time of a chain / s")
        panels[0].legend()
        style.save(figure, path)


def main(folder):
    """Write the table and the figure."""
    table = []
    for name, c in SYSTEMS.items():
        study = cb.datasets.study(name)
        table += rows(name, study.configuration(c), study.recipe.model)
    with (folder / "cage_errors.csv").open("w", newline="") as file:
        csv.writer(file).writerows([HEADER, *table])
    draw(table, folder / "cage_errors")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
