"""The dynamical regimes of a glass former, from the growth of its mean displacement."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cagebreak.errors import InputError


@dataclass(frozen=True)
class Regimes:
    """The times when caging begins and ends, in units of tau.

    Caging begins at 0 if the data have no ballistic regime, ends at infinity if they have no
    diffusive one, and ends when it begins if no particle is caged.
    """

    caging_begins: float
    caging_ends: float


def regimes(times: ArrayLike, displacement: ArrayLike) -> Regimes:
    r"""Find the regimes from the local exponent of the mean displacement.

    The exponent :math:`d \ln\langle\Delta r\rangle / d \ln t` is 1 in free flight, 1/2 in
    diffusion, and below 1/2 for a caged particle. Let s be the smallest exponent. Caging begins
    when the exponent falls through (1 + s)/2, and ends when it then rises through (1/2 + s)/2. If
    s is 1/2 or more, no particle is caged, and flight turns into diffusion at an exponent of 3/4.

    Parameters
    ----------
    times : (T,) array
        Increasing, > 0.
    displacement : (T,) array
        Mean absolute displacement, > 0.

    Raises
    ------
    InputError
        If there are fewer than three times, if they do not increase from above zero, or if a
        displacement is not positive.
    """
    times, displacement = np.asarray(times, float), np.asarray(displacement, float)
    if times.ndim != 1 or times.shape != displacement.shape or len(times) < 3:
        raise InputError(
            "times, displacement: expected the same length of at least 3, got shapes "
            f"{times.shape} and {displacement.shape}"
        )
    if not (times[0] > 0 and (np.diff(times) > 0).all() and (displacement > 0).all()):
        raise InputError("times, displacement: expected numbers > 0 at increasing times")
    exponent = np.gradient(np.log(displacement), np.log(times))
    slowest = int(exponent.argmin())
    smallest = exponent[slowest]
    if smallest >= 0.5:
        begins = _first_reach(times, -exponent, -0.75)
        return Regimes(begins, begins)
    return Regimes(
        _first_reach(times, -exponent, -(1 + smallest) / 2),
        _first_reach(times[slowest:], exponent[slowest:], (0.5 + smallest) / 2),
    )


def _first_reach(times: np.ndarray, values: np.ndarray, level: float) -> float:
    """Return the time when `values` first reach `level`, interpolated in log t.

    It is 0 if they are there from the first time on, and inf if they never are.
    """
    reached = np.flatnonzero(values >= level)
    if not len(reached):
        return np.inf
    i = reached[0]
    if i == 0:
        return 0.0
    share = (level - values[i - 1]) / (values[i] - values[i - 1])
    return float(times[i - 1] * (times[i] / times[i - 1]) ** share)
