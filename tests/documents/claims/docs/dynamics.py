"""Numbers of `docs/dynamics.md`."""

import numpy as np

from cagebreak.dynamics import functions
from cagebreak.dynamics.displacements.following import LARGEST_STRAIN
from cagebreak.dynamics.four_point import N_SHELLS, Q_MAX, correlation_length
from cagebreak.dynamics.neighbor_motion import BondBreaking, CageRelative
from cagebreak.structure import shells
from support.claims import default, holds
from support.paths import ROOT

DOCUMENT = ROOT / "docs/dynamics.md"
GIVEN = [
    "which is $g(r)$ at $t = 0$ and 1 at late times",  # limits of the definition
    "Here the frames are at equal intervals of 1 τ",
    "has products of the two halves of the runs",
    "are the displacements (T, N, 3) of any runs",
    "u_i(t) = [r_i(t) \\, h(t)^{-1} - r_i(0) \\, h(0)^{-1}] \\, h(0)",  # a definition
    # Simulations of exponential modes in boxes of 9.4 and 14 sigma, and of Gaussian and exponential
    # levels of 0.3, 1 and 3 times the width over ten runs, 60 to 1000 times each.
    "those of 95 % contained a planted $\\xi_4$ in 77 to 95 % of cases",
    "and a planted $\\chi_4$ in 54 to 86 %",
    "Lačević 2003",  # a work
    "S_4(q, t) = \\frac{1}{N}",  # the definition
    "e^{i q \\cdot r_i(0)}",
    "1 if",  # definitions of targets
    "1 as long as",
]


def computed():
    yield f"A strain of more than {LARGEST_STRAIN:g} is an error"
    yield holds("up to $q = 2 / \\sigma$ are used", Q_MAX == 2.0)
    yield holds("up to $q = 2 / \\sigma$ are used", default(correlation_length, "q_max") == 2.0)
    yield holds("fewer than three of them", N_SHELLS == 3)
    n_shells = [shells(np.eye(3) * (n / 1.2) ** (1 / 3), Q_MAX).n_shells for n in (500, 600)]
    yield holds("such as one of 500 particles at a density of 1.2", n_shells == [2, 3])
    near, far = (default(BondBreaking, name) for name in ("near", "far"))
    yield f"share of the neighbors within {near:g} σ that are still within {far:g} σ"
    yield f"the mean one of the neighbors within {default(CageRelative, 'near'):g} σ"
    length = default(functions.dynamic_functions, "length")
    yield f"has been below {length:g} σ at every time so far"
