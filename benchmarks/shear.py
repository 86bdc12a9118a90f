"""What a step of athermal shear costs: begun where the last one led, or at the strain; by LAMMPS.

    python benchmarks/shear.py [--particles 1000] [--steps 20] [--rounds 3]

A glass of each model is sheared by steps of 5e-5. LAMMPS, in process with `-sf opt`, strains its
box by the same steps and minimizes by FIRE or by conjugate gradients to the same largest force. All
run in turn, on one core, by CPU time of a step; ratios are medians.
"""

import argparse
import platform
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

import cagebreak as cb
from cagebreak.simulation.packing import random_packing
from cagebreak.simulation.shear import FORCE_TOLERANCE, STEP, advance, begin

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from support import lammps_reference


def ours(state, model, steps, predict):
    for _ in range(steps):
        state = advance(state, model, STEP)
        if not predict:
            state = replace(state, nonaffine=np.zeros_like(state.nonaffine))
    return state.energy


def theirs(state, model, steps, style):
    lammps = lammps_reference.begin(state.configuration, model)
    lammps.commands_list(["thermo_modify lost ignore", f"min_style {style}"])
    norm = "min_modify norm max" + (" dmax 0.1" if style == "cg" else "")
    lammps.commands_list([norm, "run 0 post no"])
    edge = float(state.configuration.box.matrix[0, 0])
    tilt = float(state.configuration.box.matrix[1, 0])
    begun = time.process_time()
    for step in range(1, steps + 1):
        lammps.command(f"change_box all xy final {tilt + step * STEP * edge!r} remap units box")
        lammps.command(f"minimize 0 {FORCE_TOLERANCE} 100000 1000000")
    spent = time.process_time() - begun
    energy = lammps.get_thermo("pe")
    lammps.close()
    return spent, energy


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--particles", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    wanted = parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, N = {wanted.particles}")
    for model in (cb.kob_andersen_smoothed(), cb.wahnstrom()):
        state = begin(random_packing(model, wanted.particles, seed=1), model)
        state = advance(advance(state, model, STEP), model, STEP)
        taken = {"predicted": [], "from the strain": [], "LAMMPS fire": [], "LAMMPS cg": []}
        energies = {}
        for _ in range(wanted.rounds):
            for name, predict in (("predicted", True), ("from the strain", False)):
                begun = time.process_time()
                energies[name] = ours(state, model, wanted.steps, predict)
                taken[name].append((time.process_time() - begun) / wanted.steps)
            for style in ("fire", "cg"):
                spent, energies[f"LAMMPS {style}"] = theirs(state, model, wanted.steps, style)
                taken[f"LAMMPS {style}"].append(spent / wanted.steps)
        base = np.array(taken["predicted"])
        print(model.name)
        for name, each in taken.items():
            ratio = np.median(np.array(each) / base)
            milliseconds, energy = 1e3 * np.median(each), energies[name]
            print(f"  {name:16} {milliseconds:8.1f} ms  {ratio:6.1f}x  E = {energy:.7f}")


if __name__ == "__main__":
    main()
