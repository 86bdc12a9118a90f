"""Molecular dynamics: our engine over LAMMPS, and what the way to LAMMPS and stops cost.

    python benchmarks/molecular_dynamics.py

LAMMPS has the suffix `opt` and its fastest skin. For the second part it runs the same input lines
on the same particles, in one command and with nothing read.
"""

import time

import cagebreak as cb
import measure
from cagebreak.simulation import lammps
from cagebreak.simulation.isoconfigurational import log_times, trajectory
from cagebreak.simulation.lammps import lines
from cagebreak.simulation.lammps.instance import Instance
from cagebreak.simulation.molecular_dynamics import MolecularDynamics
from cagebreak.simulation.time_step import time_step_of
from event_driven import tiled

N = 2000
STOPS = 70
MODELS = ((cb.kob_andersen(temperature=0.6), 4000), (cb.wahnstrom(), 3000),
          (cb.harmonic_spheres(), 24_000))  # fmt: skip
"""Models and numbers of steps, a few seconds each."""

SIZES = ((cb.kob_andersen(temperature=0.6), (1000, 2000, 10_000, 100_000), 5.0),
         (cb.kob_andersen_smoothed(temperature=0.6), (2000,), 5.0),
         (cb.wahnstrom(temperature=0.7), (2000,), 5.0),
         (cb.harmonic_spheres(temperature=0.006), (2000,), 2.5))  # fmt: skip
"""Models, numbers of particles, and how many times as fast as LAMMPS we aim to be."""
LARGE, LARGE_AIM = 100_000, 4.0
WORK = 400_000
"""Particles times steps of a turn."""


def speed(particles, n, model, more):
    """Return a side that goes on and returns nanoseconds of CPU time a particle and step."""
    steps = max(WORK // n, 10) * more
    duration = steps * time_step_of(model)

    def side():
        begun = time.process_time()
        particles.run(duration)
        return (time.process_time() - begun) / steps / n * 1e9

    return side


def engines(model, n, aim, there):
    copies = 2 if n == LARGE else 1
    start = tiled(cb.equilibrate(model, n // copies**3, 4.0, seed=1), (copies,) * 3)
    sides = {
        f"cagebreak, {precision}": speed(
            MolecularDynamics(start, model, 2, precision=precision), n, model, more=4
        )
        for precision in ("mixed", "double")
    }
    peer = lammps.MolecularDynamics(start, model, 2) if there else None
    sides["LAMMPS"] = None if peer is None else speed(peer, n, model, more=1)
    subject, case = "molecular dynamics", f"{model.name}, N = {n:,}"
    found = measure.in_turn(sides)
    for side, values in found.items():
        yield measure.row(subject, case, "CPU time a particle and step", side, values, unit="ns")
    for side, values in found.items():
        if side != "LAMMPS":
            ratio = measure.ratio(found["LAMMPS"], values)
            wanted = f"at least {aim:g}" if "mixed" in side else ""
            yield measure.row(subject, case, "speed", side, ratio, peer="LAMMPS", aim=wanted)


def lammps_alone(start, model, time_step, steps):
    def run():
        engine = Instance()
        engine.do(lines.particles(start, model, time_step))
        engine.place(start)
        engine.do(lines.interactions(model, engine.folder))
        engine.do(f"fix integrator all nve\nrun {steps}")

    return run


def sides_of(model, steps):
    time_step = time_step_of(model)
    end = steps * time_step
    start = cb.equilibrate(model, N, 5.0, seed=1)
    stops = log_times(2 * time_step, end, STOPS)
    return {
        "LAMMPS alone": measure.cpu(lammps_alone(start, model, time_step, steps)),
        measure.OURS: measure.cpu(lambda: trajectory(start, model, [end], 3)),
        "stops": measure.cpu(lambda: trajectory(start, model, stops, 3)),
    }


def rows():
    there = measure.peer("lammps") is not None
    for model, sizes, aim in SIZES:
        for n in sizes:
            yield from engines(model, n, LARGE_AIM if n == LARGE else aim, there)
    for model, steps in MODELS:
        names = ("LAMMPS alone", measure.OURS, "stops")
        sides = measure.in_turn(sides_of(model, steps) if there else dict.fromkeys(names))
        alone, own, stops = (sides[name] for name in names)
        subject, case = "molecular dynamics", f"{model.name}, N = {N}, {steps:,} steps"
        for side, seconds in (("LAMMPS alone", alone), (measure.OURS, own)):
            rate = N * steps / seconds / 1e6 if len(seconds) else seconds
            unit = "million particle-steps/s"
            yield measure.row(subject, case, "rate", side, rate, unit=unit)
        yield measure.row(
            subject, case, "CPU time", measure.OURS, measure.ratio(own, alone),
            peer="LAMMPS alone", aim="at most 1.1",
        )  # fmt: skip
        yield measure.row(
            subject, case, "CPU time", f"cagebreak with {STOPS} log-spaced stops",
            measure.ratio(stops, own), peer="one stop", aim="at most 1.03",
        )  # fmt: skip


if __name__ == "__main__":
    measure.main(rows)
