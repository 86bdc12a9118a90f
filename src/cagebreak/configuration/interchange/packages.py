"""Other packages: whether an object is theirs, and their import when it is needed."""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from cagebreak.errors import InputError, MissingDependencyError


def is_instance(thing: object, kinds: Sequence[str]) -> bool:
    """Return whether an object is of one of the classes, given by their full names.

    Nothing is imported: before the import of a package there are no objects of it.
    """
    for kind in kinds:
        module, _, name = kind.rpartition(".")
        found = getattr(sys.modules.get(module), name, None)
        if found is not None and isinstance(thing, found):
            return True
    return False


def require(argument: str, thing: object, kinds: Sequence[str]) -> None:
    """Raise InputError unless an argument is of one of the classes."""
    if not is_instance(thing, kinds):
        raise InputError(f"{argument}: expected {' or '.join(kinds)}, got {type(thing).__name__}")


def imported(module: str, package: str) -> Any:
    """Return a module of another package.

    Raises
    ------
    MissingDependencyError
        If it is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingDependencyError(
            f"{module.partition('.')[0]} is needed and cannot be imported ({error}): "
            f"pip install {package}"
        ) from error
