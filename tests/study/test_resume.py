"""A study that is killed and run again equals one that was left alone, to the bit."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import cagebreak as cb
from cagebreak.simulation.preparation import SEGMENT
from cagebreak.study.store import Store
from support.tiny_study import unit_bytes, write_recipe

RECIPE = {"time": SEGMENT + 10, "n_runs": 2}  # an equilibration of two segments
KILLS = 3
SEED = 20220822
# A process started in the background ignores Ctrl-C, and one under `nohup` a lost terminal; what
# they start would do so too.
COMMAND = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from cagebreak.cli import main
main(prog_name="cagebreak")
"""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    study = cb.Study(write_recipe(tmp_path_factory.mktemp("undisturbed") / "hs.toml", **RECIPE))
    study.run("serial", progress=False)
    return unit_bytes(study.store.folder)


def start(recipe, workers):
    """Start a run in a process group of its own; return when it works, or found nothing to do."""
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "run", str(recipe), "--workers", str(workers)],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert "units are done" in process.stderr.readline() or process.wait() == 0
    return process


def n_files(folder):
    return sum(1 for _ in folder.rglob("*.h5"))


def alive(group):
    """Return the processes of a group that are no zombies."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, rest = path.read_text().split(" (", 1)
        except OSError:
            continue  # It ended meanwhile.
        state, _, its_group = rest.rsplit(") ", 1)[1].split()[:3]
        if int(its_group) == group and state != "Z":
            found.append(int(pid))
    return found


@pytest.mark.parametrize("workers", [1, 2])
def test_killed_at_random_moments(undisturbed, tmp_path, workers):
    rng = random.Random(SEED + workers)
    recipe = write_recipe(tmp_path / "hs.toml", **RECIPE)
    folder = recipe.with_suffix("")
    for _ in range(KILLS):
        # Counted in units, so that on no machine the study is over before.
        done = n_files(folder)
        wanted = rng.randint(done, (done + len(undisturbed)) // 2)
        with start(recipe, workers) as process:
            while process.poll() is None and n_files(folder) < wanted:
                time.sleep(0.01)
            time.sleep(rng.uniform(0, 0.3))
            process.kill()
        if process.returncode == 0:
            assert done > 0, "ended before the first kill"
            break
        assert process.returncode == -signal.SIGKILL
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
    # Every write was stopped around once: units, and a partial one an equilibration.
    assert stops >= len(undisturbed) + 3 - 1
    assert unit_bytes(study.store.folder) == undisturbed


@pytest.mark.skipif(not Path("/proc").exists(), reason="/proc is absent")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_ctrl_c_ends_cleanly_and_keeps_what_is_done(tmp_path, number):
    recipe = write_recipe(tmp_path / "hs.toml", time=1e6)
    with start(recipe, workers=2) as process:
        # A terminal tells all processes; it is not for the workers to answer.
        for pid in sorted(alive(process.pid), key=process.pid.__eq__):
            os.kill(pid, number)
            time.sleep(0.5)
        said = process.stderr.read()
    assert process.returncode == 128 + number
    assert "stopped; what is done is kept" in said
    assert not any(word in said for word in ("Traceback", "failed"))
    with cb.Study(recipe).store.locked():
        pass


@pytest.mark.skipif(not Path("/proc").exists(), reason="/proc is absent")
def test_workers_end_with_a_killed_run(tmp_path):
    recipe = write_recipe(tmp_path / "hs.toml", time=1e6)
    with start(recipe, workers=2) as process:
        time.sleep(2)
        assert len(alive(process.pid)) >= 3
        process.kill()
    deadline = time.monotonic() + 20
    while alive(process.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert alive(process.pid) == []
