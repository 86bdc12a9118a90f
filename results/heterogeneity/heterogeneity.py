"""What moves together in a study, measured and predicted.

    python heterogeneity.py ka050.toml --name kob_andersen --time 200

The study must be done (`cagebreak run`). Of A particles three quantities are compared, as far as
the study keeps them: the displacement, the share of bonds kept (`bond_breaking`), and having moved
farther than the length of the overlap (`mobile`), whose fluctuations are those of chi_4. Ridge
regression predicts them at all times, networks at `--time`. NAME.functions.csv (if the study keeps
`functions`), NAME.fields.csv and the figures are written to `--out`.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

import cagebreak as cb
from cagebreak.figures import style
from cagebreak.figures.heterogeneity import FIELDS

CAGE = {"generations": 0, "kind": ["radial", "angular", "displacement"], "states": ["cage"]}
RECOMMENDED = {"set": "recommended"}
TARGETS = {
    "displacement": "displacement over its mean",
    "bond_breaking": "share of bonds kept",
    "mobile": "having moved $a$",
}
OF_FIELDS = {"variance": "variance", "s_q": r"$S(q_{\min})$", "xi": r"$\xi\,/\,\sigma$"}
NETWORKS = {"network": "^", "graph network": "X"}
"""Markers of the learners that predict one time."""


def learners(folder):
    """Return the networks by name, each with its features."""
    settings = {"checkpoint": folder / "trainings"}
    return {
        "network": (cb.MLPRegressor(**settings), RECOMMENDED),
        "graph network": (cb.GraphNetwork(epochs=60, **settings), CAGE),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe")
    parser.add_argument("--out", type=Path, default=Path())
    parser.add_argument("--name", default="kob_andersen", help="of the tables and the figures")
    parser.add_argument("--time", type=float, required=True, help="of the networks, tau")
    given = parser.parse_args()

    study = cb.Study(given.recipe)
    kept = study.recipe.isoconfigurational.keep or {}
    if "functions" in kept:
        functions(study, given.out / f"{given.name}.functions")
    parts = []
    for target in (target for target in TARGETS if target == "displacement" or target in kept):
        parts.append(study.fields("A", target).assign(target=target, learner="ridge"))
        for name, (learner, features) in learners(study.store.folder).items():
            table = study.fields("A", target, features, learner, [given.time])
            parts.append(table.assign(target=target, learner=name))
    table = pd.concat(parts, ignore_index=True)
    table = table[
        ["target", "learner", *(name for name in table if name not in ("target", "learner"))]
    ]
    table.to_csv(
        given.out / f"{given.name}.fields.csv", index=False, na_rep="nan", float_format="%.5g"
    )
    style.save(draw(table, study.relaxation()["A"]), given.out / f"{given.name}.fields")


def functions(study, name):
    """Write the dynamic functions of a study as a table and a figure."""
    study.table("functions").to_csv(f"{name}.csv", index=False, float_format="%.5g")
    style.save(study.figure("heterogeneity.functions"), name)


def draw(table, tau_alpha):
    """Return a figure: a row for each target, a column for each quantity of `OF_FIELDS`.

    Variance and S(q) of a displacement are in units of its squared mean; those of the others are
    not, since at short times hardly anything has moved.
    """
    targets = list(dict.fromkeys(table.target))
    measured = table[table.field == "measured"].set_index(["target", "learner", "time"])["mean"]
    squares = measured.reindex(pd.MultiIndex.from_frame(table[["target", "learner", "time"]])) ** 2
    squares = np.where(table.target == "displacement", 1.0, squares)
    with style.look():
        figure, parts = style.grid(len(targets), 3, height=1.0 + 2.2 * len(targets))
        for (_, row), target in zip(parts, targets, strict=True):
            for axes, (column, label) in zip(row, OF_FIELDS.items(), strict=True):
                unit = 1.0 if column == "xi" else squares
                names = [f"{part}{column}" for part in ("", "low_", "high_")]
                scaled = table.assign(**{name: table[name] * unit for name in names})
                panel(axes, scaled[scaled.target == target], column)
                axes.set_ylabel(label)
                axes.axvline(tau_alpha, color="0.7", linewidth=0.8)
            style.name_panel(row[0], TARGETS[target])
        style.legend(parts[0][0], parts[0][1][0], columns=3)
    return figure


def panel(axes, rows, column):
    """Draw a quantity of measured and predicted fields over time."""
    for field, (text, (color, marker)) in FIELDS.items():
        known = rows[(rows.field == field) & (rows.learner == "ridge") & rows[column].notna()]
        low, high = known[f"low_{column}"], known[f"high_{column}"]
        axes.fill_between(known.time, low, high, color=color, alpha=0.18, linewidth=0)
        text = text.replace("predicted", "ridge")
        axes.plot(known.time, known[column], color=color, marker=marker, label=text)
    for name, marker in NETWORKS.items():
        known = rows[(rows.field == "predicted") & (rows.learner == name)]
        look = {"color": "#222222", "markersize": 7, "label": name}
        axes.plot(known.time, known[column], marker, **look)
    style.time_axis(axes, rows.time.to_numpy())
    axes.set_xlabel(r"$t\,/\,\tau$")


if __name__ == "__main__":
    main()
