"""What moves together in a study, measured and predicted.

    python heterogeneity.py ka050.toml --name kob_andersen --time 200

The study must be done (`cagebreak run`) and keep `functions`, `bond_breaking` and `mobile`. Of A
particles three quantities are compared: the displacement, the share of bonds kept, and having moved
farther than the length of the overlap, whose fluctuations are those of chi_4. Ridge regression
predicts them at all times, networks at `--time`. NAME.functions.csv, NAME.fields.csv and the
figures are written to `--out`.
"""

import argparse
from pathlib import Path

import pandas as pd

import cagebreak as cb
from cagebreak.figures import style
from cagebreak.figures.heterogeneity import FIELDS, OF_FIELDS

CAGE = {"generations": 0, "kind": ["radial", "angular", "displacement"], "states": ["cage"]}
RECOMMENDED = {"set": "recommended"}
TARGETS = {
    "displacement": "displacement",
    "bond_breaking": "bonds kept",
    "mobile": r"having moved $a$",
}


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
    parser.add_argument("--targets", nargs="+", default=list(TARGETS))
    given = parser.parse_args()

    study = cb.Study(given.recipe)
    study.table("functions").to_csv(given.out / f"{given.name}.functions.csv", index=False)
    style.save(study.figure("heterogeneity.functions"), given.out / f"{given.name}.functions")
    parts = []
    for target in given.targets:
        parts.append(study.fields("A", target).assign(target=target, learner="ridge"))
        for name, (learner, features) in learners(study.store.folder).items():
            table = study.fields("A", target, features, learner, [given.time])
            parts.append(table.assign(target=target, learner=name))
    table = pd.concat(parts, ignore_index=True)
    table = table[
        ["target", "learner", *(name for name in table if name not in ("target", "learner"))]
    ]
    table.to_csv(given.out / f"{given.name}.fields.csv", index=False, na_rep="nan")
    style.save(draw(table, study.relaxation()["A"]), given.out / f"{given.name}.fields")


def draw(table, tau_alpha):
    """Return a figure: a row for each target, a column for each quantity of `OF_FIELDS`."""
    with style.look():
        targets = list(dict.fromkeys(table.target))
        figure, parts = style.grid(len(targets), 3, height=0.6 + 2.1 * len(targets))
        for (_, row), target in zip(parts, targets, strict=True):
            of_target = table[table.target == target]
            for axes, (column, label) in zip(row, OF_FIELDS.items(), strict=True):
                for field, (text, (color, marker)) in FIELDS.items():
                    rows = of_target[(of_target.field == field) & (of_target.learner == "ridge")]
                    known = rows[rows[column].notna()]
                    axes.fill_between(
                        known.time, known[f"low_{column}"], known[f"high_{column}"],
                        color=color, alpha=0.18, linewidth=0,
                    )  # fmt: skip
                    axes.plot(known.time, known[column], color=color, marker=marker, label=text)
                predicted = of_target[of_target.field == "predicted"]
                for name, marker in (("network", "x"), ("graph network", "+")):
                    rows = predicted[predicted.learner == name]
                    axes.plot(
                        rows.time, rows[column], marker, color="#222222", markersize=7,
                        label=f"predicted, {name}",
                    )  # fmt: skip
                style.time_axis(axes, of_target.time.to_numpy())
                axes.set_xlabel(r"$t\,/\,\tau$")
                axes.set_ylabel(f"{TARGETS[target]}: {label}")
                axes.axvline(tau_alpha, color="0.7", linewidth=0.8)
        style.legend(parts[0][0], parts[0][1][0], columns=6)
    return figure


if __name__ == "__main__":
    main()
