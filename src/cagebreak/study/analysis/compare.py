"""Comparison of learners on one study, with equal folds, and with time and memory measured."""

import resource
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from cagebreak._progress import on_terminal
from cagebreak.errors import InputError, MissingDependencyError
from cagebreak.learning.learner import traits
from cagebreak.learning.linear_model.ridge import RidgeCV
from cagebreak.learning.model_selection.compare import moments_table, with_differences
from cagebreak.seeding import seed_sequence
from cagebreak.study.recipe import selections
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.run.engines import ProcessPool
from cagebreak.study.run.progress import Tally, show
from cagebreak.study.store import Store, Unit

if TYPE_CHECKING:
    from cagebreak.learning import Scores

STRUCTURE: dict[str, Any] = {"kind": ["radial", "angular"], "states": ["initial"]}
"""The features of the learners of :cite:`Alkemade2022`."""

NAME = 32
"""Largest length of a learner's name in tables."""

COSTS = [
    ("parameters", "i8"),
    ("training_seconds", "f8"),
    ("inference_seconds", "f8"),
    ("memory", "f8"),
]
"""Columns of the costs, in addition to those of the scores; `memory` is in bytes."""


def known(generations: int = 2) -> dict[str, tuple[Any, selections.Selection]]:
    """Return the learners that have a name, each with the selection of its features.

    - ``ridge``, ``network`` and ``graph`` are the learners of :cite:`Alkemade2022` with the default
      settings of this package.
    - ``network 1`` to ``network 5`` and ``graph 1`` to ``graph 6`` have the settings in the rows of
      tables I and II of that paper.
    - ``graph together`` is one graph network for all species.
    - ``equivariant`` is the equivariant graph network.
    - ``network ensemble``, ``graph ensemble`` and ``equivariant ensemble`` average five networks.
    - ``svm`` and ``softness`` are linear support vector machines on generation 0 as in
      :cite:`Boattini2021`, figure 1: a regression, and the classification of :cite:`Cubuk2015`.

    Parameters
    ----------
    generations
        The last generation of descriptors in the study.
    """
    from cagebreak.learning import (
        Ensemble,
        EquivariantNetwork,
        GraphNetwork,
        LinearSVR,
        MLPRegressor,
        Softness,
    )

    all_generations = STRUCTURE | {"generations": min(2, generations)}
    generation_0 = STRUCTURE | {"generations": 0}
    learners: dict[str, tuple[Any, selections.Selection]] = {
        "ridge": (None, all_generations),
        "network": (MLPRegressor(), all_generations),
        "graph": (GraphNetwork(), generation_0),
        "graph together": (GraphNetwork(share_species=True), generation_0),
        "equivariant": (EquivariantNetwork(), generation_0),
        "network ensemble": (Ensemble(MLPRegressor()), all_generations),
        "graph ensemble": (Ensemble(GraphNetwork()), generation_0),
        "equivariant ensemble": (Ensemble(EquivariantNetwork()), generation_0),
        "svm": (LinearSVR(), generation_0),
        "softness": (Softness(), generation_0),
    }
    for row in range(1, 6):
        learners[f"network {row}"] = (MLPRegressor.alkemade2022(row), all_generations)
    for row in range(1, 7):
        features = all_generations if row == 2 else generation_0
        learners[f"graph {row}"] = (GraphNetwork.alkemade2022(row), features)
    return learners


def chosen(
    learners: Sequence[str] | Mapping[str, Any], features: Any, generations: int = 2
) -> dict[str, tuple[Any, selections.Selection]]:
    """Return the learners of `Study.compare` by name, each with the selection of its features.

    A learner given with features keeps them. Any other learner has `features`, or, if these are
    omitted, the features of the learner of this name in `known`, or else those of ridge.

    Raises
    ------
    InputError
        If there is no learner, or a name is unknown or too long for a table.
    """
    names = known(generations)
    if not learners:
        raise InputError("learners: expected at least one, got none")
    for name in learners:
        if len(name) > NAME:
            raise InputError(f"learners: expected names of at most {NAME} letters, got {name!r}")
        if not isinstance(learners, Mapping) and name not in names:
            raise InputError(f"learners: expected some of {', '.join(names)}, got {name!r}")
    result = {}
    for name in learners:
        learner, default = names.get(name, names["ridge"])
        selection = default if features is None else features
        if isinstance(learners, Mapping):
            entry = learners[name]
            learner, selection = entry if isinstance(entry, tuple) else (entry, selection)
        result[name] = (learner, selection)
    return result


def compare(
    recipe: Recipe,
    store: Store,
    learners: Mapping[str, tuple[Any, selections.Selection]],
    species: Sequence[str],
    times: Sequence[float] | None,
    workers: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the table of all learners, and the moments of each configuration.

    Each learner and species runs in its own process, so that the peak memory can be measured. A
    learner that shares species runs in one process.

    Raises
    ------
    InputError
        If the class of a learner is defined in the running script, which other processes cannot
        import.
    MissingDependencyError
        If a learner needs a package that is not installed.
    """
    traits_of = {
        name: traits(RidgeCV() if learner is None else learner)
        for name, (learner, _) in learners.items()
    }
    for name, (learner, _) in learners.items():
        for package in traits_of[name].requires:
            if find_spec(package) is None:
                raise MissingDependencyError(
                    f"learners: {name!r} needs {package}, expected it to be installed: "
                    "pip install 'cagebreak[networks]'"
                )
        if type(learner).__module__ == "__main__":
            raise InputError(
                f"learners: expected classes that can be imported, got {name!r} of the class "
                f"{type(learner).__name__} in the script itself; move it to a module"
            )
    separate = [(letter,) for letter in species]
    jobs = [
        (name, letters)
        for name in learners
        for letters in ([tuple(species)] if traits_of[name].share_species else separate)
    ]
    tables, moments = [], []
    totals = Counter(name for name, _ in jobs)
    tally = Tally(dict.fromkeys(totals, 0), totals, dict.fromkeys(totals, 1.0), workers)
    pools: list[ProcessPool] = []
    futures: list[Future[tuple[Scores, int]]] = []
    try:
        with show(tally, on_terminal()) as report:
            waiting: set[Future] = set()
            started: dict[Future, tuple[str, ProcessPool, float]] = {}
            for name, letters in jobs:
                pool = ProcessPool(1)
                future = pool.submit(_one, recipe, store, name, *learners[name], letters, times)
                started[future] = (name, pool, time.monotonic())
                pools.append(pool)
                futures.append(future)
                waiting.add(future)
                while len(waiting) >= (workers if len(futures) < len(jobs) else 1):
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    for each in done:
                        of_name, its_pool, start = started[each]
                        its_pool.shutdown(wait=False)
                        report.done(Unit(of_name, (0,)), time.monotonic() - start)
        for (name, _), future in zip(jobs, futures, strict=True):
            scores, memory = future.result()
            for letter, feature in scores.moments:
                rows = scores.rows[scores.rows["species"] == letter]
                pair_moments = scores.moments[letter, feature]
                moments.append(moments_table(letter, name, rows["time"], pair_moments))
                table = np.zeros(len(rows), [*rows.dtype.descr, *COSTS])
                for column in rows.dtype.names:
                    table[column] = rows[column]
                for column, value in scores.costs[letter, feature]._asdict().items():
                    table[column] = value
                table["memory"] = memory
                tables.append(table)
    finally:
        for pool in pools:
            pool.kill()
    all_moments = np.concatenate(moments)
    table = with_differences(
        np.concatenate(tables),
        all_moments,
        seed=seed_sequence(recipe.study.seed, "fit"),
        n_resamples=recipe.learning.bootstrap,
        groups=recipe.groups,
    )
    return table, all_moments


def _one(
    recipe: Recipe,
    store: Store,
    name: str,
    learner: Any,
    selection: selections.Selection,
    species: Sequence[str],
    times: Sequence[float] | None,
) -> "tuple[Scores, int]":
    """Evaluate a learner in this process; return its scores and the peak memory in bytes."""
    from cagebreak.study.analysis.learn import learn

    features = selections.named(selection) if isinstance(selection, Mapping) else {}
    if len(features) != 1:
        features = {"joined": selection}
    scores = learn(recipe, store, learner, features, species, name, "displacement", times=times)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in kilobytes, macOS in bytes.
    return scores, peak if sys.platform == "darwin" else 1024 * peak
