"""Equations of the documents, as they stand there, against the code on small inputs."""

import numpy as np
import pytest
from scipy.special import eval_legendre

import cagebreak as cb
from cagebreak.learning import Statistics, collinearity, forward_selection
from cagebreak.learning.linear_model.ridge_solvers import RidgePath, SubsetRidge, WeightedRidge
from cagebreak.potentials._match_kernel import pair_energy
from cagebreak.potentials.pair_potentials import FORMS, pair_table
from support.paths import ROOT

ALPHA = 2.0


def shows(name, *equations):
    """Assert that a document has these equations, whatever its line breaks."""
    text = " ".join((ROOT / "docs" / name).read_text(encoding="utf-8").split())
    assert [equation for equation in equations if equation not in text] == []


@pytest.fixture
def rows():
    rng = np.random.default_rng(1)
    return rng.normal(2, 1, (11, 6)), rng.normal(1, 2, (19, 6))


def statistics(table):
    return Statistics.from_arrays(table[:, :4], table[:, 4:])


def centered(table):
    return np.hsplit(table - table.mean(axis=0), [4])


def test_two_sets_merge(rows):
    shows(
        "learning.md",
        r"m = m_1 + \frac{n_2}{n} (m_2 - m_1)",
        r"G = G_1 + G_2 + \frac{n_1 n_2}{n} (m_2 - m_1) (m_2 - m_1)^T",
    )
    (n1, n2), (m1, m2) = map(len, rows), (part.mean(axis=0) for part in rows)
    n = n1 + n2
    g1, g2 = ((part - part.mean(axis=0)).T @ (part - part.mean(axis=0)) for part in rows)
    both = statistics(rows[0]) + statistics(rows[1])
    merged = g1 + g2 + (n1 * n2 / n) * np.outer(m2 - m1, m2 - m1)
    np.testing.assert_allclose(both.gram, merged, atol=1e-10)
    mean = np.concatenate([both.x_mean, both.y_mean])
    np.testing.assert_allclose(mean, m1 + (n2 / n) * (m2 - m1))


def test_the_error_on_held_out_rows_follows_from_their_statistics(rows):
    shows("learning.md", "`y'y - 2 w'X'y + w'X'X w + n d^2`, with d the error of their mean")
    training, held_out = map(statistics, rows)
    w = RidgePath(training).coefficients(ALPHA)
    X, Y = np.hsplit(rows[1], [4])
    errors = Y - training.y_mean - (X - training.x_mean) @ w
    d = errors.mean(axis=0)
    found = (
        np.diag(held_out.yy)
        - 2 * (w * held_out.xy).sum(axis=0)
        + (w * (held_out.xx @ w)).sum(axis=0)
        + held_out.count * d**2
    )
    np.testing.assert_allclose(found, (errors**2).sum(axis=0))


def test_a_weight_is_a_penalty_of_its_own(rows):
    shows("learning.md", "A factor f on some features v is a penalty alpha / f^2 on them")
    X, Y = centered(rows[0])
    f = np.array([1, 1, 3.0, 3.0])
    paths = WeightedRidge(statistics(rows[0]), f > 1).paths([f], np.array([ALPHA]))
    expected = np.linalg.solve(X.T @ X + np.diag(ALPHA / f**2), X.T @ Y)
    np.testing.assert_allclose(next(iter(paths))[:, 0], expected)


def test_features_are_eliminated(rows):
    shows(
        "learning.md",
        "With (X'X + alpha)^-1 = P,",
        "the coefficients without the features g are w - P_g P_gg^-1 w_g, exactly",
    )
    X, Y = centered(rows[0])
    Z = X / X.std(axis=0)
    P, g, kept = np.linalg.inv(Z.T @ Z + ALPHA * np.eye(4)), [1], [0, 2, 3]
    w = P @ Z.T @ Y
    w = (w - P[:, g] @ np.linalg.solve(P[np.ix_(g, g)], w[g])) / X.std(axis=0)[:, None]
    found = SubsetRidge(statistics(rows[0]), np.array([ALPHA])).coefficients(np.array(kept))
    np.testing.assert_allclose(found[kept, 0], w[kept])


def test_forward_selection_raises_the_multiple_correlation(rows):
    shows("learning.md", "the multiple correlation R^2 = b'S^-1 b / s_yy of the selected features")
    X, Y = centered(rows[1])
    selected = forward_selection(Statistics.from_arrays(X, Y[:, :1]), 2)
    S = X[:, selected.order].T @ X[:, selected.order]
    b = X[:, selected.order].T @ Y[:, 0]
    expected = b @ np.linalg.solve(S, b) / (Y[:, 0] @ Y[:, 0])
    np.testing.assert_allclose(selected.r[-1] ** 2, expected)


def test_variance_inflation(rows):
    shows("how-to-read-a-fit.md", "the variance inflation 1 / (1 - R_j^2), with R_j the multiple")
    X, _ = centered(rows[1])
    others = np.delete(X, 0, axis=1)
    left = X[:, 0] - others @ np.linalg.lstsq(others, X[:, 0])[0]
    table = collinearity(statistics(rows[1])).set_index("column")
    R2 = 1 - (left @ left) / (X[:, 0] @ X[:, 0])
    np.testing.assert_allclose(table.vif[0], 1 / (1 - R2))


@pytest.mark.parametrize(("r0", "steepest"), [(None, 1.0), (0.9, 0.9)])
def test_radial_functions_of_the_cluster_expansion(r0, steepest):
    shows(
        "descriptors/ace.md",
        r"R_n(r) = (x - 1)^p \, P_{n-1}(x)",
        "n = 1, 2, ... and polynomials P that are orthonormal over x from 0 to 1",
        r"x(r) = 1 - \frac{y(r) - y(r_\mathrm{cut})}{1 - y(r_\mathrm{cut})} "
        r"\left( 1 - \frac{r^4}{r_\mathrm{cut}^4} \right)",
        r"y(r) = \frac{1 + s^3}{1 + s^3 + a s^4}",
        "By default s = r / r_cut with a such that y is steepest at r = 1,",
        "With `r0`, s = r / r0 and a = 3/11, steepest at r0,",
    )
    ace = cb.AtomicClusterExpansion(r_cut=2.0, order=1, n_max=3, degree=3, r0=r0)
    *_, a, p = ace.radial_basis.parameters
    assert r0 is None or a == pytest.approx(3 / 11)

    def y(r):
        s = r / (r0 or 2.0)
        return (1 + s**3) / (1 + s**3 + a * s**4)

    r = np.linspace(0.2, 1.99, 5001)
    assert r[np.abs(np.gradient(y(r), r)).argmax()] == pytest.approx(steepest, abs=1e-3)
    x = 1 - (y(r) - y(2.0)) / (1 - y(2.0)) * (1 - (r / 2.0) ** 4)
    expected = [
        (x - 1) ** p * np.sqrt(2 * n - 1) * eval_legendre(n - 1, 2 * x - 1) for n in (1, 2, 3)
    ]
    np.testing.assert_allclose(ace.radial(r), expected, atol=1e-12)


def test_the_potential_of_the_inherent_state_of_hard_spheres():
    shows(
        "states/inherent.md",
        "potential -kT ln(r - sigma_ij), with force and energy shifted to zero at 1.35 sigma_ij",
    )
    model = cb.hard_spheres()
    sigma = model.pair.sigma[0][1]
    r, end = np.linspace(1.01, 1.34, 7) * sigma, 1.35 * sigma
    expected = -np.log((r - sigma) / (end - sigma)) + (r - end) / (end - sigma)
    form, table = FORMS[model.pair.form], pair_table(model.pair)
    found = [pair_energy(form, table, 0, 1, distance) for distance in r]
    np.testing.assert_allclose(found, model.temperature * expected)
