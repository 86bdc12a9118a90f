"""Predict the dynamics of glasses from their structure."""

from cagebreak.configuration import Box, Configuration
from cagebreak.models import Model, hard_spheres

__all__ = ["Box", "Configuration", "Model", "hard_spheres"]

__version__ = "0.1.0"
