"""Numbers of the study of swaps."""

import sys

import numpy as np

import cagebreak as cb
from support.claims import holds, row, table
from support.paths import ROOT
from support.study_claims import WORDS, Scores, metrics, relaxation, runs_and_folds

FOLDER = ROOT / "results/polydisperse-swap"
DOCUMENT = FOLDER / "README.md"
RUNS = table(FOLDER / "runs.csv")
STUDY = cb.Study(ROOT / "datasets/soft-spheres-011/soft.toml")
SCORES = Scores.read(FOLDER, ("0.18", "0.74", "3.1", "34", "143", "600"))
ROWS = {
    "\\|F\\|": ("F", []),
    "diameter": ("size", ["600"]),
    "X init, LR1": ("LR1", ["600"]),
    "X init, LR1, with sizes": ("LR1 + size", ["600"]),
    "X CS": ("X CS", ["600"]),
    "Δr IS": ("dr IS", []),
    "Δr CS": ("dr CS", ["3.1"]),
    "recommended, scalars": ("recommended scalars", []),
    "recommended": ("recommended", ["3.1", "600"]),
}
GIVEN = [
    "the one of mode-coupling near 0.1",  # Ninarello, Berthier and Coslovich 2017
    "F_s at k = 2π",  # preparation.history
]


def computed():
    sys.path.insert(0, str(FOLDER))
    try:
        import equilibration as script
    finally:
        sys.path.remove(str(FOLDER))
    number = WORDS[script.SAMPLES].capitalize()
    yield f"The temperature is T = {script.TEMPERATURE}, below"
    yield f"{number} samples of {script.N} particles are cooled at once"
    yield f"from a liquid at T = {script.HOT}"
    yield f"{number} others are heated from T = {script.COLD}"
    yield f"where they were for {script.COLD_TIME:.0f} τ"
    yield f"All then stay at T = {script.TEMPERATURE} for {script.TIME:.0f} τ"
    yield holds("one attempt of a swap a particle and τ", script.SWAPS == 1)
    late = RUNS[RUNS.time > script.TIME / 2 + 1e-6]
    of_sample = late.groupby(["swaps", "start", "sample"]).energy.mean()
    ends = RUNS[RUNS.time > script.TIME - 1e-6].groupby(["swaps", "start"]).f_s.mean()
    for swaps, name in ((0.0, "dynamics alone"), (script.SWAPS, "dynamics with swaps")):
        hot, cold = (of_sample[swaps][start] for start in ("hot", "cold"))
        error = np.hypot(hot.sem(), cold.sem())
        yield (
            f"| {name} | {hot.mean():.4f} ± {hot.sem():.4f} | "
            f"{cold.mean():.4f} ± {cold.sem():.4f} | "
            f"{hot.mean() - cold.mean():.4f} ± {error:.4f} | "
            f"{abs(ends[swaps]['hot']):.2f}, {abs(ends[swaps]['cold']):.2f} |"
        )
    yield from equilibrium(script.SWAPS, of_sample)
    yield from propensity()


def equilibrium(swaps, of_sample):
    """Yield what the energies say: which samples are in equilibrium, and how far the rest is."""
    energies = table(FOLDER / "energies.csv").set_index(["swaps", "start", "time"])
    hot, cold = (energies.loc[swaps].loc[start] for start in ("hot", "cold"))
    apart = (hot["mean"] - cold["mean"]).abs() / np.hypot(hot["sem"], cold["sem"])
    late = apart.loc[1000.0:]
    yield f"within two standard errors at {(late < 2).sum()} of {len(late)} times from 1000 τ on"
    both = of_sample[swaps]
    yield f"still {of_sample[0.0]['hot'].mean() - both.mean():.3f} ε above it"
    yield f"samples from the cold liquid {both.mean() - of_sample[0.0]['cold'].mean():.3f} ε below"
    yield f"known to {both.sem():.4f} ε only"


def propensity():
    """Yield what is said of the study at T = 0.11."""
    recipe, n = STUDY.recipe, STUDY.n_configurations
    size, temperature = recipe.preparation.n_particles, recipe.model.temperature
    yield f"From structure to motion at T = {temperature:g}"
    swapped, alone = recipe.preparation.protocol
    yield (
        f"{WORDS[n].capitalize()} configurations of {size} particles were prepared at "
        f"T = {temperature:g} for {swapped.time:g} τ"
    )
    yield f"{alone.time:g} τ without, and followed"
    yield from runs_and_folds(STUDY)
    yield next(iter(relaxation(STUDY))) + " without swaps"
    history = table(FOLDER / "history.csv")
    means = history[history.step == 0].groupby("time")[["energy", "f_s"]].mean()
    # Displacements are counted anew from the middle of the step.
    first, second = means.f_s[swapped.time / 2 + 1 :].iloc[:2]
    length = means.index[0]
    yield f"falls to {first:.2f} within {length:g} τ and to {second:.2f} within {2 * length:g} τ"
    yield f"from {2 * length:g} τ on the mean energy of each segment"
    yield f"Between the halves of the {alone.time:g} τ without swaps"
    late = means.energy[2 * length - 1 :]
    yield holds(
        f"is within 0.0014 ε of their mean, {late.mean():.4f} ε",
        (late - late.mean()).abs().max() < 0.0014,
    )
    energy = row(STUDY.drift(), quantity="energy")
    yield f"falls by {-energy.difference:.4f} ± {energy.error:.4f} ε"
    yield from SCORES.lines(ROWS)
    yield from metrics(FOLDER, SCORES.times)
    last = SCORES.rows.time.max()
    yield holds(
        f"r = {SCORES.at('size', last).r_configuration:.2f} at {last:g} τ, at the end of the runs: "
        "small particles move farther",
        all(
            np.corrcoef(STUDY.propensity(c).mean[-1], STUDY.configuration(c).diameters)[0, 1] < 0
            for c in range(n)
        ),
    )
    r = SCORES.over_time
    best = r("dr CS")
    singles = SCORES.rows[SCORES.rows.n_features == 1]
    highest = singles.sort_values("r_configuration").iloc[-1]
    yield holds(
        f"displacement to the cage state is the best of the {WORDS[singles.features.nunique()]} "
        f"single columns, {best.max():.3f} at {best.idxmax():.1f} τ",
        highest.features == "dr CS",
    )
    others = SCORES.rows[~SCORES.rows.features.str.startswith("recommended")]
    lead = r("recommended") - others.groupby("time").r_configuration.max()
    first = lead.index[lead.index > lead[lead <= 0].index.max()].min()
    yield f"From {first:.2g} τ on the recommended set predicts better than all"
    ahead = (r("recommended") - r("recommended scalars"))[first:]
    yield holds(
        f"predict as well until {ahead[ahead < 0.005].index.max():.2g} τ; later the whole set has "
        f"a higher r, by up to {ahead.max():.3f}, but the intervals overlap",
        _overlap("recommended", "recommended scalars"),
    )
    weight = recipe.learning.selections["recommended"]["weights"][0]
    yield f"ratio of weights of scalars and descriptors is {weight:g} in this recipe"
    shown = table(FOLDER / "map.csv")
    yield f"first configuration at {shown.time.iloc[0]:g} τ"
    yield f"r of this configuration is {shown.propensity.corr(shown.predicted):.2f}"
    gains = [(r(f"LR{k} + size") - r(f"LR{k}")).max() for k in (0, 1)]
    yield holds(
        f"by at most {max(gains):.3f} at any time, and the intervals overlap",
        all(_overlap(f"LR{k} + size", f"LR{k}") for k in (0, 1)),
    )


def _overlap(one, other):
    """Return whether the intervals of two selections overlap at all times."""
    first, second = (
        SCORES.rows[SCORES.rows.features == name].set_index("time") for name in (one, other)
    )
    apart = (first.low_configuration > second.high_configuration) | (
        second.low_configuration > first.high_configuration
    )
    return not apart.any()
