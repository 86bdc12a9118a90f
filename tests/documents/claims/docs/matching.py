"""Numbers of what is checked against the model."""

import cagebreak as cb
from cagebreak.potentials import match, overlaps, shape, state_point
from cagebreak.study.analysis import training_range
from support.claims import printed
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
    "lengths in Angstrom or nm make a factor above 15",  # 2.5 Angstrom cubed, the smallest atoms
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


def computed():
    yield f"a fraction differs by more than {state_point.COMPOSITION_REMARK} and one particle"
    yield f"in one plane, to {printed(shape.FLAT)} of the mean spacing"
    yield f"an empty layer of {shape.LAYER:g} mean spacings"
    rare = printed(match.RARE)
    yield f"leave with a probability below {rare}"
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
    if not any(is_refused(path, factor) for path in MIXTURES for factor in (0.99, 1.01)):
        yield "Scaling all positions by 1 % is no error"
    yield f"Fewer than {match.FEWEST} particles are not tested"
    if overlaps.DIGITS == 6:
        yield "Positions with six significant digits"
    yield f"with a probability of {training_range.RARE} for all features together"
