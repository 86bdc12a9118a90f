"""Sealed files: whole and readable by h5py alone, or named before HDF5 opens them."""

import hashlib
import json
import os
import signal
import subprocess
import sys

import h5py
import numpy as np
import pytest

from cagebreak._sealed import BLOCK, content_digest, creating, opened, statement

ARRAY = np.arange(24.0).reshape(2, 3, 4)


def write(path):
    with creating(path, {"format": "a test", "name": "Gr\u00f6\u00dfe"}) as file:
        file.attrs["recipe"] = "clip = 6.0"
        file["number"] = 7
        file.create_dataset("x", data=ARRAY, fletcher32=True)
        file.create_group("group")["y"] = ARRAY
    return path


@pytest.fixture
def path(tmp_path):
    return write(tmp_path / "file.h5")


def refused(path):
    try:
        statement(path)
    except ValueError:
        return True
    return False


def test_a_sealed_file_is_read_by_h5py_alone(path):
    with h5py.File(path) as file:
        assert (file["group/y"][()] == ARRAY).all()
        assert file.attrs["recipe"] == "clip = 6.0"
    with opened(path) as file:
        assert (file["x"][()] == ARRAY).all()
    assert [p.name for p in path.parent.iterdir()] == ["file.h5"]


def test_its_first_lines_state_the_digests(path):
    content = path.read_bytes()
    first, second = content[:BLOCK].splitlines(keepends=True)
    stated = json.loads(first.removeprefix(b"cagebreak HDF5 1 "))
    assert stated["bytes"] == len(content)
    assert stated["sha256"] == hashlib.sha256(content[BLOCK:]).hexdigest()
    assert second == hashlib.sha256(first).hexdigest().encode() + b"\n"
    assert statement(path) == statement(path, whole=False) == stated


def test_every_changed_byte_is_named(path):
    whole, rng = path.read_bytes(), np.random.default_rng(1)
    bits = rng.integers(8, size=len(whole))
    assert not refused(path)
    for at, bit in enumerate(bits):
        with path.open("r+b") as file:
            file.seek(at)
            file.write(bytes([whole[at] ^ 1 << bit]))
            file.flush()
            assert refused(path), at
            file.seek(at)
            file.write(whole[at : at + 1])
    assert not refused(path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole[:-1],
        lambda whole: whole[: BLOCK + 100],
        lambda whole: whole[:BLOCK],
        lambda whole: whole[:500],
        lambda whole: b"",
        lambda whole: whole + b"\0",
        lambda whole: whole[BLOCK:],
        lambda whole: bytes(BLOCK) + whole[BLOCK:],
        lambda whole: bytes(4096) + whole[4096:],
        lambda whole: whole[:BLOCK] + bytes(4096) + whole[BLOCK + 4096 :],
        lambda whole: b"some text",
    ],
)
def test_cuts_and_lost_blocks_are_named(path, damage):
    path.write_bytes(damage(path.read_bytes()))
    assert refused(path)
    with pytest.raises(ValueError, match=r"its? "), opened(path):
        pass


@pytest.mark.parametrize(
    "text",
    [b"null", b"-1", b"[1, 2]", b'"text"', b"{}", b"", b"\xff", b"[" * 900, b'{"bytes": 9}'],
    ids=lambda text: str(text[:9]),
)
@pytest.mark.parametrize("whole", [True, False])
def test_a_first_line_that_states_no_digest_is_named(path, text, whole):
    line = (b"cagebreak HDF5 1 " + text).ljust(BLOCK - 66) + b"\n"
    second = hashlib.sha256(line).hexdigest().encode() + b"\n"
    path.write_bytes(line + second + path.read_bytes()[BLOCK:])
    with pytest.raises(ValueError, match="its first line does not state its bytes and their"):
        statement(path, whole=whole)


def test_a_file_that_changes_after_its_check_is_checked_again(path):
    old = path.stat()
    os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns - 10**10))
    assert not refused(path)
    status, whole = path.stat(), bytearray(path.read_bytes())
    whole[-40] ^= 1
    path.write_bytes(whole)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert refused(path)


def test_files_without_digest_are_opened_as_they_are(tmp_path):
    with h5py.File(tmp_path / "plain.h5", "w") as file:
        file["x"] = ARRAY
    assert statement(tmp_path / "plain.h5") is None
    with opened(tmp_path / "plain.h5") as file:
        assert (file["x"][()] == ARRAY).all()


def test_what_is_no_file_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "fifo.h5")
    with pytest.raises(ValueError, match="expected a file"):
        statement(tmp_path / "fifo.h5")
    with pytest.raises(FileNotFoundError):
        statement(tmp_path / "absent.h5")


def test_a_statement_that_is_too_long_is_refused(tmp_path):
    with (
        pytest.raises(ValueError, match="at most 958 bytes"),
        creating(tmp_path / "file.h5", {"x": "y" * BLOCK}),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


FULL = """
import os, resource, sys
from pathlib import Path
import numpy as np
from cagebreak._sealed import creating
path = Path(sys.argv[1])
for limit in [*range(0, 30_000, 1500), 100_000, 400_000, 480_000]:
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        try:
            with creating(path, {}) as file:
                for i in range(40):
                    data = np.random.default_rng(i).random(1500)
                    file.create_dataset(f"x{i}", data=data, fletcher32=True).attrs["units"] = "1"
                assert (file["x39"][()] == data).all()
        except OSError:
            os._exit(7)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 7, (limit, status)
"""


def test_a_disk_that_is_full_at_any_byte_is_an_error_and_no_crash(path):
    before = path.read_bytes()
    subprocess.run([sys.executable, "-c", FULL, path], check=True, timeout=60)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["file.h5"]


@pytest.mark.parametrize("flushes", [True, False])
def test_ctrl_c_waits_until_hdf5_is_done(path, flushes, request):
    # Libraries that other tests import have handlers of their own.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, handler))
    before, steps = path.read_bytes(), []

    def write_stopped():
        with creating(path, {}) as file:
            signal.raise_signal(signal.SIGINT)
            file["x"] = ARRAY
            steps.append("written")
            if flushes:
                file.flush()
                steps.append("flushed")

    with pytest.raises(KeyboardInterrupt):
        write_stopped()
    assert steps == ["written"]
    assert path.read_bytes() == before
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_content_digest_is_that_of_the_arrays_alone(path):
    with opened(path) as file:
        arrays = {"x": file["x"][()], "n": file["number"][()]}
    digest = content_digest(arrays)
    assert content_digest({"n": np.array(7), "x": np.asfortranarray(ARRAY)}) == digest
    others = (
        {"x": ARRAY.reshape(3, 8)},
        {"x": ARRAY.astype(">f8")},
        {"x": np.where(ARRAY == 0, -0.0, ARRAY)},
        {"n": np.array([7])},
        {"m": np.array(7)},
    )
    assert digest not in [content_digest(arrays | other) for other in others]
