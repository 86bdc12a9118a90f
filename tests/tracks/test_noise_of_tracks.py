"""The variance of localization: recovered where it is known, and what it leaves of r."""

import warnings

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import ConfigurationWarning, InputError
from cagebreak.tracks import length_variance, localization_noise, noise_ceiling, without_drift
from naive import tracks as naive
from support.tracks.filmed import brownian, table_of

UNITS = {"length": 1.0, "interval": 1.0}


def read(positions, kept=None, **options):
    low, high = positions.min() - 1, positions.max() + 1
    window = [(low, high)] * positions.shape[2]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConfigurationWarning)
        return cb.read_tracks(table_of(positions, kept=kept), **(UNITS | options), window=window)


def test_the_estimate_is_the_mean_of_a_loop():
    positions = brownian(1, n_frames=8, n=40)
    kept = np.random.default_rng(2).uniform(size=positions.shape[:2]) < 0.8
    noise = localization_noise(read(positions, kept))
    np.testing.assert_allclose(
        noise.variance[:2], naive.covariance(table_of(positions, kept=kept)), rtol=1e-12
    )


@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("diffusion", [0.0, 0.001, 0.02])
def test_noise_of_brownian_motion_is_recovered_within_its_error(d, diffusion):
    sigma = np.array([0.05, 0.1, 0.2])[:d]
    deviations = []
    for seed in range(12):
        noise = localization_noise(read(brownian(seed, d=d, diffusion=diffusion, noise=sigma)))
        deviations.append((noise.variance[:d] - sigma**2) / noise.error[:d])
        assert not noise.variance[d:].any()
    assert np.abs(np.mean(deviations)) < 4 / np.sqrt(12 * d)
    assert 0.7 < np.std(deviations) < 1.4


def test_without_noise_the_estimate_is_zero_within_its_error():
    noise = localization_noise(read(brownian(3, noise=0.0)))
    assert (np.abs(noise.variance[:2]) < 4 * noise.error[:2]).all()


def test_lost_particles_and_other_units_do_not_change_it():
    positions = brownian(5, n=400)
    kept = np.random.default_rng(6).uniform(size=positions.shape[:2]) < 0.7
    whole, lossy = localization_noise(read(positions)), localization_noise(read(positions, kept))
    assert (np.abs(lossy.variance - whole.variance)[:2] < 4 * lossy.error[:2]).all()
    assert (lossy.error[:2] > whole.error[:2]).all()
    pixels = localization_noise(read(10 * positions, length=10.0))
    np.testing.assert_allclose(pixels.variance, whole.variance)


def test_drift_is_taken_for_noise_of_the_other_sign_until_it_is_taken_out():
    tracks = read(brownian(7, drift=0.3))
    assert localization_noise(tracks).variance[0] == pytest.approx(0.05**2 - 0.3**2, abs=0.01)
    noise = localization_noise(without_drift(tracks))
    assert (np.abs(noise.variance - 0.05**2)[:2] < 4 * noise.error[:2]).all()


def test_cages_make_an_upper_bound_that_is_said():
    caged = read(brownian(8, n=500, confined=0.9))
    with pytest.warns(ConfigurationWarning, match="upper bounds"):
        noise = localization_noise(caged)
    # The displacements of two frames of a spring of variance 0.01 turn back.
    expected = 0.05**2 + 0.01 * (1 - 0.9) ** 2
    np.testing.assert_allclose(noise.variance[:2], expected, rtol=0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        localization_noise(read(brownian(8, n=500)))


def test_few_tracks_have_no_error():
    with pytest.raises(InputError, match="at least 10 particles that are seen in three frames"):
        localization_noise(read(brownian(1, n=9)))
    with pytest.raises(InputError, match="at least 10 particles"):
        localization_noise(read(brownian(1, n_frames=2)))


@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("length", [0.0, 0.5, 1.0, 3.0, 30.0])
def test_the_variance_of_a_length_is_that_of_many_seen_ones(d, length):
    random = np.random.default_rng(0)
    vectors = random.normal(0, 0.7, (200_000, d))
    vectors[:, 0] += length
    seen = np.linalg.norm(vectors, axis=1)
    exact = length_variance(np.sqrt(length**2 + d * 0.49), 0.49, d)
    assert exact == pytest.approx(seen.var(), rel=0.02)
    rest = (2 - np.pi / 2) if d == 2 else (3 - 8 / np.pi)
    assert rest * 0.49 * (1 - 1e-9) <= exact <= 0.49


@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("sigma", [0.0, 0.02, 0.05, 0.1])
def test_the_ceiling_is_the_r_of_the_best_prediction(d, sigma):
    """Lengths of a Gaussian with a width of each particle; the mean seen length predicts best."""
    random = np.random.default_rng(1)
    moved = random.normal(size=(50_000, d)) * random.uniform(0.02, 0.3, (50_000, 1))
    s = np.sqrt(2) * sigma
    seen, again = (
        np.linalg.norm(moved + random.normal(0, s, moved.shape) if s else moved, axis=1)
        for _ in range(2)
    )
    # Two independent measurements correlate with the square of the ceiling.
    expected = np.sqrt(np.corrcoef(seen, again)[0, 1])
    assert noise_ceiling(seen, length_variance(seen, s * s, d)) == pytest.approx(expected, abs=0.01)


def test_ceilings_without_variation():
    assert np.isnan(noise_ceiling([1.0], [0.0]))
    assert np.isnan(noise_ceiling([1.0, 1.0], [0.0, 0.0]))
    assert noise_ceiling([1.0, 1.1], [1.0, 1.0]) == 0
