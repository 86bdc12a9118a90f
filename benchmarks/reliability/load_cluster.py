"""How busy a study keeps a cluster of 1000 workers, whose units sleep.

    python benchmarks/reliability/load_cluster.py [--workers 1000] [--seconds 60] [--dask]

Workers are threads of this process, which share one core with the scheduling of the study: what is
measured is whether that keeps up. With `--dask` a Dask scheduler and four of its workers of 250
threads each live there too: what a real cluster spreads over a thousand machines. Units sleep as
long as is asked for, half to one and a half times, and write down when. Efficiency is the time
slept over workers times the time from the first unit's start to the last one's end, when units run
out; and, without that end, to the last one's start.
"""

import argparse
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from cagebreak.figures import style
from cagebreak.study.run.dask_cluster import _CONFIG, DaskExecutor
from cagebreak.study.run.engines import Engine
from cagebreak.study.run.schedule import schedule
from cagebreak.study.store import Unit
from reliability import clock, load, save_figure, write_table

_QUIET = {
    "distributed.scheduler.locks.lease-timeout": "1h",
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.limit": "1h",
}
THREADS = 250  # of a worker of Dask
SLEPT = []


def sleep(seconds):
    """Sleep; return from when to when."""
    start = clock()
    time.sleep(seconds)
    return start, clock()


class Told:
    """Write down who slept when."""

    def done(self, unit, slept):
        """Dask knows a copy of this module: the list here is filled from what comes back."""
        SLEPT.append(slept)

    def failed(self, unit, error, again):
        """Say why."""
        print(unit, repr(error), again, flush=True)


@contextmanager
def dask_threads(workers):
    """Yield the executor of a Dask cluster in this process."""
    import dask
    from distributed import Client, LocalCluster

    with (
        dask.config.set(_CONFIG | _QUIET),
        LocalCluster(
            n_workers=workers // THREADS, threads_per_worker=THREADS, processes=False,
            dashboard_address=None, silence_logs=50, memory_limit=0,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):  # fmt: skip
        client.wait_for_workers(workers // THREADS, timeout=600)
        yield DaskExecutor(client)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dask", action="store_true")
    options = parser.parse_args()
    rng = random.Random(1)
    lengths = {
        Unit("run", (c, w)): options.seconds * rng.uniform(0.5, 1.5)
        for c in range(options.rounds)
        for w in range(options.workers)
    }
    with (dask_threads if options.dask else ThreadPoolExecutor)(options.workers) as executor:
        busy = time.process_time()
        outcome = schedule(
            dict.fromkeys(lengths, ()),
            do=lambda unit: (sleep, lengths[unit]),
            engine=Engine(executor, options.workers, ahead=options.workers),
            report=Told(),
            priority=lambda unit: unit.address,
        )
        busy = time.process_time() - busy
    assert not outcome.failed
    first = min(start for start, _ in SLEPT)
    wall = max(end for _, end in SLEPT) - first
    slept = sum(end - start for start, end in SLEPT)
    # Until there is nothing more to hand out, all are to be at work.
    handed_out = max(start for start, _ in SLEPT) - first
    filled = sum(min(end - first, handed_out) - min(start - first, handed_out)
                 for start, end in SLEPT)  # fmt: skip
    row = {
        "executor": "dask" if options.dask else "threads",
        "workers": options.workers,
        "units": len(lengths),
        "seconds_a_unit": options.seconds,
        "wall_s": round(wall, 1),
        "efficiency": round(slept / (options.workers * wall), 3),
        "efficiency_until_the_last_starts": round(filled / (options.workers * handed_out), 3),
        "cpu_ms_a_unit": round(1e3 * busy / len(lengths), 2),
        "load_a_core": load(),
    }
    name = "cluster_dask" if options.dask else "cluster"
    write_table(name, [row])
    save_figure(name, draw(first))
    sys.exit(row["efficiency_until_the_last_starts"] < 0.9)


def draw(first):
    """Draw how many workers are at work over time."""
    starts = [(start - first, 1) for start, _ in SLEPT]
    steps = sorted(starts + [(end - first, -1) for _, end in SLEPT])
    times, working, n = [], [], 0
    for at, change in steps:
        n += change
        times.append(at)
        working.append(n)
    with style.look():
        figure, (axes,) = style.panels(1, 2.2)
        axes.step(times, working, where="post", color="#004488")
        axes.set(xlabel="seconds", ylabel="workers at work", ylim=(0, None), xlim=(0, None))
    return figure


if __name__ == "__main__":
    main()
