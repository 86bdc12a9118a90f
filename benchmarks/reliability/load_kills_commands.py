"""Stop every command at random moments by every signal, and look for what it leaves or changes.

    python benchmarks/reliability/load_kills_commands.py [--seconds 300] [--seed 1]

Each command is first called undisturbed. It is then forked, from a process that has compiled all
kernels, and stopped after a random part of the time that it takes, again and again. After every
stop the files that were there before must be as they were. At the end the command is called once
more: its files must be those of the undisturbed call, and no other may be left.
"""

import argparse
import hashlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

import cagebreak as cb
from cagebreak._atomic import TEMPORARY
from cagebreak.cli.commands import main as cagebreak
from cagebreak.potentials.lammps.instance import Instance
from reliability import write_table
from support.tiny_study import write_recipe

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
PAIRS = "pair_style lj/cut 2.5\npair_coeff 1 1 1.0 1.0 2.5\n"
PER_RUN = ("durations.csv", ".lock")
"""Files of a study that differ from call to call."""


def commands(folder):
    """Return the arguments of each command, and what has to be absent before it is called."""
    recipe, start = folder / "hs.toml", folder / "hs" / "equilibrate" / "0000.h5"
    out = folder / "out"
    made = [folder / "made.toml", folder / "made.schema.json", folder / "made"]
    files = [folder / "runs.npz", "--model", "kob-andersen", "--time", "5", "--no-run"]
    hard_spheres = ["--model", "hard-spheres", "--states", "initial,inherent"]
    return {
        "new": (["new", "hard-spheres", made[0]], made),
        "run": (["run", recipe, "--engine", "serial"], [folder / "hs" / "propensity"]),
        "fit": (["fit", recipe], [folder / "hs" / "tables"]),
        "fit again": (["fit", recipe], []),
        "fit --save": (["fit", recipe, "--save", out / "model.h5"], []),
        "figure": (["figure", recipe, "alkemade2022.mean_propensity"], []),
        "export": (["export", recipe, "-o", out / "all.h5"], []),
        "import": (["import", made[0], *files], made),
        "import of an export": (["import", made[0], folder / "all.h5"], made),
        "verify": (["verify", recipe, "--sample", "2"], []),
        "describe": (["describe", start, "-o", out / "d.h5", *hard_spheres], []),
        "predict": (["predict", folder / "model.h5", start, "-o", out / "p.xyz"], []),
        "tabulate": (["tabulate", folder / "pairs", "-o", out / "t.table", "--species", "1"], []),
    }


def prepare(folder):
    """Make a study, a model, an export and files to import."""
    study = cb.Study(write_recipe(folder / "hs.toml"))
    study.run("serial", progress=False)
    study.export(folder / "all.h5")
    study.save_model(folder / "model.h5", "LR0")
    (folder / "out").mkdir()
    (folder / "pairs").write_text(PAIRS)
    rng, edge = np.random.default_rng(1), (64 / 1.2) ** (1 / 3)
    grid = (np.array(list(np.ndindex(4, 4, 4))) + 0.5) * edge / 4
    np.savez(
        folder / "runs.npz",
        types=np.arange(64) % 5 // 4,
        initial_positions=grid,
        positions=grid + 0.05 * rng.normal(size=(3, 64, 3)),
    )


def call(arguments):
    """Call a command in a process of its own; return its id."""
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        try:
            cagebreak([str(argument) for argument in arguments])
        except SystemExit as end:
            Instance._idle.clear()  # as it is when a process of its own ends
            os._exit(end.code or 0)
        finally:
            os._exit(99)
    return child


def digests(folder):
    """Return the SHA-256 of every file by its path, but for those that differ at every call."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name not in PER_RUN:
            try:
                found[path] = hashlib.sha256(path.read_bytes()).hexdigest()
            except FileNotFoundError:
                continue
    return found


def temporary_folders():
    """Return the temporary folders of the package in that of the system."""
    return set(Path(tempfile.gettempdir()).glob("cagebreak-tmp-*"))


def remove(paths):
    for path in paths:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def stop_again_and_again(name, folder, arguments, absent, seconds, rng):
    """Stop a command at random moments; return a row of the table."""
    remove(absent)
    start = time.monotonic()
    assert os.waitstatus_to_exitcode(os.waitpid(call(arguments), 0)[1]) == 0, name
    alone = time.monotonic() - start
    reference, elsewhere = digests(folder), temporary_folders()
    counts, ends = Counter(), Counter()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        # What is not made by every call is as a kill has left it.
        if rng.random() < 0.5:
            remove(absent)
        child, number = call(arguments), rng.choice(SIGNALS)
        time.sleep(alone * rng.random() * 1.05)
        os.kill(child, number)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        ends[signal.Signals(number).name, code] += 1
        counts["kills"] += 1
        now = digests(folder)
        counts["changed"] += sum(
            reference[path] != digest for path, digest in now.items() if path in reference
        )
        counts["with_leftovers"] += any(TEMPORARY in path.name for path in now)
        # By a signal, as the shell has it, or done before; 2, where an import is done already.
        counts["other_codes"] += code not in (0, -number, 128 + number, 2)
    if name == "import of an export":
        remove(absent[2:])  # a complete folder is refused; a recipe alone is completed
    code = os.waitstatus_to_exitcode(os.waitpid(call(arguments), 0)[1])
    if name == "new":
        code *= (folder / "made.toml") not in digests(folder)  # it exists already
    now = digests(folder)
    print(dict(sorted(ends.items(), key=str)))
    return {
        "command": name,
        "seconds": round(alone, 2),
        "kills": counts["kills"],
        "with_leftovers": counts["with_leftovers"],
        "changed": counts["changed"],
        "other_codes": counts["other_codes"],
        "ends_well": code == 0,
        "left": len(set(now) - set(reference)) + len(temporary_folders() - elsewhere),
        "equal": all(now.get(path) == digest for path, digest in reference.items()),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng, rows = random.Random(options.seed), []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        works = commands(folder)
        for command, (arguments, absent) in works.items():
            share = options.seconds / len(works)
            rows.append(stop_again_and_again(command, folder, arguments, absent, share, rng))
            print(rows[-1], flush=True)
            remove(absent if command in ("new", "import", "import of an export") else [])
    write_table("kills_commands", rows)
    bad = [row for row in rows if row["changed"] or row["left"] or row["other_codes"]]
    bad += [row for row in rows if not (row["equal"] and row["ends_well"])]
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
