"""The inherent state with forces of LAMMPS: that of our kernels, and the crystal of silicon."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak import potentials
from cagebreak.errors import NotConvergedError
from cagebreak.states.inherent import first_dt_of
from support.cage_systems import jittered
from support.lammps.models import (
    EPSILON,
    SIGMA,
    SMOOTHED_LINES,
    as_lines,
    diamond,
    silicon,
)

SMOOTHED = cb.kob_andersen_smoothed(0.5)


@pytest.fixture(scope="module")
def start():
    """Return a minimum, shaken."""
    minimum = cb.inherent_state(jittered(5, np.eye(3) * 4.7, noise=0.1), SMOOTHED).configuration
    noise = np.random.default_rng(2).normal(0, 0.03, minimum.positions.shape)
    return minimum.replace(positions=minimum.positions + noise)


def test_the_inherent_state_is_that_of_our_kernels(start):
    model = as_lines(SMOOTHED, SMOOTHED_LINES)
    ours = cb.inherent_state(start, SMOOTHED)
    by_lammps = cb.inherent_state(start, model)
    assert by_lammps.force <= 1e-6
    assert by_lammps.energy == pytest.approx(ours.energy, abs=1e-9)
    apart = by_lammps.configuration.positions - ours.configuration.positions
    assert np.abs(apart).max() < 1e-5
    largest = np.sqrt((potentials.forces(by_lammps.configuration, model) ** 2).sum(axis=1).max())
    assert largest == pytest.approx(by_lammps.force, rel=1e-3)


def test_the_time_step_follows_from_the_curvature(start):
    curvature = np.median(potentials.laplacians(start, SMOOTHED))
    assert first_dt_of(start, as_lines(SMOOTHED, SMOOTHED_LINES)) == pytest.approx(
        0.09 / np.sqrt(curvature), rel=0.2
    )


def test_shaken_silicon_returns_to_its_crystal():
    spacing = 4 / np.sqrt(3) * 2 ** (1 / 6)
    crystal = diamond(2, spacing)
    noise = np.random.default_rng(1).normal(0, 0.05, crystal.positions.shape)
    state = cb.inherent_state(
        crystal.replace(positions=crystal.positions + noise), silicon(), force_tolerance=1e-6
    )
    assert state.energy == pytest.approx(-2 * EPSILON, rel=1e-6)
    moved = state.configuration.positions - crystal.positions
    np.testing.assert_allclose(moved - moved.mean(axis=0), 0, atol=1e-5)
    assert SIGMA == 2.0951


def test_too_few_steps_are_said():
    crystal = diamond(2, 2.6)
    noise = np.random.default_rng(1).normal(0, 0.05, crystal.positions.shape)
    with pytest.raises(NotConvergedError, match="max_iterations = 3"):
        cb.inherent_state(
            crystal.replace(positions=crystal.positions + noise), silicon(), max_iterations=3
        )
