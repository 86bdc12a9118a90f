"""Numbers of the predictive intervals of hybrid models."""

import numpy as np
import pandas as pd

import cagebreak as cb
from cagebreak.learning.conformal import LEVEL
from support.claims import holds, row, table
from support.paths import ROOT
from support.study_claims import CONFIDENCE

FOLDER = ROOT / "results/uncertainty"
DOCUMENT = FOLDER / "hybrid.md"
SYSTEMS = {
    "hard-spheres-058": ("hard spheres", (0.1, 1, 10, 100, 1000)),
    "kob-andersen": ("Kob-Andersen", (0.1, 1, 11, 118, 300)),
}
RECIPES = {
    "hard-spheres-058": ROOT / "datasets/hard-spheres-058/hs058.toml",
    "kob-andersen": ROOT / "results/hybrid/kob-andersen.toml",
}
AIM = 0.02  # of the project
GIVEN = [
    "up to generation 2",  # LAST of hybrid.py
    "active are the 5 % that moved farthest",  # SHARE of uncertainty.py
]


def chosen(name):
    """Yield the number and length of the short runs of a system, with the rows of these."""
    rows = table(FOLDER / f"{name}.hybrid.csv")
    for (n_runs, until), of_runs in rows.groupby(["n_runs", "until"], sort=False):
        yield n_runs, until, of_runs


def contained(rows):
    """Return at how many times the bootstrap interval contains the level."""
    within = (rows.low_coverage <= LEVEL) & (rows.high_coverage >= LEVEL)
    return f", and {LEVEL} is in the bootstrap interval at {within.sum()} of {len(rows)} times"


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
    worst = {}
    for name, (label, times) in SYSTEMS.items():
        recipe = cb.Study(RECIPES[name]).recipe
        n = recipe.preparation.n_configurations
        yield f"{n} configurations of {label}, {recipe.isoconfigurational.n_runs} runs each"
        yield f"[{name}]({name}.hybrid.csv)"
        for n_runs, until, rows in chosen(name):
            worst[name, until] = np.abs(rows.coverage - LEVEL).max()
            most = f"at most {worst[name, until]:.3f}{contained(rows)}"
            yield f"{label[0].upper()}{label[1:]}, {n_runs} to {until:.0f} τ: {most}"
            for time in times:
                yield line(label, n_runs, until, row(rows, time=time))
    hard, soft = ([worst[each] for each in worst if each[0] == name] for name in SYSTEMS)
    yield holds("Hard spheres are within the aim at every time", max(hard) < AIM)
    yield holds("Kob-Andersen is not", min(soft) > AIM)
    (*_, one), (*_, two), (*_, five) = chosen("kob-andersen")
    yield holds(
        "With one run, intervals contain too much from 11 τ on",
        (one.low_coverage[one.time > 11] > LEVEL - 0.002).all()
        and (one.coverage[one.time > 11] > LEVEL + AIM / 2).all(),
    )
    late = pd.concat([two, five])
    late = late[late.time > 100]
    few = late.coverage < LEVEL
    yield holds("With more runs they contain too little from 118 τ on", few.all())
    yield holds(
        "but there 0.9 is in the bootstrap interval",
        ((late.low_coverage < LEVEL) & (late.high_coverage > LEVEL)).all(),
    )
