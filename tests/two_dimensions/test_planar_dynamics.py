"""Dynamic functions and D2min in two dimensions."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.dynamics.d2min import D2Min, nonaffine
from cagebreak.dynamics.functions import dynamic_functions
from cagebreak.dynamics.neighbor_motion import BondBreaking, CageRelative
from cagebreak.dynamics.reduction import Reducer
from cagebreak.dynamics.relaxation import (
    mean_squared_displacement,
    non_gaussian,
    self_intermediate,
)
from cagebreak.dynamics.scattering import intermediate_scattering
from cagebreak.dynamics.van_hove import van_hove
from cagebreak.errors import ConfigurationError, InputError
from cagebreak.structure import shells
from naive import planar as naive
from support.some_particles import BOXES, scattered


def steps(n, width, seed=1):
    """Return Gaussian displacements (1, n, 3) in the plane."""
    moved = np.zeros((1, n, 3))
    moved[..., :2] = np.random.default_rng(seed).normal(scale=width, size=(1, n, 2))
    return moved


def test_gaussian_steps_in_a_plane():
    n, width, k = 200_000, 0.2, 5.0
    moved, species = steps(n, width), np.zeros(n, int)
    assert mean_squared_displacement(moved, species)[0, 0] == pytest.approx(2 * width**2, rel=0.01)
    # The standard error of alpha_2 is 2 / sqrt(n).
    assert abs(non_gaussian(moved, species)[0, 0]) < 8 / np.sqrt(n)
    f_s = self_intermediate(moved, species, k)[0, 0]
    assert f_s == pytest.approx(np.exp(-(k**2) * width**2 / 2), abs=4 / np.sqrt(2 * n))


def test_reductions_of_a_run_are_those_of_its_displacements():
    flat = scattered()
    moved = steps(40, 0.1)
    reduced = Reducer(flat, 5.0, 0.3, 3.0)(moved)
    species = np.zeros(40, int)
    assert reduced.f_s[0, -1] == pytest.approx(self_intermediate(moved, species, 5.0)[0, 0])
    table = dynamic_functions([flat, flat], [[moved]] * 2, [1.0], k=5.0).of("all")
    assert table["alpha_2"][0] == pytest.approx(non_gaussian(moved, species)[0, 0])


def test_particles_that_leave_the_plane_are_refused():
    flat, moved = scattered(), steps(40, 0.1)
    moved[0, 3, 2] = 0.25
    vectors = shells(flat.box, 3.0)
    for call in (
        Reducer(flat, 5.0, 0.3, 3.0),
        BondBreaking(flat),
        CageRelative(flat),
        lambda moved: van_hove(flat, moved, 3.0),
        lambda moved: intermediate_scattering(flat, moved, vectors),
    ):
        with pytest.raises(InputError, match=r"^displacements: expected zeros along z.* 0\.25"):
            call(moved)


def test_van_hove_at_rest_is_g():
    flat = scattered()
    g = cb.radial_distribution(flat, 3.0, 10).pairs
    np.testing.assert_allclose(van_hove(flat, np.zeros((1, 40, 3)), 3.0, 10).distinct[0], g)


@pytest.mark.parametrize("box", BOXES)
def test_d2min_equals_its_twin_and_vanishes_under_affine_maps(box):
    flat = scattered(box)
    moved = steps(40, 0.1)[0]
    values = D2Min(flat, 1.6)(moved)
    for i in range(0, 40, 3):
        assert values[i] == pytest.approx(naive.d2min(flat, moved, i, 1.6), abs=1e-12)
    deformation = np.eye(3)
    deformation[:2, :2] += [[0.02, 0.05], [-0.01, 0.03]]
    later = flat.replace(
        positions=flat.positions @ deformation,
        box=flat.box.with_matrix(flat.box.matrix @ deformation),
    )
    np.testing.assert_allclose(cb.d2min(flat, later, 1.6), 0, atol=1e-20)
    np.testing.assert_allclose(nonaffine(flat, later), 0, atol=1e-13)


def test_d2min_of_two_and_three_dimensions_is_refused():
    flat = scattered()
    tall = cb.Configuration(flat.positions, flat.species, (6.0, 6.0, 6.0))
    with pytest.raises(ConfigurationError, match="expected 2 dimensions"):
        cb.d2min(flat, tall, 1.5)
