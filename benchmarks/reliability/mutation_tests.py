"""Which tests execute a line: recorded once by coverage, with a context for each test."""

import ast
import json
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest


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
    places = users(tree, file) if is_kernel(tree / "src" / "cagebreak" / file) else {}
    places = places or {file: _statement(tree / "src" / "cagebreak" / file, line)}

    def executing(places):
        at = {
            test
            for test, (_, executed) in known.items()
            if any(not lines.isdisjoint(executed.get(f, ())) for f, lines in places.items())
        }
        return [test for test in known if "::" in test and not at.isdisjoint((test, _file(test)))]

    tests = executing(places)
    cost = Counter()
    for test in tests:
        cost[_file(test)] += known[test][0]
    return sorted(tests, key=lambda t: (cost[_file(t)], _file(t), known[t][0]))


def _file(test):
    return test.split("::")[0]


def _statement(path, line):
    """Return the lines of the innermost statement at a line, of its head if it has a body.

    What an import executes, such as the head of a function, concerns all tests of the module.
    """
    span, in_function = set(), False
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.stmt) and node.lineno <= line <= node.end_lineno:
            body = getattr(node, "body", None)
            end = body[0].lineno - 1 if body else node.end_lineno
            in_function |= isinstance(node, ast.FunctionDef) and line > end
            if line <= end:
                span = set(range(node.lineno, end + 1))
    return span if in_function and span else set(range(10_000))


def is_kernel(path):
    return bool(
        re.search(r"^(from|import) (llvmlite|cagebreak\._compile)\b", path.read_text(), re.M)
    )


def users(tree, kernel):
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
            if is_kernel(file):
                seen.add(user)
                waiting.append(user)
            uses[user] |= {
                node.lineno
                for node in ast.walk(parsed)
                if isinstance(node, ast.Name) and node.id in imported
            }
    return {file: lines for file, lines in uses.items() if lines}
