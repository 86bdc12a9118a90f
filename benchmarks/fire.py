"""Minimization to the inherent state, against LAMMPS' own FIRE at equal force tolerance.

    python benchmarks/fire.py

Minima of random Kob-Andersen particles, shaken by 0.1 sigma. LAMMPS runs with `-sf opt`, a skin of
0.3 as here, and two time steps: 0.005, which is usual, and ours. A minimum is the same if the
energies agree; where they do not, rounding has led into another basin, which LAMMPS with two time
steps does as well.
"""

import time

import numpy as np

import cagebreak as cb
import measure
from cagebreak import models
from cagebreak.states import inherent

N = 2000
TOLERANCE = 1e-6
USUAL_TIME_STEP = 0.005


def shaken(model, seed):
    """Return a minimum of random particles, shaken."""
    rng, box = np.random.default_rng(seed), model.box(N)
    start = cb.Configuration(rng.uniform(size=(N, 3)) @ box.matrix, model.species(N), box)
    minimum = inherent.inherent_state(start, model, force_tolerance=1e-2).configuration
    return minimum.replace(positions=minimum.positions + rng.normal(0, 0.1 / 3**0.5, (N, 3)))


def ours(start, model, energies):
    def minimize():
        state = inherent.inherent_state(start, model, force_tolerance=TOLERANCE)
        energies[measure.OURS] = state.energy

    return measure.cpu(minimize)


def lammps_fire(name, start, model, time_step, energies):
    if measure.peer("lammps") is None:
        return None
    from support import lammps_reference

    def side():
        lammps = lammps_reference.begin(start, model)
        lammps.command("run 0")
        begun = time.process_time()
        lammps_reference.minimize(lammps, TOLERANCE, time_step)
        seconds = time.process_time() - begun
        energies[name] = lammps.get_thermo("pe") / len(start)
        lammps.close()
        return seconds

    return side


def rows():
    for model in (models.kob_andersen(), models.kob_andersen_smoothed()):
        start, energies, sides = shaken(model, 1), {}, {}
        sides[measure.OURS] = ours(start, model, energies)
        own_step = inherent.FIRST_DT[model.pair.form]
        for time_step in (USUAL_TIME_STEP, own_step):
            name = f"LAMMPS FIRE, time step {time_step}"
            sides[name] = lammps_fire(name, start, model, time_step, energies)
        times = measure.in_turn(sides, seconds=40)
        subject, case = "inherent state", f"{model.name}, N = {N}, force {TOLERANCE}"
        # Within a factor of two of the peer.
        aims = dict.fromkeys(sides, "at least 0.5")
        yield from measure.compare(subject, case, times, "s", aims=aims)
        for name in sides:
            if name != measure.OURS:
                yield measure.agreement(subject, case, energies, name)


if __name__ == "__main__":
    measure.main(rows)
