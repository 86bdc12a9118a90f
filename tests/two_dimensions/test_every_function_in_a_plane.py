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
FLAT = cb.equilibrate(MODEL, 64, 2.0, seed=1)
MOVED = np.append(
    np.random.default_rng(1).normal(scale=0.2, size=(1, 64, 2)), np.zeros((1, 64, 1)), axis=2
)
VALUES = np.arange(64.0)


def fitted(network):
    graphs = [Graph(FLAT, VALUES[:, None] % 3)] * 3
    return network.fit(graphs, [VALUES[:, None] % 5] * 3).predict(graphs)[0]


CASES = {
    "check": lambda: cb.check(FLAT, MODEL).composition,
    "energies": lambda: cb.potentials.energies(FLAT, MODEL),
    "stress": lambda: cb.potentials.stress(FLAT, MODEL),
    "net force": lambda: cb.NetForce(MODEL).compute(FLAT).values,
    "bond breaking": lambda: BondBreaking(FLAT)(MOVED),
    "cage relative": lambda: CageRelative(FLAT)(MOVED),
    "four-point structure": lambda: four_point_structure(FLAT, VALUES, shells(FLAT.box, 3.0)),
    "dynamic functions": lambda: dynamic_functions([FLAT] * 2, [[MOVED, 2 * MOVED]] * 2, [1.0]).of(
        "all"
    )["chi_4"],
    "thermal D2min": lambda: thermal_d2min(FLAT, MODEL, [0.1], 2, 1, 1.6).mean,
    "trajectory": lambda: trajectory(FLAT, MODEL, [0.1], 1),
    "cage state": lambda: cb.cage_state(FLAT, MODEL, seed=1, sweeps=(50, 100)).displacement,
    "whitening": lambda: whitening(FLAT).toarray(),
    "graph": lambda: Graph(FLAT).configuration.positions,
    "map": lambda: particle_map(FLAT, VALUES).axes[0].collections[0].get_offsets(),
    "slices": lambda: slices([("", FLAT, VALUES)]).axes[0].collections[0].get_offsets(),
    "view": lambda: len(cb.view(FLAT, VALUES).html),
    "graph network": lambda: fitted(GraphNetwork(cutoff=1.5, layers=1, epochs=1)),
    "equivariant network": lambda: fitted(EquivariantNetwork(epochs=1)),
}


@pytest.mark.parametrize("name", CASES)
def test_a_plane_is_taken(name):
    if "network" in name:
        pytest.importorskip("torch")
    assert np.isfinite(np.asarray(CASES[name](), dtype=float)).all()


def test_a_map_of_a_plane_shows_every_particle_at_its_full_size():
    discs = particle_map(FLAT, VALUES, diameters=(1.0, 0.88)).axes[0].collections[0]
    assert set(np.unique(discs.get_array())) == set(VALUES)
    # Across the edges a disc is drawn again.
    assert len(discs.get_offsets()) > 64
