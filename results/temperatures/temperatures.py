"""One fit for all temperatures or densities, against the own fit of each.

Run: python results/temperatures/temperatures.py NAME RECIPE ... [--marks MARK ...]

Each recipe is a finished study of the same model at another state point; studies.py writes those of
the README. Written beside this script: NAME.csv, the scores of each degree of the coefficients in
the state point, and NAME.png for degree 1 and the first species; NAME.points.csv, what is known of
each state point; NAME.scales.csv, mean and deviation of the propensity at each mark.
"""

import argparse
from pathlib import Path

import pandas as pd

import cagebreak as cb
from cagebreak.figures import inspection, style
from cagebreak.learning import PooledRidgeCV
from cagebreak.study.recipe.selections import LEARNED

HERE = Path(__file__).parent
SCALARS = [
    "variance", "energy", "force", "laplacian", "displacement", "acceptance", "cell_rejection",
    "energy var", "force var", "laplacian var",
]  # fmt: skip
RADIAL = {"kind": ["radial"], "states": ["sampled"], "generation": [0, 1, 2]}
LABELS = {
    "tau_alpha": r"$t\,/\,\tau_\alpha$",
    "displacement": r"mean displacement $/\,\sigma$",
}


def features(study):
    """Return the scalars of the recommended set, and its radial densities up to generation 2."""
    known = set(study.recipe.labels().kind)
    scalars = [kind for kind in SCALARS if kind in known]
    return [{"set": "recommended", "kind": scalars}, {"set": "recommended", **RADIAL}]


def main():
    """Write the tables and the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("recipes", nargs="+", type=cb.Study)
    parser.add_argument("--clock", default="displacement", choices=list(LABELS))
    parser.add_argument("--marks", nargs="+", type=float)
    parser.add_argument("--species", nargs="+", default=["A"])
    parser.add_argument("--degrees", nargs="+", type=int, default=[0, 1])
    wanted = parser.parse_args()
    chosen = features(wanted.recipes[0])
    pooled = cb.pooled(
        wanted.recipes, chosen, species=wanted.species, clock=wanted.clock, marks=wanted.marks
    )
    tables = []
    for species in wanted.species:
        for degree in wanted.degrees:
            learner = PooledRidgeCV(degree, weights=LEARNED["weights"])
            scores = pooled.scores(seed=1, learner=learner, species=species)
            tables.append(scores.assign(clock=wanted.clock, degree=degree))
    table = pd.concat(tables)
    table.to_csv(HERE / f"{wanted.name}.csv", index=False, float_format="%.6g")
    shown = table[(table["degree"] == 1) & (table["species"] == wanted.species[0])]
    shown = shown.assign(
        state_point=pooled.points.parameter.replace("_", " ") + " " + shown["state_point"]
    )
    figure = inspection.state_points(shown.to_records(index=False), LABELS[wanted.clock])
    style.save(figure, HERE / wanted.name)
    points = [
        {
            pooled.points.parameter: value,
            "configurations": study.n_configurations,
            "particles": study.recipe.preparation.n_particles,
            "runs": study.recipe.isoconfigurational.n_runs,
            "last": study.recipe.isoconfigurational.last,
            "tau_alpha": study.relaxation()["A"],
        }
        for value, study in pooled.points.studies.items()
    ]
    of_points = pd.DataFrame(points)
    of_points.to_csv(HERE / f"{wanted.name}.points.csv", index=False, float_format="%.6g")
    scales = [
        pd.DataFrame(
            {
                "species": species,
                "value": value,
                "mark": pooled.points.clock.marks,
                "mean": point.mean,
                "deviation": point.scale,
            }
        )
        for species in wanted.species
        for value, point in zip(
            pooled.points.studies, pooled.points.points(species).values(), strict=True
        )
    ]
    of_scales = pd.concat(scales)
    of_scales.to_csv(HERE / f"{wanted.name}.scales.csv", index=False, float_format="%.6g")


if __name__ == "__main__":
    main()
