"""The SHA-256 of tables: read by `sha256sum -c`, and every change of a table is named."""

import shutil
import subprocess

import numpy as np
import pytest
from click.testing import CliRunner

import cagebreak as cb
from cagebreak.cli.commands import main
from cagebreak.errors import DamagedFileWarning
from cagebreak.study import sha256sums
from cagebreak.study.analysis import table_files

DTYPE = np.dtype([("time", "f8"), ("species", "U1")])
TABLE = np.array([(0.1, "A"), (1 / 3, "B")], DTYPE)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "tables" / "a.csv"
    for name in ("a", "b"):
        table_files.write(path.with_stem(name), TABLE, {"table": name})
    return path


def read(path):
    return table_files.read(path, DTYPE, {"table": path.stem})


def test_sha256sum_reads_the_list(path):
    assert (read(path) == TABLE).all()
    assert (path.parent / "SHA256SUMS").read_text().count("\n") == 5
    check = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    if shutil.which("sha256sum"):
        subprocess.run(check, cwd=path.parent, check=True, stdout=subprocess.PIPE)
        path.write_text(path.read_text().replace("0.1", "0.2"))
        assert subprocess.run(check, cwd=path.parent, stdout=subprocess.PIPE).returncode == 1


@pytest.mark.parametrize("name", ["a.csv", "a.json", "SHA256SUMS"])
def test_any_changed_byte_of_a_table_is_named_and_not_used(path, name):
    damaged = path.with_name(name)
    whole = damaged.read_bytes()
    for at in range(len(whole)):
        damaged.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.warns(DamagedFileWarning, match=f"{name}: does not have the SHA-256"):
            assert read(path) is None
        assert damaged in sha256sums.damaged(path.parents[1])
    damaged.write_bytes(whole)
    assert (read(path) == TABLE).all()
    assert sha256sums.damaged(path.parents[1]) == {}


def test_a_table_without_its_digest_is_made_again(path):
    (path.parent / "SHA256SUMS").unlink()
    assert read(path) is None
    table_files.write(path, TABLE, {"table": "a"})
    assert (read(path) == TABLE).all()
    assert read(path.with_stem("b")) is None


def test_a_table_that_is_gone_is_made_again(path):
    path.unlink()
    assert read(path) is None
    assert sha256sums.damaged(path.parents[1]) == {}
    table_files.write(path.with_stem("b"), TABLE, {"table": "b"})
    assert "a.csv" not in (path.parent / "SHA256SUMS").read_text()


def test_no_list_beside_a_figure_outside_the_study(tmp_path):
    table_files.write(tmp_path / "fig1.csv", TABLE, {"table": "a"}, listed=False)
    assert {p.name for p in tmp_path.iterdir()} == {"fig1.csv", "fig1.json"}


def test_status_and_verify_name_damaged_tables(study, tmp_path):
    shutil.copytree(study.store.folder, tmp_path / "hs")
    recipe = shutil.copy(study.recipe.path, tmp_path)
    copy = cb.Study(recipe)
    expected = copy.table("propensity")
    path = copy.store.folder / "tables" / "propensity.csv"
    path.write_bytes(path.read_bytes()[:-1])
    for command in ("status", "verify --sample 0"):
        name, *options = command.split()
        shown = CliRunner().invoke(main, [name, str(recipe), *options])
        assert "tables/propensity.csv: does not have the SHA-256" in shown.output
    assert shown.exit_code == 1
    with pytest.warns(DamagedFileWarning, match=r"propensity\.csv.*made again"):
        assert copy.table("propensity").equals(expected)
    assert copy.verify(0).sound
