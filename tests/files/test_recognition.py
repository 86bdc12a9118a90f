"""Formats under any name, and the options of `read`."""

import bz2
import gzip
import lzma

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import FileFormatError, InputError
from cagebreak.files import read_frames
from support.eight_particles import assert_is_they, data, dump, sph, xyz


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("out.dump.1000", dump),
        ("glass.lammpsdump", dump),
        ("conf.100", dump),
        ("lj.atom", dump),
        ("GLASS.DUMP", dump),
        ("glass.dat", data),
        ("glass.lammpsdata", data),
        ("glass.txt", xyz),
        ("glass", sph),
        ("data.5", data),
        ("data.6", dump),
    ],
)
@pytest.mark.parametrize("compression", ["", ".gz", ".bz2", ".XZ"])
def test_a_format_under_any_name(tmp_path, name, text, compression):
    path = tmp_path / f"{name}{compression}"
    pack = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".XZ": lzma.compress}
    path.write_bytes(pack[compression](text().encode()))
    assert_is_they(cb.read(path))


@pytest.mark.parametrize("suffix", [".h5", ".npz", ".gsd", ".pickle"])
def test_binary_formats_under_another_name(tmp_path, suffix):
    pytest.importorskip("gsd", reason="the library gsd is absent")
    from fuzz_files import samples

    whole = samples(tmp_path)[suffix]
    expected = cb.read(whole, frame=0)
    other = whole.rename(tmp_path / "file.of.7")
    np.testing.assert_array_equal(cb.read(other, frame=0).positions, expected.positions)


@pytest.mark.parametrize("content", [b"", b"hello\n", b"\0\1\2", b"8\n", b"x,y,z\n1,2,3\n"])
def test_what_is_not_recognized_lists_the_formats(tmp_path, content):
    path = tmp_path / "c.cif"
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match=r"c\.cif: .*\.lammpstrj .*\.bz2 .*format=, --format"):
        cb.read(path)


def test_the_format_is_a_choice(tmp_path):
    path = tmp_path / "c.xyz"
    path.write_text(dump())
    for name in ("dump", ".lammpstrj", "DUMP"):
        assert_is_they(cb.read(path, format=name))
    with pytest.raises(InputError, match=r"format: expected one of h5 gsd dump .* got 'lammps'"):
        cb.read(path, format="lammps")


def test_the_format_to_write_is_a_choice(tmp_path):
    path = tmp_path / "conf.100"
    start = cb.Configuration(np.eye(3), [0, 1, 0], 4.0)
    cb.write(path, start, format="dump")
    assert path.read_text().startswith("ITEM: TIMESTEP")
    np.testing.assert_array_equal(cb.read(path).positions, start.positions)
    with pytest.raises(FileFormatError, match="read only"):
        cb.write(path, start, format="data")


def test_frames_by_number(tmp_path):
    path = tmp_path / "c.dump"
    first = dump()
    path.write_text(first + first.replace("TIMESTEP\n0", "TIMESTEP\n7").replace("0.375", "0.5"))
    assert [frame.step for frame in read_frames(path)] == [0, 7]
    assert_is_they(cb.read(path, frame=0))
    assert_is_they(cb.read(path, frame=np.int64(-2)))
    for number in (1, -1):
        assert cb.read(path, frame=number).positions.min() == 0.5
    for number in (2, -3, 0.0, True, "0"):
        with pytest.raises(InputError, match=r"frame: .* has frames 0 to 1, or -1 to -2"):
            cb.read(path, frame=number)


@pytest.mark.parametrize("path", [None, 5, b"c.xyz", ["c.xyz"]])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(InputError, match="path: expected the path of a file"):
        cb.read(path)
    with pytest.raises(InputError, match="path: expected the path of a file"):
        list(cb.iread(path))
