"""Molecular dynamics over LAMMPS alone, and what log-spaced stops cost.

    python benchmarks/molecular_dynamics.py

The peer runs the same input lines on the same particles, in one command and with nothing read.
"""

import cagebreak as cb
import measure
from cagebreak.simulation import lammps_input
from cagebreak.simulation.isoconfigurational import log_times, trajectory
from cagebreak.simulation.lammps import Engine

N = 2000
STOPS = 70
MODELS = ((cb.kob_andersen(temperature=0.6), 4000), (cb.wahnstrom(), 3000),
          (cb.harmonic_spheres(), 24_000))  # fmt: skip
"""Models and numbers of steps, a few seconds each."""


def lammps_alone(start, model, time_step, steps):
    def run():
        engine = Engine()
        engine.do(lammps_input.particles(start, model, time_step))
        engine.place(start, start.velocities)
        engine.do(lammps_input.interactions(model, engine.folder))
        engine.do(f"fix integrator all nve\nrun {steps}")

    return run


def sides_of(model, steps):
    time_step = lammps_input.time_step_of(model)
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
