"""Numbers of the study of the Kob-Andersen mixture at T = 0.44."""

import numpy as np

import cagebreak as cb
from support.claims import holds, row, table
from support.paths import ROOT
from support.study_claims import WORDS, Scores, metrics, noise_of_runs, ordered, runs_and_folds

FOLDER = ROOT / "results/kob-andersen-044"
DOCUMENT = FOLDER / "README.md"
STUDY = cb.Study(ROOT / "datasets/kob-andersen-044/ka044.toml")
SCORES = Scores.read(FOLDER, ("0.1", "2.7", "11", "29", "116", "473", "1206", "3075"))
HOTTER = Scores.read(ROOT / "results/kob-andersen-050")
ROWS = {
    "X init, LR0": ("LR0", []),
    "X init, LR2": ("LR2", ["3075"]),
    "X IS": ("X IS", ["3075"]),
    "X CS": ("X CS", ["3075"]),
    "\\|F\\|": ("F", []),
    "Δr IS": ("dr IS", ["2.7"]),
    "Δr CS": ("dr CS", ["2.7"]),
    "X init, X CS, Δr CS": ("X init + X CS + dr CS", []),
    "F, X init, X CS, Δr CS": ("F + X init + X CS + dr CS", []),
    "recommended": ("recommended", ["2.7", "473", "3075"]),
}
GIVEN = [
    # Alkemade 2023, sections II.A and II.B, figure 2.
    "ten times the tau_alpha of the paper, 3075 τ",
    '"more than 0.8" in the paper',
    "| temperature, density, share of A | 0.44, 1.203, 0.8 |",
    "| particles | 2000 |",
    "| configurations | 100 |",
    "| runs of each | 50 |",
    "| times | 10⁻² τ to ten tau_alpha | 10⁻² to",
    "| tau_alpha | 3075 τ, from earlier work |",
    "by 1/e at k = 2 pi it is beyond",
    "| cage state | 500,000 + 1,000,000 steps |",
    "The bands hold 98, 90 and 50 % of the particles",  # the percentiles of the figure
]


def computed():
    yield from metrics(FOLDER, SCORES.times)
    yield from SCORES.lines(ROWS)
    r = SCORES.over_time
    caging = r("dr CS").idxmax()
    yield f"reaches {SCORES.at('dr CS', 2.7).r_configuration:.2f} there"
    yield holds(
        "better than Δr IS in the caging regime", ordered(r("dr CS", 0.67), r("dr IS", 0.67))
    )
    hotter = HOTTER.over_time("dr CS")
    yield f"At [T = 0.5](../kob-andersen-050) it reaches {hotter.max():.2f}"
    yield holds("in the caging regime", 1 < caging < 30)
    last = {
        name: SCORES.at(name, 3075).r_configuration for name in ("X CS", "X IS", "dr CS", "LR2")
    }
    yield holds(
        "X CS and X IS predict best of all single states at long times",
        min(last["X CS"], last["X IS"]) > max(last["dr CS"], last["LR2"]),
    )
    others = [name for name in SCORES.rows.features.unique() if name != "recommended"]
    ahead = np.all([r("recommended", 1.0) > r(name, 1.0) for name in others], axis=0)
    yield holds(f"other selections from {r('recommended', 1.0).index[0]:.1f} τ on", ahead.all())
    late = SCORES.at("F", 3075)
    yield holds("such as |F|, becomes negative at late times", late.r < 0)

    recipe = STUDY.recipe
    n, size = STUDY.n_configurations, recipe.preparation.n_particles
    first, last_step = (step.time for step in recipe.preparation.protocol)
    model, runs = recipe.model, recipe.isoconfigurational
    yield f"A Kob-Andersen mixture at T = {model.temperature:g}"
    configurations = f"{WORDS[n].capitalize()} configurations"
    yield f"{configurations} of {size} particles (rho = {model.number_density:g})"
    yield f"for {first:g} τ at constant temperature and {last_step:g} τ at constant energy"
    yield f"followed in {WORDS[runs.n_runs]} runs each to {runs.last:g} τ"
    yield from list(runs_and_folds(STUDY))[1:]
    yield holds("learns from three configurations", n - n // recipe.learning.outer_folds == 3)
    propensity = table(FOLDER / "propensity.csv")
    f_s = row(propensity, species="A", time=runs.last).f_s
    wavenumber = f"F_s at k = {runs.wavenumber / np.pi:g} pi"
    yield f"{wavenumber} of A particles is {f_s:.2f} at the last time"
    yield f"that of B is {STUDY.relaxation()['B']:.0f} τ"
    drift = STUDY.drift()
    yield holds(
        "neither energy nor pressure drift",
        not any(row(drift, quantity=name).drifts for name in ("energy", "pressure")),
    )
    yield from beside_the_paper(f_s)
    fields = table(FOLDER / "fields.csv")
    yield from misses(fields, runs.last)
    yield from tails(fields, 1206)


def beside_the_paper(f_s):
    """Yield what is ours in the table of differences."""
    recipe = STUDY.recipe
    model, runs, preparation = recipe.model, recipe.isoconfigurational, recipe.preparation
    yield f"0.8 | {model.temperature:g}, {model.number_density:g}, {model.composition[0]:g} |"
    yield f"2000 | {preparation.n_particles} |"
    yield f"100 | {STUDY.n_configurations} |"
    yield f"50 | {runs.n_runs} |"
    first, last_step = (step.time for step in preparation.protocol)
    yield f"| {first:g} τ at constant temperature, then ten tau_alpha |"
    yield holds("then ten tau_alpha", last_step == 10 * 3075)
    yield f"10⁻² to {runs.last:g} τ |"
    yield f"F_s of A is {f_s:.2f} at {runs.last:g} τ"
    relax, measure = recipe.states.cage["sweeps"]
    yield f"| {relax} + {measure:,} sweeps |"
    ridge = row(table(ROOT / "results/alkemade2022/kob_andersen.csv"), learner="ridge")
    lr2 = SCORES.at("LR2", runs.last)
    yield (
        f"r of LR2 at the last time is {lr2.r_configuration:.3f}, and "
        f"{ridge.r_configuration:.3f} with the {WORDS[ridge.n_configurations]} larger"
    )
    yield noise_of_runs("kob_andersen")


def misses(fields, time):
    """Yield what a prediction misses at a time."""
    at = {name: row(fields, species="A", field=name, time=time) for name in fields.field.unique()}

    def variance(name):
        each = at[name]
        return f"{each.variance:.3f} ({each.low_variance:.2f}–{each.high_variance:.2f})"

    def at_long_waves(name):
        each = at[name]
        return f"{each.s_q:.1f} ({each.low_s_q:.1f}–{each.high_s_q:.1f})"

    yield f"At {time:g} τ the variance of A particles"
    yield f"is {variance('without noise')} of the squared mean, and that of the prediction"
    yield f"prediction {variance('predicted')}."
    yield f"is {at_long_waves('without noise')} without noise and"
    yield f"and {at_long_waves('predicted')} predicted"
    yield f"raises it to {at['with unexplained'].s_q:.1f} only"


def tails(fields, time):
    """Yield the percentiles of the particles at a time, in units of the measured mean."""
    low, high = {}, {}
    mean = row(fields, species="A", field="measured", time=time)["mean"]
    for name in ("measured", "predicted", "with unexplained"):
        at = row(fields, species="A", field=name, time=time)
        low[name], high[name] = at.p1 / mean, at.p99 / mean
    yield f"At {time} τ one A particle in a hundred moves more than {high['measured']:.2f} times"
    yield f"one in a hundred is above {high['predicted']:.2f}"
    yield f"With the unexplained part it is {high['with unexplained']:.2f}"
    yield f"below {low['with unexplained']:.2f}, where the measured one is below"
    yield f"the measured one is below {low['measured']:.2f}"
