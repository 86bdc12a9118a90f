"""Cage states by single moves and by trajectories of LAMMPS: the same distribution, and how slowly.

    python benchmarks/reliability/cage_samplers.py FOLDER [SYSTEM ...]

Both samplers run in the same cells of one configuration of Kob-Andersen, six chains each.
`cage_samplers.csv` has mean variances after several numbers of sweeps. `cage_handover.csv` has what
trajectories change in samples that single moves made: nothing, if they have the same distribution.
"""

import csv
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

import cagebreak as cb
from cagebreak.models import lammps
from cagebreak.seeding import seed_sequence
from cagebreak.states import CageSampler
from cagebreak.states.cage import pool_chains, sampler_of
from cagebreak.states.cage_trajectories import TrajectorySampler

SEED = 1
N_PARTICLES, AGING = 150, 100.0
CHAINS = 6
RELAX = {"moves": 10_000, "trajectories": 500}
SWEEPS = {
    "moves": (1000, 3000, 10_000, 30_000, 100_000),
    "trajectories": (100, 300, 1000, 3000),
}
HANDED, APART, FOLLOWED = 8, 3000, 40
"""Samples of a chain of moves, sweeps between them, and trajectories from each."""


class System(NamedTuple):
    """Temperature, cells, and whether these are those of the inherent state."""

    temperature: float
    cell: str | float = "voronoi"
    of_minimum: bool = False


SYSTEMS = {
    "spheres": System(0.5, 0.1),
    "harmonic": System(0.001, of_minimum=True),
    "liquid": System(0.5),
    "quenched": System(0.1),
}
"""All in one liquid of T = 0.5, or its inherent state."""

LINES = """
pair_style lj/cut 2.5
pair_coeff 1 1 1.0 1.0  2.5
pair_coeff 1 2 1.5 0.8  2.0
pair_coeff 2 2 0.5 0.88 2.2
pair_modify shift yes
"""
HEADER = ["system", "sampler", "sweeps", "variance", "standard_error", "median", "median_error"]
HEADER += ["pooled", "error_squared"]
"""Mean and median over particles of the variance in a chain, averaged over chains, each with its
standard error; that of all chains together; mean squared standard error of the mean positions."""


def by_lammps(model):
    """Return the same mixture with its interaction as lines of LAMMPS."""
    return lammps(
        LINES,
        masses=model.masses,
        temperature=model.temperature,
        number_density=model.number_density,
        composition=model.composition,
        diameters=model.diameters,
    )


def converging(start, model, cell, kind):
    """Yield the rows of a sampler without the name of the system."""
    chains = []
    for k in range(CHAINS):
        sampler = sampler_of(start, model, seed_sequence(SEED, kind, k), cell)
        sampler.relax(RELAX[kind])
        chains.append([])
        for wanted in SWEEPS[kind]:
            sampler.run(wanted - sampler.sweeps[1])
            chains[-1].append(sampler.state())
    for sweeps, states in zip(SWEEPS[kind], zip(*chains, strict=True), strict=True):
        variances = np.array([state.variance for state in states])
        averages = [
            value
            for of_chains in (variances.mean(axis=1), np.median(variances, axis=1))
            for value in (of_chains.mean(), of_chains.std(ddof=1) / np.sqrt(CHAINS))
        ]
        squares = np.mean([(state.error**2).mean() for state in states])
        pooled = pool_chains(list(states)).variance.mean()
        yield kind, sweeps, *averages, pooled, squares


def in_theory(minimum, model, h=1e-4):
    """Return the variance of each particle in a harmonic minimum, (N,), from the inverse Hessian.

    The three motions of the center of mass have no part in it.
    """
    n = 3 * N_PARTICLES
    hessian = np.empty((n, n))
    for k in range(n):
        shift = np.zeros(n)
        shift[k] = h
        ends = [
            cb.potentials.forces(
                minimum.replace(positions=minimum.positions + sign * shift.reshape(-1, 3)), model
            )
            for sign in (-1, 1)
        ]
        hessian[k] = (ends[0] - ends[1]).reshape(-1) / (2 * h)
    values, modes = np.linalg.eigh((hessian + hessian.T) / 2)
    assert values[3] > 1e3 * abs(values[:3]).max()
    of_coordinates = model.temperature * (modes[:, 3:] ** 2 / values[3:]).sum(axis=1)
    return of_coordinates.reshape(-1, 3).sum(axis=1)


def begin_at(sampler, positions):
    """Put the particles of trajectories to unwrapped positions."""
    sampler._u = positions - sampler.start.unwrapped
    sampler._energy, sampler._forces = sampler._forces_at(sampler.start.positions + sampler._u)


def measured(sampler):
    """Return energy and squared displacement of a particle from the center of mass, (2,)."""
    relative = sampler._u - sampler._u.mean(axis=0)
    return sampler._energy / N_PARTICLES, (relative**2).sum() / N_PARTICLES


def handed_over(start, model, cell):
    """Yield energy and mean squared displacement of a particle: their means, change and error."""
    by_trajectories = TrajectorySampler(start, by_lammps(model), SEED, cell, True)
    by_trajectories.relax(100)
    first, later = [], []
    for k in range(CHAINS):
        by_moves = CageSampler(start, model, seed_sequence(SEED, "handover", k), cell)
        by_moves.relax(RELAX["moves"])
        for _ in range(HANDED):
            by_moves.run(APART)
            begin_at(by_trajectories, by_moves.positions)
            first.append(measured(by_trajectories))
            after = []
            for _ in range(FOLLOWED):
                by_trajectories.run(1)
                after.append(measured(by_trajectories))
            later.append(np.mean(after[FOLLOWED // 2 :], axis=0))
    first, change = np.array(first), np.array(later) - np.array(first)
    # Samples of a chain are correlated: the error is that of means of chains.
    of_chains = change.reshape(CHAINS, HANDED, -1).mean(axis=1)
    error = of_chains.std(axis=0, ddof=1) / np.sqrt(CHAINS)
    yield from zip(
        ("energy", "square"), first.mean(axis=0), change.mean(axis=0), error, strict=True
    )


def main(folder, names):
    """Write both tables, of the systems named."""
    liquid = cb.equilibrate(cb.kob_andersen(0.5), N_PARTICLES, time=AGING, seed=SEED)
    minimum = cb.inherent_state(liquid, cb.kob_andersen(0.5)).configuration
    with (
        (folder / "cage_samplers.csv").open("w", newline="") as of_chains,
        (folder / "cage_handover.csv").open("w", newline="") as of_samples,
    ):
        chains, samples = csv.writer(of_chains), csv.writer(of_samples)
        chains.writerow(HEADER)
        samples.writerow(["system", "quantity", "of_moves", "change", "standard_error"])
        for name in names:
            temperature, cell, of_minimum = SYSTEMS[name]
            start, model = minimum if of_minimum else liquid, cb.kob_andersen(temperature)
            for quantity, *values in handed_over(start, model, cell):
                samples.writerow([name, quantity, *(f"{value:.3g}" for value in values)])
            if name == "harmonic":
                theory = in_theory(start, model)
                exact = theory.mean(), 0, np.median(theory), 0, theory.mean(), 0
                chains.writerow([name, "theory", 0, *(f"{value:.4g}" for value in exact)])
                of_chains.flush()
            for kind, of in (("moves", model), ("trajectories", by_lammps(model))):
                for _, sweeps, *values in converging(start, of, cell, kind):
                    chains.writerow([name, kind, sweeps, *(f"{value:.4g}" for value in values)])
            for file in (of_chains, of_samples):
                file.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:] or list(SYSTEMS))
