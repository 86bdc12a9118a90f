"""The prediction for one configuration: values, intervals, and what it extrapolates."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Prediction:
    """The prediction for a configuration, how sure it is, and where it is an extrapolation.

    Parameters
    ----------
    times : (T,) array
        Times in tau.
    values : (T, N) array
        Predicted propensity in sigma; NaN for species without a fit.
    low, high : (T, N) arrays
        Bounds of the predictive intervals in sigma, not below 0. An interval contains, with the
        probability of its level, what would be measured: the mean displacement over as many runs
        as in training, less the short runs that are inputs. NaN where the model has no intervals.
    outside : (N,) array
        Number of features outside the range of training; NaN where the range is unknown.
    remarks
        What is not as in training, in words: the energy of the inherent state, the density, and
        features that leave the range, one sentence a species at most; and what is unknown.
    """

    times: Floats
    values: Floats
    low: Floats
    high: Floats
    outside: Floats
    remarks: tuple[str, ...]

    def column_times(self) -> dict[str, float]:
        """Return the time of each column of values: ``prediction_1``, ...; or ``prediction``."""
        return {
            f"prediction{end}": time
            for end, time in zip(self._ends(), self.times.tolist(), strict=True)
        }

    def columns(self) -> dict[str, Floats]:
        """Return the columns of files.

        They are ``prediction_1``, ``prediction_2``, ..., then ``prediction_low_1``, ..., then
        ``prediction_high_1``, ..., and ``outside``. Of one time there are no numbers.
        """
        parts = {"": self.values, "_low": self.low, "_high": self.high}
        columns = {
            f"prediction{name}{end}": of_time
            for name, values in parts.items()
            for end, of_time in zip(self._ends(), values, strict=True)
        }
        return columns | {"outside": self.outside}

    def _ends(self) -> list[str]:
        n = len(self.times)
        return [f"_{i + 1}" for i in range(n)] if n > 1 else [""]
