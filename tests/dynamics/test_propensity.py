"""The isoconfigurational ensemble, propensity with its noise ceiling, and relaxation."""

import math
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.dynamics.propensity import Propensity
from cagebreak.dynamics.relaxation import mean_squared_displacement, self_intermediate, tau_alpha
from cagebreak.errors import InputError
from cagebreak.simulation.hard_spheres import EventDriven
from cagebreak.simulation.isoconfigurational import trajectory

MODEL = cb.hard_spheres(0.4)
TIMES = cb.log_times(0.01, 3.0, 6)


@pytest.fixture(scope="module")
def start():
    return cb.equilibrate(MODEL, 100, 5, seed=1)


def test_a_run_stops_exactly_at_its_times(start):
    displacements = trajectory(start, MODEL, TIMES, seed=3)
    spheres = EventDriven(start, MODEL, seed=3)
    for time, displacement in zip(TIMES, displacements, strict=True):
        spheres.run(time - spheres.time)
        np.testing.assert_array_equal(displacement, spheres.positions - start.positions)


def test_runs_are_the_same_on_any_executor_and_all_different(start):
    runs = list(cb.isoconfigurational(start, MODEL, TIMES, 4, seed=2))
    with ThreadPoolExecutor(3) as threads:
        threaded = list(cb.isoconfigurational(start, MODEL, TIMES, 4, seed=2, executor=threads))
    context = get_context("forkserver")
    with ProcessPoolExecutor(2, mp_context=context) as processes:
        apart = list(cb.isoconfigurational(start, MODEL, TIMES, 4, seed=2, executor=processes))
    np.testing.assert_array_equal(runs, threaded)
    np.testing.assert_array_equal(runs, apart)
    assert len({run.tobytes() for run in runs}) == 4
    other = next(iter(cb.isoconfigurational(start, MODEL, TIMES, 1, seed=3)))
    assert (other != runs[0]).any()


def test_more_runs_begin_with_the_same_ones(start):
    few = list(cb.isoconfigurational(start, MODEL, TIMES, 2, seed=2))
    more = list(cb.isoconfigurational(start, MODEL, TIMES, 3, seed=2))
    np.testing.assert_array_equal(few, more[:2])


def test_velocities_of_the_configuration_are_not_used(start):
    still = start.replace(velocities=np.zeros((100, 3)))
    bare = start.replace(velocities=None)
    np.testing.assert_array_equal(
        trajectory(still, MODEL, [1.0], seed=1), trajectory(bare, MODEL, [1.0], seed=1)
    )


def test_propensity_is_the_mean_length(start):
    moved = cb.propensity(start, MODEL, TIMES, n_runs=5, seed=2)
    runs = np.array(list(cb.isoconfigurational(start, MODEL, TIMES, 5, seed=2)))
    lengths = np.linalg.norm(runs, axis=-1)
    np.testing.assert_allclose(moved.mean, lengths.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(moved.halves[0], lengths[0::2].mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(moved.halves[1], lengths[1::2].mean(axis=0), rtol=1e-12)
    assert moved.ceiling.shape == moved.reliability.shape == (6, 2)
    assert moved.n_runs == 5


@pytest.mark.physics
def test_early_motion_is_ballistic(start):
    # Mean speed of Maxwell-Boltzmann particles: sqrt(8 kT / pi m).
    moved = cb.propensity(start, MODEL, [1e-4], n_runs=30, seed=2)
    assert moved.mean.mean() == pytest.approx(math.sqrt(8 / math.pi) * 1e-4, rel=0.02)


def planted(n_runs, noise, n=4000, seed=0):
    """Runs whose truth is known: a signal of unit variance, seen with noise of given deviation."""
    rng = np.random.default_rng(seed)
    truth = rng.standard_normal((2, n))
    truth[:, n // 2 :] += 10  # the other species moves farther: no part of the reliability
    species = np.repeat([0, 1], n // 2)
    runs = [truth + noise * rng.standard_normal(truth.shape) for _ in range(n_runs)]
    return truth, Propensity.from_runs([1.0, 2.0], species, runs)


@pytest.mark.parametrize(("n_runs", "noise"), [(2, 1.0), (20, 2.0), (50, 0.5)])
def test_the_ceiling_is_what_a_perfect_prediction_reaches(n_runs, noise):
    truth, moved = planted(n_runs, noise)
    expected = 1 / (1 + noise**2 / n_runs)
    np.testing.assert_allclose(moved.reliability, expected, atol=0.03)
    for s in range(2):
        chosen = moved.species == s
        r = [np.corrcoef(truth[t, chosen], moved.mean[t, chosen])[0, 1] for t in range(2)]
        np.testing.assert_allclose(moved.ceiling[:, s], r, atol=0.015)


def test_reliability_at_its_limits():
    still = Propensity.from_runs([1.0], [0, 0, 0], [np.ones((1, 3))] * 4)
    assert still.reliability == 0
    single = Propensity.from_runs([1.0], [0, 0, 0], [np.ones((1, 3))])
    assert np.isnan(single.reliability).all()
    assert np.isnan(single.halves).all()
    opposed = [np.array([[1.0, 2, 3]]), np.array([[3.0, 2, 1]])]
    assert Propensity.from_runs([1.0], [0, 0, 0], opposed).ceiling == 0


def test_scattering_and_displacement_of_known_motion():
    rng = np.random.default_rng(0)
    sigma = np.array([0.05, 0.1])
    displacements = sigma[:, None, None] * rng.standard_normal((2, 40000, 3))
    species = np.zeros(40000, dtype=int)
    species[:10000] = 1
    k = 7.0
    np.testing.assert_allclose(
        mean_squared_displacement(displacements, species), 3 * sigma[:, None] ** 2 * [[1, 1]],
        rtol=0.03,
    )  # fmt: skip
    # A Gaussian displacement scatters as exp(-k^2 sigma^2 / 2).
    gaussian = np.exp(-((k * sigma) ** 2) / 2)
    np.testing.assert_allclose(
        self_intermediate(displacements, species, k), gaussian[:, None] * [[1, 1]], atol=0.01
    )


def test_tau_alpha_of_known_relaxation():
    times = cb.log_times(0.01, 1000, 60)
    scattering = np.exp(-times[:, None] / np.array([3.0, 40.0, 1e9]))
    found = tau_alpha(times, scattering)
    np.testing.assert_allclose(found[:2], [3, 40], rtol=0.01)
    assert np.isnan(found[2])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: cb.propensity(c, MODEL, [], 2, seed=1), "times"),
        (lambda c: cb.propensity(c, MODEL, [1.0, 1.0], 2, seed=1), "ascending"),
        (lambda c: cb.propensity(c, MODEL, [-1.0, 1.0], 2, seed=1), "ascending times >= 0"),
        (lambda c: cb.propensity(c, MODEL, [np.nan], 2, seed=1), "finite times"),
        (lambda c: cb.propensity(c, MODEL, [1.0], 0, seed=1), "n_runs: .* got 0"),
        (lambda c: cb.propensity(c, MODEL, [1.0], 2, seed=-1), "seed: .* got -1"),
        (lambda c: cb.log_times(0, 1), "first, last"),
        (lambda c: cb.log_times(1, 2, 1), "n: expected"),
        (lambda c: cb.log_times("1", 2), "first, last: .* got '1' and 2"),
        (lambda c: cb.log_times(1, 2, "ten"), "n: expected .* got 'ten'"),
        (lambda c: cb.propensity(c, MODEL, ["soon"], 1, seed=1), r"times: expected .* \['soon'\]"),
        (lambda c: cb.propensity(c, MODEL, [1.0], "two", seed=1), "n_runs: expected .* 'two'"),
        (lambda c: self_intermediate(np.zeros((1, 1, 3)), np.zeros(1, int), 0), "k: expected"),
        (lambda c: tau_alpha([1.0, 2.0], np.zeros((3, 1))), "scattering: expected shape"),
        (lambda c: Propensity.from_runs([1.0], [0], []), "at least one run"),
        (lambda c: Propensity.from_runs([1.0], [0], [np.full((1, 1), np.nan)]), "runs: .* finite"),
        (lambda c: Propensity.from_runs([1.0], [0], [np.zeros((2, 1))]), "got .* in run 0"),
    ],
)
def test_bad_arguments_are_named(start, call, message):
    with pytest.raises(InputError, match=message):
        call(start)
