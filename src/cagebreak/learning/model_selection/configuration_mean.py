"""The mean target of a configuration, predicted from one of its mean features."""

from collections.abc import Mapping
from typing import NamedTuple, Self

import numpy as np

from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats


class MeanNoise(NamedTuple):
    """Noise of the means of configurations over runs.

    Products of two of `x` and `y` are covariances for a single run.
    """

    x: Floats
    """Of the mean feature, (C,)."""
    y: Floats
    """Of the mean targets, (C, T)."""
    n_runs: Floats
    """Number of runs of which both are means, (C,)."""
    n_used: int
    """Number of other runs of which the feature is the mean in a prediction."""


class ConfigurationMean:
    r"""The mean target of a configuration, log-linear in the mean of one feature.

    :math:`\ln \bar y = a + b \bar x` by least squares over configurations, for each target. As
    configurations are few, the slope is used only for targets where it lowers the squared error of
    leave-one-out cross-validation; elsewhere b = 0. A target whose mean is not positive in some
    configuration, such as a probability to have moved after a short time, is itself linear in x.

    Parameters
    ----------
    x : (C,) array
        Mean of the feature in each configuration.
    y : (C, T) array
        Mean targets.
    noise : MeanNoise, optional
        Where the feature is a mean over runs, and a prediction has another number of them: a slope
        that is fitted to means over many runs would follow the noise of few.

    Notes
    -----
    With noise, the squares of x are those of a mean over n runs,
    :math:`\sum \delta x^2 + \sum \epsilon_x^2 (1/n - 1/R)`, and its products with y are without
    the noise that both share, :math:`\sum \delta x \delta y - \sum \epsilon_x \epsilon_y / R`.
    The errors of leave-one-out cross-validation are corrected likewise.
    """

    def __init__(self, x: Floats, y: Floats, noise: MeanNoise | None = None) -> None:
        self._is_log = (y > 0).all(axis=0)
        values = np.where(self._is_log, np.log(np.where(self._is_log, y, 1.0)), y)
        self._x_mean, self._y_mean = x.mean(), values.mean(axis=0)
        dx, dy = x - self._x_mean, values - self._y_mean
        n = len(x)
        # What a prediction has more of the variance of x, and what x and y share.
        more, shared = np.zeros(n), np.zeros_like(dy)
        if noise is not None:
            of_values = np.where(self._is_log, noise.y / np.where(self._is_log, y, 1.0), noise.y)
            more = noise.x**2 * (1 / noise.n_used - 1 / noise.n_runs)
            shared = (noise.x / noise.n_runs)[:, None] * of_values
        squares = dx @ dx + (1 - 1 / n) * more.sum()
        products = dx @ dy - (1 - 1 / n) * shared.sum(axis=0)
        self._slope = np.zeros(y.shape[1])
        # The residual of a configuration left out is divided by 1 - h, with its leverage h.
        if n < 3 or squares == 0:
            return
        leverage = 1 / n + dx * dx / squares
        if leverage.max() > 1 - 1e-9:
            return
        slope = products / squares
        with_slope = ((dy - np.outer(dx, slope)) / (1 - leverage)[:, None]) ** 2
        with_slope += np.outer(more, slope**2) + 2 * slope * shared
        without = (dy / (1 - 1 / n)) ** 2
        self._slope = np.where(with_slope.sum(axis=0) < without.sum(axis=0), slope, 0.0)

    def predict(self, x: float) -> Floats:
        """Return the mean targets (T,) of a configuration whose mean feature is `x`."""
        values = self._y_mean + self._slope * (x - self._x_mean)
        return np.where(self._is_log, np.exp(np.where(self._is_log, values, 0.0)), values)

    def derivative(self, x: float) -> Floats:
        """Return the derivatives (T,) of the mean targets by the mean feature at `x`."""
        return self._slope * np.where(self._is_log, self.predict(x), 1.0)

    def numbers(self) -> dict[str, Floats]:
        """Return the numbers of the fit by their names in files.

        Raises
        ------
        InputError
            If a mean target is not positive: files hold fits of logarithms.
        """
        if not self._is_log.all():
            raise InputError("targets: expected means above 0 in every configuration")
        return {
            "level_x_mean": np.array(self._x_mean),
            "level_log_y_mean": self._y_mean,
            "level_slope": self._slope,
        }

    @classmethod
    def of_numbers(cls, numbers: Mapping[str, Floats], n_targets: int) -> Self:
        """Return the fit with the `numbers` of another.

        Raises
        ------
        ValueError
            If the numbers are not those of so many targets.
        """
        fit = cls.__new__(cls)
        fit._x_mean = float(numbers["level_x_mean"])
        fit._y_mean, fit._slope = numbers["level_log_y_mean"], numbers["level_slope"]
        fit._is_log = np.ones(n_targets, dtype=bool)
        if fit._y_mean.shape != (n_targets,) or fit._slope.shape != (n_targets,):
            raise ValueError(f"expected the mean of a configuration at {n_targets} times")
        return fit
