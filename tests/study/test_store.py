"""The store: whole files or none, of this recipe or refused, and one run at a time."""

import json
import subprocess
import sys

import h5py
import numpy as np
import pytest

from cagebreak.errors import StoreError
from cagebreak.files.hdf5 import Dataset
from cagebreak.study.store import Identity, Store, Unit

UNIT, RUN = Unit("first", (3,)), Unit("second", (3, 12))
ARRAYS = {"x": Dataset(np.arange(6.0).reshape(2, 3), "sigma", "time, particle")}


def store_at(folder, *, time=1.0, n_runs=2):
    values = {"preparation.time": time, "study.seed": 7}
    identities = {
        "first": Identity(values),
        "second": Identity(values | {"a.list": (1, 2)}, {"isoconfigurational.n_runs": n_runs}),
    }
    return Store(folder / "hs", identities, seed=7)


def surveys(store):
    return {stage: store.survey(stage) for stage in store.identities}


def test_a_unit_is_one_file_that_says_what_made_it(tmp_path):
    store = store_at(tmp_path)
    store.save(RUN, ARRAYS)
    path = tmp_path / "hs" / "second" / "0003" / "0012.h5"
    with h5py.File(path) as file:
        assert file["x"][()].tolist() == [[0, 1, 2], [3, 4, 5]]
        assert dict(file["x"].attrs) == {"units": "sigma", "axes": "time, particle"}
        assert file.attrs["stage"] == "second"
        assert file.attrs["address"].tolist() == [3, 12]
        assert file.attrs["seed"] == 7
        assert file.attrs["recipe_hash"] == store.identities["second"].hash
        assert json.loads(file.attrs["recipe"])["preparation.time"] == 1.0
        assert {"cagebreak", "numpy", "python"} <= set(json.loads(file.attrs["versions"]))
    assert [p for p in path.parent.iterdir() if p != path] == []
    assert np.array_equal(store.load(RUN)["x"], ARRAYS["x"].values)
    assert store.load(RUN, ("x",)).keys() == {"x"}


def test_the_same_unit_is_the_same_bytes(tmp_path):
    one, other = store_at(tmp_path / "a"), store_at(tmp_path / "b")
    one.save(UNIT, ARRAYS)
    other.save(UNIT, ARRAYS)
    assert one.path(UNIT).read_bytes() == other.path(UNIT).read_bytes()


def test_a_partial_file_ends_with_its_unit(tmp_path):
    store = store_at(tmp_path)
    store.save(UNIT, ARRAYS, partial=True)
    assert store.has(UNIT, partial=True)
    assert not store.has(UNIT)
    assert store.survey("first").done == set()
    store.save(UNIT, ARRAYS)
    assert not store.has(UNIT, partial=True)
    assert store.survey("first").done == {(3,)}


def test_a_missing_unit_is_named(tmp_path):
    with pytest.raises(StoreError, match=r"0003\.h5: first 3 is not done yet"):
        store_at(tmp_path).load(UNIT)


def test_results_of_another_recipe_are_refused(tmp_path):
    store_at(tmp_path).save(RUN, ARRAYS)
    changed = store_at(tmp_path, time=2.0)
    for refused in (lambda: changed.load(RUN), lambda: changed.check(surveys(changed))):
        with pytest.raises(StoreError, match=r"second: .*time was 1\.0, is 2\.0.*--set-aside"):
            refused()


def test_units_of_fewer_runs_are_outdated_not_refused(tmp_path):
    store_at(tmp_path).save(RUN, ARRAYS)
    grown = store_at(tmp_path, n_runs=3)
    assert grown.survey("second").outdated == {(3, 12)}
    assert grown.survey("second").done == set()
    grown.check(surveys(grown))


def test_set_aside_loses_nothing_and_brings_back(tmp_path):
    old, new = store_at(tmp_path), store_at(tmp_path, time=2.0)
    other = {"x": ARRAYS["x"]._replace(values=np.zeros(3))}
    old.save(UNIT, ARRAYS)
    old.save(RUN, ARRAYS)
    old.save(Unit("first", (4,)), ARRAYS, partial=True)
    assert new.set_aside(surveys(new)) == 3
    assert not new.has(UNIT)
    new.save(UNIT, other)
    assert old.set_aside(surveys(old)) == 1
    assert np.array_equal(old.load(UNIT)["x"], ARRAYS["x"].values)
    assert np.array_equal(old.load(RUN)["x"], ARRAYS["x"].values)
    assert old.has(Unit("first", (4,)), partial=True)
    assert new.set_aside(surveys(new)) == 3
    assert np.array_equal(new.load(UNIT)["x"], other["x"].values)


def _truncate(path):
    path.write_bytes(path.read_bytes()[:-50])


def _flip(path):
    data = bytearray(path.read_bytes())
    at = data.index(np.arange(6.0).tobytes())
    data[at + 9] ^= 1
    path.write_bytes(data)


def _move(path):
    path.rename(path.with_name("0005.h5"))


def _foreign(path):
    path.unlink()
    with h5py.File(path, "w") as file:
        file["x"] = 1


def _edit(path):
    with h5py.File(path, "a") as file:
        values = json.loads(file.attrs["recipe"])
        file.attrs["recipe"] = json.dumps(values | {"study.seed": 8})


@pytest.mark.parametrize("damage", [_truncate, _foreign, _edit, _flip])
def test_a_damaged_file_is_named_when_read(tmp_path, damage):
    store = store_at(tmp_path)
    store.save(UNIT, ARRAYS)
    damage(store.path(UNIT))
    with pytest.raises(StoreError, match=r"0003\.h5: damaged"):
        store.load(UNIT)


@pytest.mark.parametrize("damage", [_truncate, _foreign, _edit, _move])
def test_a_damaged_file_is_found_before_work_and_can_be_set_aside(tmp_path, damage):
    store = store_at(tmp_path)
    store.save(UNIT, ARRAYS)
    damage(store.path(UNIT))
    with pytest.raises(StoreError, match=r"000\d.h5: damaged.*--set-aside"):
        store.check(surveys(store))
    store.set_aside(surveys(store))
    store.check(surveys(store))
    assert len(list((store.folder / "aside").rglob("*.h5"))) == 1


def test_a_foreign_name_is_found(tmp_path):
    store = store_at(tmp_path)
    store.save(UNIT, ARRAYS)
    store.path(UNIT).rename(store.folder / "first" / "copy of 3.h5")
    assert list(store.survey("first").damaged.values()) == ["no name of a unit"]


HOLD = """
import sys
from pathlib import Path
from cagebreak.study.store import Store
with Store(Path(sys.argv[1]), {"first": None}, seed=1).locked():
    print("locked", flush=True)
    sys.stdin.read()
"""


def test_a_second_run_is_refused_until_the_first_is_killed(tmp_path):
    store = store_at(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, store.folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout.readline() == b"locked\n"
        refused = pytest.raises(StoreError, match=f"another run is at work.*process {holder.pid}")
        with refused, store.locked():
            pass
        holder.kill()
    with store.locked():
        pass


def test_what_a_killed_run_was_writing_is_cleared(tmp_path):
    store = store_at(tmp_path)
    store.save(UNIT, ARRAYS)
    leftover = store.path(UNIT).with_name(f".0004.h5.{'0' * 32}.tmp")
    leftover.write_bytes(b"half")
    with store.locked():
        assert not leftover.exists()
        assert store.has(UNIT)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "hs").write_text("a file in the way")
    store = store_at(tmp_path)
    with pytest.raises(StoreError, match="cannot be written to"), store.locked():
        pass
    with pytest.raises(StoreError, match=r"0003\.h5: cannot be written"):
        store.save(UNIT, ARRAYS)
