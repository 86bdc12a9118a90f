"""Dynamic functions of several configurations: their twins, Brownian motion, and refusals."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.dynamics.four_point import four_point_structure, susceptibility
from cagebreak.dynamics.functions import QUANTITIES, averaged, dynamic_functions, from_reductions
from cagebreak.dynamics.reduction import Reducer
from cagebreak.dynamics.relaxation import (
    mean_squared_displacement,
    non_gaussian,
    overlap,
    self_intermediate,
)
from cagebreak.dynamics.scattering import intermediate_scattering
from cagebreak.dynamics.van_hove import van_hove
from cagebreak.errors import InputError
from cagebreak.structure import shells, wave_vectors

TIMES = np.array([0.1, 1.0, 10.0])
N, LENGTH = 120, 8.0


def brownian(c, n_runs):
    """A random configuration, and runs of free particles from it."""
    rng, widths = np.random.default_rng([7, c]), 0.2 * np.sqrt(TIMES)
    start = cb.Configuration(rng.uniform(0, LENGTH, (N, 3)), np.arange(N) % 3 // 2, LENGTH)
    return start, [rng.normal(size=(3, N, 3)) * widths[:, None, None] for _ in range(n_runs)]


@pytest.fixture(scope="module")
def data():
    return [brownian(c, 4) for c in range(6)]


@pytest.fixture(scope="module")
def found(data):
    starts, runs = zip(*data, strict=True)
    return dynamic_functions(list(starts), [iter(each) for each in runs], TIMES, k=3.0)


def test_each_is_the_mean_of_its_own_function(data, found):
    species = data[0][0].species
    runs = [(start, run) for start, of_start in data for run in of_start]
    second = np.mean([mean_squared_displacement(run, species) for _, run in runs], axis=0)
    np.testing.assert_allclose(found.of("A")["msd"], second[:, 0])
    f_s = np.mean([self_intermediate(run, species, 3.0) for _, run in runs], axis=0)
    np.testing.assert_allclose(found.of("B")["f_s"], f_s[:, 1])
    q = np.array([[overlap(run, species) for run in of_start] for _, of_start in data])
    np.testing.assert_allclose(found.of("B")["overlap"], q.mean(axis=(0, 1))[:, 1])
    chi_4 = susceptibility(q[..., 0], (species == 0).sum())
    np.testing.assert_allclose(found.of("A")["chi_4"], chi_4.total)
    np.testing.assert_allclose(found.of("A")["chi_4_structural"], chi_4.structural, atol=1e-12)
    half = np.pi / LENGTH
    ring = wave_vectors(np.eye(3) * LENGTH, [3.0 - half, 3.0 + half])
    f = np.mean([intermediate_scattering(start, run, ring) for start, run in runs], axis=0)
    zero = np.zeros((1, N, 3))
    f_0 = np.mean([intermediate_scattering(start, zero, ring) for start, _ in data], axis=0)
    np.testing.assert_allclose(
        found.of("all")["f"], (f.sum(axis=(1, 2)) / f_0.sum(axis=(1, 2)))[:, 0]
    )
    small = shells(np.eye(3) * LENGTH, 2.0)
    near = [((run**2).sum(axis=-1) < 0.3**2) * (species == 1) for _, run in runs]
    s_4 = [four_point_structure(start, w, small) for (start, _), w in zip(runs, near, strict=True)]
    np.testing.assert_allclose(found.s_4[:, 1], np.mean(s_4, axis=0) * N / (species == 1).sum())
    np.testing.assert_allclose(found.q, small.k)


def test_alpha_2_pools_moments_over_runs(data, found):
    species = data[0][0].species
    runs = np.concatenate([np.stack(of_start) for _, of_start in data])
    joined = np.moveaxis(runs, 0, 1).reshape(3, -1, 3)
    expected = non_gaussian(joined, np.tile(species, len(runs)))
    np.testing.assert_allclose(found.of("B")["alpha_2"], expected[:, 1])


def test_brownian_motion_has_its_closed_forms_within_the_intervals(found):
    table = found.of("all")
    width2 = 0.04 * TIMES
    for name, expected in {
        "msd": 3 * width2,
        "alpha_2": 0 * TIMES,
        "f_s": np.exp(-4.5 * width2),
        "chi_4_structural": 0 * TIMES,
    }.items():
        spread = table["high_" + name] - table["low_" + name]
        assert (np.abs(table[name] - expected) <= 2 * spread).all(), name
    assert (table["low_msd"] < table["msd"]).all()
    assert (table["msd"] < table["high_msd"]).all()


def test_times_of_relaxation(found):
    for species in ("A", "B", "all"):
        tau = found.tau_alpha[species]["f_s"]
        assert tau == pytest.approx(1 / (4.5 * 0.04), rel=0.15)


def test_one_configuration_has_no_intervals_and_one_run_no_chi_4():
    start, runs = brownian(0, 1)
    table = dynamic_functions([start], [runs], TIMES).of("A")
    assert np.isnan(table["chi_4"]).all()
    assert np.isfinite(table["msd"]).all()
    for name in QUANTITIES:
        assert np.isnan(table["low_" + name]).all()


def test_of_one_run_from_each_start_chi_4_is_known_as_a_whole(data):
    starts, runs = zip(*data, strict=True)
    table = dynamic_functions(list(starts), [of_start[:1] for of_start in runs], TIMES).of("all")
    q = np.array([overlap(of_start[0], np.zeros(N, int))[:, 0] for of_start in runs])
    np.testing.assert_allclose(table["chi_4"], N * q.var(axis=0, ddof=1))
    assert np.isfinite(table["low_chi_4"]).all()
    assert np.isnan(table["chi_4_isoconfigurational"]).all()
    assert np.isnan(table["chi_4_structural"]).all()


def test_boxes_may_have_shells_of_their_own_and_a_species_no_particles(data):
    starts, runs = zip(*data[:3], strict=True)
    # As a study reduces its runs: the width of the shells is that of each box.
    scales = (1.0, 1.01, 1.6)
    boxes = [
        start.replace(
            box=start.box.matrix * x, positions=start.positions * x, species=2 * start.species
        )
        for x, start in zip(scales, starts, strict=True)
    ]
    reducers = [Reducer(box, 3.0, 0.3, 2.0) for box in boxes]
    assert len({reducer.shells.n_shells for reducer in reducers}) == 2
    reduced = [[reducer(run) for run in of] for reducer, of in zip(reducers, runs, strict=True)]
    found = from_reductions(reducers, reduced, TIMES, 1, 20)
    for name in QUANTITIES:
        assert np.isnan(found.of("B")[name]).all()
    # Shells of equal boxes are joined by their number, with the mean of their wave numbers.
    two = from_reductions(reducers[:2], reduced[:2], TIMES, 1, 20)
    first, second = (reducer.shells for reducer in reducers[:2])
    np.testing.assert_allclose(two.q, (first.k + second.k) / 2)
    means = [np.mean([run.s_4 for run in of], axis=0) for of in reduced[:2]]
    np.testing.assert_allclose(two.s_4[:, 0], np.mean(means, axis=0)[:, 0])


def test_the_table_is_a_data_frame_and_the_text_is_short(data, found):
    assert len(found.table) == 3 * len(TIMES)
    np.testing.assert_array_equal(found.table["msd"], found.rows["msd"])
    assert repr(found) == "DynamicFunctions(species A, B, all; 3 times)"
    # Runs may be one array of all.
    starts, runs = zip(*data[:2], strict=True)
    one = dynamic_functions(list(starts), np.array(runs), TIMES, n_resamples=5).rows
    other = dynamic_functions(list(starts), list(runs), TIMES, n_resamples=5).rows
    np.testing.assert_array_equal(one["f"], other["f"])


def test_any_function_of_a_run_is_averaged_with_an_interval(data):
    starts, runs = (list(each) for each in zip(*data, strict=True))
    moved = averaged(
        lambda start, run: mean_squared_displacement(run, start.species), starts, runs, seed=3
    )
    of_starts = np.array(
        [
            np.mean([mean_squared_displacement(run, start.species) for run in of_start], axis=0)
            for start, of_start in data
        ]
    )
    np.testing.assert_allclose(moved.mean, of_starts.mean(axis=0))
    # Expanded percentiles have the width of Student's t interval of the mean, about.
    width = 2 * 2.571 * of_starts.std(axis=0, ddof=1) / np.sqrt(len(data))
    np.testing.assert_allclose(moved.high - moved.low, width, rtol=0.4)
    assert ((moved.low < moved.mean) & (moved.mean < moved.high)).all()
    # Of the ideal gas every other particle is anywhere.
    others = averaged(lambda start, run: van_hove(start, run, 4.0, 4).distinct, starts, runs)
    assert others.mean.shape == (3, 2, 2, 4)
    assert (np.abs(others.mean - 1) < others.high - others.low).mean() > 0.9
    one = averaged(lambda start, run: run.mean(), starts[0], [runs[0]])
    assert one.mean == pytest.approx(np.mean(runs[0]))
    assert np.isnan([one.low, one.high]).all()


def test_what_cannot_be_averaged_is_refused(data):
    start, runs = data[0]
    with pytest.raises(InputError, match=r"^runs: expected those of 1 configurations, got 4"):
        averaged(lambda start, run: run, start, runs)
    with pytest.raises(InputError, match=r"^runs: expected at least one from every"):
        averaged(lambda start, run: run, [start, start], [runs, []])
    with pytest.raises(InputError, match=r"^function: expected arrays of one shape, got \[\(1, 12"):
        averaged(lambda start, run: run, start, [[runs[0], runs[0][:1]]])


def test_what_is_refused(data):
    start, runs = data[0]
    with pytest.raises(InputError, match=r"^runs: expected those of 1 configurations, got 2"):
        dynamic_functions([start], [runs, runs], TIMES)
    with pytest.raises(InputError, match=r"^runs: expected displacements at 2 times"):
        dynamic_functions([start], [runs], TIMES[:2])
    with pytest.raises(InputError, match=r"^runs: .* 3 times, got 2 in run 4 of configuration 0"):
        dynamic_functions([start], [[*runs, runs[0][:2]]], TIMES)
    with pytest.raises(InputError, match=r"^runs: expected at least one of configuration 0"):
        dynamic_functions([start], [[]], TIMES)
    with pytest.raises(InputError, match=r"^runs: run 1 of configuration 0: .* finite numbers"):
        dynamic_functions([start], [[runs[0], np.full_like(runs[0], np.nan)]], TIMES)
    with pytest.raises(InputError, match=r"^runs: expected a list of the runs of each .*generator"):
        dynamic_functions(start, (run for run in runs), TIMES)
    with pytest.raises(InputError, match=r"^n_resamples: expected 1, 2, ..., got 0"):
        dynamic_functions([start], [runs], TIMES, n_resamples=0)
    with pytest.raises(InputError, match="seed: expected a non-negative integer, got -1"):
        dynamic_functions([start], [iter(["never read"])], TIMES, seed=-1)
    with pytest.raises(InputError, match=r"^runs: expected as many of each"):
        dynamic_functions([start, start], [runs, runs[:1]], TIMES)
    with pytest.raises(InputError, match=r"^k: expected a positive number, got -1"):
        dynamic_functions([start], [runs], TIMES, k=-1)
    with pytest.raises(InputError, match=r"^species: expected one of A, B, all, got 'C'"):
        dynamic_functions([start], [runs], TIMES).of("C")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"n_resamples": 0}, r"^n_resamples: expected 1, 2, ..., got 0"),
        ({"confidence": 95}, r"^confidence: expected a number between 0 and 1, got 95"),
        ({"confidence": "high"}, r"^confidence: expected a number between 0 and 1, got 'high'"),
    ],
)
def test_what_is_refused_before_a_run_is_computed(data, changed, message):
    starts, _ = zip(*data, strict=True)

    def computed():
        raise AssertionError("a run was computed")
        yield

    with pytest.raises(InputError, match=message):
        dynamic_functions(starts, [computed() for _ in starts], TIMES, **changed)
    with pytest.raises(InputError, match=message):
        averaged(lambda start, run: run, starts, [computed() for _ in starts], **changed)
    other = cb.Configuration(starts[0].positions, np.zeros(N, int), LENGTH)
    with pytest.raises(InputError, match=r"^configurations: .* got \[80, 40\] and \[120\]"):
        dynamic_functions([starts[0], other], [computed(), computed()], TIMES)
    narrow = cb.Configuration(starts[0].positions / 8, starts[0].species, LENGTH / 8)
    with pytest.raises(InputError, match=r"^k: expected one near a wave vector of the box, got 3"):
        dynamic_functions([starts[0], narrow], [computed(), computed()], TIMES, k=3.0)
