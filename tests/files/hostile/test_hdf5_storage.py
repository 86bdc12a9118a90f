"""HDF5 storage that a reader must not follow or believe."""

import zlib

import h5py
import numpy as np
import pytest

import cagebreak as cb
from cagebreak._hdf5 import read_array
from cagebreak.errors import FileFormatError

POSITIONS = np.arange(24.0).reshape(8, 3)


def _claimed(file):
    file.create_dataset("positions", dtype="f8", shape=(10**9, 3), chunks=(10**5, 3))


def _claimed_without_chunks(file):
    file.create_dataset("positions", dtype="f8", shape=(10**9, 3))


def _claimed_elements(file):
    text = h5py.h5t.C_S1.copy()
    text.set_size(10**9)
    h5py.h5d.create(file.id, b"positions", text, h5py.h5s.create_simple((8, 3)))


def _expanding(file):
    dataset = file.create_dataset(
        "positions", dtype="f8", shape=(10**8, 3), chunks=(10**5, 3), compression="gzip"
    )
    dataset[: 10**5] = 0
    mask, chunk = dataset.id.read_direct_chunk((0, 0))
    for start in range(10**5, 10**8, 10**5):
        dataset.id.write_direct_chunk((start, 0), chunk, mask)


def _expanding_chunk(file):
    dataset = file.create_dataset(
        "positions", dtype="f8", shape=(8, 3), chunks=(8, 3), compression="gzip"
    )
    dataset.id.write_direct_chunk((0, 0), zlib.compress(bytes(1 << 24), 9))


def _tiny_chunks(file):
    file.create_dataset(
        "positions", dtype="f8", shape=(10**6, 3), chunks=(1, 1), compression="gzip"
    )


def _external(file):
    file.create_dataset("positions", dtype="f8", shape=(8, 3), external=[("outside", 0, 192)])


def _external_link(file):
    file["positions"] = h5py.ExternalLink("outside.h5", "/positions")


def _soft_link(file):
    file["positions"] = h5py.SoftLink("/positions")


def _virtual(file):
    layout = h5py.VirtualLayout(shape=(8, 3), dtype=float)
    layout[:] = h5py.VirtualSource("absent.h5", "positions", dtype="f8", shape=(8, 3))
    file.create_virtual_dataset("positions", layout)


def _texts(file):
    file["positions"] = ["a"] * 8


def _nested(file):
    kind = h5py.h5t.NATIVE_DOUBLE
    for _ in range(500):
        kind = h5py.h5t.vlen_create(kind)
    h5py.h5d.create(file.id, b"positions", kind, h5py.h5s.create_simple((8, 3)))


def _other_filter(file):
    file.create_dataset("positions", data=POSITIONS, compression="lzf")


def _group(file):
    file.create_group("positions")


def _null(file):
    file["positions"] = h5py.Empty(float)


@pytest.mark.parametrize(
    "store",
    [
        *(_claimed, _claimed_without_chunks, _claimed_elements, _expanding, _expanding_chunk),
        *(_tiny_chunks, _external, _external_link, _soft_link, _virtual, _texts, _nested),
        *(_other_filter, _group, _null),
    ],
)
def test_numbers_that_are_not_in_the_file_are_refused(tmp_path, store):
    np.full((8, 3), 7.0).tofile(tmp_path / "outside")
    with h5py.File(tmp_path / "outside.h5", "w") as file:
        file["positions"] = POSITIONS
    path = tmp_path / "c.h5"
    with h5py.File(path, "w") as file:
        file["box"], file["species"] = np.eye(3) * 30, np.zeros(8, np.int64)
        store(file)
    with pytest.raises(FileFormatError, match=r"c\.h5: .*positions: expected"):
        cb.read(path)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compression": "gzip", "shuffle": True, "fletcher32": True},
        {"chunks": (3, 2), "compression": "gzip"},
        {"chunks": (5, 3), "fletcher32": True},
    ],
)
def test_numbers_in_the_file_are_read_and_nothing_else_is(tmp_path, options):
    path = tmp_path / "c.h5"
    with h5py.File(path, "w") as file:
        file["box"], file["species"] = np.eye(3) * 30, np.zeros(8, np.int64)
        file.create_dataset("positions", data=POSITIONS, **options)
        file["loop"] = h5py.SoftLink("/loop")
        file.create_dataset("huge", dtype="f8", shape=(10**9, 3))
    assert np.array_equal(cb.read(path).positions, POSITIONS)


@pytest.mark.parametrize(
    "values",
    [
        np.zeros((0, 3)),
        np.array(5.0),
        np.array([True, False]),
        np.array([b"ab", b"c"]),
        np.array([(b"radial", 1.5, True)], dtype=[("kind", "S6"), ("r", "f8"), ("is_a", "?")]),
    ],
    ids=["empty", "scalar", "booleans", "text", "records"],
)
def test_arrays_of_this_package_are_read(tmp_path, values):
    with h5py.File(tmp_path / "c.h5", "w") as file:
        file["values"] = values
        stored = read_array(file, "values")
    assert stored.dtype == values.dtype
    assert np.array_equal(stored, values)


def test_an_absent_name_is_a_key_error(tmp_path):
    with h5py.File(tmp_path / "c.h5", "w") as file, pytest.raises(KeyError, match="values"):
        read_array(file, "values")
