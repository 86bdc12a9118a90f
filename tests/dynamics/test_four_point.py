"""chi_4 and S_4: independent particles, planted variances, planted lengths, and refusals."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.bootstrap import resamples
from cagebreak.dynamics.four_point import (
    BLOCK,
    correlation_length,
    four_point_structure,
    length_interval,
    resample_bias,
    susceptibility,
)
from cagebreak.errors import InputError
from cagebreak.structure import shells


def test_of_independent_particles_chi_4_is_the_variance_of_one():
    # Each is near its start with probability p: chi_4 = p (1 - p), none of it structural.
    rng = np.random.default_rng(1)
    p, n = np.array([0.2, 0.5]), 400
    overlap = (rng.random((40, 50, n, 2)) < p).mean(axis=2)
    found = susceptibility(overlap, n)
    error = p * (1 - p) * np.sqrt(2 / (40 * 50))
    assert (np.abs(found.total - p * (1 - p)) < 4 * p * (1 - p) * np.sqrt(2 / 39)).all()
    assert (np.abs(found.isoconfigurational - p * (1 - p)) < 4 * error).all()
    assert (np.abs(found.structural) < 4 * p * (1 - p) / 50 * np.sqrt(2 / 39)).all()


def test_parts_of_chi_4_are_the_planted_variances():
    rng = np.random.default_rng(2)
    of_configurations, of_runs = rng.normal(scale=0.3, size=(4000, 1)), rng.normal(size=(4000, 5))
    found = susceptibility(0.5 + of_configurations + 0.2 * of_runs, 10)
    assert found.isoconfigurational == pytest.approx(10 * 0.04, rel=0.05)
    assert found.structural == pytest.approx(10 * 0.09, rel=0.08)
    assert found.total == pytest.approx(found.isoconfigurational + found.structural)


def test_parts_that_cannot_be_known_are_nan():
    one_run = susceptibility(np.array([[0.1], [0.3], [0.5]]), 10)
    assert one_run.total == pytest.approx(10 * 0.04)  # as of the origins of a trajectory
    assert np.isnan(one_run.isoconfigurational)
    assert np.isnan(one_run.structural)
    assert np.isnan(susceptibility(np.ones((1, 3)), 10).total)
    assert np.isnan(susceptibility(np.ones((1, 3)), 10).structural)
    assert susceptibility(np.ones((1, 3)), 10).isoconfigurational == 0.0


def test_s_4_of_random_weights_is_their_mean_square():
    rng = np.random.default_rng(3)
    total = 0.0
    for _ in range(50):
        gas = cb.Configuration(rng.uniform(0, 6, (200, 3)), np.zeros(200, int), 6.0)
        total = total + four_point_structure(gas, rng.random((2, 200)) < 0.3, shells(gas.box, 4.0))
    vectors = shells(gas.box, 4.0)
    error = 0.3 * np.sqrt(2 / (50 * vectors.counts))
    assert (np.abs(total / 50 - 0.3) < 4 * error).all()


def test_a_planted_length_is_recovered():
    # Modes of a Gaussian field have exponential |rho|^2 with the mean of Ornstein and Zernike.
    rng = np.random.default_rng(4)
    box = np.eye(3) * 20.0
    vectors = shells(box, 2.0)
    for planted, amplitude in ((1.0, 3.0), (3.0, 12.0)):
        k = np.linalg.norm(vectors.vectors, axis=1)
        form = amplitude / (1 + (k * planted) ** 2)
        # Of ten configurations each, 400 times.
        values = vectors.mean(form * rng.gamma(10, 1 / 10, size=(400, len(k))))
        found = correlation_length(vectors.k, values, 10 * vectors.counts)
        low, middle, high = np.quantile(found.length, [0.16, 0.5, 0.84])
        assert middle == pytest.approx(planted, rel=0.05)
        assert (high - low) / 2 == pytest.approx(np.median(found.error), rel=0.2)
        assert np.median(found.amplitude) == pytest.approx(amplitude, rel=0.1)


def test_s_4_of_many_frames_is_that_of_each_by_its_definition():
    rng, box = np.random.default_rng(9), np.array([[5.0, 0, 0], [1.4, 4.6, 0], [-0.9, 0.5, 4.5]])
    gas = cb.Configuration(rng.uniform(-1, 2, (20, 3)) @ box, np.zeros(20, int), box)
    vectors = shells(box, 4.0)
    near = rng.random((BLOCK + 30, 20)) < 0.5
    found = four_point_structure(gas, near, vectors)
    waves = np.exp(1j * gas.positions @ vectors.vectors.T)
    for t in (0, BLOCK - 1, BLOCK, BLOCK + 29):
        expected = vectors.mean(np.abs(near[t] @ waves) ** 2) / 20
        np.testing.assert_allclose(found[t], expected, atol=1e-12)
        np.testing.assert_allclose(four_point_structure(gas, 1.0 * near[t], vectors), expected)


@pytest.mark.parametrize("length", [9.0, 14.0])
def test_shells_of_several_wave_numbers_make_a_length_no_longer(length):
    # Without noise: in the first shell are waves along one axis and along the diagonal of two.
    vectors = shells(np.eye(3) * length, 2.0)
    k = np.linalg.norm(vectors.vectors, axis=1)
    for planted, error in ((1.0, 0.002), (length / 4, 0.03)):
        values = vectors.mean(5 / (1 + (k * planted) ** 2))
        fit = (vectors.k, values, vectors.counts, np.inf)
        found = correlation_length(*fit, vectors.spread)
        assert found.length == pytest.approx(planted, rel=error)
        assert found.amplitude == pytest.approx(5, rel=2 * error)
    assert correlation_length(*fit).length > 1.1 * planted


def test_what_falls_faster_than_the_form_has_an_infinite_length_and_no_upper_bound():
    q, counts = np.array([0.5, 1.0, 1.5, 2.0]), np.full(4, 50)
    steep, flat = q**-3, 1 / (1 + q**2)
    fit = correlation_length(q, [steep, flat], counts)
    assert fit.length[0] == np.inf
    assert np.isnan(fit.error[0])
    # One of ten resamples is beyond: the interval of 95 % has an end below only.
    lengths = np.where(np.arange(1000) % 10, fit.length[1], fit.length[0])
    low, high = length_interval(lengths[:, None], 50, 0.95)
    assert low == pytest.approx(1.0, rel=1e-3)
    assert np.isnan(high)
    assert length_interval(lengths[:, None], 50, 0.5)[1] == pytest.approx(1.0, rel=1e-3)


def test_resamples_of_a_variance_are_not_smaller_on_average():
    rng = np.random.default_rng(8)
    values, weights = rng.normal(size=5), resamples(5, 40_000, seed=1)
    shares = weights / 5
    variances = shares @ values**2 - (shares @ values) ** 2
    assert (variances / 0.8 / resample_bias(5)).mean() == pytest.approx(
        values.var(ddof=1), rel=0.02
    )


def test_the_length_is_that_of_greatest_likelihood():
    from scipy.optimize import minimize

    rng = np.random.default_rng(5)
    q, counts = np.linspace(0.3, 2.0, 7), np.array([6, 20, 30, 60, 90, 120, 150])
    for _ in range(10):
        values = 4 / (1 + (q * 1.3) ** 2) * rng.gamma(counts / 2) / (counts / 2)
        found = correlation_length(q, values, counts)

        def deviance(x, values=values):
            form = np.exp(x[0]) / (1 + (q * np.exp(x[1])) ** 2)
            return (counts / 2 * (np.log(form) + values / form)).sum()

        best = minimize(deviance, [1.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-8})
        assert found.length == pytest.approx(np.exp(best.x[1]), rel=1e-3)
        assert found.amplitude == pytest.approx(np.exp(best.x[0]), rel=1e-3)


def test_a_structure_factor_that_rises_has_no_length():
    q = np.array([0.5, 1.0, 1.5, 2.0])
    found = correlation_length(q, [q + 1, -q, np.append(q[:3], np.inf)], np.full(4, 50))
    assert found.length[0] == 0.0
    assert np.isnan(found.length[1:]).all()


def test_what_is_refused():
    gas = cb.Configuration(np.zeros((1, 3)), [0], 5.0)
    with pytest.raises(
        InputError, match=r"^q_max: expected three shells or more within 1.0, got 2"
    ):
        correlation_length([0.5, 1.0, 1.5], np.ones(3), np.ones(3), 1.0)
    with pytest.raises(InputError, match=r"^weights: expected 1 finite numbers"):
        four_point_structure(gas, np.ones(2), shells(gas.box, 2.0))
    with pytest.raises(InputError, match=r"^vectors: expected those of the box"):
        four_point_structure(gas, np.ones(1), shells(np.eye(3) * 5.1, 2.0))
    for values in (np.ones(3), np.ones((3, 0)), np.ones((0, 3))):
        with pytest.raises(InputError, match=r"^values: expected \(configurations, runs, ...\)"):
            susceptibility(values, 1)
    for n in (0, -5, np.nan, "5"):
        with pytest.raises(InputError, match=r"^n_particles: expected a positive number, got"):
            susceptibility(np.ones((2, 2)), n)
    q = [0.5, 1.0, 1.5]
    for q_of, values, counts in ((q, [1, 2], [1] * 3), (q, q, [1, 1]), ([q], q, [1] * 3)):
        with pytest.raises(InputError, match=r"^q, values, counts: expected shapes \(B,\)"):
            correlation_length(q_of, values, counts)
    for spread in (np.nan, -1.0):
        with pytest.raises(InputError, match=r"^spread: expected numbers of 0 or more"):
            correlation_length(q, q, [1] * 3, spread=spread)
    with pytest.raises(InputError, match=r"^spread: expected one number, or 3, got shape \(2,\)"):
        correlation_length(q, q, [1] * 3, spread=[0, 0])
