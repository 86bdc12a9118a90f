"""What a linear prediction does on rows of which only the statistics are known."""

import numpy as np

from cagebreak.learning._checks import Floats
from cagebreak.learning.linear import intercepts
from cagebreak.learning.scores import COUNT, X_MEAN, XX, XY, Y_MEAN, YY
from cagebreak.learning.statistics import Statistics


def prediction_moments(rows: Statistics, coefficients: Floats, intercept: Floats) -> Floats:
    r"""Return the moments of predictions :math:`w'x + b` and targets, (6, ..., T).

    With :math:`\hat y` the prediction, :math:`\sum \delta\hat y^2 = w'X'X w` and
    :math:`\sum \delta\hat y\,\delta y = w'X'y`, deviations being those from the rows' own means: no
    particle is needed. They are the moments of `scores.pair_moments`, from which Pearson r and
    its bootstrap follow.

    Parameters
    ----------
    rows
        Statistics of the rows predicted, of F features and T targets.
    coefficients : (F, ..., T) array
        Of each target, for any number of models.
    intercept : (..., T) array
    """
    shape = coefficients.shape[1:]
    flat = coefficients.reshape(rows.n_features, -1)
    # One product for all models, several times as fast as one for each.
    squares = np.einsum("fk,fk->k", flat, rows.xx @ flat)
    products = np.einsum("f...t,ft->...t", coefficients, rows.xy)
    moments = np.empty((6, *shape))
    moments[COUNT] = rows.count
    moments[X_MEAN] = (rows.x_mean @ flat).reshape(shape) + intercept
    moments[Y_MEAN] = rows.y_mean
    moments[XX] = np.maximum(squares, 0.0).reshape(shape)  # Rounding of 0 may be negative.
    moments[YY] = np.diag(rows.yy)
    moments[XY] = products
    return moments


def errors_on(rows: Statistics, coefficients: Floats, learnt: Statistics) -> Floats:
    """Return the sum of squared errors (..., T) on rows, of coefficients (F, ..., T) learnt."""
    moments = prediction_moments(rows, coefficients, intercepts(coefficients, learnt))
    return squared_errors(moments, learnt.center)


def squared_errors(moments: Floats, center: str) -> Floats:
    """Return the sum of squared errors (...) of moments (6, ...).

    Where the blocks are centred per configuration, only deviations are predicted, and the means
    are left out.
    """
    errors = moments[XX] - 2.0 * moments[XY] + moments[YY]
    if center == "global":
        errors = errors + moments[COUNT] * (moments[X_MEAN] - moments[Y_MEAN]) ** 2
    return np.maximum(errors, 0.0)
