"""A step of athermal shear: begun where the last one led, or at the strain alone; by LAMMPS.

    python benchmarks/shear.py

A glass is sheared by steps of 5e-5. LAMMPS, in process with `-sf opt`, strains its box by the same
steps and minimizes by FIRE or by conjugate gradients to the same largest force.
"""

import time
from dataclasses import replace

import numpy as np

import cagebreak as cb
import measure
from cagebreak.simulation.packing import random_packing
from cagebreak.simulation.shear import FORCE_TOLERANCE, STEP, advance, begin

N = 1000
STEPS = 10


def ours(state, model, predict, name, energies):
    def side():
        end, begun = state, time.process_time()
        for _ in range(STEPS):
            end = advance(end, model, STEP)
            if not predict:
                end = replace(end, nonaffine=np.zeros_like(end.nonaffine))
        energies[name] = end.energy / N
        return time.process_time() - begun

    return side


def lammps(state, model, style, name, energies):
    if measure.peer("lammps") is None:
        return None
    from support import lammps_reference

    def side():
        engine = lammps_reference.begin(state.configuration, model)
        engine.commands_list(["thermo_modify lost ignore", f"min_style {style}"])
        norm = "min_modify norm max" + (" dmax 0.1" if style == "cg" else "")
        engine.commands_list([norm, "run 0 post no"])
        edge = float(state.configuration.box.matrix[0, 0])
        tilt = float(state.configuration.box.matrix[1, 0])
        begun = time.process_time()
        for step in range(1, STEPS + 1):
            engine.command(f"change_box all xy final {tilt + step * STEP * edge!r} remap units box")
            engine.command(f"minimize 0 {FORCE_TOLERANCE} 100000 1000000")
        seconds = time.process_time() - begun
        energies[name] = engine.get_thermo("pe") / N
        engine.close()
        return seconds

    return side


def rows():
    model = cb.kob_andersen_smoothed()
    state = begin(random_packing(model, N, seed=1), model)
    state = advance(advance(state, model, STEP), model, STEP)
    energies, sides = {}, {}
    for name, predict in ((measure.OURS, True), ("start at the strain alone", False)):
        sides[name] = ours(state, model, predict, name, energies)
    for name, style in (("LAMMPS conjugate gradients", "cg"), ("LAMMPS FIRE", "fire")):
        sides[name] = lammps(state, model, style, name, energies)
    times = measure.in_turn(sides, seconds=40)
    subject, case = "a step of athermal shear", f"{model.name}, N = {N}, strain {STEP}"
    yield from measure.compare(subject, case, times, "ms", 1e3 / STEPS)
    for name in sides:
        if name != measure.OURS:
            yield measure.agreement(subject, case, energies, name)


if __name__ == "__main__":
    measure.main(rows)
