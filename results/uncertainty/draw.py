"""Draw the figures of this folder from its tables: python draw.py [FOLDER OF A DATA SET]

With a folder such as `datasets/hard-spheres-058` the map of its first configuration is drawn as
well, whose positions it has.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

import cagebreak as cb
from cagebreak.figures import style

FOLDER = Path(__file__).parent
SYSTEMS = {
    "hard_spheres": r"hard spheres, $\varphi = 0.58$",
    "kob_andersen_050": "Kob-Andersen, $T = 0.5$",
}
LINES = {"learned": ("C0", "learned width"), "constant": ("C1", "constant width")}
ENDS = {
    "coverage": ("-", "all particles"),
    "high_fifth": ("--", "highest fifth of predictions"),
    "low_fifth": (":", "lowest fifth of predictions"),
}
"""Line and label of the coverage of all particles, and of those with extreme predictions."""


def coverage():
    """Return a figure of coverage and width over time, a column for each system."""
    with style.look():
        figure, ((_, tops), (_, bottoms)) = style.grid(2, len(SYSTEMS), height=5.2)
        for (name, title), top, bottom in zip(SYSTEMS.items(), tops, bottoms, strict=True):
            table = pd.read_csv(FOLDER / f"{name}.coverage.csv")
            for kind, (color, label) in LINES.items():
                rows = table[table.intervals == kind]
                for quantity, (line, _) in ENDS.items():
                    top.plot(rows.time, rows[quantity], line, color=color)
                top.fill_between(
                    rows.time, rows.low_coverage, rows.high_coverage, color=color, alpha=0.2, lw=0
                )
                bottom.plot(rows.time, rows.width, "-", color=color, label=f"{label}: mean")
                bottom.plot(rows.time, rows.score, "--", color=color, label=f"{label}: score")
            top.axhline(0.9, color=style.GRAY, lw=0.6)
            top.set(ylim=(0.6, 1.0), title=title, ylabel="coverage")
            for line, label in ENDS.values():
                top.plot([], [], line, color=style.GRAY, label=label)
            top.legend()
            bottom.set(yscale="log", xlabel=r"$t\,/\,\tau$", ylabel=r"width, score$\,/\,\sigma$")
            for axes in (top, bottom):
                style.time_axis(axes, table.time.to_numpy())
            bottom.legend()
    return figure


def uncertainty_map(study):
    """Return the map of a configuration that was held out."""
    table = pd.read_csv(FOLDER / "hard_spheres.map.csv")
    configuration = study.configuration(int(table.configuration[0]))
    columns = np.full((3, len(configuration)), np.nan)
    columns[:, table.particle] = table[["predicted", "half_width", "propensity"]].to_numpy().T
    title = f"a configuration held out, $t = {style.number(table.time[0])}\\,\\tau$, A particles"
    diameters = study.recipe.model.diameters
    return cb.figures.interval_map(configuration, *columns, diameters=diameters, title=title)


if __name__ == "__main__":
    style.save(coverage(), FOLDER / "coverage")
    if sys.argv[1:]:
        (recipe,) = Path(sys.argv[1]).glob("*.toml")
        style.save(uncertainty_map(cb.Study(recipe)), FOLDER / "map")
