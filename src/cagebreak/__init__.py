"""Predict the dynamics of glasses from their structure."""

from cagebreak import dynamics, simulation
from cagebreak.configuration import Box, Configuration
from cagebreak.descriptors import Angular, Features, Generations, Radial, papers
from cagebreak.dynamics import Propensity, propensity
from cagebreak.models import Model, hard_spheres
from cagebreak.simulation import equilibrate, isoconfigurational, log_times

__all__ = [
    "Angular",
    "Box",
    "Configuration",
    "Features",
    "Generations",
    "Model",
    "Propensity",
    "Radial",
    "dynamics",
    "equilibrate",
    "hard_spheres",
    "isoconfigurational",
    "log_times",
    "papers",
    "propensity",
    "simulation",
]

__version__ = "0.1.0"
