"""The figures of Rottler and Ortner 2024, from the tables that rottler2024.py has made.

Figure 2 is drawn by slices.py, from the studies themselves.
"""

import csv
from pathlib import Path

import numpy as np

import cagebreak as cb
from cagebreak.figures import rottler2024 as paper
from cagebreak.figures import style

MODELS = {1: cb.fene_polymer(), 2: cb.kob_andersen()}
"""By the number of species; the labels of features depend on nothing else."""


def read(path):
    """Return the rows of a table."""
    with Path(path).open(newline="") as file:
        return list(csv.DictReader(file))


def feature(label):
    """Return the name of a feature: "A1" of a pair, as in the paper, or "AB, n = 1,2, l = 1,1"."""
    if label.body == 2:
        return f"{label.species}{label.ns}"
    return f"{label.species}, n = {label.ns}, l = {label.ls}"


def blocks(labels):
    """Return after how many features each block ends: pairs of each species, 3 bodies, 4 bodies."""
    kind = np.where(labels.body == 2, labels.species, labels.body)
    return np.append(np.flatnonzero(kind[1:] != kind[:-1]) + 1, len(labels)).tolist()


def block(labels):
    """Return the name of the features up to one: "A" and "A, B" of pairs, else "3 bodies"."""
    if labels.body[-1] == 2:
        return "pairs with " + ", ".join(dict.fromkeys(labels.species))
    return f"up to {labels.body[-1]} bodies"


def table(rows, *names):
    """Return columns of numbers as a structured array."""
    found = np.zeros(len(rows), [(name, "f8") for name in names])
    for name in names:
        found[name] = [float(row[name]) for row in rows]
    return found


def grouped(rows, *keys):
    """Return rows by the values of some columns, in the order they come: dictionaries in turn."""
    if not keys:
        return rows
    parts = {}
    for row in rows:
        parts.setdefault(row[keys[0]], []).append(row)
    return {value: grouped(part, *keys[1:]) for value, part in parts.items()}


def curves(parts, *names):
    """Return the innermost rows of `grouped` as tables."""
    if isinstance(parts, list):
        return table(parts, *names)
    return {value: curves(part, *names) for value, part in parts.items()}


def draw(folder, main):
    """Draw every figure whose table is there."""
    found = {path.stem: read(path) for path in sorted(folder.glob("*.csv"))}
    species = {row["system"]: int(row["n_species"]) for row in found.get("studies", [])}
    shown = cb.papers.rottler2024(cb.kob_andersen(), float(main))
    keep(folder, "fig1.radial_basis", paper.radial_basis(shown))
    labels = {
        system: cb.papers.rottler2024(MODELS[n], float(main)).labels()
        for system, n in species.items()
    }
    scores = ("accuracy", "low", "high")
    # A figure for each way, thermal or shear: not every system has both.
    for way, rows in grouped(found.get("accuracy", []), "way").items():
        panels = curves(grouped(named(rows), "system", "r_cut"), "n_features", *scores)
        keep(folder, f"fig3.accuracy.{way}", paper.accuracy({way: panels}, labels))
        few = {system: int((of.body <= 3).sum()) for system, of in labels.items()}
        basis = [
            row | {"order": "standard order"}
            for row in rows
            if row["r_cut"] == main and int(row["n_features"]) <= few[row["system"]]
        ]
        others = [row for row in found.get("orders", []) if row["way"] == way]
        panels = curves(grouped(basis + others, "system", "order"), "n_features", *scores)
        keep(folder, f"fig5.orders.{way}", paper.selections({way: panels}))
    for way, rows in grouped(found.get("learning", []), "way").items():
        panels = curves(grouped(rows, "system", "features"), "n_configurations", *scores)
        keep(folder, f"fig6.learning.{way}", paper.learning_curves(panels))
    for way, rows in grouped(found.get("regression", []), "way").items():
        few = named(row for row in rows if row["particles"] == "labeled")
        panels = curves(grouped(few, "system", "r_cut"), "n_features", "r", "low", "high")
        keep(folder, f"fig7.regression.{way}", paper.accuracy({way: panels}, labels, "r"))
    panels = {
        system: {
            {"thermal": "T", "shear": "M"}[way]: (values["value"], values["active"] == 1)
            for way, rows in ways.items()
            for values in [table(rows, "value", "active")]
        }
        for system, ways in grouped(found.get("distribution", []), "system", "way").items()
    }
    if panels:
        figure = paper.distributions(panels, r"first radial descriptor, $n = 1$")
        keep(folder, "fig4.distributions", figure)
    if len({row["r_cut"] for row in found.get("pairs", [])}) > 1:
        raise SystemExit("pairs.csv: expected one cut-off, since the panels share an axis")
    for way, rows in grouped(found.get("pairs", []), "way").items():
        panels = grouped(rows, "system", "features", "species")
        r = table(next(iter(next(iter(next(iter(panels.values())).values())).values())), "r")["r"]
        functions = {
            system: {
                name: np.stack([table(part, "u")["u"] for part in of_species.values()])
                for name, of_species in models.items()
            }
            for system, models in panels.items()
        }
        keep(folder, f"pair_functions.{way}", paper.pair_functions(r, functions))


def named(rows):
    """Return rows with the cut-off as the legend names it, in rising order."""
    rising = sorted(rows, key=lambda row: float(row["r_cut"]))
    return [row | {"r_cut": rf"$r_\mathrm{{cut}} = {row['r_cut']}$"} for row in rising]


def keep(folder, name, figure):
    """Write a figure as PNG."""
    (folder / f"{name}.png").write_bytes(style.images(figure)[0])


def summary(folder, main):
    """Print a row of Markdown for each study: the accuracy of one feature and of each block."""
    rows = [row for row in read(folder / "accuracy.csv") if row["r_cut"] == main]
    species = {row["system"]: int(row["n_species"]) for row in read(folder / "studies.csv")}
    for (system, way), found in _by_study(rows):
        labels = cb.papers.rottler2024(MODELS[species[system]], float(main)).labels()
        ends = {str(n) for n in (1, *blocks(labels))}
        cells = [_cell(row) for row in found if row["n_features"] in ends]
        print("|", " | ".join([f"{system}, {way}", *cells]), "|")


def _by_study(rows):
    for system, ways in grouped(rows, "system", "way").items():
        for way, found in ways.items():
            yield (system, way), found


def _cell(row):
    percent = [f"{100 * float(row[name]):.0f}" for name in ("accuracy", "low", "high")]
    return "{} ({}–{})".format(*percent)
