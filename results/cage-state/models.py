"""Figures 2, 3, 4a and 5 of Alkemade 2023 for its three models, from the tables in `results`.

Run: python results/cage-state/models.py [--published CSV]

Figures 2, 3 and 5 are written beside this script as models.*.png and .pdf, side by side for hard
spheres, harmonic spheres and Kob-Andersen at T = 0.44, as in the paper. Figure 4a, of Kob-Andersen,
is drawn if CSV is given, a file of published curves (see `cagebreak.figures.literature`); it is
written to the current folder.
"""

import argparse
from pathlib import Path

import pandas as pd

import cagebreak as cb
from cagebreak.figures import alkemade2023, style
from cagebreak.figures.literature import read_published

HERE = Path(__file__).parent
RESULTS = HERE.parent
MODELS = {  # the folder of the scores, that of correlations and structure, and the recipe
    "hard spheres": ("hard-spheres-058", "cage-state", "hard-spheres-058/hs058"),
    "harmonic spheres": ("harmonic-00045", "harmonic-00045", "harmonic-00045/harmonic"),
    "Kob-Andersen": ("kob-andersen-044", "kob-andersen-044", "kob-andersen-044/ka044"),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--published", type=Path)
    given = parser.parse_args()
    scores, correlations, structure, tau_alpha = {}, {}, {}, {}
    for model, (of_scores, of_states, recipe) in MODELS.items():
        scores[model] = pd.read_csv(RESULTS / of_scores / "scores.csv")
        correlations[model] = pd.read_csv(RESULTS / of_states / "correlations.csv")
        structure[model] = pd.read_csv(RESULTS / of_states / "structure.csv")
        tau_alpha[model] = cb.Study(RESULTS.parent / "datasets" / f"{recipe}.toml").relaxation()
    figures = {
        "cage_displacement": alkemade2023.cage_displacement(correlations, structure, tau_alpha),
        "states": alkemade2023.states(scores, tau_alpha),
        "contributions": alkemade2023.contributions(scores, tau_alpha),
    }
    for name, figure in figures.items():
        style.save(figure, HERE / f"models.{name}")
    if given.published:
        model = "Kob-Andersen"
        curves = read_published(given.published)
        figure = alkemade2023.published(scores[model], tau_alpha[model], curves=curves)
        style.save(figure, Path("published"))


if __name__ == "__main__":
    main()
