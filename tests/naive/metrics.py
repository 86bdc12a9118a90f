"""Slow, obvious twins of `cagebreak.learning.metrics`: scikit-learn and scipy, one target."""

import numpy as np
from scipy.stats import spearmanr
from sklearn import metrics


def active(measured, share):
    """The highest values, with all that equal the last of them."""
    n = max(1, int(share * len(measured) + 1e-9))
    return measured >= sorted(measured)[-n]


def spearman(predicted, measured):
    return spearmanr(predicted, measured).statistic


def roc_auc(predicted, is_active):
    return metrics.roc_auc_score(is_active, predicted)


def average_precision(predicted, is_active, balanced=False):
    return metrics.average_precision_score(
        is_active, predicted, sample_weight=_weights(is_active, balanced)
    )


def matthews_corrcoef(predicted, is_active, balanced=False):
    """At the highest threshold above which the weight is that of the active particles, or more."""
    weights = _weights(is_active, balanced)
    for threshold in sorted(set(predicted), reverse=True):
        chosen = predicted >= threshold
        if weights[chosen].sum() > weights[is_active].sum() - 1e-9:
            return metrics.matthews_corrcoef(is_active, chosen, sample_weight=weights)
    raise AssertionError("all particles together have the weight")


def _weights(is_active, balanced):
    ratio = is_active.sum() / (~is_active).sum() if balanced else 1.0
    return np.where(is_active, 1.0, ratio)


def half_width(residuals, level):
    """The smallest number that at least a share `level` of n + 1 residuals do not exceed."""
    n = len(residuals)
    for h in sorted(abs(residuals)):
        if (abs(residuals) <= h).sum() >= level * (n + 1) - 1e-9:
            return h
    return np.nan
