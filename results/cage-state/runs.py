"""What the number of runs does to r of the displacement to the cage state, for A particles.

Run: python results/cage-state/runs.py STUDIES

STUDIES has the recipes and folders of the three models of Alkemade 2023, run from their data sets.
At the time at which the displacement predicts best, r (mean over configurations) is measured with
all runs and with half of them, and is predicted for half of them and for the 50 runs of the paper
from the noise of the runs: r is proportional to the root of the reliability of the propensity,
which follows from r between the two halves by Spearman and Brown. The table is written beside this
script: runs.csv.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

import cagebreak as cb
from cagebreak.learning import pearson

HERE = Path(__file__).parent
MODELS = {"hard_spheres": "hs058", "harmonic": "harmonic", "kob_andersen": "ka044"}
PAPER = 50


def main(studies):
    rows = []
    for model, name in MODELS.items():
        study = cb.Study(studies / f"{name}.toml")
        n = study.recipe.isoconfigurational.n_runs
        found = {"all": [], "half": [], "between": []}
        for c in range(study.n_configurations):
            a = study.configuration(c).species == 0
            lengths = study.state(c, "cage").displacement[a]
            propensity = study.propensity(c)
            even, odd = propensity.halves[:, :, a]
            found["all"].append([pearson(lengths, mean) for mean in propensity.mean[:, a]])
            found["half"].append(
                [
                    (pearson(lengths, first) + pearson(lengths, second)) / 2
                    for first, second in zip(even, odd, strict=True)
                ]
            )
            found["between"].append([pearson(*both) for both in zip(even, odd, strict=True)])
        r = {key: np.mean(values, axis=0) for key, values in found.items()}
        t = int(r["all"].argmax())
        of_half = r["between"][t]  # the reliability of n / 2 runs

        def reliability(runs, n=n, of_half=of_half):
            ratio = 2 * runs / n
            return ratio * of_half / (1 + (ratio - 1) * of_half)

        measured = r["all"][t]
        predicted = {
            runs: measured * np.sqrt(reliability(runs) / reliability(n)) for runs in (n / 2, PAPER)
        }
        error = np.std(np.array(found["all"])[:, t], ddof=1) / np.sqrt(study.n_configurations)
        rows.append(
            {
                "model": model,
                "time": propensity.times[t],
                "n_configurations": study.n_configurations,
                "runs": n,
                "r": measured,
                "error": error,
                "ceiling": np.sqrt(reliability(n)),
                "r_half": r["half"][t],
                "r_half_predicted": predicted[n / 2],
                "r_paper_predicted": predicted[PAPER],
                "error_paper": error * predicted[PAPER] / measured,
            }
        )
        print(rows[-1], flush=True)
    table = pd.DataFrame(rows)
    table.to_csv(HERE / "runs.csv", index=False, float_format="%.4f", lineterminator="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
