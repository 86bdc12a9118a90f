"""Swaps of diameters: energies, detailed balance, and equilibrium."""

from itertools import permutations

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.configuration import Configuration
from cagebreak.errors import InputError
from cagebreak.simulation import preparation
from cagebreak.simulation.preparation import Step
from cagebreak.simulation.swaps import swap_diameters
from naive import polydisperse as naive

MODEL = cb.soft_spheres(0.3)


def test_an_accepted_swap_exchanges_two_diameters_and_all_are_kept():
    start = cb.equilibrate(MODEL, 100, 1.0, seed=1)
    after, accepted = swap_diameters(start, MODEL, 2000, seed=2)
    assert 0 < accepted < 2000
    np.testing.assert_array_equal(np.sort(after.diameters), np.sort(start.diameters))
    np.testing.assert_array_equal(after.positions, start.positions)
    again, _ = swap_diameters(start, MODEL, 2000, seed=2)
    assert again == after


@pytest.mark.parametrize("n", [2, 3, 4])
def test_orders_of_diameters_have_their_boltzmann_weights(n):
    # Particles at fixed places, some near each other: every order of the diameters has an energy.
    places = np.array([[1.0, 1, 1], [2.0, 1, 1], [1.4, 1.9, 1], [2.6, 1.8, 1.4]])[:n]
    diameters = np.array([0.75, 0.9, 1.1, 1.3])[:n]
    box = 5.0
    states = list(permutations(diameters))
    energies = [
        naive.energy(Configuration(places, [0] * n, box, diameters=state), MODEL)
        for state in states
    ]
    weights = np.exp(-(np.array(energies) - min(energies)) / MODEL.temperature)
    expected = weights / weights.sum()
    counts, current = (
        np.zeros(len(states)),
        Configuration(places, [0] * n, box, diameters=diameters),
    )
    n_samples = 4000
    for k in range(n_samples):
        current, _ = swap_diameters(current, MODEL, 20, seed=k)
        counts[states.index(tuple(current.diameters))] += 1
    # Samples twenty attempts apart are nearly independent.
    error = np.sqrt(expected * (1 - expected) / n_samples)
    assert (np.abs(counts / n_samples - expected) < 5 * error + 1e-3).all()


def test_in_a_small_box_images_count():
    # A box in which a particle sees images of itself, whose size changes as well.
    places, box = np.array([[0.5, 0.5, 0.5], [1.3, 1.2, 1.0]]), 1.6
    big, small = 1.5, 1.2
    one, other = (
        Configuration(places, [0, 0], box, diameters=d) for d in ((big, small), (small, big))
    )
    energies = [naive.energy(each, MODEL) for each in (one, other)]
    expected = np.exp(-np.ptp(energies) / MODEL.temperature)
    low = one if energies[0] < energies[1] else other
    rates = [swap_diameters(low, MODEL, 1, seed=k)[1] for k in range(8000)]
    # Half of the attempts draw the two; the others draw one twice.
    assert np.mean(rates) == pytest.approx(expected / 2, abs=4 * 0.5 / np.sqrt(8000))


def test_energies_with_and_without_swaps_are_equal():
    means = {}
    for swaps in (0.0, 2.0):
        steps = [Step("NVT", 150.0, swaps=swaps)]
        prepared = preparation.begin(MODEL, 108, steps, seed=4)
        for segment in preparation.segments(steps, MODEL):
            prepared = preparation.advance(prepared, MODEL, steps, segment, seed=4)
        rows = prepared.history[2:]
        means[swaps] = rows.energy.mean(), rows.energy.std() / np.sqrt(len(rows)), rows.temperature
    difference = means[0.0][0] - means[2.0][0]
    assert abs(difference) < 4 * np.hypot(means[0.0][1], means[2.0][1]) + 2e-3
    assert means[2.0][2].mean() == pytest.approx(MODEL.temperature, rel=0.03)


def test_swaps_need_sizes_and_a_thermostat():
    with pytest.raises(InputError, match="swaps: expected none for NPT"):
        Step("NPT", 1.0, swaps=1.0)
    with pytest.raises(
        InputError, match="swaps for NVT only, since they change the energy of soft"
    ):
        cb.equilibrate(MODEL, 50, steps=[Step("NVE", 1.0, swaps=1.0)], seed=1)
    with pytest.raises(InputError, match="diameter for each particle, which swaps exchange"):
        cb.equilibrate(cb.kob_andersen(1.0), 50, steps=[Step("NVT", 1.0, swaps=1.0)], seed=1)
    start = cb.equilibrate(MODEL, 50, 0.1, seed=1)
    with pytest.raises(InputError, match="attempts"):
        swap_diameters(start, MODEL, -1, seed=1)
    with pytest.raises(InputError, match="temperature"):
        swap_diameters(start, MODEL, 1, seed=1, temperature=0.0)
    with pytest.raises(InputError, match="temperature: expected a positive number, got 'cold'"):
        swap_diameters(start, MODEL, 1, seed=1, temperature="cold")
