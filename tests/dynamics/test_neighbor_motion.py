"""Bonds that break and cage-relative motion: slow twins, rearrangements by hand, refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cagebreak as cb
from cagebreak.dynamics.neighbor_motion import BondBreaking, CageRelative
from cagebreak.errors import InputError
from naive import motion as naive

SHEARED = np.array([[5.0, 0, 0], [1.4, 4.6, 0], [-0.9, 0.5, 4.5]])


@given(seed=st.integers(0, 10**6), n=st.integers(1, 40))
@settings(max_examples=20, deadline=None)
def test_equal_their_twins(seed, n):
    rng = np.random.default_rng(seed)
    start = cb.Configuration(rng.uniform(size=(n, 3)) @ SHEARED, np.zeros(n, int), SHEARED)
    displacements = rng.normal(scale=0.5, size=(3, n, 3))
    kept = BondBreaking(start, 1.4, 1.8)(displacements)
    relative = CageRelative(start, 1.4)(displacements)
    for t, moved in enumerate(displacements):
        np.testing.assert_allclose(kept[t], naive.kept_shares(start, moved, 1.4, 1.8))
        np.testing.assert_allclose(relative[t], naive.cage_relative(start, moved, 1.4))


def line():
    """Four particles in a row, one sigma apart, and one far from all."""
    x = [1.0, 2.0, 3.0, 4.0, 15.0]
    return cb.Configuration(np.column_stack([x, np.ones(5), np.ones(5)]), np.zeros(5, int), 30.0)


def test_a_particle_that_leaves_breaks_its_bonds_and_those_to_it():
    moved = np.zeros((1, 5, 3))
    moved[0, 1, 1] = 3.0
    kept = BondBreaking(line())(moved)
    assert kept.tolist() == [[0.0, 0.0, 0.5, 1.0, 1.0]]


def test_vibrations_break_no_bond_and_a_hop_back_mends_it():
    moved = np.zeros((3, 5, 3))
    moved[0, 0, 0], moved[1, 0, 0] = -0.7, -1.0  # to 1.7 and to 2.0 from its neighbor
    kept = BondBreaking(line())(moved)
    assert kept[:, 0].tolist() == [1.0, 0.0, 1.0]


def test_motion_of_all_together_is_none_relative_to_the_cage():
    moved = np.full((1, 5, 3), 0.7)
    relative = CageRelative(line())(moved)
    np.testing.assert_allclose(relative[0, :4], 0.0, atol=1e-12)
    assert relative[0, 4] == pytest.approx(0.7 * np.sqrt(3))  # without neighbors: its own


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: BondBreaking(line(), 1.8, 1.4), "near, far: expected 0 < near <= far, got 1"),
        (lambda: CageRelative(line(), 0.0), "near: expected a positive length in sigma, got 0.0"),
        (lambda: BondBreaking(line())(np.zeros((5, 3))), "displacements: expected shape"),
        (
            lambda: CageRelative(line())(np.full((1, 5, 3), np.nan)),
            "displacements: expected finite",
        ),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(InputError, match=f"^{message}"):
        call()
