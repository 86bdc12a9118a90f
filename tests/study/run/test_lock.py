"""The lock of a study: never another's file, never waited for; and studies that are only read."""

import errno
import os
import re
import socket
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from cagebreak.cli import main
from cagebreak.errors import CacheWarning, StoreError
from cagebreak.study.analysis import table_files
from cagebreak.study.store import Store
from support.paths import ROOT


@pytest.fixture
def store(tmp_path):
    (tmp_path / "hs").mkdir()
    (tmp_path / "precious").write_text("precious")
    return Store(tmp_path / "hs", {}, seed=1)


def _socket(path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(path))


PLACED = {
    "a symbolic link": lambda path: path.symlink_to("../precious"),
    "a FIFO": os.mkfifo,
    "a folder": os.mkdir,
    "a socket": _socket,
}


@pytest.mark.parametrize("locked", [Store.locked, Store.read_locked])
@pytest.mark.parametrize("kind", PLACED)
def test_a_lock_that_is_no_file_is_named_at_once(store, kind, locked):
    PLACED[kind](store.folder / ".lock")
    began = time.monotonic()
    with pytest.raises(StoreError, match=rf"\.lock: expected a file, got {kind}"), locked(store):
        pass
    assert time.monotonic() - began < 1
    assert (store.folder / "../precious").read_text() == "precious"


def test_a_hard_link_is_locked_and_not_written_to(store):
    # As copies of a study have it that share their files.
    os.link(store.folder / "../precious", store.folder / ".lock")
    with store.locked():
        pass
    assert (store.folder / "../precious").read_text() == "precious"


@pytest.mark.parametrize("kind", ["FIFO", "file", "socket", "dangling link"])
def test_a_folder_that_is_none_is_named(store, kind):
    store.folder.rmdir()
    {
        "FIFO": os.mkfifo,
        "file": lambda path: path.write_text("mine"),
        "socket": _socket,
        "dangling link": lambda path: path.symlink_to("nowhere"),
    }[kind](store.folder)
    with pytest.raises(StoreError, match=r"hs: cannot be written to"), store.locked():
        pass


def test_a_folder_may_be_a_link_to_another_disk(store):
    store.folder.rename(store.folder.with_name("disk"))
    store.folder.symlink_to("disk")
    with store.locked():
        assert (store.folder.with_name("disk") / ".lock").exists()


def test_a_file_system_without_locks_is_said_and_read(store, monkeypatch):
    def no_locks(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", no_locks)
    with pytest.raises(StoreError, match=r"hs: its file system has no locks"), store.locked():
        pass
    with store.read_locked():
        pass


def test_readers_keep_runs_out_but_not_each_other(store):
    refused = pytest.raises(StoreError, match="at work here")
    with store.read_locked(), store.read_locked(), refused, store.locked():
        pass
    with store.locked(), refused, store.read_locked():
        pass


def test_a_full_disk_does_not_keep_from_locking(store, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.pwrite", full)
    with store.locked():
        pass


class Unwritable:
    """Makes the kernel refuse to write below a folder, as a read-only file system does.

    Permissions do not bind root, as whom tests may run.
    """

    def __init__(self, monkeypatch, folder):
        self.folder = str(folder)
        for name in ("open", "mkdir", "replace", "unlink", "access"):
            monkeypatch.setattr(os, name, self.guarded(name, getattr(os, name)))

    def guarded(self, name, function):
        def call(path, *arguments, **options):
            inside = isinstance(path, str | os.PathLike) and os.fspath(path).startswith(self.folder)
            writes = (arguments[:1] or (0,))[0]
            if inside and name == "access" and writes & os.W_OK:
                return False
            if inside and (name in ("mkdir", "replace", "unlink")
                           or (name == "open" and writes & (os.O_WRONLY | os.O_RDWR))):  # fmt: skip
                raise OSError(errno.EROFS, os.strerror(errno.EROFS), os.fspath(path))
            return function(path, *arguments, **options)

        return call


def test_a_study_that_cannot_be_written_to_is_read(study, tmp_path, monkeypatch):
    read_only = study.recipe.path
    Unwritable(monkeypatch, read_only.parent)
    table_files._say_not_kept.cache_clear()
    with pytest.warns(CacheWarning, match=r"hs: cannot be written to, so that its tables"):
        study.table("configurations")
    before = sorted(read_only.parent.rglob("*"))
    for arguments in (
        ("status", read_only),
        ("verify", read_only, "--sample", "0"),
        ("export", read_only, "-o", tmp_path / "all.h5"),
        ("figure", read_only, "alkemade2022.mean_propensity", "-o", tmp_path / "figures"),
    ):
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert result.exit_code == 0, result.output
    assert {"all.h5", "figures"} == {path.name for path in tmp_path.iterdir()}
    for arguments in (("run", read_only), ("figure", read_only, "alkemade2022.mean_propensity")):
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert result.exit_code == 2
        assert re.search("Read-only file system|Permission denied", result.stderr)
        assert result.stderr.count("\n") == 1
    assert sorted(read_only.parent.rglob("*")) == before


MOUNT = """
mount -t tmpfs -o size=1m tmpfs {folder} && mkdir {folder}/hs && mount -o remount,ro {folder}
{python} -c 'from pathlib import Path
from cagebreak.errors import StoreError
from cagebreak.study.store import Store
store = Store(Path("{folder}/hs"), dict(), seed=1)
with store.read_locked():
    print("read")
try:
    with store.locked():
        print("written")
except StoreError as error:
    print(error)'
"""


def test_a_real_read_only_file_system(tmp_path):
    unshare = ["unshare", "--mount", "--user", "--map-root-user", "sh", "-ec"]
    try:
        subprocess.run([*unshare, f"mount -t tmpfs tmpfs {tmp_path}"], check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("may not mount")
    script = MOUNT.format(folder=tmp_path, python=sys.executable)
    result = subprocess.run(
        [*unshare, script],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
    )
    assert result.stdout.splitlines() == [
        "read",
        f"{tmp_path}/hs: cannot be written to ({tmp_path}/hs/.lock: Read-only file system)",
    ], result.stderr


def test_only_temporary_files_of_the_package_are_removed(tmp_path):
    store = Store(tmp_path / "hs", {"run": None}, seed=1)
    ours, elsewhere = f".0001.h5.{'a' * 32}.tmp", tmp_path / "elsewhere"
    for folder in ("run/0001", "tables", "mine"):
        (store.folder / folder).mkdir(parents=True)
        for name in (ours, ".mine.tmp"):
            (store.folder / folder / name).write_text("half")
    elsewhere.mkdir()
    (elsewhere / ours).write_text("of another study")
    (store.folder / "link").symlink_to(elsewhere)
    with store.locked():
        pass
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.tmp")}
    assert left == {
        "hs/run/0001/.mine.tmp",
        "hs/tables/.mine.tmp",
        "hs/mine/.mine.tmp",
        f"hs/mine/{ours}",
        f"elsewhere/{ours}",
    }
