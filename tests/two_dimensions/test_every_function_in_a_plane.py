"""Functions that need no two dimensions of their own, called with a plane."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.dynamics.d2min import thermal_d2min
from cagebreak.dynamics.four_point import four_point_structure
from cagebreak.dynamics.functions import dynamic_functions
from cagebreak.dynamics.neighbor_motion import BondBreaking, CageRelative
from cagebreak.figures.maps import particle_map
from cagebreak.figures.rottler2024 import slices
from cagebreak.learning import EquivariantNetwork, Graph, GraphNetwork, whitening
from cagebreak.simulation.isoconfigurational import trajectory
from cagebreak.structure import shells

MODEL = cb.kob_andersen_2d(0.8)
MOVED = np.append(
    np.random.default_rng(1).normal(scale=0.2, size=(1, 64, 2)), np.zeros((1, 64, 1)), axis=2
)
VALUES = np.arange(64.0)


@pytest.fixture(scope="module")
def flat():
    return cb.equilibrate(MODEL, 64, 2.0, seed=1)


def fitted(network, flat):
    graphs = [Graph(flat, VALUES[:, None] % 3)] * 3
    return network.fit(graphs, [VALUES[:, None] % 5] * 3).predict(graphs)[0]


CASES = {
    "check": lambda flat: cb.check(flat, MODEL).composition,
    "energies": lambda flat: cb.potentials.energies(flat, MODEL),
    "stress": lambda flat: cb.potentials.stress(flat, MODEL),
    "net force": lambda flat: cb.NetForce(MODEL).compute(flat).values,
    "bond breaking": lambda flat: BondBreaking(flat)(MOVED),
    "cage relative": lambda flat: CageRelative(flat)(MOVED),
    "four-point structure": lambda flat: four_point_structure(flat, VALUES, shells(flat.box, 3.0)),
    "dynamic functions": lambda flat: dynamic_functions(
        [flat] * 2, [[MOVED, 2 * MOVED]] * 2, [1.0]
    ).of("all")["chi_4"],
    "thermal D2min": lambda flat: thermal_d2min(flat, MODEL, [0.1], 2, 1, 1.6).mean,
    "trajectory": lambda flat: trajectory(flat, MODEL, [0.1], 1),
    "cage state": lambda flat: cb.cage_state(flat, MODEL, seed=1, sweeps=(50, 100)).displacement,
    "whitening": lambda flat: whitening(flat).toarray(),
    "graph": lambda flat: Graph(flat).configuration.positions,
    "map": lambda flat: particle_map(flat, VALUES).axes[0].collections[0].get_offsets(),
    "slices": lambda flat: slices([("", flat, VALUES)]).axes[0].collections[0].get_offsets(),
    "view": lambda flat: len(cb.view(flat, VALUES).html),
    "graph network": lambda flat: fitted(GraphNetwork(cutoff=1.5, layers=1, epochs=1), flat),
    "equivariant network": lambda flat: fitted(EquivariantNetwork(epochs=1), flat),
}


@pytest.mark.parametrize("name", CASES)
def test_a_plane_is_taken(name, flat):
    if "network" in name:
        pytest.importorskip("torch")
    assert np.isfinite(np.asarray(CASES[name](flat), dtype=float)).all()


def test_a_map_of_a_plane_shows_every_particle_at_its_full_size(flat):
    discs = particle_map(flat, VALUES, diameters=(1.0, 0.88)).axes[0].collections[0]
    assert set(np.unique(discs.get_array())) == set(VALUES)
    # Across the edges a disc is drawn again.
    assert len(discs.get_offsets()) > 64
