"""Numbers of learning."""

import numpy as np

import cagebreak as cb
from cagebreak.bootstrap import interval as bootstrap
from cagebreak.dynamics.plasticity import ACTIVE
from cagebreak.errors import InputError
from cagebreak.learning import Sample
from cagebreak.learning.classification import SHARE
from cagebreak.learning.collection import SPARE
from cagebreak.learning.inspection.forward_selection import DEPENDENT
from cagebreak.learning.linear_model import band_form, ridge, ridge_solvers, whitening
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
