"""Numbers of the cage state."""

import numpy as np

import cage_errors
import cage_samplers
from cagebreak.states import _caged_kernel, cage, cage_sampler, cage_trajectories
from cagebreak.states.lammps_cage import LammpsParticles
from cagebreak.states.pair_cage import PairParticles
from support.claims import holds, printed, row, table
from support.paths import ROOT

DOCUMENT = ROOT / "docs/states/cage.md"
CHAINS, HANDOVER = (
    table(DOCUMENT.parent / f"cage_{name}.csv") for name in ("samplers", "handover")
)
SHOWN = (("moves", 1000), ("moves", 100_000), ("trajectories", 100), ("trajectories", 3000))
GIVEN = [
    "at T = 0.44 and 0.50",  # the data sets
    "AMD EPYC with AVX-512",  # the machine
    "Positions are 32-bit integers",  # the type of the kernel's arrays
    "min(1, exp(-dH / kT))",  # the rule of Metropolis
    "factor of about 1 + (ω Δt)² / 8",  # of the energy that the leapfrog conserves
]


def computed():
    yield f"by default {cage.PRECISION} sigma: measure until"
    yield f"is below this; {cage.RELAX} sweeps relax. At most {cage.LONGEST:,} are measured"
    yield f"tuned to an acceptance of {cage_sampler.ACCEPTANCE} during"
    few, many = PairParticles.STEPS
    yield f"trajectory of {few} to {many} time steps is accepted"
    few, many = LammpsParticles.STEPS
    yield f"by trajectories, of {few} to {many} time steps, and a sweep"
    yield f"tuned to an acceptance of {cage_trajectories.ACCEPTANCE} during"
    yield holds("averages over every fifth time step", _caged_kernel.EVERY == 5)
    yield from exactness()
    yield f"with a margin of {printed(cage_sampler._HARD_MARGIN)} for hard spheres"
    yield f"is more than {cage.SHORT} of the variance of positions"
    yield from compared()


def exactness():
    """Yield what the figure of both samplers says: logarithms are interpolated."""
    errors, shares = [], []
    for system, of in table(DOCUMENT.parent / "cage_errors.csv").groupby("system"):
        by_moves = of[of.sampler == "sweeps"].iloc[-1]
        others = of[of.sampler == "trajectories"]
        wanted, known = -np.log(by_moves.error), -np.log(others.error)
        seconds = np.exp(np.interp(wanted, known, np.log(others.seconds)))
        errors.append(by_moves.error)
        shares.append(seconds / by_moves.seconds)
        assert system in cage_errors.SYSTEMS
        assert by_moves.measured == 10_000
    yield f"10,000 sweeps the error is {errors[0]:.4f} and {errors[1]:.4f} σ"
    yield f"after {shares[0]:.2f} and {shares[1]:.2f} of the time"
    yield holds("from the scatter of four, over", cage_errors.CHAINS == 4)


def variance(system, sampler, sweeps):
    """Return the mean variance in a chain and its standard error."""
    of = row(CHAINS, system=system, sampler=sampler, sweeps=sweeps)
    return of.variance, of.standard_error


def cells(system, power):
    """Return the cells of a row of the table, in units of a power of ten."""
    for sampler in SHOWN:
        value, error = (10**power * number for number in variance(system, *sampler))
        yield f"{value:.2f} ± {error:.3f}"


def compared():
    systems, moves, trajectories = cage_samplers.SYSTEMS, SHOWN[1], SHOWN[3]
    yield f"of {cage_samplers.N_PARTICLES} Kob-Andersen particles in a liquid of T = 0.5"
    yield holds("Six chains of single moves and six", cage_samplers.CHAINS == 6)
    yield " | ".join(f"{printed(sweeps)} {sampler}" for sampler, sweeps in SHOWN)
    yield f"At T = {systems['liquid'].temperature} the variance"
    yield f"At T = {systems['quenched'].temperature} in the cells of the liquid"
    theory = row(CHAINS, system="harmonic", sampler="theory").variance
    for system, label, power in (
        ("spheres", f"spheres of {systems['spheres'].cell} σ", 3),
        ("harmonic", "Voronoi, around the inherent state", 5),
        ("liquid", "Voronoi", 3),
        ("quenched", "Voronoi", 3),
    ):
        known = f"{1e5 * theory:.2f} |" if system == "harmonic" else "|"
        values = " | ".join(cells(system, power))
        yield f"| {label} | {systems[system].temperature} | 1e-{power} | {known} {values} |"
    percent, errors = [], []
    for system in ("spheres", "harmonic"):
        both = [
            row(CHAINS, system=system, sampler=of[0], sweeps=of[1]) for of in (moves, trajectories)
        ]
        one, other = (of.variance + of.error_squared for of in both)
        percent.append(f"{100 * abs(other / one - 1):.1f}")
        errors.append(abs(other - one) / np.hypot(*(of.standard_error for of in both)))
    yield f"differ by {percent[0]} % in narrow spheres and by {percent[1]} % in a minimum"
    yield holds("less than 1.5 standard errors", max(errors) < 1.5)
    above = {
        round(100 * (variance("harmonic", *of)[0] / theory - 1)) for of in (moves, trajectories)
    }
    yield holds("Both are 5 % above harmonic", above == {5})
    growth = variance("liquid", *moves)[0] / variance("liquid", *SHOWN[0])[0]
    yield f"by a factor of {growth:.1f} from 1000 to 100,000 moves"
    yield f"Begun from {cage_samplers.CHAINS * cage_samplers.HANDED} samples of single moves"
    energy, square = (row(HANDOVER, system="liquid", quantity=q) for q in ("energy", "square"))
    yield f"by {energy.change:.3f} ± {energy.standard_error:.3f} eps,".replace("-", "−")
    change = f"by {square.change:.4f} ± {square.standard_error:.4f} σ², of {square.of_moves:.3f}"
    yield change.replace("-", "−")
    together = [
        of.pooled / of.variance
        for sampler, sweeps in (moves, trajectories)
        for of in (row(CHAINS, system="quenched", sampler=sampler, sweeps=sweeps),)
    ]
    yield f"is {together[1]:.1f} times that in a chain for trajectories"
    yield holds("equals it within 1 % for single moves", together[0] < 1.01)
