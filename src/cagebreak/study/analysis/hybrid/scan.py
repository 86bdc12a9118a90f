"""Scores of structure, of short runs of several numbers and lengths, and of both; their cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cagebreak._frames import to_frame
from cagebreak.bootstrap import interval, resamples
from cagebreak.errors import InputError
from cagebreak.learning.scores import YY, configuration_pearson, paired_difference, pooled_pearson
from cagebreak.learning.short_runs import HeldOutRuns, RunCollection
from cagebreak.seeding import Seed

if TYPE_CHECKING:
    from pandas import DataFrame

INPUTS = ("structure", "runs", "both", "ends", "ensemble")
"""What a prediction is made from: "ends" is both, and the structure at the ends of the runs; the
ensemble is a measurement, the mean over runs to the time itself."""
WITH_STRUCTURE = ("structure", "both", "ends")

_SCORES = [
    ("r", "f8"), ("low", "f8"), ("high", "f8"),
    ("r_configuration", "f8"), ("low_configuration", "f8"), ("high_configuration", "f8"),
    ("gain", "f8"), ("gain_low", "f8"), ("gain_high", "f8"),
]  # fmt: skip
_ABOUT = [
    ("time", "f8"), ("species", "U1"), ("inputs", "U9"), ("n_runs", "f8"), ("until", "f8"),
]  # fmt: skip
TABLE = [*_ABOUT, *_SCORES]
BUDGETS = [*_ABOUT, ("share", "f8"), ("core_seconds", "f8"), *_SCORES]
SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Costs over that of the ensemble, at which `Scan.within` predicts by default (chosen)."""


class Key(NamedTuple):
    """A set of inputs."""

    inputs: str
    n_runs: int
    until: float


class Costs(NamedTuple):
    """What a further configuration costs, in core-seconds."""

    structure: float
    """Of its states and their descriptors."""
    per_tau: float
    """Of one tau of a run."""
    end: float = np.nan
    """Of the structure at the end of a run, if it is described."""

    def of(self, key: Key, time: float = np.nan) -> float:
        """Return the core-seconds of a set of inputs; an ensemble runs to the `time` itself."""
        until = time if key.inputs == "ensemble" else key.until
        structure = self.structure if key.inputs in WITH_STRUCTURE else 0.0
        runs = 0.0 if key.inputs == "structure" else key.n_runs * until * self.per_tau
        ends = key.n_runs * self.end if key.inputs == "ends" else 0.0
        return structure + runs + ends


@dataclass(frozen=True, eq=False)
class Scan:
    """Held-out predictions from many sets of inputs; `Hybrid.scan` makes it.

    Parameters
    ----------
    runs
        The statistics that were learned from.
    species
        Letter of the species.
    keys
        The sets of inputs by name.
    held_out
        What they predict.
    seed, n_resamples
        Of the bootstrap over configurations.
    """

    runs: RunCollection
    species: str
    keys: Mapping[str, Key]
    held_out: HeldOutRuns
    seed: Seed
    n_resamples: int

    @property
    def times(self) -> np.ndarray:
        """Times of the targets, (T,), in tau."""
        return self.runs.collection.times

    @property
    def n_ensemble(self) -> int:
        """Number of runs of the ensembles."""
        return int(self.runs.n_runs.min())

    @cached_property
    def rows(self) -> np.ndarray:
        """The rows of `table`."""
        tables = []
        for name, key in self.keys.items():
            of_name = self.held_out.moments[name], self.held_out.pooled[name]
            rows = self._scored(TABLE, *of_name, key)
            tables.append(rows[key.until <= self.times * (1 + 1e-9)])
        for n in range(1, self.n_ensemble + 1):
            rows = self._scored(TABLE, *self._ensemble(n), Key("ensemble", n, np.nan))
            rows["until"] = self.times
            tables.append(rows)
        return np.concatenate(tables)

    @cached_property
    def table(self) -> "DataFrame":
        """A row for each time and set of inputs.

        `inputs` is "structure", "runs", "both", "ends" (both, and the structure at the ends of the
        runs), or "ensemble", the mean of so many runs to the time itself, without any learning.
        Then `n_runs` and `until`; `r`, `low` and `high`, pooled over all particles, with the
        bootstrap interval over configurations; the same within configurations; `gain`, r within
        configurations less that of structure, with its paired interval. Runs longer than the time
        that is predicted have no rows. r is NaN at times at which the runs of some configuration
        are too few to tell the variance of the propensity from noise (`RunCollection.is_known`).
        """
        return to_frame(self.rows)

    def within(self, costs: Costs, shares: Sequence[float] = SHARES) -> np.ndarray:
        """Return the scores that shares of the cost of the ensemble reach.

        In each outer fold, the number and length of the short runs are those with the smallest
        error in the inner folds, among those that are not too expensive: no test takes part.

        Parameters
        ----------
        costs
        shares
            Shares of the cost of the ensemble, `n_ensemble` runs to the time that is predicted.

        Returns
        -------
        structured array
            A row for each time, share, and "runs", "both", "ends" or "ensemble", if any such inputs
            are cheap enough; and one for "structure" with its own share. `n_runs` and `until` are
            medians over the folds, `core_seconds` the mean cost over the folds: runs of the median
            number and length may cost more or less.

        Raises
        ------
        InputError
            If a share is not positive, or the cost of the structure at the ends of runs is missing.
        """
        if any(key.inputs == "ends" for key in self.keys.values()) and np.isnan(costs.end):
            raise InputError("costs: expected the cost of the structure at the end of a run")
        if not all(share > 0 for share in shares):
            raise InputError(f"shares: expected positive numbers, got {shares!r}")
        tables = []
        for t, time in enumerate(self.times.tolist()):
            ensemble = costs.of(Key("ensemble", self.n_ensemble, time), time)
            if "structure" in self.keys:
                tables.append(self._chosen(["structure"], t, costs, np.nan))
            for share in shares:
                for inputs in ("runs", "both", "ends"):
                    names = [
                        name
                        for name, key in self.keys.items()
                        if key.inputs == inputs
                        and key.until <= time * (1 + 1e-9)
                        and costs.of(key) <= share * ensemble * (1 + 1e-9)
                    ]
                    if names:
                        tables.append(self._chosen(names, t, costs, share))
                n = int(share * self.n_ensemble * (1 + 1e-9))
                if 1 <= n <= self.n_ensemble:
                    key = Key("ensemble", n, time)
                    rows = self._scored(BUDGETS, *self._ensemble(n), key, slice(t, t + 1))
                    rows["share"], rows["core_seconds"] = share, costs.of(key, time)
                    tables.append(rows)
        table = np.concatenate(tables)
        structure = table["inputs"] == "structure"
        whole = self.n_ensemble * costs.per_tau * table["time"][structure]
        table["share"][structure] = table["core_seconds"][structure] / whole
        return table

    def _chosen(self, names: Sequence[str], t: int, costs: Costs, share: float) -> np.ndarray:
        moments, pooled, chosen = self.held_out.best(names)
        keys = [self.keys[names[number]] for number in chosen[:, t]]
        rows = self._scored(BUDGETS, moments, pooled, keys[0], slice(t, t + 1))
        rows["n_runs"] = np.median([key.n_runs for key in keys])
        rows["until"] = np.median([key.until for key in keys])
        rows["share"], rows["core_seconds"] = share, np.mean([costs.of(key) for key in keys])
        return rows

    def _ensemble(self, n_runs: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the moments of an ensemble, within configurations and for the pooled r."""
        moments, noise = self.runs.ensemble(n_runs), self.runs.target_mean_noise
        return moments, self.runs.with_noise_of_means(moments, n_runs, noise)

    def _scored(
        self,
        dtype: Any,
        moments: np.ndarray,
        pooled: np.ndarray,
        key: Key,
        times: slice = slice(None),
    ) -> np.ndarray:
        """Return a row for each of some times, from the moments (C, 6, T) of all."""
        moments, pooled = moments[:, :, times].copy(), pooled[:, :, times].copy()
        unknown = ~self.runs.is_known[times]
        moments[:, YY, unknown] = pooled[:, YY, unknown] = np.nan
        rows = np.zeros(moments.shape[2], dtype)
        rows["time"], rows["species"] = self.times[times], self.species
        rows["inputs"], rows["n_runs"], rows["until"] = key
        about: Any = {"seed": self.seed, "groups": self.runs.collection.groups}
        weights = resamples(len(moments), self.n_resamples, **about)
        n_groups = self.runs.collection.n_groups
        for suffix, score, of_score in (
            ("", pooled_pearson, pooled),
            ("_configuration", configuration_pearson, moments),
        ):
            rows["r" + suffix] = score(of_score)
            bounds = interval(score(of_score, weights), n_groups)
            rows["low" + suffix], rows["high" + suffix] = bounds
        gain = np.full((3, len(rows)), np.nan)
        if "structure" in self.held_out.moments:
            gain = np.array(
                paired_difference(
                    moments, self.held_out.moments["structure"][:, :, times],
                    score="configuration", n_resamples=self.n_resamples, **about,
                )
            )  # fmt: skip
        rows["gain"], rows["gain_low"], rows["gain_high"] = gain
        return rows
