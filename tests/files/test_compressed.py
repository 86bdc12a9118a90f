"""Compressed files of every text format."""

import bz2
import gzip
import io
import lzma
import resource
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import FileFormatError, MissingDependencyError
from fuzz_files import samples

pytest.importorskip("gsd", reason="the library gsd is absent")


@pytest.mark.parametrize("suffix", [".xyz", ".dump", ".data", ".sph", ".pickle"])
@pytest.mark.parametrize("library", [gzip, bz2, lzma])
def test_compressed_files(tmp_path, suffix, library):
    whole = samples(tmp_path)[suffix]
    packed = tmp_path / f"c{suffix}.{ {gzip: 'gz', bz2: 'bz2', lzma: 'xz'}[library] }"
    packed.write_bytes(library.compress(whole.read_bytes()))
    one, other = (np.ravel(cb.read(path)) for path in (whole, packed))
    for mine, yours in zip(one, other, strict=True):
        np.testing.assert_array_equal(mine.positions, yours.positions)
    packed.write_bytes(packed.read_bytes()[:-12])
    with pytest.raises(FileFormatError, match=packed.name):
        cb.read(packed)


def test_zstandard_that_python_cannot_read_says_what_to_install(tmp_path, monkeypatch):
    for module in ("backports.zstd", "compression.zstd"):
        monkeypatch.setitem(sys.modules, module, None)
    (tmp_path / "c.xyz.zst").write_bytes(b"")
    with pytest.raises(MissingDependencyError, match=r"pip install 'cagebreak\[files\]'"):
        cb.read(tmp_path / "c.xyz.zst")


def test_zstandard(tmp_path):
    zstd = pytest.importorskip("backports.zstd", reason="backports.zstd is absent")
    whole = samples(tmp_path)[".xyz"]
    packed = tmp_path / "c.xyz.zst"
    packed.write_bytes(zstd.compress(whole.read_bytes()))
    for mine, yours in zip(cb.read(whole), cb.read(packed), strict=True):
        np.testing.assert_array_equal(mine.positions, yours.positions)
    packed.write_bytes(packed.read_bytes()[:-12])
    with pytest.raises(FileFormatError, match=r"c\.xyz\.zst"):
        cb.read(packed)


@pytest.mark.parametrize("suffix", [".sph", ".dump", ".pickle"])
def test_a_decompression_bomb_is_refused(tmp_path, suffix):
    content = io.BytesIO()
    with gzip.GzipFile(fileobj=content, mode="wb", compresslevel=9) as file:
        for _ in range(80):
            file.write(b"\n" * (1 << 20))
    path = tmp_path / f"bomb{suffix}.gz"
    path.write_bytes(content.getvalue())
    with pytest.raises(FileFormatError, match=r"bomb.*times its size"):
        cb.read(path)


def test_binary_formats_are_not_read_compressed(tmp_path):
    for suffix in (".h5", ".gsd", ".npz"):
        (tmp_path / f"c{suffix}.gz").write_bytes(gzip.compress(b"x"))
        with pytest.raises(FileFormatError, match="expand it first"):
            cb.read(tmp_path / f"c{suffix}.gz")


def test_a_claimed_dictionary_is_an_error(tmp_path):
    head = 12  # bytes of the stream's header; the block's header follows, with a CRC-32 at its end
    content = bytearray(lzma.compress(b"1\n\nA 0 0 0\n"))
    end = head + 4 * content[head] + 4
    content[content.index(b"\x21\x01", head) + 2] = 40  # a dictionary of 4 GB
    content[end - 4 : end] = zlib.crc32(content[head : end - 4]).to_bytes(4, "little")
    path = tmp_path / "c.xyz.xz"
    path.write_bytes(content)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 30), hard))
    try:
        with pytest.raises(FileFormatError, match=r"c\.xyz\.xz: .*smaller dictionary"):
            cb.read(path)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
