"""The stages of a study: what a unit of each needs, depends on, and does.

To add a stage, write its function and add a line to `STAGES`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numba
from threadpoolctl import threadpool_limits

from cagebreak.study.recipe import descriptors
from cagebreak.study.recipe.checks import STATES
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.stored import SOURCES, describing
from cagebreak.study.stages.units import (
    _cage,
    _descriptors,
    _equilibrate,
    _inherent,
    _propensity,
    _recommended,
    _run,
    _shear,
    sweeps_of_cage,
)
from cagebreak.study.store import Identity, Store, Unit


@dataclass(frozen=True)
class Stage:
    """One kind of work, done for every configuration, or for every run of it.

    Parameters
    ----------
    name
    needs
        The stages it builds on, for the same configuration.
    keys
        Recipe keys and sections that its results depend on, besides those of `needs`.
    work
        Does a unit and saves it.
    per_run
        Whether a unit is one run rather than one configuration.
    sizes
        Recipe keys that say how many units it takes in; see `Identity`.
    state
        The source of descriptors that it makes or describes; a recipe that does not ask for it has
        no such stage.
    section
        The section of the recipe that asks for it; every recipe, if empty.
    reduced_to
        The stage that keeps all that is needed of it: once a configuration is done there, the files
        of this stage may be deleted and are not made again.
    weight
        Expected cost of a unit, in tau of simulation; for estimates of the time left.
    """

    name: str
    needs: tuple[str, ...]
    keys: tuple[str, ...]
    work: Callable[[Recipe, Store, Unit], None]
    per_run: bool = False
    sizes: tuple[str, ...] = ()
    state: str = ""
    section: str = "isoconfigurational"
    reduced_to: str = ""
    weight: Callable[[Recipe], float] = lambda recipe: 1.0


def stages_of(recipe: Recipe) -> dict[str, Stage]:
    """Return the stages that a recipe needs, in order."""
    wanted: tuple[str, ...] = ("",)
    without: tuple[str, ...] = ()
    if recipe.asks_for("isoconfigurational"):
        wanted += recipe.sources
        # Imported configurations may come without runs.
        without = () if recipe.isoconfigurational.n_runs else ("run", "propensity")
    return {
        name: stage
        for name, stage in STAGES.items()
        if stage.state in wanted
        and name not in without
        and (not stage.section or recipe.asks_for(stage.section))
    }


def units(recipe: Recipe, stage: Stage) -> list[Unit]:
    """Return the units of a stage in order."""
    configurations = range(recipe.preparation.n_configurations)
    if not stage.per_run:
        return [Unit(stage.name, (c,)) for c in configurations]
    runs = range(recipe.isoconfigurational.n_runs)
    return [Unit(stage.name, (c, r)) for c in configurations for r in runs]


def needs(recipe: Recipe, unit: Unit) -> list[Unit]:
    """Return the units that must be done before a unit can be."""
    c = unit.address[0]
    needed = []
    for name in STAGES[unit.stage].needs:
        if STAGES[name].per_run:
            needed += [Unit(name, (c, r)) for r in range(recipe.isoconfigurational.n_runs)]
        else:
            needed.append(Unit(name, (c,)))
    return needed


def needs_of_all(recipe: Recipe, unit: Unit) -> list[Unit]:
    """Return what a unit needs, and what that needs, and so on."""
    found = needs(recipe, unit)
    return list(dict.fromkeys(found + [far for n in found for far in needs_of_all(recipe, n)]))


def open_store(recipe: Recipe) -> Store:
    """Return the folder of a recipe's study."""
    identities = {
        name: Identity(recipe.select(_all_keys(stage)), recipe.select(stage.sizes))
        for name, stage in STAGES.items()
    }
    return Store(recipe.folder, identities, recipe.study.seed)


def _all_keys(stage: Stage) -> list[str]:
    inherited = [key for name in stage.needs for key in _all_keys(STAGES[name])]
    return [*inherited, *stage.keys]


def do(recipe: Recipe, store: Store, unit: Unit) -> float:
    """Do a unit and return the seconds it took; for any executor, on any machine.

    One thread only: units run side by side, and the order of a sum must not depend on threads.
    """
    start = time.perf_counter()
    numba.set_num_threads(1)
    with threadpool_limits(limits=1):
        STAGES[unit.stage].work(recipe, store, unit)
    return time.perf_counter() - start


STAGES: dict[str, Stage] = {
    stage.name: stage
    for stage in (
        Stage(
            "equilibrate",
            needs=(),
            keys=(
                "study.seed",
                "model",
                "preparation.n_particles",
                "preparation.time",
                "preparation.steps",
                "preparation.imported",
            ),
            work=_equilibrate,
            section="",
            weight=lambda recipe: 100 + sum(step.time for step in recipe.preparation.protocol),
        ),
        Stage(
            "run",
            needs=("equilibrate",),
            keys=(
                "isoconfigurational.first",
                "isoconfigurational.last",
                "isoconfigurational.n_times",
                "isoconfigurational.times",
                "isoconfigurational.wavenumber",
                "isoconfigurational.d2min_cutoff",
            ),
            work=_run,
            per_run=True,
            reduced_to="propensity",
            weight=lambda recipe: recipe.isoconfigurational.last,
        ),
        Stage(
            "propensity",
            needs=("run",),
            keys=(),
            sizes=("isoconfigurational.n_runs",),
            work=_propensity,
        ),
        Stage(
            "shear",
            needs=("equilibrate",),
            keys=("shear",),
            work=_shear,
            section="shear",
            # A step costs as much as a sixth of a tau of dynamics; measured.
            weight=lambda recipe: recipe.shear.n_steps / 6,
        ),
        Stage(
            "inherent",
            needs=("equilibrate",),
            keys=("states.force_tolerance",),
            work=_inherent,
            state="inherent",
            weight=lambda recipe: 20.0,
        ),
        Stage(
            "cage",
            needs=("equilibrate",),
            keys=("states.cage",),
            work=_cage,
            state="cage",
            weight=lambda recipe: sweeps_of_cage(recipe) / 20,
        ),
        *(
            Stage(
                describing(state),
                needs=(SOURCES[state],),
                keys=("descriptors.set", "descriptors.generations"),
                work=partial(_descriptors, state),
                state=state,
            )
            for state in STATES
        ),
        Stage(
            describing(descriptors.RECOMMENDED),
            needs=("inherent", "cage"),
            keys=(),
            work=_recommended,
            state=descriptors.RECOMMENDED,
            weight=lambda recipe: 20.0,
        ),
    )
}
