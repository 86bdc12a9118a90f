"""How well two workers share a study: a run with one process, then with two.

    python benchmarks/reliability/load_efficiency.py [--tau 500]

Three numbers; the last two hold on a busy machine too. `speedup / 2` is the wall time of
one process over twice that of two. `CPU` is the CPU time of one process over that of all processes
of the other run, their start included: what is left of the work beside overhead. `busy` is the time
that units took over the time that two workers had: what is lost by waiting for units and for the
workers to start. The product of both is the efficiency that a quiet machine would show.
"""

import argparse
import csv
import platform
import resource
import tempfile
from pathlib import Path

import cagebreak as cb
from cagebreak.figures import style
from cagebreak.study.run.durations import NAME
from reliability import clock, load, save_figure, write_table
from support.tiny_study import unit_bytes, write_recipe

WORKERS = 2


def cpu():
    """Return the CPU seconds of this process and of its children that ended."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def timed(recipe, **options):
    """Run a study; return the seconds it and its units took, CPU seconds, and its bytes."""
    study = cb.Study(recipe)
    start, busy = clock(), cpu()
    study.run(**options, progress=False)
    wall, busy = clock() - start, cpu() - busy
    with (study.store.folder / NAME).open(newline="", encoding="utf-8") as file:
        units = sum(float(row["seconds"]) for row in csv.DictReader(file))
    return wall, units, busy, unit_bytes(study.store.folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tau", type=float, default=500.0, help="length of a run")
    options = parser.parse_args()
    recipe = {"n_configurations": 6, "n_particles": 500, "n_runs": 10, "time": 100.0,
              "last": options.tau}  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        cb.Study(write_recipe(Path(folder) / "compiles.toml")).run("serial", progress=False)
        one, _, one_cpu, serial = timed(write_recipe(Path(folder) / "1.toml", **recipe),
                                        engine="serial")  # fmt: skip
        two, units, two_cpu, pool = timed(write_recipe(Path(folder) / "2.toml", **recipe),
                                          engine="pool", workers=WORKERS)  # fmt: skip
    assert serial == pool
    by_cpu, busy = one_cpu / two_cpu, units / (WORKERS * two)
    row = {
        "units": len(serial),
        "wall_1_s": round(one, 1),
        "wall_2_s": round(two, 1),
        "cpu_1_s": round(one_cpu, 1),
        "cpu_2_s": round(two_cpu, 1),
        "speedup_over_2": round(one / two / WORKERS, 3),
        "cpu": round(by_cpu, 3),
        "busy": round(busy, 3),
        "efficiency": round(by_cpu * busy, 3),
        "load_a_core": load(),
        "python": platform.python_version(),
    }
    write_table("efficiency", [row])
    with style.look():
        figure, (axes,) = style.panels(1, 2.2)
        names = ("speedup_over_2", "cpu", "busy", "efficiency")
        axes.bar(range(len(names)), [row[name] for name in names], color="#004488", width=0.6)
        axes.axhline(0.95, color="#BB5566", ls="--", lw=0.8)
        axes.set_xticks(range(len(names)), ["speed-up / 2", "CPU", "busy", "CPU × busy"])
        axes.tick_params(axis="x", which="both", length=0)
        axes.set(xlabel="", ylabel="share", ylim=(0, 1.1))
    save_figure("efficiency", figure)


if __name__ == "__main__":
    main()
