"""Numbers of the study of Wahnström's mixture."""

import numpy as np

import cagebreak as cb
from support.claims import interval, row, table
from support.paths import ROOT

FOLDER = ROOT / "results/wahnstrom-065"
DOCUMENT = FOLDER / "README.md"
STUDY = ROOT / "datasets/wahnstrom-065/wahnstrom.toml"
SCORES = table(FOLDER / "scores.csv")
TIMES = (0.1, 1, 2.4, 15, 38, 95, 150)
# Rows of the table, and the columns that have their interval beside them.
ROWS = {
    "X init, LR0": ("LR0", [95]),
    "X init, LR1": ("LR1", [95]),
    "X init, LR2": ("LR2", [95]),
    "X IS": ("X IS", [95]),
    "X CS": ("X CS", [95]),
    "\\|F\\|": ("F", []),
    "Δr IS": ("dr IS", [1, 2.4]),
    "Δr CS": ("dr CS", [1, 2.4]),
    "X init, X IS, Δr IS": ("X init + X IS + dr IS", [95]),
    "X init, X CS, Δr CS": ("X init + X CS + dr CS", [95]),
    "F, X init, X CS, Δr CS": ("F + X init + X CS + dr CS", [95]),
    "recommended": ("recommended", TIMES[1:]),
}
GIVEN = [
    "T = 0.65",  # the recipe beside the document
    "of 1000 particles (rho = 1.3, 50:50, smoothed potential) were quenched over 300 τ from T = 1, "
    "held for 300 τ at constant pressure and 900 τ at constant volume, and followed in ten runs "
    "each to 150 τ",
    "within 30,000 sweeps",
    "(F_s at k = 2 pi falls to 1/e)",
    "for a decayed F_s is 0.1",  # cagebreak.dynamics.equilibrium.RELAXED
    "95 % bootstrap",
    "| t / τ | 0.1 | 1 | 2.4 | 15 | 38 | 95 | 150 |",
    "from 15 τ on",
    "at 2.4 τ",
    "at 60 τ",
    "study T = 0.58 with tau_alpha about 1000 τ, where 30 runs",  # Rottler and Ortner 2024
]


def score(features, time, species="A"):
    return row(SCORES, features=features, time=time, species=species)


def computed():
    for name, (features, exact) in ROWS.items():
        scores = [score(features, time) for time in TIMES]
        yield f"| {name} | " + " | ".join(
            f"{each.r_configuration:.3f}" + (f" {interval(each)}" if time in exact else "")
            for time, each in zip(TIMES, scores, strict=True)
        )
    ceilings = (score("recommended", time).ceiling for time in TIMES)
    yield "| ceiling | " + " | ".join(f"{ceiling:.3f}" for ceiling in ceilings)
    lr0, lr1 = (score(features, 95).r_configuration for features in ("LR0", "LR1"))
    yield f"at tau_alpha LR0 has {lr0:.2f} and LR1 {lr1:.2f}"
    near, late = (score("recommended", time, "B") for time in (2.4, 60))
    yield f"B particles have {near.r_configuration:.2f} {interval(near)} at 2.4 τ"
    yield f"and {late.r_configuration:.2f} {interval(late)} at 60 τ"
    cage = score("dr CS", 2.4)
    yield f"Δr CS reaches {cage.r_configuration:.2f} at a ceiling of {cage.ceiling:.2f}"
    # All of X CS, X IS and X init, from 15 tau on.
    late_times = [time for time in SCORES.time.unique() if time > 14]
    names = ("X CS", "X IS", "LR2")
    of = {name: np.array([score(name, t).r_configuration for t in late_times]) for name in names}
    if (of["X CS"] > np.maximum(of["X IS"], of["LR2"])).all():
        yield "X CS is above X IS and X init from 15 τ on"

    study = cb.Study(STUDY)
    tau = study.relaxation()
    aged = study.recipe.preparation.protocol[-1].time
    yield f"is {tau['A']:.0f} τ for A and {tau['B']:.0f} τ for B"
    yield f"were aged for {aged / tau['A']:.1f} and {aged / tau['B']:.0f} times that"
    drift = study.drift()
    of_a = row(drift, quantity="F_s A")
    yield f"F_s of A falls to {of_a['first']:.3f} and {of_a['second']:.3f} over the halves"
    if not drift.drifts.any():
        yield "Energy, pressure and F_s do not drift between the halves"
    seconds = table(STUDY.with_suffix("") / "durations.csv").seconds.sum()
    yield f"take {seconds / 3600:.1f} core-hours"
