"""What documents say of a study of athermal shear, from its data set and its table of windows."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import cagebreak as cb
from support.claims import printed, table
from support.study_claims import WORDS


@dataclass
class Shear:
    """Plastic events and stress of a study.

    `late` is after the strain that is discarded, `rate` the number of late events per glass and
    1 % of strain, `stress` the mean late stress, `error` that of its mean over glasses.
    """

    n_events: int
    n_late: int
    rate: float
    smallest: float
    largest: float
    median: float
    peak: float
    strain_of_peak: float
    stress: float
    error: float
    stress_falls: float
    energy_falls: float
    minutes: float


def preparation(recipe: Path) -> Iterator[str]:
    """Yield how the glasses of a mixture were made and sheared."""
    of = cb.Study(recipe).recipe
    melt, quench = of.preparation.protocol
    section, model = of.shear, of.model
    yield (
        f"{WORDS[of.preparation.n_configurations].capitalize()} glasses of "
        f"{of.preparation.n_particles} particles (rho = {model.number_density:g}, smoothed "
        f"potential) were melted at T = {melt.temperature[0]:g}, quenched to zero over "
        f"{quench.time:g} tau and sheared quasistatically by {section.strain:g} in steps of "
        f"{printed(section.step)}"
    )
    yield f"after the first {100 * section.discard:g} % of strain"


def instead(recipe: Path, of_what: str) -> str:
    """Return how many glasses there are and how small the steps, beside the paper (V.A)."""
    of = cb.Study(recipe).recipe
    return (
        f"{of.preparation.n_configurations} glasses of {of.preparation.n_particles} {of_what} "
        f"instead of 30; steps of {printed(of.shear.step)} instead of 5e-5"
    )


def shear(recipe: Path, threshold: float) -> Shear:
    """Return the summary of a study; events dissipate more than `threshold`, in eps."""
    study = cb.Study(recipe)
    section = study.recipe.shear
    curves = [study.shear(c).curve for c in range(study.n_configurations)]
    strain, stress, energy, dissipated = (
        np.array([curve[name] for curve in curves])
        for name in ("strain", "stress", "energy", "dissipated")
    )
    event, late = dissipated > threshold, strain > section.discard
    of_glass = np.array([s[after].mean() for s, after in zip(stress, late, strict=True)])
    mean = stress.mean(axis=0)
    percent = 100 * (section.strain - section.discard)
    return Shear(
        n_events=event.sum(),
        n_late=(event & late).sum(),
        rate=(event & late).sum() / len(curves) / percent,
        smallest=dissipated[event & late].min(),
        largest=dissipated[event & late].max(),
        median=np.median(dissipated[event & late]),
        peak=mean.max(),
        strain_of_peak=strain[0][mean.argmax()],
        stress=of_glass.mean(),
        error=of_glass.std(ddof=1) / np.sqrt(len(curves)),
        stress_falls=100 * (np.diff(stress) < 0)[event[:, 1:]].mean(),
        energy_falls=100 * (np.diff(energy) < 0)[event[:, 1:]].mean(),
        minutes=table(recipe.with_suffix("") / "durations.csv").seconds.sum() / 60,
    )


def events(of: Shear, folder: Path) -> Iterator[str]:
    """Yield what is said of the events, the stress and the windows of a mixture."""
    yield f"There are {of.n_events} plastic events, {of.n_late} of them after"
    yield f": {of.rate:.1f} per glass and 1 %"
    yield f"peaks at {of.peak:.2f} eps/sigma³"
    yield f"after 10 % it is on average {of.stress:.3f} ± {of.error:.3f}"
    yield f"falls in {of.stress_falls:.0f} % of the steps with an event"
    yield f"the energy in {of.energy_falls:.0f} %"
    yield f"{of.minutes:.0f} core-minutes"
    n, quiet, avalanches, active = windows(folder / "windows.csv")
    yield f"Of {n} windows of 1 %, {quiet} have no event and {avalanches} are avalanches"
    yield f"have {active} active A particles"


def steps_above(recipe: Path, threshold: float) -> int:
    """Return how many steps dissipate more than `threshold`."""
    study = cb.Study(recipe)
    curves = (study.shear(c).curve for c in range(study.n_configurations))
    return sum(int((curve.dissipated > threshold).sum()) for curve in curves)


def windows(path: Path) -> tuple[int, int, int, int]:
    """Return the numbers of windows, of those without an event and of avalanches; active A."""
    rows = table(path)
    of_a = rows[rows.species == "A"]
    active = of_a[~of_a.avalanche].active.sum()
    return len(of_a), (of_a.events == 0).sum(), of_a.avalanche.sum(), active
