"""Molecular dynamics: against the slow twin, the potentials, and known laws."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import ConfigurationError, InputError, SimulationError
from cagebreak.leapfrog import _leapfrog_kernel as kernel
from cagebreak.leapfrog import system
from cagebreak.leapfrog._leapfrog_kernel import CACHED
from cagebreak.leapfrog._state import ENTRIES
from cagebreak.leapfrog.time_step import time_step_of
from cagebreak.simulation.molecular_dynamics import MolecularDynamics
from cagebreak.simulation.packing import random_packing
from cagebreak.simulation.thermostat import Thermostat
from cagebreak.simulation.velocities import thermal_velocities
from naive.molecular_dynamics import run as naive_run
from support.table_models import tabulated

KA = cb.kob_andersen(temperature=1.0)
MODELS = {
    "harmonic_spheres": cb.harmonic_spheres(temperature=0.01),
    "harmonic without radii": replace(
        cb.harmonic_spheres(temperature=0.01),
        pair=replace(cb.harmonic_spheres().pair, epsilon=((1.0, 0.7), (0.7, 1.0))),
    ),
    "kob_andersen": KA,
    "kob_andersen_smoothed": cb.kob_andersen_smoothed(temperature=1.0),
    "wahnstrom": cb.wahnstrom(temperature=1.0),
    "tabulated": tabulated(KA, first=0.6, n=500),
    "fene_polymer": cb.fene_polymer(temperature=1.0, chain_length=4),
    "one species": cb.kob_andersen(temperature=1.0, composition=1.0, number_density=0.9),
}
FORCES = {"mixed": 1e-4, "double": 1e-5}
"""Largest errors of forces, over the largest force: float32, and steps of 2^-32 of the box."""


def liquid(model, n, tau=2.0):
    """Return a configuration that has moved away from a packing."""
    particles = MolecularDynamics(random_packing(model, n, seed=1), model, seed=2)
    particles.run(tau)
    return particles.configuration.replace(positions=particles.configuration.wrapped)


@pytest.fixture(scope="module", params=MODELS)
def model(request):
    return MODELS[request.param]


@pytest.fixture(scope="module")
def ka():
    return liquid(KA, 600)


def accelerations(particles):
    """Return accelerations (N, 3), from velocities a moment later."""
    before, moment = particles.velocities, 1e-3 * particles._time_step
    particles.run(moment)
    return (particles.velocities - before) / moment


def check_forces(start, model):
    masses = np.asarray(model.masses)[start.species][:, None]
    forces = cb.potentials.forces(start, model)
    virial = -np.trace(cb.potentials.stress(start, model)) / 3
    for precision, error in FORCES.items():
        particles = MolecularDynamics(start, model, seed=3, precision=precision)
        ideal = (masses * particles.velocities**2).sum() / 3 / start.box.volume
        assert particles.energy * len(start) == pytest.approx(
            cb.potentials.energy(start, model), rel=1e-6, abs=1e-9
        )
        assert particles.pressure - ideal == pytest.approx(virial, rel=1e-6)
        assert particles.temperature == pytest.approx(model.temperature)
        np.testing.assert_allclose(
            masses * accelerations(particles), forces, atol=error * np.abs(forces).max()
        )


@pytest.mark.parametrize("n", [32, 200, 900])
def test_energy_pressure_and_forces_are_those_of_potentials(model, n):
    check_forces(liquid(model, n), model)


BOXES = {
    "long": np.diag([1.0, 2.0, 0.5]),
    "along -x and -y": np.diag([-0.8, -1.25, 1.0]),
    "sheared": [[1, 0, 0], [0.3, 1, 0], [0.1, -0.2, 1]],
    "tilted by more than an edge": [[1, 0, 0], [1.4, 1, 0], [-0.2, 0.3, 1]],
    "rotated": [[0.36, 0.48, -0.8], [-0.8, 0.6, 0.0], [0.48, 0.64, 0.6]],
}


@pytest.mark.parametrize("n", [32, 400, 1500])
@pytest.mark.parametrize("box", BOXES)
def test_boxes_of_any_shape(box, n):
    cubic = random_packing(KA, n, seed=1)
    matrix = np.array(BOXES[box]) * cubic.box.lengths[0]
    positions = cubic.positions @ cubic.box.inverse @ matrix
    start = cb.states.inherent_state(
        cubic.replace(positions=positions, box=cb.Box(matrix)),
        cb.harmonic_spheres(number_density=KA.number_density),
        force_tolerance=0.1,
    ).configuration
    check_forces(start, KA)


def test_a_droplet_in_a_long_box(ka):
    """Positions are whole numbers of steps, the longer the longer the box."""
    positions, edge = ka.positions, ka.box.lengths[0]
    box = cb.Box([[2 * edge, 0, 0], [0, 2 * edge, 0], [30.0, 0, 9000.0]])
    start = ka.replace(positions=positions, images=None, box=box)
    forces = cb.potentials.forces(start, KA)
    masses = np.asarray(KA.masses)[start.species][:, None]
    found = masses * accelerations(MolecularDynamics(start, KA, seed=3))
    np.testing.assert_allclose(found, forces, atol=FORCES["mixed"] * np.abs(forces).max())


@pytest.mark.parametrize(
    "name", ["kob_andersen", "wahnstrom", "harmonic_spheres", "tabulated", "fene_polymer"]
)
def test_follows_the_slow_twin(name):
    model, n_steps = MODELS[name], 12
    start = random_packing(model, 32, seed=1)
    masses = np.asarray(model.masses)[start.species]
    start = start.replace(velocities=thermal_velocities(masses, model.temperature, seed=3))
    time_step = time_step_of(model)
    positions, velocities = naive_run(start, model, time_step, n_steps)
    for precision, error in {"mixed": 1e-5, "double": 1e-7}.items():
        particles = MolecularDynamics(start, model, precision=precision)
        for steps in (5, 0, 7):
            particles.run(steps * time_step)
        assert particles.steps == n_steps
        np.testing.assert_allclose(particles.positions, positions, atol=0.1 * error)
        np.testing.assert_allclose(particles.velocities, velocities, atol=error)


def test_smooth_potentials_keep_their_energy_as_the_square_of_the_time_step():
    model = MODELS["kob_andersen_smoothed"]
    start = liquid(model, 300)

    def fluctuation(time_step):
        particles = MolecularDynamics(start, model, seed=3, time_step=time_step)
        energies = []
        for _ in range(100):
            particles.run(0.02)
            energies.append(particles.energy + 1.5 * 299 / 300 * particles.temperature)
        return np.std(energies)

    assert fluctuation(0.004) / fluctuation(0.002) == pytest.approx(4, rel=0.3)


@pytest.mark.parametrize("name", ["kob_andersen", "harmonic_spheres", "fene_polymer"])
def test_stops_do_not_change_a_bit(name):
    """Where a run stops, and what is read there, leaves no trace."""
    model = MODELS[name]
    start = liquid(model, 300)
    tau = 100 * time_step_of(model)
    whole, parts = (MolecularDynamics(start, model, seed=3) for _ in range(2))
    whole.run(3.0123 * tau)
    for time in (0.01, 0.0333, 0.5, 0.50001, 2.0, 3.0123):
        parts.run(time * tau - parts.time)
        assert np.isfinite([*parts.positions.ravel(), parts.energy, parts.pressure]).all()
    for name in ("_particles", "_lines"):
        one, other = (getattr(particles._system, name) for particles in (whole, parts))
        for array, same in zip(one, other, strict=True):
            np.testing.assert_array_equal(array, same)
    np.testing.assert_allclose(parts.positions, whole.positions, rtol=0, atol=1e-13)


def test_energy_is_conserved_in_the_cold():
    """Sums of pairs in single precision would be off by more than kT."""
    model = cb.harmonic_spheres(temperature=1e-9)
    start = cb.states.inherent_state(random_packing(model, 300, seed=1), model).configuration
    particles = MolecularDynamics(start, model, seed=2)
    particles.run(100.0)
    assert 0.3 < particles.temperature / model.temperature < 0.7  # half is potential energy


def test_small_room_for_rows_changes_no_bit(ka, monkeypatch):
    """Rows that outgrow their room are made again in a larger one."""
    ample = MolecularDynamics(ka, KA, seed=3)
    ample.run(0.5)
    monkeypatch.setattr(system, "ROOM", 0.01)
    scant = MolecularDynamics(ka, KA, seed=3)
    scant.run(0.5)
    np.testing.assert_array_equal(scant.positions, ample.positions)
    np.testing.assert_array_equal(scant.velocities, ample.velocities)


@pytest.mark.parametrize("n", [5, 600])
def test_rows_from_memory_give_the_same_forces(ka, n):
    """Rows of many particles do not stay in the cache, and are asked for early."""
    start = ka if n == len(ka) else liquid(KA, n, tau=0.5)
    particles = MolecularDynamics(start, KA, seed=3)
    cached = accelerations(particles)
    particles = MolecularDynamics(start, KA, seed=3)
    particles._system._clock.counts[ENTRIES] = CACHED + 1
    particles._system._particles.f[:] = np.nan
    kernel.compute_forces(particles._system._state(), particles._system._form)
    np.testing.assert_array_equal(accelerations(particles), cached)


PROGRAM = """
import sys
import cagebreak as cb
from cagebreak.simulation.molecular_dynamics import MolecularDynamics
model = getattr(cb, sys.argv[3])(temperature=1.0)
particles = MolecularDynamics(cb.read(sys.argv[1]), model, seed=7, precision="double")
particles.run(float(sys.argv[2]))
print(particles.positions.tobytes().hex())
"""


def in_another_process(path, duration, model, **environment):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, path, str(duration), model.name],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        check=True,
    )
    return np.frombuffer(bytes.fromhex(done.stdout.strip())).reshape(-1, 3)


@pytest.mark.skipif("sys.platform != 'linux'", reason="names a processor of Linux")
@pytest.mark.parametrize("model", [KA, cb.fene_polymer(temperature=1.0)], ids=["ka", "chains"])
def test_a_plain_processor_gives_the_same_but_for_rounding(model, tmp_path):
    """One with neither AVX2 nor fused products, which Numba compiles for by name."""
    start = liquid(model, 600)
    cb.write(tmp_path / "start.h5", start)
    particles = MolecularDynamics(start, model, seed=7, precision="double")
    particles.run(0.3)
    there = in_another_process(
        tmp_path / "start.h5", 0.3, model, NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES=""
    )
    np.testing.assert_allclose(there, particles.positions, rtol=0, atol=1e-10)


def test_a_gas_of_two_meets_across_the_box():
    model = replace(MODELS["one species"], number_density=0.01)
    start = cb.Configuration(
        [[3.2, 5, 5], [16.8, 5, 5]], [0, 0], 20.0, velocities=[[-1.0, 0, 0], [1.0, 0, 0]]
    )
    particles = MolecularDynamics(start, model)
    particles.run(6.0)
    np.testing.assert_allclose(particles.velocities, -start.velocities, rtol=0.02, atol=1e-6)


def test_an_absurd_time_step_is_one_clear_error(ka):
    with pytest.raises(SimulationError, match=r"step of 0.1 tau is too long, or particles ove"):
        MolecularDynamics(ka, KA, seed=3, time_step=0.1).run(50.0)
    with pytest.raises(SimulationError, match="kob_andersen: energy is not conserved"):
        MolecularDynamics(ka, KA, seed=3, time_step=0.016).run(1000.0)
    with pytest.raises(SimulationError, match="particles are lost"):
        MolecularDynamics(ka, KA, seed=3, time_step=1e6).run(1e8)


def test_particles_too_near_for_their_table_are_an_error():
    model = MODELS["tabulated"]
    start = cb.Configuration(
        [[4.0, 5, 5], [6.0, 5, 5]], [0, 0], 10.0, velocities=[[80.0, 0, 0], [-80.0, 0, 0]]
    )
    with pytest.raises(SimulationError, match="or are nearer than their table begins"):
        MolecularDynamics(start, model, time_step=1e-4).run(0.2)
    near = start.replace(positions=[[5.0, 5, 5], [5.5, 5, 5]])
    with pytest.raises(ConfigurationError, match="particles 0 and 1 apart"):
        MolecularDynamics(near, model)


def test_bad_arguments_are_named(ka):
    with pytest.raises(InputError, match="seed: expected a seed, or a configuration with veloc"):
        MolecularDynamics(ka.replace(velocities=None), KA)
    with pytest.raises(InputError, match="noise: expected a seed of the thermostat's random numb"):
        MolecularDynamics(
            ka.replace(velocities=0 * ka.positions), KA, thermostat=Thermostat(1.0, 1.0, 1.0)
        )
    for noise in ("x", -1, 0.5):
        with pytest.raises(
            InputError, match=f"noise: expected a non-negative integer, got {noise!r}"
        ):
            MolecularDynamics(ka, KA, 1, thermostat=Thermostat(1.0, 1.0, 1.0), noise=noise)
    with pytest.raises(InputError, match=r"model: expected .*, got hard_spheres with hard_log"):
        MolecularDynamics(ka, cb.hard_spheres(), seed=1)
    with pytest.raises(InputError, match="time_step: expected a positive"):
        MolecularDynamics(ka, KA, seed=1, time_step=0.0)
    for precision in ("single", ["mixed"]):
        with pytest.raises(InputError, match=r"precision: expected one of \('mixed', 'double'\)"):
            MolecularDynamics(ka, KA, seed=1, precision=precision)
    with pytest.raises(ConfigurationError, match="species number 2"):
        MolecularDynamics(ka.replace(species=np.full(len(ka), 2)), KA, seed=1)
    with pytest.raises(ConfigurationError, match=r"of at most 10000 sigma, .* got one of 10001"):
        MolecularDynamics(ka.replace(box=cb.Box(np.diag([10.0, 10.0, 10001.0]))), KA, seed=1)
    with pytest.raises(ConfigurationError, match="got 0 and 1 at one place"):
        MolecularDynamics(ka.replace(positions=ka.positions[[0, *range(599)]]), KA, seed=1)
    with pytest.raises(InputError, match="duration"):
        MolecularDynamics(ka, KA, seed=1).run(-1.0)
