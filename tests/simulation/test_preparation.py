"""How configurations are prepared: protocols, their segments, and what is kept of them."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import InputError
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


def test_npt_holds_the_mean_pressure_of_the_step_before(quenched):
    wanted = rows(quenched, 0)["pressure"][5:].mean()
    # Of 5 tau, as long as the volume relaxes, the standard error is 3.3 % (over ten seeds).
    assert rows(quenched, 1)["pressure"][5:].mean() == pytest.approx(wanted, rel=0.1)
    assert np.ptp(rows(quenched, 1)["density"]) > 0


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
