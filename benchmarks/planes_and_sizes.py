"""Two dimensions and polydisperse particles: time per neighbor over three dimensions, and swaps.

    python benchmarks/planes_and_sizes.py

Neighbors are the entries of the rows that dynamics goes through. LAMMPS is compared by particles
and steps.
"""

import time

import cagebreak as cb
import measure
from cagebreak.simulation import lammps
from cagebreak.simulation.hard_spheres import EventDriven
from cagebreak.simulation.molecular_dynamics import MolecularDynamics
from cagebreak.simulation.molecular_dynamics._state import ENTRIES
from cagebreak.simulation.swaps import swap_diameters
from molecular_dynamics import SECONDS, speed

SUBJECT = "planes and sizes"
N = 2000
SOLID = cb.kob_andersen(temperature=0.6)
OTHERS = (
    cb.kob_andersen_2d(temperature=0.6),
    cb.kob_andersen_2d_ternary(temperature=0.5),
    cb.soft_spheres(temperature=0.15),
    cb.soft_discs(temperature=0.2),
)
ATTEMPTS = 200_000


def entries(particles):
    """Return the entries of a row."""
    return particles._system._clock.counts[ENTRIES] / N


def rows_of_dynamics():
    """Yield the time of a particle, step and neighbor over that of Kob-Andersen."""
    models = (SOLID, *OTHERS)
    particles = {
        model.name: MolecularDynamics(cb.equilibrate(model, N, 4.0, seed=1), model, 2)
        for model in models
    }
    times = measure.in_turn(
        {m.name: speed(particles[m.name], N, m, more=4) for m in models}, SECONDS
    )
    a_neighbor = {name: times[name] / entries(particles[name]) for name in particles}
    for model in models:
        case = f"{model.name}, N = {N:,}"
        yield measure.row(
            SUBJECT, case, "CPU time a particle and step", measure.OURS, times[model.name],
            unit="ns",
        )  # fmt: skip
        if model is not SOLID:
            over = measure.ratio(a_neighbor[SOLID.name], a_neighbor[model.name])
            yield measure.row(
                SUBJECT, case, "speed a neighbor", measure.OURS, over, peer=SOLID.name,
                aim="at least 0.8",
            )  # fmt: skip


def rows_of_lammps():
    """Yield the speed over LAMMPS in two dimensions."""
    if measure.peer("lammps") is None:
        return
    model = OTHERS[0]
    start = cb.equilibrate(model, N, 4.0, seed=1)
    sides = {
        measure.OURS: speed(MolecularDynamics(start, model, 2), N, model, more=4),
        "LAMMPS": speed(lammps.MolecularDynamics(start, model, 2), N, model, more=1),
    }
    times = measure.in_turn(sides, SECONDS)
    yield measure.row(
        SUBJECT, f"{model.name}, N = {N:,}", "speed", measure.OURS,
        measure.ratio(times["LAMMPS"], times[measure.OURS]), peer="LAMMPS",
    )  # fmt: skip


def rows_of_discs():
    """Yield collisions of hard discs a second over those of hard spheres."""
    sides, runs = {}, {}
    for model in (cb.hard_spheres(0.5), cb.hard_discs(0.7)):
        runs[model.name] = EventDriven(cb.equilibrate(model, N, 5.0, seed=1), model, 2)
        sides[model.name] = _collisions(runs[model.name])
    rates = measure.in_turn(sides, SECONDS)
    yield measure.row(
        SUBJECT, f"hard discs, N = {N:,}", "collisions", measure.OURS,
        measure.ratio(rates["hard_discs"], rates["hard_spheres"]), peer="hard spheres",
        aim="at least 0.8",
    )  # fmt: skip


def _collisions(particles):
    def side():
        before, begun = particles.collisions, time.process_time()
        particles.run(20.0)
        return (particles.collisions - before) / (time.process_time() - begun)

    return side


def rows_of_swaps():
    """Yield the time of an attempt over that of the energies of two particles."""
    model = cb.soft_spheres(temperature=0.15)
    start = cb.equilibrate(model, N, 4.0, seed=1)
    sides = measure.in_turn(
        {
            measure.OURS: measure.cpu(lambda: swap_diameters(start, model, ATTEMPTS, seed=1)),
            "energies": measure.cpu(lambda: cb.potentials.energies(start, model)),
        },
        SECONDS,
    )
    attempt, energies = sides[measure.OURS] / ATTEMPTS, 2 * sides["energies"] / N
    case = f"{model.name}, N = {N:,}, {ATTEMPTS:,} swaps"
    yield measure.row(SUBJECT, case, "CPU time", measure.OURS, attempt * 1e9, unit="ns")
    yield measure.row(
        SUBJECT, case, "CPU time", measure.OURS, measure.ratio(attempt, energies),
        peer="energies of two particles", aim="at most 2",
    )  # fmt: skip


def rows():
    yield from rows_of_dynamics()
    yield from rows_of_lammps()
    yield from rows_of_discs()
    yield from rows_of_swaps()


if __name__ == "__main__":
    measure.main(rows)
