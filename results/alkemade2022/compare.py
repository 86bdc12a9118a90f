"""Compare all learners of Alkemade 2022, and others, on a study.

    python compare.py hs058.toml --name hard_spheres --learners ridge graph --species A

The study must be done (`cagebreak run`). Rows of learners that are done anew replace theirs in
the table; the others stay. Differences are from the first learner in it, of the moments that
stand in NAME.configurations.csv. Trainings are kept beside the study: stopped, a comparison goes
on from there.
"""

import argparse
from pathlib import Path

import pandas as pd

import cagebreak as cb
from cagebreak._frames import to_frame, to_rows
from cagebreak.figures import alkemade2022, boattini2021
from cagebreak.figures.style import save
from cagebreak.learning import LinearSVR, Softness
from cagebreak.learning.model_selection.compare import with_differences
from cagebreak.seeding import seed_sequence

CAGE = {"generations": 0, "kind": ["radial", "angular", "displacement"], "states": ["cage"]}
CAGE_AVERAGED = CAGE | {"generations": 2}
ALL = {"generations": 2, "kind": ["radial", "angular"], "states": ["initial"]}
RECOMMENDED = {"set": "recommended"}
PHYSICS = {
    "generations": 0,
    "kind": ["energy", "energy var", "density", "perimeter", "area", "volume", "displacement"],
    "states": ["inherent"],
}
"""Of a study described by `set = "jung2023"`."""
PHYSICS_AVERAGED = PHYSICS | {"generations": 2}
PANELS = {
    "comparison": ("ridge", "network", "graph", "equivariant", "svm", "softness"),
    "ensembles": ("ridge", "network", "network ensemble", "graph", "graph ensemble"),
    "networks": ("ridge", *(f"network {row}" for row in range(1, 5)), "network"),
    "graph_networks": ("ridge", "graph", "graph, averaged", "graph, vectors", "graph together"),
}
"""Learners of a figure over time: as figures 8 (two), 5 and 7 of Alkemade 2022.

`network` is row 5 of table I."""
GENERATIONS = {"network, generation 0": "LR0", "network, generation 1": "LR1", "network": "LR2"}
"""Figure 6: as the figure of ridge regression calls them."""
SMALL = {"hidden": (10, 10), "dropout": 0.0, "alpha": 0.0, "learning_rate": 1e-3, "patience": 20}


def known(network, graph):
    """Return learners by name, each alone or with its features, with these settings."""
    small = cb.MLPRegressor(**network | SMALL)
    learners = {
        "ridge": None,  # of the recipe
        "svm": LinearSVR(),
        "softness": Softness(),
        "network": cb.MLPRegressor(**network),
        "graph": cb.GraphNetwork(**graph),
        "equivariant": cb.EquivariantNetwork(**graph),
        "network ensemble": cb.Ensemble(cb.MLPRegressor(**network)),
        "graph ensemble": cb.Ensemble(cb.GraphNetwork(**graph)),
        "graph together": cb.GraphNetwork(share_species=True, **graph),
        "graph, averaged": (cb.GraphNetwork(**graph), ALL),
        "graph, vectors": (cb.GraphNetwork(edges="vector", **graph), ALL),
        "network, generation 0": (cb.MLPRegressor(**network), ALL | {"generations": 0}),
        "network, generation 1": (cb.MLPRegressor(**network), ALL | {"generations": 1}),
        "ridge on cages": (None, CAGE_AVERAGED),
        "network on cages": (cb.MLPRegressor(**network), CAGE_AVERAGED),
        "network ensemble on cages": (cb.Ensemble(cb.MLPRegressor(**network)), CAGE_AVERAGED),
        "graph on cages": (cb.GraphNetwork(**graph), CAGE),
        "equivariant on cages": (cb.EquivariantNetwork(**graph), CAGE),
        "ridge, recommended": (None, RECOMMENDED),
        "network, recommended": (cb.MLPRegressor(**network), RECOMMENDED),
        "network ensemble, recommended": (cb.Ensemble(cb.MLPRegressor(**network)), RECOMMENDED),
        "ridge, physical": (None, PHYSICS),
        "network, physical": (small, PHYSICS),
        "network ensemble, physical": (cb.Ensemble(small), PHYSICS),
        "equivariant, physical": (cb.EquivariantNetwork(**graph), PHYSICS),
        "ridge, averaged physical": (None, PHYSICS_AVERAGED),
        "network, averaged physical": (small, PHYSICS_AVERAGED),
        "equivariant, averaged physical": (cb.EquivariantNetwork(**graph), PHYSICS_AVERAGED),
    }
    for row in range(1, 6):
        learners[f"network {row}"] = cb.MLPRegressor.alkemade2022(row, **network)
    for row in range(1, 7):
        network = cb.GraphNetwork.alkemade2022(row, **graph)
        learners[f"graph {row}"] = (network, ALL) if row == 2 else network
    return learners


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe")
    parser.add_argument("--out", type=Path, default=Path())
    parser.add_argument("--name", default="hard_spheres", help="of the table and the figures")
    parser.add_argument("--learners", nargs="+", default=["ridge", "svm", "softness", "network"])
    parser.add_argument("--species", nargs="+", default=["A", "B"])
    parser.add_argument("--times", nargs="+", type=float)
    parser.add_argument("--epochs", type=int, default=500)
    parser.add_argument("--graph-epochs", type=int, default=500)
    parser.add_argument("--patience", type=int, help="default: that of each network")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()

    study = cb.Study(given.recipe)
    settings = {"checkpoint": study.store.folder / "trainings", "device": given.device}
    if given.patience is not None:
        settings["patience"] = given.patience
    learners = known(settings | {"epochs": given.epochs}, settings | {"epochs": given.graph_epochs})
    table = study.compare(
        {name: learners[name] for name in given.learners},
        species=given.species,
        times=given.times,
        workers=given.workers,
    )
    moments = read(study.store.folder / "tables" / "comparison_configurations.csv")
    moments = keep(given.out / f"{given.name}.configurations.csv", moments)
    rows = with_differences(
        to_rows(keep(given.out / f"{given.name}.csv", table)),
        to_rows(moments),
        seed=seed_sequence(study.recipe.study.seed, "fit"),
        n_resamples=study.recipe.learning.bootstrap,
    )
    table = to_frame(rows)
    write(given.out / f"{given.name}.csv", table)
    draw(table, study.relaxation(), given.out / given.name)


def keep(path, table):
    """Write a table, its rows in the place of those of the same learners; return all rows."""
    if path.exists():
        before = read(path)
        assert list(before) == list(table), f"{path}: {list(before)}"
        learners = pd.MultiIndex.from_frame(table[["learner", "species"]])
        replaced = pd.MultiIndex.from_frame(before[["learner", "species"]]).isin(learners)
        table = pd.concat([before[~replaced], table], ignore_index=True)
    write(path, table)
    return table


def read(path):
    return pd.read_csv(path)


def write(path, table):
    table.to_csv(path, index=False, na_rep="nan")


def draw(table, tau_alpha, name):
    """Draw the figures of a table, to files that start with a name."""
    if table.time.nunique() == 1:
        save(alkemade2022.comparison(table, tau_alpha), Path(f"{name}.comparison"))
        return
    for panel, learners in PANELS.items():
        of_panel = table[table.learner.isin(learners)]
        if of_panel.learner.nunique() > 1:
            save(alkemade2022.comparison(of_panel, tau_alpha), Path(f"{name}.{panel}"))
    of_paper = table[table.learner.isin(PANELS["comparison"])]
    save(boattini2021.learners(of_paper, tau_alpha), Path(f"{name}.boattini2021"))
    averaged = table[table.learner.isin(GENERATIONS)]
    averaged = averaged.assign(features=averaged.learner.map(GENERATIONS))
    for species, of_species in averaged.groupby("species"):
        if of_species.learner.nunique() == len(GENERATIONS):
            figure = alkemade2022.generations(averaged, tau_alpha, species, "NN")
            save(figure, Path(f"{name}.generations_{species}"))


if __name__ == "__main__":
    main()
