"""The usual dynamic functions of runs from several configurations, with intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Sized
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak._frames import to_frame
from cagebreak.bootstrap import as_groups, interval, require_bootstrap, resamples
from cagebreak.configuration import SPECIES_NAMES, Configuration, as_configurations
from cagebreak.dynamics.four_point import (
    N_SHELLS,
    Q_MAX,
    correlation_length,
    length_interval,
    resample_bias,
    variance_parts,
)
from cagebreak.dynamics.reduction import Reducer, Reduction
from cagebreak.dynamics.relaxation import non_gaussian_of, tau_alpha
from cagebreak.errors import InputError
from cagebreak.seeding import Seed
from cagebreak.simulation.isoconfigurational import check_times
from cagebreak.structure.shell_average import ShellAverage

if TYPE_CHECKING:
    from pandas import DataFrame

Floats = NDArray[np.float64]

ALL = "all"
"""Name of all particles together among the species."""

CHI_4 = ("chi_4", "chi_4_isoconfigurational", "chi_4_structural")
QUANTITIES = ("msd", "alpha_2", "f_s", "f", "overlap", *CHI_4, "s_4", "xi_4")
"""Columns of the table of dynamic functions; `low_` and `high_` of each are its interval."""

COLUMNS = np.dtype(
    [("species", "U3"), ("time", "f8")]
    + [(part + name, "f8") for name in QUANTITIES for part in ("", "low_", "high_")]
)


@dataclass(frozen=True, eq=False, repr=False)
class DynamicFunctions:
    r"""Dynamic functions of each species and of all particles, averaged over configurations.

    Parameters
    ----------
    rows : structured array
        The rows of `table`, one for each species ("A", ..., "all") and time, in tau. Each quantity
        is followed by the ends of its interval, `low_` and `high_`:

        - `msd`: mean squared displacement, in sigma^2; `alpha_2`: non-Gaussian parameter;
        - `f_s`, `f`: self and collective intermediate scattering function at k,
          F(k, t) / F(k, 0);
        - `overlap`: share of the particles nearer than the length to their start;
        - `chi_4`: susceptibility of the overlap, N times its variance over runs and configurations;
          `chi_4_isoconfigurational` and `chi_4_structural`, its parts
          (`dynamics.four_point.susceptibility`);
        - `s_4`: four-point structure factor of the particles near their start, in the shell of the
          longest waves; `xi_4`: its correlation length in sigma
          (`dynamics.four_point.correlation_length`).
    q : (B,) array
        Wave numbers of the four-point structure factor, in 1 / sigma.
    s_4 : (T, P, B) array
        The four-point structure factor of P groups of particles: the species, and all.
    tau_alpha : mapping
        Time at which `f_s`, `f` and `overlap` of each species have fallen to 1/e, in tau.
    """

    rows: np.ndarray
    q: Floats
    s_4: Floats
    tau_alpha: dict[str, dict[str, float]]

    def __repr__(self) -> str:
        n_times = len(np.unique(self.rows["time"]))
        return f"DynamicFunctions(species {', '.join(self.tau_alpha)}; {n_times} times)"

    @cached_property
    def table(self) -> DataFrame:
        """A row for each species and time, as a data frame."""
        return to_frame(self.rows)

    def of(self, species: str = ALL) -> np.ndarray:
        """Return the rows of a species, or of all particles."""
        if species not in self.tau_alpha:
            names = ", ".join(self.tau_alpha)
            raise InputError(f"species: expected one of {names}, got {species!r}")
        return self.rows[self.rows["species"] == species]


def dynamic_functions(
    configurations: Configuration | Sequence[Configuration],
    runs: Sequence[Iterable[Floats]],
    times: ArrayLike,
    *,
    k: float = 2 * np.pi,
    length: float = 0.3,
    q_max: float = Q_MAX,
    seed: Seed = 1,
    n_resamples: int = 1000,
    confidence: float = 0.95,
) -> DynamicFunctions:
    """Return the usual dynamic functions of the runs from each configuration.

    One run is in memory at a time.

    Parameters
    ----------
    configurations
        The starts, of the same numbers of particles.
    runs
        For each configuration its runs: displacements (T, N, 3) from the start in sigma, not
        wrapped, as `cagebreak.isoconfigurational` yields them. Every configuration has as many.
    times : (T,) array
        In tau.
    k
        Wave number of the scattering functions, in 1 / sigma; default 2 pi / sigma, near the first
        peak of the structure factor.
    length
        Of the overlap, in sigma; default 0.3 (:cite:`Lacevic2003`).
    q_max
        Largest wave number of the fit of xi_4, in 1 / sigma; default 2.
    seed
        Of the bootstrap over configurations.
    n_resamples, confidence
        Of the bootstrap; default 1000 and 0.95.

    Returns
    -------
    DynamicFunctions
        Intervals and chi_4 are NaN with one configuration, parts of chi_4 with one run, and xi_4 in
        a box in which fewer than three shells of wave vectors are within `q_max`. All is NaN for a
        species without particles.

    Raises
    ------
    InputError
        If numbers of runs, particles or times differ, a number is not positive, or a displacement
        is not finite.
    """
    require_bootstrap(n_resamples, confidence, seed)
    starts, times = _require_runs(configurations, runs), check_times(times)
    # Shells of one width for all boxes.
    width = 2 * np.pi / starts[0].box.longest
    reducers = [Reducer(start, k, length, q_max, width) for start in starts]
    _require_same_particles(reducers)
    reduced: list[list[Reduction]] = []
    for c, (reducer, of_start) in enumerate(zip(reducers, runs, strict=True)):
        reductions: list[Reduction] = []
        for displacements in of_start:
            try:
                reduction = reducer(displacements)
            except InputError as error:
                where = f"run {len(reductions)} of configuration {c}"
                raise InputError(f"runs: {where}: {error}") from None
            if len(reduction.second) != len(times):
                raise InputError(
                    f"runs: expected displacements at {len(times)} times, got "
                    f"{len(reduction.second)} in run {len(reductions)} of configuration {c}"
                )
            reductions.append(reduction)
        if not reductions:
            raise InputError(f"runs: expected at least one of configuration {c}, got none")
        reduced.append(reductions)
        _require_as_many(reduced)
    return from_reductions(reducers, reduced, times, seed, n_resamples, confidence)


class Averaged(NamedTuple):
    """The mean of a function over runs and configurations, and its interval over configurations."""

    mean: Floats
    low: Floats
    high: Floats


def averaged(
    function: Callable[[Configuration, Floats], ArrayLike],
    configurations: Configuration | Sequence[Configuration],
    runs: Sequence[Iterable[Floats]],
    *,
    seed: Seed = 1,
    n_resamples: int = 1000,
    confidence: float = 0.95,
) -> Averaged:
    """Return the mean of any function of a run, with an interval over configurations.

    Parameters
    ----------
    function
        Takes a start and the displacements (T, N, 3) of a run from it, and returns an array, of the
        same shape for all, such as the part of a van Hove function.
    configurations, runs
        As of `dynamic_functions`. Every configuration counts once.
    seed, n_resamples, confidence
        Of the bootstrap over configurations.

    Returns
    -------
    Averaged
        Of the shape that the function returns. The interval is NaN with one configuration.

    Raises
    ------
    InputError
        If numbers of runs differ from those of configurations, or the shapes of arrays do.

    Examples
    --------
    >>> def distinct(start, run):
    ...     return van_hove(start, run, 3.0).distinct
    >>> averaged(distinct, starts, runs).mean  # doctest: +SKIP
    """
    require_bootstrap(n_resamples, confidence, seed)
    starts = _require_runs(configurations, runs)
    of_runs: list[list[Floats]] = []
    for start, of_start in zip(starts, runs, strict=True):
        values = [np.asarray(function(start, run), dtype=np.float64) for run in of_start]
        if not values:
            raise InputError("runs: expected at least one from every configuration, got none")
        of_runs.append(values)
    shapes = {each.shape for values in of_runs for each in values}
    if len(shapes) > 1:
        raise InputError(f"function: expected arrays of one shape, got {sorted(shapes)}")
    of_starts = np.array([np.mean(values, axis=0) for values in of_runs])
    weights = resamples(len(starts), n_resamples, seed=seed) / len(starts)
    bounds = interval(np.tensordot(weights, of_starts, axes=1), len(starts), confidence)
    return Averaged(of_starts.mean(axis=0), *bounds)


def _require_runs(
    configurations: Configuration | Sequence[Configuration], runs: Sequence[Iterable[Floats]]
) -> list[Configuration]:
    """Return the configurations as a list; raise unless there is a set of runs for each."""
    starts = as_configurations(configurations)
    if not isinstance(runs, Sized):
        raise InputError(
            f"runs: expected a list of the runs of each configuration, got {type(runs).__name__}"
        )
    if not starts or len(starts) != len(runs):
        raise InputError(f"runs: expected those of {len(starts)} configurations, got {len(runs)}")
    return starts


def _require_as_many(reduced: Sequence[Sequence[Reduction]]) -> None:
    """Raise unless there are as many runs of each configuration."""
    if len({len(reductions) for reductions in reduced}) > 1:
        raise InputError(f"runs: expected as many of each, got {[len(each) for each in reduced]}")


def _require_same_particles(reducers: Sequence[Reducer]) -> None:
    """Raise unless the configurations have as many particles of each species."""
    numbers = [reducer.numbers[:-1].astype(int).tolist() for reducer in reducers]
    if any(each != numbers[0] for each in numbers):
        raise InputError(
            "configurations: expected the same numbers of particles of each species, got "
            f"{numbers[0]} and {next(each for each in numbers if each != numbers[0])}"
        )


def from_reductions(
    reducers: Sequence[Reducer],
    reduced: Sequence[Sequence[Reduction]],
    times: Floats,
    seed: Seed,
    n_resamples: int,
    confidence: float = 0.95,
    groups: ArrayLike | None = None,
) -> DynamicFunctions:
    """Return the dynamic functions of the reductions of all runs, by configuration.

    Configurations of a group are resampled together, as of `learning.evaluate`.
    """
    _require_as_many(reduced)
    _require_same_particles(reducers)
    numbers = reducers[0].numbers
    moments = _Moments(reducers, reduced)
    weights = np.ones((1, len(reduced)))
    drawn = resamples(len(reduced), n_resamples, seed=seed, groups=groups)
    n_independent = int(as_groups(groups, len(reduced)).max()) + 1
    estimates = moments.quantities(weights)
    samples = moments.quantities(drawn, resample_bias(n_independent))
    n_groups = len(numbers)
    names = [*SPECIES_NAMES[: n_groups - 1], ALL]
    table = np.zeros((n_groups, len(times)), COLUMNS)
    table["species"], table["time"] = np.array(names)[:, None], times
    for name in QUANTITIES:
        interval_of = length_interval if name == "xi_4" else interval
        table[name] = estimates[name][0].T
        low, high = interval_of(samples[name], n_independent, confidence)
        table["low_" + name], table["high_" + name] = low.T, high.T
    table["xi_4"][np.isinf(table["xi_4"])] = np.nan
    relaxing = ("f_s", "f", "overlap")
    of_names = {name: tau_alpha(times, estimates[name][0]) for name in relaxing}
    taus = {
        species: {name: float(of_names[name][p]) for name in relaxing}
        for p, species in enumerate(names)
    }
    return DynamicFunctions(table.ravel(), moments.shells.k, moments.s_4(weights)[0], taus)


class _Moments:
    """Means over the runs from each configuration, of which all quantities are functions."""

    def __init__(self, reducers: Sequence[Reducer], reduced: Sequence[Sequence[Reduction]]) -> None:
        self._means = {
            name: np.array([[getattr(run, name) for run in runs] for runs in reduced]).mean(axis=1)
            for name in ("second", "fourth", "f_s", "f")
        }
        self._dimension = reducers[0].dimension
        self._static = np.array([reducer.static for reducer in reducers])
        overlap = np.array([[run.overlap for run in runs] for runs in reduced])
        self._n_runs = overlap.shape[1]
        self._overlap = overlap.mean(axis=1)
        self._noise = np.full(self._overlap.shape, np.nan)
        if self._n_runs > 1:
            self._noise = overlap.var(axis=1, ddof=1)
        self._numbers = reducers[0].numbers
        vectors = [reducer.shells for reducer in reducers]
        self.shells = ShellAverage.of(vectors)
        self._spread = self.shells.spread(vectors)
        self._s_4 = [np.mean([run.s_4 for run in runs], axis=0) for runs in reduced]

    def s_4(self, weights: Floats) -> Floats:
        """Return the four-point structure factor (W, T, P, B) for weights (W, C)."""
        return self.shells(self._s_4, weights)

    def quantities(self, weights: Floats, bias: float = 1.0) -> dict[str, Floats]:
        """Return each quantity (W, T, P) of weighted configurations, for weights (W, C).

        A variance over configurations is divided by its bias (`four_point.resample_bias`).
        """
        n = weights.sum(axis=1)[:, None, None]

        def mean(values: Floats) -> Floats:
            return np.asarray(np.tensordot(weights, values, axes=1) / n)

        second, fourth = mean(self._means["second"]), mean(self._means["fourth"])
        result = {"msd": second, "alpha_2": non_gaussian_of(second, fourth, self._dimension)}
        result["f_s"] = mean(self._means["f_s"])
        static = weights @ self._static
        with np.errstate(invalid="ignore"):
            result["f"] = mean(self._means["f"]) * n / static[:, None]
        origin = self._overlap.mean(axis=0)
        deviations = self._overlap - origin
        shift, noise = mean(deviations), mean(self._noise)
        result["overlap"] = origin + shift
        n_configurations = len(self._overlap)
        of_means = np.full_like(shift, np.nan)
        if n_configurations > 1:
            factor = bias * (n_configurations - 1) / n_configurations
            of_means = (mean(deviations**2) - shift**2) / factor
        for name, part in zip(CHI_4, variance_parts(noise, of_means, self._n_runs), strict=True):
            result[name] = self._numbers * part
        s_4 = self.s_4(weights)
        result["s_4"], result["xi_4"] = s_4[..., 0], np.full(second.shape, np.nan)
        q, counts = self.shells.k, self.shells.counts
        if len(q) >= N_SHELLS:
            for t in range(second.shape[1]):
                fit = correlation_length(q, s_4[:, t], counts, np.inf, self._spread)
                result["xi_4"][:, t] = fit.length
        for values in result.values():
            values[..., self._numbers == 0] = np.nan
        return result
