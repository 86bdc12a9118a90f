"""Write the studies that temperatures.py compares, one folder for each glass former.

Run: python results/temperatures/studies.py FOLDER [--sweeps RELAXING MEASURED] [--most NUMBER]

Each recipe is that of a data set with the changes below. Configurations and propensities that data
sets have are copied: `cagebreak run` computes what is not there.
"""

import argparse
import shutil
from copy import deepcopy
from pathlib import Path

import cagebreak as cb
from cagebreak.study.recipe.writing import text

DATASETS = Path(__file__).resolve().parents[2] / "datasets"
SWEEPS = [1000, 10_000]
DESCRIPTORS = {
    "set": "alkemade2023",
    "generations": 0,
    "states": ["inherent", "cage"],
    "recommended": True,
}
LEARNED = {
    "outer_folds": 4,
    "inner_folds": 3,
    "selections": {"recommended": {"set": "recommended"}},
}


def thermal(temperature, n_configurations, relaxing, equilibrating, n_runs, last, n_times):
    """Return what differs for a temperature of Kob-Andersen from the data set at T = 0.5."""
    steps = [
        {"ensemble": "NVT", "time": float(relaxing)},
        {"ensemble": "NVE", "time": float(equilibrating)},
    ]
    return {
        "model": {"temperature": temperature},
        "preparation": {
            "n_configurations": n_configurations,
            "steps": steps,
            "engine": "cagebreak",
        },
        "isoconfigurational": {"n_runs": n_runs, "last": float(last), "n_times": n_times},
    }


def dense(packing_fraction, n_configurations, time, n_runs, last, n_times):
    """Return what differs for a density of hard spheres from the data set at 0.58."""
    return {
        "model": {"packing_fraction": packing_fraction},
        "preparation": {
            "n_configurations": n_configurations,
            "n_particles": 1000,
            "time": float(time),
        },
        "isoconfigurational": {"n_runs": n_runs, "last": float(last), "n_times": n_times},
    }


STUDIES = {
    "kob-andersen": {
        "044": ("kob-andersen-044", {}),
        "050": ("kob-andersen-050", {}),
        "055": ("kob-andersen-050", thermal(0.55, 8, 100, 300, 10, 150, 22)),
        "065": ("kob-andersen-065", thermal(0.65, 8, 60, 200, 20, 60, 19)),
        "080": ("kob-andersen-080", thermal(0.8, 12, 30, 60, 20, 30, 18)),
    },
    "hard-spheres": {
        "052": ("hard-spheres-058", dense(0.52, 12, 300, 16, 25, 18)),
        "054": ("hard-spheres-058", dense(0.54, 12, 400, 16, 50, 19)),
        "056": ("hard-spheres-058", dense(0.56, 8, 1000, 12, 100, 21)),
        "058": ("hard-spheres-058", {"preparation": {"n_configurations": 12}}),
    },
}
"""The data set that each study starts from, and the changes of its recipe by section."""


def recipe_of(dataset, changes, sweeps, most):
    """Return the recipe of a data set with changes, as values by section and key."""
    values = deepcopy(cb.datasets.study(dataset).recipe.values)
    described = {"states": {"cage": {"sweeps": sweeps}}, "descriptors": DESCRIPTORS}
    for section, entries in (changes | described | {"learning": LEARNED}).items():
        values[section] = values[section] | entries
    preparation = values["preparation"]
    preparation["n_configurations"] = min(preparation["n_configurations"], most)
    return values


def main():
    """Write the recipes, and copy what the data sets have."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sweeps", nargs=2, type=int, default=SWEEPS, help="of the cage state")
    parser.add_argument("--most", type=int, default=12, help="configurations of a study, at most")
    wanted = parser.parse_args()
    folder = wanted.folder
    for system, studies in STUDIES.items():
        (folder / system).mkdir(parents=True, exist_ok=True)
        for name, (dataset, changes) in studies.items():
            path = folder / system / f"{name}.toml"
            path.write_text(text(recipe_of(dataset, changes, wanted.sweeps, wanted.most)))
            if changes.get("model"):
                continue
            (source,) = (p for p in (DATASETS / dataset).iterdir() if p.is_dir())
            shutil.copytree(source, path.with_suffix(""), dirs_exist_ok=True)


if __name__ == "__main__":
    main()
