"""The van Hove functions: a slow twin, g(r) at the start, diffusion, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cagebreak as cb
from cagebreak.dynamics.van_hove import van_hove
from cagebreak.errors import InputError
from cagebreak.structure import radial_distribution
from naive import motion as naive

SHEARED = np.array([[5.0, 0, 0], [1.4, 4.6, 0], [-0.9, 0.5, 4.5]])


def gas(n=40, seed=1, box=SHEARED):
    rng = np.random.default_rng(seed)
    return cb.Configuration(rng.uniform(size=(n, 3)) @ box, np.arange(n) % 2, box)


@given(seed=st.integers(0, 10**6), n=st.integers(1, 30))
@settings(max_examples=15, deadline=None)
def test_the_distinct_part_equals_its_twin(seed, n):
    start = gas(n, seed)
    displacements = np.random.default_rng(seed + 1).normal(scale=2.0, size=(2, n, 3))
    found = van_hove(start, displacements, 2.0, 7)
    for of_time, moved in zip(found.distinct, displacements, strict=True):
        expected = naive.van_hove_distinct(start, moved, np.linspace(0, 2.0, 8))
        np.testing.assert_allclose(of_time, expected, rtol=1e-12)


def test_the_distinct_part_is_g_of_r_at_the_start():
    start = gas()
    found = van_hove(start, np.zeros((1, 40, 3)), 2.2, 20)
    expected = radial_distribution(start, 2.2, 20)
    np.testing.assert_allclose(found.distinct[0], expected.pairs, rtol=1e-12)
    np.testing.assert_allclose(found.r, expected.r)
    # No particle has left the first bin.
    volume = 4 / 3 * np.pi * 0.11**3
    np.testing.assert_allclose(found.self_part[0], [[1 / volume] + [0.0] * 19] * 2)


def test_the_self_part_of_free_diffusion_is_a_gaussian():
    rng = np.random.default_rng(3)
    n, width = 200_000, 0.4
    box = np.eye(3) * 60
    start = cb.Configuration(rng.uniform(size=(n, 3)) * 60, np.zeros(n, int), box)
    found = van_hove(start, rng.normal(scale=width, size=(1, n, 3)), 1.0, 10)
    expected = np.exp(-(found.r**2) / (2 * width**2)) / (2 * np.pi * width**2) ** 1.5
    volumes = 4 / 3 * np.pi * np.diff(np.linspace(0, 1, 11) ** 3)
    error = np.sqrt(expected / (n * volumes)) + 0.02 * expected  # of counting, and of a finite bin
    assert (np.abs(found.self_part[0, 0] - expected) < 4 * error).all()
    assert np.abs(found.distinct[0, 0, 0, 3:] - 1).max() < 0.1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3.0,), "r_max: expected a length up to half of the box"),
        ((0.0,), "r_max: expected a length"),
        ((1.0, 0), "n_bins: expected 1, 2, ..., got 0"),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises(InputError, match=f"^{message}"):
        van_hove(gas(), np.zeros((1, 40, 3)), *arguments)
