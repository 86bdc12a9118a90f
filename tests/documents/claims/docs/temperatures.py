"""Numbers of one model for all temperatures."""

import pandas as pd

from cagebreak.learning import PooledRidgeCV
from documents.claims.results.state_points.temperatures import AIM, of, scores_of
from support.claims import default, holds
from support.paths import ROOT

DOCUMENT = ROOT / "docs/temperatures.md"
GIVEN = [
    "over 1/T or over",  # an equation
]


def computed():
    yield holds("f = 0 is one fit for all", 0.0 in default(PooledRidgeCV, "deviations"))
    yield holds("By default the deviations are linear", default(PooledRidgeCV, "degree") == 1)
    yield f"a loss of r of at most {AIM} in every case"
    for system, letters, words in (
        ("hard_spheres", "AB", "of hard spheres {} of {}, which lose up to {:.3f}"),
        ("kob_andersen", "A", "of Kob-Andersen {} of {}, which loses {:.3f}"),
    ):
        pooled = pd.concat(of(scores_of(system, species=letter), "pooled") for letter in letters)
        lost = pooled[pooled.difference < -AIM]
        yield words.format(len(lost), len(pooled), -lost.difference.min())
