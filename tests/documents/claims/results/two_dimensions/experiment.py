"""Numbers of the simulated experiment."""

import sys

import numpy as np

from cagebreak.tracks import reach
from support.claims import holds, row, table
from support.paths import ROOT

FOLDER = ROOT / "results/experiment"
DOCUMENT = FOLDER / "README.md"
GIVEN: list[str] = []
VARIANTS = ("whole system", "edge", "edge, noise", "edge, noise, lost", "experiment")


def scripts():
    """Return the modules of both scripts."""
    sys.path.insert(0, str(FOLDER))
    try:
        import experiment
        import simulate
    finally:
        sys.path.remove(str(FOLDER))
    return simulate, experiment


def computed():
    simulate, script = scripts()
    yield from setup(simulate, script)
    yield from noise(simulate)
    yield from counts(script)
    yield from scores(simulate, script)
    shown = table(FOLDER / "map.csv")
    yield f"The map is origin {script.MAPPED} at {shown.time.iloc[0]:.0f} τ"
    r = [of.measured.corr(of.predicted) for _, of in shown.groupby("species")]
    yield "r is {:.2f} for A and {:.2f} for B".format(*r)


def setup(simulate, script):
    """Yield what is simulated, and what the camera does to it."""
    yield f"{simulate.N_PARTICLES} particles at T = {simulate.TEMPERATURE:g}"
    yield f"prepared for {simulate.AGING:.0f} τ, and followed in one run of "
    last = (simulate.N_FRAMES - 1) * simulate.INTERVAL
    yield f"one run of {last:.0f} τ, with a frame every {simulate.INTERVAL:g} τ"
    edges = [(high - low) / script.PIXEL for low, high in script.WINDOW]
    yield f"a window of {edges[0]:.0f} × {edges[1]:.0f} σ"
    yield f"a standard error of {script.NOISE:g} σ a coordinate"
    yield f"finds {100 * (1 - script.LOST):.0f} % of the particles in a frame"
    yield f"A burst of {simulate.N_FAST} frames, {simulate.FAST:g} τ apart"
    yield f"gaps of up to {script.GAP} frames are filled"
    yield f"reach {reach(script.DESCRIPTOR):.1f} σ"
    yield f"the neighbors within {script.NEAR:g} σ"
    yield f"{script.ORIGINS} origins"


def noise(simulate):
    """Yield the estimates of the noise, and what it does to dynamic functions."""
    estimates = table(FOLDER / "noise.csv")
    for film, digits in (("burst", 6), ("film", 4)):
        x, y = (row(estimates, film=film, axis=axis) for axis in "xy")
        yield f"| {x.variance:.{digits}f} | {y.variance:.{digits}f} | {x.error:.6f} |"
    yield f"of {estimates.true.iloc[0]:.4f} σ²"
    flight = simulate.TEMPERATURE * simulate.FAST**2
    yield f"kT / m times the square of {simulate.FAST:g} τ, which is {flight:.6f} σ²"
    functions = table(FOLDER / "functions.csv")
    keys = ["species", "lag"]
    true, seen, corrected = (
        functions[functions.kind == kind].set_index(keys) for kind in ("true", "seen", "corrected")
    )
    for name, text in (("msd", "MSD"), ("f_s", "F_s")):
        off = [np.abs(each[name] / true[name] - 1) for each in (seen, corrected)]
        early = [each.xs(1, level="lag").max() for each in off]
        yield f"{text} at {simulate.INTERVAL:g} τ is off by {100 * early[0]:.0f} %, corrected by"
        yield f"corrected by {100 * early[1]:.1f} %"


def counts(script):
    """Yield how many particles are left."""
    means = table(FOLDER / "counts.csv").groupby("variant").mean(numeric_only=True)
    for name in VARIANTS:
        of = means.loc[name]
        numbers = " | ".join(f"{of[c]:.0f}" for c in ("particles", "filled", "cut", "lost", "used"))
        yield f"| {name} | {numbers} |"
    lags = len(script.LAGS)
    yield f"seen in {lags + 1} frames"


def scores(simulate, script):
    """Yield r of A over time, and the ceilings."""
    rows = table(FOLDER / "scores.csv")
    rows, runs = rows[rows.species == "A"], table(FOLDER / "runs.csv")
    runs = runs[runs.species == "A"]
    for target in script.TARGETS:
        of = rows[rows.target == target]
        for name in VARIANTS:
            curve = of[of.variant == name].sort_values("time")
            yield f"| {name} | " + " | ".join(f"{r:.3f}" for r in curve.r_configuration) + " |"
        top = of[of.variant == "experiment"].sort_values("time")
        yield "| ceiling, localization | " + " | ".join(f"{c:.3f}" for c in top.ceiling) + " |"
        one = runs[runs.target == target].sort_values("time")
        yield "| ceiling, one run | " + " | ".join(f"{c:.3f}" for c in one.ceiling) + " |"
    one = runs[runs.target == "relative"].sort_values("time").ceiling.to_numpy()
    share = _r(rows, "relative", "whole system") / one
    yield f"{share.min():.2f} to {share.max():.2f} of the ceiling of one run"
    yield "| t / τ | " + " | ".join(f"{t:g}" for t in simulate.LAGS) + " |"
    means = rows.groupby(["target", "variant"]).r_configuration.mean()
    yield "its mean over all times falls from {:.3f} to {:.3f}".format(
        means["relative"]["whole system"], means["relative"]["experiment"]
    )
    yield holds(
        "Filling the gaps raises r at all times",
        all(
            (_r(rows, target, "experiment") > _r(rows, target, "edge, noise, lost")).all()
            for target in script.TARGETS
        ),
    )
    blocks = table(FOLDER / "counts.csv").block.nunique()
    yield holds("five blocks are few", blocks == 5)
    cut = table(FOLDER / "counts.csv").query("variant == 'edge'")
    yield holds(
        "though half of the particles go", abs(cut.used.sum() / cut.particles.sum() - 0.5) < 0.02
    )
    yield holds(
        "The edge alone changes the mean of r by less than 0.01",
        all(
            abs(means[target]["edge"] - means[target]["whole system"]) < 0.01
            for target in script.TARGETS
        ),
    )


def _r(rows, target, variant):
    of = rows[(rows.target == target) & (rows.variant == variant)].sort_values("time")
    return of.r_configuration.to_numpy()
