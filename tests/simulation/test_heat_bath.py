"""The heat bath and the barostat of molecular dynamics: ensembles, and the same bits."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import cagebreak as cb
from cagebreak.simulation.molecular_dynamics import MolecularDynamics
from cagebreak.simulation.packing import random_packing
from cagebreak.simulation.thermostat import Thermostat

KA = cb.kob_andersen(temperature=1.0)


@pytest.fixture(scope="module")
def ka():
    particles = MolecularDynamics(random_packing(KA, 600, seed=1), KA, seed=2)
    particles.run(2.0)
    return particles.configuration


@pytest.mark.physics
@pytest.mark.parametrize("n", [12, 100])
def test_a_thermostat_gives_the_canonical_distribution_of_kinetic_energies(n):
    """Twice the kinetic energy over kT is chi-squared with 3 (N - 1) degrees of freedom."""
    model = cb.harmonic_spheres(temperature=0.01)
    particles = MolecularDynamics(
        random_packing(model, n, seed=1), model, 2, thermostat=Thermostat(0.01, 0.01, 1e5)
    )
    particles.run(100.0)
    samples = []
    for _ in range(2000):
        particles.run(5.0)  # 250 steps, two and a half of its times
        samples.append(3 * (n - 1) * particles.temperature / 0.01)
    # One in a thousand samples of independent numbers has a smaller p; 2000 have a standard error
    # of the mean of 0.5 % of a degree of freedom at N = 12.
    assert stats.kstest(samples, stats.chi2(3 * (n - 1)).cdf).pvalue > 1e-3
    masses = np.asarray(model.masses)[particles.configuration.species]
    np.testing.assert_allclose(masses @ particles.velocities, 0, atol=1e-5)


@pytest.mark.physics
def test_a_thermostat_gives_the_energy_of_the_published_liquid():
    """As `test_lammps` has it from RUMD 3: 40 tau of 500 particles."""
    model = cb.kob_andersen(temperature=0.8, number_density=1.2)
    start = random_packing(model, 500, seed=1)
    particles = MolecularDynamics(start, model, 2, thermostat=Thermostat(0.8, 0.8, 60.0))
    particles.run(15.0)
    readings = []
    for _ in range(200):
        particles.run(0.2)
        readings.append(particles.readings)
    _, energy, pressure, density = np.mean(readings, axis=0)
    assert energy == pytest.approx(-6.346, abs=0.03)
    assert pressure / density - 0.8 == pytest.approx(5.534, abs=0.15)


@pytest.mark.parametrize("pressure", [None, 5.0])
def test_stops_do_not_change_a_bit_with_a_thermostat(ka, pressure):
    """Also across the steps at which random numbers are drawn and the box is scaled."""
    bath = Thermostat(1.0, 1.0, 12.0, pressure)
    whole, parts, other = (MolecularDynamics(ka, KA, s, thermostat=bath) for s in (3, 3, 4))
    whole.run(12.0)
    for time in (0.125, 0.3, 9.999, 10.0, 10.005, 12.0):
        parts.run(time - parts.time)
    np.testing.assert_allclose(parts.positions, whole.positions, rtol=0, atol=1e-12)
    other.run(12.0)
    assert np.abs(other.positions - whole.positions).max() > 0.1


def test_a_copy_goes_on_to_the_same_bits(ka):
    """So does one that was pickled, which is a restart in the middle."""
    particles = MolecularDynamics(ka, KA, seed=3, thermostat=Thermostat(1.0, 1.0, 30.0, 5.0))
    particles.run(10.111)
    copy = pickle.loads(pickle.dumps(particles))
    for each in (particles, copy):
        each.run(12.0)
    np.testing.assert_array_equal(copy.positions, particles.positions)
    np.testing.assert_array_equal(copy.velocities, particles.velocities)


def equation_of_state(model, n, tau, pressure):
    """Return mean pressure and density, and the compressibility, at a pressure or at fixed volume.

    Pressures are of the particles and their center of mass, which is at rest.
    """
    kT = model.temperature
    particles = MolecularDynamics(
        random_packing(model, n, seed=1), model, 2, thermostat=Thermostat(kT, kT, 1e5, pressure)
    )
    particles.run(tau / 10)
    found = []
    for _ in range(int(tau)):
        particles.run(1.0)
        now = particles.readings
        found.append((now.pressure + kT * now.density / n, now.density))
    pressures, densities = np.transpose(found)
    volumes = n / densities
    return pressures.mean(), densities.mean(), volumes.var() / volumes.mean() / kT


@pytest.mark.physics
def test_a_barostat_gives_the_density_of_the_pressure_and_its_fluctuations():
    """Pressures at two volumes give the density and the compressibility at that between them."""
    models = [replace(KA, number_density=rho) for rho in (1.12, 1.16, 1.2)]
    (low, _, _), (middle, _, _), (high, _, _) = (
        equation_of_state(model, 200, 150, None) for model in models
    )
    pressure, density, compressibility = equation_of_state(models[0], 200, 800, middle)
    assert pressure == pytest.approx(middle, abs=0.1)
    assert density == pytest.approx(1.16, abs=0.003)
    expected = np.log(1.2 / 1.12) / (high - low)
    assert compressibility == pytest.approx(expected, rel=0.2)


def test_a_barostat_compresses_a_gas_and_goes_on(ka):
    """The rows are laid out anew as the box shrinks; unwrapped positions follow it."""
    gas = replace(KA, number_density=0.6)
    particles = MolecularDynamics(
        random_packing(gas, 300, seed=1), gas, 2, thermostat=Thermostat(1.0, 1.0, 100.0, 6.0)
    )
    before = particles.configuration
    for _ in range(120):
        particles.run(0.25)
        end = particles.configuration
        scale = (end.box.volume / before.box.volume) ** (1 / 3)
        assert np.abs(end.positions - scale * before.positions).max() < 2.5
        before = end
    assert 1.1 < 300 / end.box.volume < 1.3
    assert particles.energy * 300 == pytest.approx(cb.potentials.energy(end, gas), rel=1e-6)
    assert particles.temperature == pytest.approx(1.0, abs=0.2)


def test_a_barostat_scales_the_box_also_in_a_short_run(ka):
    """A preparation is a run a segment: one of few steps has its share."""
    particles = MolecularDynamics(ka, KA, seed=3, thermostat=Thermostat(1.0, 1.0, 0.05, 3.0))
    particles.run(0.045)
    assert particles.box.volume == ka.box.volume
    particles.run(0.005)
    assert particles.box.volume != ka.box.volume
