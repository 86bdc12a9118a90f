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
    from cagebreak.files import read, write
    from cagebreak.learning import Ridge
    from cagebreak.study import Study

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
    "Study",
    "dynamics",
    "equilibrate",
    "hard_spheres",
    "isoconfigurational",
    "learning",
    "log_times",
    "papers",
    "propensity",
    "read",
    "simulation",
    "write",
]

__version__ = "0.1.0"


# scikit-learn and h5py take their time to import: only who uses them pays for it.
_LAZY = {
    "Ridge": "learning",
    "Study": "study",
    "learning": "learning",
    "read": "files",
    "write": "files",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"cagebreak.{_LAZY[name]}")
    return module if name == _LAZY[name] else getattr(module, name)
