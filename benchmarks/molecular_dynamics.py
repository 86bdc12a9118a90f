"""What our molecular dynamics costs over LAMMPS alone, and what log-spaced stops cost.

    python benchmarks/molecular_dynamics.py [--particles 2000] [--tau 10] [--rounds 7]

The peer runs the same input lines on the same particles, in one command and with nothing read. All
run in turn, on one core, by CPU time; the ratios are medians.
"""

import argparse
import platform
import time

import numpy as np

import cagebreak as cb
from cagebreak.simulation import lammps_input
from cagebreak.simulation.isoconfigurational import log_times, trajectory
from cagebreak.simulation.lammps import Engine

STOPS = 70


def seconds(work):
    begun = time.process_time()
    work()
    return time.process_time() - begun


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--particles", type=int, default=2000)
    parser.add_argument("--tau", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=7)
    wanted = parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, N = {wanted.particles}")
    for model in (cb.kob_andersen(temperature=0.6), cb.harmonic_spheres(), cb.wahnstrom()):
        start = cb.equilibrate(model, wanted.particles, 5.0, seed=1)
        time_step = lammps_input.TIME_STEPS[model.pair.form]
        tau = wanted.tau * (time_step / 0.005)
        times = log_times(2 * time_step, tau, STOPS)

        def alone(model=model, start=start, time_step=time_step, tau=tau):
            engine = Engine()
            engine.do(lammps_input.particles(start, model, time_step))
            engine.place(start, start.velocities)
            engine.do(lammps_input.interactions(model, engine.folder))
            engine.do(f"fix integrator all nve\nrun {round(tau / time_step)}")

        work = {
            "LAMMPS alone": alone,
            "one stop": lambda m=model, s=start, t=tau: trajectory(s, m, [t], 3),
            f"{STOPS} stops": lambda m=model, s=start, t=times: trajectory(s, m, t, 3),
        }
        taken = {name: [] for name in work}
        for _ in range(wanted.rounds):
            for name, each in work.items():
                taken[name].append(seconds(each))
        rate = wanted.particles * tau / time_step / np.median(taken["LAMMPS alone"]) / 1e6
        base = np.array(taken["LAMMPS alone"])
        ratios = {name: np.median(np.array(each) / base) for name, each in taken.items()}
        print(f"{model.name}: {rate:.2f} M particle-steps/s; over LAMMPS alone:", end="")
        print("".join(f" {name} {ratio:.3f}" for name, ratio in list(ratios.items())[1:]))


if __name__ == "__main__":
    main()
