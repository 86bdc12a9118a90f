"""Numbers of how to read a fit."""

from cagebreak.learning.inspection import collinearity, selection_curve
from cagebreak.learning.model_selection import learning_curve
from support.paths import ROOT

DOCUMENT = ROOT / "docs/how-to-read-a-fit.md"
GIVEN = [
    "is the variance inflation 1 / (1 - R_j^2)",  # the definition
    "A loss near 0 means",  # an example
    "a model that transfers with r = 0.6",  # an example
]


def computed():
    yield f"a coefficient with a value above {collinearity.INFLATED:g} should not be interpreted"
    yield f"descriptors that correlate by {selection_curve.ALIKE}, and"
    low, high = learning_curve.RATES
    yield f"a gamma at its bounds {low} or {high:g} is not"
