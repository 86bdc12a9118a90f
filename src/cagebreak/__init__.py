"""Predict the dynamics of glasses from their structure."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cagebreak import datasets, dynamics, potentials, simulation, states
from cagebreak.configuration import Box, Configuration
from cagebreak.descriptors import (
    Angular,
    AtomicClusterExpansion,
    CageAnisotropy,
    CageDisplacement,
    CageVariance,
    Features,
    Generations,
    NetForce,
    Radial,
    papers,
)
from cagebreak.dynamics.d2min import d2min
from cagebreak.dynamics.propensity import Propensity, propensity
from cagebreak.models.glass_formers import (
    fene_polymer,
    hard_spheres,
    harmonic_spheres,
    kob_andersen,
    kob_andersen_smoothed,
    wahnstrom,
)
from cagebreak.models.model import Model
from cagebreak.models.polydisperse import (
    polydisperse_hard_spheres,
    soft_discs,
    soft_spheres,
)
from cagebreak.models.tabulated import tabulated
from cagebreak.models.two_dimensions import (
    hard_discs,
    harmonic_discs,
    kob_andersen_2d,
    kob_andersen_2d_ternary,
)
from cagebreak.potentials.match import check
from cagebreak.simulation.equilibrate import equilibrate
from cagebreak.simulation.isoconfigurational import isoconfigurational, log_times
from cagebreak.simulation.shear import shear
from cagebreak.states.cage import cage_state
from cagebreak.states.inherent import inherent_state
from cagebreak.structure import radial_distribution

if TYPE_CHECKING:
    from cagebreak import figures, learning, tracks
    from cagebreak.descriptors.transformer import DescriptorTransformer
    from cagebreak.figures.view import view
    from cagebreak.files import iread, read, write
    from cagebreak.learning import (
        Ensemble,
        EquivariantNetwork,
        GraphNetwork,
        LogisticRegressionCV,
        MLPRegressor,
        RidgeCV,
    )
    from cagebreak.study import Study
    from cagebreak.study.analysis.hybrid import hybrid
    from cagebreak.study.experiment import experiment
    from cagebreak.study.glassbench import glassbench
    from cagebreak.study.ovito_modifier import PropensityModifier
    from cagebreak.study.pooled import pooled
    from cagebreak.study.pretrained import pretrained
    from cagebreak.tracks import read_tracks

__all__ = [
    "Angular",
    "AtomicClusterExpansion",
    "Box",
    "CageAnisotropy",
    "CageDisplacement",
    "CageVariance",
    "Configuration",
    "DescriptorTransformer",
    "Ensemble",
    "EquivariantNetwork",
    "Features",
    "Generations",
    "GraphNetwork",
    "LogisticRegressionCV",
    "MLPRegressor",
    "Model",
    "NetForce",
    "Propensity",
    "PropensityModifier",
    "Radial",
    "RidgeCV",
    "Study",
    "cage_state",
    "check",
    "d2min",
    "datasets",
    "dynamics",
    "equilibrate",
    "experiment",
    "fene_polymer",
    "figures",
    "glassbench",
    "hard_discs",
    "hard_spheres",
    "harmonic_discs",
    "harmonic_spheres",
    "hybrid",
    "inherent_state",
    "iread",
    "isoconfigurational",
    "kob_andersen",
    "kob_andersen_2d",
    "kob_andersen_2d_ternary",
    "kob_andersen_smoothed",
    "learning",
    "log_times",
    "papers",
    "polydisperse_hard_spheres",
    "pooled",
    "potentials",
    "pretrained",
    "propensity",
    "radial_distribution",
    "read",
    "read_tracks",
    "shear",
    "simulation",
    "soft_discs",
    "soft_spheres",
    "states",
    "tabulated",
    "tracks",
    "view",
    "wahnstrom",
    "write",
]

__version__ = "0.1.0"


# scikit-learn and h5py are slow to import, so these names are imported at their first use.
_LAZY = {
    "DescriptorTransformer": "descriptors.transformer",
    "Ensemble": "learning",
    "EquivariantNetwork": "learning",
    "GraphNetwork": "learning",
    "LogisticRegressionCV": "learning",
    "MLPRegressor": "learning",
    "PropensityModifier": "study.ovito_modifier",
    "RidgeCV": "learning",
    "Study": "study",
    "experiment": "study.experiment",
    "figures": "figures",
    "glassbench": "study.glassbench",
    "hybrid": "study.analysis.hybrid",
    "iread": "files",
    "learning": "learning",
    "pooled": "study.pooled",
    "pretrained": "study.pretrained",
    "read": "files",
    "read_tracks": "tracks",
    "tracks": "tracks",
    "view": "figures.view",
    "write": "files",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"cagebreak.{_LAZY[name]}")
    return module if name == _LAZY[name] else getattr(module, name)


def __dir__() -> list[str]:
    return __all__
