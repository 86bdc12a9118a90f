"""Change the package in one place at a time and see whether the tests notice.

The mutations are those of Cosmic Ray (`pip install cosmic-ray coverage`), made in a copy of the
repository. Places are drawn at random with a stated seed: a package gets a share of the sample
that is its share of the places, and a place gets one of its mutations. A mutant meets the tests
that execute its statement, by the coverage of every test, until one fails. In turn:

    python mutation.py draw --tree COPY --number 400
    python mutation.py map --tree COPY tests/states tests/dynamics ...
    python mutation.py run --tree COPY states dynamics ...

The last two resume: tests replace what was known of their files, and mutants with an outcome are
passed over. Not mutated: docstrings, annotations, the text of errors and warnings, options of the
compiler, and what only stores or shows (`@cache`, `@njit`, `TYPE_CHECKING`). Operators of numbers
become others of numbers, those of bits others of bits, and `is` becomes `is not`: `+` to `>>`
would only add kills that say nothing.
"""

import argparse
import ast
import contextlib
import csv
import difflib
import gc
import importlib
import json
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "reliability"
PACKAGES = ("descriptors", "dynamics", "files", "learning", "states", "structure")
SEED = 18
LONGEST = 1800.0  # seconds of a mutant
MEMORY = 12 << 30  # bytes of a mutant
FIELDS = ("package", "file", "line", "column", "operator", "occurrence", "before", "after")
RESULTS = ("outcome", "seconds", "test", "note")
ARITHMETIC = {"Add", "Sub", "Mul", "Div", "FloorDiv", "Mod", "Pow"}
IDENTITY = {"Is", "IsNot"}
PRELOADED = (
    *("numpy", "scipy.sparse", "scipy.spatial", "scipy.optimize", "scipy.special", "scipy.stats"),
    *(
        "numba",
        "pandas",
        "h5py",
        "sklearn.linear_model",
        "sklearn.pipeline",
        "hypothesis",
        "pytest",
    ),
    *("pytest", "matplotlib.pyplot", "torch", "gsd.hoomd"),
)


# Mutants


def modules(tree, package):
    """Return the files of a package of cagebreak, or its module of that name."""
    path = tree / "src" / "cagebreak" / package
    return sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]


@cache
def operators():
    """Return the operators of Cosmic Ray that are used, by name."""
    from cosmic_ray.plugins import get_operator, operator_names

    every = {name.split("/")[1]: get_operator(name) for name in sorted(operator_names())}
    return {name: o() for name, o in every.items() if not o.arguments() and _sensible(name)}


def places(file):
    """Return the mutations of a file by place: {(line, column): [(operator, occurrence)]}."""
    from cosmic_ray.ast import ast_nodes, get_ast

    source = file.read_text(encoding="utf-8")
    left_out = _left_out(ast.parse(source))
    nodes = list(ast_nodes(get_ast(source)))
    by_place = defaultdict(list)
    for name, operator in operators().items():
        positions = (p for node in nodes for p in operator.mutation_positions(node))
        for occurrence, (start, _) in enumerate(positions):
            if not any(first <= start < end for first, end in left_out):
                by_place[start].append((name, occurrence))
    return dict(sorted(by_place.items()))


def _sensible(name):
    match name.split("_"):
        case ["ReplaceBinaryOperator", before, after]:
            return (before in ARITHMETIC) == (after in ARITHMETIC)
        case ["ReplaceComparisonOperator", before, after]:
            return (before in IDENTITY) == (after in IDENTITY)
    return True


def _left_out(parsed):
    """Return the spans of a module that are not mutated."""
    nodes = []
    for node in ast.walk(parsed):
        match node:
            case ast.Raise() | ast.Assert():
                nodes.append(node)
            case ast.AnnAssign() | ast.arg() if node.annotation:
                nodes.append(node.annotation)
            case ast.FunctionDef():
                nodes += [node.returns] if node.returns else []
                decorators = node.decorator_list
                nodes += [d for d in decorators if re.search("njit|cache", ast.unparse(d))]
            case ast.Call() if re.search(r"(^|[._])(warn|cast|TypeVar)$", ast.unparse(node.func)):
                nodes.append(node)
            case ast.If() if ast.unparse(node.test) == "TYPE_CHECKING":
                nodes.append(node)
            case ast.Assign() if "Literal" in ast.unparse(node.value):
                nodes.append(node)
    spans = [((n.lineno, n.col_offset), (n.end_lineno, n.end_col_offset)) for n in nodes]
    # A decorator and an `if` begin before their expression.
    return [((line, max(column - 1, 0)), end) for (line, column), end in spans]


def draw(tree, number):
    """Return the sample, rows with FIELDS and empty RESULTS."""
    from cagebreak.seeding import stream

    every = {p: [(f, places(f)) for f in modules(tree, p)] for p in PACKAGES}
    counts = np.array([sum(len(of_file) for _, of_file in every[p]) for p in PACKAGES])
    shares = np.ceil(number * counts / counts.sum()).astype(int)
    rows = []
    for package, share in zip(PACKAGES, shares.tolist(), strict=True):
        options = [(f, place, of[place]) for f, of in every[package] for place in of]
        random = stream(SEED, "mutation", package)
        for i in np.sort(random.permutation(len(options))[:share]).tolist():
            file, (line, column), variants = options[i]
            operator, occurrence = variants[random.integers(len(variants))]
            source = file.read_text(encoding="utf-8")
            change = _change(source, mutate(source, operator, occurrence))
            name = file.relative_to(tree / "src" / "cagebreak").as_posix()
            values = (package, name, line, column, operator, occurrence, *change)
            rows.append(dict(zip(FIELDS, values, strict=True)) | dict.fromkeys(RESULTS, ""))
    print(*zip(PACKAGES, counts.tolist(), shares.tolist(), strict=True), sep="\n")
    return rows


def mutate(source, operator, occurrence):
    """Return the source with one mutation."""
    from cosmic_ray.mutating import mutate_code

    return mutate_code(source, operators()[operator], occurrence)


def _change(source, mutated):
    """Return the lines that differ, before and after."""
    lines = source.splitlines(), mutated.splitlines()
    for tag, *bounds in difflib.SequenceMatcher(None, *lines, False).get_opcodes():
        if tag != "equal":
            changed = (lines[0][slice(*bounds[:2])], lines[1][slice(*bounds[2:])])
            return tuple(" ".join(" ".join(part).split()) for part in changed)
    raise ValueError("nothing changed")


# Which tests execute what


class Recorder:
    """A plugin of pytest: the lines that each test executes, and its CPU time.

    What a setup executes belongs to all tests of the file, which may share its fixtures.
    """

    def __init__(self, coverage, path):
        self.coverage, self.path = coverage, path
        self.seconds, self.failed = defaultdict(float), set()

    def _switch(self, context):
        self.coverage.switch_context(context)

    def pytest_runtest_logstart(self, nodeid):
        self._switch(nodeid.split("::")[0])

    def pytest_runtest_call(self, item):
        self._switch(item.nodeid)

    def pytest_runtest_teardown(self, item):
        self._switch("")

    def pytest_runtest_logreport(self, report):
        self.seconds[report.nodeid] += report.duration
        if not report.passed:
            self.failed.add(report.nodeid)


def record(tree, tests, path):
    """Run tests once and keep what each executes: {test: [seconds, {file: lines}]}."""
    import coverage

    measured = coverage.Coverage(data_file=None, source_pkgs=["cagebreak"], config_file=False)
    recorder = Recorder(measured, path)
    _enter(tree)
    measured.start()
    pytest.main([*tests, "-q", "-p", "no:cacheprovider", "-p", "no:xdist"], plugins=[recorder])
    measured.stop()
    data = measured.get_data()
    lines = defaultdict(lambda: defaultdict(list))
    for file in data.measured_files():
        name = Path(file).relative_to(tree / "src" / "cagebreak").as_posix()
        for line, contexts in data.contexts_by_lineno(file).items():
            for context in contexts:
                lines[context][name].append(line)
    known = json.loads(path.read_text()) if path.exists() else {}
    files = {test.split("::")[0] for test in recorder.seconds}
    known = {t: v for t, v in known.items() if t.split("::")[0] not in files}
    for test in (*recorder.seconds, *files):
        if test not in recorder.failed:
            known[test] = [round(recorder.seconds.get(test, 0), 3), lines[test]]
    path.write_text(json.dumps(known))
    print("left out, not passed:", *sorted(recorder.failed), sep="\n")


def relevant(tree, file, line, known):
    """Return the tests that execute the statement of a mutant, the fastest files first."""
    places = _uses(tree, file) if _is_kernel(tree / "src" / "cagebreak" / file) else {}
    places = places or {file: _statement(tree / "src" / "cagebreak" / file, line)}

    def executing(places):
        at = {
            test
            for test, (_, executed) in known.items()
            if any(not lines.isdisjoint(executed.get(f, ())) for f, lines in places.items())
        }
        return [test for test in known if "::" in test and not at.isdisjoint((test, _file(test)))]

    # What only an import executes concerns all tests of the module.
    tests = executing(places) or executing({file: set(range(10_000))})
    cost = Counter()
    for test in tests:
        cost[_file(test)] += known[test][0]
    return sorted(tests, key=lambda t: (cost[_file(t)], _file(t), known[t][0]))


def _file(test):
    return test.split("::")[0]


def _statement(path, line):
    """Return the lines of the innermost statement at a line, of its head if it has a body."""
    span = range(line, line + 1)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.stmt) and node.lineno <= line <= node.end_lineno:
            body = getattr(node, "body", None)
            end = body[0].lineno - 1 if body else node.end_lineno
            if line <= end:
                span = range(node.lineno, end + 1)
    return set(span)


def _is_kernel(path):
    return bool(
        re.search(r"^(from|import) (llvmlite|cagebreak\._compile)\b", path.read_text(), re.M)
    )


def _uses(tree, kernel):
    """Return the lines of other modules that use what a kernel defines, through other kernels."""
    root = tree / "src" / "cagebreak"
    uses, seen, waiting = defaultdict(set), set(), [kernel]
    while waiting:
        name = waiting.pop()
        dotted = "cagebreak." + name.removesuffix(".py").replace("/", ".")
        for file in root.rglob("*.py"):
            parsed = ast.parse(file.read_text(encoding="utf-8"))
            imported = {
                alias.asname or alias.name
                for node in ast.walk(parsed)
                if isinstance(node, ast.ImportFrom)
                for alias in node.names
                if node.module == dotted or f"{node.module}.{alias.name}" == dotted
            }
            user = file.relative_to(root).as_posix()
            if not imported or user in seen:
                continue
            if _is_kernel(file):
                seen.add(user)
                waiting.append(user)
            uses[user] |= {
                node.lineno
                for node in ast.walk(parsed)
                if isinstance(node, ast.Name) and node.id in imported
            }
    return {file: lines for file, lines in uses.items() if lines}


# Running mutants


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
    changed = {file, *(user for user in _uses(tree, file))}
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
    kernel = _is_kernel(path)
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
    for name in PRELOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # what is changed is restored
    rows = read(table)
    root = tree / "src" / "cagebreak"
    # Those of kernels are compiled, which takes longer.
    for row in sorted(rows, key=lambda row: _is_kernel(root / row["file"])):
        if row["package"] not in packages or row["outcome"]:
            continue
        path = root / row["file"]
        source = path.read_text(encoding="utf-8")
        mutated = mutate(source, row["operator"], int(row["occurrence"]))
        if mutated is None or _change(source, mutated) != (row["before"], row["after"]):
            raise SystemExit(f"{row['file']} has changed since the sample was drawn")
        tests = relevant(tree, row["file"], int(row["line"]), known)
        result = ("survived", 0.0, "no test executes it")
        if tests:
            start = 10 + 150 * _is_kernel(path)  # of imports and fixtures, and of compiling
            allowed = {test: start + 3 * known[test][0] for test in tests}
            result = test_mutant(tree, row, mutated, allowed, kernels)
        row |= dict(zip(RESULTS, (*result, ""), strict=True))
        print(*row.values(), sep="; ", flush=True)
        write(table, rows)


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
    parser.add_argument("action", choices=("draw", "map", "run"))
    parser.add_argument("what", nargs="*", help="tests to map, or packages to mutate")
    parser.add_argument("--tree", type=Path, required=True, help="a copy of the repository")
    parser.add_argument("--number", type=int, default=400, help="mutants to draw")
    parser.add_argument("--table", type=Path, default=FOLDER / "mutants.csv")
    given = parser.parse_intermixed_args()
    tree, table = given.tree.resolve(), given.table.resolve()
    match given.action:
        case "draw":
            _enter(tree)
            write(table, draw(tree, given.number))
        case "map":
            record(tree, given.what, tree / "executed.json")
        case "run":
            run(tree, given.what or PACKAGES, table)


if __name__ == "__main__":
    main()
