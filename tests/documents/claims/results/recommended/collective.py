"""Numbers of the trials of collective descriptors."""

import runpy
import sys

import numpy as np

import cagebreak as cb
from cagebreak.leapfrog.time_step import TIME_STEPS
from cagebreak.learning.classification import SHARE
from cagebreak.states.pair_cage import PairParticles
from support.claims import holds, interval, row, signed, table
from support.paths import ROOT
from support.study_claims import CONFIDENCE, power

FOLDER = ROOT / "results/collective"
DOCUMENT = FOLDER / "README.md"
TRIALS = table(FOLDER / "trials.csv").set_index(["system", "trial"])
SYSTEMS = ("hs", "ka044")
AIM = 0.825  # of the project
GIVEN = [
    "within 1.4 contacts",  # fields.py: coordination
    "0.5 to 2 σ",  # fields.py: collective
    "of 0.7 and 1.2 σ",  # fields.py: density
    "stress up to 2 σ, from",  # elasticity.py: elastic
    "spheres of 0.8 σ",  # trials.py: fields_of
    "over 5 σ",  # trials.py: longer
    "neighbors, 0.5 to 5 σ",  # trials.py: LENGTHS
    "over 1 σ",  # trials.py: quadratic_around
    "Apache-2.0)",  # a name
    "the aim of 0.825",  # of the project
    "where 4120 τ are predicted",  # the time of BOTAN's runs
    "The aim of 0.825",
    "| test 401 | test 402 |",
]


def of_script(name):
    """Return the names of a script of the folder."""
    sys.path.insert(0, str(FOLDER))
    try:
        return runpy.run_path(str(FOLDER / name))
    finally:
        sys.path.remove(str(FOLDER))


def difference(system, trial):
    """Return the cell of a trial, or that it was not run."""
    if (system, trial) not in TRIALS.index:
        return "not run"
    found = TRIALS.loc[system, trial]
    return f"{signed(found.difference)} ({signed(found.low)} to {signed(found.high)})"


def verdict(trial):
    """Return what the intervals of both systems say."""
    rows = [TRIALS.loc[system, trial] for system in SYSTEMS if (system, trial) in TRIALS.index]
    words = ["gain" if x.low > 0 else "loss" if x.high < 0 else "nothing" for x in rows]
    return words[0] if len(set(words)) == 1 else " and ".join(words)


def computed():
    yield f"with {CONFIDENCE} bootstrap intervals"
    yield from setting()
    yield from summary()
    yield from wider()
    yield from extended()
    for trial in dict.fromkeys(TRIALS.index.get_level_values("trial")):
        first = TRIALS.xs(trial, level="trial").iloc[0]
        number = "" if np.isnan(first["columns"]) else f"{first['columns']:.0f}"
        cells = " | ".join(difference(system, trial) for system in SYSTEMS)
        yield f"| {number} | {cells} | {first.seconds:.1f} | {verdict(trial)} |"


def summary():
    """Yield how many trials gain and lose, and by how much."""
    hard, soft = (TRIALS.loc[system] for system in SYSTEMS)
    gains, others = hard[hard.low > 0], soft[soft.low > 0]
    yield f"{len(gains)} of {len(hard)} trials gain, by at most {gains.difference.max():.3f}"
    yield (
        f"{len(others)} of {len(soft)} gain, by at most {others.difference.max():.3f}, and "
        f"{(soft.high < 0).sum()} lose"
    )
    yield f"of one chain, the best r is {soft.r_after.max():.3f}"
    powers, products = (hard.difference[f"prediction, {name}"] for name in ("powers", "products"))
    yield f"gain {powers:.4f}, with products {products:.4f}"
    yield f"over neighbors gain {hard.difference['message']:.4f} on hard spheres"
    bounds = hard.high["quadratic"], soft.low["quadratic"]
    yield holds(
        "scalars gain more on hard spheres than on Kob-Andersen",
        hard.low["quadratic"] > soft.high["quadratic"] and min(bounds) > 0,
    )


def interval_of(found, name, ends):
    return f"{signed(found[name])} ({signed(found[ends[0]])} to {signed(found[ends[1]])})"


def wider():
    """Yield the table of more chains and wider cells, and what it says."""
    rows = table(FOLDER / "wider.csv")
    same, today = ("difference", ("low", "high")), ("from_today", ("low_today", "high_today"))
    for _, found in rows.iterrows():
        none = found.trial == "none"
        cells = (
            "" if none else interval_of(found, *same),
            "" if none and found.chains == 2 else interval_of(found, *today),
        )
        yield (
            f"| {found.chains} | {found.trial} | {found['columns']} | {found.r:.4f} | "
            f"{cells[0]} | {cells[1]} | {found.test_401:.4f} | {found.test_402:.4f} |"
        )
    found = rows.set_index(["chains", "trial"])
    first, best = found.loc[2, "none"], found.loc[4, "wider, coordination"]
    assert best.r == rows.r.max() > 0.825
    yield f"cells Kob-Andersen reaches [{best.r:.3f}](#more-chains-and-wider-cells)"
    yield f"r = {best.r:.4f} and gain {best.from_today:.4f} ({best.low_today:.4f} to"
    yield f"to {best.high_today:.4f}) over two chains"
    scores = table(ROOT / "results/cage-state/kob_andersen.csv").set_index("features")
    cage_state = scores.r_configuration["full, correlated errors"]
    yield f"Two chains have {first.r:.4f} here and {cage_state:.3f} in"
    yield f"cross-validation instead of {of_script('trials.py')['SCALAR_WEIGHT']:g}"
    more = found.loc[4, "none"]
    yield f"{more.from_today:.4f} ({signed(more.low_today)} to {signed(more.high_today)}) without"
    gains = [best[f"test_{c}"] - first[f"test_{c}"] for c in (401, 402)]
    yield f"gain**, by {gains[0]:.4f} and {gains[1]:.4f}"
    relax, measured = of_script("states.py")["TRAJECTORIES"]
    yield f"({relax} + {measured} of them)"
    steps = 4 * (relax + measured) * sum(PairParticles.STEPS) / 2
    yield f"as a run of {steps * TIME_STEPS['lennard_jones']:.0f} τ,"
    yield holds(
        "Wider cells gain on Kob-Andersen",
        found.loc[2, "wider"].low > 0 and TRIALS.loc["hs", "wide"].low < 0,
    )
    products = found.loc[4, "wider, coordination, quadratic"]
    alone = found.loc[4, "quadratic"].low > 0
    yield holds("gain alone, and lose beside wider", alone and products.r < best.r)


def extended():
    """Yield the table of the extended set, and what it says."""
    rows = table(FOLDER / "extended.csv")
    ends = ("difference_low_configuration", "difference_high_configuration")
    names = {"ka044": "Kob-Andersen", "hs": "hard spheres"}
    nugget, folds = rows.nugget.min(), of_script("extended.py")["FOLDS"]
    for _, found in rows.iterrows():
        first = found.features == "full" and found.nugget == nugget
        gain = "" if first else interval_of(found, "difference_configuration", ends)
        tests = " | ".join(
            "" if np.isnan(found[f"test_{c}"]) else f"{found[f'test_{c}']:.3f}" for c in (401, 402)
        )
        yield (
            f"| {names[found.system]} | {found.features} | {found.nugget:.2f} | {found.folds} | "
            f"{found.n_features} | {found.r_configuration:.3f} {interval(found, 3)} | {gain} | "
            f"{found.r:.3f} | {found.spearman:.3f} | {found.average_precision:.3f} | {tests} |"
        )
    in_turn = rows[rows.folds != folds].set_index("features")
    usual = rows[(rows.nugget == nugget) & (rows.folds == folds)]
    usual = usual.set_index(["system", "features"])
    yield from left_out(in_turn.loc["extended"], in_turn.loc["full"])
    soft = usual.loc["ka044", "extended"]
    yield holds(
        f"**On Kob-Andersen it has r = {soft.r_configuration:.4f}**, above the aim",
        soft.r_configuration > AIM,
    )
    yield (
        f"gains {soft.difference_configuration:.4f} ({soft[ends[0]]:.4f} to "
        f"{soft[ends[1]]:.4f}) over the full set"
    )
    full, alone = (usual.loc["ka044", name] for name in ("full", "extended, by trajectories"))
    gains = [soft[f"test_{c}"] - full[f"test_{c}"] for c in (401, 402)]
    yield holds(f"gain, by\n  {gains[0]:.3f} and {gains[1]:.3f}", min(gains) > 0)
    last = in_turn.loc["extended, by trajectories"]
    yield holds(
        f"have {alone.r_configuration:.4f} in five folds and {last.r_configuration:.4f} left out",
        alone[ends[0]] < 0 < alone[ends[1]] and last[ends[0]] < 0 < last[ends[1]],
    )
    yield f"is one of the {100 * SHARE:g} % most mobile"
    yield f"at {power(of_script('states.py')['HARD_TIME'])} τ.\n- The ceiling"
    hard = usual.loc["hs", "extended"]
    yield (
        f"**On hard spheres it gains** {hard.difference_configuration:.4f} "
        f"({hard[ends[0]]:.4f} to {hard[ends[1]]:.4f})"
    )
    chains = usual.loc["hs", "four chains"].difference_configuration
    yield f"four chains alone gain {chains:.4f}"
    hard_spheres = cb.Study(ROOT / "datasets/hard-spheres-058/hs058.toml")
    yield f"{hard_spheres.n_configurations} configurations of {len(hard_spheres.configuration(0))}"
    yield f"of the pooled r is {soft.ceiling:.3f} for Kob-Andersen and {hard.ceiling:.3f} for"
    scripts = of_script("extended.py")
    samples = scripts["recommended"].SAMPLES * scripts["recommended"].DENSER
    states = of_script("states.py")["SAMPLES"] // of_script("fields.py")["STRIDE"]
    yield f"comes from {samples} samples a chain instead of {states}"
    other = rows[(rows.nugget != nugget) & (rows.system == "ka044")].set_index("features")
    yield holds(
        "A larger nugget gains nothing on Kob-Andersen",
        other.loc["extended"].r_configuration < soft.r_configuration
        and other.loc["full"].r_configuration < full.r_configuration,
    )


def left_out(best, full):
    """Yield what is said of leaving out each configuration in turn."""
    yield f"With {'ten' if best.folds == 10 else best.folds} outer folds"
    yield holds(
        f"**Left out in turn, configurations have r = {best.r_configuration:.4f}**",
        best.r_configuration > AIM,
    )
    low, high = best.difference_low_configuration, best.difference_high_configuration
    yield (
        f"the full set has {full.r_configuration:.4f}. The gain is "
        f"{best.difference_configuration:.4f} ({low:.4f} to {high:.4f}), and of the pooled r "
        f"{best.difference:.4f} ({best.difference_low:.4f} to {best.difference_high:.4f})"
    )


def setting():
    """Yield what is said of the systems and of the fits."""
    states, elasticity = of_script("states.py"), of_script("elasticity.py")
    relaxing, measured = states["SWEEPS"]
    yield f"{relaxing} + {measured:,} sweeps"
    yield f"{states['SAMPLES']} samples"
    yield f"{elasticity['N_MODES']} softest modes of"
    hard = cb.Study(ROOT / "datasets/hard-spheres-058/hs058.toml").recipe.model
    yield f"**Hard spheres** at {hard.packing_fraction:g}"
    yield f"at {power(states['HARD_TIME'])} τ"
    botan = row(table(ROOT / "results/rottler2024/studies.csv"), system="KA", way="thermal")
    yield f"at T = {botan.temperature:g}: the"
    scores = table(ROOT / "results/cage-state/kob_andersen.csv").set_index("features")
    two = scores.r_configuration["full, correlated errors"]
    yield f"with which r is {two:.3f},"
    for system in SYSTEMS:
        before = TRIALS.loc[system].r_before
        assert before.nunique() == 1
        yield f"{before.iloc[0]:.4f}"
