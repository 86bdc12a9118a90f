"""Boxes in other units, flat or tilted beyond reason: a clear error before any memory or time."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.descriptors.coarse_grained.voronoi import voronoi_cells
from cagebreak.errors import ConfigurationError, InputError
from cagebreak.neighbors import cell_list, neighbor_table
from cagebreak.simulation.hard_spheres import EventDriven
from cagebreak.simulation.lammps import MolecularDynamics
from cagebreak.states.cage_sampler import CageSampler
from cagebreak.structure import radial_distribution

FRACTIONS = np.array([[0.1, 0.2, 0.3], [0.7, 0.4, 0.9], [0.5, 0.8, 0.1], [0.3, 0.6, 0.6]])


def _configuration(edges, tilt=0.0):
    matrix = np.diag(np.broadcast_to(edges, 3)).astype(float)
    matrix[1, 0] = tilt
    return cb.Configuration(FRACTIONS @ matrix, [0, 0, 0, 1], matrix)


TINY = {
    "tiny": (1e-3, 0.0),
    "thin": ((6, 6, 6e-6), 0.0),
}


@pytest.mark.parametrize("box", TINY)
def test_a_box_far_smaller_than_the_potential_is_refused_by_all(box):
    configuration = _configuration(*TINY[box])
    model, hard = cb.kob_andersen(), cb.hard_spheres()
    for work in (
        lambda: cb.inherent_state(configuration, model),
        lambda: cb.potentials.energy(configuration, model),
        lambda: cb.potentials.stress(configuration, model),
        lambda: CageSampler(configuration, model, seed=1),
        lambda: CageSampler(configuration, hard, seed=1),
        lambda: MolecularDynamics(configuration, model, seed=1),
        lambda: EventDriven(configuration, hard, seed=1),
        lambda: neighbor_table(configuration, 2.5),
        lambda: radial_distribution(configuration, 5.0),
        lambda: cb.descriptors.Radial((1.0,), (0.1,), 2).compute(configuration),
    ):
        with pytest.raises(ConfigurationError, match=r"box: expected"):
            work()


def test_a_tilt_of_ten_thousand_boxes_is_refused():
    configuration = _configuration(6.0, 1.5e5)
    for work in (cb.inherent_state, cb.potentials.energy):
        with pytest.raises(ConfigurationError, match="too tilted"):
            work(configuration, cb.kob_andersen())


def test_a_box_too_thin_for_voronoi_cells_is_refused():
    with pytest.raises(ConfigurationError, match=r"box: expected .* heights"):
        voronoi_cells(_configuration((6, 6, 6e-5)))


@pytest.mark.parametrize("edges", [1e15, (1e8, 2, 2), (1e9, 1e9, 2)])
def test_a_dilute_box_costs_nothing(edges):
    configuration = _configuration(edges)
    cells = cell_list(configuration, 2.5)
    assert cells.shape.prod() < 10_000
    assert np.isfinite(cb.inherent_state(configuration, cb.kob_andersen()).energy)
    EventDriven(_configuration(edges), cb.hard_spheres(), seed=1).run(0.1)


@pytest.mark.parametrize(
    "box", [1e300, 1e21, 1e-21, (1e12, 1.0, 1.0), [[6, 0, 0], [6e12, 6, 0], [0, 0, 6]], np.inf]
)
def test_a_box_that_rounding_spoils_is_refused(box):
    with pytest.raises(InputError, match=r"box\.matrix: expected"):
        cb.Configuration([[1, 2, 3]], [0], box)


@pytest.mark.parametrize("far", [1e300, 1e12, -1e10])
def test_positions_that_rounding_spoils_are_refused(far):
    cb.Configuration([[1, 2, 3], [1, 2, 1e8]], [0, 0], 6.0)
    with pytest.raises(ConfigurationError, match="for particle 1"):
        cb.Configuration([[1, 2, 3], [1, 2, far]], [0, 0], 6.0)
    with pytest.raises(ConfigurationError, match="for particle 0"):
        cb.Configuration([[1, 2, 3]], [0], 6.0, images=[[0, round(far / 6), 0]])


def test_a_system_of_any_sensible_size_is_searched():
    # Nearly all of 1500 particles are neighbors, beyond half of the box.
    rng = np.random.default_rng(1)
    configuration = cb.Configuration(rng.random((1500, 3)) * 11, np.zeros(1500, int), 11.0)
    assert len(neighbor_table(configuration, 7.0).neighbors) / 1500 > 1500


def test_complex_numbers_are_refused():
    with pytest.raises(InputError, match="positions: expected numbers"):
        cb.Configuration(np.ones((1, 3)) + 1j, [0], 6.0)
