"""Numbers of the results on structure and short runs together."""

import cagebreak as cb
from support.claims import holds, interval, row, table
from support.paths import ROOT

FOLDER = ROOT / "results/hybrid"
DOCUMENT = FOLDER / "README.md"
NAMES = {
    "hard-spheres-058": ("Hard spheres, φ = 0.58", (158, 398, 1000)),
    "kob-andersen-050": ("Kob-Andersen, T = 0.5", (29, 46, 74, 118, 188, 300)),
}
"""The data sets in words, and the times of the table."""
AIM = 0.9  # of the project
GIVEN = [
    "brackets are 95 % bootstrap intervals",  # default of `bootstrap.interval`
    "without its averages beyond generation 2",  # LAST of measure.py
    "Their tau_alpha is about 10⁴ τ",  # results/hard-spheres-058
]


def computed():
    reached, better, compared, added, spent = [], [], [], [], []
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
        tenth = budgets[budgets.share == 0.1].set_index(["inputs", "time"])
        both = tenth.loc["both"]
        yield holds(
            "at all times at which structure and a short run cost less",
            [f"{time:.0f}" for time in both.index] == list(map(str, times)),
        )
        half = budgets[(budgets.inputs == "both") & (budgets.share == 0.5)].set_index("time")
        spent += [cost_over(row(tenth.loc["both"].reset_index(), time=t), costs) for t in times]
        reached.append(
            [(each.r_configuration[both.index] >= AIM).to_numpy() for each in (both, half)]
        )
        better.append(both.r_configuration - tenth.loc["ensemble"].r_configuration[both.index])
        runs = tenth.loc["runs"].loc[both.index]
        compared.append((both, runs, both.r_configuration - runs.r_configuration))
        for time in times[-1:] if name.startswith("hard") else times[-2:]:
            yield over_budgets(words, budgets, time)
        added.append(of_structure(table(FOLDER / f"{name}.csv")))
    of_ensemble, of_medians = ranges(spent)
    yield f"The mean cost over the folds, which the figure above has, is {of_ensemble}"
    yield f"Runs of these medians cost {of_medians} more than the mean"
    yield from verdicts(reached, better, compared)
    for (words, most, _), system in zip(added, ("hard spheres", "Kob-Andersen"), strict=True):
        yield f"from that of {words} by {most:.2f} for {system}"
    yield f"it adds at most {max(least for *_, least in added):.3f}"


def cost_over(score, costs):
    """Return the mean cost over that of the ensemble, and what the medians cost beyond it."""
    ensemble = costs.n_runs * score.time * costs.per_tau
    an_end = costs.end if "end" in costs else 0.0
    medians = costs.structure + score.n_runs * (score.until * costs.per_tau + an_end)
    return score.core_seconds / ensemble, medians / score.core_seconds - 1


def ranges(spent):
    """Return the ranges of what `cost_over` returns, as documents print them."""
    texts = [
        f"{100 * min(each):.0f} to {100 * max(each):.0f} %" for each in zip(*spent, strict=True)
    ]
    return [text.replace("-", "−") for text in texts]


def verdicts(reached, better, compared):
    """Yield what the table says of both, beside the aim, the ensemble and short runs alone."""
    (hard, hard_half), (soft, soft_half) = reached
    yield f"The aim was r of {AIM:.2f} for a tenth of the cost"
    yield holds("Neither system reaches it, at any time", not (hard.any() or soft.any()))
    yield holds(
        "Hard spheres reach it for half of the cost, at every time of the table. Kob-Andersen "
        "does not",
        hard_half.all() and not soft_half.any(),
    )
    yield holds(
        "at every time a tenth of the cost predicts far better than an ensemble of the same",
        min(map(min, better)) > 0.2,
    )
    (*_, higher), (both, runs, mixed) = compared
    yield f"r of both is higher by {higher.min():.2f} to {higher.max():.2f} at the times"
    overlap = (both.low_configuration < runs.high_configuration) & (
        runs.low_configuration < both.high_configuration
    )
    yield holds(
        f"the difference is {mixed.min():.2f} to {mixed.max():.2f}, and all intervals".replace(
            "-", "−"
        ),
        overlap.all(),
    )


def of_structure(rows):
    """Return the fewest and shortest runs, what structure adds to r of them, and of the most."""
    keys = ["time", "n_runs", "until"]
    both, runs = (rows[rows.inputs == name].set_index(keys) for name in ("both", "runs"))
    gain = (both.r_configuration - runs.r_configuration).reset_index()
    last = gain[gain.time == gain.time.max()].sort_values(["n_runs", "until"]).iloc[0]
    longest = gain[gain.n_runs == gain.n_runs.max()].sort_values("until").groupby("time").last()
    return as_runs(last), last.r_configuration, longest.r_configuration.max()


def as_runs(score):
    """Return a number of runs and their length as the document prints them."""
    return f"{score.n_runs:g} run{'s' if score.n_runs > 1 else ''} of {score.until:.0f} τ"


def line(words, budgets, time, share=0.1):
    """Return a row of the table: each kind of inputs within a tenth of the cost."""
    cells = []
    for inputs in ("structure", "runs", "both"):
        of_inputs = budgets[budgets.inputs == inputs]
        if inputs != "structure":
            of_inputs = of_inputs[of_inputs.share == share]
        score = row(of_inputs, time=time)
        cells.append(f"{score.r_configuration:.3f} {interval(score, 3)}")
    runs = as_runs(score)
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
