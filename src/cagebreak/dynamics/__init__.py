"""What a simulation says about motion."""

from cagebreak.dynamics.propensity import Propensity, propensity
from cagebreak.dynamics.relaxation import mean_squared_displacement, self_intermediate, tau_alpha

__all__ = [
    "Propensity",
    "mean_squared_displacement",
    "propensity",
    "self_intermediate",
    "tau_alpha",
]
