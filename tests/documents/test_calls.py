"""Scripts beside the package, and code in documents, call what it has, by the names it has.

They take minutes to hours, so that no test runs them.
"""

import ast
import re
from importlib import import_module
from inspect import isclass, ismodule, signature

import pytest

from support import paths

FOLDERS = ("benchmarks", "datasets", "docs", "examples", "results")
PATHS = sorted(
    path
    for folder in FOLDERS
    for kind in ("py", "md")
    for path in (paths.ROOT / folder).rglob(f"*.{kind}")
)


def test_scripts_and_documents_call_what_there_is():
    wrong = {}
    for path in [*PATHS, paths.ROOT / "README.md"]:
        code = path.read_text(encoding="utf-8")
        if path.suffix == ".md":
            blocks = re.findall(r"^```python\n(.*?)^```", code, re.DOTALL | re.MULTILINE)
            code = "\n".join(["import cagebreak as cb", *blocks])
        if found := list(_wrong(ast.parse(code))):
            wrong[path.relative_to(paths.ROOT).as_posix()] = found
    assert wrong == {}


def _wrong(tree):
    """Yield what is imported from the package, taken from it or called in it as it cannot be."""
    nodes, names = list(ast.walk(tree)), {}
    for node in nodes:
        if isinstance(node, ast.Import):
            for each in node.names:
                if each.name.partition(".")[0] == "cagebreak":
                    module = import_module(each.name)
                    names[each.asname or "cagebreak"] = (
                        module if each.asname else import_module("cagebreak")
                    )
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cagebreak"):
            for each in node.names:
                try:
                    names[each.asname or each.name] = _imported(node.module, each.name)
                except ImportError:
                    yield f"{node.module}.{each.name}"
    # A name that is given another value somewhere is not followed.
    given = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    given |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    names = {name: value for name, value in names.items() if name not in given}
    for node in nodes:
        if isinstance(node, ast.Attribute):
            owner = _value(node.value, names)
            if (ismodule(owner) or isclass(owner)) and not hasattr(owner, node.attr):
                yield ast.unparse(node)
        elif isinstance(node, ast.Call):
            called = _value(node.func, names)
            if called is not None and (error := _refused(called, node)):
                yield f"{ast.unparse(node.func)}: {error}"


def _imported(module, name):
    """Return a member of a module, or a module in a package."""
    found = import_module(module)
    return getattr(found, name) if hasattr(found, name) else import_module(f"{module}.{name}")


def _value(node, names):
    """Return the module, class or function that an expression is; None for all else."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = _value(node.value, names)
        if ismodule(owner) or isclass(owner):
            return getattr(owner, node.attr, None)
    return None


def _refused(called, node):
    """Return why a call cannot be made; None if it can, or is not seen whole."""
    if not callable(called) or any(isinstance(each, ast.Starred) for each in node.args):
        return None
    try:
        of_called = signature(called)
    except ValueError:
        return None
    whole = all(each.arg for each in node.keywords)
    try:
        (of_called.bind if whole else of_called.bind_partial)(
            *node.args, **{each.arg: None for each in node.keywords if each.arg}
        )
    except TypeError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("from cagebreak.simulation import nothing", "cagebreak.simulation.nothing"),
        ("import cagebreak as cb\ncb.nothing(1)", "cb.nothing"),
        (
            "import cagebreak as cb\ncb.pretrained(models='a')",
            "cb.pretrained: got an unexpected keyword argument 'models'",
        ),
    ],
)
def test_what_is_wrong_is_found(line, wrong):
    assert wrong in list(_wrong(ast.parse(line)))
