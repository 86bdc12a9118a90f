"""Two particles at one place: every function that looks at neighbors names and refuses them."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak import potentials
from cagebreak.descriptors.averaged_bond_order import AveragedBondOrder
from cagebreak.descriptors.coarse_grained.quantities import CoarseGrained
from cagebreak.descriptors.coarse_grained.voronoi import voronoi_cells
from cagebreak.dynamics.d2min import D2Min, thermal_d2min
from cagebreak.errors import ConfigurationError
from cagebreak.neighbors import neighbor_table, sann
from cagebreak.simulation.hard_spheres import EventDriven

SOFT, HARD = cb.kob_andersen(composition=1), cb.hard_spheres(0.4, composition=1)
FUNCTIONS = {
    "check": lambda c: cb.check(c, SOFT),
    "check of hard spheres": lambda c: cb.check(c, HARD),
    "inherent_state": lambda c: cb.inherent_state(c, SOFT),
    "inherent_state of hard spheres": lambda c: cb.inherent_state(c, HARD),
    "cage_state": lambda c: cb.cage_state(c, SOFT, seed=1, sweeps=(1, 1)),
    "cage_state of hard spheres": lambda c: cb.cage_state(c, HARD, seed=1, sweeps=(1, 1)),
    "cage_state in spheres": lambda c: cb.cage_state(c, SOFT, seed=1, sweeps=(1, 1), cell=0.3),
    "energy": lambda c: potentials.energy(c, SOFT),
    "stress": lambda c: potentials.stress(c, HARD),
    "Radial": lambda c: cb.Radial(r=(1.0,), width=(0.1,), n_species=1).compute(c),
    "Angular": lambda c: cb.Angular((2,), (1.0,), (0.1,)).compute(c),
    "AveragedBondOrder": lambda c: AveragedBondOrder((4,)).compute(c),
    "ACE": lambda c: cb.AtomicClusterExpansion(2.0, 2, 3, 2).compute(c),
    "alkemade2023": lambda c: cb.papers.alkemade2023(SOFT).compute(c),
    "NetForce": lambda c: cb.NetForce(SOFT).compute(c),
    "CoarseGrained": lambda c: CoarseGrained(SOFT).compute(c),
    "Voronoi": voronoi_cells,
    "sann": sann,
    "neighbor_table": lambda c: neighbor_table(c, 0.5),
    "radial_distribution": lambda c: cb.radial_distribution(c, 2.0),
    "D2Min": lambda c: D2Min(c, 1.5),
    "thermal_d2min": lambda c: thermal_d2min(c, HARD, [0.1], 1, seed=1, cutoff=1.5),
    "EventDriven": lambda c: EventDriven(c, HARD, seed=1),
    "propensity": lambda c: cb.propensity(c, HARD, [0.1], 1, seed=1),
}


@pytest.fixture(scope="module")
def twice():
    grid = np.stack(np.meshgrid(*[np.arange(4)] * 3), -1).reshape(-1, 3) + 0.5
    grid = grid * 0.95
    # Also the image of a place is that place.
    grid[41] = grid[17] + [3.8, 0, -3.8]
    return cb.Configuration(grid, np.zeros(64, int), 3.8)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_two_particles_at_one_place_are_named(name, twice):
    with pytest.raises(ConfigurationError, match="expected particles apart, got 17 and 41 at one"):
        FUNCTIONS[name](twice)
