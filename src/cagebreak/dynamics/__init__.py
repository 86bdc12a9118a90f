"""What a simulation says about motion."""

from cagebreak.dynamics import propensity, relaxation

__all__ = ["propensity", "relaxation"]
