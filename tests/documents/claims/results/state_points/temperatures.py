"""Numbers of one fit for several temperatures or densities."""

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
FITS = ("own", "pooled", "left out", "blind", "nearest")
AIM = 0.01  # of the issue that asked for it
SYSTEMS = {"kob_andersen": "temperature", "hard_spheres": "packing_fraction"}
GIVEN = [
    "The aim was a loss of at most 0.01",
    "those that lose at most 0.01, those whose interval is entirely below −0.01, and those whose "
    "interval reaches below −0.01",
    "within 0.01 |",
    "linear in 1/T",  # the coordinate of a temperature
    "(degree 0 in",  # a name
]


def scores_of(system, degree=1, species="A"):
    scores = table(FOLDER / f"{system}.csv")
    return scores[(scores.degree == degree) & (scores.species == species)]


def of(scores, fit, value=None):
    rows = scores[scores.fit == fit]
    return rows if value is None else rows[rows.value == value]


def ratio(scores):
    """Return r over its ceiling, the mean over marks."""
    return (scores.r / scores.ceiling).mean()


def signed(value):
    return f"{value:.3f}".replace("-", "−")


def signs(rows):
    """Return how many cases are within the aim, and whose interval is beyond it or may be."""
    return (
        (rows.difference >= -AIM).sum(),
        (rows.difference_high < -AIM).sum(),
        (rows.difference_low < -AIM).sum(),
    )


def computed():
    yield f"{100 * default(state_point_scores, 'confidence'):.0f} % intervals"
    yield from recipes()
    yield f"generations up to 2, {100 * share_of_columns():.0f} % of the columns"
    for system, parameter in SYSTEMS.items():
        scores = scores_of(system)
        marks = sorted(scores.mark.unique())
        yield f"{WORDS[len(marks)]} mean displacements from {marks[0]:g} to {marks[-1]:g} sigma"
        for point in table(FOLDER / f"{system}.points.csv").to_dict("records"):
            tau, last = point["tau_alpha"], point["last"]
            tau = f"{tau:.3g}" if np.isfinite(tau) else f"above {last:g}"
            yield (
                f"| {point[parameter]:g} | {point['configurations']} of {point['particles']} | "
                f"{point['runs']} | {last:g} | {tau} |"
            )
        for species in ("A", "B") if system == "hard_spheres" else ("A",):
            yield from tables_of(scores_of(system, species=species))
            yield from counted(scores_of(system, species=species))
    yield from kob_andersen(scores_of("kob_andersen"))
    yield from longer()
    yield from hard_spheres()
    yield from of_units()


def hard_spheres():
    """Yield what is said of the densities of hard spheres."""
    points = table(FOLDER / "hard_spheres.points.csv").set_index("packing_fraction")
    before, last = points.index[-2:]
    tau, runs = points.tau_alpha[before], points["last"][last]
    yield f"Up to {before:g} tau_alpha grows to {tau:.0f} τ; at {last:g} it is above {runs:g} τ"
    slower = runs / tau
    yield f"at {last:g}, where the dynamics is at least {slower:.0f} times as slow as at {before:g}"
    yield f"no density between {before:g} and {last:g}"
    yield f"in which {last:g} would be less far from {before:g}"
    yield f"have {points.particles.min()} particles but at {last:g}"
    of_both = [scores_of("hard_spheres", species=species) for species in "AB"]
    counts = [signs(of(scores, "pooled")) for scores in of_both]
    n = len(of(of_both[0], "pooled"))
    yield holds(
        f"within the aim in {counts[0][0]} of {n} cases of A and {counts[1][0]} of {n} of B; no "
        f"interval is entirely below −{AIM}",
        counts[0][1] == counts[1][1] == 0,
    )
    yield from beyond_the_aim([of(scores, "pooled") for scores in of_both])
    means = [of(scores, "left out").groupby("value").difference.mean() for scores in of_both]
    nearest = [of(scores, "nearest").groupby("value").difference.mean() for scores in of_both]
    yield holds(
        f"loses less than {AIM} on average for A particles and up to "
        f"{-means[1].iloc[1:-1].min():.3f} for B particles",
        means[0].iloc[1:-1].min() > -AIM,
    )
    yield holds(
        f"loses {-means[0].iloc[-1]:.3f} for A and {-means[1].iloc[-1]:.3f} for B, more than the "
        "fit of the nearest density",
        all(mean.iloc[-1] < near.iloc[-1] for mean, near in zip(means, nearest, strict=True)),
    )


def beyond_the_aim(of_both):
    """Yield the single cases in which the pooled fit loses more than the aim."""
    lost = [scores[scores.difference < -AIM] for scores in of_both]
    marks = sorted(of_both[0].mark.unique())
    every = [row for rows in lost for row in rows.sort_values(["value", "mark"]).itertuples()]
    cases = (
        f"The other {len(every)} of {sum(map(len, of_both))} cases miss the aim. All are at the two"
    )
    yield holds(cases, all(row.mark in marks[:2] for row in every))
    yield f"in {sum(row.difference_high < 0 for row in every)} the interval is entirely below zero"
    worst = min(every, key=lambda row: row.difference)
    where = f"{worst.species} at {worst.value:g} and {worst.mark:g} sigma"
    yield f"The largest is {with_interval(worst)}, of {where}"
    for row in every:
        about = f"{row.value:g} | {row.species} | {row.mark:g} | {about_time(row.time)}"
        yield f"| {about} | {with_interval(row)} |"


def about_time(time):
    return f"{time:.2f}" if time < 10 else f"{time:.1f}"


def with_interval(row):
    low, high = signed(row.difference_low), signed(row.difference_high)
    return f"{signed(row.difference)} ({low} to {high})"


def longer():
    """Yield what a longer Monte Carlo changes."""
    scores = scores_of("kob_andersen_long")
    points = table(FOLDER / "kob_andersen_long.points.csv").set_index("temperature")
    for value in sorted(scores.value.unique()):
        cells = [f"{ratio(of(scores, fit, value)):.3f}" for fit in FITS]
        rows = of(scores, "pooled", value)
        worst = rows.loc[rows.difference.idxmin()]
        yield (
            f"| {value:g} | {points.configurations[value]} | " + " | ".join(cells) + " | "
            f"{signed(worst.difference)} ({signed(worst.difference_low)} to "
            f"{signed(worst.difference_high)}) |"
        )
    yield from counted(scores)
    middle = [
        ratio(of(table_of, fit, 0.5))
        for fit in ("own", "pooled")
        for table_of in (scores_of("kob_andersen"), scores)
    ]
    yield (
        f"own fit at T = 0.5 rises from {middle[0]:.3f} to {middle[1]:.3f}, and the pooled fit "
        f"from {middle[2]:.3f} to {middle[3]:.3f}"
    )
    pooled = of(scores, "pooled")
    within, _, perhaps = signs(pooled)
    means = pooled.groupby("value").difference.mean()
    yield f"in {within} of {len(pooled)} cases, and its mean difference lies from"
    yield f"from {means.min():.3f} to {means.max():.3f}"
    left_out = of(scores, "left out").groupby("value").difference.mean()
    cold, others = left_out.iloc[0], left_out.iloc[1:]
    yield (
        f"differ by {signed(cold)} at T = {left_out.index[0]:g}, and by {signed(others.min())} to "
        f"{signed(others.max())} on average at the others"
    )
    yield f"in {perhaps} of {len(pooled)} cases of the pooled fit a loss of more than {AIM} is not"


def kob_andersen(scores):
    """Yield what is said of the temperatures of Kob-Andersen."""
    pooled, left_out, blind = (of(scores, fit) for fit in ("pooled", "left out", "blind"))
    values = sorted(scores.value.unique())
    means = left_out.groupby("value").difference.mean()
    between = left_out[~left_out.value.isin([values[0], values[-1]])]
    yield from (f"T = {value:g}" for value in values)
    yield f"the worst pooled case is {signed(pooled.difference.min())}"
    yield f"up to {pooled.groupby('value').difference.mean().max():.3f} on average"
    yield (
        f"{(between.difference >= -AIM).sum()} of the {len(between)} cases between the ends, with "
        f"a mean difference from {signed(means.iloc[1:-1].min())} to "
        f"{signed(means.iloc[1:-1].max())}"
    )
    yield f"T = {values[-1]:g}, it loses {-means.iloc[-1]:.3f} on average"
    constant = (
        of(scores_of("kob_andersen", degree=0), "left out").groupby("value").difference.mean()
    )
    yield f"with constant coefficients {-constant.iloc[-1]:.3f}"
    share = blind.time_predicted / blind.time
    inner = share[blind.value.isin(values[1:])]
    yield f"from T = {values[1]:g} on between {inner.min():.1f} and {inner.max():.1f} times"
    cold = blind[blind.value == values[0]].sort_values("mark").iloc[0]
    yield (
        f"at T = {values[0]:g} the first displacement is reached at {cold.time:.0f} τ, and "
        f"predicted at {cold.time_predicted:.1f} τ"
    )
    scales = table(FOLDER / "kob_andersen.scales.csv")
    last = scales[scales.mark == scales.mark.max()].set_index("value")
    of_mean = last.deviation / last["mean"]
    yield (
        f"{100 * of_mean.iloc[0]:.0f} % of the mean at T = {values[0]:g} and "
        f"{100 * of_mean.iloc[-1]:.0f} % at T = {values[-1]:g}"
    )


def tables_of(scores):
    """Yield the rows of r over its ceiling, of r pooled and of the differences."""
    for value in sorted(scores.value.unique()):
        cells = [f"{ratio(of(scores, fit, value)):.3f}" for fit in FITS]
        cells += [f"{of(scores, fit, value).r_pooled.mean():.3f}" for fit in FITS[:3]]
        yield f"| {value:g} | " + " | ".join(cells) + " |"
        cells = []
        for fit in FITS[1:]:
            rows = of(scores, fit, value)
            worst = rows.loc[rows.difference.idxmin()]
            cells.append(
                f"{signed(rows.difference.mean())}; {signed(worst.difference)} "
                f"({signed(worst.difference_low)} to {signed(worst.difference_high)})"
            )
        yield f"| {value:g} | " + " | ".join(cells) + " |"


def counted(scores):
    """Yield the row of each fit: cases, and how they stand to the aim."""
    for fit in FITS[1:]:
        rows = of(scores, fit)
        within, beyond, perhaps = signs(rows)
        yield f"| {fit} | {within} of {len(rows)} | {beyond} | {perhaps} |"


def recipes():
    """Yield the sweeps of the cage state."""
    script = runpy.run_path(str(FOLDER / "studies.py"))
    relaxing, measured = script["SWEEPS"]
    yield f"{relaxing} sweeps of Monte Carlo and {measured} that are measured"


def of_units():
    """Yield how the units of the propensity compare within training folds."""
    units = table(FOLDER / "kob_andersen.units.csv")
    means = units.groupby("unit")[["pooled", "left out"]].mean()
    for unit in ("mean", "deviation"):
        cells = (signed(means.loc[unit, fit]) for fit in means)
        yield f"| {unit} | " + " | ".join(cells) + " |"
    by_fold = units.pivot(index=["degree", "left_out"], columns="unit", values=list(means))
    yield holds(
        "in every fold",
        all((by_fold[fit, "deviation"] > by_fold[fit, "mean"]).all() for fit in means),
    )


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
