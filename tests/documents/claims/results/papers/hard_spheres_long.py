"""Numbers of hard spheres beyond tau_alpha."""

import numpy as np

import cagebreak as cb
from cagebreak.dynamics.relaxation import tau_alpha
from support.claims import holds, table
from support.paths import ROOT
from support.study_claims import CONFIDENCE, Scores, metrics, power

FOLDER = ROOT / "results/hard-spheres-058-long"
DOCUMENT = FOLDER / "README.md"
RECIPE = cb.Study(ROOT / "results/heterogeneity/hard_spheres.toml").recipe
TIMES = ("1", "10", "100", "1000", "3981", "10000")
SCORES = {species: Scores.read(FOLDER, TIMES, species) for species in "AB"}
ROWS = {name: (name, ("10000",)) for name in ("LR0", "LR2", "X IS", "X CS", "dr CS", "recommended")}
GIVEN = [
    "papers go to 10⁵ τ",  # Alkemade 2022, section I B
    "of free diffusion this is 1/2",
    CONFIDENCE,
]


def computed():
    runs, last = RECIPE.isoconfigurational, RECIPE.isoconfigurational.last
    yield (
        f"{RECIPE.preparation.n_configurations} of its configurations in {runs.n_runs} runs each "
        f"to {power(last)} τ"
    )
    other = cb.Study(ROOT / "datasets/hard-spheres-058/hs058.toml").recipe
    yield f"ends at {power(other.isoconfigurational.last)} τ"
    slopes, ends = {}, relaxations()
    for species, of in table(FOLDER / "propensity.csv").groupby("species"):
        times, values = of.time.to_numpy(), of.propensity.to_numpy()
        late = times > 3900
        slopes[species] = np.polyfit(np.log(times[late]), np.log(values[late]), 1)[0]
    yield f"{ends['A']:.1f} tau_alpha of A particles and {ends['B']:.1f} of B"
    yield f"between {times[late][0]:.0f} τ and {times[late][-1]:.0f} τ"
    yield f"to the power {slopes['A']:.2f} for A and {slopes['B']:.2f} for B"
    yield from SCORES["A"].lines(ROWS)
    yield from metrics(FOLDER, TIMES)
    yield from compared(last)


def relaxations():
    """Return the last time over tau_alpha, by species."""
    return {
        species: of.time.max() / float(tau_alpha(of.time.to_numpy(), of.f_s.to_numpy()[:, None])[0])
        for species, of in table(FOLDER / "propensity.csv").groupby("species")
    }


def compared(last):
    of_a, of_b = (SCORES[species].over_time("LR2") for species in "AB")
    peak = of_a.idxmax()
    yield f"largest at {peak:.0f} τ**, {of_a.max():.3f}"
    yield f"falls to {of_a.iloc[-1]:.3f} at {power(last)} τ"
    yield f"for B it falls from {of_b.max():.3f} to {of_b.iloc[-1]:.3f}"
    for species, of in zip("AB", (of_a, of_b), strict=True):
        end = SCORES[species].at("LR2", last)
        yield holds("within the intervals", end.high_configuration > of.max())
    at = SCORES["A"].at
    yield f"from {at('LR2', 10).ceiling:.3f} at 10 τ to {at('LR2', last).ceiling:.3f}"
    shares = [at("LR2", time).r_configuration / at("LR2", time).ceiling for time in (1e3, last)]
    yield f"from {shares[0]:.2f} at {power(1e3)} τ to {shares[1]:.2f}"
    of_cage = SCORES["A"].over_time("dr CS")
    yield f"best at {of_cage.idxmax():.0f} τ, {of_cage.max():.3f}"
    yield f"hardly at {power(last)} τ, {of_cage.iloc[-1]:.3f}"
    inherent, cage, best = (
        at(name, last).r_configuration for name in ("X IS", "X CS", "recommended")
    )
    yield f"({inherent:.3f} at {power(last)} τ) and X CS ({cage:.3f})"
    at_6310 = {name: at(name, 6310).r_configuration for name in ("recommended", "X IS", "X CS")}
    gain = at_6310["recommended"] - max(at_6310["X IS"], at_6310["X CS"])
    yield f"up to {at('LR2', 6310).time:.0f} τ, by {gain:.3f} there"
    yield f"by {best - inherent:.3f} at {power(last)} τ"
    folds, n = RECIPE.learning.outer_folds, RECIPE.preparation.n_configurations
    yield holds(
        "six or seven", {n - len(part) for part in np.array_split(range(n), folds)} == {6, 7}
    )
    other = Scores.read(ROOT / "results/hard-spheres-058").at("LR2", 1e3).r_configuration
    yield f"{power(1e3)} τ: {at('LR2', 1e3).r_configuration:.3f} in place of {other:.3f}"
