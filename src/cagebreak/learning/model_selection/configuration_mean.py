"""The mean target of a configuration, predicted from one of its mean features."""

from collections.abc import Mapping
from typing import Self

import numpy as np

from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats


class ConfigurationMean:
    r"""The mean target of a configuration, log-linear in the mean of one feature.

    :math:`\ln \bar y = a + b \bar x` by least squares over configurations, for each target. As
    configurations are few, the slope is used only for targets where it lowers the squared error of
    leave-one-out cross-validation; elsewhere b = 0.

    Parameters
    ----------
    x : (C,) array
        Mean of the feature in each configuration.
    y : (C, T) array
        Mean targets, all positive.

    Raises
    ------
    InputError
        If a target is not positive.
    """

    def __init__(self, x: Floats, y: Floats) -> None:
        if not (y > 0).all():
            raise InputError(f"y: expected targets with a positive mean, got {y.min():.3g}")
        log_y = np.log(y)
        self._x_mean, self._y_mean = x.mean(), log_y.mean(axis=0)
        dx, dy = x - self._x_mean, log_y - self._y_mean
        squares = dx @ dx
        self._slope = np.zeros(y.shape[1])
        # The residual of a configuration left out is divided by 1 - h, with its leverage h.
        n = len(x)
        if n < 3 or squares == 0:
            return
        leverage = 1 / n + dx * dx / squares
        if leverage.max() > 1 - 1e-9:
            return
        slope = dx @ dy / squares
        with_slope = ((dy - np.outer(dx, slope)) / (1 - leverage)[:, None]) ** 2
        without = (dy / (1 - 1 / n)) ** 2
        self._slope = np.where(with_slope.sum(axis=0) < without.sum(axis=0), slope, 0.0)

    def predict(self, x: float) -> Floats:
        """Return the mean targets (T,) of a configuration whose mean feature is `x`."""
        mean: Floats = np.exp(self._y_mean + self._slope * (x - self._x_mean))
        return mean

    def numbers(self) -> dict[str, Floats]:
        """Return the numbers of the fit by their names in files."""
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
        if fit._y_mean.shape != (n_targets,) or fit._slope.shape != (n_targets,):
            raise ValueError(f"expected the mean of a configuration at {n_targets} times")
        return fit
