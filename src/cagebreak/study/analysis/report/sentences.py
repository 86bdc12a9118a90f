"""Sentences about the state of a study: relaxation, drift, and what else its folders hold."""

import math
from collections.abc import Iterator, Mapping

import numpy as np

from cagebreak.dynamics.equilibrium import RELAXED, relaxed
from cagebreak.errors import StoreError
from cagebreak.study.analysis import tables
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.run.work import StageStatus
from cagebreak.study.store import Store


def remarks(stage: StageStatus) -> str:
    """Return what the folder of a stage holds beside units that are done."""
    counts = (
        (stage.outdated, "of fewer runs"),
        (stage.changed, "of another recipe"),
        (stage.damaged, "damaged"),
        (stage.mixed, "made from other units than those here"),
        (stage.without_digest, "of an earlier version, without digest"),
    )
    return ", ".join(f"{n} {what}" for n, what in counts if n)


def of_relaxation(recipe: Recipe, relaxation: Mapping[str, float]) -> Iterator[str]:
    """Yield tau_alpha of each species, and for how many of them the liquid was equilibrated."""
    if recipe.imported:
        for species, tau in relaxation.items():
            time = "not within the times of the runs" if math.isnan(tau) else f"{tau:.3g} tau"
            yield f"tau_alpha of {species}: {time}"
        return
    equilibrated = recipe.preparation.protocol[-1].time
    for species, tau in relaxation.items():
        if math.isnan(tau):
            yield (
                f"tau_alpha of {species}: beyond the last time, {recipe.isoconfigurational.last:g}"
                f" tau; whether {equilibrated:g} tau equilibrated it cannot be said"
            )
        else:
            yield (
                f"tau_alpha of {species}: {tau:.3g} tau; "
                f"equilibrated for {equilibrated / tau:.3g} tau_alpha"
            )


def of_drift(recipe: Recipe, store: Store) -> Iterator[str]:
    """Yield whether anything drifts over the last step of the preparation, if it was recorded."""
    try:
        drift = tables.drift(recipe, store)
    except StoreError:
        return
    if np.isnan(drift["difference"]).all():
        yield "drift of the preparation: not measured, its last step has a single segment"
        return
    long_enough = relaxed(drift)
    if not long_enough:
        yield (
            "the last step of preparation is too short to show that nothing drifts: F_s has not "
            f"decayed to {RELAXED:g} over half of it"
        )
    for row in drift:
        if math.isnan(row.difference) or math.isnan(row.error):
            yield f"{row.quantity} over the last step of preparation: not measured"
            continue
        verdict = ": it drifts" if row.drifts else ": no drift" if long_enough else ""
        yield (
            f"{row.quantity} over the halves of the last step of preparation: {row.first:.5g}, "
            f"{row.second:.5g}, difference {row.difference:.2g} +- {row.error:.2g}{verdict}"
        )
