"""Numbers of one fit for several temperatures."""

import numpy as np

from support.claims import table
from support.paths import ROOT
from support.study_claims import CONFIDENCE, WORDS

FOLDER = ROOT / "results/temperatures"
DOCUMENT = FOLDER / "README.md"
SCORES, POINTS = (table(FOLDER / f"kob_andersen{name}.csv") for name in ("", ".points"))
LINEAR = SCORES[SCORES.degree == 1]
FITS = ("own", "pooled", "left out", "blind", "nearest")
GIVEN = []


def ratio(scores):
    """Return r over its ceiling, the mean over marks."""
    return (scores.r / scores.ceiling).mean()


def of(value, fit, scores=LINEAR):
    return scores[(scores.value == value) & (scores.fit == fit)]


def computed():
    yield f"{CONFIDENCE} intervals"
    marks = sorted(LINEAR.mark.unique())
    yield f"at {WORDS[len(marks)]} mean displacements from {marks[0]:g} to {marks[-1]:g} sigma"
    for point in POINTS.itertuples():
        tau = f"{point.tau_alpha:.3g}" if np.isfinite(point.tau_alpha) else f"> {point.last:g}"
        yield (
            f"| {point.temperature:g} | {point.configurations} of {point.particles} | {point.runs} "
            f"| {point.last:g} | {tau} |"
        )
    for value in sorted(LINEAR.value.unique()):
        cells = (f"{ratio(of(value, fit)):.3f}" for fit in FITS)
        yield f"| {value:g} | " + " | ".join(cells) + " |"
    yield from differences(marks)


def differences(marks):
    """Yield what is lost or gained in r from the own fit."""
    for value in sorted(LINEAR.value.unique()):
        cells = []
        for fit in FITS[1:]:
            worst = of(value, fit).sort_values("difference").iloc[0]
            cells.append(
                f"{worst.difference:.3f} ({worst.difference_low:.3f} to "
                f"{worst.difference_high:.3f})"
            )
        yield f"| {value:g} | " + " | ".join(cells).replace("-", "−") + " |"
    pooled = LINEAR[LINEAR.fit == "pooled"]
    yield f"in {(pooled.difference >= -0.01).sum()} of {len(pooled)} cases"
    yield f"{abs(pooled.difference.min()):.3f} at worst"
    yield f"{pooled.difference.mean():+.3f} on average".replace("+", "")
    shared = SCORES[(SCORES.degree == 0) & (SCORES.fit == "pooled")]
    yield f"{shared.difference.min():.3f} at worst".replace("-", "−")
