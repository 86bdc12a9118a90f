"""Numbers of learning."""

import numpy as np

import cagebreak as cb
from cagebreak.bootstrap import interval as bootstrap
from cagebreak.dynamics.plasticity import ACTIVE
from cagebreak.errors import InputError
from cagebreak.learning import Metrics, Sample, evaluate
from cagebreak.learning.classification import SHARE
from cagebreak.learning.collection import SPARE
from cagebreak.learning.conformal import LEVEL
from cagebreak.learning.inspection.forward_selection import DEPENDENT
from cagebreak.learning.linear_model import band_form, ridge, ridge_solvers, whitening
from cagebreak.learning.metrics import N_LEVELS
from cagebreak.learning.near_copies import require_distinct
from cagebreak.learning.preprocessing import CLIP
from support.claims import default, holds, printed
from support.paths import ROOT

DOCUMENT = ROOT / "docs/learning.md"
GIVEN = [  # equations
    "takes C_ij = (1 - w) exp(-r_ij / l)",
    "it is dropped (coefficient 0)",
    "The cost is F n^2",  # step k takes the product of k rows with F columns
    "takes K (K + 1) / 2 models",
    "with K - 1 blocks for each species",
    "sqrt(2 r' / (1 + r'))",
    "alpha/2 |w|^2",
    "FP/N; the probability that an active particle is predicted above an inactive one (Hanley and "
    "McNeil 1982) | 0.5 |",
    "(Matthews 1975) | 0 |",
    "h the ceil((n + 1) level)-th",
    "`width` is 2h",
    "8 bytes for each particle",
]


def is_seen(apart, shuffled):
    """Return whether a copy of a configuration is noticed whose positions differ by noise."""
    study = cb.Study(ROOT / "datasets/kob-andersen-050/ka050.toml")
    start, rng = study.configuration(0), np.random.default_rng(0)
    order = rng.permutation(len(start)) if shuffled else np.arange(len(start))
    noise = rng.normal(0, apart, start.positions.shape)
    copy = cb.Configuration((start.positions + noise)[order], start.species[order], start.box)
    descriptors = cb.papers.alkemade2023(study.recipe.model, generations=0)
    samples = [
        Sample(descriptors.compute(each).values, np.zeros((len(start), 1)), each.species)
        for each in (start, copy)
    ]
    try:
        require_distinct(samples, lambda *_: True)
    except InputError:
        return True
    return False


def scores_of_an_example():
    """Return the metrics of A, the number of descriptors and the deviation of the propensity."""
    study = cb.Study(ROOT / "datasets/wahnstrom-065/wahnstrom.toml")
    descriptors = cb.papers.alkemade2022(study.recipe.model, generations=0)
    samples = []
    for c in range(study.recipe.preparation.n_configurations):
        start, propensity = study.configuration(c), study.propensity(c)
        features = descriptors.compute(start).values
        samples.append(Sample(features, propensity.mean[-1:].T, start.species))
    settings = {"seed": study.recipe.study.seed, "folds": study.recipe.learning.outer_folds}
    scores = evaluate(cb.RidgeCV(), samples, metrics=Metrics(), **settings)
    deviation = np.concatenate([s.targets[s.species == 0] for s in samples]).std()
    return scores.rows[scores.rows["species"] == "A"][0], deviation


def computed():
    yield f"a band matrix with {band_form.WIDTH} diagonals on either side"
    resolution = ridge_solvers.RESOLUTION
    yield f"Alpha is at least {resolution:.1e} times the norm"
    yield f"of the data to {printed(np.finfo(float).eps / resolution)}"
    length, nugget = f"{whitening.LENGTH:g}", f"1/{1 / whitening.NUGGET:.0f}"
    yield f"length l = {length} sigma and nugget w = {nugget}"
    yield f"lower index within {whitening.CUTOFF} sigma"
    yield f"up to {printed(ridge.LARGEST)} and down to {ridge_solvers.SEARCHED:.1e}".replace(
        "e-0", "e-"
    )
    yield f"clipped at {CLIP:g} deviations: a shell"
    yield f"A feature with v_j < {printed(DEPENDENT)} depends"
    yield f"clipped at {CLIP:g} deviations from its own mean"
    yield f"reaches beyond {SPARE * CLIP:g} deviations of the training"
    yield holds(
        "noise with a deviation of 0.04 sigma in each direction, or, with the particles in",
        is_seen(0.04, shuffled=False),
    )
    yield holds("in another order, of 0.01 sigma", is_seen(0.01, shuffled=True))
    yield f"{100 * default(bootstrap, 'confidence'):.0f} % bootstrap intervals over configurations"
    yield f"the {100 * SHARE:.0f} % most and the {100 * SHARE:.0f} % least mobile"
    yield f"D2min exceeds {ACTIVE} in a window"
    yield f"rounded to {N_LEVELS} levels"
    yield f"the {100 * SHARE:.0f} % with the highest measured value"
    yield f"the level is {LEVEL}"
    row, deviation = scores_of_an_example()
    yield f"ridge regression on {row['n_features']} descriptors of generation 0"
    yield f"standard deviation of {deviation:.2f}"
    yield holds("half of the active ones", 0.45 < row["coverage_active"] < 0.55)
    digits = dict.fromkeys(("spearman", "roc_auc", "average_precision", "matthews_corrcoef"), 2)
    for name, n in (digits | {"coverage": 2, "coverage_active": 1, "width": 2}).items():
        bounds = f"{row['low_' + name]:.{n}f} to {row['high_' + name]:.{n}f}"
        yield f"| `{name}` | {row[name]:.{n}f} | {bounds} |"
