"""Heterogeneity of fields: independent particles, planted variances and lengths, refusals."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.dynamics.fields import FIELDS, LEVELS, Fields, field_heterogeneity
from cagebreak.errors import InputError

LENGTH, SIDE = 14.0, 10
N = SIDE**3
TIMES = np.array([1.0, 10.0])
MEAN = 5.0


def planted(c, xi=0.0, part=1.0):
    """A configuration and its fields: a correlated one, of which a part is predicted, and noise.

    At the first time the field is white, at the second it has the length xi, of variance 1.
    """
    rng = np.random.default_rng([3, c])
    # A lattice: density waves of a random gas would add to those of the field.
    sites = np.stack(np.meshgrid(*[np.arange(SIDE)] * 3), axis=-1).reshape(-1, 3)
    positions = (sites + rng.random(3)) * LENGTH / SIDE
    start = cb.Configuration(positions, np.arange(N) % 3 // 2, LENGTH)
    # Waves of random phases, with exponential powers of Ornstein and Zernike.
    n = np.stack(np.meshgrid(*[np.arange(-4, 5)] * 3), axis=-1).reshape(-1, 3)
    k = 2 * np.pi / LENGTH * n[n.any(axis=1)]
    mean = 1 / (1 + (k**2).sum(axis=1) * xi**2)
    power = mean * rng.exponential(size=len(k))
    phase = positions @ k.T + rng.uniform(0, 2 * np.pi, len(k))
    correlated = np.cos(phase) @ np.sqrt(2 * power / mean.sum())
    true = MEAN + np.stack([rng.normal(size=N), correlated])
    predicted = MEAN + np.sqrt(part) * (true - MEAN)
    halves = true + 0.5 * rng.normal(size=(2, 2, N))
    return start, Fields(halves, halves.mean(axis=0), predicted)


def table(xi=1.5, part=1.0, n=8):
    starts, fields = zip(*(planted(c, xi, part) for c in range(n)), strict=True)
    rows = [np.arange(N)] * n
    found = field_heterogeneity(starts, fields, rows, TIMES, n_resamples=200)
    return {name: found[found["field"] == name] for name in FIELDS}


def test_variances_of_noise_prediction_and_the_unexplained_are_told_apart():
    found = table(part=0.36)
    # Half of the noise of one half of the runs is left in the mean: 0.25 / 2.
    for name, variance in {
        "measured": 1.125,
        "without noise": 1.0,
        "predicted": 0.36,
        "with unexplained": 0.36 + 0.16 + 0.125,
    }.items():
        relative = variance / MEAN**2
        np.testing.assert_allclose(found[name]["variance"], relative, rtol=0.12, err_msg=name)
    np.testing.assert_allclose(found["measured"]["mean"], MEAN, atol=0.15)


def test_of_independent_particles_chi_and_s_q_are_the_variance():
    white = {name: rows[0] for name, rows in table(n=20).items()}
    for name, rows in white.items():
        assert rows["low_s_q"] < rows["variance"] < rows["high_s_q"], name
        assert rows["low_chi"] - 0.02 < rows["variance"] < rows["high_chi"] + 0.02, name


@pytest.mark.parametrize("xi", [1.0, 2.0])
def test_a_planted_length_is_that_of_measured_and_predicted(xi):
    found = table(xi, n=20)
    for name in ("without noise", "predicted"):
        rows = found[name][1]
        assert rows["xi"] == pytest.approx(xi, rel=0.2), name
        assert rows["s_q"] > 3 * rows["variance"]
    # Noise is white: it adds to the spectrum, and makes the length of its sum shorter.
    assert found["measured"][1]["xi"] < found["without noise"][1]["xi"]


def test_percentiles_are_those_of_all_particles():
    fields = [planted(c)[1] for c in range(8)]
    found = table(xi=0.0)
    values = np.concatenate([each.measured for each in fields], axis=1)
    np.testing.assert_allclose(found["measured"]["p95"], np.percentile(values, 95, axis=1))
    assert np.isnan(found["without noise"]["p50"]).all()


def test_to_a_prediction_the_residuals_of_all_are_added():
    # A prediction of two values, and residuals that do not depend on it, but are not Gaussian.
    rng = np.random.default_rng(6)
    predicted = np.where(rng.random((2, N)) < 0.3, 4.0, 1.0)
    residuals = rng.exponential(size=(2, N)) * np.array([[1.0], [0.2]])
    measured = predicted + residuals
    start, _ = planted(0)
    fields = Fields(np.stack([measured, measured]), measured, predicted)
    every = field_heterogeneity([start], [fields], [np.arange(N)], TIMES, n_resamples=2)
    rows = {name: every[every["field"] == name] for name in FIELDS}
    residuals -= residuals.mean(axis=1, keepdims=True)  # the mean of the prediction is kept
    for t in range(2):
        sums = np.add.outer(predicted[t], residuals[t])
        found = [rows["with unexplained"][f"p{level}"][t] for level in LEVELS]
        np.testing.assert_allclose(found, np.percentile(sums, LEVELS), atol=0.01 * sums.std())


def test_of_some_particles_only_these_count():
    starts, fields = zip(*(planted(c) for c in range(3)), strict=True)
    rows = [np.flatnonzero(start.species == 1) for start in starts]
    some = [
        Fields(f.halves[..., r], f.measured[:, r], f.predicted[:, r])
        for f, r in zip(fields, rows, strict=True)
    ]
    found = field_heterogeneity(starts, some, rows, TIMES, n_resamples=50)
    values = np.concatenate([f.measured for f in some], axis=1)
    np.testing.assert_allclose(found["variance"][:2], values.var(axis=1) / values.mean(axis=1) ** 2)


def test_one_configuration_has_no_chi_and_no_intervals():
    start, fields = planted(0, 1.0)
    found = field_heterogeneity([start], [fields], [np.arange(N)], TIMES)
    assert np.isnan(found["chi"]).all()
    assert np.isnan(found["low_variance"]).all()
    assert np.isfinite(found["s_q"]).all()


def test_a_configuration_without_such_particles_does_not_count():
    starts, fields = zip(*(planted(c) for c in range(3)), strict=True)
    rows = [np.arange(N), np.arange(0), np.arange(N)]
    empty = Fields(np.empty((2, 2, 0)), np.empty((2, 0)), np.empty((2, 0)))
    some = [fields[0], empty, fields[2]]
    found = field_heterogeneity(starts, some, rows, TIMES, n_resamples=50)
    expected = field_heterogeneity(starts[::2], some[::2], rows[::2], TIMES, n_resamples=50)
    assert repr(found.tolist()) == repr(expected.tolist())  # NaN is not equal to itself


def test_what_is_refused():
    start, fields = planted(0)
    with pytest.raises(InputError, match=r"^fields, rows: expected those of 1 configurations"):
        field_heterogeneity([start], [], [], TIMES)
    with pytest.raises(InputError, match=r"^fields: expected shape \(1, 1000\) of configuration 0"):
        field_heterogeneity([start], [fields], [np.arange(N)], TIMES[:1])
    for rows in (np.arange(1, N + 1), np.zeros(N, int), -np.arange(N), np.ones(N, bool)):
        with pytest.raises(InputError, match=r"^rows: expected numbers of particles from 0 to 999"):
            field_heterogeneity([start], [fields], [rows], TIMES)
    one_half = fields._replace(halves=fields.halves[:1])
    with pytest.raises(InputError, match=r"^fields: expected shape .*, got \(\(1, 2, 1000\)"):
        field_heterogeneity([start], [one_half], [np.arange(N)], TIMES)
    with pytest.raises(InputError, match=r"^q_max: expected a positive number, got nan"):
        field_heterogeneity([start], [fields], [np.arange(N)], TIMES, q_max=np.nan)
    with pytest.raises(InputError, match=r"^times: expected a list of finite times"):
        field_heterogeneity([start], [fields], [np.arange(N)], [np.nan, 1.0])
    lists = fields._replace(measured=fields.measured.tolist())
    with pytest.raises(InputError, match=r"^fields: expected arrays of configuration 0"):
        field_heterogeneity([start], [lists], [np.arange(N)], TIMES)
    fields.predicted[1, 3] = np.nan
    with pytest.raises(InputError, match=r"^fields: expected finite numbers of configuration 0"):
        field_heterogeneity([start], [fields], [np.arange(N)], TIMES)
    empty = Fields(np.empty((2, 2, 0)), np.empty((2, 0)), np.empty((2, 0)))
    with pytest.raises(InputError, match=r"^rows: expected particles in some configuration"):
        field_heterogeneity([start], [empty], [np.arange(0)], TIMES)


@pytest.mark.filterwarnings("error")
def test_a_field_that_is_zero_has_no_relative_variance():
    starts, fields = zip(*(planted(c) for c in range(3)), strict=True)
    still = [Fields(*(each * [[0.0], [1.0]] for each in field)) for field in fields]
    rows = [np.arange(N)] * 3
    found = field_heterogeneity(starts, still, rows, TIMES, n_resamples=50)
    first, second = (found[found["time"] == time] for time in TIMES)
    assert (first["mean"] == 0).all()
    assert np.isnan([first[name] for name in ("variance", "chi", "s_q")]).all()
    assert np.isfinite(second["variance"]).all()
