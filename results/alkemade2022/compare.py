"""Compare all learners of Alkemade 2022, and the baselines of Boattini 2021, on a study.

    python compare.py hs058.toml --out . [--species A B] [--times 0.1 1 100 1000]

The study must be done (`cagebreak run`). Trainings are kept beside it while this runs: stopped, it
goes on from there, and the CPU time in the table is then that of the rest alone.
"""

import argparse
from pathlib import Path

import cagebreak as cb
from cagebreak.figures import alkemade2022, boattini2021
from cagebreak.figures.style import save
from cagebreak.learning import Softness, SupportVectors
from cagebreak.study import tables


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe")
    parser.add_argument("--out", type=Path, default=Path())
    parser.add_argument("--name", default="hard_spheres")
    parser.add_argument("--species", nargs="+", default=["A", "B"])
    parser.add_argument("--times", nargs="+", type=float)
    parser.add_argument("--epochs", type=int, default=500)
    parser.add_argument("--graph-epochs", type=int, default=500)
    parser.add_argument("--patience", type=int, help="default: that of each network")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--learners", nargs="+", help="default: the first five below")
    given = parser.parse_args()

    study = cb.Study(given.recipe)
    settings = {"checkpoint": study.store.folder / "trainings"}
    if given.patience is not None:
        settings["patience"] = given.patience
    network = settings | {"epochs": given.epochs}
    graph = settings | {"epochs": given.graph_epochs}
    learners = {
        "ridge": None,  # of the recipe
        "svm": SupportVectors(),
        "softness": Softness(),
        "network": cb.NeuralNetwork(**network),
        "graph": cb.GraphNetwork(**graph),
    }
    wanted = given.learners or list(learners)
    learners["graph together"] = cb.GraphNetwork(together=True, **graph)
    for row in range(1, 6):
        learners[f"network {row}"] = cb.NeuralNetwork.alkemade2022(row, **network)
    for row in range(1, 7):
        learners[f"graph {row}"] = cb.GraphNetwork.alkemade2022(row, **graph)
    table = study.compare(
        {name: learners[name] for name in wanted},
        species=given.species,
        times=given.times,
        workers=given.workers,
    )
    tables.write(given.out / f"{given.name}.csv", table, {})
    tau_alpha = study.relaxation()
    save(alkemade2022.comparison(table, tau_alpha), given.out / f"{given.name}.comparison")
    save(boattini2021.learners(table, tau_alpha), given.out / f"{given.name}.boattini2021")


if __name__ == "__main__":
    main()
