"""Numbers of the study of inherent and cage states."""

import cagebreak as cb
from cagebreak.descriptors import recommended
from cagebreak.learning.linear_model.whitening import LENGTH, NUGGET
from support.claims import holds, interval, row, table
from support.paths import ROOT
from support.study_claims import CONFIDENCE, PAPER_RUNS, WORDS, power

FOLDER = ROOT / "results/cage-state"
DOCUMENT = FOLDER / "README.md"
STUDY = cb.Study(ROOT / "datasets/hard-spheres-058/hs058.toml")
SCORES = table(ROOT / "results/hard-spheres-058/scores.csv")
CORRELATIONS = table(FOLDER / "correlations.csv")
HARD = table(FOLDER / "hard_spheres.csv")
KOB_ANDERSEN = table(FOLDER / "kob_andersen.csv")
CONVERGENCE = table(FOLDER / "convergence.csv")
RUNS = table(FOLDER / "runs.csv")
CELLS = table(FOLDER / "cells.csv")
DISPLACEMENTS = table(FOLDER / "displacements.csv")
TITLES = {
    "hard_spheres": "hard spheres",
    "harmonic": "harmonic spheres",
    "kob_andersen": "Kob-Andersen",
}
TIMES = {0.1: "0.1", 1: "1", 10: "10", 100: "10²", 1000: "10³"}
STATES = ("LR2", "X IS", "X CS", "X init + X IS + dr IS", "X init + X CS + dr CS")
# A row whose name in the document says more than that in the table.
NAMES = {"full, correlated errors": "recommended, full, correlated errors"}
GIVEN = [
    "displacement to the cage state alone exceeds r = 0.8",  # Alkemade 2023, section III B
    "| t / τ | X init",
    "| test 401 | test 402 |",  # names of files
    # the repository EIGNN: results/pcc_mean_044.csv, and its notebook
    "EIGNN, reaches 0.817, mean over configurations, with 100 training configurations",
    "with 2000 sweeps to relax",  # convergence.py
    "99th percentile",
    "| spheres of radius 0.4 σ | 0.5 σ | 0.6 σ |",  # supplement.py
    "within 0.005 of the limit",
    # the paper's side of the table, and BOTAN's
    "| packing fraction 0.58; T = 0.44 at a density of 1.203 |",
    "T = 0.44 at a density of 1.2 | published",
    "| particles | 2000 |",
    "| 4096 | published configurations |",
    "| configurations | 100 |",
    "| runs of each | 50 |",
    "| 500,000 + 1,000,000 steps |",
    "at its highest | above 0.8 |",
    # Alkemade 2023, section III and figure 2; supplement.py
    "the paper's 1,000,000 measuring steps would be",
    "far below the 0.8 that the paper exceeds",
    "2 minutes a configuration of hard spheres and 14 of the others",
    "(Apache-2.0)",
]


def computed():
    yield from hard_spheres()
    yield from beside_the_paper()
    yield from kob_andersen()
    yield from sweeps()
    yield from supplement()
    yield from runs()


def of_set(features, time):
    """Return a score of hard spheres, A particles."""
    return row(SCORES, features=features, species="A", time=time)


def hard_spheres():
    runs, number = STUDY.recipe.isoconfigurational, WORDS[STUDY.n_configurations]
    yield f"{number} configurations of [hard-spheres-058"
    yield f"with {runs.n_runs} runs each to {power(runs.last)} τ"
    yield f"{CONFIDENCE} bootstrap"
    yield f"| features | {' | '.join(f'{time} τ' for time in TIMES.values())} |"
    yield f"## Hard spheres at {STUDY.recipe.model.packing_fraction}"
    states = STUDY.recipe.states
    yield f"by FIRE to a force of {states.force_tolerance:.0e}".replace("e-0", "e-")
    relax, measure = states.cage["sweeps"]
    yield f"have {relax:,} sweeps to relax and {measure:,} to measure"
    cage, inherent = (
        row(CORRELATIONS, features=f"displacement {state}", species="A", time=6)
        for state in ("cage", "inherent")
    )
    yield (
        f"(A: {cage.r:.3f}, {interval(cage, 3, '')[1:-1]}, at 6 τ, under a ceiling of "
        f"{cage.ceiling:.3f}), more than the displacement to the inherent state "
        f"({inherent.r:.3f}, {interval(inherent, 3, '')[1:-1]})"
    )
    for time, title in TIMES.items():
        scores = [of_set(features, time) for features in STATES]
        scores.append(of_recommended("+ initial LR0: recommended", time))
        cells = (f"{each.r_configuration:.3f} {interval(each, 3)}" for each in scores)
        yield f"| {title} | " + " | ".join(cells) + " |"
    for features in HARD.features.unique():
        cells = (f"{of_recommended(features, time).r_configuration:.3f}" for time in TIMES)
        yield f"| {features} | " + " | ".join(cells) + " |"
    late = [time for time in SCORES.time.unique() if time > 99]
    init, inherent, cage = (
        [of_set(features, time).r_configuration for time in late] for features in STATES[:3]
    )
    above = all(c > i for c, i in zip(cage, init, strict=True))
    yield holds(
        "(X CS > X init from 10² τ on, all three in order at 10³ τ)",
        above and cage[-1] > inherent[-1] > init[-1],
    )
    gains = [
        of_set("X init + X CS + dr CS", time).r_configuration
        - of_set("X CS + dr CS", time).r_configuration
        for time in SCORES.time.unique()
        if time > 0.99
    ]
    yield holds("adds nothing to X CS and Δr CS from 1 τ on", max(gains) < 0.001)


def beside_the_paper():
    """Yield what is ours in the table of differences."""
    recipe = STUDY.recipe
    yield f"density of 1.203 | {recipe.model.packing_fraction:g} |"
    yield f"2000 | {recipe.preparation.n_particles} |"
    published = row(RUNS, model="hard_spheres")
    # The published configurations and runs are those of the text above.
    yield f"100 | {STUDY.n_configurations} | 12 |"
    yield f"50 | {published.runs} | 32 |"
    yield f"to {power(recipe.isoconfigurational.last)} τ | about tau_alpha |"
    relax, measure = recipe.states.cage["sweeps"]
    yield f"| {relax:,} + {measure:,} sweeps | 2000 + 30,000 sweeps |"
    cage = SCORES[(SCORES.features == "dr CS") & (SCORES.species == "A")]
    best = cage.loc[cage.r_configuration.idxmax()]
    yield f"above 0.8 | {best.r_configuration:.3f} of a ceiling of {best.ceiling:.3f} |"


def of_recommended(features, time):
    """Return a score of the parts of the recommended set, hard spheres, A particles."""
    return row(HARD, features=features, species="A", time=time)


def kob_andersen():
    botan = row(table(ROOT / "results/rottler2024/studies.csv"), system="KA", way="thermal")
    yield f"## Kob-Andersen, T = {botan.temperature}, t about tau_alpha"
    yield f"of {botan.particles} particles with {botan.runs} runs each"
    yield f"of Kob-Andersen (N = {botan.particles})"
    for _, each in KOB_ANDERSEN.iterrows():
        cells = [NAMES.get(each.features, each.features), str(each.n_features)]
        cells.append(f"{each.r_configuration:.3f} {interval(each, 3)}")
        cells.append(f"{each.r:.3f} {interval(each, 3, '')}")
        yield f"| {' | '.join(cells)} | {each.test_401:.3f} | {each.test_402:.3f} |"
    relax, measure = recommended.recommended(cb.kob_andersen(), "full").sweeps
    seconds = converged("kob_andersen", measure, "dr CS").seconds
    yield f"Cage states have {relax} + {measure:,} sweeps (about {seconds:.0f} s of a core each)"
    yield f"force tolerance of {recommended.FORCE_TOLERANCE:.0e}".replace("e-0", "e-")
    ceilings = table(FOLDER / "kob_andersen.ceilings.csv").ceiling
    yield f"The ceiling of the pooled r is {KOB_ANDERSEN.ceiling.iloc[0]:.2f}"
    yield f"of a single configuration {ceilings.min():.2f} to {ceilings.max():.2f}"
    of = KOB_ANDERSEN.set_index("features")
    before, after = of.r["+ weights"], of.r["+ inherent scalars"]
    yield f"raises the pooled r from {before:.3f} to {after:.3f}"

    r = of.r_configuration
    full, one_chain = "+ second chain: recommended, full", "+ initial LR0"
    yield f"reaches {r['full, correlated errors']:.3f}"
    yield f"chains instead of one give {r[full] - r[one_chain]:+.3f}"
    gain_of_full = r["full, correlated errors"] - r[full]
    medium, quick = (
        r[f"{size}, correlated errors"] - r[f"recommended, {size}"] for size in ("medium", "quick")
    )
    yield f"correlated errors give {gain_of_full:+.3f} for `full`, {medium:+.3f} for `medium`"
    yield holds("and nothing for `quick`", abs(quick) < 5e-4)
    rows = of["+ cage scalars":full]
    error = (rows.high_configuration - rows.low_configuration).mean() / (2 * 1.96)
    yield f"adjacent rows differ by at most {rows.r_configuration.diff().abs().max():.3f}"
    yield f"less than the standard error of either, about {error:.3f}"
    yield f"length of {LENGTH:.0f} sigma and the nugget of 1/{1 / NUGGET:.0f}"
    chains = table(FOLDER / "kob_andersen.chains.csv")
    one, two = (sorted(chains.r_configuration[chains.chains == n]) for n in (1, 2))
    yield f"three such tables had {one[0]:.3f}, {one[1]:.3f} and {one[2]:.3f} for one chain"
    yield f"and {two[0]:.3f} to {two[-1]:.3f} for two"
    of_each = chains.pivot(index="commit", columns="chains", values="r_configuration")
    gain = of_each[2] - of_each[1]
    yield f"r by {gain.min():+.3f} to {gain.max():+.3f} in these".replace("-", "−")


def converged(model, n_sweeps, feature, chains=1):
    """Return the score after a number of sweeps."""
    return row(CONVERGENCE, model=model, chains=chains, sweeps=n_sweeps, feature=feature)


def sweeps():
    numbers = (3000, 10_000, 30_000, 100_000, 300_000)
    hard = {n: converged("hard_spheres", n, "dr CS") for n in numbers}
    yield f"size-weighted Voronoi cells (about {hard[300_000].seconds:.0f} s of a core each)"
    *cells, last = (f"{each.r:.2f} after {n:,}" for n, each in hard.items())
    cells[0] = cells[0].replace("3,000", "3000 measured sweeps")
    yield f"r of ten configurations is {', '.join(cells)} and {last}"
    kob = {n: converged("kob_andersen", n, "X CS LR2") for n in (300, 1000, 3000, 10_000, 30_000)}
    r = [f"{each.r:.3f}" for each in kob.values()]
    seconds = [f"{each.seconds:.0f} s" for each in kob.values()]
    yield f"{r[0]} after 300 sweeps, {r[1]} after 1000, {r[2]} after 3000 ({seconds[2]})"
    yield f"{r[3]} after 10,000 ({seconds[3]}), {r[4]} after 30,000 ({seconds[4]})"
    near = [n for n, each in kob.items() if abs(each.r - kob[30_000].r) < 0.005]
    yield holds(
        f"within 0.005 of the longest run from 10,000 sweeps on, {seconds[3]}",
        near == [10_000, 30_000],
    )
    short, long = (converged("kob_andersen", n, "X CS LR2", chains=2) for n in (3000, 30_000))
    yield f"two chains of 3000 sweeps reach this too ({short.r:.3f} of {long.r:.3f})"
    yield f"in {short.seconds:.0f} s each"
    yield f"{hard[3000].r:.3f} after 3000 sweeps"
    for n in (30_000, 100_000, 300_000):
        yield f"{hard[n].r:.3f} after {n:,} ({hard[n].seconds:.0f} s)"
    yield f"The last step is {hard[300_000].r - hard[100_000].r:.3f}"
    yield from sweeps_of_the_paper()
    size = STUDY.recipe.preparation.n_particles
    yield f"would be {1_000_000 // size} sweeps of {size} particles"
    yield f"r is {hard[3000].r:.2f} even after 3000 sweeps"
    yield f"hard-sphere configurations (N = {STUDY.recipe.preparation.n_particles})"


def sweeps_of_the_paper():
    """Yield what chains of the paper's length give for hard spheres."""
    of = CELLS[(CELLS.model == "hard_spheres") & (CELLS.relax == CELLS.relax.max())]
    moved, structure = (
        of[of.feature == name].set_index("sweeps") for name in ("dr CS", "X CS LR2")
    )
    relax, most = CELLS.relax.max(), moved.index.max()
    yield f"With the paper's {relax:,} + {most:,} sweeps"
    yield f"{moved.r[most]:.3f} ± {(moved.high - moved.low)[most] / 2:.3f}"
    yield f"{moved.r[300_000]:.3f} after 300,000 of them and {moved.r[10_000]:.3f} after 10,000"
    yield f"displacement of hard spheres at {moved.time[most]:.1f} τ is"
    yield f"For X CS at {structure.time[most]:.0f} τ it is"
    yield f"it is {structure.r[most]:.3f}, and {structure.r[10_000]:.3f} after 10,000"


def supplement():
    """Yield the tables of lengths and of cells."""
    for model, title in TITLES.items():
        of = DISPLACEMENTS[(DISPLACEMENTS.model == model) & (DISPLACEMENTS.species == "A")]
        inherent, cage = (row(of, state=state) for state in ("inherent", "cage"))
        yield (
            f"| {title} | {inherent['mean']:.3f} | {inherent.p99:.3f} | {cage['mean']:.3f} | "
            f"{cage.p99:.3f} | {cage.r_with_other:.3f} |"
        )
        yield holds(
            "the inherent state is further from the initial one than the cage state is",
            inherent["mean"] > cage["mean"] and inherent.p99 > cage.p99,
        )
    relax, measure = CELLS.relax.min(), CELLS.sweeps[CELLS.relax == CELLS.relax.min()].iloc[0]
    yield f"with {relax} + {measure:,} sweeps each"
    names = {"dr CS": "Δr CS", "X CS LR2": "X CS"}
    compared = CELLS[CELLS.relax == relax]
    for model, title in TITLES.items():
        for feature, name in names.items():
            of = compared[(compared.model == model) & (compared.feature == feature)]
            if not len(of):
                continue
            n, time = of.n_configurations.max(), of.time.iloc[0]
            cells = [f"{row(of, cell='voronoi').r:.3f}"]
            for radius in ("0.4", "0.5", "0.6"):
                cells.append(differing(of, radius))
            yield (
                f"| {title}, {name}, {time:.{0 if time > 100 else 1}f} τ | {n} | "
                + " | ".join(cells)
                + " |"
            )
    of_spheres = compared[compared.cell != "voronoi"]
    equal = (of_spheres.difference_low < 0) & (of_spheres.difference_high > 0)
    yield holds("every difference is within two standard errors of zero", equal.all())


def differing(rows, radius):
    """Return by how much r with spheres of a radius differs, or nothing if it was not run."""
    of = rows[rows.cell == radius]
    if not len(of):
        return ""
    (of,) = of.itertuples()
    return f"{of.difference:+.3f} ± {of.difference_high - of.difference:.3f}".replace("-", "−")


def runs():
    """Yield the table of r by the number of runs."""
    yield f"| {PAPER_RUNS} runs, as in the paper: predicted |"
    for of in RUNS.itertuples():
        yield (
            f"| {TITLES[of.model]}, {of.time:.1f} τ | {of.runs} | {of.r:.3f} ± {of.error:.3f} | "
            f"{of.r_half:.3f} | {of.r_half_predicted:.3f} | "
            f"{of.r_paper_predicted:.3f} ± {of.error_paper:.3f} |"
        )
    apart = (RUNS.r_half - RUNS.r_half_predicted).abs()
    yield holds("agree within 0.001", (apart < 0.001).all())
    for folder in ("cage-state", "harmonic-00045", "kob-andersen-044"):
        structure = table(ROOT / "results" / folder / "structure.csv")
        around = structure[(structure.species == "A") & (structure.neighbors == "all")]
        peak = around.groupby("state").g.max()
        yield holds(
            "the cage state is between it and the initial state",
            peak.inherent > peak.cage > peak.initial,
        )
    above = RUNS.r_paper_predicted > 0.8
    yield holds("would therefore exceed r = 0.8, as in the paper", above.all())
