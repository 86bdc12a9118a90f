"""Numbers of what is checked against the model."""

import numpy as np

import cagebreak as cb
from cagebreak.configuration import shape
from cagebreak.potentials import match, overlaps, state_point
from cagebreak.study.analysis import inherent_energy, training_range
from support.claims import holds, printed, table
from support.paths import ROOT

DOCUMENT = ROOT / "docs/matching.md"
MIXTURES = (
    "harmonic-00045/harmonic.toml",
    "kob-andersen-050/ka050.toml",
    "wahnstrom-065/wahnstrom.toml",
    "fene-polymer/fene.toml",
)
GIVEN = [
    "no particle where 3 are expected",  # composition_problem
    "at least 4 particles in one plane",  # flat_axis
    "a lattice with a layer missing has a gap of 2",  # spacings of a simple cubic lattice
    "lengths in Angstrom or nm make a factor of 8 or more",  # sigma is 2 Angstrom to 0.5 nm
    "(weight (1 - (r/R)^2)^2",  # the equation in _match_kernel.fields
    "has temperature 0, for every pair",  # without forces
    "overlaps of at most 2 sqrt(3) h",  # two corners of cubes of rounding
    "by at most sqrt(3) h",
    "kT ln(10 N",  # the pairs of the first shell
]


def is_refused(path, factor):
    """Return whether the first configuration of a study, scaled by a factor, is an error."""
    study = cb.Study(ROOT / "datasets" / path)
    own = study.configuration(0)
    scaled = cb.Configuration(own.positions * factor, own.species, own.box.matrix * factor)
    return bool(cb.potentials.match.examine(scaled, study.recipe.model).problem)


def of_inherent_energies():
    """Yield the sentences on the energy of the inherent state."""
    energies = table(ROOT / "docs/reliability/inherent_energy.csv").set_index("configurations")
    cooled = energies.index.str.startswith("cooled")
    yield f"with a probability of {inherent_energy.RARE} (chosen)"
    yield "proportional to 1/N"  # the mean over independent regions
    yield f"Fewer than {inherent_energy.FEWEST} training"
    model, three, inside = cb.kob_andersen(), np.arange(3.0), 1.0
    while inherent_energy.deviation(inside, three) < 1:
        inside += 0.1
    below, above = (inherent_energy.remark(e, three, model) for e in (inside - 0.1, inside))
    yield holds("above 1 is a warning", bool(above) and not below)
    foreign = energies.loc["pyg_botan, T = 0.44"]
    yield f"{len(foreign)} of another group (Kob-Andersen, T = 0.44)"
    yield f"the largest deviation is {energies.deviation[~cooled].abs().max():.2f}"
    references = energies.loc["kob-andersen-050"]
    yield f"to 0.5 within a short time were compared with the {len(references)}"
    found = energies.deviation
    yield f"from 2 within 2 tau, the deviation is {found['cooled from 2 within 2']:.2f}"
    yield f"from 0.6 within 10 tau, {found['cooled from 0.6 within 10']:.2f}"
    yield f"from 2 within 20 tau, {found['cooled from 2 within 20']:.2f}"


def computed():
    yield from of_inherent_energies()
    yield f"a fraction differs by more than {state_point.COMPOSITION_REMARK} and one particle"
    yield f"in one plane of three dimensions, to {printed(shape.FLAT)} of the mean spacing"
    yield f"an empty layer of {shape.LAYER:g} mean spacings"
    rare = printed(match.RARE)
    yield f"leave with a probability below {rare}"
    yield holds("nearer than a quarter of sigma, with", match.CLOSEST == 0.25)
    yield holds("if above a tenth of the model's", match.QUENCHED == 0.1)
    yield holds(
        "is above twice the largest of a training configuration left out", training_range.OFTEN == 2
    )
    yield holds("more than one standard deviation of training beyond", training_range.MARGIN == 1)
    yield f"differs by a factor above {state_point.DENSITY:g}"
    percent = f"{100 * match.DENSITY_REMARK:.0f} %"
    yield f"| by more than {percent} |"
    yield f"contracts by less than {percent}"
    highest = f"{match.TEMPERATURE:g}"
    yield f"nearer than the energy allows: {highest} kT ln("
    yield f"N / {rare})"
    yield f"a temperature above {highest} times the model's"
    yield f"a temperature that differs by {100 * match.TEMPERATURE_REMARK:.0f} %"
    yield f"has one with a probability above 1 - {rare}"
    yield f"no two particles nearer than {match.REACH} sigma"
    yield f", R = {match.REACH} sigma_ij)"
    yield f"by more than {match.SIGNIFICANCE:g} standard errors"
    yield holds(
        "Scaling all positions by 1 % is no error",
        not any(is_refused(path, factor) for path in MIXTURES for factor in (0.99, 1.01)),
    )
    yield f"Fewer than {match.FEWEST} particles are not tested"
    yield holds("Positions with six significant digits", overlaps.DIGITS == 6)
    yield f"with a probability of {training_range.RARE} for all features together"
    yield f"the density is more than {100 * training_range.DENSITY} % (chosen) below"
