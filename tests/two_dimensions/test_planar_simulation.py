"""Potentials, states and simulations of models of two dimensions."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak import models
from cagebreak.configuration import Configuration
from cagebreak.errors import ConfigurationError
from cagebreak.models.mixtures import additive
from cagebreak.potentials.pair_potentials import energies_forces_laplacians
from cagebreak.simulation import lammps, preparation
from cagebreak.simulation.hard_spheres import EventDriven
from cagebreak.simulation.molecular_dynamics import MolecularDynamics
from cagebreak.simulation.preparation import Step
from cagebreak.states import CageSampler
from naive import planar as naive
from support.some_particles import scattered

SOFT = {
    "harmonic_discs": models.harmonic_discs(),
    "kob_andersen_2d": models.kob_andersen_2d(),
    "kob_andersen_2d_ternary": models.kob_andersen_2d_ternary(),
}


def fluid(model, n=100, seed=1):
    return cb.equilibrate(model, n, 1.0, seed=seed)


def even(model):
    """Return u(r) of the ternary mixture, whose polynomial solves three linear equations."""

    def u(r, a, b):
        epsilon, sigma = model.pair.epsilon[a][b], model.pair.sigma[a][b]
        c = 2.5 * sigma
        bare = 4 * epsilon * ((sigma / c) ** 12 - (sigma / c) ** 6)
        slope = 4 * epsilon * (-12 * sigma**12 / c**13 + 6 * sigma**6 / c**7)
        curvature = 4 * epsilon * (156 * sigma**12 / c**14 - 42 * sigma**6 / c**8)
        rows = [[1, c**2, c**4], [0, 2 * c, 4 * c**3], [0, 2, 12 * c**2]]
        c0, c2, c4 = np.linalg.solve(rows, [-bare, -slope, -curvature])
        return 4 * epsilon * ((sigma / r) ** 12 - (sigma / r) ** 6) + c0 + c2 * r**2 + c4 * r**4

    return u


def test_the_smoothed_energy_equals_its_twin():
    model = SOFT["kob_andersen_2d_ternary"]
    flat = fluid(model, 60)
    assert cb.potentials.energy(flat, model) == pytest.approx(
        naive.energy(flat, model, even(model))
    )


@pytest.mark.parametrize("name", SOFT)
def test_forces_and_laplacians_are_derivatives_of_the_energy(name):
    model = SOFT[name]
    flat = fluid(model, 60)
    sums, h = energies_forces_laplacians(flat, model), 1e-4
    assert not sums.forces[:, 2].any()
    for i in range(0, 60, 11):
        energies = []
        for step in ([h, 0, 0], [-h, 0, 0], [0, h, 0], [0, -h, 0], [0, 0, 0]):
            moved = flat.positions.copy()
            moved[i] += step
            energies.append(cb.potentials.energy(flat.replace(positions=moved), model))
        slope = [(energies[1] - energies[0]) / (2 * h), (energies[3] - energies[2]) / (2 * h)]
        np.testing.assert_allclose(sums.forces[i, :2], slope, rtol=1e-4, atol=1e-4)
        trace = (sum(energies[:4]) - 4 * energies[4]) / h**2
        # A harmonic disc or a cut force has no second derivative at contact, or at the cut-off.
        assert sums.laplacians[i] == pytest.approx(trace, rel=0.02, abs=0.3)


def test_a_plane_in_a_high_box_has_the_same_energies_forces_and_dynamics():
    model = SOFT["kob_andersen_2d"]
    flat = fluid(model)
    tall = Configuration(
        flat.positions, flat.species, (*flat.box.lengths[:2], 40.0), flat.velocities
    )
    solid = cb.kob_andersen(model.temperature, 0.1, 0.65)
    np.testing.assert_allclose(
        cb.potentials.forces(flat, model), cb.potentials.forces(tall, solid), atol=1e-12
    )
    runs = [
        MolecularDynamics(flat, model, precision="double"),
        MolecularDynamics(tall, solid, precision="double"),
    ]
    for run in runs:
        run.run(0.5)
    np.testing.assert_allclose(runs[0].positions, runs[1].positions, atol=1e-7)


@pytest.mark.parametrize("name", SOFT)
def test_dynamics_stay_in_the_plane_and_conserve_energy_and_momentum(name):
    model = SOFT[name]
    flat = fluid(model)
    run = MolecularDynamics(flat, model, seed=2)
    assert run.temperature == pytest.approx(model.temperature, rel=1e-6)

    def total():
        return run.energy * 100 + model.temperature * 99 * run.temperature / model.temperature

    before = total()
    run.run(5.0)
    assert not run.positions[:, 2].any()
    assert not run.velocities[:, 2].any()
    # Forces in single precision do not add up to zero exactly.
    np.testing.assert_allclose(run.velocities.sum(axis=0), 0, atol=1e-5)
    assert total() == pytest.approx(before, abs=1e-2 * model.temperature * 100)


@pytest.mark.parametrize("name", ["harmonic_discs", "kob_andersen_2d"])
def test_equals_lammps_in_two_dimensions(name):
    model = SOFT[name]
    flat = fluid(model, 200)
    ours = MolecularDynamics(flat, model, precision="double")
    theirs = lammps.engine.MolecularDynamics(flat, model)
    for run in (ours, theirs):
        run.run(0.3)
    np.testing.assert_allclose(ours.positions, theirs.positions, atol=1e-6)
    np.testing.assert_allclose(ours.readings, theirs.readings, rtol=1e-5)


def test_the_thermostat_and_the_barostat_know_the_dimension():
    model = SOFT["kob_andersen_2d"]
    steps = [Step("NVT", 20.0), Step("NPT", 40.0)]
    prepared = preparation.begin(model, 200, steps, seed=3)
    for segment in preparation.segments(steps, model):
        prepared = preparation.advance(prepared, model, steps, segment, seed=3)
    history = prepared.history
    assert prepared.configuration.dimension == 2
    assert history.temperature[5:].mean() == pytest.approx(model.temperature, rel=0.03)
    # At the mean pressure of the first step the density stays what it was.
    assert history.density[-5:].mean() == pytest.approx(model.number_density, rel=0.02)


def test_pressure_of_hard_discs_is_that_of_the_virial_series():
    # Coefficients of eta: N. Clisby and B. M. McCoy, J. Stat. Phys. 122 (2006) 15.
    eta = 0.3
    series = [1, 2, 3.12801775, 4.25785446, 5.33689664, 6.36303, 7.35186, 8.31910, 9.27215, 10.2162]
    expected = np.polynomial.polynomial.polyval(eta, series)
    model = models.hard_discs(eta, composition=1)
    discs = EventDriven(cb.equilibrate(model, 400, 20.0, seed=1), model, seed=1)
    assert discs.temperature == pytest.approx(1.0)
    discs.run(150.0)
    assert not discs.positions[:, 2].any()
    assert discs.pressure / model.number_density == pytest.approx(expected, rel=0.005)


def test_inherent_states_are_minima_in_the_plane():
    for model in (*SOFT.values(), models.hard_discs(0.7)):
        flat = fluid(model)
        state = cb.inherent_state(flat, model, force_tolerance=1e-5)
        assert not state.configuration.positions[:, 2].any()
        forces = cb.potentials.forces(state.configuration, model)
        assert np.linalg.norm(forces, axis=1).max() < 2e-5


def test_a_free_particle_fills_its_disc():
    gas = models.harmonic_discs(number_density=0.01)
    points = 10.0 * np.array([[i, j] for i in range(5) for j in range(5)]) + 1
    sampler = CageSampler(
        Configuration(points, [0] * 25, (50.0, 50.0)), gas, seed=1, cell=0.5,
        include_center_of_mass=True,
    )  # fmt: skip
    sampler.relax(1000)
    sampler.run(20000)
    state = sampler.state()
    # Uniform in a disc: <u_x^2> = R^2 / 4.
    np.testing.assert_allclose(
        state.covariance[:, :2, :2].mean(axis=0), 0.0625 * np.eye(2), atol=1e-3
    )
    assert not state.covariance[:, 2].any()
    assert not state.configuration.positions[:, 2].any()


def test_shear_goes_on_in_the_plane():
    model = SOFT["harmonic_discs"]
    states = list(cb.shear(fluid(model), model, 4e-3, step=1e-3))
    assert [state.configuration.dimension for state in states] == [2] * 5
    assert not states[-1].configuration.positions[:, 2].any()
    # Stress is the derivative of the energy by strain over the area.
    work = np.diff([s.energy for s in states]) / 1e-3 / states[0].configuration.box.volume
    stress = np.array([s.stress for s in states])
    np.testing.assert_allclose(work, (stress[1:] + stress[:-1]) / 2, rtol=0.1)


def test_propensity_of_discs_is_in_the_plane():
    model = models.hard_discs(0.6)
    moved = cb.propensity(fluid(model), model, [0.1, 1.0], 3, 1)
    assert moved.mean.shape == (2, 100)
    for displacements in cb.isoconfigurational(fluid(model), model, [0.1], 2, 1):
        assert not displacements[..., 2].any()


@pytest.mark.parametrize("model", [cb.kob_andersen(), cb.hard_spheres()])
def test_models_of_three_dimensions_refuse_a_plane(model):
    with pytest.raises(ConfigurationError, match="3 dimensions"):
        cb.inherent_state(scattered(n=12, closest=1.1), model)


def test_mixtures_and_their_densities():
    discs = models.hard_discs(0.78, 1.4)
    assert discs.packing_fraction == pytest.approx(0.78)
    assert additive((1.0, 1.4))[0][1] == pytest.approx(1.2)
    box = discs.box(50)
    radii = np.array(discs.diameters)[discs.species(50)] / 2
    assert np.pi * (radii**2).sum() / box.volume == pytest.approx(0.78)
    ternary = SOFT["kob_andersen_2d_ternary"]
    assert np.bincount(ternary.species(1290)).tolist() == [600, 330, 360]
    assert ternary.box(1290).lengths[0] == pytest.approx(32.896)
