"""Prediction from structure and a few short runs together, and what it costs."""

from cagebreak.study.analysis.hybrid.ends import Ends
from cagebreak.study.analysis.hybrid.ensembles import Ensemble
from cagebreak.study.analysis.hybrid.joined import Hybrid, hybrid
from cagebreak.study.analysis.hybrid.model import HybridModel
from cagebreak.study.analysis.hybrid.pilot import Pilot, costs_of, pilot
from cagebreak.study.analysis.hybrid.scan import Costs, Scan

__all__ = [
    "Costs",
    "Ends",
    "Ensemble",
    "Hybrid",
    "HybridModel",
    "Pilot",
    "Scan",
    "costs_of",
    "hybrid",
    "pilot",
]
