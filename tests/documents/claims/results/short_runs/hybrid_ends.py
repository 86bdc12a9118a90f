"""Numbers of the results on structure where short runs lead."""

import sys

from documents.claims.results.short_runs.hybrid import FOLDER, as_runs
from support.claims import interval, row, table

DOCUMENT = FOLDER / "ends.md"
NAMES = {"hard-spheres": "Hard spheres, φ = 0.58", "kob-andersen": "Kob-Andersen, T = 0.5"}
GIVEN = [
    "brackets are 95 % bootstrap intervals",  # default of `bootstrap.interval`
]


def computed():
    sys.path.insert(0, str(FOLDER))
    try:
        import ends as script
    finally:
        sys.path.remove(str(FOLDER))
    for name, words in NAMES.items():
        system = script.SYSTEMS[name]
        costs = table(FOLDER / f"{name}-ends-costs.csv").iloc[0]
        yield (
            f"{words}: {costs.n_configurations:.0f} configurations of {costs.n_particles:.0f} "
            f"particles, {costs.n_runs:.0f} runs each; tau_alpha of A is {costs.tau_alpha:.0f} τ; "
            f"one tau of a run takes {1000 * costs.per_tau:.0f} ms, structure and each end "
            f"{costs.end:.1g} s"
        )
        budgets = table(FOLDER / f"{name}-ends-budgets.csv")
        for time in system.times:
            yield line(words, budgets, time)
        yield from near_tau_alpha(name, words, costs, budgets)


def line(words, budgets, time, share=0.1):
    """Return a row of the table: each kind of inputs within a tenth of the cost."""
    cells = []
    for inputs in ("structure", "runs", "both", "ends"):
        of_inputs = budgets[budgets.inputs == inputs]
        if inputs != "structure":
            of_inputs = of_inputs[of_inputs.share == share]
        score = row(of_inputs, time=time)
        cells.append(f"{score.r_configuration:.3f} {interval(score, 3)}")
    runs = as_runs(score)
    ensemble = row(budgets[(budgets.inputs == "ensemble") & (budgets.share == 1)], time=time)
    cells.append(f"{ensemble.r_configuration:.3f}")
    return f"| {words} | {score.time:.0f} τ | {' | '.join(cells)} | {runs} |"


def near_tau_alpha(name, words, costs, budgets):
    """Yield what the ends add near tau_alpha, and whether the aim is reached."""
    paired = table(FOLDER / f"{name}-ends-paired.csv")
    time = paired.time[(paired.time - costs.tau_alpha).abs().idxmin()]
    at_time = paired[paired.time == time].set_index(["n_runs", "until"])
    best = at_time.gain.idxmax()
    gain = at_time.loc[best]
    yield (
        f"{words}, {time:.0f} τ: the ends add up to {gain.gain:.3f} ({gain.low:.3f} to "
        f"{gain.high:.3f}), to {best[0]:.0f} runs of {best[1]:.0f} τ"
    )
