"""What holds for every test."""

import gc
import multiprocessing
import os
import shutil
from pathlib import Path

import pytest

# Tests run side by side, and BLAS threads that wait for a busy core spin: a fit took ten times
# as long. Set before numpy loads, and inherited by the processes that tests start.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Figures and the compiler leave many cycles. Looking for them as often as Python does by default
# took a fifth of the time of drawing, and a sixth of that of compiling.
gc.set_threshold(50_000, 20, 10)

TESTS = Path(__file__).parent

# The package waits until the disk has each file that it writes, some 10 ms; memory has it at once.
MEMORY, ENOUGH = Path("/dev/shm"), 4 << 30
if (
    os.access(MEMORY, os.W_OK)
    and shutil.disk_usage(MEMORY).free > ENOUGH
    and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC
):
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


FIRST = (
    *("cli/test_cli.py", "learning/test_every_learner.py", "figures/test_every_figure.py"),
    *("study/run/test_slurm.py", "documents/test_coming_from.py"),
    *("study/", "test_", "simulation/", "polydisperse/", "two_dimensions/"),
)
"""Long files are first, so that no worker is left with one at the end. The first compiles kernels,
which it keeps for the others; the next two need none. The one that waits for SLURM runs while types
are checked beside. freud is loaded before LAMMPS, whose library exports another Voro++."""


def pytest_collection_finish():
    """Let the garbage collector pass over modules and tests, which stay."""
    gc.freeze()


def pytest_collection_modifyitems(items):
    def place(item):
        path = item.path.relative_to(TESTS).as_posix()
        return next((i for i, name in enumerate(FIRST) if path.startswith(name)), len(FIRST))

    items.sort(key=place)


@pytest.fixture(scope="session", autouse=True)
def one_core():
    """Let a study that has the choice work in this process: pytest's workers use all cores."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ("fits", "jobs"):
            patch.setattr(f"cagebreak.study.analysis.{module}.available_cores", lambda: 1)
        yield


IMPORTED = ["cagebreak.study.analysis.compare", "cagebreak.study.analysis.gallery"]


@pytest.fixture(scope="session", autouse=True)
def one_import():
    """Fork the workers of studies from a process that has imported the package, and nothing more.

    A spawned worker takes two seconds for that. Scripts and commands that tests start spawn theirs.
    """
    multiprocessing.set_forkserver_preload(IMPORTED)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cagebreak.study.run.engines.START", "forkserver")
        yield
