"""Numbers of the results on structure where short runs lead."""

from documents.claims.results.short_runs.hybrid import AIM, FOLDER, as_runs, cost_over, ranges
from support.claims import holds, interval, row, table

DOCUMENT = FOLDER / "ends.md"
NAMES = {"hard-spheres": "Hard spheres, φ = 0.58", "kob-andersen": "Kob-Andersen, T = 0.5"}
GIVEN = [
    "brackets are 95 % bootstrap intervals",  # default of `bootstrap.interval`
    "up to generation 2",  # GENERATIONS of ends.py
]
SHARE, DESCRIBED = 0.1, ("inherent", "positions")


def computed():
    spent = []
    for name, words in NAMES.items():
        costs = table(FOLDER / f"{name}-ends-positions-costs.csv").iloc[0]
        inherent = table(FOLDER / f"{name}-ends-inherent-costs.csv").iloc[0]
        yield (
            f"{words}: {costs.n_configurations:.0f} configurations of {costs.n_particles:.0f} "
            f"particles, {costs.n_runs:.0f} runs each; tau_alpha of A is {costs.tau_alpha:.0f} τ; "
            f"one tau of a run takes {1000 * costs.per_tau:.0f} ms, structure and an inherent end "
            f"{inherent.end:.1g} s, positions at an end {costs.end:.1g} s"
        )
        budgets = {each: table(FOLDER / f"{name}-ends-{each}-budgets.csv") for each in DESCRIBED}
        for time in sorted(set(budgets["positions"].time)):
            yield line(words, budgets, time)
            for each, of_each in (("inherent", inherent), ("positions", costs)):
                spent.append(cost_over(reached(budgets[each], "ends", time), of_each))
        for each, of in budgets.items():
            yield from near_tau_alpha(name, words, each, of, costs.tau_alpha)
    of_ensemble, of_medians = ranges(spent)
    yield f"With ends the mean cost is {of_ensemble} of the ensemble"
    yield f"medians cost {of_medians} more than the mean"
    yield f"The aim is r of {AIM:.2f} near tau_alpha for a tenth of the cost"
    yield from verdicts(
        *(
            {each: table(FOLDER / f"{name}-ends-{each}-budgets.csv") for each in DESCRIBED}
            for name in NAMES
        )
    )


def reached(budgets, inputs, time):
    """Return the score of inputs for a tenth of the cost; structure has its own."""
    of = budgets[budgets.inputs == inputs]
    return row(of if inputs == "structure" else of[of.share == SHARE], time=time)


def line(words, budgets, time):
    """Return a row of the table: each kind of inputs within a tenth of the cost."""
    positions = budgets["positions"]
    scores = [reached(positions, inputs, time) for inputs in ("structure", "runs", "both")]
    scores += [reached(budgets[each], "ends", time) for each in ("inherent", "positions")]
    cells = [f"{score.r_configuration:.3f} {interval(score, 3)}" for score in scores]
    whole = positions[(positions.inputs == "ensemble") & (positions.share == 1)]
    cells.append(f"{row(whole, time=time).r_configuration:.3f}")
    runs = "; ".join(as_runs(score) for score in scores[-2:])
    return f"| {words} | {scores[0].time:.0f} τ | {' | '.join(cells)} | {runs} |"


def near_tau_alpha(name, words, described, budgets, tau_alpha):
    """Yield what the ends add near tau_alpha, and the cost at which the aim is reached there."""
    paired = table(FOLDER / f"{name}-ends-{described}-paired.csv")
    time = paired.time[(paired.time - tau_alpha).abs().idxmin()]
    at_time = paired[paired.time == time].set_index(["n_runs", "until"])
    best = at_time.gain.idxmax()
    gain = at_time.loc[best]
    which = {"inherent": "inherent states", "positions": "positions"}[described]
    yield (
        f"{words}, {time:.0f} τ: {which} at the ends add up to {gain.gain:.3f} ({gain.low:.3f} to "
        f"{gain.high:.3f}), to {best[0]:.0f} runs of {best[1]:.0f} τ"
    )
    of_ends = budgets[(budgets.inputs == "ends") & (budgets.time == time)]
    enough = of_ends[of_ends.r_configuration >= AIM].sort_values("share")
    if enough.share.iloc[0] > SHARE:
        where = f" at {time:.0f} τ" if name == "kob-andersen" else ""
        yield f"r of {AIM:.2f} is reached{where} for {100 * enough.share.iloc[0]:.0f} % of the cost"
    elif enough.share.iloc[0] < SHARE:
        yield f"r of {AIM:.2f} is reached for {100 * enough.share.iloc[0]:.0f} % of the cost"


def verdicts(hard, soft):
    """Yield where the aim is reached, and what a tenth of the cost is beside the ensemble."""
    best = reached(hard["inherent"], "ends", 3981)
    yield f"r is {best.r_configuration:.3f} {interval(best, 3)} for a tenth of the cost"
    yield holds("Hard spheres reach it", best.r_configuration >= AIM)
    late, near = (reached(soft["positions"], "ends", time) for time in (300, 188))
    worse = min(near.r_configuration, late.r_configuration)
    yield holds("**Kob-Andersen reaches it**", worse >= AIM)
    near_and_late = [
        f"{score.r_configuration:.3f} {interval(score, 3)} at {score.time:.0f} τ"
        for score in (near, late)
    ]
    yield f"r is {' and '.join(near_and_late)}"
    whole = [
        row(each[(each.inputs == "ensemble") & (each.share == 1)], time=score.time)
        for each, score in ((hard["inherent"], best), (soft["positions"], late))
    ]
    yield holds(
        "a tenth of the cost predicts better than the whole ensemble measures",
        all(
            w.r_configuration < s.r_configuration for w, s in zip(whole, (best, late), strict=True)
        ),
    )
