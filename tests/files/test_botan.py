import zipfile
from pathlib import Path

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import FileFormatError, InputError
from cagebreak.files import botan
from support import paths

DATA = paths.EXTERNAL / "ka-t044"


@pytest.fixture
def arrays():
    rng = np.random.default_rng(1)
    start = rng.uniform(0, 2, (12, 3))
    return {
        "types": np.array([0] * 9 + [1] * 3, np.int8),
        "initial_positions": start,
        "positions": start + rng.normal(size=(5, 12, 3)),
    }


@pytest.fixture
def path(tmp_path, arrays):
    np.savez(tmp_path / "one.npz", **arrays)
    return tmp_path / "one.npz"


def test_the_configuration(path, arrays):
    found = cb.read(path)
    np.testing.assert_array_equal(found.positions, arrays["initial_positions"])
    np.testing.assert_array_equal(found.species, arrays["types"])
    assert found.box.volume == pytest.approx(12 / 1.2, rel=1e-14)
    assert found.box.is_orthorhombic


def test_the_runs(path, arrays):
    configuration, ends = botan.read_runs(path)
    np.testing.assert_array_equal(configuration.positions, arrays["initial_positions"])
    np.testing.assert_array_equal(ends, arrays["positions"])


def test_wrapped_ends_are_refused(tmp_path, path, arrays):
    """Displacements across the box would be those of the other way round."""
    edge = cb.read(path).box.lengths[0]
    wrapped = np.mod(arrays["positions"], edge) - [0, edge / 2, 0]
    np.savez(tmp_path / "one.npz", **arrays | {"positions": wrapped})
    with pytest.raises(FileFormatError, match=r"one\.npz: positions: expected unwrapped positions"):
        botan.read_runs(tmp_path / "one.npz")


def test_the_propensity(path, arrays):
    configuration, propensity = botan.read_propensity(path, time=4120.0)
    moved = np.linalg.norm(arrays["positions"] - arrays["initial_positions"], axis=2)
    np.testing.assert_allclose(propensity.mean, moved.mean(axis=0)[None])
    np.testing.assert_allclose(propensity.halves[:, 0], [moved[::2].mean(0), moved[1::2].mean(0)])
    assert propensity.times.tolist() == [4120.0]
    assert propensity.n_runs == 5
    assert propensity.species is configuration.species
    with pytest.raises(InputError, match="times"):
        botan.read_propensity(path, time=np.nan)


@pytest.mark.parametrize("name", ["types", "initial_positions", "positions"])
def test_a_missing_array_is_named(tmp_path, arrays, name):
    del arrays[name]
    np.savez(tmp_path / "one.npz", **arrays)
    with pytest.raises(FileFormatError, match=rf"one\.npz.*found no {name}$"):
        botan.read_runs(tmp_path / "one.npz")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("types", np.zeros(11, int)),
        ("types", np.full(12, -1)),
        ("types", np.full(12, 0.5)),
        ("initial_positions", np.zeros((12, 2))),
        ("initial_positions", np.full((12, 3), np.nan)),
        ("initial_positions", np.zeros(())),
        ("initial_positions", np.array(["x"] * 12)),
        ("positions", np.zeros((5, 11, 3))),
        ("positions", np.zeros((0, 12, 3))),
        ("positions", np.full((5, 12, 3), np.inf)),
        ("positions", np.zeros((5, 12, 3), complex)),
    ],
)
def test_arrays_that_do_not_fit_are_refused(tmp_path, arrays, name, value):
    np.savez(tmp_path / "one.npz", **{**arrays, name: value})
    with pytest.raises(FileFormatError, match=r"one\.npz"):
        botan.read_runs(tmp_path / "one.npz")


def test_nothing_is_unpickled(tmp_path, arrays):
    arrays["types"] = np.array([Path("x")] * 12, dtype=object)
    np.savez(tmp_path / "one.npz", **arrays)
    with pytest.raises(FileFormatError, match=r"one\.npz.*pickle"):
        cb.read(tmp_path / "one.npz")


def test_files_that_are_no_archives_are_refused(tmp_path, path):
    whole = path.read_bytes()
    np.save(tmp_path / "array.npy", np.zeros(3))
    contents = [b"", b"words", whole[:300], whole[:-100], (tmp_path / "array.npy").read_bytes()]
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 0xFF
    for content in (*contents, bytes(damaged)):
        path.write_bytes(content)
        with pytest.raises(FileFormatError, match=r"one\.npz"):
            botan.read_runs(path)


def test_an_archive_that_expands_beyond_reason_is_refused(tmp_path, arrays, monkeypatch):
    path = tmp_path / "one.npz"
    np.savez_compressed(path, **{**arrays, "positions": np.zeros((2000, 12, 3))})
    with zipfile.ZipFile(path) as archive:
        size = sum(member.file_size for member in archive.infolist())
    assert size > 100 * path.stat().st_size
    monkeypatch.setattr(botan, "LARGEST_FREE", size)
    assert len(botan.read_runs(path)[1]) == 2000
    monkeypatch.setattr(botan, "LARGEST_FREE", size - 1)
    with pytest.raises(FileFormatError, match=r"one\.npz: .* expands to more than 100 times"):
        botan.read_runs(path)


def test_an_absent_file_is_an_oserror(tmp_path):
    with pytest.raises(FileNotFoundError):
        cb.read(tmp_path / "none.npz")


def test_it_is_not_written(tmp_path, path):
    with pytest.raises(FileFormatError, match="read only"):
        cb.write(tmp_path / "other.npz", cb.read(path))


@pytest.mark.external
@pytest.mark.skipif(not DATA.exists(), reason="shared/data/ka-t044 is absent")
def test_files_nobody_here_made():
    for path in DATA.glob("test/*.npz"):
        configuration, propensity = botan.read_propensity(path, time=4120.0)
        assert np.bincount(configuration.species).tolist() == [3277, 819]
        assert configuration.box.lengths[0] == pytest.approx(15.05658, abs=1e-5)
        # REFERENCE: a ceiling of about 0.92 from split halves.
        assert propensity.ceiling[0, 0] == pytest.approx(0.92, abs=0.03)
