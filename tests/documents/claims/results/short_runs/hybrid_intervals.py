"""Numbers of the predictive intervals of hybrid models."""

import numpy as np

import cagebreak as cb
from cagebreak.learning.conformal import LEVEL
from support.claims import holds, row, table
from support.paths import ROOT
from support.study_claims import CONFIDENCE

FOLDER = ROOT / "results/uncertainty"
DOCUMENT = FOLDER / "hybrid.md"
SYSTEMS = {
    "hard-spheres-058": ("hard spheres", (0.1, 1, 10, 100, 1000)),
    "kob-andersen": ("Kob-Andersen", (0.1, 1, 11, 118, 300)),
}
RECIPES = {
    "hard-spheres-058": ROOT / "datasets/hard-spheres-058/hs058.toml",
    "kob-andersen": ROOT / "results/hybrid/kob-andersen.toml",
}
AIM = 0.02  # of the project
SIMULATED, HALVES = "short runs", "halves"
GIVEN = [
    "of each draw at 10 τ and later",  # LATE of hybrid.py
    "up to generation 2",  # LAST of hybrid.py
    "active are the 5 % that moved farthest",  # SHARE of uncertainty.py
]


def chosen(name, calibrated=SIMULATED, kind="hybrid"):
    """Yield number and length of the short runs of a system, with the rows of these."""
    rows = table(FOLDER / f"{name}.{kind}.csv")
    rows = rows[rows.calibrated == calibrated]
    for (n_runs, until), of_runs in rows.groupby(["n_runs", "until"], sort=False):
        yield n_runs, until, of_runs


def contained(rows):
    """Return at how many times the bootstrap interval contains the level."""
    within = (rows.low_coverage <= LEVEL) & (rows.high_coverage >= LEVEL)
    return f", and {LEVEL} is in the bootstrap interval at {within.sum()} of {len(rows)} times"


def farthest(rows):
    """Return the largest difference of the coverage from the level."""
    return np.abs(rows.coverage - LEVEL).max()


def line(label, n_runs, until, score):
    cells = [
        label, f"{n_runs} to {until:.0f} τ",
        f"{score.time:.4g}" if score.time > 999 else f"{score.time:.3g}",
        f"{score.coverage:.3f} ({score.low_coverage:.3f}–{score.high_coverage:.3f})",
        f"{score.low_fifth:.2f}, {score.high_fifth:.2f}", f"{score.active:.2f}",
        f"{score.width:.3f}",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def scatter(rows):
    """Return how the coverage of one draw scatters at the last time.

    These are the standard deviations of draws of a configuration and between configurations, the
    lowest coverage of a draw, and the correlation with the mean error over the mean of particles.
    """
    last = rows[rows.time == rows.time.max()]
    of_each = last.groupby("configuration").coverage
    within = of_each.var().mean()
    between = of_each.mean().var() - within / last.draw.nunique()
    apart = (last.error / last.measured).abs()
    correlation = np.corrcoef(last.coverage, apart)[0, 1]
    return within**0.5, between**0.5, last.coverage.min(), correlation


def computed():
    yield f"Intervals of level {LEVEL}"
    yield f"with the {CONFIDENCE} bootstrap interval"
    yield f"The aim was {AIM}"
    worst = []
    for name, (label, times) in SYSTEMS.items():
        recipe = cb.Study(RECIPES[name]).recipe
        n = recipe.preparation.n_configurations
        yield f"{n} configurations of {label}, {recipe.isoconfigurational.n_runs} runs each"
        yield f"[{name}]({name}.hybrid.csv)"
        for n_runs, until, rows in chosen(name):
            worst.append(farthest(rows))
            most = f"at most {worst[-1]:.3f}{contained(rows)}"
            yield f"{label[0].upper()}{label[1:]}, {n_runs} to {until:.0f} τ: {most}"
            yield f"{rows.n_draws.iloc[0]} of {n_runs} to {until:.0f} τ"
            for time in times:
                yield line(label, n_runs, until, row(rows, time=time))
    within = "The coverage is within the aim at every time, for both systems and all short runs"
    yield holds(within, max(worst) < AIM)
    yield from of_draws()
    yield from of_halves()


def of_draws():
    """Yield what the draws of short runs of Kob-Andersen say."""
    (_, _, one), (_, _, two), *_ = chosen("kob-andersen", kind="hybrid-draws")
    end = one.time.max()
    within, between, lowest, correlation = scatter(one)
    yield f"At {end:.0f} τ, with one run, the standard deviation is {within:.2f} between draws"
    yield f"{between:.2f} between configurations; one draw has {lowest:.2f}"
    yield f"the correlation is {correlation:.2f}".replace("-", "−")
    within, between, lowest, _ = scatter(two)
    yield f"With two runs it is {within:.2f} and {between:.2f}, and the lowest {lowest:.2f}"
    of_model, of_mean = mean_errors(one[one.time == end])
    yield f"by {100 * of_model:.0f} % with one run at {end:.0f} τ"
    yield f"The mean of the other configurations is wrong by {100 * of_mean:.0f} %"
    used, best = slopes(one[one.time == end])
    yield f"with the power {used:.1f} of the mean motion of the run"
    yield f"where {best:.1f} would fit best"
    of_model, of_mean = mean_errors(two[two.time == end])
    yield f"with two runs by {100 * of_model:.0f} %"


def mean_errors(rows):
    """Return the root mean square of log errors of the mean of a configuration.

    The first is that of the prediction, the second that of the mean of the other configurations.
    """
    of_model = np.log1p(rows.error / rows.measured)
    measured = rows.groupby("configuration").measured.first()
    n = len(measured)
    of_others = (measured.sum() - measured) / (n - 1)
    of_mean = np.log(of_others / measured)
    return [float(np.sqrt((error**2).mean())) for error in (of_model, of_mean)]


def slopes(rows):
    """Return slopes in the logarithm of the mean motion of a draw.

    The first is that of the mean prediction, of draws of the same configuration; the second that of
    the measured mean, by least squares over all draws.
    """
    level = np.log(rows.motion)
    predicted = np.log(rows.error + rows.measured)
    of_each = (level, predicted)
    apart = [v - v.groupby(rows.configuration).transform("mean") for v in of_each]
    used, _ = np.polyfit(*apart, 1)
    best, _ = np.polyfit(level, np.log(rows.measured), 1)
    return used, best


def of_halves():
    """Yield the coverage of the same draws by the model that halves calibrate."""
    ((_, until, simulated), *_), ((_, _, halves),) = (
        chosen("kob-andersen", by) for by in (SIMULATED, HALVES)
    )
    yield f"draws of one run to {until:.0f} τ"
    left = cb.Study(RECIPES["kob-andersen"]).recipe.isoconfigurational.n_runs - 1
    yield f"of the mean over the other {left} runs"
    late = halves.time > 11
    shares = halves.coverage[late]
    yield f"{shares.min():.3f} to {shares.max():.3f} from 11 τ on"
    wider = (halves.width / simulated.width.to_numpy())[late] - 1
    yield f"{100 * wider.min():.0f} to {100 * wider.max():.0f} % wider"
