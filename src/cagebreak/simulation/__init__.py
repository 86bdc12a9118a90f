"""Simulating glass formers."""

from cagebreak.simulation.equilibrate import equilibrate
from cagebreak.simulation.isoconfigurational import isoconfigurational, log_times, trajectory

__all__ = ["equilibrate", "isoconfigurational", "log_times", "trajectory"]
