"""What predicts hard spheres at 0.58: the ablation of the recommended set, at all times, for A.

Run: python results/cage-state/hard_spheres.py FOLDER, after `cagebreak run` of the data set
`hard-spheres-058`. Features are kept in FOLDER; the table is written to FOLDER/hard_spheres.csv,
the figure to FOLDER/hard_spheres.png and .pdf.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

import cagebreak as cb
from cagebreak.descriptors import recommended
from cagebreak.figures import style
from cagebreak.figures.correlation import draw
from cagebreak.learning import RidgeCV, Sample, evaluate
from cagebreak.study.recipe.selections import columns

DATA = Path(__file__).parents[2] / "datasets" / "hard-spheres-058" / "hs058.toml"
SEED = 1
ALPHAS = tuple(10.0**n for n in range(8))
FACTORS = (1.0, 3.0, 10.0)
SAMPLED = {"kind": ["radial", "angular"], "state": "sampled"}
CAGE = {"body": 1, "state": "sampled"}
INHERENT = {"body": 1, "state": "inherent"}
ROWS = {
    "sampled LR3": ([SAMPLED], "global", (1.0,)),
    "sampled LR3, centered": ([SAMPLED], "configuration", (1.0,)),
    "+ cage scalars": ([SAMPLED, CAGE], "configuration", (1.0,)),
    "+ weights": ([SAMPLED, CAGE], "configuration", FACTORS),
    "+ inherent scalars": ([SAMPLED, CAGE, INHERENT], "configuration", FACTORS),
    "+ initial LR0: recommended": ([{}], "configuration", FACTORS),
}


def features(study, c, folder):
    """Return labels and values of the recommended set for the A particles of a configuration."""
    file = folder / f"features_{c:04d}.npz"
    if not file.exists():
        model, sweeps = study.recipe.model, study.recipe.states.cage["sweeps"]
        wanted = recommended.Recommended(model, sweeps)
        found = wanted.describe(study.state(c, "inherent"), study.state(c, "cage"))
        a = study.configuration(c).species == 0
        np.savez(file, values=found.values[a], labels=np.asarray(found.labels))
        print("configuration", c, flush=True)
    read = np.load(file)
    return read["labels"].view(np.recarray), read["values"]


def main(folder):
    """Write the table and the figure."""
    folder.mkdir(exist_ok=True, parents=True)
    study = cb.Study(DATA)
    made = [features(study, c, folder) for c in range(study.n_configurations)]
    moved = [study.propensity(c) for c in range(study.n_configurations)]
    tables = []
    for name, (selection, center, weights) in ROWS.items():
        labels = made[0][0]
        chosen = columns(labels, selection)
        samples = []
        for (_, values), propensity in zip(made, moved, strict=True):
            a = propensity.species == 0
            halves = propensity.halves[:, :, a].swapaxes(1, 2)
            samples.append(Sample(values[:, chosen], propensity.mean[:, a].T, halves=halves))
        # The mean of a configuration is predicted from the energy of its inherent state.
        energy = (labels.kind == "energy") & (labels.state == "inherent") & np.isnan(labels.r)
        column = np.flatnonzero(energy[chosen])
        found = evaluate(
            RidgeCV(alphas=ALPHAS, folds=4, center=center, weights=weights, seed=SEED),
            samples,
            seed=SEED,
            columns={name: slice(None)},
            feature_groups=recommended.feature_groups(labels[chosen]),
            configuration_mean=int(column[0]) if len(column) else None,
            times=moved[0].times,
        ).table
        tables.append(found)
        print(name, np.round(found["r_configuration"].to_numpy(), 3), flush=True)
    table = pd.concat(tables)
    table.to_csv(folder / "hard_spheres.csv", index=False, na_rep="nan", lineterminator="\r\n")
    draw_figure(pd.concat([table, study.table("scores")]), folder)


def draw_figure(table, folder):
    """Draw the mean over configurations of each one's r, for the recommended set and others."""
    for column in ("r", "low", "high"):
        table[column] = table[f"{column}_configuration"]
    looks = {
        "LR2": ("$X^\\mathrm{init}$", style.STATES["initial"]),
        "X init + X CS + dr CS": (
            "$X^\\mathrm{init}, X^\\mathrm{CS}, \\Delta r^\\mathrm{CS}$",
            style.STATES["cage"],
        ),
        "sampled LR3": ("sampled", style.OTHERS[2]),
        "+ initial LR0: recommended": ("recommended", style.OTHERS[1]),
    }
    with style.look():
        figure, (axes,) = style.panels(1, height=2.9)
        draw(axes, table, "A", looks, None)
        style.legend(figure, axes, 3)
        style.save(figure, folder / "hard_spheres")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
