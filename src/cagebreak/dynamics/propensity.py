"""Dynamic propensity, and the noise ceiling that a finite number of runs puts on predictions."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak._html import card, curves
from cagebreak.configuration import SPECIES_NAMES, Configuration, as_configuration
from cagebreak.configuration._arrays import floats
from cagebreak.dynamics._shapes import require_displacements_of
from cagebreak.errors import InputError
from cagebreak.models import as_model
from cagebreak.models.model import Model
from cagebreak.potentials.state_point import warn_of_another_state_point
from cagebreak.seeding import Seed
from cagebreak.simulation.engines import Engine
from cagebreak.simulation.isoconfigurational import check_times, isoconfigurational, led_to


@dataclass(frozen=True, eq=False)
class Propensity:
    r"""The propensity of every particle: :math:`\langle |r_i(t) - r_i(0)| \rangle_{iso}`.

    Parameters
    ----------
    times : (T,) array
        In tau.
    sums : (2, T, N) array
        Absolute displacements in sigma, summed over the runs of even and over those of odd number.
        Nothing else is kept of the runs; further runs add to it.
    n_runs
        Number of runs.
    species : (N,) array
        Species of the particles.
    """

    times: NDArray[np.float64]
    sums: NDArray[np.float64]
    n_runs: int
    species: NDArray[np.int64]

    def __repr__(self) -> str:
        n_times, n_particles = self.sums.shape[1:]
        return f"Propensity({n_particles} particles x {n_times} times, {self.n_runs} runs)"

    def _repr_html_(self) -> str:
        n_times, n_particles = self.sums.shape[1:]
        numbers = np.unique(self.species).tolist()
        means = {SPECIES_NAMES[s]: self.mean[:, self.species == s].mean(axis=1) for s in numbers}
        ceilings = {SPECIES_NAMES[s]: self.ceiling[:, s] for s in numbers}
        facts = {
            "particles": n_particles,
            "times": f"{n_times}, {self.times[0]:.4g} to {self.times[-1]:.4g} tau",
            "runs": self.n_runs,
        }
        pictures = curves("mean over time", self.times, means)
        pictures += curves("noise ceiling of r", self.times, ceilings, (0.0, 1.0))
        return card("Propensity", facts, pictures)

    @classmethod
    def from_runs(
        cls, times: ArrayLike, species: ArrayLike, runs: Iterable[NDArray[np.float64]]
    ) -> Propensity:
        """Add up the absolute displacements (T, N) of each run, in their order.

        Raises
        ------
        InputError
            If there is no run, or one has another shape or a number that is not finite.
        """
        times, species = check_times(times), np.asarray(species)
        sums, n_runs = half_sums(runs, (len(times), len(species)))
        return cls(times, sums, n_runs, species)

    @cached_property
    def mean(self) -> NDArray[np.float64]:
        """The propensity: absolute displacement averaged over all runs, (T, N), in sigma.

        :cite:`Alkemade2022`, eq. 1.
        """
        return self.sums.sum(axis=0) / self.n_runs

    @cached_property
    def halves(self) -> NDArray[np.float64]:
        """The propensity from the runs of even and of odd number, (2, T, N); NaN with one run."""
        if self.n_runs == 1:
            return np.full_like(self.sums, np.nan)
        counts = [(self.n_runs + 1) // 2, self.n_runs // 2]
        return self.sums / np.reshape(counts, (2, 1, 1))

    @cached_property
    def reliability(self) -> NDArray[np.float64]:
        r"""Share of the variance of `mean` that is not noise of the runs, (T, S), per species.

        From the correlation of the halves, see `spearman_brown`; for uneven halves a slight
        underestimate. NaN with one run or fewer than three particles of a species.
        """
        n_species = int(self.species.max()) + 1
        result = np.full((len(self.times), n_species), np.nan)
        for s in range(n_species):
            chosen = self.species == s
            if self.n_runs < 2 or chosen.sum() < 3:
                continue
            centered = self.halves[:, :, chosen]
            centered = centered - centered.mean(axis=2, keepdims=True)
            products = (centered[0] * centered[1]).sum(axis=1)
            norms = np.sqrt((centered**2).sum(axis=2).prod(axis=0))
            r = np.divide(products, norms, out=np.zeros_like(products), where=norms > 0)
            result[:, s] = spearman_brown(r)
        return result

    @property
    def ceiling(self) -> NDArray[np.float64]:
        """The Pearson r that a perfect prediction reaches, (T, S): the root of `reliability`."""
        return np.sqrt(self.reliability)


def propensity(
    configuration: Configuration,
    model: Model,
    times: ArrayLike,
    n_runs: int,
    seed: Seed,
    executor: Executor | None = None,
    engine: Engine | None = None,
) -> Propensity:
    """Measure the propensity of every particle over the isoconfigurational ensemble.

    :cite:`WidmerCooper2007` defines the propensity by the square of the displacement. Here it is
    the mean absolute displacement, as in the papers.

    Parameters
    ----------
    configuration, model, times, n_runs, seed, executor, engine
        See `cagebreak.isoconfigurational`.

    Returns
    -------
    Propensity
        Mean (T, N), split halves (2, T, N), reliability and noise ceiling per species (T, S).

    Raises
    ------
    InputError
        If `times` or `n_runs` cannot be used.

    Warns
    -----
    ConfigurationWarning
        If density or composition are not the model's; see
        `cagebreak.potentials.state_point.warn_of_another_state_point`.
    """
    configuration = as_configuration(configuration)
    warn_of_another_state_point(configuration, as_model(model))
    runs = isoconfigurational(configuration, model, times, n_runs, seed, lengths, executor, engine)
    return Propensity.from_runs(times, configuration.species, runs)


def half_sums(
    runs: Iterable[NDArray[Any]], shape: tuple[int, ...] | None = None
) -> tuple[NDArray[np.float64], int]:
    """Add up arrays of runs, those of even and those of odd number, in their order.

    Parameters
    ----------
    runs
    shape
        Of each array; by default that of the first.

    Returns
    -------
    sums : (2, ...) array
    n_runs
        How many runs there are.

    Raises
    ------
    InputError
        If there is no run, or one has another shape or a number that is not finite.
    """
    sums, n_runs = np.zeros(0), 0
    for n_runs, values in enumerate(runs, start=1):
        shape = shape or values.shape
        if values.shape != shape:
            raise InputError(
                f"runs: expected shape {shape}, got {values.shape} in run {n_runs - 1}"
            )
        if n_runs == 1:
            sums = np.zeros((2, *shape))
        sums[(n_runs - 1) % 2] += values
    if n_runs == 0:
        raise InputError("runs: expected at least one run, got none")
    if not np.isfinite(sums).all():
        raise InputError("runs: expected finite numbers")
    return sums, n_runs


def lengths(displacements: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the lengths (T, N) of displacements (T, N, 3)."""
    return np.sqrt((displacements**2).sum(axis=-1))


def reversed_runs(
    start: Configuration, displacements: ArrayLike
) -> list[tuple[Configuration, NDArray[np.float64]]]:
    r"""Return where runs end, and how far each particle moves from there back to the start.

    Dynamics in equilibrium is reversible: a run from x to y is as probable as one from y to x. The
    length of the way back,

    .. math:: |r_i(0) - r_i(t)|,

    is therefore that of a run from the end, and its expectation the propensity of the end. Each end
    is a further configuration to learn from, with a single run.

    Parameters
    ----------
    start
        The N particles in equilibrium that all runs start from.
    displacements : (R, N, 3) array
        Displacements of R runs at one time, in sigma.

    Returns
    -------
    list of (Configuration, (N,) array)
        For each run its end, without velocities, and the lengths in sigma.

    Raises
    ------
    InputError
        If the displacements are not (R, N, 3) finite numbers, or particles leave the plane of a
        start in two dimensions.
    """
    start = as_configuration(start, "start")
    displacements = floats("displacements", displacements)
    if (shape := displacements.shape)[1:] != (len(start), 3) or not shape[0]:
        raise InputError(f"displacements: expected (runs, {len(start)}, 3), got {shape}")
    displacements = require_displacements_of(displacements, start)
    return [(led_to(start, moved), lengths(moved)) for moved in displacements]


def spearman_brown(r_halves: ArrayLike) -> NDArray[np.float64]:
    """Return the reliability of a mean over runs from the Pearson r of its split halves.

    ``2 r / (1 + r)`` (:cite:`Spearman1910`, :cite:`Brown1910`): the share of the variance that is
    not noise; 0 if the halves do not correlate. Its root is the noise ceiling on the r of any
    prediction.
    """
    r = np.maximum(np.asarray(r_halves, dtype=np.float64), 0.0)
    return 2.0 * r / (1.0 + r)
