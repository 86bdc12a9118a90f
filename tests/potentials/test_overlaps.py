"""Overlaps of rounding: repaired within the rounding, and refused beyond, by all alike."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak import potentials
from cagebreak.errors import ConfigurationError, ConfigurationWarning
from cagebreak.potentials.overlaps import CLEARANCE, rounding, separated
from cagebreak.simulation.hard_spheres import EventDriven
from cagebreak.states.cage_sampler import CageSampler

MODEL = cb.hard_spheres(0.5)


def as_written(configuration, form):
    positions = [[float(form % x) for x in row] for row in configuration.wrapped.tolist()]
    return configuration.replace(positions=positions)


@pytest.fixture(scope="module")
def touching():
    """A liquid in which some spheres are in contact, to 1e-9."""
    configuration = cb.equilibrate(MODEL, 300, 2.0, seed=1)
    configuration = configuration.replace(positions=configuration.wrapped, velocities=None)
    positions = configuration.positions.copy()
    for i in (5, 90, 200):
        vectors = configuration.box.minimum_image(positions - positions[i])
        contacts = np.array(MODEL.pair.sigma)[configuration.species[i], configuration.species]
        gaps = np.linalg.norm(vectors, axis=1) - contacts
        gaps[i] = np.inf
        j = int(gaps.argmin())
        positions[i] += vectors[j] / np.linalg.norm(vectors[j]) * (gaps[j] - 1e-9)
    return configuration.replace(positions=positions)


def deepest(configuration, model):
    table = cb.neighbors.neighbor_table(configuration, 1.0)
    i = np.repeat(np.arange(len(configuration)), np.diff(table.offsets))
    contact = np.array(model.pair.sigma)[
        configuration.species[i], configuration.species[table.neighbors]
    ]
    return float((contact - np.linalg.norm(table.vectors, axis=1)).max())


def test_six_digits_are_repaired_within_their_rounding(touching):
    repaired = 0
    for seed in range(20):
        shift = np.random.default_rng(seed).random(3) * 10
        rounded = as_written(touching.replace(positions=touching.positions + shift), "%.6g")
        if deepest(rounded, MODEL) < 0:
            assert separated(rounded, MODEL, least=0.0) is rounded
            continue
        with pytest.warns(ConfigurationWarning, match="as after rounding to six digits"):
            apart = separated(rounded, MODEL, least=0.0)
        moved = np.linalg.norm(apart.positions - rounded.positions, axis=1)
        assert deepest(apart, MODEL) < 0
        assert moved.max() < np.sqrt(3) * rounding(rounded) + CLEARANCE
        # All spheres that overlap with none stay where they are, to the bit.
        assert np.count_nonzero(moved) <= 12
        repaired += 1
    assert repaired > 5


def test_all_states_and_the_simulation_take_six_digits(touching):
    shifts = (np.random.default_rng(seed).random(3) * 10 for seed in range(100))
    moved = (touching.replace(positions=touching.positions + shift) for shift in shifts)
    rounded = next(c for c in (as_written(m, "%.6g") for m in moved) if deepest(c, MODEL) > 1e-8)
    for function in (
        lambda c: cb.inherent_state(c, MODEL, force_tolerance=1.0).energy,
        lambda c: CageSampler(c, MODEL, seed=1).run(5),
        lambda c: EventDriven(c, MODEL, seed=1).run(0.1),
        lambda c: potentials.energy(c, MODEL),
        lambda c: potentials.stress(c, MODEL),
    ):
        with pytest.warns(ConfigurationWarning, match="rounding to six digits"):
            function(rounded)


def test_coarser_rounding_is_refused_by_all_as_missing_digits(touching):
    rounded = as_written(touching, "%.2f")
    assert deepest(rounded, MODEL) > 2e-3
    for function in (
        lambda c: cb.inherent_state(c, MODEL),
        lambda c: CageSampler(c, MODEL, seed=1),
        lambda c: EventDriven(c, MODEL, seed=1),
        lambda c: potentials.energy(c, MODEL),
    ):
        with pytest.raises(ConfigurationError, match=r"digits are missing: .* 2 decimals"):
            function(rounded)


def test_other_overlaps_are_not_blamed_on_digits(touching):
    smaller = touching.replace(positions=touching.positions * 0.98, box=touching.box.matrix * 0.98)
    with pytest.raises(ConfigurationError, match="wrong box, units or species"):
        separated(smaller, MODEL)


def test_contacts_of_double_precision_are_no_overlaps(touching):
    spheres = EventDriven(touching, MODEL, seed=2)
    spheres.run(0.5)
    end = spheres.configuration
    assert separated(end, MODEL) is end
