"""Numbers of studies."""

import inspect
import math

import numpy as np

import cagebreak as cb
from cagebreak import _sealed
from cagebreak.dynamics import plasticity
from cagebreak.dynamics.displacements.following import AMBIGUOUS, LARGEST_STRAIN
from cagebreak.leapfrog import time_step
from cagebreak.models.tabulated import SIZES
from cagebreak.potentials.pair_potentials import energies_forces_laplacians
from cagebreak.simulation import preparation
from cagebreak.study.importing.origins import LEAST_BLOCKS, MOST_BLOCKS
from cagebreak.study.importing.starts import COPY, NEAR, ROUNDING
from cagebreak.study.importing.survey import SAME_TIME
from cagebreak.study.recipe.schema import defaults
from cagebreak.study.recipe.selections import default_selections
from cagebreak.study.stages import shear
from support import table_models
from support.claims import holds, printed, table
from support.paths import ROOT

DOCUMENT = ROOT / "docs/studies.md"
GIVEN = [
    "Configurations are taken at 50 equal intervals",  # the example above it
    "relative shape anisotropy of that motion, 0 (round) to 1 (a line)",  # the definition
    "is 128 plus the number of the signal",  # as of shells
]


def power(value):
    """Return the power of ten that a value reaches."""
    return f"1e{math.ceil(math.log10(value))}"


def errors_of_a_table(study, n):
    """Return the rms errors of the energies and forces of a liquid with n distances a pair."""
    model, start = study.recipe.model, study.configuration(0)
    of_table = table_models.tabulated(model, 0.5, n)
    one, two = (energies_forces_laplacians(start, each) for each in (model, of_table))
    apart = one.energies - two.energies, one.forces - two.forces
    return np.array([np.sqrt(np.mean(each**2)) for each in apart])


def computed():
    steps = defaults("fene_polymer")["preparation"]["steps"]
    melt, quench = steps[:2]
    yield (
        f"melt at T = {melt['temperature'][0]:g} and p = {melt['pressure']:g}, slow quench at "
        f"p = {quench['pressure']:g}"
    )
    segment = f"{preparation.SEGMENT:.0f}"
    yield holds(
        f"A step has at least ten segments (one for each {segment} τ of hard spheres)",
        preparation.SEGMENTS == 10,
    )
    yield f"resumes from its last segment ({segment} tau)"
    yield "Tables with diameters outside {:g} to {:g} are refused".format(*SIZES)
    spacing = (2.5 - 0.5) / 2000
    study = cb.Study(ROOT / "datasets/kob-andersen-050/ka050.toml")
    temperature = study.recipe.model.temperature
    energy, force = errors_of_a_table(study, 2001)
    yield (
        f"For Kob-Andersen at T = {temperature} and a spacing of {spacing} sigma energies are "
        f"right to {power(energy)} eps a particle and forces to {power(force)} eps/sigma, root "
        "mean square"
    )
    finer = errors_of_a_table(study, 4001)
    yield holds(
        "Half that spacing reduces the errors to a sixteenth and an eighth",
        (np.round([energy, force] / finer) == [16, 8]).all(),
    )
    yield f"with a time step of {time_step.STEP_OF_STIFFNESS} sqrt(m / k)"

    yield f"if it dissipates more than {printed(plasticity.DISSIPATION)} eps of the work"
    yield holds(
        "more than a tenth of the particles of a species is active", plasticity.AVALANCHE == 0.1
    )
    yield f"the last state kept, every {shear.KEPT_EVERY} steps"

    yield f"All runs have the same times (to {100 * SAME_TIME:g} %)"
    yield f"differ by rounding: {printed(ROUNDING)} sigma"
    yield holds("at least 1/e of the particles are within", 1 / math.e == NEAR)
    yield f"only copies (nearer than {COPY} spacings)"
    yield f"by more than {AMBIGUOUS} of the box"
    yield f"may change by up to {100 * LARGEST_STRAIN:.0f} %"
    yield holds("in at most five blocks of neighbors", (MOST_BLOCKS, LEAST_BLOCKS) == (5, 3))

    hard = cb.Study(ROOT / "datasets/hard-spheres-058/hs058.toml").recipe
    convergence = table(ROOT / "results/cage-state/convergence.csv")
    r = convergence[convergence.model == "hard_spheres"].set_index("sweeps").r
    yield (
        f"at a packing fraction of {hard.model.packing_fraction:g} the displacement predicts the "
        f"propensity in the caging regime with r = {r[3000]:.2f} after 3000 measured sweeps, "
        f"{r[10_000]:.2f} after 10,000, {r[30_000]:.2f} after 30,000, {r[100_000]:.2f} after "
        f"100,000 and {r[300_000]:.2f} after 300,000"
    )
    selections = default_selections(force=False)
    last = {selections[name]["generations"] for name in ("X IS", "X CS")}
    yield f"the inherent and the cage state, generations 0 to {', '.join(map(str, last))}"
    columns = len(cb.papers.alkemade2023(hard.model).labels())
    yield f"two states of hard spheres have {2 * columns + 1} columns"

    yield f"The first {_sealed.BLOCK} bytes of every HDF5 file"
    yield holds(
        "It is tried twice more", inspect.signature(cb.Study.run).parameters["retries"].default == 2
    )
