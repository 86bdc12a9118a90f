"""Numbers of predictive intervals of particles."""

from cagebreak.learning.conformal import LEVEL
from cagebreak.learning.intervals import IN_A_BIN, MOST_BINS
from cagebreak.study.recipe.hybrid_section import Hybrid
from support.claims import holds
from support.paths import ROOT

DOCUMENT = ROOT / "docs/uncertainty.md"
GIVEN = ["Particles outside of their interval are beyond −1 and 1"]


def computed():
    yield f"The level is {LEVEL}: nine of ten particles"
    yield f"at most {MOST_BINS}, of at least {IN_A_BIN}. w is the {LEVEL}-quantile"
    enough = round(LEVEL / (1 - LEVEL), 9)
    yield holds(
        f"With fewer than nine, no interval of finite width has the level {LEVEL}", enough == 9
    )
    section, of_study = Hybrid.default(), 20
    yield holds("runs to a tenth of T", section.share == 0.1)
    share = 100 * section.n_runs * section.share / of_study
    yield f"{section.n_runs} runs to a tenth of T, it is {share:.0f} % of {of_study} runs"
