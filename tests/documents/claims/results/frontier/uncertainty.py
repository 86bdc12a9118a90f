"""Numbers of predictive intervals, and of the choice of configurations."""

import runpy

import numpy as np

import cagebreak as cb
from cagebreak.learning.conformal import LEVEL
from support.claims import holds, row, table
from support.paths import ROOT
from support.study_claims import CONFIDENCE

FOLDER = ROOT / "results/uncertainty"
DOCUMENT = FOLDER / "README.md"
SYSTEMS = {
    "hard_spheres": ("hard spheres", (0.1, 1, 10, 100, 1000)),
    "kob_andersen_050": ("Kob-Andersen", (0.1, 1, 11, 118, 300)),
}
CHOICES = {"variance": "variance of all", "leverage": "own variance", "width": "width"}
POOL = ("kob-andersen-044", "kob-andersen-050", "kob-andersen-065", "kob-andersen-080")
TABLES = {name: table(FOLDER / f"{name}.coverage.csv") for name in SYSTEMS}
GIVEN = [
    # Public configurations (pyg_botan), which the study of this row imports.
    "of 32 at T = 0.44",
    "The aim was 0.02",
    "From 0.1 τ on",
    "configurations of 4096 particles at T = 0.44 train, and 401 and 402 test",  # as published
    "for hard spheres and at T = 0.44; of the cage state, and the displacement to it, at T = 0.5",
]


def pair(learned, constant, name, decimals):
    return f"{learned[name]:.{decimals}f}, {constant[name]:.{decimals}f}"


def of_row(label, rows, time):
    """Return a row of the table of coverage."""
    learned, constant = (row(rows, intervals=kind, time=time) for kind in ("learned", "constant"))
    spread = f"({learned.low_coverage:.3f}–{learned.high_coverage:.3f})"
    fifths = [f"{each.low_fifth:.2f}, {each.high_fifth:.2f}" for each in (learned, constant)]
    cells = [
        label, f"{learned.time:.4g}" if learned.time > 999 else f"{learned.time:.3g}",
        f"{learned.coverage:.3f} {spread}", *fifths, pair(learned, constant, "active", 2),
        pair(learned, constant, "width", 3), pair(learned, constant, "score", 3),
        f"{learned.noise_share:.2f}",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def of_coverage():
    yield f"intervals](../../docs/uncertainty.md) of level {LEVEL} are tested"
    yield f"with the {CONFIDENCE} bootstrap interval"
    gains, ends, differences, losses = {}, {}, [], []
    for name, (label, times) in SYSTEMS.items():
        rows = TABLES[name]
        learned, constant = (rows[rows.intervals == kind] for kind in ("learned", "constant"))
        (n,) = rows.n_configurations.unique()
        worst = np.abs(learned.coverage - LEVEL).max()
        start = f"over {n} hard-sphere configurations differs from {LEVEL}"
        begin = start if name == "hard_spheres" else f"over {n} Kob-Andersen configurations"
        yield f"{begin} by at most {worst:.3f}"
        within = (learned.low_coverage <= LEVEL) & (learned.high_coverage >= LEVEL)
        yield f"The bootstrap interval contains {LEVEL} at" if name == "hard_spheres" else "and at"
        yield f"at {within.sum()} of {len(within)}"
        change = 100 * (1 - learned.score.to_numpy() / constant.score.to_numpy())
        gains[name] = change.max()
        losses.append(-change.min())
        differences += [*(learned.width.to_numpy() / constant.width.to_numpy() - 1)]
        noise = learned.noise_share[learned.time > 0.09]
        yield f"{noise.min():.2f} to {noise.max():.2f}"
        narrower = np.sqrt(1 - noise)
        yield f"{narrower.min():.2f} to {narrower.max():.2f} for {label}"
        both = 100 * np.array([learned.low_fifth, learned.high_fifth])
        ends[name] = f"{both.min():.0f} to {both.max():.0f} %"
        for time in times:
            yield of_row(label, rows, time)
    constant = [rows[rows.intervals == "constant"] for rows in TABLES.values()]
    yield f"down to {100 * min(rows.high_fifth.min() for rows in constant):.0f} % of the particles"
    yield f"and up to {100 * max(rows.low_fifth.max() for rows in constant):.0f} % of those"
    yield f"it is {ends['hard_spheres']} of both for hard spheres, and {ends['kob_andersen_050']}"
    yield f"{gains['hard_spheres']:.0f} % smaller with the learned width for hard"
    yield f"spheres and up to {gains['kob_andersen_050']:.0f} % for Kob-Andersen"
    yield holds("At no time is it larger by more than 1 %", max(losses) < 1)
    yield f"widths of the two kinds differ by at most {100 * np.abs(differences).max():.0f} %"
    share = runpy.run_path(str(FOLDER / "uncertainty.py"))["SHARE"]
    yield f"active are the {100 * share:.0f} % that moved farthest"
    shown = table(FOLDER / "hard_spheres.map.csv")
    yield f"Hard spheres at {shown.time[0]:.0f} τ"
    errors = np.abs(shown.propensity - shown.predicted) / shown.half_width
    yield f"the correlation of their size with it is {errors.corr(shown.predicted):.2f}"
    yield f"{100 * (errors <= 1).mean():.0f} % of the particles are in their interval"


def of_tests():
    """Yield what is said of two configurations that were not trained on."""
    rows = table(FOLDER / "kob_andersen_044.configurations.csv")
    (share, time), *_ = table(FOLDER / "kob_andersen_044.coverage.csv")[["coverage", "time"]].values
    tests, training = (rows[rows.part == part] for part in ("test", "training"))
    yield holds("Ten published configurations", len(training) == 10)
    yield holds("its last two rows", list(rows.part[-2:]) == ["test"] * 2 and len(tests) == 2)
    first, second = tests.coverage
    yield f"At {time:.0f} τ {first:.2f} and {second:.2f} of their A particles"
    yield f"interval, {share:.2f} in the mean"
    low, mean, high = (getattr(training.coverage, name)() for name in ("min", "mean", "max"))
    yield f"configurations the share is {low:.2f} to {high:.2f}, where the others calibrate"
    yield f"and {mean:.2f} in the mean"
    yield holds("One test is below all of them", (tests.coverage < low).sum() == 1)
    low, high = training.propensity.min(), training.propensity.max()
    first, second = tests.propensity
    yield f"{low:.2f} to {high:.2f} σ in training, and {first:.2f} and {second:.2f} σ in the tests"


def of_choice():
    """Yield what is said of the choice of configurations."""
    script = runpy.run_path(str(FOLDER / "choice.py"))
    tested, first = script["TESTED"], script["FIRST"]
    yield f"In {script['REPEATS']} repeats the hard-sphere configurations"
    yield f"into {tested} to test, {first} to begin with"
    yield f"with its {CONFIDENCE} interval over repeats"
    yield "| choice | configurations | 1 | 10 | 100 | 1000 |"
    everything = table(FOLDER / "choice.csv")
    yield from _rows(everything, script["SIZES"], (1, 10, 100, 1000))
    low, high = 100 * everything.difference.min(), 100 * everything.difference.max()
    yield f"are between {low:.1f} % and {high:.1f} %".replace("-", "−")
    n, (v, w), (o, u), (x, y) = _counts(everything)
    yield f"Of {n} intervals each, {v} are below zero and {w} above for the variance of all,"
    yield f"{o} and {u} for the own variance, and {x} and {y} for the width"
    yield holds("where there is one, is less than 1 % of the error", low > -1)


def of_choice_of_temperatures():
    """Yield what is said of the choice among several temperatures."""
    everything = table(FOLDER / "choice_of_temperatures.csv")
    recipes = [next((ROOT / "datasets" / name).glob("*.toml")) for name in POOL]
    studies = [cb.Study(recipe).recipe for recipe in recipes]
    total = sum(recipe.preparation.n_configurations for recipe in studies)
    low, high = (f(recipe.model.temperature for recipe in studies) for f in (min, max))
    yield f"with the {total} configurations of four data sets"
    yield f"T = {low:g} to {high:g}, has {everything.n_training.min() - 1} to begin with"
    yield "| choice | configurations | 0.16 | 0.25 | 0.38 |"
    sizes = sorted(set(everything.n_training))
    yield from _rows(everything, sizes, (0.16, 0.25, 0.38))
    variance = everything[everything.choice == "variance"]
    gain = -100 * variance[variance.n_training == 3].difference.min()
    rest = 100 * variance[variance.n_training >= 6].difference.abs().max()
    yield f"the variance of all gains up to {gain:.1f} %"
    yield f"From six on its difference is at most {rest:.1f} % in size"
    n, (v, w), (o, u), (x, y) = _counts(everything)
    yield f"Of {n} intervals each, {v} are below zero and {w} above for the variance of all,"
    yield f"{o} and {u} for the own variance, and {x} and {y} for the width"
    of_one = _counts(table(FOLDER / "choice.csv"))
    yield holds("no interval of either trial is above zero", w == 0 == of_one[1][1])


def _rows(everything, sizes, times):
    """Yield the rows of a table of differences, in per cent."""
    for choice, label in CHOICES.items():
        for size in sizes:
            rows = everything[(everything.choice == choice) & (everything.n_training == size)]
            cells = []
            for time in times:
                found = 100 * row(rows, time=time)[["difference", "low", "high"]]
                cells.append("{:.1f} ({:.1f} to {:.1f})".format(*found).replace("-", "−"))
            yield f"| {label} | {size} | {' | '.join(cells)} |"


def _counts(everything):
    """Return the number of intervals of a choice, and how many are below and above zero of each."""
    groups = [everything[everything.choice == choice] for choice in CHOICES]
    return len(groups[0]), *(((g.high < 0).sum(), (g.low > 0).sum()) for g in groups)


def of_runs():
    runs = {}
    for path in ("hard-spheres-058/hs058.toml", "kob-andersen-050/ka050.toml"):
        recipe = cb.Study(ROOT / "datasets" / path).recipe
        runs[path] = recipe.isoconfigurational.n_runs
    hard, soft = runs.values()
    yield f"the mean of {hard} runs for hard spheres, of {soft} for Kob-Andersen at T = 0.5"


def computed():
    yield from of_runs()
    yield from of_coverage()
    yield from of_tests()
    yield from of_choice()
    yield from of_choice_of_temperatures()
