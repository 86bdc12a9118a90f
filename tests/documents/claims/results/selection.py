"""Numbers of the study of few descriptors, ablation and collinearity."""

import numpy as np

import cagebreak as cb
from cagebreak.learning.inspection.collinearity import INFLATED
from support.claims import holds, row, table
from support.paths import ROOT
from support.study_claims import WORDS

FOLDER = ROOT / "results/selection"
DOCUMENT = FOLDER / "README.md"
SYSTEMS = ("ka", "hs")
SCORES = ("r", "r_configuration")
GIVEN = [
    "not 6.",  # Boattini 2021, below fig. 2
    "for Kob-Andersen beyond 100",  # Boattini 2021, below fig. 2
    "the paper's 20",  # Boattini 2021, below fig. 3
    "C from 1e-5, 1e-4, 1e-3",  # support_vectors.STRENGTHS
    "generation 0 does not",
    "(Apache-2.0)",
    "use generation 0 alone",
]


def of_each(name):
    """Return a table of Kob-Andersen and of hard spheres."""
    return [table(FOLDER / f"{system}_{name}.csv") for system in SYSTEMS]


def change(score, names=("change", "change_low", "change_high")):
    """Return a change of r and its interval: +0.008, −0.006 to 0.024."""
    value, low, high = (score[name] for name in names)
    return f"{value:+.3f}, {low:.3f} to {high:.3f}".replace("-", "−")


def both(score, digits):
    """Return r pooled and of configurations: 0.35 (0.41)."""
    return f"{score.r:.{digits}f} ({score.r_configuration:.{digits}f})"


def from_size(curve, least):
    """Return from how many descriptors on a curve reaches each of its scores: 2 (13)."""
    sizes = [curve.n_features[curve[name] >= least[name]].min() for name in SCORES]
    return "{} ({})".format(*sizes)


def rows(curves, everything):
    """Yield the rows of the table; the numbers of Boattini 2021 stand below its figs. 2 and 3."""
    twenty, vectors = of_each("first_twenty"), table(FOLDER / "support_vectors.csv")
    baselines = [row(vectors, system=system) for system in SYSTEMS]
    best = [curve[list(SCORES)].max() for curve in curves]

    def line(name, cells, papers=("", "")):
        mixture, spheres = (f"{c} | {p}".strip() for c, p in zip(cells, papers, strict=True))
        return f"| {name} | {mixture} | {spheres} |"

    held_out = [both(row(curve, n_features=1), 2) for curve in curves]
    yield line("best single descriptor, held out", held_out, ("0.4", ""))
    first = [f"{row(each, rank=1).multiple_r:.2f}" for each in twenty]
    yield line("the same in training, all configurations", first)
    of_vectors = [both(each, 2) for each in baselines]
    alone = [row(t, group="generation 0", kept="alone").n_features for t in of_each("ablation")]
    name = "support vectors on generation 0 ({} and {})".format(*alone)
    yield line(name, of_vectors, ("440 descriptors", ""))
    reached = [from_size(*each) for each in zip(curves, baselines, strict=True)]
    yield line("number that reaches them", reached, ("6", ""))
    for n in (20, 100):
        yield line(f"r with {n}", [both(row(curve, n_features=n), 2) for curve in curves])
    yield line(f"best of up to {curves[0].n_features.max()}", [both(each, 3) for each in best])
    for within, papers in ((0.02, ("", "")), (0.01, ("100", "20"))):
        sizes = [from_size(curve, top - within) for curve, top in zip(curves, best, strict=True)]
        yield line(f"within {within} of the best from", sizes, papers)
    yield line("ridge on all of them", [both(each, 3) for each in everything])
    ka = reached[0].split(" (")
    yield f"; {ka[0]} descriptors therefore exceed"
    yield f"Within configurations {ka[1][:-1]} are needed"


def selection():
    """Yield what the curves and the choices say."""
    curves = of_each("selection")
    everything = [each.iloc[0] for each in of_each("all_descriptors")]
    yield "{} and {} columns".format(*(f"{each.n_features:.0f}" for each in everything))
    yield from rows(curves, everything)
    width = (curves[0].high - curves[0].low) / 2
    yield f"is {width.min():.2f} to {width.max():.2f}, and this number"
    # A plateau: beyond its last size r falls before it rises again, and within it by 0.01 at most.
    sizes, r = curves[1].n_features, curves[1].r
    falls = int(np.flatnonzero(np.diff(r)[sizes[:-1] > 10] < 0)[0] + (sizes <= 10).sum())
    begins = int(np.flatnonzero(r >= r[falls] - 0.01)[0])
    yield f"a first plateau from {sizes[begins]} to {sizes[falls]}, which"
    highest = [curve.r.idxmax() for curve in curves]
    rises = all(size == len(curve) - 1 for size, curve in zip(highest, curves, strict=True))
    yield holds("up to the largest number tried in both systems", rises)
    peaks = [each.n_features[each.r.idxmax()] for each in of_each("selection_least_squares")]
    yield "r peaks at {} and at {} and is lower beyond".format(*peaks)
    no_worse = all(everything[1][name] >= curves[1][name].max() for name in SCORES)
    yield holds("For hard spheres all descriptors together are no worse", no_worse)

    first = of_each("first_twenty")[0]
    orders = ", ".join(f"{order}" for order in first.l[:3])
    yield f"For Kob-Andersen {(first.generation == 2).sum()} are of generation 2"
    angular = (first.kind[:3] == "angular").all()
    yield holds(f"and the first three are angular (l = {orders})", angular)
    stability = of_each("stability")
    most = [100 * each.frequency.max() for each in stability]
    yield "in {:.0f} and {:.0f} % of the draws".format(*most)
    # The tables end below a half: descriptors that are not listed are in fewer draws.
    assert all(each.frequency.min() < 0.5 for each in stability)
    rare = [20 - ((each["rank"] > 0) & (each.frequency >= 0.5)).sum() for each in stability]
    yield "but {} and {} of the first twenty are in fewer than half".format(*rare)


def ablation():
    """Yield what groups, ranges and orders add."""
    found = of_each("ablation")
    without = [each[each.kept == "without"].set_index("group") for each in found]
    alone = [each[each.kept == "alone"].set_index("group") for each in found]
    changes = [change(each.loc["generation 1"]) for each in without]
    no_fall = all(each.loc["generation 1"].change_high > 0 for each in without)
    changes = "; ".join(changes)
    yield holds(f"Without generation 1 r does not fall in either system ({changes})", no_fall)
    worst = [each.filter(like="generation", axis=0).change.idxmin() for each in without]
    ka, hs = (change(each.loc[name]) for each, name in zip(without, worst, strict=True))
    yield f"Kob-Andersen loses most without {worst[0]} ({ka})"
    yield f"and hard spheres without {worst[1]} ({hs})"
    shells = [each.filter(regex=r"^r ", axis=0) for each in without]
    (worst,) = {each.change.idxmin() for each in shells}
    yield f"the first coordination shell, {worst.removeprefix('r ')} sigma, causes the largest loss"
    beyond = ["r 2 to 3", "r 3 to 4", "r 4 to 5"]
    none = all((each.change_high[beyond] > 0).all() for each in shells)
    yield holds("shells beyond 2 sigma cause none in either system", none)
    kinds = [each.loc[["kind radial", "kind angular"]] for each in alone]
    near = all(each.low.max() < each.r.min() and each.high.min() > each.r.max() for each in kinds)
    statement = "Radial alone and angular alone differ by less than their intervals in both systems"
    yield holds(statement, near)
    angular, radial = ([each.loc[f"kind {kind}"] for each in without] for kind in
                       ("angular", "radial"))  # fmt: skip
    lose = max(angular[1].change_high, radial[1].change_high) < 0
    yield holds(f"Hard spheres lose without the angular ones ({change(angular[1])})", lose)
    yield f"and without the radial ones ({change(radial[1])})"
    nothing = min(angular[0].change_high, radial[0].change_high) > 0
    statement = "Kob-Andersen loses nothing significant without the angular ones"
    yield holds(f"{statement} ({change(angular[0])})", nothing)
    yield f"or without the radial ones ({change(radial[0])})"

    whole = [row(each, kept="all").r for each in of_each("ranges")]
    nearest = []  # The shortest range that loses at most 0.005.
    for each, r in zip(of_each("ranges"), whole, strict=True):
        nearest.append(each[(each.kept == "alone") & (each.r >= r - 0.005)].iloc[0])
    ends = [each.group.removeprefix("r <= ") for each in nearest]
    yield "up to {} sigma (Kob-Andersen) or {} sigma (hard spheres)".format(*ends)
    further = cb.papers.boattini2021(cb.kob_andersen()).r_c
    yield f"which reach {further} sigma further a generation"
    yield "suffice: r is {:.2f} and {:.2f}, and with all descriptors {:.2f} and {:.2f}".format(
        *(each.r for each in nearest), *whole
    )
    orders = [each[each.kept == "alone"] for each in of_each("orders")]
    best = [each.loc[each.r.idxmax()] for each in orders]
    words = [f"{each.r:.2f} ({each.group.replace(' ', ' = ')})" for each in best]
    yield "the best reach {} and {}".format(*words)


def computed():
    yield from selection()
    yield from ablation()

    counts = []
    for each in of_each("collinearity"):
        varying = each[each.vif.notna()]
        inflated = varying[~varying.readable]
        counts.append((len(varying), len(inflated), varying.vif.median(), inflated.flipped.sum()))
    n, inflated, median, flipped = counts[0]
    yield (
        f"Of {n} varying descriptors of Kob-Andersen, {inflated} have a variance inflation above "
        f"{INFLATED:.0f}"
    )
    yield f"(median of all {median:.0f}), and {flipped} of these have a least-squares coefficient"
    n, inflated, median, flipped = counts[1]
    yield f"these numbers are {inflated} of {n} (median {median:.0f}) and {flipped}"

    curve = table(FOLDER / "ka_learning.csv")
    yield f"means over {curve.n_runs.min()} to {curve.n_runs.max()} runs"
    r = [row(curve, n_configurations=8, n_runs=runs).r_corrected for runs in (8, 32)]
    yield "8 runs are nearly as good as 32 ({:.3f} and {:.3f})".format(*r)
    (cost,) = {each.cost.max() for each in of_each("advice")}
    yield f"costs as much as {cost:.0f} runs"
    gains = [change(row(each, cost=cost), ("gain", "low", "high")) for each in of_each("advice")]
    ka, hs = (f"{gain.replace(', ', ' (')})" for gain in gains)
    yield f": {ka} for Kob-Andersen, {hs} for hard spheres"
    exponents = [row(each, part="exponent").value for each in of_each("extrapolation")]
    (exponent,) = {f"{value:g}" for value in exponents}
    yield f"their exponent is {exponent}, the lower bound of the fit"

    botan = row(table(ROOT / "results/rottler2024/studies.csv"), system="KA", way="thermal")
    yield f"(T = {botan.temperature},"
    yield (
        f"{WORDS[botan.configurations]} training configurations of {botan.particles} particles, "
        f"{botan.runs} runs"
    )
    study = cb.Study(ROOT / "datasets/hard-spheres-058/hs058.toml").recipe
    runs = study.isoconfigurational
    assert (study.preparation.n_configurations, f"{runs.last:g}") == (20, "1000")
    yield f"for hard spheres at {study.model.packing_fraction}"
    yield f"twenty configurations, {runs.n_runs} runs, t = 10³ τ"
