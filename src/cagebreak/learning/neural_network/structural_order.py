"""The unsupervised order parameter: which of two kinds of surroundings a particle has."""

from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn import neural_network
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.mixture import GaussianMixture
from sklearn.utils.validation import check_is_fitted

from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, as_table
from cagebreak.learning.preprocessing import CLIP, Standardizer
from cagebreak.learning.scores import pearson
from cagebreak.seeding import seed_sequence


class StructuralOrder(RegressorMixin, BaseEstimator):
    """The probability to belong to one of two groups, found in the structure alone.

    An autoencoder squeezes standardized features, meant to be `AveragedBondOrder`, through a few
    numbers; a mixture of two Gaussians parts these, and the order parameter is the probability of
    one of the two (Boattini 2020). The dynamics only say which: the group whose probability grows
    with the target, for each target by itself.

    Parameters
    ----------
    bottleneck : int
        Numbers that the features are squeezed through, default 2.
    hidden : int
        Nodes of the layers before and behind them, for each feature; default 5 (chosen).
    alpha : float
        L2 penalty of the autoencoder (chosen).
    clip : float
        Standardized features are clipped at so many deviations.
    seed : int
        Of the autoencoder and of the mixture.

    Attributes
    ----------
    explained_ : float
        Fraction of the features' variance that the autoencoder gives back.
    sign_ : (T,) array
        1 where the second group is the mobile one, -1 where the first is.
    """

    standardizer_: Standardizer
    autoencoder_: neural_network.MLPRegressor
    mixture_: GaussianMixture
    explained_: float
    sign_: Floats
    n_features_in_: int

    def __init__(
        self,
        bottleneck: int = 2,
        hidden: int = 5,
        alpha: float = 1e-5,
        clip: float = CLIP,
        seed: int = 0,
    ) -> None:
        self.bottleneck = bottleneck
        self.hidden = hidden
        self.alpha = alpha
        self.clip = clip
        self.seed = seed

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Find the groups in features X (n, F); y (n,) or (n, T) tells which is the mobile one.

        Raises
        ------
        InputError
            If a shape does not fit, a number is not finite, or a parameter is out of range.
        """
        for name in ("bottleneck", "hidden"):
            if getattr(self, name) < 1:
                raise InputError(f"{name}: expected at least 1, got {getattr(self, name)!r}")
        table = as_table("X", X)
        given = np.asarray(y)
        self.single_ = given.ndim == 1
        Y = as_table("y", given[:, None] if self.single_ else given, len(table))
        self.standardizer_ = Standardizer(self.clip).fit(table)
        self.n_features_in_ = n_features = table.shape[1]
        Z = self.standardizer_.transform(table)
        coder, mixture = seed_sequence(self.seed, "structural order").generate_state(2)
        width = self.hidden * n_features
        self.autoencoder_ = neural_network.MLPRegressor(
            hidden_layer_sizes=(width, self.bottleneck, width),
            activation="tanh",
            alpha=self.alpha,
            max_iter=500,
            early_stopping=True,
            random_state=int(coder),
        ).fit(Z, Z)
        back = self.autoencoder_.predict(Z).reshape(Z.shape)
        self.explained_ = float(1 - np.square(back - Z).sum() / np.square(Z).sum())
        self.mixture_ = GaussianMixture(2, n_init=5, random_state=int(mixture)).fit(self._code(Z))
        probability = self.mixture_.predict_proba(self._code(Z))[:, 1]
        r = pearson(np.repeat(probability[:, None], Y.shape[1], axis=1), Y)
        self.sign_ = np.where(r < 0, -1.0, 1.0)
        return self

    def predict(self, X: ArrayLike) -> Floats:
        """Return the probability of the mobile group for the rows of X (n, F), (n,) or (n, T).

        Raises
        ------
        InputError
            If X has another number of columns, or a number is not finite.
        """
        check_is_fitted(self)
        probability = self.mixture_.predict_proba(self._code(self.standardizer_.transform(X)))
        second = probability[:, 1:2]
        found: Floats = np.where(self.sign_ > 0, second, 1 - second)
        return found[:, 0] if self.single_ else found

    def _code(self, Z: Floats) -> Floats:
        """Return what the autoencoder squeezes rows to, (n, bottleneck)."""
        for weights, bias in zip(
            self.autoencoder_.coefs_[:2], self.autoencoder_.intercepts_[:2], strict=True
        ):
            Z = np.tanh(Z @ weights + bias)
        return Z
