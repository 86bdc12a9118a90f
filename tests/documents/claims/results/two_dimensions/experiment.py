"""Numbers of the simulated experiment."""

import sys

import numpy as np

from cagebreak.learning import Metrics
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
    yield f"of origin {script.MAPPED} at {shown.time.iloc[0]:.0f} τ"
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
    yield f"Each coordinate has a standard error of {script.NOISE:g} σ"
    yield f"{100 * (1 - script.LOST):.0f} % of the particles in a frame are found"
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
    names = ["msd", "f_s", "alpha_2"]
    off = {
        label: 100 * (each[names] / true[names] - 1).abs()
        for label, each in (("as seen", seen), ("corrected", corrected))
    }
    times = {f"at {simulate.INTERVAL:g} τ": [1], "at any time": slice(None)}
    for label, errors in off.items():
        for when, lags in times.items():
            largest = errors.loc[(slice(None), lags), :].max()
            yield f"| {label}, {when} | " + " | ".join(f"{error:.1f} %" for error in largest)


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
    both, runs = table(FOLDER / "scores.csv"), table(FOLDER / "runs.csv")
    rows, runs = both[both.species == "A"], runs[runs.species == "A"]
    yield f"of {simulate.N_RUNS} runs from each of {len(simulate.REPEATED)} frames"
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
    of_all = rows.groupby(["target", "variant"])[["r_configuration", *script.METRICS]].mean()
    for target, words in (
        ("displacement", "displacements"),
        ("relative", "relative displacements"),
    ):
        for name in ("whole system", "experiment"):
            cells = " | ".join(f"{value:.3f}" for value in of_all.loc[target, name])
            yield f"| {words}, {name} | {cells} |"
    share = Metrics().share
    yield f"for the {100 * share:.0f} % of particles that move farthest"
    yield f"without information it is {share:.2f}"
    means = of_all.r_configuration
    yield "falls from {:.3f} for the whole system to {:.3f} for the experiment".format(
        means["relative"]["whole system"], means["relative"]["experiment"]
    )
    yield "The mean is {:.3f} for the whole system and {:.3f} for the experiment".format(
        means["displacement"]["whole system"], means["displacement"]["experiment"]
    )
    yield holds(
        "and the intervals overlap at all times", _overlap(rows, "whole system", "experiment")
    )
    filled, others = (
        {target: _gain(each, target) for target in script.TARGETS}
        for each in (rows, both[both.species == "B"])
    )
    first, second = (f"{gain.min():.2f} to {gain.max():.2f}" for gain in filled.values())
    yield holds(
        f"raises r of A at all times, by {first} for displacements and by {second} for relative",
        all((gain > 0).all() for gain in filled.values()),
    )
    gains = np.concatenate(list(others.values()))
    yield f"For B it does so at {(gains > 0).sum()} of {len(gains)} times and targets"
    blocks = table(FOLDER / "counts.csv").block.nunique()
    yield holds("five blocks are few", blocks == 5)
    cut = table(FOLDER / "counts.csv").query("variant == 'edge'")
    yield holds(
        "though half of the particles go", abs(cut.used.sum() / cut.particles.sum() - 0.5) < 0.02
    )
    yield holds(
        "The edge alone** changes the mean of r of A by less than 0.01",
        all(
            abs(means[target]["edge"] - means[target]["whole system"]) < 0.01
            for target in script.TARGETS
        ),
    )


def _gain(rows, target):
    """Return what filling the gaps adds to r."""
    return _r(rows, target, "experiment") - _r(rows, target, "edge, noise, lost")


def _overlap(rows, *variants):
    """Return whether the intervals of r of displacements of two variants overlap at all times."""
    one, other = (
        rows[(rows.target == "displacement") & (rows.variant == name)].set_index("time")
        for name in variants
    )
    apart = (one.low_configuration > other.high_configuration) | (
        other.low_configuration > one.high_configuration
    )
    return not apart.any()


def _r(rows, target, variant):
    of = rows[(rows.target == target) & (rows.variant == variant)].sort_values("time")
    return of.r_configuration.to_numpy()
