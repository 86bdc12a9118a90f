"""Figure 2: D2min in slices one particle thick, of three models at rest and under shear.

Run: python results/rottler2024/slices.py THERMAL... SHEAR... [--out FILE]

The recipes are as many of thermal studies as of shears, with the models in the same order.
"""

import argparse
from pathlib import Path

import numpy as np
from data import SYSTEMS

import cagebreak as cb
from cagebreak.dynamics.plasticity import AVALANCHE, active
from cagebreak.figures import rottler2024, style


def thermal(study):
    """Return the panel of configuration 0: D2min averaged over the runs, nearest to tau_alpha."""
    d2min = study.propensity(0, "d2min")
    tau = study.relaxation()["A"]
    k = -1 if np.isnan(tau) else int(np.abs(np.log(d2min.times / tau)).argmin())
    title = f"{SYSTEMS[study.recipe.model.name]}, thermal, $t = {d2min.times[k]:.0f}\\,\\tau$"
    return title, study.configuration(0), d2min.mean[k]


def shear(study):
    """Return the panel of the window with active particles, no avalanche, and the fewest events."""
    windows = [
        (window.events, -len(active(window, avalanche=AVALANCHE)[0]), c, k, window)
        for c in range(study.n_configurations)
        for k, window in enumerate(study.shear(c).windows)
    ]
    *_, window = min(found for found in windows if found[1])
    name = SYSTEMS[study.recipe.model.name]
    return rf"{name}, shear, $\gamma = {window.strain:.2f}$", window.start, window.d2min


def main():
    """Draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipes", type=Path, nargs="+", metavar="recipe")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("fig2.slices.png"))
    wanted = parser.parse_args()
    studies = [cb.Study(recipe) for recipe in wanted.recipes]
    panels = [
        shear(study) if study.recipe.asks_for("shear") else thermal(study) for study in studies
    ]
    figure = rottler2024.slices(panels, columns=len(panels) // 2)
    wanted.out.write_bytes(style.images(figure)[0])


if __name__ == "__main__":
    main()
