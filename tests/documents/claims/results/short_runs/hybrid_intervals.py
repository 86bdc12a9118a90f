"""Numbers of the predictive intervals of hybrid models."""

import numpy as np

import cagebreak as cb
from cagebreak.learning.conformal import LEVEL
from support.claims import holds, row, table
from support.paths import ROOT
from support.study_claims import CONFIDENCE

FOLDER = ROOT / "results/uncertainty"
DOCUMENT = FOLDER / "hybrid.md"
SYSTEMS = {
    "hard-spheres-058": ("hard spheres", (0.1, 1, 10, 100, 1000)),
    "kob-andersen-050": ("Kob-Andersen", (0.1, 1, 11, 118, 300)),
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
    """Return at how many times the bootstrap interval contains the level, if it was kept."""
    if rows.low_coverage.isna().any():
        return ""
    within = (rows.low_coverage <= LEVEL) & (rows.high_coverage >= LEVEL)
    return f", and {LEVEL} is in the bootstrap interval at {within.sum()} of {len(rows)} times"


def line(label, n_runs, until, score):
    bounds = f" ({score.low_coverage:.3f}–{score.high_coverage:.3f})"
    bounds = "" if np.isnan(score.low_coverage) else bounds
    cells = [
        label, f"{n_runs} to {until:.0f} τ",
        f"{score.time:.4g}" if score.time > 999 else f"{score.time:.3g}",
        f"{score.coverage:.3f}{bounds}",
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
        recipe = cb.datasets.study(name).recipe
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
    yield holds("Kob-Andersen is within it with the longest short runs", soft[-1] < AIM)
    late = row(table(FOLDER / "kob-andersen-050.hybrid.csv").iloc[:23], time=118)
    yield holds(
        "With the shortest, its intervals contain too much at late", late.coverage > LEVEL + AIM
    )
