"""What coarse-grained descriptors predict of Kob-Andersen at T = 0.5, for A at all times.

    python results/kob-andersen-050/coarse_grained.py FOLDER

The data set `kob-andersen-050` is copied to FOLDER, with the descriptors of Jung 2023 of the
initial and the inherent state in its recipe. The table is written beside this script:
coarse_grained.csv.
"""

import re
import shutil
import sys
from pathlib import Path

import pandas as pd

import cagebreak as cb

HERE = Path(__file__).parent
DATA = Path(__file__).parents[2] / "datasets" / "kob-andersen-050" / "ka050"
DESCRIPTORS = """[descriptors]
set = "jung2023"
generations = 0
states = ["initial", "inherent"]
recommended = false
"""
CELLS = ["perimeter", "area", "volume"]
ENERGIES = ["energy", "energy var"]
ALL = ["density", *ENERGIES, *CELLS]
ROWS = {
    "coarse-grained, initial": {"states": ["initial"], "kind": ALL},
    "coarse-grained, IS": {"states": ["inherent"], "kind": ALL},
    "only energies, IS": {"states": ["inherent"], "kind": ENERGIES},
    "only cells, IS": {"states": ["inherent"], "kind": CELLS},
    "only densities, IS": {"states": ["inherent"], "kind": ["density"]},
    "coarse-grained and dr, IS": {"states": ["inherent"]},
    "the same, of both states": {"kind": [*ALL, "displacement"]},
    "the same, and the net force": {"states": ["initial", "inherent"]},
}
COLUMNS = [
    *("learner", "features", "n_features", "time"),
    *("r_configuration", "low_configuration", "high_configuration", "ceiling"),
]


def main(folder):
    """Write the table."""
    shutil.copytree(DATA, folder / DATA.name, dirs_exist_ok=True)
    recipe = DATA.with_suffix(".toml").read_text(encoding="utf-8")
    recipe = re.sub(r"\[descriptors\].*?(?=^\[)", DESCRIPTORS + "\n", recipe, flags=re.S | re.M)
    recipe = re.sub(r"\[learning\.selections\].*", "", recipe, flags=re.S)
    recipe += '[learning.selections]\nall = { states = ["inherent"] }\n'
    path = folder / f"{DATA.name}.toml"
    path.write_text(recipe, encoding="utf-8")
    study = cb.Study(path)
    study.run()
    network = cb.MLPRegressor(hidden=(10, 10), dropout=0.0, learning_rate=1e-3)
    of_network = {"coarse-grained and dr, IS": ROWS["coarse-grained and dr, IS"]}
    tables = [
        study.fit(features=ROWS, species="A").table,
        study.fit(network, features=of_network, species="A").table,
    ]
    scores = pd.concat(tables)[COLUMNS]
    scores.to_csv(
        HERE / "coarse_grained.csv", index=False, float_format="%.5g", lineterminator="\n"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
