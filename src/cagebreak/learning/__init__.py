"""Learning the dynamics from the structure, from sufficient statistics."""

from cagebreak.learning.ablation import ablation, label_groups, order_groups, range_groups
from cagebreak.learning.accuracy import accuracy_against_data, accuracy_curve
from cagebreak.learning.ard import ARD
from cagebreak.learning.baselines import Softness, SupportVectors
from cagebreak.learning.collection import Collection, collect
from cagebreak.learning.collinearity import (
    MisleadingCoefficients,
    clusters,
    collinearity,
    warn_if_misleading,
)
from cagebreak.learning.compare import Comparison, compare
from cagebreak.learning.components import PartialLeastSquares, PCARegression
from cagebreak.learning.cross_validation import held_out_moments
from cagebreak.learning.decorrelate import decorrelation
from cagebreak.learning.elastic_net import ElasticNet
from cagebreak.learning.ensemble import Ensemble
from cagebreak.learning.equivariant import EquivariantNetwork
from cagebreak.learning.evaluate import Scores, evaluate
from cagebreak.learning.folds import configuration_folds
from cagebreak.learning.graph_learner import GraphLearner
from cagebreak.learning.graphs import GraphNetwork
from cagebreak.learning.labelled import Labelled, most_and_least_mobile, plastic
from cagebreak.learning.learning_curve import LearningCurve, learning_curve
from cagebreak.learning.logistic import LogisticClassifier
from cagebreak.learning.networks import NeuralNetwork
from cagebreak.learning.pair_functions import pair_functions
from cagebreak.learning.ridge import Ridge
from cagebreak.learning.samples import Graph, Sample, Samples
from cagebreak.learning.scores import pearson
from cagebreak.learning.selection import Selection, forward_selection
from cagebreak.learning.selection_curve import (
    SelectionCurve,
    selection_curve,
    selection_stability,
)
from cagebreak.learning.standardize import Standardizer
from cagebreak.learning.statistics import Statistics
from cagebreak.learning.structural_order import StructuralOrder
from cagebreak.learning.transfer import Source, transfer
from cagebreak.learning.uncertainty import ceiling_corrected, paired_difference

__all__ = [
    "ARD",
    "Collection",
    "Comparison",
    "ElasticNet",
    "Ensemble",
    "EquivariantNetwork",
    "Graph",
    "GraphLearner",
    "GraphNetwork",
    "Labelled",
    "LearningCurve",
    "LogisticClassifier",
    "MisleadingCoefficients",
    "NeuralNetwork",
    "PCARegression",
    "PartialLeastSquares",
    "Ridge",
    "Sample",
    "Samples",
    "Scores",
    "Selection",
    "SelectionCurve",
    "Softness",
    "Source",
    "Standardizer",
    "Statistics",
    "StructuralOrder",
    "SupportVectors",
    "ablation",
    "accuracy_against_data",
    "accuracy_curve",
    "ceiling_corrected",
    "clusters",
    "collect",
    "collinearity",
    "compare",
    "configuration_folds",
    "decorrelation",
    "evaluate",
    "forward_selection",
    "held_out_moments",
    "label_groups",
    "learning_curve",
    "most_and_least_mobile",
    "order_groups",
    "pair_functions",
    "paired_difference",
    "pearson",
    "plastic",
    "range_groups",
    "selection_curve",
    "selection_stability",
    "transfer",
    "warn_if_misleading",
]
