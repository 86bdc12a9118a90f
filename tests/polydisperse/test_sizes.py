"""Particles with a diameter each: configurations, energies, states and dynamics."""

from dataclasses import replace

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.configuration import Configuration
from cagebreak.descriptors.caged.cage_average import CageScalars
from cagebreak.errors import ConfigurationError, ConfigurationWarning, InputError
from cagebreak.models import Sizes
from cagebreak.potentials.pair_potentials import energies_forces_laplacians
from cagebreak.simulation import lammps
from cagebreak.simulation.molecular_dynamics import MolecularDynamics
from cagebreak.states import CageSampler
from naive import polydisperse as naive

MODELS = {"spheres": cb.soft_spheres(0.2), "discs": cb.soft_discs(0.25)}


@pytest.fixture(scope="module", params=MODELS)
def liquid(request):
    model = MODELS[request.param]
    return cb.equilibrate(model, 125, 2.0, seed=1), model


def binary():
    """Return a mixture of harmonic spheres, and the same with a diameter for each particle."""
    by_species = cb.harmonic_spheres(0.01)
    pair = replace(by_species.pair, epsilon=((1.0,),), sigma=((1.0,),))
    by_particle = replace(
        by_species,
        pair=pair,
        diameters=(1.0,),
        masses=(1.0,),
        composition=(1.0,),
        sizes=Sizes(1.0, 1.4, 3.0),
    )
    mixture = cb.equilibrate(by_species, 120, 2.0, seed=3)
    diameters = np.where(mixture.species == 0, 1.0, 1.4)
    own = mixture.replace(species=np.zeros(120, int), diameters=diameters)
    return mixture, by_species, own, by_particle


def test_quantiles_have_the_distribution():
    sizes = cb.soft_spheres().sizes
    diameters = sizes.quantiles(100_000)
    assert diameters.mean() == pytest.approx(1, abs=1e-6)
    # Ninarello, Berthier and Coslovich 2017: a standard deviation of 23 %.
    assert diameters.std() == pytest.approx(0.23, abs=0.005)
    assert diameters.max() / diameters.min() == pytest.approx(2.219, abs=1e-3)
    small, large = sizes.smallest**-2, sizes.largest**-2
    assert (diameters < 1).mean() == pytest.approx((small - 1) / (small - large), abs=1e-4)
    flat, log = Sizes(1.0, 2.0, 0.0).quantiles(1000), Sizes(1.0, 4.0, 1.0).quantiles(1000)
    assert flat.mean() == pytest.approx(1.5)
    assert np.log(log).mean() == pytest.approx(np.log(2))


def test_configurations_carry_diameters(tmp_path):
    points = np.random.default_rng(1).random((5, 3)) * 4
    some = Configuration(points, [0] * 5, 4.0, diameters=[1, 2, 3, 4, 5])
    assert some[[1, 3]].diameters.tolist() == [2, 4]
    assert some != some.replace(diameters=None)
    assert "diameters" in some._repr_html_()
    cb.write(tmp_path / "c.h5", some)
    assert cb.read(tmp_path / "c.h5") == some


@pytest.mark.parametrize("wrong", [[1, 2], [1, 1, 1, 1, 0], [1, 1, 1, 1, np.nan]])
def test_diameters_are_positive_and_one_each(wrong):
    with pytest.raises(ConfigurationError, match="diameters"):
        Configuration(np.eye(5, 3), [0] * 5, 4.0, diameters=wrong)


def test_the_energy_equals_its_twin(liquid):
    configuration, model = liquid
    expected = naive.energy(configuration, model)
    assert cb.potentials.energy(configuration, model) == pytest.approx(expected, rel=1e-10)


def test_forces_are_derivatives_of_the_energy(liquid):
    configuration, model = liquid
    sums, h = energies_forces_laplacians(configuration, model), 1e-5
    for i in (0, 60):
        trace, here = 0.0, cb.potentials.energy(configuration, model)
        for axis in range(configuration.dimension):
            energies = []
            for sign in (1, -1):
                positions = configuration.positions.copy()
                positions[i, axis] += sign * h
                moved = configuration.replace(positions=positions)
                energies.append(cb.potentials.energy(moved, model))
            slope = (energies[1] - energies[0]) / (2 * h)
            assert sums.forces[i, axis] == pytest.approx(slope, rel=1e-5, abs=1e-5)
            trace += (sum(energies) - 2 * here) / h**2
        assert sums.laplacians[i] == pytest.approx(trace, rel=1e-2)


def test_two_sizes_are_the_binary_mixture():
    mixture, by_species, own, by_particle = binary()
    for name in ("energies", "forces", "laplacians", "stress"):
        function = getattr(cb.potentials, name)
        np.testing.assert_allclose(
            function(own, by_particle), function(mixture, by_species), rtol=1e-12, atol=1e-14
        )
    states = [cb.inherent_state(own, by_particle), cb.inherent_state(mixture, by_species)]
    assert states[0].energy == pytest.approx(states[1].energy, rel=1e-6)


def test_cages_of_two_sizes_are_those_of_the_binary_mixture():
    mixture, by_species, own, by_particle = binary()
    # The same trials are accepted, until rounding decides one.
    samplers = [CageSampler(own, by_particle, seed=1), CageSampler(mixture, by_species, seed=1)]
    for sampler in samplers:
        sampler.run(50)
    np.testing.assert_allclose(samplers[0].positions, samplers[1].positions, atol=1e-7)
    cages = [replace(sampler.state(), samples=sampler.positions[None]) for sampler in samplers]
    models = by_particle, by_species
    scalars = [CageScalars(m).compute(c).values for c, m in zip(cages, models, strict=True)]
    np.testing.assert_allclose(*scalars, rtol=1e-9, atol=1e-12)


def test_dynamics_conserve_energy_and_feel_the_forces(liquid):
    configuration, model = liquid
    run = MolecularDynamics(configuration, model, precision="double")
    before = run.velocities.copy()
    run.run(1e-3)  # within a step velocities change by the forces at its beginning
    force = (run.velocities - before) / 1e-3
    np.testing.assert_allclose(force, cb.potentials.forces(configuration, model), atol=1e-4)
    run = MolecularDynamics(configuration, model, precision="double")
    energy = [run.energy * 125 + 0.5 * (run.velocities**2).sum()]
    run.run(5.0)
    energy.append(run.energy * 125 + 0.5 * (run.velocities**2).sum())
    assert energy[1] == pytest.approx(energy[0], abs=1e-3 * 125 * model.temperature)
    mixed = MolecularDynamics(configuration, model)
    double = MolecularDynamics(configuration, model, precision="double")
    for each in (mixed, double):
        each.run(0.5)
    np.testing.assert_allclose(mixed.positions, double.positions, atol=1e-4)
    expected = cb.potentials.energy(mixed.configuration, model) / 125
    assert mixed.energy == pytest.approx(expected, rel=1e-4)


def test_inherent_states_are_minima(liquid):
    configuration, model = liquid
    state = cb.inherent_state(configuration, model, force_tolerance=1e-5)
    assert state.energy < cb.potentials.energy(configuration, model) / 125
    forces = cb.potentials.forces(state.configuration, model)
    assert np.linalg.norm(forces, axis=1).max() <= 1e-5


def test_propensity_of_own_sizes(liquid):
    configuration, model = liquid
    assert np.isfinite(cb.propensity(configuration, model, [0.1], 2, 1).mean).all()


def test_what_is_not_made_for_own_sizes_says_so():
    *_, own, by_particle = binary()
    for made in (lammps.engine.MolecularDynamics, MolecularDynamics):
        with pytest.raises(InputError, match="expected one whose species have diameters, for"):
            made(own, by_particle, seed=1)


def test_models_and_configurations_have_to_agree(liquid):
    configuration, model = liquid
    with pytest.raises(ConfigurationError, match="diameters: expected one of each particle"):
        cb.potentials.energy(configuration.replace(diameters=None), model)
    far = np.linspace(1.0, 6.5, len(configuration))  # a contact distance of theirs is negative
    with pytest.raises(ConfigurationError, match=r"differ by less than 5 sigma, .* got 1 to 6\.5"):
        cb.potentials.energy(configuration.replace(diameters=far), model)
    mixture, by_species, *_ = binary()
    with pytest.warns(ConfigurationWarning, match="they are not used, since harmonic_spheres"):
        cb.potentials.energy(mixture.replace(diameters=np.ones(120)), by_species)
