"""How configurations are prepared: protocols, their segments, and what is kept of them."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import InputError, SimulationError
from cagebreak.simulation import preparation
from cagebreak.simulation.packing import random_packing
from cagebreak.simulation.preparation import Prepared, Step

KA = cb.kob_andersen(temperature=1.0)
QUENCH = (
    Step("NVT", 10.0, (2.0, 1.0)),
    Step("NPT", 10.0),
    Step("NVE", 10.0),
)


def prepare(model, steps, n=200, seed=1):
    prepared = preparation.begin(model, n, steps, seed)
    for segment in preparation.segments(steps, model):
        prepared = preparation.advance(prepared, model, steps, segment, seed)
    return prepared


@pytest.fixture(scope="module")
def quenched():
    return prepare(KA, QUENCH)


def rows(prepared, step):
    return prepared.history[prepared.history["step"] == step]


def test_the_steps_are_done_one_after_the_other(quenched):
    history = quenched.history
    assert len(history) == 3 * preparation.SEGMENTS
    np.testing.assert_allclose(history["time"], np.arange(1, 31))
    hot = rows(quenched, 0)["temperature"]
    np.testing.assert_allclose(hot[4:], 2 - np.arange(4.5, 10) / 10, atol=0.15)
    np.testing.assert_allclose(rows(quenched, 0)["density"], 1.203)


def test_npt_holds_the_pressure_that_a_quench_has_reached(quenched):
    """Not that of the hotter liquid of its second half, which is a quarter higher here."""
    reached = np.polyfit(np.arange(-4.5, 0.0), rows(quenched, 0)["pressure"][5:], 1)[1]
    # Of 5 tau, as long as the volume relaxes, the standard error is 3.3 % (over ten seeds).
    assert rows(quenched, 1)["pressure"][5:].mean() == pytest.approx(reached, rel=0.1)
    density = rows(quenched, 1)["density"]
    assert np.ptp(density) > 0
    # A quench over 10 tau ends a little hotter than its thermostat.
    assert density[5:].mean() == pytest.approx(KA.number_density, rel=0.03)


@pytest.mark.parametrize("engine", ["cagebreak", "lammps"])
def test_a_box_that_grows_without_end_is_an_error(engine):
    steps = [Step("NPT", 100.0, pressure=-5.0)]
    expected = (
        r"kob_andersen: at a pressure of -5 eps / sigma\^3 the number density became 0\.\d+, "
        r"expected within a factor of 4 of the model's, 1\.203; give a higher pressure"
    )
    with pytest.raises(SimulationError, match=expected):
        cb.equilibrate(KA, 200, seed=1, steps=steps, engine=engine)


def test_a_liquid_that_is_crushed_is_an_error_and_one_compressed_twofold_is_none():
    spheres = cb.harmonic_spheres()
    end = cb.equilibrate(spheres, 200, seed=1, steps=[Step("NPT", 100.0, pressure=1.0)])
    assert 1.9 < 200 / end.box.volume / spheres.number_density < 2.3
    with pytest.raises(
        SimulationError, match=r"pressure of 5 .*became [34]\.\d+, .*give a lower pressure"
    ):
        cb.equilibrate(spheres, 200, seed=1, steps=[Step("NPT", 100.0, pressure=5.0)])


def test_a_glass_under_tension_is_no_error():
    glass = cb.kob_andersen(temperature=0.3)
    end = cb.equilibrate(glass, 200, seed=1, steps=[Step("NPT", 20.0, pressure=-1.0)])
    assert 0.8 < 200 / end.box.volume / glass.number_density < 0.95


def test_nve_has_the_mean_density_and_energy_of_the_step_before(quenched):
    before, after = rows(quenched, 1), rows(quenched, 2)
    np.testing.assert_allclose(after["density"], before["density"][5:].mean())
    total = after["energy"] + 1.5 * after["temperature"] * 199 / 200
    wanted = before["energy"][5:].mean() + 1.5 * KA.temperature * 199 / 200
    np.testing.assert_allclose(total, wanted, atol=2e-3)
    # Scaling the box to its mean volume changes the energy a little; the rest is fluctuation.
    assert after["temperature"].mean() == pytest.approx(KA.temperature, abs=0.08)


def test_scattering_restarts_at_each_half_of_a_step(quenched):
    f_s = rows(quenched, 2)["f_s"]
    assert f_s.shape == (10, 2)
    assert (f_s[5] > f_s[4]).all()
    end, origin = quenched.configuration, quenched.origin
    cosines = np.cos(2 * np.pi * (end.unwrapped - origin)).mean(axis=1)
    assert f_s[-1, 0] == pytest.approx(cosines[end.species == 0].mean())


def test_positions_stay_in_the_box_and_images_count_on(quenched):
    np.testing.assert_array_equal(quenched.configuration.positions, quenched.configuration.wrapped)
    assert np.abs(quenched.configuration.images).max() >= 1
    assert preparation.finished(quenched).images is None


def test_equilibrate_is_the_protocol_of_alkemade_2023():
    steps = preparation.alkemade2023(KA, 4.0)
    assert [(step.ensemble, step.time) for step in steps] == [("NVT", 2.0), ("NVE", 4.0)]
    by_hand = preparation.finished(prepare(KA, steps, n=100, seed=3))
    whole = cb.equilibrate(KA, 100, 4.0, seed=3)
    np.testing.assert_array_equal(whole.positions, by_hand.positions)
    np.testing.assert_array_equal(whole.velocities, by_hand.velocities)
    other = cb.equilibrate(KA, 100, seed=3, steps=steps)
    np.testing.assert_array_equal(whole.positions, other.positions)


def test_a_preparation_goes_on_from_what_is_kept(quenched):
    segments = preparation.segments(QUENCH, KA)
    prepared = preparation.begin(KA, 200, QUENCH, 1)
    for segment in segments:
        prepared = preparation.advance(prepared, KA, QUENCH, segment, 1)
        prepared = Prepared(prepared.configuration, prepared.history.copy(), prepared.origin.copy())
    np.testing.assert_array_equal(
        prepared.configuration.positions, quenched.configuration.positions
    )


@pytest.mark.parametrize(
    "model", [cb.kob_andersen(), cb.kob_andersen_smoothed(), cb.wahnstrom(), cb.harmonic_spheres()]
)
def test_random_packings_are_safe_to_start_from(model):
    packing = random_packing(model, 300, seed=1)
    assert packing.box.matrix == pytest.approx(model.box(300).matrix)
    assert np.bincount(packing.species).tolist() == np.bincount(model.species(300)).tolist()
    force = np.abs(cb.potentials.forces(packing, model)).max()
    assert force < 1e4
    assert not np.array_equal(packing.positions, random_packing(model, 300, seed=2).positions)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ({"ensemble": "NVP", "time": 1.0}, "ensemble: expected one of"),
        ({"ensemble": "NVT", "time": -1.0}, "time: expected"),
        ({"ensemble": "NVT", "time": np.nan}, "time: expected"),
        ({"ensemble": "NVT", "time": "1"}, "time: expected .* got '1'"),
        ({"ensemble": "NVT", "time": 1.0, "temperature": 0.5}, "one or two .* in a list, got 0.5"),
        ({"ensemble": "NVT", "time": 1.0, "temperature": ("1",)}, r"temperature: .* got \('1',\)"),
        ({"ensemble": "NPT", "time": 1.0, "pressure": "1"}, "pressure: expected a finite .* '1'"),
        ({"ensemble": "NVT", "time": 1.0, "temperature": (0.0,)}, "temperature: expected one or"),
        ({"ensemble": "NVT", "time": 1.0, "temperature": (1.0,) * 3}, "temperature: expected one"),
        ({"ensemble": "NVE", "time": 1.0, "temperature": (1.0,)}, "temperature: expected none"),
        ({"ensemble": "NVT", "time": 1.0, "pressure": 1.0}, "pressure: expected one for NPT only"),
    ],
)
def test_an_absurd_step_is_refused(step, message):
    with pytest.raises(InputError, match=message):
        Step(**step)


def test_bad_arguments_are_named():
    with pytest.raises(InputError, match="time, steps: expected one of them"):
        cb.equilibrate(KA, 100, seed=1)
    with pytest.raises(InputError, match="steps: expected NVE only"):
        cb.equilibrate(cb.hard_spheres(), 100, seed=1, steps=[Step("NVT", 1.0)])
    with pytest.raises(InputError, match="steps: expected another step before NPT"):
        cb.equilibrate(KA, 100, seed=1, steps=[Step("NPT", 1.0)])
    with pytest.raises(InputError, match="n_particles: expected a whole number"):
        cb.equilibrate(KA, 1, 1.0, seed=1)
    with pytest.raises(InputError, match=r"n_particles: expected a whole number.* got None"):
        cb.equilibrate(KA, None, 1.0, seed=1)
    with pytest.raises(InputError, match="time: expected a finite time >= 0 in tau, got '1'"):
        cb.equilibrate(KA, 100, "1", seed=1)
