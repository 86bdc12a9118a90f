"""Values of a recipe that contradict each other."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from cagebreak.errors import InputError, RecipeError
from cagebreak.study.recipe import schema, selections
from cagebreak.study.recipe.checks import entry
from cagebreak.study.recipe.preparation import Imported
from cagebreak.study.recipe.protocols import PROTOCOLS


def check_together(recipe: Any) -> None:
    """Check the values of a `Recipe`, whose module imports this one, that depend on one another.

    Raises
    ------
    RecipeError
        If two of them contradict each other.
    """

    def problem(key: str, expected: str) -> RecipeError:
        section, name = key.split(".")
        value = entry(name, recipe.values[section][name])
        return RecipeError(f"{recipe.path}: [{section}] {value}: expected {expected}")

    n_configurations = recipe.preparation.n_configurations
    n_particles = recipe.preparation.n_particles
    if n_particles % recipe.model.chain_length:
        raise problem(
            "preparation.n_particles", f"a multiple of chain_length = {recipe.model.chain_length}"
        )
    counts = np.bincount(recipe.model.species(n_particles), minlength=recipe.model.n_species)
    if counts.min() < 3 and not recipe.imported:
        raise problem(
            "preparation.n_particles",
            f"at least 3 particles of each species, which would be {counts.tolist()}",
        )
    of_lammps = recipe.model.lammps is not None
    if of_lammps and recipe.engine != "lammps":
        raise problem("preparation.engine", '"lammps", whose lines are the interaction')
    if recipe.asks_for("shear"):
        _check_shear(recipe, problem)
    if not recipe.asks_for("isoconfigurational"):
        return
    if isinstance(recipe.preparation, Imported):
        members = list(itertools.chain(*(recipe.preparation.share_fold or ())))
        if len(set(members)) < len(members) or max(members, default=0) >= n_configurations:
            raise problem(
                "preparation.share_fold",
                f"configurations from 0 to {n_configurations - 1}, each in one list",
            )
    if "trajectories" in recipe.states.cage and recipe.model.is_hard:
        raise problem("states.cage", "sweeps or a precision: hard spheres have no forces")
    if of_lammps and {"sweeps", "trajectories"} <= set(recipe.states.cage):
        raise problem("states.cage", "sweeps or trajectories: in LAMMPS a sweep is a trajectory")
    learning = recipe.learning
    if isinstance(recipe.isoconfigurational, schema.ImportedRuns):
        if bool(recipe.isoconfigurational.n_runs) != bool(recipe.isoconfigurational.times):
            raise problem("isoconfigurational.times", "times where there are runs, none otherwise")
    elif not recipe.isoconfigurational.first < recipe.isoconfigurational.last:
        first = recipe.isoconfigurational.first
        raise problem("isoconfigurational.last", f"more than first = {first!r}")
    if not recipe.imported and "functions" in (recipe.isoconfigurational.keep or {}):
        smallest = np.pi / recipe.model.box(recipe.preparation.n_particles).longest
        if recipe.isoconfigurational.wavenumber < smallest:
            expected = f"at least {smallest:.3g}, half of the smallest wave vector, for functions"
            raise problem("isoconfigurational.wavenumber", expected)
    if learning.outer_folds > n_configurations and not recipe.imported:
        raise problem("learning.outer_folds", f"at most n_configurations = {n_configurations}")
    if learning.inner_folds >= learning.outer_folds:
        raise problem("learning.inner_folds", f"less than outer_folds = {learning.outer_folds}")
    if not set(learning.species) <= set(recipe.model.species_names):
        raise problem("learning.species", f"among {', '.join(recipe.model.species_names)}")
    if recipe.descriptors.recommended:
        if not {"inherent", "cage"} <= set(recipe.descriptors.states):
            raise problem("descriptors.recommended", "false without the states inherent and cage")
        if "precision" in recipe.states.cage:
            raise problem("descriptors.recommended", "false with a precision in [states.cage]")
    runs = recipe.isoconfigurational
    known = None if recipe.imported else (runs.first, runs.last, runs.n_times)
    half_box = recipe.model.box(n_particles).longest / 2
    for key, expected in recipe.hybrid.contradictions(
        runs.n_runs, learning.outer_folds, known, runs.keep, half_box
    ):
        raise problem(f"hybrid.{key}", expected)
    labels = recipe.labels()
    for name, selection in learning.selections.items():
        try:
            selections.columns(labels, selection)
            selections.learned(selection, selections.LEARNED)
        except InputError as error:
            expected = f"what [descriptors] has; {name!r}: {error}"
            raise problem("learning.selections", expected) from None


def _check_shear(recipe: Any, problem: Callable[[str, str], RecipeError]) -> None:
    shear = recipe.shear
    if not PROTOCOLS[recipe.values["model"]["name"]].shear:
        raise problem("model.name", "a model with an energy to minimize, for [shear]")
    if not shear.discard < shear.strain:
        raise problem("shear.strain", f"more than discard = {shear.discard!r}")
    # Half a step is the rounding of sums of steps.
    if not shear.step <= shear.window <= shear.strain - shear.discard + shear.step / 2:
        raise problem("shear.window", "from step up to strain - discard")
