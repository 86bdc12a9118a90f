"""The mean of several trainings of one network."""

import os
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.utils.validation import check_is_fitted

from cagebreak.errors import FileFormatError, InputError
from cagebreak.learning import _hdf5
from cagebreak.learning.neural_network._base import Network
from cagebreak.learning.neural_network._graph_base import GraphLearner
from cagebreak.learning.neural_network.equivariant import EquivariantNetwork
from cagebreak.learning.neural_network.graph import GraphNetwork
from cagebreak.learning.neural_network.mlp import MLPRegressor
from cagebreak.seeding import seed_sequence

_CLASSES = {each.kind: each for each in (MLPRegressor, GraphNetwork, EquivariantNetwork)}


class Ensemble(RegressorMixin, BaseEstimator):
    """Networks trained alike from different starts, whose predictions are averaged.

    Each member draws its own weights and batches and chooses its epoch on validation configurations
    of its own: what one leaves out most others learn from, and the errors that come from where a
    training starts cancel. It predicts better than a single training, at as many times the cost; by
    how much, is in docs/networks.md.

    Parameters
    ----------
    learner : MLPRegressor, GraphNetwork or EquivariantNetwork
        Member k is a copy of it, whose seed follows from the learner's seed and k.
    members : int
        Default 5 (chosen: on a fold of hard spheres the fifth added less than 0.001 to r).

    Attributes
    ----------
    members_ : list of networks
    n_parameters_ : int
        Of all members together.
    n_features_in_ : int
    earlier_seconds_ : float
        As of `MLPRegressor`, of all members.
    """

    kind = "ensemble"

    members_: list[Any]

    def __init__(self, learner: Network, members: int = 5) -> None:
        self.learner = learner
        self.members = members

    @property
    def requires(self) -> tuple[str, ...]:
        """The packages that its learner needs."""
        return self.learner.requires

    @property
    def takes_graphs(self) -> bool:
        """Whether X is a sequence of graphs, as its learner's."""
        return isinstance(self.learner, GraphLearner)

    @property
    def share_species(self) -> bool:
        """Whether `evaluate` trains one ensemble for all species, as its learner."""
        return bool(getattr(self.learner, "share_species", False))

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """Fit to what the learner is fitted to; `groups` is for networks that take rows.

        Raises
        ------
        InputError
            If the learner is no network, there is no member, or as of the learner's `fit`.
        """
        if not isinstance(self.learner, Network):
            raise InputError(f"learner: expected a network, got {self.learner!r}")
        if self.members < 1:
            raise InputError(f"members: expected at least 1, got {self.members!r}")
        given = {} if self.takes_graphs else {"groups": groups}
        self.members_ = []
        for k in range(self.members):
            (seed,) = seed_sequence(self.learner.seed, "member", k).generate_state(1)
            member = clone(self.learner).set_params(seed=int(seed))
            self.members_.append(member.fit(X, y, **given))
        return self

    def predict(self, X: Any) -> Any:
        """Return the mean of the members' predictions, in the form of the learner's `predict`."""
        check_is_fitted(self)
        each = [member.predict(X) for member in self.members_]
        if self.takes_graphs:
            return [np.mean(of_graph, axis=0) for of_graph in zip(*each, strict=True)]
        return np.mean(each, axis=0)

    @property
    def n_parameters_(self) -> int:
        """Of all members together."""
        return sum(member.n_parameters_ for member in self.members_)

    @property
    def n_features_in_(self) -> int:
        """Of each member."""
        return self.members_[0].n_features_in_

    @property
    def earlier_seconds_(self) -> float:
        """CPU time that earlier processes spent, all members together."""
        return sum(member.earlier_seconds_ for member in self.members_)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted ensemble to an HDF5 file, completely or not at all."""
        check_is_fitted(self)
        members = [member.content() for member in self.members_]
        about = {
            "network": self.learner.kind,
            "seed": self.learner.seed,
            "members": [about for about, _ in members],
        }
        arrays = {
            f"{k}/{name}": array
            for k, (_, of_member) in enumerate(members)
            for name, array in of_member.items()
        }
        _hdf5.write(path, self.kind, about, arrays)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read what `save` has written.

        Raises
        ------
        FileFormatError
            If the file is damaged, or holds no ensemble.
        """
        about, arrays = _hdf5.read(path, cls.kind)
        try:
            network = _CLASSES[about["network"]]
            members = []
            for k, of_member in enumerate(about["members"]):
                mine = {
                    name.removeprefix(f"{k}/"): array
                    for name, array in arrays.items()
                    if name.startswith(f"{k}/")
                }
                members.append(network.of_content(path, of_member, mine))
            loaded = cls(clone(members[0]).set_params(seed=about["seed"]), len(members))
        except (KeyError, TypeError, IndexError) as error:
            raise FileFormatError(f"{path}: expected a saved {cls.kind}, {error}") from error
        loaded.members_ = members
        return loaded
