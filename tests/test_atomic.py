"""Files are whole or as they were, whatever fails, and what killed processes leave is removed."""

import errno
import os
import resource
import signal
import socket
import stat
import subprocess
import sys
from contextlib import contextmanager

import pytest

from cagebreak import _atomic
from cagebreak._atomic import MARKER, TemporaryFolder, append, replacing, require_file, write

HOLD = """
import sys, time
from pathlib import Path
from cagebreak._atomic import TemporaryFolder, replacing
path = Path(sys.argv[1])
with TemporaryFolder("kept-", path.parent), replacing(path) as temporary:
    temporary.write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""


@contextmanager
def at_most(n_bytes):
    """Make the kernel refuse to let any file grow beyond a number of bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("n_bytes", [0, 1, 4095, 4096, 9999])
def test_a_write_that_fails_at_any_byte_leaves_the_old_file(tmp_path, n_bytes):
    path = tmp_path / "x"
    path.write_text("old")
    with at_most(n_bytes), pytest.raises(OSError, match="File too large") as failure:
        write(path, b"n" * 10_000)
    assert failure.value.filename == str(path)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["x"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("step", ["_sync", "os.replace", "_locked"])
def test_every_step_that_fails_names_the_file(tmp_path, monkeypatch, code, step):
    path = tmp_path / "x"
    path.write_text("old")

    def fail(*arguments):
        raise OSError(code, os.strerror(code), *map(str, arguments[:1]))

    monkeypatch.setattr(f"cagebreak._atomic.{step}", fail)
    with pytest.raises(OSError, match=os.strerror(code)) as failure:
        write(path, b"new")
    assert (failure.value.errno, failure.value.filename) == (code, str(path))
    assert path.read_text() == "old"
    assert names(tmp_path) == ["x"]


def test_an_error_of_another_file_keeps_its_name(tmp_path):
    other = tmp_path / "elsewhere"
    with pytest.raises(OSError, match="elsewhere"), replacing(tmp_path / "x"):
        other.read_text()
    assert names(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_what_a_killed_process_leaves_goes_with_the_next_write(tmp_path, number):
    path = tmp_path / "x"
    with subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE) as writer:
        assert writer.stdout.readline() == b"writing\n"
        # The file and the folder of a process at work are its own.
        write(path, "mine")
        with TemporaryFolder("kept-", tmp_path):
            assert len(names(tmp_path)) == 4
        os.kill(writer.pid, number)
    assert path.read_text() == "mine"
    assert len(names(tmp_path)) == 3
    write(path, "new")
    with TemporaryFolder("kept-", tmp_path):
        pass
    assert path.read_text() == "new"
    assert names(tmp_path) == ["x"]


def test_files_of_others_are_left(tmp_path):
    others = [".x.tmp", ".x.0.tmp", f".y.{'0' * 32}.tmp", "x.tmp", f".x.{'0' * 32}.tmp~"]
    for other in others:
        (tmp_path / other).write_text("not ours")
    (tmp_path / f".x.{'1' * 32}.tmp").symlink_to(tmp_path / "x.tmp")
    (tmp_path / "kept-aaaaaaaa").mkdir()
    (tmp_path / "kept-aaaaaaaa" / "data").write_text("not ours")
    (tmp_path / "kept-toolongname").mkdir()
    before = names(tmp_path)
    write(tmp_path / "x", "new")
    with TemporaryFolder("kept-", tmp_path) as folder:
        assert os.listdir(folder) == [MARKER]
    assert names(tmp_path) == sorted([*before, "x"])


def test_without_locks_files_are_written_and_none_is_removed(tmp_path, monkeypatch):
    def no_locks(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("cagebreak._atomic.fcntl.flock", no_locks)
    leftover = tmp_path / f".x.{'0' * 32}.tmp"
    leftover.write_text("whose?")
    write(tmp_path / "x", "new")
    assert names(tmp_path) == [leftover.name, "x"]


def things(folder):
    """Yield a path for everything that is no file."""
    (folder / "folder").mkdir()
    os.mkfifo(folder / "fifo")
    (folder / "device").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(folder / "socket"))
    return [folder / name for name in ("folder", "fifo", "device", "socket")]


def test_only_files_are_opened_and_replaced(tmp_path):
    for path in things(tmp_path):
        kind = stat.S_IFMT(os.stat(path).st_mode)
        for refused in (lambda path=path: require_file(path), lambda path=path: write(path, "new")):
            with pytest.raises(OSError, match=r"expected a file, got a \w+") as failure:
                refused()
            assert failure.value.filename == str(path)
        assert stat.S_IFMT(os.stat(path).st_mode) == kind


def test_a_missing_folder_is_named_before_anything_is_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FileNotFoundError, match="no"):
        write(tmp_path / "no" / "x", "new")
    with pytest.raises(NotADirectoryError, match="file"):
        write(tmp_path / "file" / "x", "new")


def test_a_line_is_appended_whole_or_not(tmp_path):
    path = tmp_path / "log"
    append(path, b"one\n", b"header\n")
    with at_most(14), pytest.raises(OSError):
        append(path, b"two\n")
    append(path, b"three\n", b"header\n")
    assert path.read_text() == "header\none\nthree\n"


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_nothing_is_appended_through_a_link(tmp_path, link):
    precious = tmp_path / "precious"
    precious.write_text("precious")
    link(precious, tmp_path / "log")
    with pytest.raises(OSError):
        append(tmp_path / "log", b"line\n")
    assert precious.read_text() == "precious"


def test_a_folder_that_cannot_be_synced_is_no_failure(tmp_path, monkeypatch):
    fsync = os.fsync

    def only_files(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        fsync(descriptor)

    monkeypatch.setattr(_atomic.os, "fsync", only_files)
    write(tmp_path / "x", "new")
    assert (tmp_path / "x").read_text() == "new"
