"""What 10,000 units cost to schedule: units that do nothing, by every engine, in seconds of CPU.

    python benchmarks/reliability/load_schedule.py [--units 10000]

All but a hundredth of the units wait for another. The time is that of the process that schedules:
its CPU time a unit, which other work on the machine hardly changes, and the wall time a unit, which
it does. A study is also surveyed when a run begins (the header of every file), and its units are
saved (written, synced, moved): both are measured on files such as a run of 2000 particles leaves.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

import cagebreak as cb
from cagebreak.figures import style
from cagebreak.files.hdf5 import Dataset
from cagebreak.study.run import engines
from cagebreak.study.run.durations import Durations
from cagebreak.study.run.progress import Silent
from cagebreak.study.run.schedule import by_configuration, schedule
from cagebreak.study.store import Unit
from reliability import clock, load, save_figure, write_table
from support.tiny_study import write_recipe

WORKERS = 2
NOTHING = float  # a unit that does nothing and takes 0.0 s; workers find it by its name
RUNS = 100
SHARE = 0.05  # of a unit's length that scheduling may take
SAVED = 300  # files that are written and surveyed


def many(n):
    """Return what units need: `RUNS` runs of a configuration that comes first."""
    n_configurations = n // (RUNS + 1)
    firsts = [Unit("equilibrate", (c,)) for c in range(n - n_configurations * RUNS)]
    needs = dict.fromkeys(firsts, ())
    for c in range(n_configurations):
        needs |= {Unit("run", (c, r)): (firsts[c],) for r in range(RUNS)}
    return needs


def scheduled(engine, needs, store):
    """Return CPU and wall seconds a unit."""
    schedule(
        dict(list(needs.items())[: 4 * WORKERS]), lambda unit: (NOTHING,), engine, Silent(),
        lambda unit: unit.address,
    )  # fmt: skip  # starts the workers
    start, busy = clock(), time.process_time()
    outcome = schedule(
        needs,
        do=lambda unit: (NOTHING,),
        engine=engine,
        report=Durations(store, engine.workers, Silent()),
        priority=by_configuration(["equilibrate", "run"], ["equilibrate"], engine.workers),
    )
    assert not outcome.failed
    assert not outcome.waiting
    return (time.process_time() - busy) / len(needs), (clock() - start) / len(needs)


def saved_and_surveyed(store):
    """Return CPU and wall seconds a unit of saving it, and of surveying it."""
    arrays = {"lengths": Dataset(np.random.default_rng(0).random((70, 2000)), "sigma", "t, i")}
    costs = []
    start, busy = clock(), time.process_time()
    for r in range(SAVED):
        store.save(Unit("run", (0, r)), arrays)
    costs.append(((time.process_time() - busy) / SAVED, (clock() - start) / SAVED))
    start, busy = clock(), time.process_time()
    assert len(store.survey("run").done) == SAVED
    costs.append(((time.process_time() - busy) / SAVED, (clock() - start) / SAVED))
    return costs


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--units", type=int, default=10_000)
    options = parser.parse_args()
    needs, rows = many(options.units), []

    def row(name, n, cpu, wall, workers=1):
        rows.append(
            {
                "what": name,
                "units": n,
                "cpu_ms_a_unit": round(1e3 * cpu, 3),
                "wall_ms_a_unit": round(1e3 * wall, 3),
                "5_percent_from_s": round(workers * wall / SHARE, 3),
                "load_a_core": load(),
            }
        )
        print(rows[-1], flush=True)

    with tempfile.TemporaryDirectory() as folder:
        study = cb.Study(write_recipe(Path(folder) / "many.toml"))
        study.store.folder.mkdir()
        for name in ("serial", "pool", "dask"):
            with engines.ENGINES[name](None if name == "serial" else WORKERS, None) as engine:
                if name == "dask":  # which is slow
                    needs = many(options.units // 5)
                row(name, len(needs), *scheduled(engine, needs, study.store), engine.workers)
        for name, costs in zip(("save", "survey"), saved_and_surveyed(study.store), strict=True):
            row(name, SAVED, *costs)
    write_table("schedule", rows)
    save_figure("schedule", draw(rows))


def draw(rows):
    """Draw the CPU and wall time a unit."""
    with style.look():
        figure, (axes,) = style.panels(1, 2.4)
        for shift, key, color, name in (
            (-0.2, "cpu_ms_a_unit", "#004488", "CPU"), (0.2, "wall_ms_a_unit", "#DDAA33", "wall"),
        ):  # fmt: skip
            heights = [row[key] for row in rows]
            places = np.arange(len(rows)) + shift
            axes.bar(places, heights, 0.38, color=color, label=name)
        axes.set_xticks(range(len(rows)), [row["what"] for row in rows])
        axes.tick_params(axis="x", which="both", length=0)
        axes.set(xlabel="", ylabel="ms a unit", yscale="log")
        style.legend(figure, axes, 2)
    return figure


if __name__ == "__main__":
    main()
