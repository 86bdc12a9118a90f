"""Numbers of the results on structure and short runs together."""

import cagebreak as cb
from support.claims import holds, interval, row, table
from support.paths import ROOT

FOLDER = ROOT / "results/hybrid"
DOCUMENT = FOLDER / "README.md"
NAMES = {
    "hard-spheres-058": ("Hard spheres, φ = 0.58", (158, 398, 1000)),
    "kob-andersen-050": ("Kob-Andersen, T = 0.5", (46, 74, 118, 188)),
}
"""The data sets in words, and the times of the table."""
GIVEN = [
    "r of 0.90 was aimed at",  # the aim of the project
    "brackets are 95 % bootstrap intervals",  # default of `bootstrap.interval`
    "without its averages beyond generation 2",  # LAST of measure.py
    "Their tau_alpha is about 10⁴ τ",  # results/hard-spheres-058
]


def computed():
    reached = {}
    for name, (words, times) in NAMES.items():
        costs = table(FOLDER / f"{name}-costs.csv").iloc[0]
        budgets = table(FOLDER / f"{name}-budgets.csv")
        study = cb.datasets.study(name)
        yield (
            f"{words}: {costs.n_configurations:.0f} configurations of "
            f"{study.recipe.preparation.n_particles} particles, {costs.n_runs:.0f} runs each"
        )
        if costs.tau_alpha == costs.tau_alpha:
            yield f"tau_alpha of A is {costs.tau_alpha:.0f} τ"
        yield (
            f"one tau of a run takes {1000 * costs.per_tau:.0f} ms and structure "
            f"{costs.structure:.1g} s"
        )
        for time in times:
            yield line(words, budgets, time)
        reached[words] = [
            row(
                budgets[(budgets.inputs == "both") & (budgets.share == share)], time=times[-1]
            ).r_configuration
            >= 0.9
            for share in (0.1, 0.5)
        ]
        yield over_budgets(words, budgets, times[-1])
    yield holds(
        "It is not reached by a tenth of these ensembles in either system",
        list(reached.values()) == [[False, True], [False, False]],
    )


def line(words, budgets, time, share=0.1):
    """Return a row of the table: each kind of inputs within a tenth of the cost."""
    cells = []
    for inputs in ("structure", "runs", "both"):
        of_inputs = budgets[budgets.inputs == inputs]
        if inputs != "structure":
            of_inputs = of_inputs[of_inputs.share == share]
        score = row(of_inputs, time=time)
        cells.append(f"{score.r_configuration:.3f} {interval(score, 3)}")
    runs = f"{score.n_runs:g} to {score.until:.0f} τ"
    ensemble = row(budgets[(budgets.inputs == "ensemble") & (budgets.share == share)], time=time)
    cells.append(f"{ensemble.r_configuration:.3f}")
    return f"| {words} | {score.time:.0f} τ | {' | '.join(cells)} | {runs} |"


def over_budgets(words, budgets, time):
    """Return what both reach of several budgets at a time, beside the whole ensemble."""
    both = budgets[budgets.inputs == "both"]
    tenth, half = (row(both[both.share == share], time=time) for share in (0.1, 0.5))
    ensemble = row(budgets[(budgets.inputs == "ensemble") & (budgets.share == 1)], time=time)
    beyond = f"{tenth.gain:+.3f} ({tenth.gain_low:+.3f} to {tenth.gain_high:+.3f})"
    return (
        f"{words}, {tenth.time:.0f} τ: {tenth.r_configuration:.3f} for a tenth of the cost, "
        f"{half.r_configuration:.3f} for half of it, {ensemble.r_configuration:.3f} by the whole "
        f"ensemble alone; a tenth is {beyond.replace('-', '−')} beyond structure"
    )
