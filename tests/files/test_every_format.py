"""One contract for every file format."""

import os
import warnings
from pathlib import Path

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import FileFormatError, InputError
from cagebreak.files import FORMATS
from fuzz_files import fuzz, samples
from support.some_particles import N, configuration

pytest.importorskip("gsd", reason="the library gsd is absent")


TRAJECTORIES = (".xyz", ".dump", ".gsd")


def assert_equal(found, expected, suffix):
    """To the bit; GSD has single precision, and wraps positions, so that images appear."""
    tolerance = {"rtol": 2e-6, "atol": 2e-6} if suffix == ".gsd" else {"rtol": 0, "atol": 0}
    np.testing.assert_array_equal(found.species, expected.species)
    np.testing.assert_allclose(found.box.matrix, expected.box.matrix, **tolerance)
    np.testing.assert_allclose(found.unwrapped, expected.unwrapped, **tolerance)
    for name in ("velocities", "images"):
        mine, yours = getattr(found, name), getattr(expected, name)
        if suffix == ".gsd" and name == "images":
            continue
        assert (mine is None) == (yours is None), name
        if mine is not None:
            np.testing.assert_allclose(mine, yours, **tolerance)


@pytest.mark.parametrize("suffix", [*TRAJECTORIES, ".h5"])
@pytest.mark.parametrize("sheared", [False, True])
@pytest.mark.parametrize("more", [False, True])
def test_a_configuration_comes_back(tmp_path, suffix, sheared, more):
    start = configuration(1, sheared, images=more, velocities=more)
    cb.write(tmp_path / f"c{suffix}", start)
    assert_equal(cb.read(tmp_path / f"c{suffix}"), start, suffix)


@pytest.mark.parametrize("suffix", TRAJECTORIES)
def test_frames_come_back_in_order(tmp_path, suffix):
    frames = [configuration(seed) for seed in range(3)]
    cb.write(tmp_path / f"c{suffix}", frames)
    found = cb.read(tmp_path / f"c{suffix}")
    assert len(found) == 3
    for mine, expected in zip(found, frames, strict=True):
        assert_equal(mine, expected, suffix)


@pytest.mark.parametrize("suffix", TRAJECTORIES)
def test_ovito_opens_what_is_written(tmp_path, suffix):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ovito = pytest.importorskip("ovito.io", reason="ovito is absent")
    frames = [configuration(seed) for seed in range(2)]
    propensity = np.random.default_rng(2).random((2, N))
    path = tmp_path / f"c{suffix}"
    cb.write(path, frames, columns={"propensity": propensity, "prediction": propensity + 1})
    pipeline = ovito.import_file(str(path))
    assert pipeline.source.num_frames == 2
    for i, expected in enumerate(frames):
        data = pipeline.compute(i)
        np.testing.assert_allclose(data.particles["propensity"], propensity[i], rtol=1e-6)
        np.testing.assert_allclose(data.particles["prediction"], propensity[i] + 1, rtol=1e-6)
        np.testing.assert_allclose(data.particles["Velocity"], expected.velocities, rtol=1e-6)
        cell = np.asarray(data.cell)
        np.testing.assert_allclose(cell[:, :3].T, expected.box.matrix, rtol=1e-6)
        assert data.cell.pbc == (True, True, True)
        crossed = np.asarray(data.particles["Periodic Image"]) @ cell[:, :3].T
        unwrapped = np.asarray(data.particles.positions) + crossed
        np.testing.assert_allclose(unwrapped, expected.unwrapped, atol=2e-6)
        types = np.asarray(data.particles.particle_types)
        assert (types == types[1]).tolist() == (expected.species == 0).tolist()


@pytest.mark.parametrize("suffix", TRAJECTORIES)
@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"pos": np.zeros(N)}, "'pos'"),
        ({"two words": np.zeros(N)}, "'two words'"),
        ({"x:R:1": np.zeros(N)}, "'x:R:1'"),
        ({"propensity": np.zeros(N + 1)}, r"propensity: expected shape \(7,\), got \[\(8,\)\]"),
        ({"propensity": np.zeros((N, 3))}, "propensity: expected shape"),
        ({"propensity": ["a"] * N}, "propensity: expected numbers"),
    ],
)
def test_columns_that_do_not_fit_are_refused(tmp_path, suffix, columns, expected):
    with pytest.raises(InputError, match=expected):
        cb.write(tmp_path / f"c{suffix}", configuration(), columns=columns)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".dump", ".gsd"])
def test_a_box_of_another_form_is_refused(tmp_path, suffix):
    turned = configuration().replace(box=[[4, 0, 1], [0, 5, 0], [0, 0, 6]])
    with pytest.raises(InputError, match=r"first vector .*along x"):
        cb.write(tmp_path / f"c{suffix}", turned)
    cb.write(tmp_path / "c.xyz", turned)
    assert_equal(cb.read(tmp_path / "c.xyz"), turned, ".xyz")


def test_columns_are_for_formats_that_hold_them(tmp_path):
    with pytest.raises(InputError, match="columns: only"):
        cb.write(tmp_path / "c.h5", configuration(), columns={"propensity": np.zeros(N)})
    with pytest.raises(InputError, match="several are for"):
        cb.write(tmp_path / "c.h5", [configuration()] * 2)
    with pytest.raises(InputError, match="at least one"):
        cb.write(tmp_path / "c.xyz", [])
    with pytest.raises(FileFormatError, match="read only"):
        cb.write(tmp_path / "c.xyz.gz", configuration())


@pytest.mark.parametrize("suffix", samples(Path(os.environ.get("TMPDIR", "/tmp"))).keys())
def test_mutated_files_are_a_clear_error_or_a_right_answer(tmp_path, suffix):
    endings = fuzz(suffix, samples(tmp_path)[suffix], seed=0, first=0, last=60)
    assert endings["error"] > 10


@pytest.mark.parametrize("suffix", FORMATS)
def test_an_empty_file_is_named(tmp_path, suffix):
    path = tmp_path / f"empty{suffix}"
    path.touch()
    with pytest.raises(FileFormatError, match=f"empty{suffix}"):
        cb.read(path)
    with pytest.raises(FileNotFoundError):
        cb.read(tmp_path / f"absent{suffix}")
