"""Scalars of a state: displacement from the start, variance and anisotropy of the caged motion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration, as_configuration
from cagebreak.descriptors.base import Features, make_labels
from cagebreak.errors import InputError
from cagebreak.states import CageState, InherentState

Source = Configuration | InherentState | CageState
"""What descriptors of states and generations accept."""


def state_of(source: Source) -> str:
    """Return the name of a state: "initial" for a configuration, "inherent" or "cage"."""
    if isinstance(source, CageState):
        return "cage"
    return "inherent" if isinstance(source, InherentState) else "initial"


def configuration_of(source: Source) -> Configuration:
    """Return the positions of a state; a configuration is returned as it is."""
    if isinstance(source, InherentState | CageState):
        return source.configuration
    return as_configuration(source)


class StateDescriptor:
    """Base class of descriptors with one column that an inherent or cage state provides.

    `compute` takes the state, since positions alone do not contain the column.
    """

    kind: ClassVar[str]
    states: ClassVar[tuple[type, ...]]

    def labels(self, state: str = "cage") -> np.recarray:
        """Return the label of the column."""
        return make_labels(self.kind, 1, state, [{}])

    def compute(self, source: Source, state: str | None = None) -> Features:
        """Return the feature of every particle, (N, 1).

        Parameters
        ----------
        source
            What `cagebreak.cage_state` or `cagebreak.inherent_state` returned.
        state
            For the label; default: the name of the state of `source`.

        Raises
        ------
        InputError
            If `source` is not a state that has this feature.
        """
        if not isinstance(source, self.states):
            names = " or ".join(state.__name__ for state in self.states)
            raise InputError(f"source: expected a {names}, got a {type(source).__name__}")
        return Features(self._values(source)[:, None], self.labels(state or state_of(source)))

    def _values(self, source) -> NDArray[np.float64]:
        raise NotImplementedError


@dataclass(frozen=True)
class CageDisplacement(StateDescriptor):
    r"""Distance from the initial position of a particle to its position in a state.

    .. math::
        \Delta r_i = |\mathbf{r}_i^\mathrm{state} - \mathbf{r}_i^\mathrm{init}|

    in units of sigma, for the inherent or the cage state. :cite:`Alkemade2023`, section III. Label:
    kind "displacement".
    """

    kind = "displacement"
    states = (CageState, InherentState)

    def _values(self, source: CageState | InherentState) -> NDArray[np.float64]:
        return source.displacement


@dataclass(frozen=True)
class CageVariance(StateDescriptor):
    r"""Mean squared displacement from the mean position in the cage, :math:`\langle u_i^2 \rangle`.

    It is the trace of the covariance of the position, in units of sigma^2: a local Debye-Waller
    factor of the caged motion. Label: kind "variance".
    """

    kind = "variance"
    states = (CageState,)

    def _values(self, source: CageState) -> NDArray[np.float64]:
        return source.variance


@dataclass(frozen=True)
class CageAnisotropy(StateDescriptor):
    r"""Relative shape anisotropy of the motion of a particle in its cage.

    .. math::
        \kappa_i^2 = 1 - 3 \frac{\lambda_1 \lambda_2 + \lambda_2 \lambda_3 + \lambda_3 \lambda_1}
                                 {(\lambda_1 + \lambda_2 + \lambda_3)^2}

    with the eigenvalues of the covariance of the position; :cite:`Theodorou1985`. It is 0 for a
    spherical cage, 1/4 for a flat one and 1 for a tube. In two dimensions
    :math:`\kappa_i^2 = (\lambda_1 - \lambda_2)^2 / (\lambda_1 + \lambda_2)^2`. Label:
    kind "anisotropy".
    """

    kind = "anisotropy"
    states = (CageState,)

    def _values(self, source: CageState) -> NDArray[np.float64]:
        # kappa^2 = d / (d - 1) |C - (trace / d) 1|^2 / trace^2, without the eigenvalues.
        d = source.start.dimension
        covariance = source.covariance[:, :d, :d]
        trace = np.trace(covariance, axis1=1, axis2=2)
        deviator = covariance - trace[:, None, None] / d * np.eye(d)
        squares = d / (d - 1) * (deviator**2).sum(axis=(1, 2))
        # The cage of a particle that did not move counts as spherical.
        return np.divide(squares, trace**2, out=np.zeros(len(trace)), where=trace > 0)
