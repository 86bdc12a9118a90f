"""The figures of Rottler and Ortner 2024, from the tables that rottler2024.py has made."""

import csv
from pathlib import Path

import numpy as np

import cagebreak as cb
from cagebreak.figures import rottler2024_ace, style

MODELS = {1: cb.fene_polymer(), 2: cb.kob_andersen()}
"""By the number of species; the labels of features depend on nothing else."""


def read(path):
    """Return the rows of a table."""
    with Path(path).open(newline="") as file:
        return list(csv.DictReader(file))


def feature(label):
    """Return the name of a feature, such as "AB, n = 1,2, l = 1,1"."""
    return f"{label.species}, n = {label.ns}" + (f", l = {label.ls}" if label.body > 2 else "")


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
    keep(folder, "fig1.radial_basis", rottler2024_ace.radial_basis(shown))
    labels = {
        system: cb.papers.rottler2024(MODELS[n], float(main)).labels()
        for system, n in species.items()
    }
    scores = ("accuracy", "low", "high")
    # A figure for each way, thermal or shear: not every system has both.
    for way, rows in grouped(found.get("accuracy", []), "way").items():
        basis = [
            row | {"r_cut": rf"$r_\mathrm{{cut}} = {row['r_cut']}$"}
            for row in rows
            if row["order"] == "basis"
        ]
        panels = curves(grouped(basis, "system", "r_cut"), "n_features", *scores)
        keep(folder, f"fig3.accuracy.{way}", rottler2024_ace.accuracy({way: panels}, labels))
        rows = [row for row in rows if row["r_cut"] == main]
        panels = curves(grouped(rows, "system", "order"), "n_features", *scores)
        keep(folder, f"fig5.orders.{way}", rottler2024_ace.selections({way: panels}))
    for way, rows in grouped(found.get("learning", []), "way").items():
        panels = curves(grouped(rows, "system", "features"), "n_configurations", *scores)
        keep(folder, f"fig6.learning.{way}", rottler2024_ace.learning_curves(panels))
    for way, rows in grouped(found.get("regression", []), "way").items():
        ridge = [
            row | {"r_cut": rf"$r_\mathrm{{cut}} = {row['r_cut']}$"}
            for row in rows
            if row["learner"] == "Ridge" and row["target"] == "moved"
        ]
        panels = curves(grouped(ridge, "system", "r_cut"), "n_features", "r", "low", "high")
        keep(folder, f"fig7.regression.{way}", rottler2024_ace.accuracy({way: panels}, labels, "r"))
    for way, systems in grouped(found.get("distribution", []), "way", "system", "feature").items():
        panels = {
            f"{system}\n{name}": {"": (values["value"], values["active"] == 1)}
            for system, named in systems.items()
            for name, rows in named.items()
            for values in [table(rows, "value", "active")]
        }
        keep(folder, f"fig4.distributions.{way}", rottler2024_ace.distributions(panels, "feature"))
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
        keep(folder, f"pair_functions.{way}", rottler2024_ace.pair_functions(r, functions))


def keep(folder, name, figure):
    """Write a figure as PNG."""
    with style.look():
        figure.savefig(folder / f"{name}.png")


def summary(folder, main):
    """Print a row of Markdown for each study: the accuracy of one feature and of each block."""
    rows = [row for row in read(folder / "accuracy.csv") if row["r_cut"] == main]
    species = {row["system"]: int(row["n_species"]) for row in read(folder / "studies.csv")}
    for (system, way), found in _by_study(rows):
        labels = cb.papers.rottler2024(MODELS[species[system]], float(main)).labels()
        ends = {str(n) for n in (1, *blocks(labels))}
        cells = [
            _cell(row) for row in found if row["order"] == "basis" and row["n_features"] in ends
        ]
        print("|", " | ".join([f"{system}, {way}", *cells]), "|")


def _by_study(rows):
    for system, ways in grouped(rows, "system", "way").items():
        for way, found in ways.items():
            yield (system, way), found


def _cell(row):
    percent = [f"{100 * float(row[name]):.0f}" for name in ("accuracy", "low", "high")]
    return "{} ({}–{})".format(*percent)
