"""Numbers of the sheared Kob-Andersen glass."""

from support.paths import ROOT
from support.shear_claims import shear, windows

FOLDER = ROOT / "results/shear-kob-andersen"
DOCUMENT = FOLDER / "README.md"
GIVEN = [
    "of 1000 particles (rho = 1.2, smoothed potential) were melted at T = 1, quenched to zero over "
    "500 tau and sheared quasistatically by 0.25 in steps of 1e-4",  # the recipe
    "after the first 10 % of strain",
    "over 10 % of the A particles active, D2min > 0.6 sigma²",
    "(the threshold is 1e-3)",
    "one step of 1e-4 adds more",
    "6 glasses of 1000 particles instead of 30; steps of 1e-4 instead of 5e-5",  # paper: V.A
    "50 tau of melt",
]


def computed():
    of = shear(ROOT / "datasets/shear-kob-andersen/ka.toml", threshold=1e-3)
    yield f"There are {of.n_events} plastic events, {of.n_late} of them after"
    yield f": {of.rate:.1f} per glass and 1 %"
    yield f"between {of.smallest:.1e}".replace("e-0", "e-")
    yield f"and {of.largest:.0f} eps, half of these less than {of.median:.1f} eps"
    yield f"peaks at {of.peak:.2f} eps/sigma³ near a strain of {of.strain_of_peak:.3f}"
    yield f"after 10 % it is on average {of.stress:.3f} ± {of.error:.3f}"
    yield f"falls in {of.stress_falls:.0f} % of the steps with an event"
    yield f"the energy in {of.energy_falls:.0f} %"
    yield f"{of.minutes:.0f} core-minutes"
    n, quiet, avalanches, active = windows(FOLDER / "windows.csv")
    yield f"Of {n} windows of 1 %, {quiet} have no event and {avalanches} are avalanches"
    yield f"have {active} active A particles"
