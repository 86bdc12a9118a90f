"""Learners side by side on one study: the same folds, and honest costs."""

import resource
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from cagebreak.errors import InputError, MissingDependencyError
from cagebreak.learning.learner import traits
from cagebreak.learning.linear_model.ridge import RidgeCV
from cagebreak.learning.model_selection.compare import moments_table, with_differences
from cagebreak.seeding import seed_sequence
from cagebreak.study.recipe import selections
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.run.engines import ProcessPool
from cagebreak.study.run.progress import duration
from cagebreak.study.store import Store

if TYPE_CHECKING:
    from cagebreak.learning import Scores

STRUCTURE: dict[str, Any] = {"kind": ["radial", "angular"], "states": ["initial"]}
"""What the learners of :cite:`Alkemade2022` are given."""

NAME = 32
"""Letters of a learner's name that tables hold."""

COSTS = [
    ("parameters", "i8"),
    ("training_seconds", "f8"),
    ("inference_seconds", "f8"),
    ("memory", "f8"),
]
"""Columns beside those of the scores; the memory in bytes."""


def known(generations: int = 2) -> dict[str, tuple[Any, selections.Selection]]:
    """Return the learners that go by a name, each with the features it learns from.

    ``ridge``, ``network`` and ``graph`` are those of :cite:`Alkemade2022` in our setting of them,
    ``graph together`` is the last trained on all species at once, ``network 1`` to ``network 5``
    and ``graph 1`` to ``graph 6`` are the rows of its tables I and II; ``equivariant`` is the
    equivariant graph network; ``network ensemble``, ``graph ensemble`` and ``equivariant ensemble``
    are five of each; ``svm`` and ``softness`` are linear support vectors on generation 0, as in
    :cite:`Boattini2021`, figure 1, for regression and for the classification of :cite:`Cubuk2015`.
    `generations` is the last that there are.
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
    own = STRUCTURE | {"generations": 0}
    learners: dict[str, tuple[Any, selections.Selection]] = {
        "ridge": (None, all_generations),
        "network": (MLPRegressor(), all_generations),
        "graph": (GraphNetwork(), own),
        "graph together": (GraphNetwork(share_species=True), own),
        "equivariant": (EquivariantNetwork(), own),
        "network ensemble": (Ensemble(MLPRegressor()), all_generations),
        "graph ensemble": (Ensemble(GraphNetwork()), own),
        "equivariant ensemble": (Ensemble(EquivariantNetwork()), own),
        "svm": (LinearSVR(), own),
        "softness": (Softness(), own),
    }
    for row in range(1, 6):
        learners[f"network {row}"] = (MLPRegressor.alkemade2022(row), all_generations)
    for row in range(1, 7):
        given = all_generations if row == 2 else own
        learners[f"graph {row}"] = (GraphNetwork.alkemade2022(row), given)
    return learners


def chosen(
    learners: Sequence[str] | Mapping[str, Any], features: Any, generations: int = 2
) -> dict[str, tuple[Any, selections.Selection]]:
    """Return learners by name, each with its features, from what `Study.compare` is given.

    A learner that comes with features keeps them. One that comes without has `features`, or if
    these are omitted those of the name it goes by, or of ridge if the name is not known.

    Raises
    ------
    InputError
        If there are none, a name is not known, or too long for a table.
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
        learner, usual = names.get(name, names["ridge"])
        wanted = usual if features is None else features
        if isinstance(learners, Mapping):
            given = learners[name]
            learner, wanted = given if isinstance(given, tuple) else (given, wanted)
        result[name] = (learner, wanted)
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

    Each learner has a process of its own for each species, so that the largest memory it held can
    be told; learners that take species together have one for all.

    Raises
    ------
    InputError
        If a learner's class is one of the script that runs, which other processes do not know.
    MissingDependencyError
        If a learner needs a package that is not installed.
    """
    takes = {
        name: traits(RidgeCV() if learner is None else learner)
        for name, (learner, _) in learners.items()
    }
    for name, (learner, _) in learners.items():
        for package in takes[name].requires:
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
    jobs = [
        (name, letters)
        for name in learners
        for letters in ([tuple(species)] if takes[name].share_species else [(s,) for s in species])
    ]
    tables, moments = [], []
    pools: list[ProcessPool] = []
    futures: list[Future[tuple[Scores, int]]] = []
    try:
        for name, letters in jobs:
            while sum(not future.done() for future in futures) >= workers:
                wait([f for f in futures if not f.done()], return_when=FIRST_COMPLETED)
            pool = ProcessPool(1)
            future = pool.submit(_one, recipe, store, name, *learners[name], letters, times)
            job = f"{name}, {' and '.join(letters)} particles, {len(futures) + 1} of {len(jobs)}"
            future.add_done_callback(partial(_end, pool, job, time.monotonic()))
            pools.append(pool)
            futures.append(future)
        for (name, _), future in zip(jobs, futures, strict=True):
            scores, memory = future.result()
            for letter, feature in scores.moments:
                mine = scores.rows[scores.rows["species"] == letter]
                of_pairs = scores.moments[letter, feature]
                moments.append(moments_table(letter, name, mine["time"], of_pairs))
                table = np.zeros(len(mine), [*mine.dtype.descr, *COSTS])
                for column in mine.dtype.names:
                    table[column] = mine[column]
                for column, value in scores.costs[letter, feature]._asdict().items():
                    table[column] = value
                table["memory"] = memory
                tables.append(table)
    finally:
        for pool in pools:
            pool.kill()
    together = np.concatenate(moments)
    table = with_differences(
        np.concatenate(tables),
        together,
        seed=seed_sequence(recipe.study.seed, "fit"),
        n_resamples=recipe.learning.bootstrap,
    )
    return table, together


def _end(pool: ProcessPool, job: str, began: float, future: Future) -> None:
    """Let the process go, and say on a terminal, and nowhere else, which learner is done."""
    pool.shutdown(wait=False)
    if sys.stderr.isatty() and not future.cancelled() and future.exception() is None:
        text = f"{job}: done in {duration(time.monotonic() - began)}"
        print(f"\r\x1b[K{text}", file=sys.stderr, flush=True)


def _one(
    recipe: Recipe,
    store: Store,
    name: str,
    learner: Any,
    selection: selections.Selection,
    species: Sequence[str],
    times: Sequence[float] | None,
) -> "tuple[Scores, int]":
    """Evaluate a learner in this process; return its scores and the largest memory it held."""
    from cagebreak.study.analysis.learn import learn

    features = selections.named(selection) if isinstance(selection, Mapping) else {}
    if len(features) != 1:
        features = {"joined": selection}
    scores = learn(recipe, store, learner, features, species, name, "displacement", times)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # The kernel counts in kilobytes, that of macOS in bytes.
    return scores, peak if sys.platform == "darwin" else 1024 * peak
