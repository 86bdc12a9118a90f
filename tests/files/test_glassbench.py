"""Files of GlassBench; fixtures of their layout are made here."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import FileFormatError, InputError
from cagebreak.files import botan, format_of, glassbench
from cagebreak.study import Study
from support.glassbench.files import T, arrays_of, write


@pytest.fixture(params=[3, 2])
def arrays(request):
    return arrays_of(np.random.default_rng(1), request.param)


@pytest.fixture
def path(tmp_path, arrays):
    return write(tmp_path / "N12T0.44_1.npz", arrays)


def test_the_configuration(path, arrays):
    start = cb.read(path)
    n, d = arrays["initial_positions"].shape
    np.testing.assert_array_equal(start.positions[:, :d], arrays["initial_positions"])
    np.testing.assert_array_equal(start.species, arrays["types"])
    assert start.dimension == d
    # The densities of the two systems.
    density = {3: 1.2, 2: 1290 / 32.8962**2}[d]
    assert n / start.box.volume == pytest.approx(density, rel=1e-12)


def test_what_was_measured(path, arrays):
    measured = glassbench.read_measured(path)
    np.testing.assert_array_equal(measured.displacement, arrays["md_prop"])
    np.testing.assert_array_equal(measured.bonds, arrays["bb_prop"])
    assert measured.displacement.dtype == np.float64


def test_states_are_at_the_nearest_image(tmp_path, arrays):
    box = cb.read(write(tmp_path / "a.npz", arrays)).box
    d = arrays["initial_positions"].shape[1]
    across = arrays["initial_positions_cage"] + np.diag(box.lattice)
    path = write(tmp_path / "b.npz", arrays | {"initial_positions_cage": across})
    measured = glassbench.read_measured(path)
    assert set(measured.states) == {"inherent", "cage"}
    for state, configuration in measured.states.items():
        expected = arrays[f"initial_positions_{state}"]
        np.testing.assert_allclose(configuration.positions[:, :d], expected, atol=1e-12)


@pytest.mark.parametrize("blank", [np.nan, 0.0])
def test_blank_states_are_absent(tmp_path, arrays, blank):
    filled = np.full_like(arrays["initial_positions"], blank)
    path = write(tmp_path / "a.npz", arrays | {"initial_positions_cage": filled})
    assert set(glassbench.read_measured(path).states) == {"inherent"}


def test_predictions_of_all_particles_or_of_a(tmp_path, arrays):
    n = len(arrays["types"])
    n_a = int((arrays["types"] == 0).sum())
    more = {"BOTAN": np.ones((T, n)), "SE3": np.ones((T, n_a)), "CAGE": np.ones((T, n + 1))}
    path = write(tmp_path / "a.npz", arrays | more | {"GlassMLP": np.full((T, n), np.nan)})
    assert list(glassbench.read_measured(path).predictions) == ["BOTAN", "SE3"]


def test_it_is_told_from_botan_by_its_content(tmp_path, path, arrays):
    assert format_of(path) is format_of(path, "npz") is glassbench
    other = path.rename(tmp_path / "file.of.7")
    assert format_of(other) is glassbench
    runs = {"positions": np.zeros((2, 12, 3))} | {k: arrays[k] for k in ("types",)}
    botans = write(tmp_path / "b.npz", runs | {"initial_positions": np.zeros((12, 3))})
    assert format_of(botans) is botan


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"bb_prop": 100.0}, r"bb_prop: expected shares of bonds from 0 to 1, got \d.* to \d\d"),
        ({"bb_prop": -1.0}, "bb_prop: expected shares of bonds"),
        ({"initial_positions_cage": 2.0}, "initial_positions_cage: expected each particle near"),
    ],
)
def test_numbers_that_cannot_be_are_refused(tmp_path, arrays, changed, expected):
    path = write(tmp_path / "a.npz", arrays | {k: v * arrays[k] for k, v in changed.items()})
    with pytest.raises(FileFormatError, match=rf"a\.npz: {expected}"):
        glassbench.read_measured(path)


@pytest.mark.parametrize("name", ["types", "initial_positions", "md_prop", "bb_prop"])
def test_a_missing_array_is_named(tmp_path, arrays, name):
    del arrays[name]
    path = write(tmp_path / "one.npz", arrays)
    with pytest.raises(FileFormatError, match=rf"one\.npz.*a GlassBench file, found no {name}$"):
        glassbench.read_measured(path)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("types", np.zeros(11, int), "species"),
        ("types", np.full(12, -1), "species"),
        ("initial_positions", np.zeros((12, 4)), "initial_positions: expected numbers of shape"),
        ("initial_positions", np.zeros(12), "initial_positions: expected numbers of shape"),
        ("initial_positions", np.full((12, 3), np.nan), "positions"),
        ("md_prop", np.ones((T, 11)), r"md_prop: expected numbers of shape \(T, 12\)"),
        ("md_prop", np.ones((0, 12)), r"md_prop: expected numbers of shape \(T, 12\)"),
        ("md_prop", np.full((T, 12), np.nan), "md_prop: expected finite numbers, got nan"),
        ("md_prop", np.full((T, 12), -1.0), "md_prop: expected displacements from 0, got -1"),
        ("md_prop", np.full((T, 12), "a"), "md_prop: expected numbers"),
        ("bb_prop", np.ones((T + 1, 12)), rf"bb_prop: expected numbers of shape \({T}, 12\)"),
        ("bb_prop", np.full((T, 12), np.inf), "bb_prop: expected finite numbers, got inf"),
        ("initial_positions_cage", np.ones((11, 3)), "initial_positions_cage: expected numbers"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(tmp_path, arrays, name, value, expected):
    path = write(tmp_path / "one.npz", arrays | {name: value})
    with pytest.raises(FileFormatError, match=rf"one\.npz: {expected}"):
        glassbench.read_measured(path)


def test_truncated_and_pickled_archives_are_refused(tmp_path, path, arrays):
    whole = path.read_bytes()
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 0xFF
    for content in (whole[:300], whole[:-100], bytes(damaged)):
        path.write_bytes(content)
        with pytest.raises(FileFormatError, match=r"N12T0\.44_1\.npz: expected a \.npz archive"):
            glassbench.read_measured(path)
        with pytest.raises(FileFormatError, match=r"N12T0\.44_1\.npz"):
            cb.read(path)
    objects = write(path, arrays | {"types": np.array([path] * 12, dtype=object)})
    with pytest.raises(FileFormatError, match="pickle"):
        cb.read(objects)


def test_an_import_says_what_reads_averages(tmp_path, path):
    with pytest.raises(InputError, match=r"averages over runs.*cagebreak glassbench"):
        Study.import_files(tmp_path / "s.toml", [path], model="kob-andersen")
