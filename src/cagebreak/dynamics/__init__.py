"""Measures of motion: propensity, relaxation, D2min, plastic events and equilibration."""

from cagebreak.dynamics import d2min, equilibrium, plasticity, propensity, relaxation

__all__ = ["d2min", "equilibrium", "plasticity", "propensity", "relaxation"]
