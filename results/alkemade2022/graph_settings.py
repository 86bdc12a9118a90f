"""What the settings of the graph network change: one fold of hard spheres at 0.58, for A.

    python results/alkemade2022/graph_settings.py FOLDER

The data set `hard-spheres-058` is copied to FOLDER and described. Each network is trained once, in
one thread, on the configurations that the first fold of `compare.py` trains on, a fifth of them to
choose the epoch. Edges reach 1.5 sigma. The table is written beside this script:
graph_settings.csv; r is pooled over the particles, mean over six times.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")

import re
import shutil
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from table2 import read

import cagebreak as cb
from cagebreak.learning import configuration_folds, pearson
from cagebreak.seeding import seed_sequence

HERE = Path(__file__).parent
DATA = Path(__file__).parents[2] / "datasets" / "hard-spheres-058" / "hs058"
TIMES = [0.04, 0.4, 2.5, 16.0, 100.0, 1000.0]
NETWORKS = {
    "layers replace": {"residual": False, "dropout": 0.0},
    "layers add": {"dropout": 0.0},
    "30 % dropped out": {"dropout": 0.3},
    "half dropped out": {"dropout": 0.5},
    "80 % dropped out": {"dropout": 0.8},
}
SETTINGS = {"cutoff": 1.5, "epochs": 60}


def main(folder):
    """Write the table."""
    shutil.copytree(DATA, folder / DATA.name, dirs_exist_ok=True)
    recipe = DATA.with_suffix(".toml").read_text(encoding="utf-8")
    recipe = re.sub(r"^states = \[.*?\]", 'states = ["initial"]', recipe, flags=re.M)
    recipe = recipe.replace("recommended = true", "recommended = false")
    recipe = re.sub(r"\[learning\.selections\].*", "", recipe, flags=re.S)
    recipe += '[learning.selections]\nLR0 = { generations = 0, kind = ["radial", "angular"] }\n'
    path = folder / f"{DATA.name}.toml"
    path.write_text(recipe, encoding="utf-8")
    study = cb.Study(path)
    study.run()

    seed = seed_sequence(study.recipe.study.seed, "fit")
    n = study.n_configurations
    folds = configuration_folds(n, study.recipe.learning.outer_folds, seed=seed)
    training, test = np.flatnonzero(folds != 0), np.flatnonzero(folds == 0)
    rows = []
    for generations in (0, 2):
        _, graphs, targets = read(study, TIMES, generations, (0,))
        X = [graph.features[graph.rows] for graph in graphs]
        of_rows = np.repeat(training, [len(X[c]) for c in training])
        ridge = cb.RidgeCV(alphas=tuple(10.0**k for k in range(8)), folds=4)
        ridge.fit(joined(X, training), joined(targets, training), of_rows)
        r = pearson(ridge.predict(joined(X, test)), joined(targets, test))
        rows.append({"learner": f"ridge, generations up to {generations}", "test": r.mean()})
    _, graphs, targets = read(study, TIMES, 0, (0,))
    for name, settings in NETWORKS.items():
        network = cb.GraphNetwork(**SETTINGS | settings)
        begun = time.process_time()
        network.fit([graphs[c] for c in training], [targets[c] for c in training])
        seconds = time.process_time() - begun
        predicted = np.concatenate(network.predict([graphs[c] for c in test]))
        validation = network.validation_[network.best_epoch_, np.arange(len(TIMES))]
        rows.append(
            {
                "learner": name,
                "test": pearson(predicted, joined(targets, test)).mean(),
                "validation": validation.mean(),
                "epochs": len(network.validation_),
                "cpu_s": round(seconds, 1),
            }
        )
        print(*rows[-1].values(), flush=True)
    table = pd.DataFrame(rows).astype({"epochs": "Int64"})
    path = HERE / "graph_settings.csv"
    table.to_csv(path, index=False, float_format="%.4g", lineterminator="\n")


def joined(tables, configurations):
    """Return the rows of some configurations."""
    return np.concatenate([tables[c] for c in configurations])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
