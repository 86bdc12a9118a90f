"""Forces of particles with few neighbors, which are summed for sixteen of them at a time."""

import copy
from itertools import pairwise

import numpy as np
import pytest

import cagebreak as cb
from cagebreak._simd.lines import LINE_BYTES
from cagebreak._simd.pair_groups import MEMBERS
from cagebreak.configuration import Box
from cagebreak.leapfrog import _leapfrog_kernel as kernel
from cagebreak.leapfrog._state import DUMMIES, ENTRIES
from cagebreak.neighbors import neighbor_table
from cagebreak.potentials.sizes import contacts_of, reach
from cagebreak.simulation.molecular_dynamics import MolecularDynamics

MODELS = {
    "three species in a plane": cb.kob_andersen_2d_ternary(temperature=1.0),
    "a size each": cb.soft_spheres(temperature=0.3),
}
N = 1203
"""No kind has a multiple of sixteen; those with a size each are more than are sorted at once."""


@pytest.fixture(scope="module", params=MODELS)
def liquid(request):
    model = MODELS[request.param]
    return cb.equilibrate(model, N, 1.0, seed=1), model


def forces_of(particles):
    """Return the forces (N, 3) of the present rows, in eps / sigma."""
    system = particles._system
    system._particles.f[:] = np.nan
    kernel.compute_forces(system._state(), system._form)
    return system._layout.lengths(system._in_order(system._particles.f))


@pytest.mark.parametrize(("precision", "error"), [("mixed", 1e-4), ("double", 1e-5)])
def test_they_are_those_of_potentials(liquid, precision, error):
    start, model = liquid
    forces = cb.potentials.forces(start, model)
    found = forces_of(MolecularDynamics(start, model, seed=2, precision=precision))
    np.testing.assert_allclose(found, forces, atol=error * np.abs(forces).max())


def test_they_are_those_of_potentials_in_a_rectangle():
    model = MODELS["three species in a plane"]
    start = cb.equilibrate(model, N, 1.0, seed=1)
    stretched = start.box.matrix * [[1.25], [0.8], [1.25]]
    start = start.replace(
        positions=start.wrapped @ np.diag([1.25, 0.8, 1.25]), box=Box(stretched, dimension=2)
    )
    particles = MolecularDynamics(start, model, seed=2)
    assert len(particles._system._layout.metric) == 1
    forces = cb.potentials.forces(start, model)
    np.testing.assert_allclose(forces_of(particles), forces, atol=1e-4 * np.abs(forces).max())


@pytest.mark.parametrize("n_cells", [1, 2, 3, 4])
def test_they_are_those_of_potentials_where_the_plane_is_copied(n_cells):
    """Boxes narrower than the range: copies lie beside each other, none above."""
    model = MODELS["three species in a plane"]
    corners = np.indices((n_cells, n_cells)).reshape(2, -1).T
    sites = np.concatenate([corners, corners + 0.5])  # of a square lattice with centers
    shaken = sites + np.random.default_rng(1).uniform(-0.05, 0.05, sites.shape)
    edge = 1.5
    start = cb.Configuration(edge * shaken, np.arange(len(sites)) % 3, (edge * n_cells,) * 2)
    forces = cb.potentials.forces(start, model)
    found = forces_of(MolecularDynamics(start, model, seed=2))
    np.testing.assert_allclose(found, forces, atol=1e-4 * np.abs(forces).max())


def test_rows_hold_the_pairs_within_their_cutoff_and_the_skin(liquid):
    """Against a table of neighbors: unequal particles come nearer, and rows end before."""
    start, model = liquid
    system = MolecularDynamics(start, model, seed=2)._system
    rows, numbers, n_kinds = system._state().rows, system._particles.numbers, len(system._reaches)
    skin, listed = system._skin * system._step, np.zeros((N, N), bool)
    for row in range(N * n_kinds):
        others = rows.entries[slice(*rows.bounds[2 * row :][:2])] // LINE_BYTES
        listed[numbers[row // n_kinds], numbers[others[others < N]]] = True
    table = neighbor_table(start, reach(start, model) + skin)
    beyond = np.full((N, N), np.inf)
    limits = model.pair.cutoff * contacts_of(start, model, *table.pairs.T) + skin
    beyond[tuple(table.pairs.T)] = table.distances - limits
    assert listed[beyond < 0].all()
    assert not listed[beyond > 1e-4].any()


def test_each_particle_is_a_member_with_its_neighbors(liquid):
    """Against loops over groups, lanes and kinds."""
    state = MolecularDynamics(*liquid, seed=2)._system._state()
    groups, rows, n_kinds = state.groups, state.rows, len(state.particles.starts) - 1
    far, seen = LINE_BYTES * (len(state.lines.lines) - DUMMIES), []
    for kind in range(n_kinds):
        for group in range(groups.starts[kind], groups.starts[kind + 1]):
            for lane in range(MEMBERS):
                i = groups.members[MEMBERS * group + lane] // LINE_BYTES
                assert state.particles.starts[kind] <= i < state.particles.starts[kind + 1]
                seen.append(i)
                for other in range(n_kinds):
                    begin, end = groups.bounds[2 * (group * n_kinds + other) :][:2]
                    column = groups.entries[begin + lane : end : MEMBERS]
                    begin, end = rows.bounds[2 * (i * n_kinds + other) :][:2]
                    row = rows.entries[begin:end]
                    np.testing.assert_array_equal(column[column < far], row[row < far])
    assert set(seen) == set(range(N))
    assert len(seen) < N + MEMBERS * n_kinds


def test_members_have_about_as_many_neighbors(liquid):
    """In the order of the cells more lanes would wait for the longest of their group."""
    system = MolecularDynamics(*liquid, seed=2)._system
    lengths, starts, in_order = system._groups.lengths, system._particles.starts, 0
    for begin, end in pairwise(starts):
        for first in range(begin, end, MEMBERS):
            in_order += MEMBERS * lengths[first : min(first + MEMBERS, end)].max(axis=0).sum()
    assert lengths.sum() < system._groups.bounds.max() < 0.92 * in_order


def test_room_grows_and_memory_is_asked_early_with_the_same_bits(liquid):
    ample = MolecularDynamics(*liquid, seed=2)
    scant = copy.deepcopy(ample)
    system = scant._system
    system._groups = system._groups._replace(entries=np.zeros(64, np.int32))
    system._clock.counts[kernel.DUE] = kernel.ROWS
    ample.run(0.5)
    scant.run(0.5)
    assert len(system._groups.entries) > 64
    np.testing.assert_array_equal(scant.positions, ample.positions)
    forces = forces_of(ample)
    ample._system._clock.counts[ENTRIES] = kernel.CACHED + 1
    np.testing.assert_array_equal(forces_of(ample), forces)
