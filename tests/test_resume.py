"""A study that is killed and run again equals one that was left alone, to the bit."""

import os
import random
import signal
import subprocess
import sys

import pytest

import cagebreak as cb
from cagebreak.simulation.equilibrate import SEGMENT
from cagebreak.study.store import Store
from tiny_study import unit_bytes, write_recipe

RECIPE = {"time": 2 * SEGMENT + 10, "n_runs": 2}  # an equilibration of three segments
KILLS = 3
SEED = 20220822
# A process started in the background ignores Ctrl-C, and so would what it starts.
COMMAND = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from cagebreak.cli import main
main(prog_name="cagebreak")
"""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    study = cb.Study(write_recipe(tmp_path_factory.mktemp("undisturbed") / "hs.toml", **RECIPE))
    study.run("serial", progress=False)
    return unit_bytes(study.store.folder)


def start(recipe, workers):
    """Start a run in a process of its own; return when it has begun to work."""
    command = [sys.executable, "-c", COMMAND, "run", str(recipe), "--workers", str(workers)]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    assert "units are done" in process.stderr.readline()
    return process


@pytest.mark.parametrize("workers", [1, 2])
def test_killed_at_random_moments(undisturbed, tmp_path, workers):
    rng = random.Random(SEED + workers)
    recipe = write_recipe(tmp_path / "hs.toml", **RECIPE)
    for _ in range(KILLS):
        with start(recipe, workers) as process:
            try:
                # Workers need a second to start, so that later moments matter more.
                process.wait(rng.uniform(0.5, 4))
            except subprocess.TimeoutExpired:
                process.kill()
        assert process.returncode in (0, -signal.SIGKILL)
    study = cb.Study(recipe)
    study.run(workers=workers, progress=False)
    assert unit_bytes(study.store.folder) == undisturbed
    assert not [p for p in study.store.folder.rglob("*") if ".tmp" in p.name or "part" in p.name]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_stopped_around_every_write(undisturbed, tmp_path, monkeypatch, moment):
    study = cb.Study(write_recipe(tmp_path / "hs.toml", **RECIPE))
    save, writes, stops = Store.save, [], 0

    def stop_at_the_second(*arguments, **options):
        writes.append(arguments)
        if moment == "before" and len(writes) == 2:
            raise KeyboardInterrupt
        save(*arguments, **options)
        if moment == "after" and len(writes) == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Store, "save", stop_at_the_second)
        while True:
            writes.clear()
            try:
                study.run("serial", progress=False)
                break
            except KeyboardInterrupt:
                stops += 1
    # Every write was stopped around once: units, and two partial ones an equilibration.
    assert stops >= len(undisturbed) + 2 * 3 - 1
    assert unit_bytes(study.store.folder) == undisturbed


def test_ctrl_c_ends_cleanly_and_keeps_what_is_done(tmp_path):
    recipe = write_recipe(tmp_path / "hs.toml", time=1e6)
    with start(recipe, workers=2) as process:
        os.kill(process.pid, signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode == 130
    assert "stopped; what is done is kept" in said
    assert "Traceback" not in said
    with cb.Study(recipe).store.locked():
        pass
