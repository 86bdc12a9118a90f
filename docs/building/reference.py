"""The pages of the reference: one a public module, class and function, and the command line."""

import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import PurePosixPath
from types import ModuleType
from typing import Any

import cagebreak

FOLDER = PurePosixPath("reference")
ALSO = (
    *("configuration", "descriptors.cage", "descriptors.ace.radial", "descriptors.recommended"),
    *("errors", "figures", "files.botan", "files.deepmind", "neighbors", "potentials.bonds"),
    *(
        "files.glassbench",
        "descriptors.coarse_grained.short_runs",
        "potentials.overlaps",
        "seeding",
        "simulation.engines",
        "simulation.preparation",
        "study.experiment",
    ),
    *("leapfrog.time_step", "simulation.verlet"),
)
"""Modules without `__all__` that docstrings and documents send the reader to."""
DATA = {"cagebreak.figures": ("FIGURES",), "cagebreak.simulation.engines": ("Engine",)}
"""Values of these modules that docstrings and documents name."""
LEFT_OUT = ("cagebreak.cli", "cagebreak.files.xyz")
"""The command line has a page of its own; readers of single formats are called by `files.read`."""


def modules() -> list[ModuleType]:
    """Return the public modules: those with `__all__`, and those that an `__all__` names."""
    found = {"cagebreak": cagebreak}
    for info in pkgutil.walk_packages(cagebreak.__path__, "cagebreak."):
        if info.ispkg and "._" not in info.name and not info.name.startswith(LEFT_OUT):
            package = import_module(info.name)
            if hasattr(package, "__all__"):
                found[info.name] = package
    for name in [*ALSO, *(f"figures.{name}" for name in _figures())]:
        found[f"cagebreak.{name}"] = import_module(f"cagebreak.{name}")
    for package in list(found.values()):
        for name in getattr(package, "__all__", ()):
            value = getattr(package, name)
            if inspect.ismodule(value):
                found[value.__name__] = value
    return [found[name] for name in sorted(found)]


def names(module: ModuleType) -> list[str]:
    """Return the public names of a module, without those of modules."""
    listed = getattr(module, "__all__", None)
    if listed is None:
        listed = [
            name
            for name, value in vars(module).items()
            if not name.startswith("_")
            and (inspect.isfunction(value) or inspect.isclass(value))
            and value.__module__ == module.__name__
        ]
        listed += DATA.get(module.__name__, ())
    return [name for name in listed if not inspect.ismodule(getattr(module, name))]


def places() -> dict[str, str]:
    """Return the name under which each public name is documented: the shortest of its object."""
    first: dict[int, str] = {}
    found = {}
    for module in modules():
        for name in names(module):
            full = f"{module.__name__}.{name}"
            found[full] = first.setdefault(id(getattr(module, name)), full)
    return found


def files() -> dict[PurePosixPath, bytes]:
    """Return the pages of the reference, by their places on the site."""
    documented = places()
    found = {}
    for module in modules():
        full = [f"{module.__name__}.{name}" for name in names(module)]
        text = _module(module, {name: documented[name] for name in full})
        found[FOLDER / f"{module.__name__}.rst"] = text
        for name in full:
            if documented[name] == name:
                value = getattr(module, name.rpartition(".")[2])
                found[FOLDER / f"{name}.rst"] = _object(name, value)
    found[FOLDER / "commands.rst"] = _commands()
    found[FOLDER / "index.rst"] = _index()
    return {path: text.encode() for path, text in found.items()}


def _figures() -> list[str]:
    """Return the names of the modules of figures."""
    package = import_module("cagebreak.figures")
    return [info.name for info in pkgutil.iter_modules(package.__path__) if info.name[0] != "_"]


def _title(text: str, line: str = "=") -> str:
    return f"{text}\n{line * len(text)}\n\n"


def _module(module: ModuleType, documented: dict[str, str]) -> str:
    name = module.__name__
    text = _title(name) + f".. automodule:: {name}\n   :no-members:\n\n"
    text += ".. py:currentmodule:: None\n\n"
    if documented:
        rows = "".join(f"   ~{place}\n" for place in documented.values())
        text += f".. autosummary::\n   :nosignatures:\n\n{rows}\n"
        own = [place for full, place in documented.items() if full == place]
        text += ".. toctree::\n   :hidden:\n\n" + "".join(f"   {place}\n" for place in own)
    return text


def _object(name: str, value: Any) -> str:
    if inspect.isclass(value):
        options = "   :members:\n   :inherited-members: dict, tuple, Warning, Protocol\n"
        return _title(name.rpartition(".")[2]) + f".. autoclass:: {name}\n{options}"
    if callable(value):
        return _title(name.rpartition(".")[2]) + f".. autofunction:: {name}\n"
    return _title(name.rpartition(".")[2]) + f".. autodata:: {name}\n   :no-value:\n"


def _index() -> str:
    text = _title("Reference")
    text += "Every public name, and the command line. The subjects are explained in the\n"
    text += ":doc:`guide </guide>`.\n\n"
    rows = "".join(f"   {module.__name__}\n" for module in modules())
    text += ".. toctree::\n   :hidden:\n\n   commands\n" + rows
    text += "\n.. list-table::\n   :widths: 30 70\n\n"
    text += "   * - :doc:`commands`\n     - The command ``cagebreak``.\n"
    for module in modules():
        summary = (inspect.getdoc(module) or "").partition("\n\n")[0].replace("\n", " ")
        text += f"   * - :doc:`{module.__name__}`\n     - {summary}\n"
    return text


def _commands() -> str:
    """Return a page with the help of every command."""
    from click import Context

    from cagebreak.cli import main

    text = _title("The command cagebreak") + _literal(
        main.get_help(Context(main, None, "cagebreak"))
    )
    for name, command in _walk(main, "cagebreak"):
        context = Context(command, None, name, terminal_width=90, max_content_width=90)
        text += _title(name, "-") + _literal(command.get_help(context))
    return text


def _walk(group: Any, path: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        yield f"{path} {name}", command
        if hasattr(command, "commands"):
            yield from _walk(command, f"{path} {name}")


def _literal(text: str) -> str:
    body = "".join(f"   {line}\n" if line else "\n" for line in text.splitlines())
    return f".. code-block:: text\n\n{body}\n"
