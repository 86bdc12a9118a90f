"""Objects of other packages as arrays of a configuration, and back: one module a package.

A package is imported only to make its objects: whoever has an object has imported it.
"""

from cagebreak.configuration.interchange import ase, freud, gsd, mdanalysis, ovito
from cagebreak.configuration.interchange.arrays import Arrays
from cagebreak.configuration.interchange.packages import is_instance

__all__ = [
    "ACCEPTED",
    "Arrays",
    "arrays_of",
    "ase",
    "freud",
    "gsd",
    "is_accepted",
    "mdanalysis",
    "ovito",
]

_READERS = (ase, gsd, mdanalysis, ovito)

ACCEPTED = ", ".join(name for module in _READERS for name in module.KINDS)
"""The names of the objects that stand for one configuration."""


def arrays_of(thing: object) -> Arrays | None:
    """Return the arrays of an object that stands for one configuration, or None if it does not.

    Raises
    ------
    InputError
        If it does, but cannot be used.
    """
    for module in _READERS:
        if is_instance(thing, module.KINDS):
            return module.arrays_of(thing)
    return None


def is_accepted(thing: object) -> bool:
    """Return whether an object stands for one configuration."""
    return any(is_instance(thing, module.KINDS) for module in _READERS)
