"""`import cagebreak` over `import numba`, which it cannot do without, and the first step after it.

    python benchmarks/import_time.py

Fresh processes take turns. The first step is that of a simulation whose kernels an
earlier process has compiled.
"""

import resource
import subprocess
import sys

import measure

STEP = """
import numpy as np
import cagebreak as cb
from cagebreak.simulation.hard_spheres import EventDriven

model = cb.hard_spheres(0.3)
edge = model.box(125).lengths[0]
lattice = np.stack(np.meshgrid(*[np.arange(5)] * 3), axis=-1).reshape(-1, 3) * edge / 5
EventDriven(cb.Configuration(lattice, model.species(125), edge), model, seed=1).run(0.01)
"""


def process(code):
    """Return a side that runs code in a fresh process, and returns the CPU time of the process."""

    def side():
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return side


def rows():
    codes = {"numba": "import numba", measure.OURS: "import cagebreak", "step": STEP}
    times = measure.in_turn({name: process(code) for name, code in codes.items()}, seconds=40)
    subject, ours = "start of a process", times[measure.OURS]
    for name in ("numba", measure.OURS):
        yield measure.row(subject, "", "CPU time", f"`import {name}`", times[name], unit="s")
    yield measure.row(
        subject, "", "additional CPU time", "`import cagebreak`", ours - times["numba"],
        peer="`import numba`", unit="s", aim="at most 0.3",
    )  # fmt: skip
    yield measure.row(
        subject, "", "additional CPU time", "a first step of hard spheres", times["step"] - ours,
        peer="`import cagebreak`", unit="s", aim="at most 1",
    )  # fmt: skip


if __name__ == "__main__":
    measure.main(rows)
