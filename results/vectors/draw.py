"""Differences of r with intervals, and the figure, from trials.csv: python draw.py

differences.csv has, for each learner, the mean over configurations of r and of its difference from
another learner on the same configurations, with the 95 % bootstrap interval over configurations.
"""

from pathlib import Path

import pandas as pd

from cagebreak.bootstrap import interval, resamples
from cagebreak.figures import style

FOLDER = Path(__file__).parent
SYSTEMS = {
    "hs": r"hard spheres, $\varphi = 0.58$",
    "ka050": "Kob-Andersen, $T = 0.5$",
    "ka044": "Kob-Andersen, $T = 0.44$",
}
OWN = "own features"
GIVEN = "vectors, tensors"
AGAINST = {
    OWN: ("ridge",),
    "neighbors": ("ridge", OWN),
    "vectors": ("ridge", OWN, "neighbors"),
    "vectors, longer": ("ridge", OWN, "vectors"),
    GIVEN: ("ridge", OWN, "neighbors", "vectors"),
    f"{GIVEN}, retrained": ("ridge", OWN, GIVEN),
    f"{GIVEN}, pairs": ("ridge", OWN, GIVEN),
}
"""The learners that a learner is compared with."""
LOOKS = {
    OWN: ("#777777", "X", "own features only"),
    "neighbors": ("#4477AA", "o", "neighbors"),
    "vectors": ("#CC6677", "s", "vectors"),
    GIVEN: ("#117733", "^", "vectors, tensors"),
    f"{GIVEN}, retrained": ("#DDAA33", "D", "the same, retrained"),
    f"{GIVEN}, pairs": ("#AA4499", "v", "the same, pairs too"),
}
RESAMPLES, SEED = 4000, 1


def differences(trials):
    """Return the table of the differences."""
    rows = []
    for (system, time), found in trials[trials.part == "folds"].groupby(
        ["system", "time"], sort=False
    ):
        r = found.pivot(index="configuration", columns="learner", values="r")
        drawn = resamples(len(r), RESAMPLES, seed=SEED)
        for learner, others in AGAINST.items():
            for other in (name for name in others if {learner, name} <= set(r)):
                of_each = (r[learner] - r[other]).to_numpy()
                low, high = interval(drawn @ of_each / len(r), len(r))
                numbers = (r[learner].mean(), of_each.mean(), low, high)
                rows.append((system, time, learner, other, len(r), *map("{:.4f}".format, numbers)))
    columns = ["system", "time", "learner", "against", "configurations", "r", "difference"]
    return pd.DataFrame(rows, columns=[*columns, "low", "high"])


def figure_of(table):
    """Return the figure: differences from ridge over time, a panel for each system."""
    present = [name for name in SYSTEMS if name in set(table.system)]
    with style.look():
        figure, ((row, all_axes),) = style.grid(1, len(present), height=2.9)
        for system, axes in zip(present, all_axes, strict=True):
            of_ridge = table[(table.system == system) & (table.against == "ridge")]
            times = list(dict.fromkeys(of_ridge.time))
            for k, (learner, (color, marker, label)) in enumerate(LOOKS.items()):
                rows = of_ridge[of_ridge.learner == learner]
                if rows.empty:
                    continue
                at = [times.index(time) + 0.13 * (k - 2.5) for time in rows.time]
                errors = [rows.difference - rows.low, rows.high - rows.difference]
                axes.errorbar(
                    at, rows.difference, errors, color=color, marker=marker, ls="", label=label
                )
            axes.axhline(0.0, color=style.GRAY, lw=0.6)
            shown = [r"$\tau_\alpha$" if t == "tau_alpha" else f"{float(t):g}" for t in times]
            axes.set_xticks(range(len(times)), shown)
            axes.set(title=SYSTEMS[system], xlabel=r"$t\,/\,\tau$", xlim=(-0.5, len(times) - 0.5))
        all_axes[0].set_ylabel("difference of $r$ from ridge")
        style.legend(row, max(all_axes, key=lambda axes: len(axes.containers)), 3)
    return figure


def main():
    """Write the table and the figure."""
    table = differences(pd.read_csv(FOLDER / "trials.csv"))
    table.to_csv(FOLDER / "differences.csv", index=False)
    numbers = ["r", "difference", "low", "high"]
    style.save(figure_of(table.astype(dict.fromkeys(numbers, float))), FOLDER / "differences")


if __name__ == "__main__":
    main()
