"""Support vectors and softness."""

import numpy as np
import pytest
from sklearn import svm

from cagebreak.errors import InputError
from cagebreak.learning import LinearSVR, Softness, Standardizer, pearson


def noisy(seed=0, n=400):
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, 5))
    Y = X @ random.normal(size=(5, 2)) + 0.3 * random.normal(size=(n, 2))
    return X, 7.0 + 3.0 * Y


def test_support_vectors_are_those_of_scikit_learn():
    X, Y = noisy()
    found = LinearSVR(C=0.1).fit(X, Y).predict(X)
    y = Y[:, 1]
    peer = svm.LinearSVR(C=0.1, epsilon=0.1, random_state=0, max_iter=10_000)
    Z = Standardizer().fit_transform(X)
    expected = peer.fit(Z, (y - y.mean()) / y.std()).predict(Z) * y.std() + y.mean()
    np.testing.assert_allclose(found[:, 1], expected)
    np.testing.assert_allclose(LinearSVR(C=0.1).fit(X, y).predict(X), expected)


def test_softness_is_the_distance_from_the_plane_between_mobile_and_immobile():
    X, Y = noisy()
    softness = Softness(fraction=0.2, C=0.1).fit(X, Y)
    found = softness.predict(X)
    np.testing.assert_allclose(np.linalg.norm(softness.coef_, axis=1), 1.0)
    assert pearson(found, Y).min() > 0.9
    mobile = np.argsort(Y[:, 0])[-80:]
    assert (found[mobile, 0] > 0).mean() > 0.95


def test_softness_does_not_depend_on_units_of_the_target():
    X, Y = noisy()
    before, after = (Softness(C=0.1).fit(X, y).predict(X) for y in (Y, np.exp(0.1 * Y)))
    np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize(
    ("learner", "named"),
    [
        (LinearSVR(C=0.0), "C"),
        (Softness(C=-1.0), "C"),
        (Softness(fraction=0.6), "fraction"),
        (Softness(fraction=0.0), "fraction"),
    ],
)
def test_a_parameter_out_of_range_is_named(learner, named):
    with pytest.raises(InputError, match=f"^{named}: expected"):
        learner.fit(*noisy())
