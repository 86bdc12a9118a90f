"""Numbers of the cluster expansion."""

import cagebreak as cb
from cagebreak.descriptors import AtomicClusterExpansion
from support.claims import default
from support.paths import ROOT

DOCUMENT = ROOT / "docs/descriptors/ace.md"
GIVEN = [
    "have n = 1, 2, ... and polynomials P that are orthonormal over x from 0 to 1",  # equation 8
    "is steepest at r = 1, as printed",  # Rottler and Ortner 2024, equation 3
    "s = r / r0 and a = 3/11",  # steepest at s = 1
    "largest number of neighbors in a term, 1 to 3; one less than bodies",  # the keys of the terms
    "n from 1",
    '`species` ("AAB"), `ns` ("1,3,2") and `ls` ("0,1,1")',  # an example
    "The factor sqrt(4 pi)",  # Y_00
    "Without neighbors all features are 0",  # sums over nothing
    "a plain 3-body feature is not 0 for a particle with one neighbor",
    "N + 1 bodies",
    "an angle of 60 degrees; the term is 2 R_1^2 (2 l + 1) P_l(1/2)",  # the demonstration prints it
]


def computed():
    yield f"| `wl` | weight of l, {default(AtomicClusterExpansion, 'wl')} |"
    yield f"| `envelope` | the power p, {default(AtomicClusterExpansion, 'envelope')} |"
    paper = cb.papers.rottler2024(cb.fene_polymer(), 2.5)
    found = sorted(set(paper.labels().body))
    yield f"terms of {found[1]} and {found[2]} bodies satisfy"
    yield f"`body` from {found[0]} to {found[-1]}"
    yield f"the paper has {paper.n_max} radial functions at d = {paper.degree}"
