"""Numbers of the trials of runs backward."""

from support.claims import holds, table
from support.paths import ROOT
from support.study_claims import CONFIDENCE

FOLDER = ROOT / "results/time-reversal"
DOCUMENT = FOLDER / "README.md"
TRIALS, CORRECTIONS, TEST = (
    table(FOLDER / f"{name}.csv") for name in ("trials", "corrections", "test")
)
GIVEN = [
    "T = 0.44, 4096 particles, 32 runs",  # the data of BOTAN
    "1000 + 9000 sweeps",  # states.py: SWEEPS
    "300 + 900 sweeps, every fourth of 20 samples",  # states.py: END_SWEEPS
    "at most 0.7 σ",  # states.py: BOUND
    "five outer folds",  # trials.py: Nested
    "(runs, N, 3)",
    "seed=1",
]


def signed(x):
    return f"{x:+.4f}".replace("-", "−")


def difference(found):
    return f"{signed(found.difference)} ({signed(found.low)} to {signed(found.high)})"


def computed():
    yield f"with {CONFIDENCE} bootstrap intervals"
    for found in TRIALS.itertuples():
        yield (
            f"| {found.set} | {found.starts} | {found.runs} | {found.target} | "
            f"{found.r_before:.4f} | {found.r_after:.4f} | {difference(found)} |"
        )
    for found in CORRECTIONS.itertuples():
        yield (
            f"| {found.set} | {found.runs} | {found.correction} | {found.r_before:.4f} | "
            f"{difference(found)} |"
        )
    for found in TEST.itertuples():
        yield f"{found.r:.4f}"
    yield holds("Every difference with ends is above zero", (TRIALS.low > 0).all())
