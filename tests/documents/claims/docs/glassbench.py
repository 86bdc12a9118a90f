"""Numbers of the page on GlassBench."""

import cagebreak as cb
from cagebreak.descriptors import recommended
from cagebreak.files.glassbench import NUMBER_DENSITIES
from cagebreak.learning import Metrics
from cagebreak.study.glassbench import published
from cagebreak.study.glassbench.scoreboard import CONFIDENCE
from cagebreak.study.glassbench.split import EXACT
from support.claims import holds, row, table
from support.paths import ROOT

DOCUMENT = ROOT / "docs/glassbench.md"
GIVEN = [
    "is configuration 1 at T = 0.44",  # the meaning of the name
    "(N,) | species, 0 is A",
    "(N, 3) or (N, 2)",
    "an SE(3)-equivariant network",
    "the SE(3) network",
    "which learns from 100 configurations",  # the notebook in the repository of EIGNN
    "of 100 test configurations at this time",  # the same
]


def computed():
    edge = (1290 / NUMBER_DENSITIES[2]) ** (1 / 2)
    yield (
        f"{NUMBER_DENSITIES[3]:g} in three dimensions, and 1290 particles in a square of edge "
        f"{edge:.4f}"
    )
    (((_, named), exact),) = EXACT.items()
    yield f"Where files say T = {named:g}, T is {exact:g}"
    yield f"of the {100 * Metrics().share:.0f} % most mobile particles"
    yield f"Intervals are {100 * CONFIDENCE:.0f} % bootstrap intervals"
    n_features = len(recommended.recommended(cb.kob_andersen(), "full").labels())
    yield f"A configuration of 4096 particles takes {4096 * n_features * 4 / 1e6:.0f} MB (`full`)"
    trial = table(ROOT / "docs/glassbench/trial.csv")
    fits = trial[trial.origin == "fit"]
    (time,), (n_train,), (n_test,) = fits.time.unique(), fits.n_train.unique(), fits.n_test.unique()
    yield holds(
        "Twelve configurations of its system that BOTAN publishes, ten to learn from and two to "
        f"test on, have one time, {time:.0f} τ, about tau_alpha, and 32 runs each",
        (n_train, n_test) == (10, 2),
    )
    for size in ("quick", "medium"):
        one = row(trial, descriptors=f"recommended, {size}")
        yield (
            f"| `{size}` | {one.r_configuration:.3f} | {one.r:.3f} | {one.spearman:.3f} | "
            f"{one.average_precision:.3f} |"
        )
    (ceiling,) = fits.ceiling.round(12).unique()
    yield f"| ceiling | | {ceiling:.3f} | | |"
    rows = published.curves()
    at = (rows["temperature"] == 0.44) & (rows["time"] == time)
    means = rows[at & (rows["averaging"] != "pooled")]
    r = {each["method"]: each["pearson"] for each in means}
    yield (
        f"{r['EIGNN']:.3f} by EIGNN, {r['SE(3) network']:.3f} by the SE(3) network, "
        f"{r['cage-state ridge']:.3f} by the cage-state ridge, {r['GlassMLP']:.3f} by GlassMLP and "
        f"{r['BOTAN']:.3f} by BOTAN"
    )
