"""The pickles of DeepMind are read, and never run."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import FileFormatError
from cagebreak.files import _pickle, deepmind
from fuzz_files import glassy_dynamics


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_deepmind(tmp_path, protocol):
    rng = np.random.default_rng(5)
    data = glassy_dynamics(rng.uniform(0, 4, (6, 3)), rng)
    path = tmp_path / "aggregated.pickle"
    path.write_bytes(pickle.dumps(data, protocol=protocol))
    np.testing.assert_array_equal(cb.read(path).positions, data["positions"])
    start, times, runs = deepmind.read_runs(path)
    assert start.box.lengths.tolist() == [4, 4, 4]
    assert times.tolist() == [1.0, 5.0, 20.0]
    targets = np.array(data["trajectory_target_positions"])
    np.testing.assert_array_equal(runs, targets[[0, 2, 1]].swapaxes(0, 1))


class _Evil:
    def __reduce__(self):
        return os.system, ("touch pwned",)


@pytest.mark.parametrize(
    "thing",
    [_Evil(), np.array([_Evil()], dtype=object), Path("x"), np.zeros(2, "f8,i4"), {(): 1}, print],
)
def test_a_pickle_is_never_run(tmp_path, monkeypatch, thing):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(5)
    data = glassy_dynamics(rng.uniform(0, 4, (6, 3)), rng) | {"positions": thing}
    path = tmp_path / "aggregated.pickle"
    path.write_bytes(pickle.dumps(data))
    with pytest.raises(FileFormatError, match="plain data"):
        cb.read(path)
    assert not (tmp_path / "pwned").exists()


def test_a_pickle_that_names_one_array_often_is_refused(tmp_path):
    rng = np.random.default_rng(5)
    data = glassy_dynamics(rng.uniform(0, 4, (6, 3)), rng)
    data["trajectory_target_positions"] = [[data["positions"]] * 10**5] * 3
    path = tmp_path / "aggregated.pickle"
    path.write_bytes(pickle.dumps(data))
    with pytest.raises(FileFormatError, match="trajectory_target_positions"):
        deepmind.read_runs(path)


@pytest.mark.parametrize("n_dimensions", [1, 32])
def test_arrays_of_few_and_of_many_dimensions_are_read(n_dimensions):
    array = np.arange(6).reshape(*[1] * (n_dimensions - 1), 6)
    np.testing.assert_array_equal(_pickle.loads(pickle.dumps(array)).values, array)


def test_arrays_of_absurdly_many_dimensions_are_refused():
    array = np.zeros([1] * 33)
    with pytest.raises(ValueError, match="shape"):
        _pickle.loads(pickle.dumps(array))
