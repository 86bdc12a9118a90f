"""Base of neural and graph networks: validation configurations, test-set bias and files."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from cagebreak.errors import FileFormatError, InputError
from cagebreak.learning import _hdf5
from cagebreak.learning._validation import Floats, Integers
from cagebreak.learning.learner import CHECKPOINT, FitRecord, Traits
from cagebreak.seeding import stream

State = dict[str, np.ndarray]
"""The parameters of a module, by name."""

UNSAVED = (CHECKPOINT, "progress", "device")
"""Parameters of the machine, which are not saved."""
RENAMED = {"watched_": "eval_scores_", "together": "share_species"}
"""Present names of arrays and parameters that earlier versions have stored."""
NAMES = "feature_names_in_"
"""The attribute that files hold as UTF-8."""


class Network(BaseEstimator):
    """The base of networks that keep the best epoch of one training for each target.

    `kind` names the network in its files, `requires` the packages that it needs.
    """

    kind: str
    requires: tuple[str, ...] = ("torch",)
    checkpoint: str | os.PathLike[str] | None

    states_: list[State]
    best_epoch_: Integers
    validation_: Floats
    eval_scores_: Floats
    n_parameters_: int
    earlier_seconds_: float
    target_mean_: Floats
    target_scale_: Floats
    feature_names_in_: np.ndarray

    def test_set_bias(self) -> Floats:
        """Return the gain of r on `eval_set` if it chose the epoch, (T,).

        :cite:`Alkemade2022` choose the epoch on the test set, whose r is too high by this gain.

        Raises
        ------
        InputError
            If the network was fitted without `eval_set`.
        """
        check_is_fitted(self)
        if self.eval_scores_.shape[1] == 0:
            raise InputError("eval_set: expected rows as eval_set of fit, got none")
        chosen = self.eval_scores_[self.best_epoch_, np.arange(len(self.best_epoch_))]
        gain: Floats = np.nanmax(self.eval_scores_, axis=0) - chosen
        return gain

    def learner_traits(self) -> Traits:
        """Return how the network is fitted and what it needs."""
        return Traits(groups=True, requires=self.requires)

    def fit_record(self) -> FitRecord:
        """Return the number of parameters and the time of earlier processes."""
        return FitRecord(self.n_parameters_, np.nan, self.earlier_seconds_)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted network to an HDF5 file, completely or not at all."""
        _hdf5.write(path, self.kind, *self.content())

    def content(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what a file holds of the fitted network: parameters, and arrays by name."""
        check_is_fitted(self)
        arrays = {
            f"states/{k}/{name}": value
            for k, state in enumerate(self.states_)
            for name, value in state.items()
        }
        fitted = {name: value for name, value in vars(self).items() if name.endswith("_")}
        numbers = {n: v for n, v in fitted.items() if isinstance(v, np.ndarray | int)}
        if NAMES in numbers:
            # HDF5 has no arrays of Python strings.
            numbers[NAMES] = np.char.encode(self.feature_names_in_.astype(str), "utf-8")
        about = {"parameters": _plain(self.get_params(), UNSAVED)}
        return about, arrays | numbers | self._further()

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read what `save` has written.

        Raises
        ------
        FileFormatError
            If the file is damaged, or holds another kind of network.
        """
        return cls.of_content(path, *_hdf5.read(path, cls.kind))

    @classmethod
    def of_content(
        cls,
        path: str | os.PathLike[str],
        about: Mapping[str, Any],
        arrays: Mapping[str, np.ndarray],
    ) -> Self:
        """Return the network whose `content` was read from a file.

        Raises
        ------
        FileFormatError
            If an array is missing or does not fit.
        """
        try:
            parameters = about["parameters"].items()
            loaded = cls(**{RENAMED.get(name, name): value for name, value in parameters})
            states: dict[int, State] = {}
            further = {}
            for name, value in arrays.items():
                match name.split("/", 2):
                    case ["states", k, key]:
                        if value.dtype.kind not in "biuf":
                            raise ValueError(f"{name}: expected numbers, got {value.dtype}")
                        states.setdefault(int(k), {})[key] = value
                    case ["feature_names_in_"]:
                        loaded.feature_names_in_ = np.char.decode(value, "utf-8").astype(object)
                    case [attribute] if attribute.endswith("_"):
                        current = RENAMED.get(attribute, attribute)
                        setattr(loaded, current, value if np.ndim(value) else int(value))
                    case _:
                        further[name] = value
            loaded.states_ = [states[k] for k in range(len(states))]
            loaded.earlier_seconds_ = 0.0
            loaded._set_further(further)
            loaded._check_parameters()
            n_stored = min(sum(array.size for array in state.values()) for state in loaded.states_)
            if (n_least := loaded._least_parameters()) > n_stored:
                raise ValueError(f"expected {n_least} parameters or more, got {n_stored}")
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FileFormatError(f"{path}: expected a saved {cls.kind}, {error}") from error
        return loaded

    def _check_parameters(self) -> None:
        """Raise if a parameter is out of range."""
        raise NotImplementedError

    def _least_parameters(self) -> int:
        """Return how many parameters the module has at least; a file may claim any sizes."""
        raise NotImplementedError

    def _further(self) -> dict[str, np.ndarray]:
        """Return the arrays of other attributes that are saved, by name."""
        raise NotImplementedError

    def _set_further(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Set the attributes from the arrays of `_further`."""
        raise NotImplementedError


def is_validation(groups: ArrayLike | None, n: int, fraction: float, seed: int) -> np.ndarray:
    """Return which of n rows are for validation, (n,): whole groups, or single rows without.

    Raises
    ------
    InputError
        If the fraction is not between 0 and 1, or there are fewer than two groups or rows.
    """
    if not 0 < fraction < 1:
        raise InputError(f"validation: expected a fraction between 0 and 1, got {fraction!r}")
    labels = np.arange(n) if groups is None else np.asarray(groups)
    if labels.shape != (n,):
        raise InputError(f"groups: expected shape ({n},), got {labels.shape}")
    present, group = np.unique(labels, return_inverse=True)
    if len(present) == 1 and n > 1:  # of one configuration single rows are taken
        present, group = np.arange(n), np.arange(n)
    if len(present) < 2:
        raise InputError(f"X: expected at least 2 rows or configurations, got {len(present)}")
    n_chosen = min(max(1, round(fraction * len(present))), len(present) - 1)
    chosen = stream(seed, "validation").permutation(len(present))[:n_chosen]
    return np.isin(group, chosen)


def checkpoint_file(network: Network, data: Iterable[np.ndarray]) -> Path | None:
    """Return the file of a training, named by a hash of release, network and data."""
    folder = network.checkpoint
    if folder is None:
        return None
    # A second training on all data has its epochs among the data; the first does not depend on it.
    parameters = _plain(network.get_params(), (*UNSAVED, "retrain"))
    about = [version("cagebreak"), network.kind, parameters]
    digest = hashlib.sha256(json.dumps(about).encode())
    for array in data:
        digest.update(f"{array.shape} {array.dtype}".encode())
        digest.update(np.ascontiguousarray(array).data)
    Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder) / f"{digest.hexdigest()[:32]}.h5"


def require_sizes(name: str, sizes: Any, minimum: int = 0) -> None:
    """Raise if `sizes` is no sequence of numbers of nodes."""
    try:
        good = len(sizes) >= minimum and all(int(n) == n and n > 0 for n in sizes)
    except (TypeError, ValueError):
        good = False
    if not good:
        raise InputError(f"{name}: expected numbers of nodes such as (16, 16), got {sizes!r}")


def n_weights(sizes: Sequence[int]) -> int:
    """Return the number of weights of a fully connected network, without biases."""
    return sum(n_in * n_out for n_in, n_out in pairwise(sizes))


def _plain(parameters: Mapping[str, Any], without: Iterable[str]) -> dict[str, Any]:
    """Return parameters as values of JSON."""
    return json.loads(
        json.dumps(
            {name: value for name, value in parameters.items() if name not in without},
            default=lambda value: value.item() if isinstance(value, np.generic) else list(value),
        )
    )
