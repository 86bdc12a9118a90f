import dataclasses
import pickle

import numpy as np
import pytest

import cagebreak as cb
from cagebreak import models
from cagebreak.errors import InputError
from support.table_models import tabulated

MIXTURES = [
    models.harmonic_spheres,
    models.kob_andersen,
    models.kob_andersen_smoothed,
    models.wahnstrom,
]
ALL = [
    models.hard_spheres,
    *MIXTURES,
    models.fene_polymer,
    tabulated,
]


@pytest.mark.parametrize("function", ALL)
def test_models_are_values(function):
    model = function()
    assert model.name == function.__name__
    assert model == function()
    assert hash(model) == hash(function())
    assert pickle.loads(pickle.dumps(model)) == model
    assert sum(model.composition) == pytest.approx(1)
    assert {name for name, _ in model.units} == {"sigma", "eps", "m", "tau"}


@pytest.mark.parametrize("function", ALL)
def test_pair_matrices_are_symmetric_with_the_diameters_on_the_diagonal(function):
    pair = function().pair
    sigma, epsilon = np.array(pair.sigma), np.array(pair.epsilon)
    np.testing.assert_array_equal(sigma, sigma.T)
    np.testing.assert_array_equal(epsilon, epsilon.T)
    np.testing.assert_array_equal(np.diag(sigma), function().diameters)
    assert pair.inner_cutoff <= pair.cutoff


def test_state_points_of_the_papers():
    # Alkemade 2023, section II A.
    harmonic = models.harmonic_spheres()
    assert (harmonic.number_density, harmonic.temperature) == (0.82, 0.0045)
    assert harmonic.pair.sigma == ((1, 1.2), (1.2, 1.4))
    assert harmonic.composition == (0.5, 0.5)
    ka = models.kob_andersen()
    assert (ka.number_density, ka.temperature) == (1.203, 0.44)
    assert ka.composition == (0.8, pytest.approx(0.2))
    assert ka.pair.epsilon == ((1, 1.5), (1.5, 0.5))
    assert ka.pair.sigma == ((1, 0.8), (0.8, 0.88))
    # Rottler and Ortner 2024.
    smoothed = models.kob_andersen_smoothed()
    assert (smoothed.number_density, smoothed.temperature) == (1.2, 0.44)
    assert (smoothed.pair.inner_cutoff, smoothed.pair.cutoff) == (2.2, 2.5)
    assert smoothed.pair.sigma == ka.pair.sigma
    wahnstrom = models.wahnstrom()
    assert (wahnstrom.number_density, wahnstrom.temperature) == (1.3, 0.58)
    np.testing.assert_allclose(wahnstrom.pair.sigma, [[1, 11 / 12], [11 / 12, 5 / 6]])
    assert wahnstrom.masses[0] == 2 * wahnstrom.masses[1]
    polymer = models.fene_polymer()
    assert (polymer.number_density, polymer.temperature) == (1.04, 0.47)
    assert polymer.pair.cutoff == 2.25
    assert polymer.chain_length == 20
    # Kremer and Grest 1990.
    assert (polymer.bonds.stiffness, polymer.bonds.extent) == (30, 1.5)


@pytest.mark.parametrize("function", [*MIXTURES, models.fene_polymer])
@pytest.mark.parametrize("n", [1, 7, 1000])
def test_boxes_have_the_number_density_exactly(function, n):
    model = function()
    assert n / model.box(n).volume == pytest.approx(model.number_density, rel=1e-14)


def test_the_box_of_hard_spheres_has_the_packing_fraction():
    model = models.hard_spheres(0.58)
    cubes = (np.array(model.diameters)[model.species(7)] ** 3).sum()
    assert np.pi / 6 * cubes / model.box(7).volume == pytest.approx(0.58, rel=1e-14)
    # To the bit what it was before other models came: studies go on with their configurations.
    assert model.box(2000).lengths[0] == 10.963574787700887


@pytest.mark.parametrize("function", [models.hard_spheres, *MIXTURES])
def test_a_single_species(function):
    model = function(composition=1)
    assert model.n_species == 1
    assert model.pair.sigma == ((1.0,),)
    assert model.pair.epsilon == ((1.0,),)
    assert model.species(5).tolist() == [0] * 5


@pytest.mark.parametrize("function", MIXTURES)
@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("temperature", 0),
        ("temperature", -1.0),
        ("temperature", float("nan")),
        ("number_density", 0),
        ("number_density", 1e9),
        ("composition", 0),
        ("composition", 1.1),
    ],
)
def test_state_points_that_cannot_be_are_refused(function, parameter, value):
    with pytest.raises(InputError, match=parameter):
        function(**{parameter: value})


def test_size_ratio_is_checked():
    with pytest.raises(InputError, match="size_ratio"):
        models.harmonic_spheres(size_ratio=20)
    with pytest.raises(InputError, match="size_ratio"):
        cb.hard_spheres(size_ratio=1.4)


def test_models_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        models.kob_andersen().pair.cutoff = 3
