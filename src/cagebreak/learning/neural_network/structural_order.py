"""An unsupervised order parameter: the probability of one of two local structures."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn import neural_network
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.mixture import GaussianMixture
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, as_features, as_targets, require_finite
from cagebreak.learning.learner import scale_free_tags
from cagebreak.learning.preprocessing import CLIP, Standardizer
from cagebreak.learning.scores import pearson
from cagebreak.seeding import seed_sequence


class StructuralOrder(RegressorMixin, MultiOutputMixin, BaseEstimator):
    """The probability to belong to one of two groups, found from the structure alone.

    An autoencoder compresses standardized features, usually `AveragedBondOrder`, to a few numbers.
    A mixture of two Gaussians divides these, and the order parameter is the probability of one of
    the two groups (:cite:`Boattini2020`). The dynamics only choose the group: for each target, the
    one whose probability grows with the target.

    Parameters
    ----------
    bottleneck : int
        Size of the compressed representation, default 2.
    hidden : int
        Nodes of the layers before and after it, per feature; default 5 (chosen).
    alpha : float
        L2 penalty of the autoencoder (chosen).
    clip : float
        Standardized features are clipped at so many deviations.
    seed : int
        Of the autoencoder and of the mixture.

    Attributes
    ----------
    explained_ : float
        Fraction of the features' variance that the autoencoder reproduces.
    sign_ : (T,) array
        1 where the second group is the mobile one, -1 where the first is.
    n_features_in_ : int
    feature_names_in_ : (F,) array of str
        As of `RidgeCV`.
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
        """Find the groups in features X (n, F), and by targets y (n,) or (n, T) the mobile one.

        Raises
        ------
        InputError
            If a shape does not fit, a number is not finite, or a parameter is out of range.
        """
        for name, value in (("bottleneck", self.bottleneck), ("hidden", self.hidden)):
            if value < 1:
                raise InputError(f"{name}: expected at least 1, got {value!r}")
        table = as_features(self, X, reset=True, n_rows=2)
        Y, self.single_ = as_targets(self, y, len(table))
        require_finite("y", Y, Y.sum(axis=0))
        self.standardizer_ = Standardizer(self.clip).fit(table)
        Z = self.standardizer_.standardize(table)
        coder, mixture = seed_sequence(self.seed, "structural order").generate_state(2)
        width = self.hidden * table.shape[1]
        self.autoencoder_ = neural_network.MLPRegressor(
            hidden_layer_sizes=(width, self.bottleneck, width),
            activation="tanh",
            alpha=self.alpha,
            max_iter=500,
            # A tenth of the rows decides when to stop; two are the fewest.
            early_stopping=len(Z) > 10,
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
            If X has other columns, or a number is not finite.
        """
        check_is_fitted(self)
        Z = self.standardizer_.standardize(as_features(self, X))
        second = self.mixture_.predict_proba(self._code(Z))[:, 1:2]
        mobile: Floats = np.where(self.sign_ > 0, second, 1 - second)
        return mobile[:, 0] if self.single_ else mobile

    def __sklearn_tags__(self) -> Tags:
        """Return the tags of scikit-learn: the prediction is not on the scale of the target."""
        return scale_free_tags(super().__sklearn_tags__())

    def _code(self, Z: Floats) -> Floats:
        """Return the compressed representation of rows, (n, bottleneck)."""
        for weights, bias in zip(
            self.autoencoder_.coefs_[:2], self.autoencoder_.intercepts_[:2], strict=True
        ):
            Z = np.tanh(Z @ weights + bias)
        return Z
