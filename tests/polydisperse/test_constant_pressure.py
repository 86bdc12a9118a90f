"""Constant pressure of particles with a diameter each: radii of a box that changes."""

from dataclasses import replace

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.models import Sizes
from cagebreak.simulation import preparation
from cagebreak.simulation.molecular_dynamics import MolecularDynamics
from cagebreak.simulation.packing import random_packing
from cagebreak.simulation.preparation import Step
from cagebreak.simulation.thermostat import Thermostat
from naive import polydisperse as naive

MODELS = {"spheres": cb.soft_spheres(0.2), "discs": cb.soft_discs(0.25)}
TWO = np.array([0.8, 1.3])


def two_sizes(model):
    """Return a packing with diameters of particles, and the same whose species have them."""
    sizes = Sizes(TWO[0], TWO[1], 3.0, nonadditivity=0.2)
    by_particle = replace(model, sizes=sizes)
    contacts = naive.contact(TWO[:, None], TWO, sizes.nonadditivity)
    pair = replace(model.pair, sigma=contacts.tolist(), epsilon=((1.0, 1.0), (1.0, 1.0)))
    by_species = replace(
        model,
        pair=pair,
        diameters=tuple(TWO.tolist()),
        masses=(1.0, 1.0),
        composition=(0.5, 0.5),
        sizes=None,
    )
    mixture = random_packing(by_species, 200, seed=3)
    diameters = TWO[mixture.species]
    own = mixture.replace(species=np.zeros(200, int), diameters=diameters)
    return own, by_particle, mixture, by_species


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_two_sizes_are_the_binary_mixture(model):
    own, by_particle, mixture, by_species = two_sizes(model)
    bath = Thermostat(model.temperature, model.temperature, 5.0, pressure=4.0)
    runs = [
        MolecularDynamics(c, m, 1, thermostat=bath, precision="double")
        for c, m in ((own, by_particle), (mixture, by_species))
    ]
    for _ in range(5):
        for run in runs:
            run.run(0.5)
        found, expected = runs
        np.testing.assert_allclose(found.readings, expected.readings, rtol=1e-6)
        np.testing.assert_allclose(found.positions, expected.positions, atol=1e-6)
    assert abs(found.box.volume / own.box.volume - 1) > 1e-3


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_energy_and_pressure_follow_the_box(model):
    """From a gas to a liquid: rows of neighbors are laid out anew on the way."""
    d, kT = model.dimension, model.temperature
    gas = replace(model, number_density=0.5)
    bath = Thermostat(kT, kT, 30.0, pressure=3.0)
    run = MolecularDynamics(random_packing(gas, 150, seed=1), gas, 2, thermostat=bath)
    for _ in range(30):
        run.run(1.0)
    now, end = run.readings, run.configuration
    assert end.box.volume < 0.96**d * 300
    np.testing.assert_array_equal(np.sort(end.diameters), model.sizes.quantiles(150))
    assert now.energy * 150 == pytest.approx(cb.potentials.energy(end, gas), rel=1e-6)
    stress = np.trace(cb.potentials.stress(end, gas)) / d
    kinetic = (end.velocities**2).sum() / (d * end.box.volume)
    assert now.pressure == pytest.approx(kinetic - stress, rel=1e-5)


@pytest.mark.physics
@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_the_pressure_is_that_of_the_mean_density(model):
    steps = [Step("NVT", 100.0), Step("NPT", 800.0, pressure=4.0), Step("NVT", 800.0)]
    prepared = preparation.begin(model, 200, steps, seed=3)
    for segment in preparation.segments(steps, model):
        prepared = preparation.advance(prepared, model, steps, segment, seed=3)
    history = prepared.history
    kept, fixed = (history[history.step == n][5:] for n in (1, 2))
    assert kept.pressure.mean() == pytest.approx(4.0, abs=0.06)
    assert fixed.density == pytest.approx(kept.density.mean(), rel=1e-12)
    # Standard errors are 0.014 (0.01 in twice the time, measured).
    assert fixed.pressure.mean() == pytest.approx(kept.pressure.mean(), abs=0.06)
