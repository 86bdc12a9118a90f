"""The non-Gaussian parameter and the overlap: closed forms, and what is refused."""

import numpy as np
import pytest

from cagebreak.dynamics.relaxation import (
    mean_squared_displacement,
    non_gaussian,
    overlap,
    self_intermediate,
    tau_alpha,
)
from cagebreak.errors import InputError


def test_alpha_2_of_a_gaussian_is_0_and_of_equal_steps_minus_two_fifths():
    rng = np.random.default_rng(1)
    gaussian = rng.normal(scale=0.7, size=(1, 200_000, 3))
    species = np.arange(200_000) % 2
    np.testing.assert_allclose(non_gaussian(gaussian, species), 0.0, atol=0.02)
    steps = gaussian / np.linalg.norm(gaussian, axis=-1, keepdims=True)
    np.testing.assert_allclose(non_gaussian(steps, species), -0.4)


def test_alpha_2_of_two_populations():
    # A share p moves with the width of w, the others do not: alpha_2 = 1 / p - 1.
    rng = np.random.default_rng(2)
    moved = rng.normal(size=(1, 400_000, 3)) * (rng.random(400_000) < 0.2)[:, None]
    assert non_gaussian(moved, np.zeros(400_000, int))[0, 0] == pytest.approx(4.0, abs=0.1)


def test_alpha_2_is_nan_where_nothing_moves_or_is():
    moved = np.zeros((1, 2, 3))
    assert np.isnan(non_gaussian(moved, np.array([0, 2]))).all()


def test_overlap_counts_the_particles_near_their_start():
    moved = np.zeros((2, 4, 3))
    moved[1, :, 0] = [0.1, 0.29, 0.3, 2.0]
    species = np.array([0, 0, 0, 1])
    np.testing.assert_allclose(overlap(moved, species), [[1, 1], [2 / 3, 0]])
    np.testing.assert_allclose(overlap(moved, species, 0.2), [[1, 1], [1 / 3, 0]])


@pytest.mark.parametrize(
    "function", [mean_squared_displacement, non_gaussian, overlap, self_intermediate]
)
def test_displacements_that_are_no_runs_are_refused(function):
    # Else a particle at NaN would have left its place, and one at three times be three particles.
    with pytest.raises(InputError, match=r"^displacements: expected finite numbers"):
        function(np.full((1, 2, 3), np.nan), np.array([0, 1]))
    with pytest.raises(InputError, match=r"^displacements: expected shape \(times, 2, 3\)"):
        function(np.zeros((2, 3)), np.array([0, 1]))


@pytest.mark.parametrize(
    "function", [mean_squared_displacement, non_gaussian, overlap, self_intermediate]
)
def test_species_are_numbers_or_letters_of_all_particles(function):
    moved = np.random.default_rng(3).normal(scale=0.1, size=(2, 4, 3))
    expected = function(moved, np.array([0, 1, 0, 1]))
    for species in ([0, 1, 0, 1], ["A", "B", "A", "B"], [0.0, 1.0, 0.0, 1.0]):
        np.testing.assert_array_equal(function(moved.tolist(), species), expected)
    with pytest.raises(InputError, match=r"^species: expected numbers from 0 to 25, got -1 to 0"):
        function(moved, [-1, 0, -1, 0])
    with pytest.raises(InputError, match=r"^species: expected shape \(4,\), got \(2, 2\)"):
        function(moved, [[0, 1], [0, 1]])
    with pytest.raises(InputError, match=r"^species: expected those of one particle or more"):
        function(np.zeros((2, 0, 3)), [])


def test_no_time_of_relaxation_is_between_0_and_the_first_time():
    falling = np.array([[1.0, 1.0], [0.2, 0.9], [0.1, 0.1]])
    found = tau_alpha([0.0, 1.0, 10.0], falling)
    assert np.isnan(found[0])
    assert 1 < found[1] < 10
    # Those of descending times would be NaN, and those of equal times some number.
    for times in ([10.0, 1.0, 0.0], [1.0, 1.0, 1.0], [-1.0, 1.0, 10.0]):
        with pytest.raises(InputError, match=r"^times: expected ascending times >= 0"):
            tau_alpha(times, falling)


def test_what_is_refused():
    with pytest.raises(InputError, match=r"^length: expected a positive length in sigma, got 0"):
        overlap(np.zeros((1, 2, 3)), np.array([0, 1]), 0)
