"""Chains in the molecular dynamics of this package: against LAMMPS, their energy and known laws."""

from dataclasses import replace

import numpy as np
import pytest

import cagebreak as cb
from cagebreak import models, potentials
from cagebreak.errors import ConfigurationError, SimulationError
from cagebreak.potentials.bonds import bond_table
from cagebreak.simulation import lammps
from cagebreak.simulation.molecular_dynamics import MolecularDynamics
from cagebreak.simulation.packing import random_packing
from cagebreak.simulation.thermostat import Thermostat
from support import lammps_reference

MODEL = models.fene_polymer(temperature=1.0)
PRECISIONS = ("mixed", "double")


def at_rest(configuration):
    return configuration.replace(velocities=np.zeros_like(configuration.positions))


def forces_of(configuration, precision="double"):
    """Return forces (N, 3): velocities a moment after rest, over the moment."""
    particles = MolecularDynamics(at_rest(configuration), MODEL, precision=precision)
    particles.run(1e-6)
    return particles.velocities / 1e-6


@pytest.fixture(scope="module")
def melt():
    particles = MolecularDynamics(
        random_packing(MODEL, 400, seed=1), MODEL, 2, thermostat=Thermostat(1.0, 1.0, 20.0)
    )
    particles.run(20.0)
    return particles.configuration


@pytest.fixture(scope="module")
def sheared(melt):
    tilt = np.array([[1, 0, 0], [0.1, 1, 0], [-0.06, 0.08, 1]])
    box = cb.Box(melt.box.matrix @ tilt)
    return melt.replace(positions=melt.positions @ tilt, box=box)


@pytest.fixture(params=["melt", "sheared"])
def chains(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_energy_pressure_and_forces_are_those_of_lammps(chains, precision):
    try:
        reference = lammps_reference.begin(chains, MODEL)
    except ImportError as error:
        pytest.skip(f"LAMMPS: {error}")
    energy, forces = lammps_reference.energy_and_forces(reference)
    particles = MolecularDynamics(at_rest(chains), MODEL, precision=precision)
    assert particles.energy * 400 == pytest.approx(energy, rel=1e-7)
    assert particles.pressure == pytest.approx(reference.get_thermo("press"), abs=1e-6)
    error = {"mixed": 2e-4, "double": 2e-5}[precision]
    np.testing.assert_allclose(forces_of(chains, precision), forces, atol=error)
    assert np.abs(forces).max() > 50


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_short_path_is_that_of_lammps(chains, precision):
    ours = MolecularDynamics(chains, MODEL, precision=precision)
    theirs = lammps.MolecularDynamics(chains, MODEL)
    ours.run(0.3)
    theirs.run(0.3)
    error = {"mixed": 1e-4, "double": 1e-5}[precision]
    np.testing.assert_allclose(ours.positions, theirs.positions, atol=error)
    np.testing.assert_allclose(ours.velocities, theirs.velocities, atol=10 * error)


def test_forces_are_the_slopes_of_the_energy(sheared):
    forces, h = forces_of(sheared), 1e-4
    for i in (0, 7, 19, 20):  # ends and the inside of chains
        for axis in range(3):
            u = []
            for sign in (1, -1):
                moved = sheared.positions.copy()
                moved[i, axis] += sign * h
                moved = at_rest(sheared.replace(positions=moved))
                u.append(400 * MolecularDynamics(moved, MODEL).energy)
            assert forces[i, axis] == pytest.approx((u[1] - u[0]) / (2 * h), abs=2e-3)


def test_a_chain_may_be_longer_than_the_box_is_wide():
    start = random_packing(MODEL, 40, seed=1)
    assert start.box.lengths[0] < 3.4
    particles = MolecularDynamics(at_rest(start), MODEL)
    assert particles.energy * 40 == pytest.approx(potentials.energy(start, MODEL), rel=1e-7)
    forces = potentials.forces(start, MODEL)
    np.testing.assert_allclose(forces_of(start), forces, atol=1e-6 * np.abs(forces).max())


@pytest.mark.parametrize(
    "repulsion", [{}, {"epsilon": 2.0}, {"sigma": 1.1}], ids=["of the pair", "stronger", "wider"]
)
def test_bonds_shorter_and_longer_than_their_repulsion(repulsion):
    """The pair potential of bonded beads is taken away whole, whatever the repulsion."""
    model = replace(
        models.fene_polymer(chain_length=2), bonds=replace(MODEL.bonds, chain_length=2, **repulsion)
    )
    lengths = np.array([0.8, 0.97, 1.1, 1.15, 1.3, 1.49])
    first = np.transpose([np.full(6, 3.0), np.full(6, 3.0), 5.0 * np.arange(6) + 2])
    second = first + np.outer(lengths, [0.6, 0.0, 0.8])
    pairs = cb.Configuration(np.stack([first, second], axis=1).reshape(-1, 3), [0] * 12, 30.0)
    particles = MolecularDynamics(at_rest(pairs), model, precision="double")
    assert particles.energy * 12 == pytest.approx(potentials.energy(pairs, model), rel=1e-7)
    particles.run(1e-6)
    forces = potentials.forces(pairs, model)
    np.testing.assert_allclose(particles.velocities / 1e-6, forces, rtol=1e-5, atol=1e-4)


def gained(particles):
    """Return the energy that particles gain in 100 tau."""

    def total():
        now = particles.readings
        return now.energy + 1.5 * 399 / 400 * now.temperature

    before = total()
    particles.run(100.0)
    return total() - before


@pytest.fixture(scope="module")
def gained_with_lammps(melt):
    return gained(lammps.MolecularDynamics(melt, MODEL))


@pytest.mark.parametrize("precision", PRECISIONS)
def test_energy_drifts_no_more_than_with_lammps(melt, gained_with_lammps, precision):
    """The force jumps at the cut-off: 100 tau gain a little with any program."""
    ours = gained(MolecularDynamics(melt, MODEL, precision=precision))
    assert abs(ours) < 2e-3 + 2 * abs(gained_with_lammps)
    assert abs(ours) < 5e-3


@pytest.mark.physics
def test_a_thermostat_gives_the_melt_of_lammps(melt):
    """Energy, pressure and bond lengths at constant temperature."""

    def means(particles):
        found = []
        for _ in range(150):
            particles.run(0.5)
            now = particles.readings
            vectors = bond_table(particles.configuration, MODEL).vectors
            lengths = np.linalg.norm(vectors, axis=1)
            found.append((now.temperature, now.energy, now.pressure, lengths.mean(), lengths.std()))
        return np.mean(found, axis=0), np.std(found, axis=0)

    bath = Thermostat(1.0, 1.0, 80.0)
    ours, spread = means(MolecularDynamics(melt, MODEL, 3, thermostat=bath))
    theirs, _ = means(lammps.MolecularDynamics(melt, MODEL, 3, thermostat=bath))
    # Of 150 readings 0.5 tau apart at least 30 are independent: four standard errors of both.
    assert np.all(np.abs(ours - theirs) < 4 * np.sqrt(2 / 30) * spread)


def test_stops_do_not_change_a_bit_at_constant_pressure(melt):
    bath = Thermostat(1.0, 1.0, 6.0, 1.0)
    whole, parts = (MolecularDynamics(melt, MODEL, 3, thermostat=bath) for _ in range(2))
    whole.run(6.0)
    for time in (0.125, 0.3, 4.9, 6.0):
        parts.run(time - parts.time)
    np.testing.assert_array_equal(parts._system._particles.x, whole._system._particles.x)
    assert parts._system.scale == whole._system.scale != 1


def test_positions_are_those_of_the_start_and_go_on_from_there(melt):
    """Chains are made whole inside; positions stay in the images where they were given."""
    for given in (melt.replace(positions=melt.wrapped), melt):
        particles = MolecularDynamics(given, MODEL)
        np.testing.assert_array_equal(particles.positions, given.positions)
        particles.run(0.05)
        assert np.abs(particles.positions - given.positions).max() < 0.5


def test_a_bond_at_its_limit_is_one_clear_error_that_names_both_beads():
    model = models.fene_polymer(chain_length=2)
    start = cb.Configuration(
        [[2.0, 2, 2], [2.0, 2, 3], [7.0, 7, 7], [7.0, 7, 8]], [0] * 4, 10.0,
        velocities=[[0.0, 0, 0], [0, 0, 0], [0, 0, -40], [0, 0, 40]],
    )  # fmt: skip
    particles = MolecularDynamics(start, model)
    with pytest.raises(
        SimulationError,
        match=r"fene_polymer: the bond between particles 2 and 3 is stretched to 1\.\d+ sigma, "
        r"expected less than 1\.5; the time step of 0\.005 tau is too long, or",
    ):
        particles.run(10.0)
    broken = start.replace(positions=[[2.0, 2, 2], [2.0, 2, 3.6], [7.0, 7, 7], [7.0, 7, 8]])
    with pytest.raises(
        ConfigurationError, match=r"bond between particles 0 and 1 shorter than 1\.5"
    ):
        MolecularDynamics(broken, model)
