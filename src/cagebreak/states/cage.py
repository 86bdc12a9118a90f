"""The cage state: the mean positions of particles that stay in their cages."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import numpy as np
from numba import get_num_threads

from cagebreak.configuration import Configuration, as_configuration
from cagebreak.errors import InputError, SamplingWarning
from cagebreak.models import as_model
from cagebreak.models.arguments import real
from cagebreak.models.model import Model
from cagebreak.potentials.state_point import warn_of_another_state_point
from cagebreak.seeding import Seed, natural, seed_sequence
from cagebreak.states.cage_cells import Cell
from cagebreak.states.cage_sampler import CageSampler, CageState
from cagebreak.states.cage_trajectories import TrajectorySampler

Sampler = CageSampler | TrajectorySampler
"""What samples a cage: single moves, or trajectories of all particles."""

PRECISION = 0.02
"""Standard error of the mean positions at which sampling stops by default, in sigma; chosen."""
RELAX = 1000
"""Sweeps before measuring, if `precision` decides how many are measured; chosen."""
LONGEST = 1_000_000
"""Sweeps that are measured, at most, if `precision` decides: as many as in Alkemade 2023."""
SHORT = 0.2
"""Share of the variance of positions that is between means of chains, beyond which chains are
short (chosen)."""
_FIRST_SWEEPS = 500  # before the standard error is compared with the precision
_GROWTH = 1.3  # largest factor by which a run grows between two comparisons


def cage_state(
    configuration: Configuration,
    model: Model,
    *,
    seed: Seed,
    sweeps: tuple[int, int] | None = None,
    trajectories: tuple[int, int] | None = None,
    precision: float | None = None,
    cell: Cell = "voronoi",
    samples: int = 0,
    chains: int = 1,
) -> CageState:
    r"""Sample the cage state by constrained Monte Carlo.

    The cage state holds the mean position of every particle at constant N, V, T while each stays
    in the cell around its initial position; :cite:`Alkemade2023`, section III. `CageSampler` states
    the rules of the moves, and `TrajectorySampler` those of trajectories.

    Parameters
    ----------
    configuration
        N particles in a box of any shape.
    model
        Gives the pair potential, sigma_i and the temperature.
    seed
        Of the trial moves; different seeds give independent runs in the same cells.
    sweeps
        Exact numbers of sweeps that relax and that are measured. The paper has
        ``(500_000, 1_000_000)``, if its steps are sweeps.
    trajectories
        Exact numbers of trajectories that relax and that are measured, in place of sweeps of single
        moves: hybrid Monte Carlo of all particles, whose averages are the same. For the same error
        of the mean positions it takes a little more than half of the time. Not for hard spheres.
        With sweeps as well there are `chains` runs of each kind.
    precision
        Standard error of the mean positions, root mean square over particles, at which measuring
        ends, in sigma; default `PRECISION`. `RELAX` sweeps relax before, and at most `LONGEST` are
        measured: in the cells of a liquid the error may hardly fall.
    cell
        "voronoi" for size-weighted Voronoi cells, or the radius of spheres, in sigma.
    samples
        Number of samples to keep, evenly spaced over what is measured; needs `sweeps` or
        `trajectories`.
    chains
        Number of independent runs, each as long, whose moments are pooled and whose samples are
        joined; needs `sweeps` or `trajectories`. Several chains explore more than a single one, and
        the standard error comes from their scatter. They run in parallel in the threads of Numba
        (`numba.set_num_threads`), with the same bits for any number of threads.

    Returns
    -------
    CageState
        The mean positions and the moments of the motion. Time is linear in N and in the sweeps.

    Raises
    ------
    ConfigurationError
        If a species is not the model's, or hard spheres overlap.
    InputError
        If `precision` is given beside `sweeps` or `trajectories`, an argument is out of range, hard
        spheres have trajectories, or a model of LAMMPS has sweeps as well.

    Warns
    -----
    ConfigurationWarning
        If density or composition are not the model's.
    SamplingWarning
        If sweeps or trajectories are few: the squared error of the mean positions of a chain is
        more than `SHORT` of their variance; if none of one kind was accepted; or if `precision` is
        not reached.

    Notes
    -----
    The standard error of a single chain compares two halves of the run. Motion that is slower than
    the run does not contribute to it.

    A model of LAMMPS is sampled by trajectories in any case: a sweep is one of them. Chains run one
    after the other.
    """
    configuration = as_configuration(configuration)
    model = as_model(model)
    warn_of_another_state_point(configuration, model)
    with cage_states(
        configuration, model, [seed], sweeps=sweeps, trajectories=trajectories,
        precision=precision, cell=cell, samples=samples, chains=chains,
    ) as states:  # fmt: skip
        state = next(states)
    given = {"sweeps": sweeps, "trajectories": trajectories}
    if units := [unit for unit, numbers in given.items() if numbers is not None]:
        _warn_if_short(state, chains * len(units), " and ".join(units))
    elif (error := standard_error(state)) >= (PRECISION if precision is None else precision):
        warnings.warn(
            f"precision: the standard error of the mean positions is {error:.2g} sigma after "
            f"{state.sweeps[1]} sweeps, with slow motion in the cells; state sweeps or "
            "trajectories, and chains",
            SamplingWarning,
            stacklevel=2,
        )
    return state


def standard_error(state: CageState) -> float:
    """Return the standard error of the mean positions, root mean square over particles, sigma."""
    return float(np.sqrt((state.error**2).mean()))


def _warn_if_frozen(chains: list[CageState], unit: str) -> None:
    """Warn if nothing moved in the chains of one kind."""
    if not any(chain.acceptance.any() for chain in chains):
        measured = sum(chain.sweeps[1] for chain in chains)
        warnings.warn(
            f"{unit}: none of {measured} was accepted, so that no particle has moved in them; "
            "start from a configuration that is equilibrated at the model's temperature, in wider "
            "cells",
            SamplingWarning,
            stacklevel=4,
        )


def _warn_if_short(state: CageState, chains: int, unit: str) -> None:
    """Warn if the means of chains, or of halves of one, scatter too much."""
    scatter, variance = chains * float((state.error**2).mean()), float(state.variance.mean())
    if not scatter <= SHORT * variance:
        share = scatter / variance if variance else math.inf
        warnings.warn(
            f"{unit}: {state.sweeps[1]} are few: the mean positions of a chain have an error whose "
            f"square is {share:.2g} of the variance of positions, expected at most {SHORT:g}; "
            "variances of single chains are too small by about as much, and by slower motion that "
            f"no chain sees; take more {unit} or chains",
            SamplingWarning,
            stacklevel=3,
        )


def sampler_of(
    configuration: Configuration,
    model: Model,
    seed: Seed,
    cell: Cell = "voronoi",
    *,
    by_trajectories: bool = False,
) -> Sampler:
    """Return the sampler of a model; parameters and errors are those of `CageSampler`.

    A model of LAMMPS has trajectories in any case.
    """
    kind = TrajectorySampler if by_trajectories or model.lammps is not None else CageSampler
    return kind(configuration, model, seed, cell)


@contextmanager
def cage_states(
    configuration: Configuration,
    model: Model,
    seeds: Sequence[Seed],
    *,
    sweeps: tuple[int, int] | None = None,
    trajectories: tuple[int, int] | None = None,
    precision: float | None = None,
    cell: Cell = "voronoi",
    samples: int = 0,
    chains: int = 1,
) -> Iterator[Iterator[CageState]]:
    """Sample the cage state of each seed, in parallel in the threads of Numba.

    Sampling begins with the block and goes on in it. The states come in the order of the seeds,
    each to the bit as from `cage_state`, whose other parameters and errors these are. What is still
    sampled when the block ends is stopped.
    """
    kinds = _kinds(sweeps, trajectories, precision, samples, chains)
    if model.lammps is not None and len(kinds) > 1:
        raise InputError(
            f"sweeps: expected none beside trajectories, which they are in LAMMPS, got {sweeps!r}"
        )
    n = chains * len(kinds)
    samplers, runs = [], []
    for seed in seeds:
        for k in range(n):
            by_trajectories, run = kinds[k // chains]
            chain_seed = seed if k == 0 else seed_sequence(seed, "chain", k)
            samplers.append(
                sampler_of(configuration, model, chain_seed, cell, by_trajectories=by_trajectories)
            )
            runs.append(partial(run, samplers[-1]))

    def joined(pooled: list[CageState]) -> CageState:
        for k, (by_trajectories, _) in enumerate(kinds):
            of_kind = pooled[k * chains : (k + 1) * chains]
            _warn_if_frozen(of_kind, "trajectories" if by_trajectories else "sweeps")
        state = pool_chains(pooled)
        # A largest displacement and a time step have no mean.
        return state if len(kinds) == 1 else replace(state, step=math.nan)

    if model.lammps is not None:
        # One LAMMPS after the other: they share what is global in its library.
        yield (joined([run() for run in runs[k : k + n]]) for k in range(0, len(runs), n))
        return
    if len(runs) <= 1:
        yield (joined([run()]) for run in runs)
        return
    # The kernel releases the GIL, and chains share no state.
    with ThreadPoolExecutor(min(len(samplers), get_num_threads())) as threads:
        running = [threads.submit(run) for run in runs]
        try:
            yield (
                joined([chain.result() for chain in running[k : k + n]])
                for k in range(0, len(running), n)
            )
        finally:
            for sampler, future in zip(samplers, running, strict=True):
                future.cancel()
                sampler.stop()


def _kinds(
    sweeps: tuple[int, int] | None,
    trajectories: tuple[int, int] | None,
    precision: float | None,
    samples: int,
    chains: int,
) -> list[tuple[bool, Callable[[Sampler], CageState]]]:
    """Return, for each kind of chain, whether it has trajectories, and the function that runs one.

    The arguments are those of `cage_state`, and checked.
    """
    given = {"sweeps": sweeps, "trajectories": trajectories}
    lengths = {unit: numbers for unit, numbers in given.items() if numbers is not None}
    if precision is not None and lengths:
        raise InputError(
            f"precision: expected none beside {' and '.join(lengths)}, got {precision}"
        )
    if lengths and not natural("chains", chains) >= 1:
        raise InputError(f"chains: expected at least one, got {chains!r}")
    if lengths:
        return [
            (unit == "trajectories", _run(unit, numbers, samples))
            for unit, numbers in lengths.items()
        ]
    if samples or chains != 1:
        raise InputError(
            f"samples, chains: expected 0 and 1 without sweeps or trajectories, got "
            f"{samples!r} and {chains!r}"
        )
    precision = PRECISION if precision is None else precision
    if not 0 < real(precision) < math.inf:
        raise InputError(f"precision: expected a positive length, got {precision!r}")
    return [(False, partial(_precise, precision=precision))]


def _run(unit: str, numbers: tuple[int, int], samples: int) -> Callable[[Sampler], CageState]:
    """Return the function that runs one chain of so many sweeps or trajectories."""
    try:
        relax, measure = numbers
    except (TypeError, ValueError) as error:
        raise InputError(f"{unit}: expected (relax, measure), got {numbers!r}") from error
    relax, measure = natural(unit, relax), natural(unit, measure)
    if not measure >= 1:
        raise InputError(f"{unit}: expected at least one to measure, got {numbers!r}")
    if not natural("samples", samples) <= measure:
        raise InputError(f"samples: expected 0 to {measure}, the number of {unit}, got {samples!r}")
    return partial(_chain, relax=relax, measure=measure, samples=samples)


def _precise(sampler: Sampler, precision: float) -> CageState:
    """Run one chain until the standard error of the mean positions is below `precision`.

    It ends after `LONGEST` sweeps in any case.
    """
    sampler.relax(RELAX)
    sampler.run(_FIRST_SWEEPS)
    while True:
        state = sampler.state()
        error, measured = standard_error(state), state.sweeps[1]
        if error < precision or measured >= LONGEST:
            return state
        # The error falls as one over the root of the sweeps, or slower.
        more = min((error / precision) ** 2, _GROWTH) - 1
        sampler.run(min(math.ceil(max(more, 0.05) * measured), LONGEST - measured))


def _chain(sampler: Sampler, relax: int, measure: int, samples: int) -> CageState:
    """Run one chain; take a sample at the end of each of `samples` parts of the measurement."""
    sampler.relax(relax)
    positions = []
    for k in range(samples):
        sampler.run((k + 1) * measure // samples - sampler.sweeps[1])
        positions.append(sampler.positions)
    sampler.run(measure - sampler.sweeps[1])
    state = sampler.state()
    return replace(state, samples=np.array(positions)) if positions else state


def pool_chains(chains: list[CageState]) -> CageState:
    """Return the moments over independent runs, each of which counts alike.

    The standard error comes from the scatter of the runs. Samples are concatenated, run by run.
    """
    first, n = chains[0], len(chains)
    if n == 1:
        return first
    start = first.start.unwrapped
    means = np.array([chain.configuration.unwrapped - start for chain in chains])
    mean = means.mean(axis=0)
    deviations = means - mean
    within = np.mean([chain.covariance for chain in chains], axis=0)
    return CageState(
        start=first.start,
        configuration=first.configuration.replace(positions=first.start.positions + mean),
        displacement=np.sqrt((mean**2).sum(axis=1)),
        covariance=within + np.einsum("kni,knj->nij", deviations, deviations) / n,
        acceptance=np.mean([chain.acceptance for chain in chains], axis=0),
        cell_rejection=np.mean([chain.cell_rejection for chain in chains], axis=0),
        error=np.sqrt((deviations**2).sum(axis=(0, 2)) / (n * (n - 1))),
        sweeps=(sum(chain.sweeps[0] for chain in chains), sum(chain.sweeps[1] for chain in chains)),
        step=float(np.mean([chain.step for chain in chains])),
        samples=np.concatenate([chain.samples for chain in chains]),
    )
