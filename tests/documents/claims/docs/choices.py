"""Numbers of the choices."""

import numpy as np

import cagebreak as cb
from cagebreak.descriptors.papers import alkemade2022
from cagebreak.dynamics import plasticity
from cagebreak.learning.conformal import LEVEL
from cagebreak.learning.linear_model import whitening
from cagebreak.learning.preprocessing import CLIP
from cagebreak.potentials.pair_potentials import energies_forces_laplacians
from cagebreak.simulation import packing
from cagebreak.states import cage_sampler, inherent
from cagebreak.study.recipe.schema import defaults
from support.claims import holds, printed, table
from support.paths import ROOT

DOCUMENT = ROOT / "docs/choices.md"
DATA = ROOT / "datasets"
GIVEN = [
    "semi-implicit Euler steps with mass 1",  # the unit of the steps
    "A shell without neighbors has bond order 0",  # a definition
]


def factor(recipe):
    """Return the temperature of a study, and its first time step over that of its curvature."""
    study = cb.Study(DATA / recipe)
    model = study.recipe.model
    laplacians = energies_forces_laplacians(study.configuration(0), model).laplacians
    return model.temperature, inherent.FIRST_DT[model.pair.form] * np.sqrt(np.median(laplacians))


def computed():
    yield f"next-nearest beads are at least {packing.SECOND_NEIGHBOR} σ apart"
    own = inherent.DT_PER_CURVATURE
    yield f"a tabulated model with a time step of {own} / sqrt(median Laplacian)"
    temperature, harmonic = factor("harmonic-00045/harmonic.toml")
    yield holds(
        f"Harmonic spheres at T = {temperature} have this factor", round(harmonic, 2) == own
    )
    temperature, lennard_jones = factor("kob-andersen-050/ka050.toml")
    yield f"Kob-Andersen at T = {temperature} has {lennard_jones:.2f}"

    steps = inherent.FIRST_DT
    yield (
        f"a time step of {steps['lennard_jones']} (Lennard-Jones), {inherent.FIRST_DT_BONDED} "
        f"(chains), {steps['harmonic']} (harmonic) or {steps['hard_log']} (hard spheres)"
    )
    yield f"at most {inherent.LONGEST_STEP} σ a step"
    yield f"tuned to an acceptance of {cage_sampler.ACCEPTANCE}"
    relax, measure = defaults("hard_spheres")["states"]["cage"]["sweeps"]
    yield f"The default of a recipe is {relax:,} sweeps to relax and {measure:,} to measure"
    convergence = table(ROOT / "results/cage-state/convergence.csv")
    of_hard = convergence[convergence.model == "hard_spheres"].set_index("sweeps").r
    fraction = cb.Study(DATA / "hard-spheres-058/hs058.toml").recipe.model.packing_fraction
    yield holds(
        f"For hard spheres at {fraction:g}, r of the displacement still rises from 30,000 to "
        "100,000 sweeps",
        of_hard.loc[100_000] > of_hard.loc[30_000],
    )

    yield f"a step that dissipates more than {printed(plasticity.DISSIPATION)} eps"
    study = cb.Study(DATA / "shear-kob-andersen/ka.toml")
    curves = [study.shear(c).curve for c in range(study.n_configurations)]
    error = -min(curve.dissipated.min() for curve in curves)
    step, n = study.recipe.shear.step, study.recipe.preparation.n_particles
    yield f"elastic steps of {printed(step)} is off by up to {printed(error, 1)} eps"
    yield f"eps for {n} Kob-Andersen particles"
    yield f"more than {100 * plasticity.AVALANCHE:.0f} % of a species is active"

    (width,) = {
        label.width for label in alkemade2022(cb.hard_spheres()).labels() if label.kind == "angular"
    }
    yield f"the angular width is {width:g}"
    yield f"clipped at {CLIP:g} deviations"
    yield f"Predictive intervals have level {LEVEL}"
    nugget = f"1/{1 / whitening.NUGGET:.0f}"
    yield f"correlation length of errors is {whitening.LENGTH:g} σ and the nugget {nugget}"
