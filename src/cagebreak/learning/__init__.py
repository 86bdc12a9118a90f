"""Learners that predict dynamics from structure, their evaluation and their inspection."""

from cagebreak.learning.classification import Labeled, most_and_least_mobile, plastic
from cagebreak.learning.collection import Collection, collect
from cagebreak.learning.folds import configuration_folds
from cagebreak.learning.inspection.ablation import (
    ablation,
    label_groups,
    order_groups,
    range_groups,
)
from cagebreak.learning.inspection.accuracy_curve import accuracy_against_data, accuracy_curve
from cagebreak.learning.inspection.collinearity import (
    MisleadingCoefficients,
    clusters,
    collinearity,
    warn_if_misleading,
)
from cagebreak.learning.inspection.forward_selection import Selection, forward_selection
from cagebreak.learning.inspection.pair_functions import pair_functions
from cagebreak.learning.inspection.selection_curve import (
    SelectionCurve,
    selection_curve,
    selection_stability,
)
from cagebreak.learning.inspection.sequential_selection import (
    SequentialSelection,
    sequential_selection,
)
from cagebreak.learning.intervals import PredictiveIntervals
from cagebreak.learning.learner import FitRecord, Learner, Traits
from cagebreak.learning.linear_model.ard import ARDRegression
from cagebreak.learning.linear_model.baselines import LinearSVR, Softness
from cagebreak.learning.linear_model.components import PCARegression, PLSRegression
from cagebreak.learning.linear_model.elastic_net import ElasticNetCV
from cagebreak.learning.linear_model.logistic import LogisticRegressionCV
from cagebreak.learning.linear_model.pooled_ridge import PooledRidgeCV
from cagebreak.learning.linear_model.ridge import AlphaWarning, RidgeCV
from cagebreak.learning.linear_model.time_lagged import TimeLaggedComponents, time_lagged_components
from cagebreak.learning.linear_model.whitening import whitening
from cagebreak.learning.metrics import Metrics
from cagebreak.learning.model_selection.compare import Comparison, compare
from cagebreak.learning.model_selection.evaluate import Scores, evaluate
from cagebreak.learning.model_selection.learning_curve import LearningCurve, learning_curve
from cagebreak.learning.model_selection.next_configurations import next_configurations
from cagebreak.learning.model_selection.state_points import (
    StatePoint,
    state_point_scores,
)
from cagebreak.learning.model_selection.subset_cross_validation import held_out_moments
from cagebreak.learning.model_selection.transfer import Source, transfer
from cagebreak.learning.neural_network.ensemble import Ensemble
from cagebreak.learning.neural_network.equivariant import EquivariantNetwork
from cagebreak.learning.neural_network.graph import GraphNetwork
from cagebreak.learning.neural_network.mlp import MLPRegressor
from cagebreak.learning.neural_network.structural_order import StructuralOrder
from cagebreak.learning.preprocessing import Standardizer
from cagebreak.learning.samples import Graph, Sample, Samples
from cagebreak.learning.scores import ceiling_corrected, paired_difference, pearson
from cagebreak.learning.statistics import Statistics

__all__ = [
    "ARDRegression",
    "AlphaWarning",
    "Collection",
    "Comparison",
    "ElasticNetCV",
    "Ensemble",
    "EquivariantNetwork",
    "FitRecord",
    "Graph",
    "GraphNetwork",
    "Labeled",
    "Learner",
    "LearningCurve",
    "LinearSVR",
    "LogisticRegressionCV",
    "MLPRegressor",
    "Metrics",
    "MisleadingCoefficients",
    "PCARegression",
    "PLSRegression",
    "PooledRidgeCV",
    "PredictiveIntervals",
    "RidgeCV",
    "Sample",
    "Samples",
    "Scores",
    "Selection",
    "SelectionCurve",
    "SequentialSelection",
    "Softness",
    "Source",
    "Standardizer",
    "StatePoint",
    "Statistics",
    "StructuralOrder",
    "TimeLaggedComponents",
    "Traits",
    "ablation",
    "accuracy_against_data",
    "accuracy_curve",
    "ceiling_corrected",
    "clusters",
    "collect",
    "collinearity",
    "compare",
    "configuration_folds",
    "evaluate",
    "forward_selection",
    "held_out_moments",
    "label_groups",
    "learning_curve",
    "most_and_least_mobile",
    "next_configurations",
    "order_groups",
    "pair_functions",
    "paired_difference",
    "pearson",
    "plastic",
    "range_groups",
    "selection_curve",
    "selection_stability",
    "sequential_selection",
    "state_point_scores",
    "time_lagged_components",
    "transfer",
    "warn_if_misleading",
    "whitening",
]
