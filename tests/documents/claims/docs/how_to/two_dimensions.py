"""Numbers of the page on two dimensions."""

import numpy as np

import cagebreak as cb
from cagebreak.configuration.shape import flat_axis, is_thin
from support.claims import holds
from support.paths import ROOT

DOCUMENT = ROOT / "docs/two-dimensions.md"
GIVEN = [
    "z is 0 in positions, velocities and displacements, and what is not 0 is an",  # the convention
    "(N, 2) or (N, 3)",
    "the sum of arccos(r_ij / r_i,m+1) reaches pi",
    "units of the mean spacing are rho^(-1/2)",
    "<r^4> / 2 <r^2>^2 - 1",
    "(`x y`, `xu yu`, `xs ys`, `pos` of width 2)",
    "sigma^2",
]


def computed():
    hard, soft = cb.hard_discs(), cb.harmonic_discs()
    ratio = hard.diameters[1] / hard.diameters[0]
    yield holds(
        f"sigma_B / sigma_A = {ratio:g}, half of each",
        soft.diameters == hard.diameters and hard.composition == soft.composition == (0.5, 0.5),
    )
    yield f"area fraction {hard.packing_fraction:.2f} (chosen)"
    yield f"T = {soft.temperature:g}, density {soft.number_density:g} (chosen)"
    binary, ternary = cb.kob_andersen_2d(), cb.kob_andersen_2d_ternary()
    yield f"{100 * binary.composition[0]:.0f} % of A, cut and shifted at {binary.pair.cutoff}"
    yield f"T = {binary.temperature:g}, density {binary.number_density:g}"
    a, b, c = np.bincount(ternary.species(1290))
    yield f"{a} A, {b} B and {c} C of 1290, smoothed to zero at {ternary.pair.cutoff}"
    yield f"T = {ternary.temperature:g} in a box of {ternary.box(1290).lengths[0]:.3f}"
    plane = np.random.default_rng(0).random((36, 3)) * [6, 6, 0]
    half, more = (cb.Configuration(plane, [0] * 36, (6.0, 6.0, h)) for h in (3.0, 3.01))
    assert flat_axis(half) == flat_axis(more) == 2
    yield holds("at most half as high as wide", is_thin(half, 2) and not is_thin(more, 2))
