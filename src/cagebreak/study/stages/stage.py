"""A stage of a study: one kind of work, what it depends on, and what it costs."""

from collections.abc import Callable
from dataclasses import dataclass

from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.trial import Trial
from cagebreak.study.store import Store, Unit

HEADER = 10_000
"""Bytes of a unit's HDF5 file apart from its arrays (measured: 9 to 12 thousand)."""


@dataclass(frozen=True)
class Stage:
    """One kind of work, done for every configuration or for every run of every configuration.

    Parameters
    ----------
    name
        Name of the stage and of the folder of its files.
    needs
        Names of the stages whose units, of the same configuration, it reads.
    keys
        Recipe keys and sections that its results depend on, besides those of `needs`.
    work
        Does a unit and saves it.
    seconds
        Returns the CPU seconds that a unit takes on this machine, measured in a trial and at its
        number of particles.
    n_bytes
        Returns the size of a unit's file.
    weight
        Returns the expected cost of a unit, in tau of simulation. The time left is estimated from
        it until a unit of the stage has been timed.
    per_run
        Whether a unit is one run; otherwise it is one configuration.
    sizes
        Recipe keys that set how many units of other stages a unit reads; see `Identity`.
    source
        The source of descriptors that the stage makes or describes. The stage belongs only to
        recipes that ask for this source.
    section
        The section of the recipe that asks for the stage; if empty, the stage belongs to every
        recipe.
    reduced_to
        The stage that keeps everything needed from this one. Once a configuration is done there,
        the files of this stage may be deleted and are not computed again.
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
    """Return the size in bytes of a unit's file with `n_numbers` in double precision."""
    return 8 * n_numbers + HEADER
