"""Predict the dynamics of glasses from their structure."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cagebreak import dynamics, simulation
from cagebreak.configuration import Box, Configuration
from cagebreak.descriptors import Angular, Features, Generations, Radial, papers
from cagebreak.dynamics.propensity import Propensity, propensity
from cagebreak.models import Model, hard_spheres
from cagebreak.simulation.equilibrate import equilibrate
from cagebreak.simulation.isoconfigurational import isoconfigurational, log_times

if TYPE_CHECKING:
    from cagebreak import learning
    from cagebreak.learning import Ridge

__all__ = [
    "Angular",
    "Box",
    "Configuration",
    "Features",
    "Generations",
    "Model",
    "Propensity",
    "Radial",
    "Ridge",
    "dynamics",
    "equilibrate",
    "hard_spheres",
    "isoconfigurational",
    "learning",
    "log_times",
    "papers",
    "propensity",
    "simulation",
]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # scikit-learn takes a second to import: only who learns pays for it.
    if name in ("Ridge", "learning"):
        learning = import_module("cagebreak.learning")
        return learning if name == "learning" else getattr(learning, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
