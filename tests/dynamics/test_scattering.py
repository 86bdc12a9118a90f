"""F(k, t): the structure factor at the start, a rigid shift, and free particles."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.dynamics.scattering import intermediate_scattering
from cagebreak.errors import InputError
from cagebreak.structure import shells, structure_factor, wave_vectors


def gas(n=60, seed=1, length=6.0):
    rng = np.random.default_rng(seed)
    return cb.Configuration(rng.uniform(0, length, (n, 3)), np.arange(n) % 2, length)


def test_at_the_start_it_is_the_structure_factor():
    start = gas()
    vectors = shells(start.box, 6.0)
    found = intermediate_scattering(start, np.zeros((1, 60, 3)), vectors)
    expected = structure_factor(start, 6.0)
    np.testing.assert_allclose(found[0], expected.pairs, rtol=1e-12, atol=1e-12)


def test_a_shift_of_all_particles_turns_every_mode():
    start, shift = gas(), np.array([0.3, -0.2, 0.5])
    vectors = wave_vectors(start.box, [2.0, 2.2])
    found = intermediate_scattering(start, np.tile(shift, (1, 60, 1)), vectors)
    turned = np.cos(vectors.vectors @ shift)
    modes = np.exp(1j * start.positions @ vectors.vectors.T).sum(axis=0)
    assert found[0].sum() == pytest.approx((np.abs(modes) ** 2 * turned).mean() / 60)


def test_of_free_particles_it_falls_as_the_self_part():
    rng = np.random.default_rng(2)
    n, width = 40_000, 0.35
    start = cb.Configuration(rng.uniform(0, 30, (n, 3)), np.zeros(n, int), 30.0)
    vectors = wave_vectors(start.box, [1.9, 2.1])
    moved = rng.normal(scale=width, size=(1, n, 3))
    found = intermediate_scattering(start, np.concatenate([0 * moved, moved]), vectors)
    k = np.linalg.norm(vectors.vectors, axis=1)
    expected = np.exp(-0.5 * (k * width) ** 2).mean()
    assert found[1, 0, 0, 0] / found[0, 0, 0, 0] == pytest.approx(expected, abs=0.03)


def test_what_is_refused():
    start = gas()
    with pytest.raises(InputError, match=r"^displacements: expected shape \(times, 60, 3\)"):
        intermediate_scattering(start, np.zeros((60, 3)), shells(start.box, 3.0))
    with pytest.raises(InputError, match=r"^vectors: expected those of the box"):
        intermediate_scattering(start, np.zeros((1, 60, 3)), shells(np.eye(3) * 6.1, 3.0))
