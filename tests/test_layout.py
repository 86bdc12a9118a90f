"""The house is kept small: how long a file is, and how many stand side by side."""

import ast
import re
from itertools import pairwise

import pytest

from support import paths

LINES = 450
FILES = 16
FOLDERS = sorted(
    {
        path.parent
        for top in ("src", "tests", "benchmarks")
        for path in (paths.ROOT / top).rglob("*.py")
    }
)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(paths.ROOT)))
def test_files_are_short_and_few(folder):
    files = sorted(folder.glob("*.py"))
    assert len([file for file in files if file.name != "__init__.py"]) <= FILES
    lengths = {file.name: len(file.read_text().splitlines()) for file in files}
    assert {name: n for name, n in lengths.items() if n > LINES} == {}


WRITERS = {"write_text", "write_bytes", "touch", "savefig", "savez", "to_csv", "to_json", "tofile"}
FUNCTIONS = {"os.open", "np.save", "np.savetxt", "json.dump", "pickle.dump", "shutil.copy",
             "shutil.copyfile", "tempfile.mkdtemp", "tempfile.TemporaryDirectory"}  # fmt: skip
BY_ITSELF = {"src/cagebreak/_atomic.py"}


def _writes(call):
    """Return whether a call writes a file."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
    if name in WRITERS:
        return True
    if isinstance(call.func, ast.Attribute) and ast.unparse(call.func) in FUNCTIONS:
        return name != "open" or bool(re.search("O_WRONLY|O_RDWR|O_CREAT", ast.unparse(call)))
    arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
    modes = [node.value for node in arguments if isinstance(node, ast.Constant)]
    return name in ("open", "File") and any(
        isinstance(mode, str) and re.fullmatch("[rbt]*[wax+][wax+bt]*", mode) for mode in modes
    )


def _past(tree):
    """Yield the lines that write elsewhere than `replacing` says, to memory or to nowhere."""
    given = {"devnull", "BytesIO"}
    for node in ast.walk(tree):
        if isinstance(node, ast.withitem) and node.optional_vars:
            value, name = node.context_expr, node.optional_vars
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            value, name = node.value, node.targets[0]
        else:
            continue
        # Also a file that is opened there, and what wraps it.
        if (given | {"replacing"}) & set(re.findall(r"\w+", ast.unparse(value))):
            given.add(ast.unparse(name))
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and _writes(node)):
        if not given & set(re.findall(r"\w+", ast.unparse(call))):
            yield call.lineno


def test_files_are_written_through_one_module():
    """Past `_atomic`, a full disk would cut a file, and a killed process leave one."""
    past = {}
    for path in sorted((paths.ROOT / "src").rglob("*.py")):
        name = path.relative_to(paths.ROOT).as_posix()
        lines = list(_past(ast.parse(path.read_text())))
        if lines and name not in BY_ITSELF:
            past[name] = lines
    assert past == {}


@pytest.mark.parametrize(
    ("line", "past"),
    [
        ("path.write_text('a')", True),
        ("open(path, 'w')", True),
        ("path.open('ab', buffering=0)", True),
        ("h5py.File(path, 'w')", True),
        ("figure.savefig(path)", True),
        ("h5py.File(path, 'r')", False),
        ("path.open(encoding='ascii')", False),
        ("with replacing(path) as new:\n    new.write_text('a')", False),
        ("with replacing(path) as new, new.open('w') as file:\n    file.write('a')", False),
        ("image = BytesIO()\nfigure.savefig(image, format='png')", False),
    ],
)
def test_what_counts_as_written_past_it(line, past):
    assert bool(list(_past(ast.parse(line)))) is past


def test_no_kernel_hands_a_named_tuple_to_python():
    """Numba would call its class; a signal that raises there, as Ctrl-C does, crashes Python."""
    returned = set()
    for path in (paths.ROOT / "src").rglob("_*kernel.py"):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Return) and isinstance(node.value, ast.Call):
                name = ast.unparse(node.value.func)
                if re.search(rf"^class {name}\(NamedTuple\)", path.read_text(), re.MULTILINE):
                    returned.add(name)
    # Other kernels alone call `candidates_of`.
    assert returned <= {"Candidates"}


def test_files_of_tests_have_names_of_their_own():
    """Else pytest, which imports them by name, runs one of the two only."""
    names = sorted(path.name for path in (paths.ROOT / "tests").rglob("test_*.py"))
    assert [name for name, again in pairwise(names) if name == again] == []
