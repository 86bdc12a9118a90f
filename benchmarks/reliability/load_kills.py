"""Kill -9 a study at random moments, again and again, and compare its bits with an undisturbed one.

    python benchmarks/reliability/load_kills.py [--kills 500] [--seed 1]

A run in a process of its own is killed after a random time, and run again, until the study is done;
then the next study is begun, until there were as many kills as asked for. The processes are forked
from one that has compiled all kernels, so that a kill falls into the work, not into its start; they
work by themselves (`--engine serial`). test_resume.py kills runs of the whole command
with a pool of workers, test_engines.py workers of Dask, and test_slurm.py jobs of SLURM.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import cagebreak as cb
from cagebreak._atomic import TEMPORARY
from cagebreak.figures import style
from cagebreak.simulation import preparation
from reliability import clock, save_figure, write_table
from support.tiny_study import unit_bytes, write_recipe

RECIPE = {"time": 50.0, "n_runs": 3}
SEGMENT = 20.0  # tau: three to an equilibration, so that kills fall between them
SHORTEST = 0.01  # seconds to the kill; the longest is a fifth of a study


def run(recipe):
    """Do a study in a process of its own; return its id."""
    child = os.fork()
    if not child:
        status = 1
        try:
            cb.Study(recipe).run("serial", progress=False)
            status = 0
        finally:
            os._exit(status)
    return child


def kill_until_done(recipe, longest, rng, undisturbed):
    """Kill a study after random times, up to `longest` seconds; return what each kill left."""
    folder, kills = recipe.with_suffix(""), []
    while True:
        child, delay = run(recipe), SHORTEST * (longest / SHORTEST) ** rng.random()
        time.sleep(delay)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0, "a run failed by itself"
            return kills
        left = [path.name for path in folder.rglob("*") if path.is_file()]
        done = unit_bytes(folder)
        whole = {name: found for name, found in done.items() if ".partial" not in name}
        # Whatever has its final name is final.
        assert whole.items() <= undisturbed.items(), "a unit is not what it has to be"
        kills.append(
            {
                "after_s": round(delay, 4),
                "units": len(whole),
                "writing": sum(name.endswith(TEMPORARY) for name in left) > 0,
                "equilibrating": any(".partial" in name for name in done),
            }
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    preparation.SEGMENT = SEGMENT
    rows, courses, counts = [], [], Counter()
    with tempfile.TemporaryDirectory() as folder:
        first = cb.Study(write_recipe(Path(folder) / "undisturbed.toml", **RECIPE))
        first.run("serial", progress=False)  # compiles
        undisturbed = unit_bytes(first.store.folder)
        start = clock()
        assert os.waitpid(run(write_recipe(Path(folder) / "timed.toml", **RECIPE)), 0)[1] == 0
        alone = clock() - start
        while counts["kills"] < options.kills:
            recipe = write_recipe(Path(folder) / f"{len(rows)}.toml", **RECIPE)
            kills = kill_until_done(recipe, alone / 5, rng, undisturbed)
            equal = unit_bytes(recipe.with_suffix("")) == undisturbed
            leftovers = list(recipe.with_suffix("").rglob(f"*{TEMPORARY}"))
            rows.append(
                {
                    "study": len(rows) + 1,
                    "kills": len(kills),
                    "while_writing": sum(kill["writing"] for kill in kills),
                    "with_partial_equilibration": sum(kill["equilibrating"] for kill in kills),
                    "units": len(undisturbed),
                    "bits_equal": equal,
                    "leftovers": len(leftovers),
                }
            )
            courses.append([kill["units"] for kill in kills])
            counts["kills"] += len(kills)
            print(rows[-1], flush=True)
    write_table("kills", rows)
    save_figure("kills", draw(courses, len(undisturbed)))
    print(f"{counts['kills']} kills; a study alone takes {alone:.1f} s")
    sys.exit(not all(row["bits_equal"] and not row["leftovers"] for row in rows))


def draw(courses, total):
    """Draw the units done over the number of kills, a line a study."""
    with style.look():
        figure, axes = style.panels(1, 2.6)
        for course in courses:
            axes[0].plot(range(1, len(course) + 1), course, color=style.GRAY, lw=0.6)
        axes[0].axhline(total, color="#004488", ls="--", lw=0.8)
        axes[0].set(xlabel="kill -9", ylabel=f"units done, of {total}", ylim=(0, 1.08 * total))
    return figure


if __name__ == "__main__":
    main()
