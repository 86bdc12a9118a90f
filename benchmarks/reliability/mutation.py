"""Change the package in one place at a time and see whether the tests notice.

The mutations are those of Cosmic Ray (`pip install cosmic-ray coverage`), made in a copy of the
repository. Places are drawn at random with a stated seed: a package gets a share of the sample
that is its share of the places, and a place gets one of its mutations. A mutant meets the tests
that execute its statement, by the coverage of every test, until one fails. In turn:

    python mutation.py draw --tree COPY --number 400
    python mutation.py map --tree COPY tests/states tests/dynamics ...
    python mutation.py run --tree COPY states dynamics ...
    python mutation.py rates

`map` replaces what was known of the files of these tests; `run` passes over mutants that have an
outcome.
"""

import argparse
import contextlib
import csv
import gc
import importlib
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import pytest

from mutation_sample import FIELDS, PACKAGES, RESULTS, change, draw, mutate
from mutation_tests import is_kernel, record, relevant, users

TABLE = Path(__file__).parents[2] / "docs" / "reliability" / "mutants.csv"
LONGEST = 1800.0  # seconds of a mutant
MEMORY = 12 << 30  # bytes of a mutant
PRELOADED = (
    "numpy scipy.sparse scipy.spatial scipy.optimize scipy.special scipy.stats numba pandas h5py "
    "sklearn.linear_model sklearn.pipeline hypothesis matplotlib.pyplot torch gsd.hoomd"
)


class Verdict:
    """A plugin of pytest: the order of the tests, their CPU time, and the first that fails."""

    def __init__(self, allowed, path):
        self.allowed, self.path = allowed, path
        self.order = {test: i for i, test in enumerate(allowed)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        items.sort(key=lambda item: self.order[item.nodeid])

    def pytest_runtest_logstart(self, nodeid):
        limit = int(time.process_time() + self.allowed[nodeid]) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))

    def _failed(self, name):
        if not self.path.exists():
            self.path.write_text(name)

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self._failed(report.nodeid)

    def pytest_collectreport(self, report):
        if report.failed:
            self._failed(f"{report.nodeid} (import)")


def _enter(tree):
    os.chdir(tree)
    sys.path[:0] = [str(tree / "src"), str(tree / "tests"), str(tree / "benchmarks/reliability")]
    os.environ["PYTHONPATH"] = str(tree / "src")
    os.environ["NUMBA_CACHE_DIR"] = str(tree / ".numba")


def _kernels():
    """Return the folder of the compiled kernels of the present sources."""
    from cagebreak import _compile

    return _compile._folder()


def _unchanged_kernels(tree, file, original):
    """Link compiled kernels that do not depend on a changed file into the folder of its sources."""
    changed = {file, *(user for user in users(tree, file))}
    names = ["cagebreak." + name.removesuffix(".py").replace("/", ".") for name in changed]
    folder = _kernels()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for kernel in original.glob("*.nbc"):
        if not any(kernel.name.startswith(name + ".") for name in names):
            os.link(kernel, folder / kernel.name)
    return folder


def test_mutant(tree, row, mutated, allowed, kernels):
    """Return (outcome, seconds, test) of a mutant, tested in a process that starts with imports.

    `allowed` has the CPU time that each test may take, in seconds.
    """
    path = tree / "src" / "cagebreak" / row["file"]
    original, times = path.read_bytes(), path.stat()
    work = Path(tempfile.mkdtemp(prefix="mutant-"))
    begin = time.monotonic()
    kernel = is_kernel(path)
    path.write_text(mutated, encoding="utf-8")
    folder = None
    try:
        if kernel:
            folder = work / "kernels"
        child = os.fork()
        if child == 0:
            _child(tree, row["file"], allowed, work, kernels if kernel else None)
        status = None
        # Tests that sleep use no CPU time; others may use the machine.
        while status is None and time.monotonic() - begin < LONGEST:
            done, code = os.waitpid(child, os.WNOHANG)
            status = code if done else None
            time.sleep(0.02)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        path.write_bytes(original)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    elapsed = round(time.monotonic() - begin, 1)
    verdict = work / "verdict"
    test = verdict.read_text() if verdict.exists() else ""
    if folder is not None and folder.exists():
        shutil.rmtree(Path(folder.read_text()), ignore_errors=True)
    if status is None:
        os.waitpid(child, 0)
    if status is None or (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU):
        outcome = "timeout"
    elif os.WIFSIGNALED(status):
        outcome = "crash"
    elif os.WEXITSTATUS(status) == 0:
        outcome = "survived"
    else:
        outcome = "killed" if test else "error"
    if outcome == "error":
        print((work / "output").read_text()[-2000:])
    shutil.rmtree(work, ignore_errors=True)
    return outcome, elapsed, test


def _child(tree, file, allowed, work, kernels):
    """Run the tests of a mutant and leave the process."""
    code = 3
    try:
        os.setpgid(0, 0)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        output = os.open(work / "output", os.O_WRONLY | os.O_CREAT)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.environ["TMPDIR"] = tempfile.tempdir = str(work)
        import hypothesis

        phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
        hypothesis.settings.register_profile("mutants", phases=phases, database=None)
        hypothesis.settings.load_profile("mutants")
        if kernels is not None:
            (work / "kernels").write_text(str(_unchanged_kernels(tree, file, kernels)))
        options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=short"]
        options.append(f"--basetemp={work / 'pytest'}")
        code = pytest.main([*allowed, *options], plugins=[Verdict(allowed, work / "verdict")])
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(int(code))


def run(tree, packages, table):
    """Test the mutants of packages that have no outcome yet, and write the table after each."""
    _enter(tree)
    known = json.loads((tree / "executed.json").read_text())
    kernels = tree / "kernels"
    if not kernels.exists():
        shutil.copytree(_kernels(), kernels)
    for name in [name for name in sys.modules if name.split(".")[0] == "cagebreak"]:
        del sys.modules[name]  # each mutant imports its own
    for name in PRELOADED.split():
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # what is changed is restored
    rows = read(table)
    root = tree / "src" / "cagebreak"
    untested = [row for row in rows if row["package"] in packages and not row["outcome"]]
    # Those of kernels are compiled, which takes longer.
    for row in sorted(untested, key=lambda row: is_kernel(root / row["file"])):
        path = root / row["file"]
        source = path.read_text(encoding="utf-8")
        mutated = mutate(source, row["operator"], int(row["occurrence"]))
        if mutated is None or change(source, mutated) != (row["before"], row["after"]):
            raise SystemExit(f"{row['file']} has changed since the sample was drawn")
        tests = relevant(tree, row["file"], int(row["line"]), known)
        result = ("survived", 0.0, "no test executes it")
        if tests:
            start = 10 + 75 * is_kernel(path)  # of imports and fixtures, and of compiling
            allowed = {test: start + 3 * known[test][0] for test in tests}
            result = test_mutant(tree, row, mutated, allowed, kernels)
        row |= dict(zip(RESULTS, (*result, ""), strict=True))
        print(*row.values(), sep="; ", flush=True)
        write(table, rows)


def rates(table):
    """Write how many mutants of each package were killed, beside their table.

    A note that begins with "equivalent" is the verdict of a reader, with the reason. Such mutants
    do what the original does, and are not counted.
    """
    from reliability import write_table  # imports cagebreak

    rows = [row for row in read(table) if row["outcome"]]
    summary = []
    for package in (*PACKAGES, "all"):
        of_package = [row for row in rows if package in (row["package"], "all")]
        equivalent = [row for row in of_package if row["note"].startswith("equivalent")]
        survived = [row for row in of_package if row["outcome"] == "survived"]
        n, n_survived = len(of_package) - len(equivalent), len(survived) - len(equivalent)
        summary.append(
            {
                "package": package,
                "mutants": len(of_package),
                "equivalent": len(equivalent),
                "killed": n - n_survived,
                "at first": sum(
                    not row["note"].startswith("survived at first") for row in of_package
                )
                - len(survived),
                "survived": n_survived,
                "share": round((n - n_survived) / max(n, 1), 3),
            }
        )
    write_table("mutation", summary)


def read(table):
    """Return the rows of a table."""
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(table, rows):
    """Write the rows of a table, completely or not at all."""
    temporary = table.with_suffix(".part")
    with temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, (*FIELDS, *RESULTS), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    temporary.replace(table)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("action", choices=("draw", "map", "run", "rates"))
    parser.add_argument("what", nargs="*", help="tests to map, or packages to mutate")
    parser.add_argument("--tree", type=Path, default=".", help="a copy of the repository")
    parser.add_argument("--number", type=int, default=400, help="mutants to draw")
    parser.add_argument("--table", type=Path, default=TABLE)
    given = parser.parse_intermixed_args()
    tree, table = given.tree.resolve(), given.table.resolve()
    match given.action:
        case "draw":
            _enter(tree)
            write(table, draw(tree, given.number))
        case "map":
            _enter(tree)
            record(tree, given.what, tree / "executed.json")
        case "run":
            run(tree, given.what or PACKAGES, table)
        case "rates":
            rates(table)


if __name__ == "__main__":
    main()
