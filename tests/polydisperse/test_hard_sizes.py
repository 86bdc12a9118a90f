"""Hard spheres with a diameter each: pressure, swaps, and the binary mixture of two sizes."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.configuration import Configuration
from cagebreak.errors import ConfigurationError, ConfigurationWarning
from cagebreak.models import Sizes
from cagebreak.neighbors import neighbor_table
from cagebreak.simulation.hard_spheres import EventDriven
from cagebreak.simulation.preparation import Step
from cagebreak.simulation.swaps import swap_diameters, swapping_collisions
from cagebreak.states import CageSampler
from naive import polydisperse as naive

MODEL = cb.polydisperse_hard_spheres(0.45)


@pytest.fixture(scope="module")
def fluid():
    return cb.equilibrate(MODEL, 400, 20.0, seed=1)


def bmcsl(configuration):
    """Return the pressure of Mansoori, Carnahan, Starling and Leland 1971, in kT / sigma^3."""
    volume = configuration.box.volume
    xi = [np.pi / 6 * (configuration.diameters**n).sum() / volume for n in range(4)]
    empty = 1 - xi[3]
    z = 1 / empty + 3 * xi[1] * xi[2] / (xi[0] * empty**2)
    z += xi[2] ** 3 * (3 - xi[3]) / (xi[0] * empty**3)
    return z * len(configuration) / volume


def two_sizes():
    """Return a mixture of hard spheres, and the same with a diameter for each sphere."""
    by_species = cb.hard_spheres(0.5)
    one = ((1.0,),)
    by_particle = replace(
        by_species,
        pair=replace(by_species.pair, epsilon=one, sigma=one),
        diameters=(1.0,),
        masses=(1.0,),
        composition=(1.0,),
        sizes=Sizes(0.85, 1.0, 3.0),
    )
    mixture = cb.equilibrate(by_species, 120, 5.0, seed=3)
    diameters = np.where(mixture.species == 0, 1.0, 0.85)
    own = mixture.replace(species=np.zeros(120, int), diameters=diameters)
    return mixture, by_species, own, by_particle


def test_spheres_grow_to_their_own_sizes(fluid):
    np.testing.assert_array_equal(np.sort(fluid.diameters), MODEL.sizes.quantiles(400))
    assert MODEL.packing_fraction == pytest.approx(0.45)
    filled = np.pi / 6 * (fluid.diameters**3).sum() / fluid.box.volume
    assert filled == pytest.approx(0.45, abs=1e-12)
    assert not naive.overlap(fluid)
    # Berthier, Coslovich, Ninarello and Ozawa 2016: a standard deviation of 23 %.
    assert fluid.diameters.std() == pytest.approx(0.23, abs=0.005)


def test_the_pressure_is_that_of_the_equation_of_state(fluid):
    spheres = EventDriven(fluid, MODEL)
    spheres.run(100.0)
    assert spheres.pressure == pytest.approx(bmcsl(fluid), rel=0.01)
    assert not naive.overlap(spheres.configuration.replace(diameters=fluid.diameters * (1 - 1e-9)))
    energy = 0.5 * (spheres.velocities**2).sum()
    assert energy == pytest.approx(1.5 * 399, rel=1e-9)


def test_swaps_keep_pressure_energy_and_sizes(fluid):
    end, means = swapping_collisions(fluid, MODEL, 100.0, 5.0, seed=2)
    assert means["pressure"] == pytest.approx(bmcsl(fluid), rel=0.01)
    assert means["temperature"] == pytest.approx(1, rel=1e-9)
    np.testing.assert_array_equal(np.sort(end.diameters), np.sort(fluid.diameters))
    assert (end.diameters != fluid.diameters).mean() > 0.9


def test_of_two_sizes_all_is_that_of_the_binary_mixture():
    mixture, by_species, own, by_particle = two_sizes()
    runs = [EventDriven(mixture, by_species), EventDriven(own, by_particle)]
    for run in runs:
        run.run(0.5)
    assert runs[0].collisions == runs[1].collisions > 1000
    np.testing.assert_allclose(runs[1].positions, runs[0].positions, atol=1e-8)
    assert runs[1].pressure == pytest.approx(runs[0].pressure, rel=1e-9)
    for name in ("energies", "forces", "laplacians"):
        function = getattr(cb.potentials, name)
        np.testing.assert_allclose(
            function(own, by_particle), function(mixture, by_species), rtol=1e-10, atol=1e-10
        )
    samplers = [CageSampler(own, by_particle, seed=1), CageSampler(mixture, by_species, seed=1)]
    for sampler in samplers:
        sampler.run(20)
    np.testing.assert_allclose(samplers[0].positions, samplers[1].positions, atol=1e-9)
    states = [cb.inherent_state(own, by_particle), cb.inherent_state(mixture, by_species)]
    assert states[0].energy == pytest.approx(states[1].energy, rel=1e-6)


@pytest.mark.parametrize(("n", "scale", "n_orders"), [(2, 0.95, 2), (3, 0.95, 4), (4, 1.03, 7)])
def test_all_orders_without_overlap_are_equally_likely(n, scale, n_orders):
    places = np.array([[1.0, 1, 1], [2.05, 1, 1], [1.5, 1.95, 1], [2.6, 1.8, 1.6]])[:n] * scale
    diameters = np.array([0.75, 0.9, 1.1, 1.3])[:n]
    orders = [
        order
        for order in permutations(diameters)
        if not naive.overlap(Configuration(places, [0] * n, 5.0, diameters=order))
    ]
    assert len(orders) == n_orders
    counts = np.zeros(len(orders))
    current = Configuration(places, [0] * n, 5.0, diameters=orders[0])
    n_samples = 3000
    for k in range(n_samples):
        current, _ = swap_diameters(current, MODEL, 20, seed=k)
        counts[orders.index(tuple(current.diameters))] += 1
    share = 1 / len(orders)
    # Samples twenty attempts apart are nearly independent.
    error = np.sqrt(share * (1 - share) / n_samples)
    assert (np.abs(counts / n_samples - share) < 5 * error + 1e-3).all()


def test_a_sphere_does_not_outgrow_its_own_image():
    places = np.array([[0.5, 0.5, 0.5], [1.2, 1.2, 1.2]])
    narrow = Configuration(places, [0, 0], [1.4, 4.0, 4.0], diameters=[1.0, 1.39])
    assert swap_diameters(narrow, MODEL, 50, seed=1)[1] > 0
    tight = Configuration(places * 2, [0, 0], [1.2, 4.0, 4.0], diameters=[1.0, 0.9])
    assert swap_diameters(tight, MODEL, 50, seed=1)[1] > 0


def test_preparations_swap_and_overlaps_are_refused(fluid):
    prepared = cb.equilibrate(MODEL, 100, steps=[Step("NVE", 3.0, swaps=5.0)], seed=1)
    again = cb.equilibrate(MODEL, 100, steps=[Step("NVE", 3.0, swaps=5.0)], seed=1)
    assert prepared == again
    assert not naive.overlap(prepared.replace(diameters=prepared.diameters * (1 - 1e-9)))
    with pytest.raises(ConfigurationError, match="overlap, at"):
        swap_diameters(fluid.replace(diameters=fluid.diameters * 1.1), MODEL, 1, seed=1)


def test_radii_in_place_of_diameters_are_refused(fluid):
    """The number density alone is that of the model."""
    radii = fluid.replace(diameters=fluid.diameters / 2)
    message = r"diameters: expected a mean of about 1 sigma, .* got 0\.5; radii"
    with pytest.raises(ConfigurationError, match=message):
        cb.check(radii, MODEL)
    with pytest.warns(ConfigurationWarning, match=message):
        cb.inherent_state(radii, MODEL)


def test_diameters_that_the_model_does_not_have_are_said(fluid):
    smaller = fluid.replace(diameters=0.9 * fluid.diameters)
    with pytest.warns(ConfigurationWarning, match=r"diameters: they are 0\.65.* to 1\.4.*0\.72"):
        cb.check(smaller, MODEL)


def test_species_that_the_model_does_not_have_are_refused(fluid):
    two = fluid.replace(species=np.arange(len(fluid)) % 2)
    for state in (cb.inherent_state, lambda *arguments: CageSampler(*arguments, seed=1)):
        with pytest.raises(ConfigurationError, match="species: expected A, as in the model"):
            state(two, MODEL)


def test_the_closest_pair_is_that_in_its_own_contact_distances(fluid):
    """Two small spheres are nearer than two large ones, and do not overlap."""
    table = neighbor_table(fluid, 2.0)
    i, j = table.pairs.T
    ratios = table.distances / ((fluid.diameters[i] + fluid.diameters[j]) / 2)
    assert cb.check(fluid, MODEL).closest == pytest.approx(ratios.min())
    assert ratios.min() >= 1
