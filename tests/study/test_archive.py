"""A study verified, and as one file and back."""

import errno
import time

import h5py
import numpy as np
import pytest
from click.testing import CliRunner

import cagebreak as cb
from cagebreak._sealed import BLOCK, statement
from cagebreak.cli import main
from cagebreak.errors import FileFormatError, StoreError
from cagebreak.files.hdf5 import Dataset
from cagebreak.study.archive import FORMAT, differences
from cagebreak.study.store import Unit
from support.tiny_study import write_recipe


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    study = cb.Study(write_recipe(tmp_path_factory.mktemp("archive") / "tiny.toml"))
    study.run("serial", progress=False)
    return study


def test_a_study_is_one_file_and_comes_back(study, tmp_path):
    n = study.export(tmp_path / "all.h5")
    assert n == sum(status.done for status in study.status())
    with h5py.File(tmp_path / "all.h5") as file:
        assert file.attrs["recipe"] == study.recipe.path.read_text()
        run = file["run/0001/0002"]
        assert run["lengths"].attrs["axes"] == "time, particle"
        assert run.attrs["seed"] == 1
    back = cb.Study.from_export(tmp_path / "all.h5", tmp_path / "back.toml")
    assert [s.done for s in back.status()] == [s.total for s in back.status()]
    for path in study.store.folder.glob("[!.]*/**/*.h5"):
        copy = back.store.folder / path.relative_to(study.store.folder)
        assert differences(path, copy) == []
        stated, restored = statement(path), statement(copy)
        assert all(stated[key] == restored[key] for key in ("content", "parents", "recipe"))
    assert back.fit().table.equals(study.fit().table)
    with pytest.raises(StoreError, match="exists already"):
        cb.Study.from_export(tmp_path / "all.h5", tmp_path / "back.toml")


def test_a_table_of_potentials_that_is_not_in_the_archive_is_refused(tmp_path):
    with h5py.File(tmp_path / "all.h5", "w") as file:
        file.attrs["format"], file.attrs["recipe"] = FORMAT, ""
        file.create_dataset("potential", dtype="u1", shape=(10**11,))
    with pytest.raises(FileFormatError, match=r"all\.h5: .*potential: expected the 100000000000"):
        cb.Study.from_export(tmp_path / "all.h5", tmp_path / "back.toml")


def test_groups_that_are_no_units_are_refused_at_once(tmp_path):
    """A visit of all groups takes a time that grows as the square of their depth."""
    with h5py.File(tmp_path / "all.h5", "w") as file:
        file.attrs["format"], file.attrs["recipe"] = FORMAT, ""
        inner = file.create_group("run/0000")
        for _ in range(3000):
            inner = inner.create_group("g")
    began = time.monotonic()
    with pytest.raises(FileFormatError, match=r"all\.h5: .*a unit has the name 'run/0000/g'"):
        cb.Study.from_export(tmp_path / "all.h5", tmp_path / "back.toml")
    assert time.monotonic() - began < 1


def test_a_disk_that_is_full_names_the_folder_of_the_study(study, tmp_path, monkeypatch):
    study.export(tmp_path / "all.h5")

    def full(path, *_):
        raise OSError(errno.ENOSPC, "full", str(path))

    monkeypatch.setattr("cagebreak.study.archive.write_unit", full)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OSError, match="full") as error:
        cb.Study.from_export("all.h5", "back.toml")
    assert error.value.filename == "back"
    assert [path.name for path in tmp_path.iterdir()] == ["all.h5"]


def test_a_damaged_archive_is_named(study, tmp_path):
    study.export(tmp_path / "all.h5")
    whole = (tmp_path / "all.h5").read_bytes()
    first = study.propensity(0).sums
    at = whole.index(np.ascontiguousarray(first).tobytes()[:64])
    changed = bytearray(whole)
    changed[at + 3] ^= 1
    lost = bytes(BLOCK) + whole[BLOCK:]
    for i, content in enumerate((whole[:-5000], bytes(changed), b"words", lost, whole[BLOCK:])):
        (tmp_path / "all.h5").write_bytes(content)
        with pytest.raises(FileFormatError, match=r"all\.h5: expected an exported study"):
            cb.Study.from_export(tmp_path / "all.h5", tmp_path / f"back{i}.toml")
        recipe = str(tmp_path / f"back{i}.toml")
        shown = CliRunner().invoke(main, ["import", recipe, str(tmp_path / "all.h5")])
        assert "all.h5: expected an" in shown.output
        assert [path.name for path in tmp_path.iterdir()] == ["all.h5"]


def test_verify_finds_what_was_changed(study, tmp_path):
    study.export(tmp_path / "all.h5")
    back = cb.Study.from_export(tmp_path / "all.h5", tmp_path / "back.toml")
    found = back.verify(sample=4, seed=2)
    assert found.sound
    assert len(found.again) == 4
    assert found.n_read == sum(status.done for status in back.status())
    # Other results with a digest of their own.
    unit = Unit("propensity", (1,))
    with h5py.File(back.store.path(unit)) as file:
        arrays = {name: Dataset(data[()], "", "") for name, data in file.items()}
    arrays["sums"].values[0, 0, 0] += 1e-9
    back.store.save(unit, arrays)
    assert back.verify(sample=0, seed=2).sound
    found = back.verify(sample=100, seed=2)
    assert list(found.different) == [unit]
    assert found.different[unit] == ["sums"]
    assert set(found.again) >= {unit}
    path = back.store.path(Unit("run", (0, 0)))
    path.write_bytes(path.read_bytes()[:-64])
    assert list(back.verify(sample=0, seed=2).damaged) == [path]


def test_the_command_line(study, tmp_path):
    recipe, archive = str(study.recipe.path), str(tmp_path / "all.h5")
    done = CliRunner().invoke(main, ["export", recipe, "-o", archive])
    assert done.exit_code == 0, done.output
    back = str(tmp_path / "back.toml")
    done = CliRunner().invoke(main, ["import", back, archive])
    assert done.exit_code == 0, done.output
    done = CliRunner().invoke(main, ["verify", back, "--sample", "1"])
    assert done.exit_code == 0, done.output
    assert "of 1 units done again 1 are equal to the bit" in done.output
    path = cb.Study(back).store.path(Unit("cage", (2,)))
    path.write_bytes(b"nothing")
    done = CliRunner().invoke(main, ["verify", back, "--sample", "0"])
    assert done.exit_code == 1
    assert "0002.h5" in done.output
