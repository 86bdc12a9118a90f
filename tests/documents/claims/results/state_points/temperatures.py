"""Numbers of one fit for several temperatures."""

import numpy as np

import cagebreak as cb
from cagebreak.learning import state_point_scores
from support.claims import default, holds, table
from support.paths import ROOT
from support.study_claims import WORDS

FOLDER = ROOT / "results/temperatures"
DOCUMENT = FOLDER / "README.md"
SCORES, POINTS = (table(FOLDER / f"kob_andersen{name}.csv") for name in ("", ".points"))
LINEAR = SCORES[SCORES.degree == 1]
FITS = ("own", "pooled", "left out", "blind", "nearest")
AIM = 0.01  # of the issue that asked for it
GIVEN = [
    "The aim was a loss of at most 0.01",
    "hard spheres from 0.52 to 0.58",  # not studied
    "Kob-Andersen at T = 0.55",  # not studied
    "linear in 1/T",  # the coordinate of a temperature
    "(degree 0 in",  # a name
]


def of(value, fit, scores=LINEAR):
    return scores[(scores.value == value) & (scores.fit == fit)]


def ratio(scores):
    """Return r over its ceiling, the mean over marks."""
    return (scores.r / scores.ceiling).mean()


def signed(value):
    return f"{value:.3f}".replace("-", "−")


def computed():
    yield f"{100 * default(state_point_scores, 'confidence'):.0f} % intervals"
    marks = sorted(LINEAR.mark.unique())
    yield f"{WORDS[len(marks)]} mean displacements from {marks[0]:g} to {marks[-1]:g} sigma"
    for point in POINTS.itertuples():
        yield f"T = {point.temperature:g}"
        path = f"kob-andersen-{100 * point.temperature:03.0f}"
        recipe = cb.datasets.study(path).recipe
        runs, preparation = recipe.isoconfigurational, recipe.preparation
        tau = f"{point.tau_alpha:.3g}" if np.isfinite(point.tau_alpha) else f"above {point.last:g}"
        yield (
            f"| {recipe.model.temperature:g} | {preparation.n_configurations} of "
            f"{preparation.n_particles} | {runs.n_runs} | {runs.last:g} | {tau} |"
        )
    yield "generations up to 2"
    values = sorted(LINEAR.value.unique())
    for value in values:
        cells = (f"{ratio(of(value, fit)):.3f}" for fit in FITS)
        yield f"| {value:g} | " + " | ".join(cells) + " |"
        cells = []
        for fit in FITS[1:]:
            scores = of(value, fit)
            worst = scores.loc[scores.difference.idxmin()]
            cells.append(
                f"{signed(scores.difference.mean())}; {signed(worst.difference)} "
                f"({signed(worst.difference_low)} to {signed(worst.difference_high)})"
            )
        yield f"| {value:g} | " + " | ".join(cells) + " |"
    mean = {fit: LINEAR[LINEAR.fit == fit].groupby("value").difference.mean() for fit in FITS[1:]}
    yield holds(
        f"The mean over marks is within {AIM} of the own fit at every temperature, or above it",
        mean["pooled"].min() >= -AIM,
    )
    pooled = LINEAR[LINEAR.fit == "pooled"]
    yield f"{(pooled.difference >= -AIM).sum()} of the {len(pooled)} single cases"
    yield f"the worst is {signed(pooled.difference.min())}"
    yield f"{-mean['left out'].max():.2f} to {-mean['left out'].min():.2f} on average"
    yield f"and up to {-LINEAR[LINEAR.fit == 'left out'].difference.min():.2f}"
    yield f"at T = {mean['nearest'].idxmax():g} the nearest fit is even better than the own one"
    shared = SCORES[(SCORES.degree == 0) & (SCORES.fit == "pooled")]
    yield holds(
        f"loses up to {-shared.difference.min():.3f}",
        shared.difference.min() < pooled.difference.min(),
    )
    blind = LINEAR[LINEAR.fit == "blind"]
    late = blind[blind.mark >= marks[1]]
    share = late.time_predicted / late.time
    yield f"from the second mark on between {share.min():.1f} and {share.max():.1f} times"
    coldest = blind[blind.value == values[0]].sort_values("mark").iloc[0]
    yield f"where the first mark is at {coldest.time:.0f} instead of {coldest.time_predicted:.1f} τ"
