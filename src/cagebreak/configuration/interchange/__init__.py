"""Objects of other packages as arrays of a configuration, and back: one module a package.

A package is imported only to make its objects: whoever has an object has imported it.
"""

from collections.abc import Sequence

from cagebreak.configuration.interchange import ase, freud, gsd, mdanalysis, ovito
from cagebreak.configuration.interchange.arrays import Arrays
from cagebreak.configuration.interchange.packages import is_instance
from cagebreak.errors import InputError

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
    "refuse_system",
    "require_frames",
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


def require_frames(name: str, things: Sequence[object]) -> None:
    """Check that no universe of MDAnalysis is several times in a list: all would be one frame.

    Raises
    ------
    InputError
        If one is.
    """
    universes = [id(thing.universe) for thing in things if is_instance(thing, mdanalysis.KINDS)]  # type: ignore[attr-defined]
    if len(set(universes)) < len(universes):
        raise InputError(
            f"{name}: expected a universe once, since it is at one frame at a time, got "
            f"{len(universes)} of {len(set(universes))}; convert each frame, such as "
            "[cagebreak.Configuration.from_mdanalysis(u) for _ in u.trajectory]"
        )


def refuse_system(name: str, thing: object) -> None:
    """Refuse a system of freud, a box and points, by saying what makes it a configuration.

    Raises
    ------
    InputError
        If it is one.
    """
    if isinstance(thing, list | tuple) and thing and is_instance(thing[0], freud.KINDS):
        raise InputError(
            f"{name}: expected a Configuration, got a system of freud, which states no species; "
            "convert it by cagebreak.Configuration.from_freud(box, points, species)"
        )
