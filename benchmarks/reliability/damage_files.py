"""Damages to every kind of file that cagebreak writes and reads: each has to be named.

    PYTHONPATH=tests python benchmarks/reliability/damage_files.py                 2000 of each kind
    PYTHONPATH=tests python benchmarks/reliability/damage_files.py --damages 50 --kind table

The row of a kind in the table is replaced once the kind is done.

A damage is one flipped bit, a zeroed block of 4 kB, the end or the start cut off, bytes appended,
or another file in the place. The file is then used in a process of its own by what uses it: the
commands, `Study`, or the `load` of its class. The outcome is `named` (one error of cagebreak, or
warning, with the name of the file, in time), or else `silent`, `unclear`, `late` or `crashed`.
"""

import argparse
import os
import re
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

import numpy as np

import cagebreak as cb
from cagebreak.cli.commands import main as command
from cagebreak.errors import CagebreakError, DamagedFileWarning
from cagebreak.learning import Collection, Ensemble, MLPRegressor, Statistics
from cagebreak.study.analysis.model_file import SavedModel
from cagebreak.study.stages import stages
from cagebreak.study.store import Unit
from reliability import read_table, write_table
from support.tiny_study import SEGMENTS, write_recipe

SECONDS = 20
MEMORY = 4 << 30
OUTCOMES = ("named", "silent", "unclear", "late", "crashed")
BLOCK = 4096


@dataclass
class Kind:
    """A kind of file: files that may be damaged, what uses each, and files to swap with."""

    files: list[Path]
    uses: list = field(default_factory=list)
    others: list[Path] = field(default_factory=list)


def damaged(whole, rng, others):
    """Return the bytes of a damaged file, and the name of the damage."""
    n = len(whole)
    while True:
        name = str(rng.choice(["bit", "zeros", "end", "start", "more", "swapped"]))
        content = bytearray(whole)
        at = int(rng.integers(n))
        if name == "bit":
            content[at] ^= 1 << int(rng.integers(8))
        elif name == "zeros":
            block = content[at : at + BLOCK]
            content[at : at + BLOCK] = bytes(len(block))
        elif name == "end":
            del content[at:]
        elif name == "start":
            del content[: int(rng.choice([at + 1, min(1024, n)]))]
        elif name == "more":
            content += rng.bytes(int(rng.integers(1, 5000)))
        elif others:
            content = others[rng.integers(len(others))].read_bytes()
        if content != whole:
            return bytes(content), name


def outcome(use, path):
    """Use a file in a process of its own, and return how that ended."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        with open(os.devnull, "w") as null:
            os.dup2(null.fileno(), 2)
        os.write(writing, verdict(use, path).encode())
        os._exit(0)
    os.close(writing)
    ready, _, _ = select.select([reading], [], [], SECONDS)
    text = os.read(reading, 4000).decode() if ready else "late"
    os.close(reading)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return text or "crashed"


def verdict(use, path):
    """Use a file and return an outcome."""
    name = f"{path.parent.name}/{path.name}"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            said = use(path)
        except CagebreakError as error:
            return "named" if name in str(error) else f"unclear {error}"
        except BaseException as error:
            return f"unclear {error!r}"
    told = [str(w.message) for w in caught if w.category is DamagedFileWarning]
    return "named" if any(name in text for text in [*told, str(said)]) else f"silent {said}"


def run_command(*arguments):
    """Return a function that runs a command and returns what it prints."""

    def use(path):
        text = StringIO()
        with redirect_stdout(text), redirect_stderr(text), suppress(SystemExit):
            command([str(a) for a in arguments])
        return text.getvalue()

    return use


def study_kinds(folder):
    """Return the kinds of files of a study."""
    recipe = write_recipe(folder / "hs.toml", recommended=True, **SEGMENTS)
    study = cb.Study(recipe)
    study.run("serial", progress=False)
    store = study.store
    kinds = {}
    everything = sorted(path for path in store.folder.rglob("*.h5"))
    commands = [
        run_command(name, recipe, *more)
        for name, *more in (("verify", "--sample", 0), ("run", "--engine", "serial"), ("status",))
    ]
    for stage in study._stages:
        files = sorted((store.folder / stage).rglob("*.h5"))

        def load(path, stage=stage):
            address = path.relative_to(store.folder / stage).with_suffix("").parts
            return store.load(Unit(stage, tuple(map(int, address))))

        def survey(path, stage=stage):
            return store.check({stage: store.survey(stage)})

        # A command takes a second, and does what these functions do.
        uses = [*5 * [load, survey], *commands]
        kinds[f"unit of {stage}"] = Kind(files, uses, everything)
    kinds["export"] = export_kind(study, folder)
    kinds["saved model"] = model_kind(study, folder, everything)
    kinds["partial unit"] = partial_kind(study, folder, everything)
    kinds["table"] = table_kind(study, recipe)
    study.statistics().save(folder / "collection.h5")
    study.statistics({"generations": 0}).parts[0].save(folder / "statistics.h5")
    two = [folder / "collection.h5", folder / "statistics.h5"]
    kinds["collection"] = Kind(two[:1], [Collection.load], [two[1], everything[0]])
    kinds["statistics"] = Kind(two[1:], [Statistics.load], [two[0], everything[0]])
    configuration = folder / "configuration.h5"
    cb.write(configuration, study.configuration(0))
    collections = [*two, *(store.folder / "run").rglob("*.h5")]
    kinds["configuration"] = Kind([configuration], [cb.read], collections)
    return kinds


def export_kind(study, folder):
    """Return the kind of exports."""
    path = folder / "export.h5"
    study.export(path)

    def restore(path):
        with tempfile.TemporaryDirectory() as target:
            return cb.Study.from_export(path, Path(target) / "back.toml")

    def by_command(path):
        with tempfile.TemporaryDirectory() as target:
            return run_command("import", Path(target) / "back.toml", path)(path)

    return Kind([path], [restore, by_command], sorted(study.store.folder.rglob("*.h5"))[:5])


def model_kind(study, folder, others):
    """Return the kind of saved models."""
    path, frame = folder / "model.h5", folder / "frame.xyz"
    study.save_model(path, "LR0")
    cb.write(frame, study.configuration(0))
    predict = run_command("predict", path, frame, "-o", folder / "predicted.xyz")
    return Kind([path], [*4 * [SavedModel.load], predict], others[:5])


def partial_kind(study, folder, others):
    """Return the kind of partial units; their study has one, and the unit itself is missing."""
    copy = folder / "partial"
    shutil.copytree(study.store.folder, copy / "hs")
    shutil.copy(study.recipe.path, copy / "hs.toml")
    resumed = cb.Study(copy / "hs.toml")
    unit = Unit("equilibrate", (0,))
    resumed.store.path(unit).unlink()
    work = stages.STAGES["equilibrate"].work

    class Stop(Exception):
        pass

    def save(self, unit, arrays, partial=False):
        original(self, unit, arrays, partial)
        raise Stop

    store_type = type(resumed.store)
    original, store_type.save = store_type.save, save
    try:
        work(resumed.recipe, resumed.store, unit)
    except Stop:
        pass
    finally:
        store_type.save = original
    path = resumed.store.path(unit, partial=True)

    def survey(path):
        return resumed.store.check({"equilibrate": resumed.store.survey("equilibrate")})

    def load(path):
        return resumed.store.load(unit, partial=True)

    return Kind([path], [survey, load], others[:8])


def table_kind(study, recipe):
    """Return the kind of tables, with the JSON beside each and the list of their SHA-256."""
    names = ("propensity", "configurations", "structure")
    expected = {name: study.table(name) for name in names}
    folder = study.store.folder / "tables"

    def read(path):
        for name in names:
            table = cb.Study(recipe).table(name)
            if not table.equals(expected[name]):
                raise AssertionError(f"{name} is another table")

    commands = [run_command("status", recipe), run_command("verify", recipe, "--sample", 0)]
    files = [folder / f"{name}.{suffix}" for name in names for suffix in ("csv", "json")]
    return Kind([*files, folder / "SHA256SUMS"], [*4 * [read], *commands], files)


def network_kinds(folder):
    """Return the kinds of files of networks."""
    rng = np.random.default_rng(0)
    X, groups = rng.normal(size=(60, 3)), np.arange(60) // 10
    Y = np.stack([X[:, 0] - X[:, 1], np.abs(X[:, 2])], 1)
    settings = {"hidden": (4,), "dropout": 0.0, "device": "cpu", "progress": False}
    network = MLPRegressor(epochs=2, checkpoint=folder / "checkpoints", **settings)
    network.fit(X, Y, groups)
    network.save(folder / "mlp.h5")
    (checkpoint,) = (folder / "checkpoints").iterdir()
    MLPRegressor(epochs=3, checkpoint=folder / "others", **settings).fit(X, Y, groups)
    ensemble = Ensemble(MLPRegressor(epochs=2, **settings), members=2).fit(X, Y, groups)
    ensemble.save(folder / "ensemble.h5")
    files = [folder / "mlp.h5", folder / "ensemble.h5"]
    kinds = {
        "network": Kind(files[:1], [MLPRegressor.load], [files[1], checkpoint]),
        "ensemble": Kind(files[1:], [Ensemble.load], [files[0], checkpoint]),
    }
    others = [*files, *(folder / "others").iterdir()]
    kinds["checkpoint"] = Kind([checkpoint], [lambda path: network.fit(X, Y, groups)], others)
    return kinds


def tried(name, kind, n, seed):
    """Damage files of a kind `n` times; return a row of the table."""
    rng = np.random.default_rng([seed, *name.encode()])
    counts, damages, started, longest = Counter(), Counter(), time.monotonic(), 0.0
    for _ in range(n):
        path = kind.files[rng.integers(len(kind.files))]
        use = kind.uses[rng.integers(len(kind.uses))]
        status, whole = path.stat(), path.read_bytes()
        others = [other for other in kind.others if other != path]
        content, damage = damaged(whole, rng, others)
        siblings = {p: p.read_bytes() for p in path.parent.iterdir() if name == "table"}
        path.write_bytes(content)
        began = time.monotonic()
        text = outcome(use, path)
        longest = max(longest, time.monotonic() - began)
        for sibling, bytes_ in siblings.items():
            sibling.write_bytes(bytes_)
        path.write_bytes(whole)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        result = text.split(" ", 1)[0]
        counts[result] += 1
        damages[damage] += 1
        if result != "named":
            print(f"{name}: {path.name}, {damage}: {text[:300]}", file=sys.stderr, flush=True)
    row = {"kind": name, "damages": n} | {key: counts[key] for key in OUTCOMES}
    row |= {"longest_s": round(longest, 2)}
    print(*row.values(), f"{time.monotonic() - started:.0f} s", dict(damages), flush=True)
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--damages", type=int, default=2000, help="damages of each kind")
    parser.add_argument("--kind", help="only kinds whose names match this regular expression")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kinds = study_kinds(Path(folder)) | network_kinds(Path(folder))
        rows = {row["kind"]: row for row in read_table("damages") if row["kind"] in kinds}
        for name, kind in kinds.items():
            if options.kind is None or re.search(options.kind, name):
                rows[name] = tried(name, kind, options.damages, options.seed)
                write_table("damages", [rows[known] for known in kinds if known in rows])
    if any(int(row["named"]) != int(row["damages"]) for row in rows.values()):
        sys.exit("some damages were not named")


if __name__ == "__main__":
    main()
