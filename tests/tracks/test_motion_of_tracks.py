"""Pairs, gaps, drift, and dynamic functions without localization noise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cagebreak as cb
from cagebreak.dynamics.relaxation import (
    mean_squared_displacement,
    non_gaussian,
    self_intermediate,
)
from cagebreak.errors import ConfigurationWarning, InputError
from cagebreak.tracks import (
    configuration_at,
    dynamic_functions,
    filled,
    inside,
    localization_noise,
    memory,
    without_drift,
)
from naive import tracks as naive
from support.tracks.filmed import brownian, table_of

UNITS = {"length": 1.0, "interval": 1.0}


def lossy(seed, share=0.3, **options):
    """Return a table from which particles are missing at random."""
    positions = brownian(seed, **options)
    kept = np.random.default_rng(seed + 1).uniform(size=positions.shape[:2]) >= share
    return table_of(positions, kept=kept)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 7), st.floats(0, 0.8))
def test_pairs_are_those_of_a_loop(seed, lag, share):
    table = lossy(seed, share, n_frames=6, n=40)
    tracks = cb.read_tracks(table, window=((-9, 20), (-9, 20)), length=4.0, interval=1.0)
    first, second = tracks.pairs(lag)
    moved = 4 * tracks.displacements(first, second)[:, :2]
    expected = naive.displacements(table, lag)
    keys = list(zip(tracks.frame[first].tolist(), tracks.particle[first].tolist(), strict=True))
    assert sorted(keys) == sorted(expected)
    for key, displacement in zip(keys, moved, strict=True):
        np.testing.assert_allclose(displacement, expected[key], atol=1e-12)


def test_pairs_from_one_frame_are_those_of_all_that_start_there():
    tracks = cb.read_tracks(lossy(3), **UNITS)
    first, second = tracks.pairs(2)
    of_frame = tracks.frame[first] == 5
    one, other = tracks.pairs(2, tracks.rows(5))
    order = np.argsort(first[of_frame])
    np.testing.assert_array_equal(one, first[of_frame][order])
    np.testing.assert_array_equal(other, second[of_frame][order])


@pytest.mark.parametrize("lag", [0, -1, 0.5, "1"])
def test_lags_are_whole_numbers(lag):
    with pytest.raises(InputError, match="lag: expected a number of frames"):
        cb.read_tracks(lossy(3), **UNITS).pairs(lag)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4))
def test_short_gaps_are_filled_by_straight_lines(seed, longest):
    table = lossy(seed, 0.5, n_frames=8, n=40)
    window = ((-20, 30), (-20, 30))
    tracks = filled(cb.read_tracks(table, window=window, length=5.0, interval=1.0), longest)
    expected = naive.filled(table, longest)
    keys = list(zip(tracks.frame.tolist(), tracks.particle.tolist(), strict=True))
    assert sorted(keys) == keys == sorted(expected)
    for key, place in zip(keys, 5 * tracks.positions[:, :2], strict=True):
        np.testing.assert_allclose(place, expected[key], atol=1e-12)
    seen = naive.positions_of(table)
    assert tracks.seen.tolist() == [key in seen for key in keys]


def test_filled_positions_are_no_motion():
    before = cb.read_tracks(lossy(5), **UNITS)
    after = filled(before, 3)
    assert len(after) > len(before)
    for lag in (1, 2, 3):
        np.testing.assert_array_equal(
            before.particle[before.pairs(lag)[0]], after.particle[after.pairs(lag)[0]]
        )
    table = dynamic_functions(before, [1, 2])
    assert dynamic_functions(after, [1, 2]).equals(table)
    with pytest.raises(InputError, match="longest: expected a number of frames"):
        filled(before, 0)


def test_gaps_over_a_periodic_edge_are_filled_across_it():
    positions = np.array([[9.8], [9.9], [0.1], [0.2]])[:, :, None] * [[1.0, 1.0]]
    many = np.concatenate([positions, np.full((4, 60, 2), 5.0) + np.arange(60)[:, None] / 60], 1)
    kept = np.ones((4, 61), bool)
    kept[2, 0] = False
    tracks = cb.read_tracks(
        table_of(many, kept=kept), **UNITS, window=((0, 10), (0, 10)), periodic="xy"
    )
    new = filled(tracks, 1)
    assert new.positions[~new.seen][0, 0] == pytest.approx(9.9 + 0.3 / 2)


def test_displacements_are_the_shortest_along_periodic_axes():
    positions = np.stack([np.full((40, 2), 9.9), np.full((40, 2), 0.2)])
    positions += np.linspace(0, 0.05, 40)[:, None]
    tracks = cb.read_tracks(
        table_of(positions), length=3.0, interval=1.0, window=((0, 10), (0, 10)), periodic="x"
    )
    moved = 3 * tracks.displacements(*tracks.pairs(1))
    np.testing.assert_allclose(moved[:, :2], np.tile([0.3, -9.7], (40, 1)))


def test_displacements_of_unwrapped_positions_are_their_differences():
    """Also beyond half of the period; noise does not make wrapped positions unwrapped."""
    start = np.stack(np.meshgrid(*[np.arange(0.5, 8)] * 2), axis=-1).reshape(-1, 2)
    positions = start + np.arange(4)[:, None, None] * [3.0, 0.0]
    options = {**UNITS, "window": ((0, 8), (0, 8)), "periodic": "xy"}
    for table, expected in (
        (positions, [9.0, 0.0, 0.0]),
        (positions % 8 - [0.9, 0.0], [1.0, 0.0, 0.0]),
    ):
        tracks = filled(cb.read_tracks(table_of(table), **options), 1)
        moved = tracks.displacements(*tracks.pairs(3))
        np.testing.assert_allclose(moved, np.tile(expected, (64, 1)), atol=1e-12)


def test_drift_is_taken_out_and_kept():
    still = brownian(2, n=400, noise=0.0)
    moving = still + np.array([0.2, -0.1]) * np.arange(30)[:, None, None]
    window = ((-30, 50), (-30, 50))
    tracks = cb.read_tracks(table_of(moving), length=2.0, interval=1.0, window=window)
    corrected = without_drift(tracks)
    expected = (still - still[:1]) - (still - still[:1]).mean(axis=1, keepdims=True)
    moved = corrected.positions.reshape(30, 400, 3)
    np.testing.assert_allclose(2 * (moved - moved[0])[..., :2], expected, atol=1e-12)
    error = np.sqrt(2 * 0.01 * 29 / 400)
    assert np.abs(2 * corrected.drift[-1, :2] - np.array([0.2, -0.1]) * 29).max() < 5 * error
    # What the camera sees stays.
    rows = tracks.rows(20)
    np.testing.assert_allclose(corrected.in_window(rows), tracks.in_window(rows), atol=1e-12)


def test_drift_needs_particles_in_successive_frames():
    table = table_of(brownian(2, n=40, n_frames=3))
    table.loc[table.frame > 0, "particle"] += 100
    with pytest.raises(InputError, match="got none in 0 and 1"):
        without_drift(cb.read_tracks(table, **UNITS))


def test_functions_without_noise_are_those_of_the_dynamics():
    positions = brownian(4, n_frames=2, n=300, d=3, noise=0.0)
    species = np.arange(300) % 2
    tracks = cb.read_tracks(table_of(positions, species=species), **UNITS)
    table = dynamic_functions(tracks, [1], k=5.0)
    moved = np.diff(positions, axis=0)
    np.testing.assert_allclose(table.msd, mean_squared_displacement(moved, species)[0])
    np.testing.assert_allclose(table.alpha_2, non_gaussian(moved, species)[0])
    np.testing.assert_allclose(table.f_s, self_intermediate(moved, species, 5.0)[0])
    assert table.species.tolist() == ["A", "B"]
    assert table.n.tolist() == [150, 150]


@pytest.mark.parametrize("d", [2, 3])
def test_noise_is_taken_out_of_all_functions(d):
    """A quarter of the particles moves, so that the motion is not Gaussian."""
    random = np.random.default_rng(d)
    n = 60_000
    start = random.uniform(0, n ** (1 / d), (n, d))
    moved = random.normal(0, 0.3, (n, d)) * (np.arange(n) % 4 == 0)[:, None]
    sigma = np.array([0.1, 0.05, 0.2])[:d]
    quiet = np.stack([start, start + moved])
    seen = quiet + random.normal(size=quiet.shape) * sigma
    window = [(-2, n ** (1 / d) + 2)] * d

    def functions(positions, noise=None):
        tracks = cb.read_tracks(table_of(positions), **UNITS, window=window)
        return dynamic_functions(tracks, [1], k=6.0, noise=noise).iloc[0]

    expected, noisy, result = functions(quiet), functions(seen), functions(seen, sigma**2)
    for name, error in (("msd", 0.01), ("alpha_2", 0.08), ("f_s", 0.01)):
        assert result[name] == pytest.approx(expected[name], rel=error)
        assert abs(noisy[name] - expected[name]) > 3 * abs(result[name] - expected[name])


def test_functions_count_the_particles_that_are_seen_in_both_frames():
    tracks = cb.read_tracks(lossy(8, 0.25, n=500), **UNITS)
    table = dynamic_functions(tracks, [1, 5])
    assert table.share.to_numpy() == pytest.approx(0.75, abs=0.02)
    assert table.n[0] == len(naive.displacements(lossy(8, 0.25, n=500), 1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lags": []}, "lags: expected"),
        ({"lags": [0, 1]}, "lags: expected ascending"),
        ({"lags": [2, 1]}, "lags: expected ascending"),
        ({"lags": [1.5]}, "lags: expected numbers of frames"),
        ({"lags": [100]}, "lags: expected differences of frames"),
        ({"lags": [1], "k": 0}, "k: expected a positive wave number"),
        ({"lags": [1], "noise": -1.0}, "noise: expected"),
        ({"lags": [1], "noise": [0.1, 0.2, 0.3, 0.4]}, "noise: expected"),
        ({"lags": [1], "noise": "small"}, "noise: expected"),
        ({"lags": [1], "noise": {}}, "noise: expected"),
    ],
)
def test_bad_arguments_of_functions_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        dynamic_functions(cb.read_tracks(lossy(3), **UNITS), **options)


def test_memory_is_the_lag_after_which_most_particles_have_left():
    """Of free diffusion: 1 - exp(-r^2 / 4 D t) = 1 / e at half a spacing."""
    tracks = cb.read_tracks(
        table_of(brownian(6, n_frames=60, n=400, noise=0)), **UNITS, window=((-5, 25), (-5, 25))
    )
    expected = (tracks.spacing / 2) ** 2 / (4 * 0.01 * -np.log(1 - 1 / np.e))
    assert memory(tracks) == pytest.approx(expected, rel=0.1)
    rest = cb.read_tracks(table_of(brownian(6, n_frames=9, diffusion=0.0)), **UNITS)
    assert memory(rest) == 9


def test_memory_does_not_depend_on_how_frames_are_numbered():
    """Of a film that has every tenth frame, most differences of numbers are of no two frames."""
    table = table_of(brownian(6, n_frames=60, n=100, noise=0))
    of_all, of_tenth = (
        memory(cb.read_tracks(table.assign(frame=step * table.frame), **UNITS)) for step in (1, 10)
    )
    assert 1 < of_all < 59
    assert of_tenth == 10 * of_all


def test_noise_that_exceeds_the_motion_is_said():
    """Such as that in pixels squared, which makes an F_s above 1."""
    tracks = cb.read_tracks(table_of(brownian(4)), **UNITS)
    with pytest.warns(ConfigurationWarning, match=r"noise: 4 sigma\^2 of noise .* an MSD of 0\.05"):
        dynamic_functions(tracks, [1, 2], noise=1.0)


@pytest.mark.parametrize(
    "function",
    [
        without_drift,
        localization_noise,
        memory,
        lambda tracks: filled(tracks, 1),
        lambda tracks: dynamic_functions(tracks, [1]),
        lambda tracks: inside(tracks, 0, 1.0),
        lambda tracks: configuration_at(tracks, 0, 1.0),
    ],
)
def test_a_table_in_place_of_tracks_is_told_how_to_be_read(function):
    with pytest.raises(InputError, match="Tracks, as read_tracks returns, got DataFrame"):
        function(lossy(3))


@pytest.mark.parametrize("frame", [None, [1], 1.5, -1])
def test_frames_are_whole_numbers(frame):
    with pytest.raises(InputError, match="frame: expected one of 0 to"):
        configuration_at(cb.read_tracks(lossy(3), **UNITS), frame, 1.0)
