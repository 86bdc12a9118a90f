"""The mean of several trainings of one network."""

import os
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin, clone
from sklearn.utils import Tags, get_tags
from sklearn.utils.validation import check_is_fitted

from cagebreak.errors import FileFormatError, InputError
from cagebreak.learning import _hdf5
from cagebreak.learning.learner import FitRecord, Traits, traits
from cagebreak.learning.neural_network._base import Network
from cagebreak.learning.neural_network.equivariant import EquivariantNetwork
from cagebreak.learning.neural_network.graph import GraphNetwork
from cagebreak.learning.neural_network.mlp import MLPRegressor
from cagebreak.seeding import seed_sequence

_CLASSES = {network.kind: network for network in (MLPRegressor, GraphNetwork, EquivariantNetwork)}


class Ensemble(RegressorMixin, MultiOutputMixin, BaseEstimator):
    """The mean prediction of several trainings of one network from different starts.

    Each member draws its own weights, batches and validation configurations: most members learn
    from a configuration that one leaves out, and errors that depend on the start cancel. The cost
    is that of all trainings; docs/networks.md reports the gain over a single one.

    Parameters
    ----------
    learner : MLPRegressor, GraphNetwork or EquivariantNetwork
        Member k is a copy of it, whose seed follows from the learner's seed and k.
    members : int
        Number of trainings, default 5 (chosen: on a fold of hard spheres the fifth added less than
        0.001 to r).

    Attributes
    ----------
    members_ : list of networks
    n_parameters_ : int
        Of all members together.
    n_features_in_ : int
    feature_names_in_ : (F,) array of str
        As of `RidgeCV`; of networks that learn from rows.
    earlier_seconds_ : float
        As of `MLPRegressor`, of all members.
    """

    kind = "ensemble"

    members_: list[Any]

    def __init__(self, learner: Network, members: int = 5) -> None:
        self.learner = learner
        self.members = members

    def learner_traits(self) -> Traits:
        """Return the traits of its learner."""
        return traits(self.learner)

    def fit_record(self) -> FitRecord:
        """Return the number of parameters and the time of earlier processes, of all members."""
        return FitRecord(self.n_parameters_, np.nan, self.earlier_seconds_)

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """Fit to the data of the learner; `groups` as of its `fit`.

        Raises
        ------
        InputError
            If the learner is no network, there is no member, or as of the learner's `fit`.
        """
        if not isinstance(self.learner, Network):
            raise InputError(f"learner: expected a network, got {self.learner!r}")
        if self.members < 1:
            raise InputError(f"members: expected at least 1, got {self.members!r}")
        self.members_ = []
        for k in range(self.members):
            (seed,) = seed_sequence(self.learner.seed, "member", k).generate_state(1)
            member = clone(self.learner).set_params(seed=int(seed))
            self.members_.append(member.fit(X, y, groups=groups))
        return self

    def predict(self, X: Any) -> Any:
        """Return the mean of the members' predictions, in the form of the learner's `predict`."""
        check_is_fitted(self)
        predictions = [member.predict(X) for member in self.members_]
        if self._takes_graphs:
            return [np.mean(of_graph, axis=0) for of_graph in zip(*predictions, strict=True)]
        return np.mean(predictions, axis=0)

    @property
    def _takes_graphs(self) -> bool:
        return self.learner_traits().learns_from == "graphs"

    def __sklearn_tags__(self) -> Tags:
        """Return the tags of scikit-learn, with the input of its learner."""
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.learner).input_tags
        return tags

    @property
    def n_parameters_(self) -> int:
        """Of all members together."""
        return sum(member.n_parameters_ for member in self.members_)

    @property
    def n_features_in_(self) -> int:
        """Of each member."""
        return self.members_[0].n_features_in_

    @property
    def feature_names_in_(self) -> np.ndarray:
        """Of each member; absent without names."""
        return self.members_[0].feature_names_in_

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
                arrays_of_member = {
                    name.removeprefix(f"{k}/"): array
                    for name, array in arrays.items()
                    if name.startswith(f"{k}/")
                }
                members.append(network.of_content(path, of_member, arrays_of_member))
            loaded = cls(clone(members[0]).set_params(seed=about["seed"]), len(members))
        except (KeyError, TypeError, IndexError) as error:
            raise FileFormatError(f"{path}: expected a saved {cls.kind}, {error}") from error
        loaded.members_ = members
        return loaded
