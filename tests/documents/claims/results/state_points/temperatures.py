"""Numbers of one fit for several temperatures."""

import runpy

import numpy as np

import cagebreak as cb
from cagebreak.descriptors.recommended import recommended
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
    yield f"generations up to 2, {100 * share_of_columns():.0f} % of the columns"
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
        f"the mean over displacements is within {AIM} of the own fit at every temperature, or "
        "above it",
        mean["pooled"].min() >= -AIM,
    )
    pooled = LINEAR[LINEAR.fit == "pooled"]
    yield f"{(pooled.difference >= -AIM).sum()} of the {len(pooled)} single cases"
    yield f"the worst is {signed(pooled.difference.min())}"
    wide = (pooled.difference_low < -AIM).sum()
    yield f"in {wide} of the {len(pooled)} cases the interval reaches below −{AIM}"
    yield f"in {(pooled.difference_high < 0).sum()} it is entirely below zero"
    yield f"{-mean['left out'].max():.2f} to {-mean['left out'].min():.2f} on average"
    yield f"and up to {-LINEAR[LINEAR.fit == 'left out'].difference.min():.2f}"
    yield holds(
        f"except at T = {values[-1]:g}. There the nearest fit is better",
        mean["nearest"].index[mean["nearest"] > 0].tolist() == values[-1:],
    )
    yield from extrapolated(mean["left out"])
    shared = SCORES[(SCORES.degree == 0) & (SCORES.fit == "pooled")]
    yield holds(
        f"loses up to {-shared.difference.min():.3f}",
        shared.difference.min() < pooled.difference.min(),
    )
    blind = LINEAR[LINEAR.fit == "blind"]
    late = blind[blind.mark >= marks[1]]
    share = late.time_predicted / late.time
    yield f"from the second displacement on between {share.min():.1f} and {share.max():.1f} times"
    yield f"differ by at most {(mean['blind'] - mean['left out']).abs().max():.3f}"
    coldest = blind[blind.value == values[0]].sort_values("mark").iloc[0]
    yield (
        f"at T = {values[0]:g} it is reached at {coldest.time:.0f} τ, and predicted at "
        f"{coldest.time_predicted:.1f} τ"
    )


def extrapolated(linear):
    """Yield what linear coefficients and constant ones lose at both ends of the range."""
    constant = SCORES[(SCORES.degree == 0) & (SCORES.fit == "left out")]
    constant = constant.groupby("value").difference.mean()
    ends = linear.index[[0, -1]]
    yield holds(
        f"T = {ends[0]:g} and T = {ends[1]:g}, coefficients that are linear in 1/T extrapolate "
        "worse than constant ones",
        (linear < constant)[ends].all(),
    )
    means = " and ".join(map(signed, linear[ends]))
    others = " and ".join(map(signed, constant[ends]))
    yield f"the mean differences are {means}, with degree 0 {others}"


def share_of_columns():
    """Return the share of the recommended set that the features are."""
    script = runpy.run_path(str(FOLDER / "temperatures.py"))
    model = cb.datasets.study("kob-andersen-050").recipe.model
    labels = recommended(model).labels()
    radial = script["RADIAL"]
    used = np.isin(labels.kind, script["SCALARS"])
    used |= (
        np.isin(labels.kind, radial["kind"])
        & np.isin(labels.state, radial["states"])
        & np.isin(labels.generation, radial["generation"])
    )
    return used.mean()
