"""Data sets: the example in the package, and where whole ones are found."""

import runpy
import shutil

import numpy as np
import pytest

import cagebreak as cb
from cagebreak import datasets
from cagebreak.errors import FileFormatError, InputError
from support.paths import ROOT


def test_the_example_is_one_that_no_model_was_fitted_to():
    configuration, propensity = datasets.load("kob-andersen")
    study = datasets.study("kob-andersen-050")
    unused = cb.read(ROOT / "datasets/kob-andersen-050/ka050/equilibrate/0006.h5")
    assert study.n_configurations == 6
    for name in ("positions", "species"):
        np.testing.assert_array_equal(getattr(configuration, name), getattr(unused, name))
    np.testing.assert_array_equal(propensity.times, study.propensity(0).times)
    assert propensity.n_runs == study.recipe.isoconfigurational.n_runs
    assert cb.potentials.match.examine(configuration, study.recipe.model).remarks == ()
    # It moves as much as those of the study.
    means = np.array([study.propensity(c).mean.mean(axis=1) for c in range(6)])
    apart = np.abs(propensity.mean.mean(axis=1) / means.mean(axis=0) - 1)
    assert apart.max() < 0.3


def test_what_is_written_is_read(tmp_path, monkeypatch):
    write_example = runpy.run_path(str(ROOT / "datasets/example.py"))["write_example"]
    configuration, propensity = datasets.load()
    write_example(tmp_path / "copy.h5", configuration, propensity)
    monkeypatch.setattr(datasets, "_EXAMPLES", tmp_path)
    again = datasets.load("copy")
    np.testing.assert_array_equal(again.propensity.sums, propensity.sums)
    np.testing.assert_array_equal(again.configuration.positions, configuration.positions)
    content = bytearray((tmp_path / "copy.h5").read_bytes())
    content[-100] ^= 1
    (tmp_path / "cut.h5").write_bytes(content)
    with pytest.raises(FileFormatError, match=r"cut\.h5: expected an example, whole"):
        datasets.load("cut")


def test_an_unknown_example_is_named():
    with pytest.raises(InputError, match=r"name: expected one of kob-andersen, got 'kob'.*study"):
        datasets.load("kob")


def test_whole_data_sets_are_found_in_the_folder_that_is_named(tmp_path, monkeypatch):
    assert len(list((ROOT / "datasets").glob("*/*.toml"))) > 5
    assert datasets.study("fene-polymer").recipe.path.parent == ROOT / "datasets/fene-polymer"
    monkeypatch.setenv("CAGEBREAK_DATASETS", str(tmp_path))
    with pytest.raises(InputError, match=r"a data set in .*set CAGEBREAK_DATASETS .*clone"):
        datasets.study("own")
    (tmp_path / "own").mkdir()
    shutil.copy(ROOT / "datasets/kob-andersen-050/ka050.toml", tmp_path / "own")
    assert datasets.study("own").recipe.path == tmp_path / "own" / "ka050.toml"
    with pytest.raises(InputError, match=r"name: expected one of own in .*, got 'fene-polymer'"):
        datasets.study("fene-polymer")
    with pytest.raises(InputError, match="got ''"):
        datasets.study("")


def test_an_installed_package_finds_the_data_sets_of_the_clone_that_one_works_in(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(datasets, "_CLONE", tmp_path / "absent")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=rf"a data set in {tmp_path}/datasets, got 'fene-polymer'"):
        datasets.study("fene-polymer")
    monkeypatch.chdir(ROOT)
    assert len(datasets.study("fene-polymer").recipe.path.read_text()) > 0
