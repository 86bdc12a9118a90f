"""What a simulation says about motion."""

from cagebreak.dynamics import d2min, equilibrium, plasticity, propensity, relaxation

__all__ = ["d2min", "equilibrium", "plasticity", "propensity", "relaxation"]
