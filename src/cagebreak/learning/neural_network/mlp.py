"""Multilayer perceptrons that predict all targets (times) at once, as those of Alkemade 2022."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from cagebreak.errors import InputError
from cagebreak.learning._validation import (
    Floats,
    as_features,
    as_table,
    as_targets,
    require_finite,
)
from cagebreak.learning.neural_network._base import (
    Network,
    checkpoint_file,
    is_validation,
    n_weights,
    require_sizes,
)
from cagebreak.learning.preprocessing import CLIP, Standardizer, location_and_scale
from cagebreak.learning.scores import pearson
from cagebreak.seeding import stream

if TYPE_CHECKING:
    from cagebreak.learning.neural_network._mlp_module import Multilayer
    from cagebreak.learning.neural_network._torch import torch

ALKEMADE2022: dict[int, dict[str, Any]] = {
    1: {"hidden": (16,), "dropout": 0.0, "alpha": 0.0},
    2: {"hidden": (16, 16, 16), "dropout": 0.0, "alpha": 0.0},
    3: {"hidden": (16, 16), "dropout": 0.0, "alpha": 1.0},
    4: {"hidden": (16, 16), "dropout": 0.25, "alpha": 0.0},
    5: {"hidden": (16, 16), "dropout": 0.25, "alpha": 0.01},
}
"""Table I by row. Rows 4 and 5 say three layers but print two widths; two layers are used."""

_ROWS_AT_ONCE = 20_000


class MLPRegressor(RegressorMixin, MultiOutputMixin, Network):
    r"""A fully connected network of ReLUs, trained by Adam on the mean squared error.

    .. math:: a^{(l)} = \max(0, W^{(l)} a^{(l-1)} + b^{(l)})

    (:cite:`Alkemade2022`, equation 8), without the maximum in the last layer. Features and targets
    are standardized by the training rows. The defaults are row 5 of table I; `alkemade2022` gives
    any row.

    **All targets at once.** Each of the T targets has its own network, as in the paper, and one
    training serves all of them: their parameters are batched. The networks start from the same
    weights and see the same batches, so that each becomes what it would become alone, and each
    keeps its own best epoch. (One network with T outputs trains in a third of the time and predicts
    worse: 0.490 against 0.519, mean r over 26 times of hard spheres at 0.58, row 4.)

    **The best epoch** has the highest Pearson r on validation configurations, which are taken from
    the training data and not trained on. The paper takes the epoch that is best on the *test* data;
    `test_set_bias` measures what that would add.

    Parameters
    ----------
    hidden : sequence of int
        Nodes of each hidden layer.
    dropout : float
        Fraction of nodes of the second hidden layer (of a single one, the first) that are dropped
        out in training.
    alpha : float
        Strength of the L2 penalty, `weight_decay` of torch's Adam: `alpha` times a parameter is
        added to its gradient (chosen; the paper says L2).
    batch_size : int
        Rows in a step, default 50 (Alkemade 2022).
    learning_rate : float
        Default 1e-4 (Alkemade 2022).
    epochs : int
        Largest number of epochs, default 500 (Alkemade 2022).
    patience : int
        A target is finished after so many epochs without a higher r; the training ends when all
        targets are finished (chosen).
    validation : float
        Fraction of the configurations that choose the epoch (chosen).
    clip : float
        Standardized features are clipped at so many deviations.
    seed : int
        Of the validation configurations, the first weights, the batches and the dropout. On a CPU
        the same seed gives the same bits.
    device : str
        "cpu", "cuda", or "auto": a GPU if there is one.
    checkpoint : path, optional
        A folder. A training of the same network on the same data that was stopped resumes from its
        file there; delete the folder when done.
    progress : bool
        Show the epoch and the validation r, on a terminal only.

    Attributes
    ----------
    states_ : list of one dict of arrays
        The parameters by name.
    best_epoch_ : (T,) array
        From 0.
    validation_ : (E, T) array
        r on the validation rows after each epoch.
    eval_scores_ : (E, T) array
        r on the rows of `eval_set` after each epoch; (E, 0) without.
    earlier_seconds_ : float
        CPU time that earlier processes spent on this training, from its checkpoint.
    standardizer_ : Standardizer
    target_mean_, target_scale_ : (T,) array
    n_parameters_ : int
        Of all networks together.
    n_features_in_ : int
    feature_names_in_ : (F,) array of str
        As of `RidgeCV`.
    """

    kind = "neural network"

    standardizer_: Standardizer
    n_features_in_: int

    def __init__(
        self,
        hidden: Sequence[int] = (16, 16),
        dropout: float = 0.25,
        alpha: float = 0.01,
        batch_size: int = 50,
        learning_rate: float = 1e-4,
        epochs: int = 500,
        patience: int = 50,
        validation: float = 0.2,
        clip: float = CLIP,
        seed: int = 0,
        device: str = "auto",
        checkpoint: str | os.PathLike[str] | None = None,
        progress: bool = True,
    ) -> None:
        self.hidden = hidden
        self.dropout = dropout
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.patience = patience
        self.validation = validation
        self.clip = clip
        self.seed = seed
        self.device = device
        self.checkpoint = checkpoint
        self.progress = progress

    @classmethod
    def alkemade2022(cls, row: int, **changes: Any) -> Self:
        """Return the network of a row of table I, 1 to 5, with some parameters changed.

        Raises
        ------
        InputError
            If there is no such row.
        """
        if row not in ALKEMADE2022:
            raise InputError(f"row: expected a row of table I, 1 to 5, got {row!r}")
        return cls(**ALKEMADE2022[row] | changes)

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        groups: ArrayLike | None = None,
        eval_set: tuple[ArrayLike, ArrayLike] | None = None,
    ) -> Self:
        """Fit to features X (n, F) and targets y (n,) or (n, T).

        Parameters
        ----------
        X, y
        groups : (n,) array, optional
            The configuration each row belongs to; whole configurations are taken for validation.
            Without it single rows are, and r on them is too high, as neighbors are correlated.
        eval_set : pair of arrays, optional
            Further rows (m, F) and their targets. Their r after each epoch is recorded and does not
            affect the training; see `test_set_bias`.

        Raises
        ------
        MissingDependencyError
            If torch is not installed.
        InputError
            If a shape does not fit, a number is not finite, there are too few rows, or a
            parameter is out of range.
        """
        from cagebreak.learning.neural_network._mlp_module import merge
        from cagebreak.learning.neural_network._torch import one_thread, the_device, torch
        from cagebreak.learning.neural_network._training import Schedule, train

        self._check_parameters()
        table = as_features(self, X, reset=True, n_rows=2)
        Y, single = as_targets(self, y, len(table))
        require_finite("X", table, table.sum(axis=0))
        require_finite("y", Y, Y.sum(axis=0))
        chooses = is_validation(groups, len(table), self.validation, self.seed)
        tests = [(table[chooses], Y[chooses])]
        if eval_set is not None:
            rows = as_table("eval_set[0]", eval_set[0], n_columns=table.shape[1])
            truth = np.asarray(eval_set[1], dtype=np.float64).reshape(len(rows), -1)
            tests.append((rows, as_table("eval_set[1]", truth, n_columns=Y.shape[1])))
        table, Y = table[~chooses], Y[~chooses]
        self.single_ = int(single)
        self.standardizer_ = Standardizer(self.clip).fit(table)
        self.target_mean_, self.target_scale_ = location_and_scale(Y)

        device = the_device(self.device)
        inputs = self._inputs(table, device)
        standardized = (Y - self.target_mean_) / self.target_scale_
        targets = torch.from_numpy(standardized.astype(np.float32)).to(device)
        test_inputs = [self._inputs(x, device) for x, _ in tests]
        with one_thread():
            module = self._module(Y.shape[1]).to(device)
            self.n_parameters_ = sum(p.numel() for p in module.parameters())

            def correlations() -> tuple[Floats, Floats]:
                scores = [
                    pearson(module(x).cpu().numpy(), truth)
                    for x, (_, truth) in zip(test_inputs, tests, strict=True)
                ]
                return scores[0], scores[1] if eval_set is not None else np.zeros(0)

            data = (table, Y, *(array for test in tests for array in test))
            trained = train(
                module,
                lambda epoch: self._batches(module, inputs, targets, epoch),
                correlations,
                Schedule(
                    self.epochs,
                    self.patience,
                    self.learning_rate,
                    self.alpha,
                    checkpoint_file(self, data),
                    self.progress,
                ),
            )
        self.states_ = [merge(trained.states, trained.state_of_target)]
        self.best_epoch_ = trained.best_epoch
        self.validation_, self.eval_scores_ = trained.validation, trained.eval_scores
        self.earlier_seconds_ = trained.earlier_seconds
        return self

    def predict(self, X: ArrayLike) -> Floats:
        """Return the predictions for the rows of X (n, F), (n,) or (n, T).

        Raises
        ------
        InputError
            If X has other columns, or a number is not finite.
        """
        from cagebreak.learning.neural_network._torch import one_thread, the_device, torch
        from cagebreak.learning.neural_network._training import load_state

        check_is_fitted(self)
        X = as_features(self, X)
        device = the_device(self.device)
        predicted = np.empty((len(X), len(self.target_mean_)))
        with one_thread(), torch.no_grad():
            module = self._module(len(self.target_mean_)).to(device).eval()
            load_state(module, self.states_[0])
            for start in range(0, len(X), _ROWS_AT_ONCE):
                rows = slice(start, start + _ROWS_AT_ONCE)
                predicted[rows] = module(self._inputs(X[rows], device)).cpu().numpy()
        predicted = predicted * self.target_scale_ + self.target_mean_
        return predicted[:, 0] if self.single_ else predicted

    def _least_parameters(self) -> int:
        return len(self.target_mean_) * n_weights((self.n_features_in_, *self.hidden, 1))

    def _further(self) -> dict[str, np.ndarray]:
        return {"mean": self.standardizer_.mean_, "scale": self.standardizer_.scale_}

    def _set_further(self, arrays: Mapping[str, np.ndarray]) -> None:
        self.standardizer_ = Standardizer.of(arrays["mean"], arrays["scale"], self.clip)

    def _module(self, n_targets: int) -> Multilayer:
        from cagebreak.learning.neural_network._mlp_module import Multilayer
        from cagebreak.learning.neural_network._torch import generator

        sizes = (self.n_features_in_, *self.hidden)
        return Multilayer(n_targets, sizes, self.dropout, generator(self.seed, "weights"))

    def _batches(
        self, module: Multilayer, inputs: torch.Tensor, targets: torch.Tensor, epoch: int
    ) -> Iterator[list[torch.Tensor]]:
        """Yield the loss of each batch of an epoch, with the rows in random order."""
        from cagebreak.learning.neural_network._torch import generator, torch

        order = stream(self.seed, "batches", epoch).permutation(len(inputs))
        kept = module.keep(len(inputs), generator(self.seed, "dropout", epoch))
        kept = None if kept is None else kept.to(inputs.device)
        for start in range(0, len(inputs), self.batch_size):
            rows = torch.from_numpy(order[start : start + self.batch_size]).to(inputs.device)
            predicted = module(inputs[rows], None if kept is None else kept[rows])
            # Each network has the mean squared error of its own target.
            yield [(predicted - targets[rows]).square().mean(0).sum()]

    def _inputs(self, X: Floats, device: torch.device) -> torch.Tensor:
        from cagebreak.learning.neural_network._torch import torch

        rows = self.standardizer_.standardize(X).astype(np.float32)
        return torch.from_numpy(rows).to(device)

    def _check_parameters(self) -> None:
        require_sizes("hidden", self.hidden, minimum=1)
        if not 0 <= self.dropout < 1:
            raise InputError(
                f"dropout: expected a fraction from 0 to below 1, got {self.dropout!r}"
            )
        if self.batch_size < 1:
            raise InputError(f"batch_size: expected at least 1, got {self.batch_size!r}")
