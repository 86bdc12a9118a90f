"""Numbers of the study of swaps."""

import sys

import numpy as np

from support.claims import holds, table
from support.paths import ROOT
from support.study_claims import WORDS

FOLDER = ROOT / "results/polydisperse-swap"
DOCUMENT = FOLDER / "README.md"
RUNS = table(FOLDER / "runs.csv")
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


def equilibrium(swaps, of_sample):
    """Yield what the energies say: which samples are in equilibrium, and how far the rest is."""
    energies = table(FOLDER / "energies.csv").set_index(["swaps", "start", "time"])
    hot, cold = (energies.loc[swaps].loc[start] for start in ("hot", "cold"))
    apart = (hot["mean"] - cold["mean"]).abs() / np.hypot(hot["sem"], cold["sem"])
    late = apart.loc[1000.0:]
    yield f"within two standard errors at {(late < 2).sum()} of {len(late)} times from 1000 τ on"
    both = of_sample[swaps]
    yield f"still {of_sample[0.0]['hot'].mean() - both.mean():.3f} ε above it"
    yield f"known to {both.sem():.4f} ε only"
