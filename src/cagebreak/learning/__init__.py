"""Learning the dynamics from the structure, from sufficient statistics."""

from cagebreak.learning.ard import ARD
from cagebreak.learning.collection import Collection, collect
from cagebreak.learning.components import PartialLeastSquares, PCARegression
from cagebreak.learning.cross_validation import held_out_moments
from cagebreak.learning.elastic_net import ElasticNet
from cagebreak.learning.evaluate import Scores, evaluate
from cagebreak.learning.folds import configuration_folds
from cagebreak.learning.ridge import Ridge
from cagebreak.learning.samples import Sample, Samples
from cagebreak.learning.scores import pearson
from cagebreak.learning.selection import Selection, forward_selection
from cagebreak.learning.standardize import Standardizer
from cagebreak.learning.statistics import Statistics

__all__ = [
    "ARD",
    "Collection",
    "ElasticNet",
    "PCARegression",
    "PartialLeastSquares",
    "Ridge",
    "Sample",
    "Samples",
    "Scores",
    "Selection",
    "Standardizer",
    "Statistics",
    "collect",
    "configuration_folds",
    "evaluate",
    "forward_selection",
    "held_out_moments",
    "pearson",
]
