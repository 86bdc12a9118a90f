"""Numbers of `docs/dynamics.md`."""

from cagebreak.dynamics import functions
from cagebreak.dynamics.four_point import N_SHELLS, Q_MAX, correlation_length
from cagebreak.dynamics.neighbor_motion import BondBreaking, CageRelative
from support.claims import default, holds
from support.paths import ROOT

DOCUMENT = ROOT / "docs/dynamics.md"
GIVEN = [
    "which is $g(r)$ at $t = 0$ and 1 at late times",  # limits of the definition
    "such as one of 300 particles",  # L = 6.3 sigma: two shells within q = 2
    "has products of the two halves of the runs",
    "are the displacements (T, N, 3) of any runs",
    # Simulations of exponential modes in boxes of 9.4 and 14 sigma, and of Gaussian and exponential
    # levels with ten runs, 60 to 400 times each.
    "those of 95 % contained a planted $\\xi_4$ in 77 to 95 % of cases",
    "and a planted $\\chi_4$ in 63 to 85 %",
    "Lačević 2003",  # a work
    "S_4(q, t) = \\frac{1}{N}",  # the definition
    "e^{i q \\cdot r_i(0)}",
    "1 if",  # definitions of targets
    "1 as long as",
]


def computed():
    yield holds("up to $q = 2 / \\sigma$ are used", Q_MAX == 2.0)
    yield holds("up to $q = 2 / \\sigma$ are used", default(correlation_length, "q_max") == 2.0)
    yield holds("fewer than three of them", N_SHELLS == 3)
    near, far = (default(BondBreaking, name) for name in ("near", "far"))
    yield f"share of the neighbors within {near:g} σ that are still within {far:g} σ"
    yield f"the mean one of the neighbors within {default(CageRelative, 'near'):g} σ"
    length = default(functions.dynamic_functions, "length")
    yield f"has been below {length:g} σ at every time so far"
