"""Runs backward: the ends of runs as configurations of their own."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.dynamics.propensity import reversed_runs
from cagebreak.errors import InputError
from cagebreak.simulation.packing import random_packing

ENERGY = np.array([0.0, 1.5, 0.3, 2.0, 1.0, 0.2])
"""Of the sites of a chain."""


def hop(site, n, random):
    """Move each particle n times to the site on either side, by the rule of Metropolis."""
    for _ in range(n):
        to = np.clip(site + random.choice((-1, 1), len(site)), 0, len(ENERGY) - 1)
        accepted = random.random(len(site)) < np.exp(ENERGY[site] - ENERGY[to])
        site = np.where(accepted, to, site)
    return site


def at(site):
    """Return particles at sites, in a box that they cross."""
    positions = np.zeros((len(site), 3))
    positions[:, 0] = site
    return cb.Configuration(positions, np.zeros(len(site), int), cb.Box.cubic(8.0))


def test_the_way_back_has_the_propensity_of_the_end():
    # Detailed balance: p(x) P(x to y) = p(y) P(y to x).
    random, n = np.random.default_rng(1), 20_000
    weights = np.exp(-ENERGY) / np.exp(-ENERGY).sum()
    first = random.choice(len(ENERGY), n, p=weights)
    last = hop(first, 9, random)
    moved = np.zeros((1, n, 3))
    moved[0, :, 0] = last - first
    ((end, back),) = reversed_runs(at(first), moved)
    np.testing.assert_array_equal(end.unwrapped[:, 0], last)
    for site in range(len(ENERGY)):
        forward = abs(hop(np.full(n, site), 9, random) - site)
        way_back = back[end.unwrapped[:, 0] == site]
        error = np.hypot(forward.std() / n**0.5, way_back.std() / len(way_back) ** 0.5)
        assert abs(forward.mean() - way_back.mean()) < 4 * error
    # The starts of the same runs do not have it.
    assert abs(back[first == 0].mean() - back[last == 1].mean()) > 0.1


def test_going_back_leads_to_the_start():
    start = at(np.arange(4)).replace(velocities=np.ones((4, 3)), images=np.ones((4, 3), int))
    moved = np.random.default_rng(2).normal(size=(2, 4, 3))
    for (end, back), of_run in zip(reversed_runs(start, moved), moved, strict=True):
        assert end.velocities is None
        np.testing.assert_allclose(end.unwrapped - of_run, start.unwrapped, atol=1e-12)
        ((again, there),) = reversed_runs(end, -of_run[None])
        np.testing.assert_allclose(again.positions, start.positions, atol=1e-12)
        np.testing.assert_array_equal(back, there)
        np.testing.assert_allclose(back, np.linalg.norm(of_run, axis=1), rtol=1e-12)


@pytest.mark.parametrize(
    ("displacements", "text"),
    [
        (np.zeros((4, 3)), r"displacements: expected \(runs, 4, 3\), got \(4, 3\)"),
        (np.zeros((2, 5, 3)), r"displacements: expected \(runs, 4, 3\), got \(2, 5, 3\)"),
        (np.full((2, 4, 3), np.inf), "displacements: expected finite numbers"),
        (np.zeros((0, 4, 3)), r"displacements: expected \(runs, 4, 3\), got \(0, 4, 3\)"),
        (np.full((2, 4, 3), 1j), "displacements: expected numbers, got ndarray"),
        ([[1.0], [2.0, 3.0]], "displacements: expected numbers, got list"),
    ],
)
def test_displacements_that_do_not_fit(displacements, text):
    with pytest.raises(InputError, match=text):
        reversed_runs(at(np.arange(4)), displacements)


def test_motion_out_of_a_plane_is_refused():
    plane = random_packing(cb.kob_andersen_2d(0.4), 40, seed=1)
    with pytest.raises(InputError, match="expected zeros along z"):
        reversed_runs(plane, np.full((2, 40, 3), 0.1))
