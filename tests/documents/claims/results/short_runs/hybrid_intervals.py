"""Numbers of the predictive intervals of hybrid models."""

import numpy as np

import cagebreak as cb
from cagebreak.learning.conformal import LEVEL
from support.claims import row, table
from support.paths import ROOT
from support.study_claims import CONFIDENCE

FOLDER = ROOT / "results/uncertainty"
DOCUMENT = FOLDER / "hybrid.md"
SYSTEMS = {
    "hard-spheres-058": ("hard spheres", (0.1, 1, 10, 100, 1000)),
    "kob-andersen-050": ("Kob-Andersen", (0.1, 1, 11, 118, 300)),
}
AIM = 0.02  # of the project
GIVEN = ["up to generation 2"]  # LAST of hybrid.py


def chosen(name):
    """Yield the number and length of the short runs of a system, with the rows of these."""
    rows = table(FOLDER / f"{name}.hybrid.csv")
    for (n_runs, until), of_runs in rows.groupby(["n_runs", "until"], sort=False):
        yield n_runs, until, of_runs


def line(label, n_runs, until, score):
    cells = [
        label, f"{n_runs} to {until:.0f} τ",
        f"{score.time:.4g}" if score.time > 999 else f"{score.time:.3g}",
        f"{score.coverage:.3f} ({score.low_coverage:.3f}–{score.high_coverage:.3f})",
        f"{score.low_fifth:.2f}, {score.high_fifth:.2f}", f"{score.active:.2f}",
        f"{score.width:.3f}",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def computed():
    yield f"Intervals of level {LEVEL}"
    yield f"with the {CONFIDENCE} bootstrap interval"
    yield f"The aim was {AIM}"
    for name, (label, times) in SYSTEMS.items():
        recipe = cb.datasets.study(name).recipe
        n = recipe.preparation.n_configurations
        yield f"{n} configurations of {label}, {recipe.isoconfigurational.n_runs} runs each"
        for n_runs, until, rows in chosen(name):
            worst = np.abs(rows.coverage - LEVEL).max()
            within = (rows.low_coverage <= LEVEL) & (rows.high_coverage >= LEVEL)
            of_runs = f"{label}, {n_runs} to {until:.0f} τ"
            yield (
                f"{of_runs}: at most {worst:.3f}, and {LEVEL} is in the bootstrap interval at "
                f"{within.sum()} of {len(rows)} times"
            )
            for time in times:
                yield line(label, n_runs, until, row(rows, time=time))
