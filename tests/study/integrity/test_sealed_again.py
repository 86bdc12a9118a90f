"""Files that were edited and sealed again, so that the digest of their bytes is right."""

import hashlib
import json
import shutil

import h5py
import numpy as np
import pytest

import cagebreak as cb
from cagebreak import _sealed
from cagebreak.errors import FileFormatError, StoreError
from cagebreak.study.store import Unit

RUN = Unit("run", (0, 1))


def seal(path, **about):
    """Give a file a first line that states `about`, and the digest of its bytes."""
    whole = path.read_bytes()
    line = whole[: _sealed.BLOCK + _sealed._LINE_END]
    rest = whole[_sealed.BLOCK :]
    stated = json.loads(line.removeprefix(_sealed._MAGIC)) | about
    stated |= {"bytes": len(whole), "sha256": hashlib.sha256(rest).hexdigest()}
    path.write_bytes(_sealed._block(stated) + rest)


@pytest.fixture
def copy(study, tmp_path):
    shutil.copytree(study.store.folder, tmp_path / "hs")
    shutil.copy(study.recipe.path, tmp_path)
    return cb.Study(tmp_path / "hs.toml")


@pytest.mark.parametrize("stage", ["equilibrate", "propensity"])
def test_arrays_without_their_digest_are_named(copy, stage):
    unit = Unit(stage, (1,))
    path = copy.store.path(unit)
    with h5py.File(path, "r+") as file:
        name = {"equilibrate": "positions", "propensity": "sums"}[stage]
        file[name][...] = file[name][()] * 1.001
    seal(path)
    with pytest.raises(StoreError, match=r"0001\.h5: damaged \(its arrays do not have the SHA-256"):
        copy.store.load(unit)
    assert copy.verify(0).damaged[path].startswith("damaged (its arrays do not have the SHA-256")


def test_an_edited_unit_of_an_export_is_named(copy, tmp_path):
    path = tmp_path / "all.h5"
    copy.export(path)
    with h5py.File(path, "r+") as file:
        sums = file["propensity/0001/sums"]
        sums[...] = sums[()] * 2
    seal(path)
    with pytest.raises(FileFormatError, match=r"all\.h5.*arrays do not have the SHA-256"):
        cb.Study.from_export(path, tmp_path / "back.toml")
    assert not (tmp_path / "back").exists()


@pytest.mark.parametrize(
    "about",
    [
        {"address": [float("inf"), 1]},
        {"address": 5},
        {"parents": [1]},
        {"parents": None},
        {"sizes": 5},
        {"content": None},
        {"content": [1]},
        {"stage": None},
        {"recipe": 1},
        {"partial": 0},
    ],
    ids=str,
)
def test_statements_of_another_form_are_named(copy, about):
    seal(copy.store.path(RUN), **about)
    with pytest.raises(StoreError, match=r"0001\.h5: damaged"):
        copy.store.load(RUN)
    assert copy.store.path(RUN) in copy.store.survey("run").damaged


@pytest.mark.parametrize("name", ["recipe", "sizes", "parents"])
def test_a_first_line_that_contradicts_the_attributes_is_named(copy, name):
    about = {"recipe": "0" * 64, "sizes": {"x": 1}, "parents": {}}
    seal(copy.store.path(RUN), **{name: about[name]})
    with pytest.raises(StoreError, match=r"0001\.h5: damaged \(its attributes are not what its"):
        copy.store.load(RUN)
    if name == "recipe":
        assert copy.store.path(RUN) in copy.store.survey("run").damaged


@pytest.mark.parametrize("name", ["recipe", "sizes"])
def test_attributes_of_another_form_are_named(copy, name):
    path = copy.store.path(RUN)
    with h5py.File(path, "r+") as file:
        file.attrs[name] = "[]"
        if name == "recipe":
            file.attrs["recipe_hash"] = hashlib.sha256(b"[]").hexdigest()
    seal(path)
    with pytest.raises(StoreError, match=rf"0001\.h5: damaged \({name}: expected values by name"):
        copy.store.load(RUN)


def test_an_address_that_is_no_number_is_named(copy):
    path = copy.store.path(RUN)
    with h5py.File(path, "r+") as file:
        file.attrs["address"] = np.array([np.inf, 1])
    seal(path)
    with pytest.raises(StoreError, match=r"damaged \(it is that of run inf/1"):
        copy.store.load(RUN)


def test_verify_names_a_damaged_run_whose_propensity_is_done_once(copy):
    path = copy.store.path(RUN)
    path.write_bytes(path.read_bytes()[:-1])
    assert copy.verify(0).damaged.keys() == {path}
    assert str(path) not in copy.verify(0).damaged[path]
    assert copy.verify(0).damaged[path].startswith("it has")
