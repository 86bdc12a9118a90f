"""Files that claim, repeat or never end: a clear error that names the file, in little time."""

import gzip
import io
import os
import struct
import time
import zipfile

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import FileFormatError

HEAD = 'Lattice="6 0 0 0 6 0 0 0 6" Properties=species:S:1:pos:R:3'
DUMP = (
    "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n{n}\nITEM: BOX BOUNDS pp pp pp\n0 6\n0 6\n0 6\n"
    "ITEM: ATOMS id type x y z\n1 1 1 2 3\n"
)
DATA = "x\n\n{n} atoms\n1 atom types\n0 6 xlo xhi\n0 6 ylo yhi\n0 6 zlo zhi\n\nAtoms\n\n1 1 1 2 3\n"
TEXTS = {
    "claim.xyz": f"1000000000000\n{HEAD}\nA 1 2 3\n",
    "claim.dump": DUMP.format(n=10**12),
    "claim.data": DATA.format(n=10**12),
    "claim.sph": "100000000000\n6 6 6\na 1 2 3 0.5\n",
    "digits.xyz": "9" * 10**6 + f"\n{HEAD}\nA 1 2 3\n",
    "number.xyz": f"1\n{HEAD}\nA 1 2 {'9' * 900_000}\n",
    "columns.xyz": "1\n" + HEAD + ":a:R:99" * 50_000 + "\nA 1 2 3\n",
    "word.xyz": "1\n" + "a" * 900_000 + "\nA 1 2 3\n",
    "dashes.xyz": "1\n" + "a-" * 400_000 + "\nA 1 2 3\n",
    "equals.xyz": "1\n" + 'a="' * 300_000 + "\nA 1 2 3\n",
    "braces.xyz": "1\n" + "a={" * 300_000 + "\nA 1 2 3\n",
    "spaces.xyz": "1\nL" + " " * 900_000 + "\nA 1 2 3\n",
    "zeros.xyz": "\0" * 2_000_000,
    "line.dump": "1" * 2_000_000,
    "words.dump": DUMP.format(n=1).replace("pp pp pp", "xy xz yz" + " pp xz yz" * 20_000),
    "blank.sph": "\n" * 500_000,
    "box.xyz": f"1\n{HEAD.replace('6', '1e300')}\nA 1 2 3\n",
    "box.dump": DUMP.format(n=1).replace("0 6", "-1e308 1e308"),
    "box.sph": "1\n41000000000000 5 6\na 1 2 3 0.5\n",
    "far.xyz": f"1\n{HEAD}\nA 1e300 2 3\n",
}


@pytest.mark.parametrize("name", TEXTS)
def test_text_that_claims_or_never_ends(tmp_path, name):
    path = tmp_path / name
    path.write_text(TEXTS[name])
    start = time.process_time()
    with pytest.raises(FileFormatError, match=name):
        cb.read(path)
    assert time.process_time() - start < 1


def _npy(shape, descr="<f8", body=b"", header=None):
    text = header or repr({"descr": descr, "fortran_order": False, "shape": shape})
    return b"\x93NUMPY\x02\0" + struct.pack("<I", len(text) + 1) + text.encode() + b"\n" + body


ARRAYS = {
    "claimed": _npy((10**9, 3), body=b"abc"),
    "claimed_more": _npy((10**15, 3)),
    "negative": _npy((-4, 3)),
    "nested": _npy(None, header="(" * 5000 + ")" * 5000),
    "objects": _npy((4, 3), "|O", b"x"),
    "wide": _npy((4, 3), "V99999999"),
    "zeros": _npy((10**6, 3), body=bytes(24 * 10**6)),
    "far": _npy((4, 3), body=np.full((4, 3), 1e300).tobytes()),
}


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("stated", ["right", "small"])
def test_archives_that_claim(tmp_path, name, stated):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("types.npy", _npy((4,), "<i8", bytes(32)))
        archive.writestr("initial_positions.npy", ARRAYS[name])
    raw = bytearray(content.getvalue())
    if stated == "small":
        struct.pack_into("<I", raw, raw.rfind(b"PK\x01\x02") + 24, 100)
    path = tmp_path / "c.npz"
    path.write_bytes(raw)
    with pytest.raises(FileFormatError, match=r"c\.npz"):
        cb.read(path)


SUFFIXES = [
    ".h5",
    ".gsd",
    ".dump",
    ".data",
    ".xyz",
    ".sph",
    ".npz",
    ".glassbench.npz",
    ".pickle",
    ".xyz.gz",
]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_no_file_is_not_waited_for(tmp_path, suffix):
    fifo, folder, device = (tmp_path / f"{name}{suffix}" for name in ("fifo", "folder", "device"))
    os.mkfifo(fifo)
    folder.mkdir()
    device.symlink_to("/dev/zero")
    for path in (fifo, folder, device):
        with pytest.raises((FileFormatError, OSError), match="expected a file, got a") as raised:
            cb.read(path)
        assert str(path) in str(raised.value)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_holes_are_not_read(tmp_path, suffix):
    path = tmp_path / f"c{suffix}"
    with path.open("wb") as file:
        file.write(b"1\n")
        file.truncate(1 << 38)
    with pytest.raises(FileFormatError, match=r"c\..*expected a file that was written"):
        cb.read(path)


def test_a_bomb_of_lines_ends_early(tmp_path):
    path = tmp_path / "c.xyz.gz"
    lines = b"A 1 2 3\n" * (1 << 17)
    with gzip.open(path, "wb") as file:
        file.write(b"99999999\n" + HEAD.encode() + b"\n")
        for _ in range(20):
            file.write(lines)
    with pytest.raises(FileFormatError, match="times its size"):
        cb.read(path)
