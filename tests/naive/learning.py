"""Slow, obvious twins of what `cagebreak.learning` computes from sufficient statistics."""

import numpy as np


def gram(Z):
    """Count, mean and centered Gram matrix of rows."""
    return len(Z), Z.mean(axis=0), (Z - Z.mean(axis=0)).T @ (Z - Z.mean(axis=0))


def standardize(X, training, clip):
    """X in deviations of the training rows, clipped; constant columns are 0."""
    deviation = training.std(axis=0)
    constant = deviation <= np.sqrt(np.finfo(float).eps) * np.sqrt((training**2).mean(axis=0))
    Z = (X - training.mean(axis=0)) / np.where(constant, np.inf, deviation)
    return np.clip(Z, -clip, clip)


def ridge(Z, Y, alpha):
    """Coefficients (F, T) and intercept (T,) by the normal equations."""
    centered = Z - Z.mean(axis=0)
    w = np.linalg.solve(
        centered.T @ centered + alpha * np.eye(Z.shape[1]), centered.T @ (Y - Y.mean(axis=0))
    )
    return w, Y.mean(axis=0) - Z.mean(axis=0) @ w


def held_out_error(Z, Y, fold, alphas):
    """Mean squared error (A, T) of predictions for folds held out."""
    errors = np.zeros((len(alphas), Y.shape[1]))
    for a, alpha in enumerate(alphas):
        for k in np.unique(fold):
            w, b = ridge(Z[fold != k], Y[fold != k], alpha)
            errors[a] += ((Y[fold == k] - Z[fold == k] @ w - b) ** 2).sum(axis=0)
    return errors / len(Y)


def generalized_error(Z, Y, alphas):
    """The generalized cross-validation error (A, T), by the hat matrix."""
    n = len(Z)
    centered = Z - Z.mean(axis=0)
    errors = []
    for alpha in alphas:
        inverse = np.linalg.inv(centered.T @ centered + alpha * np.eye(Z.shape[1]))
        hat = centered @ inverse @ centered.T + 1 / n
        residual = Y - hat @ Y
        errors.append(n * (residual**2).sum(axis=0) / np.trace(np.eye(n) - hat) ** 2)
    return np.array(errors)


def pearson(x, y):
    """Pearson r of two vectors."""
    return np.corrcoef(x, y)[0, 1]


def multiple_correlation(X, y):
    """Of columns with a vector, by least squares on unit columns."""
    Z = X - X.mean(axis=0)
    size = np.sqrt((Z**2).sum(axis=0))
    Z = Z / np.where(size > 1e-8 * np.abs(X).max(axis=0) * np.sqrt(len(X)), size, np.inf)
    # A direction of 1e-8 is the rounding of the columns it is the difference of.
    fitted = Z @ np.linalg.lstsq(Z, y - y.mean(), rcond=1e-7)[0]
    return np.sqrt((fitted @ fitted) / ((y - y.mean()) @ (y - y.mean())))
