"""The section [hybrid] of a recipe: short runs beside structure."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cagebreak.descriptors.coarse_grained.surroundings import LENGTHS
from cagebreak.simulation.isoconfigurational import log_times, nearest
from cagebreak.study.recipe.checks import (
    QUANTITIES,
    ascending,
    integer,
    list_of,
    number,
    one_of,
    optional,
    or_list,
)
from cagebreak.study.recipe.end_descriptor import DESCRIBED
from cagebreak.study.recipe.key import key_field

_SHARE = number(0, 1, above=True)

MEASURED = ("displacement", "d2min")
"""What is measured of all runs."""
FOLDS = 4
"""Outer folds that learning from ends needs; see `cagebreak.learning.short_runs.end_fits`."""


@dataclass(frozen=True)
class Hybrid:
    """[hybrid]: short runs beside structure, to predict further configurations.

    Motion and target come from different halves of the runs of a study, so that no unit is
    simulated for it, unless the structure at their ends is described. Short runs of the training
    configurations calibrate a model that is saved. The section may be left out; `cagebreak hybrid`
    then takes these defaults.
    """

    n_runs: int = key_field(
        integer(1, 10**6).also("at most n_runs of [isoconfigurational]"),
        2,
        "short runs of a configuration that is predicted (chosen)",
    )
    share: float | tuple[float, ...] = key_field(
        or_list(_SHARE, list_of(_SHARE, ascending=True)),
        0.1,
        "length of the short runs, over the last time of [isoconfigurational] (chosen); or several",
    )
    quantities: tuple[str, ...] = key_field(
        QUANTITIES, ("displacement",), "of their motion; or d2min, or what the runs keep (chosen)"
    )
    lengths: tuple[float, ...] = key_field(
        ascending(), LENGTHS, "over which motion is averaged over neighbors, sigma (chosen)"
    )
    ends: str | None = key_field(
        optional(one_of(DESCRIBED).also("left out, their ends are not described")),
        None,
        "structure at their ends: of inherent states, or of positions as they are",
    )

    @classmethod
    def default(cls) -> "Hybrid":
        """Return the section of a recipe that leaves it out."""
        fields = dataclasses.fields(cls)
        return cls(**{field.name: field.metadata["key"].full for field in fields})

    @property
    def shares(self) -> tuple[float, ...]:
        """All of `share`, ascending."""
        return self.share if isinstance(self.share, tuple) else (self.share,)

    def contradictions(
        self,
        n_runs: int,
        outer_folds: int,
        times: tuple[float, float, int] | None,
        keep: Mapping[str, Any] | None,
        half_box: float,
    ) -> Iterator[tuple[str, str]]:
        """Yield each key that contradicts other sections, and what is expected of it.

        Parameters
        ----------
        n_runs
            Of [isoconfigurational].
        outer_folds
            Of [learning].
        times
            `first`, `last` and `n_times` of the runs; None of imported ones.
        keep
            Of [isoconfigurational].
        half_box
            Half of the edge of the box, in sigma.
        """
        for name in self.quantities:
            if name not in MEASURED and not (keep or {}).get(name):
                yield "quantities", f"what runs keep: {name} needs keep.{name} beside it"
        if self.lengths != LENGTHS and self.lengths[-1] > half_box:
            yield "lengths", f"lengths up to half of the box, {half_box:.4g} sigma"
        if self.n_runs > max(n_runs, type(self).default().n_runs):
            yield "n_runs", f"at most n_runs = {n_runs} of [isoconfigurational]"
        if self.ends is None:
            return
        if times is None:
            yield "ends", "none of imported runs, whose positions are not kept"
            return
        if outer_folds < FOLDS:
            yield "ends", f"at least {FOLDS} outer_folds in [learning] beside it"
        first, last, n_times = times
        if self.shares[0] * last < first * (1 - 1e-9):
            yield "share", f"at least first / last = {first / last:.3g}, beside `ends`"
        if nearest(log_times(*times), [self.shares[0] * last])[0] == n_times - 1:
            yield "share", "less for one of them, so that runs have times beyond its ends"
