"""The stages of a study, in order, and the units of each.

To add a stage, write its file and add a line to the list of `STAGES`.
"""

import time
from functools import partial

import numba
from numba.core.event import install_timer
from threadpoolctl import threadpool_limits

from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages import descriptors, ends, equilibrate, propensity, runs, shear, states
from cagebreak.study.stages.stage import Stage
from cagebreak.study.store import Identity, Store, Unit

STAGES: dict[str, Stage] = {
    stage.name: stage
    for stage in (
        equilibrate.STAGE,
        runs.STAGE,
        propensity.STAGE,
        shear.STAGE,
        states.INHERENT,
        states.CAGE,
        *descriptors.OF_STATES,
        descriptors.OF_ALL,
        ends.STAGE,
        ends.DESCRIBED,
    )
}

IMPORTED = (equilibrate.STAGE.name, runs.STAGE.name)
"""The stages whose units an import writes; they cannot be computed again."""


def stages_of(recipe: Recipe) -> dict[str, Stage]:
    """Return the stages that a recipe needs, in order."""
    sources: tuple[str, ...] = ("",)
    without: tuple[str, ...] = ()
    if recipe.asks_for("isoconfigurational"):
        sources += recipe.sources
        sources += () if recipe.hybrid.ends is None else (ends.SOURCE,)
        # Imported configurations can come without runs.
        without = () if recipe.isoconfigurational.n_runs else ("run", "propensity")
    return {
        name: stage
        for name, stage in STAGES.items()
        if stage.source in sources
        and name not in without
        and (not stage.section or recipe.asks_for(stage.section))
    }


def units(recipe: Recipe, stage: Stage) -> list[Unit]:
    """Return the units of a stage in order."""
    configurations = range(recipe.preparation.n_configurations)
    if not stage.per_run:
        return [Unit(stage.name, (c,)) for c in configurations]
    n_runs = recipe.isoconfigurational.n_runs
    return [Unit(stage.name, (c, r)) for c in configurations for r in range(n_runs)]


def needs(recipe: Recipe, unit: Unit) -> list[Unit]:
    """Return the units that must be done before a unit can be done."""
    c = unit.address[0]
    needed = []
    for name in STAGES[unit.stage].needs:
        if STAGES[name].per_run:
            needed += [Unit(name, (c, r)) for r in range(recipe.isoconfigurational.n_runs)]
        else:
            needed.append(Unit(name, (c,)))
    return needed


def needs_of_all(recipe: Recipe, unit: Unit) -> list[Unit]:
    """Return all units that a unit needs, directly or indirectly."""
    direct = needs(recipe, unit)
    indirect = [distant for need in direct for distant in needs_of_all(recipe, need)]
    return list(dict.fromkeys([*direct, *indirect]))


def open_store(recipe: Recipe) -> Store:
    """Return the store of a recipe's study."""
    identities = {
        name: Identity(recipe.select(_all_keys(stage)), recipe.select(stage.sizes))
        for name, stage in STAGES.items()
    }
    return Store(recipe.folder, identities, recipe.study.seed, partial(needs, recipe))


def do(recipe: Recipe, store: Store, unit: Unit) -> float | None:
    """Do a unit and return the seconds that it took; any executor can call this on any machine.

    The seconds do not include those in which kernels were compiled: no other unit waits for that.
    They are None if an earlier process had begun the unit: no other unit takes as long as its rest.

    A unit uses one thread: units run in parallel, and the order of a sum must not depend on the
    number of threads.
    """
    start = time.perf_counter()
    numba.set_num_threads(1)
    compiling: list[float] = []
    begun_before = store.has(unit, partial=True)
    with threadpool_limits(limits=1), install_timer("numba:compile", compiling.append):
        STAGES[unit.stage].work(recipe, store, unit)
    if begun_before:
        return None
    # Of units in threads, what the others compiled counts too, which can be longer than the unit.
    return max(time.perf_counter() - start - sum(compiling), 0.0)


def _all_keys(stage: Stage) -> list[str]:
    inherited = [key for name in stage.needs for key in _all_keys(STAGES[name])]
    return [*inherited, *stage.keys]
