"""Do swaps equilibrate soft spheres below the temperature of mode-coupling?

    python results/polydisperse-swap/equilibration.py [WORKERS]

Samples are cooled at once from a hot liquid, or heated from a colder one, to the same temperature,
and run there with and without swaps. In equilibrium both come to one energy, and forget their
positions. Written beside this script are runs.csv, energies.csv and the figure equilibration.png.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

import cagebreak as cb
from cagebreak.figures import style
from cagebreak.seeding import seed_sequence
from cagebreak.simulation import preparation
from cagebreak.simulation.preparation import Step

HERE = Path(__file__).parent
TEMPERATURE, HOT, COLD = 0.085, 0.3, 0.075
"""kT in eps: of the study, and of the liquids from which it begins. Dynamics falls out of
equilibrium near 0.1 (Ninarello, Berthier and Coslovich 2017)."""
N, SAMPLES = 500, 4
TIME = 6000.0
"""Of the runs at the temperature of the study, in tau."""
HOT_TIME, COLD_TIME = 50.0, 4000.0
SWAPS = 1.0
"""Attempts a particle and tau."""


def prepared(model, steps, seed):
    """Return the state after all steps."""
    state = preparation.begin(model, N, steps, seed=seed)
    for segment in preparation.segments(steps, model):
        state = preparation.advance(state, model, steps, segment, seed=seed)
    return state


def run(start, swaps, sample):
    """Return the history of a sample at the temperature of the study."""
    model = cb.soft_spheres(TEMPERATURE)
    if start == "hot":
        before = Step("NVT", HOT_TIME, temperature=(HOT,), swaps=SWAPS)
    else:
        before = Step("NVT", COLD_TIME, temperature=(COLD,), swaps=SWAPS)
    steps = [before, Step("NVT", TIME, swaps=swaps)]
    history = prepared(model, steps, seed_sequence(7, start, sample)).history
    rows = history[history["step"] == 1]
    first = history["time"][history["step"] == 0][-1]
    return pd.DataFrame(
        {
            "start": start,
            "swaps": swaps,
            "sample": sample,
            "time": rows["time"] - first,
            "energy": rows["energy"],
            "f_s": rows["f_s"][:, 0],
        }
    )


def main(workers=2):
    """Run what is missing, and write tables and figure."""
    cases = list(product(("hot", "cold"), (0.0, SWAPS), range(SAMPLES)))
    with ProcessPoolExecutor(workers) as pool:
        rows = pd.concat(pool.map(run, *zip(*cases, strict=True)))
    rows.round(6).to_csv(HERE / "runs.csv", index=False)
    of_starts = rows.groupby(["start", "swaps", "time"])
    energies = of_starts.energy.agg(["mean", "sem"]).reset_index().round(6)
    energies.to_csv(HERE / "energies.csv", index=False)
    draw(energies).savefig(HERE / "equilibration.png", dpi=150)


def draw(energies):
    """Return the figure: energy over time, from both sides, with and without swaps."""
    with style.look():
        figure, axes = plt.subplots(1, 2, figsize=(7, 2.8), sharey=True, layout="constrained")
        for panel, swaps, title in zip(
            axes, (0.0, SWAPS), ("dynamics alone", "dynamics with swaps"), strict=True
        ):
            for start, color in (("hot", "C3"), ("cold", "C0")):
                of = energies[(energies.start == start) & (energies.swaps == swaps)]
                panel.errorbar(of.time, of["mean"], of["sem"], color=color, label=f"from {start}")
            panel.set(xlim=(0, None), xlabel=r"$t / \tau$", title=title)
        axes[0].set_ylabel(r"energy a particle / $\epsilon$")
        axes[0].legend()
    return figure


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
