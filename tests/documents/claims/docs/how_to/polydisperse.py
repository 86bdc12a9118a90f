"""Numbers of the page on polydisperse particles."""

import cagebreak as cb
from cagebreak.simulation import swaps
from support.claims import holds
from support.paths import ROOT

DOCUMENT = ROOT / "docs/polydisperse.md"
GIVEN = [
    "min(1, exp(-dU / kT))",  # Metropolis' rule
    "fraction of 0.45 the pressure agrees within 1 %",  # tests/polydisperse/test_hard_sizes.py
]


def computed():
    model = cb.soft_spheres()
    sizes = model.sizes
    yield f"up to {model.pair.cutoff} sigma_ij"
    ratio = f"{sizes.largest / sizes.smallest:.3f}"
    yield holds(
        f"the largest is {ratio} times the smallest, and the mean is 1",
        abs(sizes.quantiles(10_000).mean() - 1) < 1e-5,
    )
    hard = cb.polydisperse_hard_spheres().sizes
    share = f"{hard.smallest / hard.largest:.4f}"
    yield holds(
        f"without nonadditivity and a smallest diameter of {share} times the",
        hard.nonadditivity == 0,
    )
    diameters = hard.quantiles(10_000)
    yield f"deviation of the diameters is {100 * diameters.std() / diameters.mean():.0f} % of their"
    classes = cb.descriptors.polydisperse.size_classes(model)
    yield holds("radial descriptors of three classes", len(classes) == 2)
    yield f"dynamics every {swaps.INTERVAL} tau for swaps"
