"""The cage state: where particles are on average while none leaves its cage."""

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import numpy as np
from numba import get_num_threads

from cagebreak.configuration import Configuration
from cagebreak.errors import InputError
from cagebreak.models.model import Model
from cagebreak.seeding import Seed, seed_sequence
from cagebreak.states.cage_cells import Cell
from cagebreak.states.cage_sampler import CageSampler, CageState

PRECISION = 0.02
"""Standard error of the mean positions at which sampling stops by default, in sigma; chosen."""
RELAX = 1000
"""Sweeps before measuring, where a precision decides on the number to measure; chosen."""
_FIRST_SWEEPS = 500  # before the precision is looked at for the first time
_GROWTH = 1.3  # of the run, at most, between one look and the next


def cage_state(
    configuration: Configuration,
    model: Model,
    *,
    seed: Seed,
    sweeps: tuple[int, int] | None = None,
    precision: float | None = None,
    cell: Cell = "voronoi",
    samples: int = 0,
    chains: int = 1,
) -> CageState:
    r"""Return the cage state by constrained Monte Carlo.

    The mean position of every particle at constant N, V, T while each stays in the cell around
    its initial position; Alkemade 2023, section III. `CageSampler` has the rules of the moves.

    Parameters
    ----------
    configuration
        N particles in a box of any shape.
    model
        Gives the pair potential, sigma_i and the temperature.
    seed
        Of the trial moves; other seeds give independent runs of the same cells.
    sweeps
        Sweeps that relax, and sweeps that are measured: exactly these. The paper has
        ``(500_000, 1_000_000)``, if its steps are sweeps.
    precision
        Measure until the standard error of the mean positions, root mean square over particles,
        is below this, in sigma. The default is `PRECISION`. `RELAX` sweeps relax.
    cell
        "voronoi" for size-weighted Voronoi cells, or the radius of spheres, in sigma.
    samples
        How many samples to keep, evenly spaced over the sweeps measured; needs `sweeps`.
    chains
        Independent runs whose moments are pooled and whose samples are joined; needs `sweeps`, and
        each has all of them. Several find what a single one misses, and the standard error comes
        from their scatter. They run side by side in the threads of Numba
        (`numba.set_num_threads`), with the same bits for any number of them.

    Returns
    -------
    CageState
        The mean positions and the moments around them. Time is linear in N and in the sweeps.

    Raises
    ------
    ConfigurationError
        If a species is not the model's, or hard spheres overlap.
    InputError
        If both sweeps and precision are given, or an argument is out of range.

    Notes
    -----
    The standard error compares two halves of the run and so knows only of what happens within it:
    a rearrangement that the run is too short to see is not in it.
    """
    if sweeps is not None and precision is not None:
        raise InputError("sweeps: expected either sweeps or precision, got both")
    if sweeps is not None:
        try:
            relax, measure = sweeps
        except (TypeError, ValueError) as error:
            raise InputError(f"sweeps: expected (relax, measure), got {sweeps!r}") from error
        if not measure >= 1:
            raise InputError(f"sweeps: expected at least one to measure, got {sweeps!r}")
        if not 0 <= samples <= measure:
            raise InputError(f"samples: expected 0 to {measure}, one a sweep, got {samples!r}")
        if not chains >= 1:
            raise InputError(f"chains: expected at least one, got {chains!r}")
        seeds = [seed, *(seed_sequence(seed, "chain", k) for k in range(1, chains))]
        samplers = [CageSampler(configuration, model, each, cell) for each in seeds]
        run = partial(_chain, relax=relax, measure=measure, samples=samples)
        if chains == 1:
            return run(samplers[0])
        # The kernel lets other threads run; who runs when changes nothing in a chain.
        with ThreadPoolExecutor(min(chains, get_num_threads())) as threads:
            return pool_chains(list(threads.map(run, samplers)))

    if samples or chains != 1:
        raise InputError(
            f"samples, chains: expected none and one without sweeps, got {samples!r} and {chains!r}"
        )
    precision = PRECISION if precision is None else precision
    if not (math.isfinite(precision) and precision > 0):
        raise InputError(f"precision: expected a positive length, got {precision!r}")
    sampler = CageSampler(configuration, model, seed, cell)
    sampler.relax(RELAX)
    sampler.run(_FIRST_SWEEPS)
    while True:
        state = sampler.state()
        standard_error = float(np.sqrt((state.error**2).mean()))
        if standard_error < precision:
            return state
        # The error falls as one over the root of the sweeps, or slower.
        more = min((standard_error / precision) ** 2, _GROWTH) - 1
        sampler.run(math.ceil(max(more, 0.05) * state.sweeps[1]))


def _chain(sampler: CageSampler, relax: int, measure: int, samples: int) -> CageState:
    sampler.relax(relax)
    kept = []
    for k in range(samples):
        sampler.run((k + 1) * measure // samples - sampler.sweeps[1])
        kept.append(sampler.positions)
    sampler.run(measure - sampler.sweeps[1])
    state = sampler.state()
    return replace(state, samples=np.array(kept)) if kept else state


def pool_chains(chains: list[CageState]) -> CageState:
    """Return the moments over all sweeps of independent runs of equal length.

    Means and covariances are those of all sweeps together, the standard error is that of the
    scatter of the runs, and the samples stand one run after the other.
    """
    first, n = chains[0], len(chains)
    if n == 1:
        return first
    start = first.start.unwrapped
    means = np.array([chain.configuration.unwrapped - start for chain in chains])
    mean = means.mean(axis=0)
    apart = means - mean
    within = np.mean([chain.covariance for chain in chains], axis=0)
    return CageState(
        start=first.start,
        configuration=first.configuration.replace(positions=first.start.positions + mean),
        displacement=np.sqrt((mean**2).sum(axis=1)),
        covariance=within + np.einsum("kni,knj->nij", apart, apart) / n,
        acceptance=np.mean([chain.acceptance for chain in chains], axis=0),
        wall=np.mean([chain.wall for chain in chains], axis=0),
        error=np.sqrt((apart**2).sum(axis=(0, 2)) / (n * (n - 1))),
        sweeps=(sum(chain.sweeps[0] for chain in chains), sum(chain.sweeps[1] for chain in chains)),
        step=float(np.mean([chain.step for chain in chains])),
        samples=np.concatenate([chain.samples for chain in chains]),
    )
