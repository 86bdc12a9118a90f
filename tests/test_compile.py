"""What the caches of compiled kernels promise, each promise in processes of its own."""

import ast
import json
import os
import pickle
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest

import cagebreak
from cagebreak import _compile
from cagebreak._compile import PACKAGE, sources

HELPER = """
from cagebreak._compile import njit

@njit
def helper():
    return {}
"""
CALLER = """
from cagebreak._compile import njit
from cagebreak._helper import helper

@njit
def add(x):
    return x + helper()
"""
ASK = "from cagebreak._caller import add; print(add(1), sum(add.stats.cache_hits.values()))"


SERVER = """
import json, os, sys
import numba
from numba.core.registry import cpu_target

cpu_target.target_context.refresh()
while True:
    code, folder, environment, files = json.loads(sys.stdin.readline())
    process = os.fork()
    if process == 0:
        for number, file in enumerate(files, 1):
            os.dup2(os.open(file, os.O_WRONLY), number)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        numba.config.reload_config()
        sys.path.insert(0, folder)
        exec(code)
        sys.exit()
    print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return a function that runs code in a process of its own, and returns what it writes.

    The process is a fork of one that has loaded Numba and nothing of this package, which takes two
    thirds of a second.
    """
    out, err = files = [tmp_path_factory.mktemp("run") / name for name in ("out", "err")]
    pipes = dict.fromkeys(("stdin", "stdout"), subprocess.PIPE)
    clean = options(out.parent, {})["env"]

    def run(code, folder, **environment):
        for file in files:
            file.write_text("")
        environment = options(folder, environment)["env"]
        asked = code, str(folder), environment, [str(file) for file in files]
        server.stdin.write(json.dumps(asked) + "\n")
        server.stdin.flush()
        assert int(server.stdout.readline()) == 0, err.read_text()
        return subprocess.CompletedProcess(code, 0, out.read_text(), err.read_text())

    with subprocess.Popen([sys.executable, "-c", SERVER], env=clean, text=True, **pipes) as server:
        yield run
        server.kill()


def run_apart(code, folder, **environment):
    """Run code in a process that shares nothing with others."""
    return subprocess.run([sys.executable, "-c", code], **options(folder, environment), check=True)


def options(folder, environment):
    # Nothing is read from the cache of this user or written to it.
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("NUMBA", "XDG", "PYTHON"))}
    environment = {"PYTHONPATH": str(folder), "HOME": str(folder), **environment}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"  # its check of times would miss an edit
    return {"env": clean | environment, "cwd": folder, "capture_output": True, "text": True}


def make_read_only(package):
    """Imitate a folder that cannot be written, which for root there is none."""
    for folder in [package, *(path for path in package.rglob("*") if path.is_dir())]:
        (folder / "__pycache__").touch()


@pytest.fixture
def tiny(tmp_path):
    """Return the folder of a package of two kernels, one of which calls the other."""
    package = tmp_path / "cagebreak"
    package.mkdir()
    for name in ("_compile.py", "_atomic.py", "errors.py"):
        shutil.copy(PACKAGE / name, package / name)
    (package / "__init__.py").touch()
    (package / "_helper.py").write_text(HELPER.format(1))
    (package / "_caller.py").write_text(CALLER)
    return tmp_path


def kept(folder):
    return sorted(path.name for path in folder.rglob("*.nbc"))


def test_a_second_process_compiles_nothing(tiny):
    assert run_apart(ASK, tiny).stdout.split() == ["2", "0"]
    files = kept(tiny)
    # Python does not call the helper: what it would need for that is not compiled.
    assert [name.rpartition("-")[0] for name in files] == [
        "cagebreak._caller.add",
        "cagebreak._helper.helper.called",
    ]
    assert run_apart(ASK, tiny).stdout.split() == ["2", "1"]
    assert kept(tiny) == files


def test_a_kernel_rounds_the_same_whoever_calls_it_first(tiny, run):
    # With `reassoc`, (x + 1e16) - 1e16 is x; without, 0.3 is lost in the sum.
    (tiny / "cagebreak" / "_helper.py").write_text(
        "from cagebreak._compile import njit\n\n@njit\ndef helper(x):\n"
        "    return (x + 1e16) - 1e16\n"
    )
    (tiny / "cagebreak" / "_caller.py").write_text(
        "from cagebreak._compile import njit\nfrom cagebreak._helper import helper\n\n"
        "@njit(fastmath={'reassoc', 'nsz'})\ndef fast(x):\n    return helper(x)\n"
    )
    # What is compiled for a kernel is none that Python can call, and is not called by it.
    ask = "from cagebreak._caller import fast, helper; fast(0.3); print(helper(0.3))"
    assert run(ask, tiny).stdout.split() == ["0.0"]
    assert run("from cagebreak._helper import helper; print(helper(0.3))", tiny).stdout == "0.0\n"


def test_an_edit_of_a_helper_in_another_file_is_noticed(tiny, run):
    assert run(ASK, tiny).stdout.split()[0] == "2"
    helper = tiny / "cagebreak" / "_helper.py"
    before = helper.stat()
    helper.write_text(HELPER.format(5))
    os.utime(helper, ns=(before.st_atime_ns, before.st_mtime_ns))  # contents count, not times
    assert run(ASK, tiny).stdout.split() == ["6", "0"]
    helper.write_text(HELPER.format(1))
    assert run(ASK, tiny).stdout.split() == ["2", "1"]


def test_a_process_that_imported_before_an_edit_keeps_nothing(tiny, run):
    edit = (
        f"import cagebreak._caller; open('cagebreak/_helper.py', 'w').write({HELPER.format(5)!r})"
    )
    assert run(f"{edit}; {ASK}", tiny).stdout.split() == ["2", "0"]
    assert not kept(tiny)
    assert run(ASK, tiny).stdout.split() == ["6", "0"]


def test_processes_at_once_do_not_break_each_other(tiny, run):
    calls = ["add(1)", "add(1.0)", "add(1j)", "add(1)"]
    code = "from cagebreak._caller import add; print({}, sum(add.stats.cache_hits.values()))"
    commands = [[sys.executable, "-c", code.format(call)] for call in calls]
    settings = options(tiny, {})
    settings.pop("capture_output")
    started = [subprocess.Popen(c, stdout=subprocess.PIPE, **settings) for c in commands]
    numbers = [process.communicate()[0].split()[0] for process in started]
    assert numbers == ["2", "2.0", "(1+1j)", "2"]
    for call, number in zip(calls, numbers, strict=True):
        assert run(code.format(call), tiny).stdout.split() == [number, "1"]


@pytest.mark.parametrize("damaged", [b"", b"no kernel", b"\x80\x04"])
def test_a_damaged_file_is_compiled_again(tiny, damaged, run):
    run(ASK, tiny)
    for file in tiny.rglob("*.nbc"):
        file.write_bytes(damaged)
    assert run(ASK, tiny).stdout.split() == ["2", "0"]
    assert run(ASK, tiny).stdout.split() == ["2", "1"]


def test_kernels_are_kept_where_numba_cache_dir_says(tiny, run):
    run(ASK, tiny, NUMBA_CACHE_DIR=str(tiny / "elsewhere"))
    assert len(kept(tiny / "elsewhere")) == 2
    assert not kept(tiny / "cagebreak")


def on_a_terminal(code, folder):
    """Return what a process writes to stderr if that is a terminal."""
    ours, theirs = os.openpty()
    settings = options(folder, {}) | {"capture_output": False}
    subprocess.run([sys.executable, "-c", code], stderr=theirs, check=True, **settings)
    os.close(theirs)
    os.set_blocking(ours, False)
    try:
        return os.read(ours, 10_000).decode()
    except OSError:  # nothing was written
        return ""
    finally:
        os.close(ours)


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a terminal")
def test_a_terminal_is_told_once_that_kernels_are_compiled(tiny, run):
    two_kernels = f"{ASK}; add(1.0)"
    assert on_a_terminal(two_kernels, tiny).count(_compile.TOLD) == 1
    assert on_a_terminal(two_kernels, tiny) == ""
    assert on_a_terminal(f"{ASK}; add(1j)", tiny).count(_compile.TOLD) == 1
    (tiny / "cagebreak" / "_helper.py").write_text(HELPER.format(2))
    assert _compile.TOLD not in run(ASK, tiny).stderr


WORKERS = """
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

def work(x):
    from cagebreak._caller import add
    return add(x)

if __name__ == "__main__":
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
        list(pool.map(work, [1, 1.0, 1j]))
"""


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a terminal")
def test_workers_that_compile_at_once_say_so_once(tiny):
    assert on_a_terminal(WORKERS, tiny).count(_compile.TOLD) == 1


def test_a_folder_that_is_filled_up_costs_no_more_than_the_cache(tiny, run):
    # A file where the folder of the kernels is made.
    blocked = "from cagebreak import _compile; _compile._folder().parent.mkdir(exist_ok=True); "
    done = run(f"{blocked} _compile._folder().touch(); {ASK}", tiny)
    assert done.stdout.split() == ["2", "0"]
    assert done.stderr.count("CacheWarning") == 1


def test_folders_of_other_sources_do_not_pile_up(tmp_path):
    folders = [tmp_path / f"kernels-{n}" for n in range(_compile.KEPT + 3)]
    for n, folder in enumerate(folders):
        folder.mkdir()
        os.utime(folder, (n, n))
    _compile._remove_old(folders[0])
    assert sorted(tmp_path.iterdir()) == [folders[0], *folders[-_compile.KEPT :]]


def test_a_read_only_installation_without_a_home_works_and_says_so_once(tmp_path):
    shutil.copytree(PACKAGE, tmp_path / "cagebreak", ignore=shutil.ignore_patterns("__pycache__"))
    make_read_only(tmp_path / "cagebreak")
    home = tmp_path / "home"
    home.touch()
    code = """
import numpy as np
from cagebreak.__main__ import main
from cagebreak._neighbor_kernel import cell_of_each, counting_sort

print("imported")
starts, order = np.empty(3, np.int64), np.empty(4, np.int64)
counting_sort(np.array([1, 0, 1, 0]), starts, order)
print(*order, *cell_of_each(np.zeros((1, 3)), np.ones(3, np.int64)))
"""
    done = run_apart(code, tmp_path, HOME=str(home))
    assert done.stdout.split("\n")[:2] == ["imported", "1 3 0 2 0"]
    assert done.stderr.count("CacheWarning") == 1
    assert "NUMBA_CACHE_DIR" in done.stderr
    cached = run_apart(code, tmp_path, HOME=str(home), NUMBA_CACHE_DIR=str(tmp_path / "kernels"))
    assert not cached.stderr
    assert len(kept(tmp_path / "kernels")) == 2


def test_importing_the_package_looks_for_no_folder_and_reads_no_source():
    code = """
import cagebreak
from cagebreak import _compile
print(_compile.sources.cache_info().misses, _compile._folder.cache_info().misses)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "0"]


def test_all_that_kernels_are_made_of_is_among_the_sources():
    holding = {path for path in PACKAGE.rglob("*.py") if _makes_kernels(path.read_text())}
    assert len(holding) > 15
    assert holding <= set(sources())
    for path in sources():
        # Constants and helpers of other modules are frozen into what is compiled.
        assert _imported(path) <= {*sources(), PACKAGE / "_atomic.py", PACKAGE / "errors.py"}


def _makes_kernels(text):
    return any(f"\n@{name}" in text or f"    @{name}" in text for name in ("njit", "intrinsic"))


def _imported(path):
    """Return the files of this package that a file imports from."""
    files = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cagebreak"):
            module = PACKAGE.joinpath(*node.module.split(".")[1:])
            if module.is_dir():
                files |= {module / f"{alias.name}.py" for alias in node.names}
            else:
                files.add(module.with_suffix(".py"))
    return {Path(file) for file in files}


class Call:
    """An object whose pickle calls a function."""

    def __init__(self, function, *arguments):
        self.called = function, arguments

    def __reduce__(self):
        return self.called


@pytest.mark.parametrize(
    "call",
    [
        Call(os.system, "true"),
        Call(eval, "1"),
        Call(getattr, "text", "upper"),
        Call(subprocess.run, ["true"]),
        Call(_compile.njit, len),
        Call(cagebreak.write, "a", "b"),
    ],
    ids=["os", "eval", "getattr", "subprocess", "function of a kernel", "function of the package"],
)
def test_a_pickle_that_calls_something_else_is_not_read(call):
    with pytest.raises(pickle.UnpicklingError, match="expected a type of a kernel, got"):
        _compile._Unpickler(BytesIO(pickle.dumps(call))).load()


def test_what_every_kernel_needs_is_read():
    """Otherwise it would be compiled in every process, in silence."""
    positions = [[0.5, 0.5, 0.5], [1.5, 1.5, 1.5], [2.5, 2.5, 2.5]]
    start = cagebreak.Configuration(positions, [0, 0, 0], 4.0)
    model = cagebreak.hard_spheres(0.02, composition=1)
    cagebreak.cage_state(start, model, sweeps=(2, 4), seed=1)
    folder = _compile._folder()
    if folder is None or _compile._edited():
        pytest.skip("the cache cannot be written")
    kept_now = list(folder.glob("*.nbc"))
    assert len(kept_now) > 3
    for path in kept_now:
        key, parts = _compile._Unpickler(BytesIO(path.read_bytes())).load()
        assert path.name.startswith(key[0].replace("<", "").replace(">", ""))
        assert parts
