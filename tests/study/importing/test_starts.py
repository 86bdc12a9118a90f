"""Starts are compared by distance: rounding, copies, cages, and structures of their own."""

import numpy as np
import pytest

from cagebreak.study.importing.starts import Starts
from support.trajectory_files import EDGE, SPECIES, N, configuration, moved, places


def starts_of(*configurations):
    starts = Starts()
    return starts, [starts.add(each)[0] for each in configurations]


def sets(starts, **options):
    return sorted((pair.one, pair.other) for pair in starts.near(**options))


@pytest.mark.parametrize("digits", [2, 3, 4, 6])
def test_starts_that_differ_by_rounding_are_one(digits):
    exact = places(0)
    _, numbers = starts_of(configuration(exact), configuration(np.round(exact, digits)))
    assert numbers == [0, 0]


def test_how_particles_are_wrapped_and_where_the_origin_is_does_not_matter():
    x = places(0)
    images = np.random.default_rng(1).integers(-2, 3, x.shape)
    shifted = x + np.array([0.3, -2.0, 11.0])
    _, numbers = starts_of(*(configuration(p) for p in (x, x + images * EDGE, shifted, x % EDGE)))
    assert numbers == [0, 0, 0, 0]


def test_one_moved_particle_and_another_species_are_other_configurations():
    x = places(0)
    other = x.copy()
    other[N - 1] += 0.01
    swapped = configuration(x, species=SPECIES[::-1])
    _, numbers = starts_of(configuration(x), configuration(other), swapped)
    assert numbers == [0, 1, 2]


@pytest.mark.parametrize("by", [3e-4, 1e-3, 0.01, 0.05, 0.1, 0.15])
@pytest.mark.parametrize("shift", [0.0, 1.7])
def test_starts_in_the_same_cages_share_their_structure(by, shift):
    """Ten times less than `by` = 1e-3 is rounding; a rattling is 0.1."""
    near = [configuration(moved(places(s), by, q) + shift * q) for s in (0, 1) for q in (0, 1)]
    starts, numbers = starts_of(*near)
    assert numbers == [0, 1, 2, 3]
    assert sets(starts) == [(0, 1), (2, 3)]
    pair = starts.near()[0]
    assert pair.rms == pytest.approx(min(np.sqrt(6) * by, 0.3), rel=0.1)


def test_independent_starts_have_structures_of_their_own():
    starts, _ = starts_of(*(configuration(places(s)) for s in range(40)))
    assert starts.near() == []


@pytest.mark.parametrize("by", [0.0, 0.01, 0.1])
def test_particles_of_a_file_without_ids_may_be_in_another_order(by):
    order = np.arange(N)
    for s in (0, 1):
        rows = np.flatnonzero(s == SPECIES)
        order[rows] = np.random.default_rng(s).permutation(rows)
    x = places(0)
    starts, _ = starts_of(*(configuration(p) for p in (x, moved(x, by, 1)[order], places(1))))
    assert sets(starts) == [(0, 1)]


def test_copies_are_nearer_than_a_rattling():
    x = places(0)
    starts, _ = starts_of(*(configuration(moved(x, by, s)) for s, by in enumerate((0, 0.01, 0.1))))
    assert sets(starts) == [(0, 1), (0, 2)]
    assert sets(starts, copies=True) == [(0, 1)]


def test_many_starts_are_found_again_and_none_is_near():
    """Candidates come from products of matrices, block by block, so that thousands are possible."""
    starts, numbers = starts_of(*(configuration(places(s % 270)) for s in range(300)))
    assert numbers == [*range(270), *range(30)]
    assert starts.near() == []
