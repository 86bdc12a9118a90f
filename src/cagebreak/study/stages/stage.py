"""A stage of a study: one kind of work, what it depends on, and what it costs."""

from collections.abc import Callable
from dataclasses import dataclass

from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.trial import Trial
from cagebreak.study.store import Store, Unit

HEADER = 9_000
"""Bytes of an HDF5 file beside its arrays; measured: 8 to 11 thousand."""


@dataclass(frozen=True)
class Stage:
    """One kind of work, done for every configuration, or for every run of it.

    Parameters
    ----------
    name
        The folder of its files.
    needs
        The stages whose units it reads, of the same configuration.
    keys
        Recipe keys and sections that its results depend on, besides those of `needs`.
    work
        Does a unit and saves it.
    seconds
        Returns what a unit takes on this machine, measured on the configuration of a trial.
    n_bytes
        Returns the size of a unit's file.
    weight
        Returns the expected cost of a unit in tau of simulation: the time left is estimated from
        it before a unit of the stage was timed.
    per_run
        Whether a unit is one run rather than one configuration.
    sizes
        Recipe keys that say how many units of other stages a unit takes in; see `Identity`.
    source
        The source of descriptors that the stage makes or describes. Only a recipe that asks for
        this source has the stage.
    section
        The section of the recipe that asks for the stage; every recipe has it, if empty.
    reduced_to
        The stage that keeps all that is needed of this one. Once a configuration is done there,
        the files of this stage may be deleted and are not made again.
    """

    name: str
    needs: tuple[str, ...]
    keys: tuple[str, ...]
    work: Callable[[Recipe, Store, Unit], None]
    seconds: Callable[[Trial], float]
    n_bytes: Callable[[Recipe], int]
    weight: Callable[[Recipe], float] = lambda recipe: 1.0
    per_run: bool = False
    sizes: tuple[str, ...] = ()
    source: str = ""
    section: str = "isoconfigurational"
    reduced_to: str = ""


def file_size(n_numbers: int) -> int:
    """Return the bytes of a unit's file that holds so many numbers in double precision."""
    return 8 * n_numbers + HEADER
