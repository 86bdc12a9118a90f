"""Athermal shear: stress is the slope of the energy, events lose it, stops leave no trace."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

import cagebreak as cb
from cagebreak import potentials
from cagebreak.dynamics.plasticity import Window, active, curve, dissipation, is_event, windows
from cagebreak.errors import ConfigurationError, InputError
from cagebreak.simulation.lammps import MolecularDynamics
from cagebreak.simulation.packing import random_packing
from cagebreak.simulation.shear import Sheared, advance, begin, shear

KA = cb.kob_andersen_smoothed()
STEP = 1e-3


@pytest.fixture(scope="module")
def states():
    """A coarse shear of a small glass: elastic branches, and events between them."""
    return list(shear(random_packing(KA, 150, seed=1), KA, 0.25, step=STEP))


@pytest.mark.parametrize(
    "model",
    [cb.kob_andersen(), KA, cb.wahnstrom(), cb.harmonic_spheres(), cb.hard_spheres(0.5)],
    ids=lambda model: model.name,
)
def test_stress_is_the_slope_of_the_energy(model):
    """All six components, by strains of 1e-6 either way; in a sheared box."""
    if model.name == "hard_spheres":
        start = cb.equilibrate(model, 60, 1.0, seed=1)
    else:
        start = random_packing(model, 60, seed=1)
        matrix = start.box.matrix.copy()
        matrix[1, 0] += matrix[0, 0]
        start = start.replace(box=cb.Box(matrix))
    found = potentials.stress(start, model)
    np.testing.assert_allclose(found, found.T, rtol=1e-12)
    for a, b in itertools.combinations_with_replacement(range(3), 2):
        energies = []
        for strain in (1e-6, -1e-6):
            deformation = np.eye(3)
            deformation[b, a] += strain
            box = cb.Box(start.box.matrix @ deformation)
            strained = start.replace(positions=start.positions @ deformation, box=box)
            energies.append(potentials.energy(strained, model))
        slope = (energies[0] - energies[1]) / 2e-6 / start.box.volume
        assert found[a, b] == pytest.approx(slope, rel=1e-5, abs=1e-5 * np.abs(found).max())


@pytest.mark.parametrize(
    "model", [cb.kob_andersen(), KA, cb.wahnstrom()], ids=lambda model: model.name
)
def test_pressure_is_that_of_lammps(model):
    start = random_packing(model, 100, seed=1)
    readings = MolecularDynamics(start, model, seed=2).readings
    at_rest = -np.trace(potentials.stress(start, model)) / 3
    ideal = 99 * model.temperature / start.box.volume
    assert readings.pressure == pytest.approx(at_rest + ideal, rel=1e-10)


def test_between_events_the_energy_grows_by_the_work_of_the_stress(states):
    lost = np.array([dissipation(a, b) for a, b in itertools.pairwise(states)])
    events = np.array([is_event(a, b) for a, b in itertools.pairwise(states)])
    assert 2 <= events.sum() <= 60
    # The error of the trapezoidal rule: of third order in the step.
    assert np.abs(lost[~events]).max() < 1e-3
    assert lost[events].min() > 1e-3
    modulus = np.diff([state.stress for state in states]) / STEP
    assert np.median(modulus[~events]) > 5
    energies = np.array([state.energy for state in states])
    assert (np.diff(energies)[lost > 0.5] < 0).all()


def test_energy_and_stress_fall_at_every_event(states):
    """In steps so small that the work of one is less than what any event loses."""
    n_events = 0
    for before in [a for a, b in itertools.pairwise(states) if is_event(a, b)][:4]:
        fine = [before]
        for _ in range(round(1.2 * STEP / 1e-5)):
            fine.append(advance(fine[-1], KA, 1e-5))
        course = curve(fine)
        events = np.flatnonzero(course.event)
        assert (np.diff(course.energy)[events - 1] < 0).all()
        assert (np.diff(course.stress)[events - 1] < 0).all()
        # Between events the work of the stress is kept, to a millionth of it.
        work = before.configuration.box.volume * 1e-5 * np.abs(course.stress)
        assert (np.abs(course.dissipated) < 1e-3 * work)[~course.event].all()
        n_events += len(events)
    assert n_events >= 4


def test_it_starts_where_the_last_step_leads_and_finds_the_same_minimum(states):
    """By energy, stress and place; but after an event it starts from the strain alone."""
    apart = 0
    for before, after in itertools.pairwise(states[:40]):
        if is_event(before, after):
            assert not after.nonaffine.any()
            continue
        affine = advance(replace(before, nonaffine=0 * before.nonaffine), KA, STEP)
        assert after.energy == pytest.approx(affine.energy, rel=1e-10)
        assert after.stress == pytest.approx(affine.stress, abs=1e-5)
        here, there = after.configuration.positions, affine.configuration.positions
        np.testing.assert_allclose(here, there, atol=1e-4)
        apart += np.abs(before.nonaffine).max() > 0
    assert apart >= 20


def test_every_state_is_a_minimum_in_its_box(states):
    for state in states[::50]:
        forces = potentials.forces(state.configuration, KA)
        assert np.linalg.norm(forces, axis=1).max() < 1e-5
        assert state.energy == pytest.approx(potentials.energy(state.configuration, KA))
        assert state.strain == pytest.approx(state.steps * STEP)


def test_it_goes_on_from_any_state_with_the_same_bits(states):
    again = list(shear(states[10], KA, 20 * STEP, step=STEP))
    assert [state.steps for state in again] == list(range(11, 21))
    for one, other in zip(again, states[11:], strict=False):
        np.testing.assert_array_equal(one.configuration.positions, other.configuration.positions)
        assert (one.energy, one.stress) == (other.energy, other.stress)


def test_a_flip_of_the_box_leaves_no_trace():
    """The same glass in a box with another tilt, so that one is flipped on the way."""
    start = random_packing(KA, 100, seed=2)
    edge = start.box.matrix[0, 0]
    begun = begin(start, KA, 1e-8)
    near_flip = np.array([[1, 0, 0], [0.4995, 1, 0], [0, 0, 1]]) * edge
    # Not the same lattice: a glass of its own, followed with and without the flip.
    glass = begin(begun.configuration.replace(box=cb.Box(near_flip)), KA, 1e-8)
    flipped = glass
    for _ in range(3):
        flipped = advance(flipped, KA, 4e-4, 1e-8)
    assert flipped.configuration.box.matrix[1, 0] < 0
    tilt = np.eye(3)
    tilt[1, 0] = 4e-4
    plain = glass.configuration
    for _ in range(3):
        box = cb.Box(plain.box.matrix @ tilt)
        strained = plain.replace(positions=plain.positions @ tilt, box=box)
        plain = cb.inherent_state(strained, KA, force_tolerance=1e-8).configuration
    assert plain.box.matrix[1, 0] > edge / 2
    np.testing.assert_allclose(flipped.configuration.positions, plain.positions, atol=1e-6)
    np.testing.assert_allclose(
        cb.d2min(glass.configuration, flipped.configuration, 1.5),
        cb.d2min(glass.configuration, plain, 1.5),
        atol=1e-9,
    )


def test_shear_the_other_way_is_a_reflection():
    start = random_packing(KA, 100, seed=3)
    mirror = np.array([-1.0, 1, 1])
    reflected = start.replace(positions=start.positions * mirror)
    ahead = list(shear(start, KA, 5e-3, step=STEP))[-1]
    back = list(shear(reflected, KA, -5e-3, step=STEP))[-1]
    assert back.strain == -ahead.strain
    assert back.energy == pytest.approx(ahead.energy, rel=1e-7)
    assert back.stress == pytest.approx(-ahead.stress, rel=1e-3)


def test_windows_find_who_rearranged(states):
    found = list(windows(states, cutoff=1.5, width=0.02, discard=0.1))
    assert [round(window.strain, 6) for window in found] == [0.1, 0.12, 0.14, 0.16, 0.18, 0.2, 0.22]
    for window in found:
        first = round(window.strain / STEP)
        np.testing.assert_array_equal(window.start.positions, states[first].configuration.positions)
        steps = list(itertools.pairwise(states[first : first + 21]))
        happened = [pair for pair in steps if is_event(*pair)]
        assert window.events == len(happened)
        if happened:
            moved = [cb.d2min(a.configuration, b.configuration, 1.5) for a, b in happened]
            np.testing.assert_allclose(window.d2min, np.max(moved, axis=0))
        else:
            assert not window.d2min.any()
    assert sum(window.events for window in found) > 0


def test_active_particles_and_as_many_of_the_least_mobile():
    species = np.array([0] * 20 + [1] * 5)
    start = cb.Configuration(np.random.default_rng(0).random((25, 3)) * 5, species, 5.0)
    moved = np.linspace(0, 0.5, 25)
    moved[[3, 7, 22]] = 0.7, 0.9, 5.0
    window = Window(start, 0.1, moved, 1)
    high, low = active(window, avalanche=0.2)
    assert high.tolist() == [3, 7]
    assert low.tolist() == [0, 1]
    for none in (active(window, avalanche=0.05), active(replace(window, d2min=0 * moved))):
        assert [len(each) for each in none] == [0, 0]


def test_bad_arguments_are_named(states):
    start = random_packing(KA, 60, seed=1)
    with pytest.raises(InputError, match="step: expected a strain in"):
        shear(start, KA, 0.1, step=0.0)
    with pytest.raises(InputError, match=r"step: expected a strain in .* got '0\.01'"):
        shear(start, KA, 0.1, step="0.01")
    with pytest.raises(InputError, match=r"strain: expected a finite number, got '0\.1'"):
        shear(start, KA, "0.1")
    with pytest.raises(InputError, match="strain: expected a finite number"):
        shear(start, KA, np.nan)
    turned = start.replace(box=cb.Box(start.box.matrix[[1, 2, 0]]))
    with pytest.raises(InputError, match="expected the first lattice vector along x"):
        list(shear(turned, KA, 0.1))
    with pytest.raises(InputError, match="width, discard"):
        next(windows(states, 1.5, width=0.0))
    with pytest.raises(InputError, match="with an energy to minimize, got hard_spheres"):
        next(shear(start, cb.hard_spheres(0.5), 0.1))
    with pytest.raises(ConfigurationError, match="species number 2"):
        list(shear(start.replace(species=np.full(60, 2)), KA, 0.1))
    assert isinstance(states[0], Sheared)


def test_figures_of_a_shear(states):
    from cagebreak.figures.rottler2024 import slices, stress_strain

    course = curve(states)
    assert len(course) == len(states)
    events = [is_event(a, b) for a, b in itertools.pairwise(states)]
    assert course.event.tolist() == [False, *events]
    figure = stress_strain(course)
    assert [axes.get_ylabel() != "" for axes in figure.axes] == [True] * 3
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_ydata(), course.stress)
    window = next(w for w in windows(states, 1.5, 0.02) if w.events)
    figure = slices([("one", window.start, window.d2min), ("two", window.start, window.d2min)])
    circles = figure.axes[0].collections[0]
    assert window.d2min[window.start.species == 0].max() in circles.get_array()
    with pytest.raises(InputError, match="lacks the columns stress, dissipated;"):
        stress_strain(course[["strain", "energy", "event"]])
    with pytest.raises(InputError, match="at least two states"):
        stress_strain(course[:1])
    with pytest.raises(InputError, match="expected D2min"):
        slices([("one", window.start, window.d2min[:3])])
    with pytest.raises(InputError, match="panels: expected at least one"):
        slices([])
    four = [(str(k), window.start, window.d2min) for k in range(4)]
    above, _, below, _ = slices(four, columns=2).axes[:4]
    assert [above.get_title(), below.get_title()] == ["0", "2"]
    assert above.bbox.y0 > below.bbox.y1
    with pytest.raises(InputError, match="columns: expected a divisor of 4 panels, got 3"):
        slices(four, columns=3)
