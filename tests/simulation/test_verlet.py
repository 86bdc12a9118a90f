"""What every engine of molecular dynamics keeps to: conservation laws, stops, bits and errors."""

import subprocess
import sys
from functools import partial

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import ConfigurationError, InputError, SimulationError
from cagebreak.leapfrog.time_step import time_step_of
from cagebreak.simulation import lammps, molecular_dynamics
from cagebreak.simulation.engines import verlet
from cagebreak.simulation.packing import random_packing
from cagebreak.simulation.thermostat import Thermostat
from support.interruption import ctrl_c

KA = cb.kob_andersen(temperature=1.0)
MODELS = {
    "harmonic_spheres": cb.harmonic_spheres(temperature=0.01),
    "kob_andersen": KA,
    "kob_andersen_smoothed": cb.kob_andersen_smoothed(temperature=1.0),
    "wahnstrom": cb.wahnstrom(temperature=1.0),
    "fene_polymer": cb.fene_polymer(temperature=1.0),
}
ENGINES = {
    "cagebreak": molecular_dynamics.MolecularDynamics,
    "cagebreak-double": partial(molecular_dynamics.MolecularDynamics, precision="double"),
    "lammps": lammps.MolecularDynamics,
}
MOMENTUM = {"cagebreak": 1e-5, "cagebreak-double": 1e-12, "lammps": 1e-12}
"""Largest momentum a particle, in units of root(kT m)."""

N = 300


def liquid(model, n=N):
    """Return a configuration that has moved away from a packing."""
    bath = Thermostat(model.temperature, model.temperature, 4.0)
    particles = verlet(random_packing(model, n, seed=1), model, 2, thermostat=bath)
    particles.run(4.0)
    return particles.configuration


@pytest.fixture(scope="module")
def ka():
    return liquid(KA)


@pytest.fixture(params=ENGINES)
def engine(request):
    return request.param


@pytest.fixture
def simulate(engine):
    return ENGINES[engine]


def test_the_word_for_each_engine_is_that_of_nve(engine, simulate, ka):
    times = [0.003, 0.1]
    found, expected = verlet(ka, KA, 3, engine), simulate(ka, KA, 3)
    for time in times:
        found.run(time - found.time)
        expected.run(time - expected.time)
        np.testing.assert_array_equal(found.positions, expected.positions)
    assert type(found) is type(expected)


def test_all_engines_follow_the_same_path(ka):
    paths = []
    for simulate in ENGINES.values():
        particles = simulate(ka, KA, 3)
        particles.run(0.3)
        paths.append(particles.positions - ka.unwrapped)
    assert np.abs(paths[0]).max() > 0.3
    for path in paths[1:]:
        np.testing.assert_allclose(path, paths[0], atol=1e-4)


@pytest.mark.parametrize("name", MODELS)
def test_velocities_are_maxwell_boltzmann_without_momentum(simulate, name):
    model = MODELS[name]
    start = random_packing(model, N, seed=1)
    particles = simulate(start, model, seed=3)
    masses = np.asarray(model.masses)[start.species]
    np.testing.assert_allclose(masses @ particles.velocities, 0, atol=1e-10)
    kinetic = 0.5 * (masses[:, None] * particles.velocities**2).sum()
    assert kinetic == pytest.approx(1.5 * (N - 1) * model.temperature)
    assert particles.temperature == pytest.approx(model.temperature)


@pytest.mark.parametrize("name", MODELS)
def test_energy_and_momentum_are_conserved(engine, simulate, name):
    model = MODELS[name]
    start = liquid(model)
    particles = simulate(start, model, seed=3)
    masses = np.asarray(model.masses)[start.species]

    def total():
        return particles.energy + 1.5 * (N - 1) / N * particles.temperature

    before = total()
    particles.run(20.0)
    assert total() == pytest.approx(before, abs=5e-3 * model.temperature)
    momentum = MOMENTUM[engine] * N * np.sqrt(model.temperature)
    np.testing.assert_allclose(masses @ particles.velocities, 0, atol=momentum)


@pytest.mark.physics
def test_heavy_and_light_particles_have_the_same_temperature(simulate):
    """Equipartition; A particles of the Wahnstrom mixture are twice as heavy as B."""
    model = MODELS["wahnstrom"]
    particles = simulate(liquid(model, 400), model, seed=5)
    squares = []
    for _ in range(200):
        particles.run(0.1)
        squares.append((particles.velocities**2).mean(axis=1))
    mean = np.mean(squares, axis=0)
    species = particles.configuration.species
    hot = [model.masses[s] * mean[species == s].mean() for s in (0, 1)]
    # 200 frames of 200 particles a species, half of the frames independent: 0.6 % each.
    assert hot[0] == pytest.approx(hot[1], rel=0.03)


def test_stops_do_not_change_the_path(simulate, ka):
    """Where a run stops, and what is read there, leaves no trace."""
    whole, parts = (simulate(ka, KA, seed=3) for _ in range(2))
    whole.run(1.0123)
    for time in (0.01, 0.0333, 0.5, 0.50001, 1.0123):
        parts.run(time - parts.time)
        assert np.isfinite([*parts.positions.ravel(), parts.energy, parts.pressure]).all()
    assert parts.steps == whole.steps == 202
    np.testing.assert_allclose(parts.positions, whole.positions, rtol=0, atol=1e-12)


def test_after_ctrl_c_time_is_that_of_the_last_step(simulate, ka):
    interrupted, whole = (simulate(ka, KA, seed=3) for _ in range(2))
    with ctrl_c(), pytest.raises(KeyboardInterrupt):
        interrupted.run(1e6)
    assert interrupted.time == pytest.approx(0.005 * interrupted.steps)
    interrupted.run(0.01)
    whole.run(interrupted.time)
    assert 2 < interrupted.steps == whole.steps
    np.testing.assert_allclose(interrupted.positions, whole.positions, rtol=0, atol=1e-9)


@pytest.mark.parametrize("engine", ["cagebreak-double", "lammps"])
def test_between_steps_positions_follow_from_the_nearest(simulate, ka):
    """The error of a stop between two steps is that of the steps: one of a hundredth tells it."""

    def error(at):
        coarse = simulate(ka, KA, seed=3)
        fine = simulate(ka, KA, seed=3, time_step=at / 400)
        coarse.run(at)
        fine.run(at)
        return np.abs(coarse.positions - fine.positions).mean()

    assert error(0.0123) < 1.1 * max(error(0.01), error(0.015))


PROGRAM = """
import sys
import cagebreak as cb
from cagebreak.simulation.engines import verlet
particles = verlet(cb.read(sys.argv[1]), cb.kob_andersen(temperature=1.0), 7, sys.argv[2])
particles.run(1.0)
print(particles.positions.tobytes().hex()[:4000])
"""


def test_the_same_seed_gives_the_same_bits_in_any_process(engine, simulate, ka, tmp_path):
    path = tmp_path / "start.h5"
    cb.write(path, ka)
    for _ in range(2):  # the second of LAMMPS goes on with the instance of the first
        particles = simulate(ka, KA, seed=7)
        particles.run(1.0)
        here = particles.positions.tobytes().hex()[:4000]
        del particles
    command = [sys.executable, "-c", PROGRAM, str(path), engine]
    there = subprocess.run(command, capture_output=True, text=True)
    assert there.stdout.strip() == here, there.stderr


def test_two_simulations_live_side_by_side(simulate, ka):
    alone = simulate(ka, KA, seed=3)
    alone.run(0.5)
    first, second = simulate(ka, KA, seed=3), simulate(ka, KA, seed=4)
    for _ in range(2):
        first.run(0.25)
        second.run(0.25)
    np.testing.assert_array_equal(first.positions, alone.positions)
    assert np.abs(second.positions - first.positions).max() > 1e-3


def test_positions_are_unwrapped_and_start_where_they_were_given(simulate, ka):
    shifted = ka.replace(positions=ka.wrapped, images=np.full((N, 3), 2))
    particles = simulate(shifted, KA, seed=3)
    np.testing.assert_allclose(particles.positions, shifted.unwrapped, atol=1e-12)
    before = particles.positions
    for _ in range(40):
        particles.run(0.5)
        now = particles.positions
        assert np.abs(now - before).max() < ka.box.lengths.min() / 2
        before = now
    assert np.abs(now - shifted.unwrapped).max() > 1


@pytest.mark.parametrize(("engine", "error"), [("cagebreak-double", 1e-6), ("lammps", 1e-8)])
def test_a_sheared_box_is_the_same_liquid(simulate, error, ka):
    matrix = ka.box.matrix.copy()
    matrix[1, 0] = matrix[0, 0]  # the same lattice
    cubic, tilted = (simulate(c, KA, 3) for c in (ka, ka.replace(box=cb.Box(matrix))))
    cubic.run(0.2)
    tilted.run(0.2)
    np.testing.assert_allclose(tilted.positions, cubic.positions, atol=error)


def late_readings(particles):
    """Return the means of the readings from 15 to 20 tau."""
    particles.run(15.0)
    readings = []
    for _ in range(50):
        particles.run(0.1)
        readings.append(particles.readings)
    return np.mean(readings, axis=0)


def test_a_thermostat_ramps_the_temperature_to_its_end(simulate, ka):
    particles = simulate(ka, KA, seed=3, thermostat=Thermostat(1.0, 0.5, 20.0))
    temperature, _, _, density = late_readings(particles)
    assert temperature == pytest.approx(0.5625, abs=0.03)
    assert density == pytest.approx(KA.number_density)


def test_a_barostat_moves_the_box(simulate, ka):
    bath = Thermostat(1.0, 1.0, 20.0, pressure=3.0)
    particles = simulate(ka, KA, seed=3, thermostat=bath)
    _, _, pressure, density = late_readings(particles)
    assert pressure == pytest.approx(3.0, abs=0.6)
    end = particles.configuration
    assert density == pytest.approx(N / end.box.volume, rel=0.02)
    assert not np.allclose(end.box.matrix, ka.box.matrix)
    assert particles.energy * N == pytest.approx(cb.potentials.energy(end, KA), rel=1e-6)


def test_a_thermostat_goes_on_to_its_end_by_parts_of_any_length(simulate, ka):
    """12.5 steps, in parts whose sum is a little more."""
    parts = [0.0625 / 100] * 100
    assert sum(parts) > 0.0625
    particles = simulate(ka, KA, seed=3, thermostat=Thermostat(1.0, 1.0, 0.0625))
    for part in parts:
        particles.run(part)
    with pytest.raises(InputError, match=r"duration: expected at most the 0.0625 tau of the therm"):
        particles.run(0.01)


@pytest.mark.parametrize(
    ("start", "end", "duration", "message"),
    [
        (1.0, 0.0, 20.0, r"temperatures, got 1.0 to 0.0"),
        (np.nan, 1.0, 20.0, r"temperatures, got nan to 1.0"),
        (1.0, np.inf, 20.0, r"temperatures, got 1.0 to inf"),
        (1.0, np.nan, 20.0, r"temperatures, got 1.0 to nan"),
        (1.0, "0.5", 20.0, r"temperatures, got 1.0 to '0.5'"),
        (1.0, 1.0, 0.0, r"a duration of a positive number of tau, got 0.0"),
        (1.0, 1.0, np.nan, r"a duration of a positive number of tau, got nan"),
        (1.0, 1.0, "20", r"a duration of a positive number of tau, got '20'"),
    ],
)
def test_an_absurd_thermostat_is_an_error(start, end, duration, message):
    with pytest.raises(InputError, match=f"thermostat: expected .*{message}"):
        Thermostat(start, end, duration)


@pytest.mark.parametrize("pressure", [np.nan, np.inf, -np.inf, "3"])
def test_an_infinite_pressure_is_an_error(pressure):
    with pytest.raises(
        InputError, match=f"thermostat: expected a finite pressure, got {pressure!r}"
    ):
        Thermostat(1.0, 1.0, 20.0, pressure)


def test_a_thermostat_expects_thermal_velocities(engine, ka):
    """It scales velocities: of particles at rest to any direction, of a common motion as heat."""
    thermal = np.asarray(ka.velocities)

    def begin(velocities, bath):
        verlet(ka.replace(velocities=velocities), KA, None, engine, thermostat=bath, noise=1)

    bath = Thermostat(1.0, 1.0, 20.0)
    for velocities in (0 * thermal, 0 * thermal + 1.0, thermal + 0.2):
        with pytest.raises(ConfigurationError, match=r"velocities: expected .* no total momentum"):
            begin(velocities, bath)
    begin(thermal + 1e-3, bath)
    begin(0 * thermal, None)  # at constant energy any velocities are right


def test_an_absurd_time_step_is_one_clear_error(simulate, ka):
    slow = simulate(ka, KA, seed=3, time_step=0.016)
    with pytest.raises(SimulationError, match="kob_andersen: energy is not conserved"):
        slow.run(1000.0)
    with pytest.raises(SimulationError):
        simulate(ka, KA, seed=3, time_step=0.1).run(50.0)
    simulate(ka, KA, seed=3).run(0.1)  # the next simulation is well


def test_bad_arguments_are_named(simulate, ka):
    with pytest.raises(InputError, match="seed: expected a seed, or a configuration with veloc"):
        simulate(ka.replace(velocities=None), KA)
    with pytest.raises(InputError, match="got hard_spheres"):
        simulate(ka, cb.hard_spheres(), seed=1)
    for time_step in (0.0, -0.005, np.nan, np.inf, "0.005"):
        with pytest.raises(InputError, match="time_step: expected a positive"):
            simulate(ka, KA, seed=1, time_step=time_step)
    with pytest.raises(InputError, match=r"thermostat: expected .* got 1\.0"):
        simulate(ka, KA, seed=1, thermostat=1.0)
    alone = cb.Configuration([[0.0, 0.0, 0.0]], [0], 20.0, [[0.0, 0.0, 0.0]])
    for seed in (None, 1):
        with pytest.raises(ConfigurationError, match="expected at least two particles, got one"):
            simulate(alone, KA, seed=seed)
    with pytest.raises(ConfigurationError, match="species number 2"):
        simulate(ka.replace(species=np.full(N, 2)), KA, seed=1)
    with pytest.raises(ConfigurationError, match="got 0 and 1 at one place"):
        simulate(ka.replace(positions=ka.positions[[0, *range(N - 1)]]), KA, seed=1)
    for duration in (-1.0, np.nan, np.inf, "10", None):
        with pytest.raises(InputError, match=f"duration: expected a finite .* got {duration!r}"):
            simulate(ka, KA, seed=1).run(duration)


def test_every_form_has_a_time_step():
    for model in MODELS.values():
        assert 0 < time_step_of(model) < 0.1
