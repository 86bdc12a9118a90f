"""Reading and writing configurations: round trips, and errors that name file and line."""

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cagebreak as cb
from cagebreak.errors import FileFormatError, InputError
from cagebreak.files import FORMATS
from support import paths

SPH = """3
4.0 5.0 6.0
a 0.5 1.0 1.5 0.5
b 3.0 1.0 1.5 0.4
a 0.5 4.0 5.5 0.5
"""
EXTERNAL = paths.EXTERNAL / "hs-eta058-n10000.sph"

numbers = st.floats(-1e6, 1e6, allow_nan=False)


@st.composite
def configurations(draw):
    n = draw(st.integers(1, 5))
    rows = st.lists(st.tuples(numbers, numbers, numbers), min_size=n, max_size=n)
    edge = draw(st.floats(0.1, 1e4))
    tilt = draw(st.floats(-1, 1))
    return cb.Configuration(
        positions=draw(rows),
        species=draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)),
        box=np.array([[edge, 0, 0], [tilt, edge, 0], [0, 0, 2 * edge]]),
        velocities=draw(st.none() | rows),
        images=draw(st.none() | st.just(np.arange(3 * n).reshape(n, 3))),
    )


def assert_same(one, other):
    for name in ("positions", "species", "velocities", "images"):
        mine, yours = getattr(one, name), getattr(other, name)
        assert (mine is None) == (yours is None), name
        assert mine is None or np.array_equal(mine, yours), name
    assert np.array_equal(one.box.matrix, other.box.matrix)


@given(configurations())
@settings(max_examples=30, deadline=None)
def test_hdf5_keeps_every_bit(tmp_path_factory, configuration):
    path = tmp_path_factory.mktemp("h5") / "c.h5"
    cb.write(path, configuration)
    assert_same(cb.read(path), configuration)


def test_hdf5_is_readable_with_h5py_alone(tmp_path):
    path = tmp_path / "c.h5"
    cb.write(path, cb.Configuration([[1, 2, 3]], ["A"], 4.0))
    with h5py.File(path) as file:
        assert file["positions"][()].tolist() == [[1, 2, 3]]
        assert file["positions"].attrs["units"] == "sigma"
        assert file["box"].attrs["axes"] == "lattice vector, xyz"


def test_sph_reads_what_it_says(tmp_path):
    path = tmp_path / "c.sph"
    path.write_text(SPH)
    found = cb.read(path)
    assert found.species.tolist() == [0, 1, 0]
    assert found.positions[1].tolist() == [3.0, 1.0, 1.5]
    assert found.box.lengths.tolist() == [4.0, 5.0, 6.0]


def test_sph_round_trip(tmp_path):
    rng = np.random.default_rng(1)
    model = cb.hard_spheres()
    start = cb.Configuration(rng.uniform(-9, 9, (20, 3)), model.species(20), [3.0, 4.0, 5.0])
    path = tmp_path / "c.sph"
    cb.write(path, start, diameters=model.diameters)
    found = cb.read(path)
    assert np.array_equal(found.positions, start.wrapped)
    assert np.array_equal(found.species, start.species)
    assert np.array_equal(found.box.matrix, start.box.matrix)


@pytest.mark.parametrize(
    ("change", "line", "expected"),
    [
        (("3\n", "three\n"), 1, "number of spheres"),
        (("3\n", "0\n"), 1, "number of spheres"),
        (("3\n", "4\n"), 6, "spheres, 4 of them"),
        (("3\n", "2\n"), 5, "number of spheres"),
        (("4.0 5.0 6.0", "4.0 5.0"), 2, "three edge lengths"),
        (("4.0 5.0 6.0", "4.0 -5.0 6.0"), 2, "positive edge lengths"),
        (("b 3.0", "b x"), 4, "a letter, x, y, z and a radius"),
        (("b 3.0", "b nan"), 4, "a letter, x, y, z and a radius"),
        (("b 3.0", "b 3_0"), 4, "a letter, x, y, z and a radius"),
        (("b 3.0", ""), 4, "a letter, x, y, z and a radius"),
        (("0.4", "-0.4"), 4, "positive radius"),
        (("0.4", "0.5"), 4, "one letter a radius"),
    ],
)
def test_sph_errors_name_file_and_line(tmp_path, change, line, expected):
    path = tmp_path / "c.sph"
    path.write_text(SPH.replace(*change, 1))
    with pytest.raises(FileFormatError, match=expected) as raised:
        cb.read(path)
    assert f"{path}, line {line}:" in str(raised.value)


def test_sph_cut_short_anywhere_is_an_error(tmp_path):
    path = tmp_path / "c.sph"
    cb.write(path, cb.read(_written(path, SPH)), diameters=[1.0, 0.8])
    whole = path.read_text()
    path.write_text(whole[:-1])  # nothing but the last line break is missing
    assert len(cb.read(path)) == 3
    for length in range(len(whole) - 1):
        path.write_text(whole[:length])
        with pytest.raises(FileFormatError, match=r"c\.sph, line "):
            cb.read(path)


def _written(path, text):
    path.write_text(text)
    return path


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
@pytest.mark.parametrize("suffix", FORMATS)
def test_noise_is_a_clear_error(tmp_path_factory, suffix, noise):
    path = tmp_path_factory.mktemp("noise") / f"c{suffix}"
    path.write_bytes(noise)
    with pytest.raises(FileFormatError, match="c" + suffix):
        cb.read(path)


def test_a_truncated_or_edited_hdf5_file_is_named(tmp_path):
    path = tmp_path / "c.h5"
    cb.write(path, cb.Configuration(np.full((100, 3), 0.7), np.zeros(100), 4.0))
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    with pytest.raises(FileFormatError, match=r"c\.h5"):
        cb.read(path)
    at = whole.index(np.float64(0.7).tobytes())
    path.write_bytes(whole[:at] + b"\0" + whole[at + 1 :])
    with pytest.raises(FileFormatError, match=r"c\.h5"):
        cb.read(path)


def test_whoever_holds_its_datasets_hdf5_has_the_same_bytes(tmp_path, monkeypatch):
    """A profiler that samples the stack does."""
    configuration = cb.Configuration(np.full((100, 3), 0.7), np.zeros(100), 4.0)
    cb.write(tmp_path / "a.h5", configuration)
    create, held = h5py.Group.create_dataset, []

    def create_and_hold(*arguments, **named):
        dataset = create(*arguments, **named)
        if not held:  # of all that are held, the layout is another again
            held.append(dataset)
        return dataset

    monkeypatch.setattr(h5py.Group, "create_dataset", create_and_hold)
    cb.write(tmp_path / "b.h5", configuration)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_hdf5_without_a_configuration_is_named(tmp_path):
    path = tmp_path / "c.h5"
    with h5py.File(path, "w") as file:
        file["positions"] = np.zeros((1, 3))
    with pytest.raises(FileFormatError, match="no species and no box"):
        cb.read(path)


@pytest.mark.parametrize(
    ("name", "diameters", "error"),
    [
        ("c.cif", None, FileFormatError),
        ("c", None, FileFormatError),
        ("c.sph", None, InputError),
        ("c.sph", [0.85, 1.0], InputError),
        ("c.sph", [1.0], InputError),
        ("c.h5", [1.0, 0.85], InputError),
    ],
)
def test_what_cannot_be_written_raises(tmp_path, name, diameters, error):
    with pytest.raises(error, match=r"c\b|diameters"):
        cb.write(tmp_path / name, cb.Configuration(np.eye(3), list("ABA"), 4.0), diameters)
    assert list(tmp_path.iterdir()) == []


def test_a_sheared_or_reversed_box_is_not_written_as_sph(tmp_path):
    for box in ([[4, 0, 0], [1, 4, 0], [0, 0, 4]], np.diag([-4, -4, 4])):
        with pytest.raises(InputError, match="orthorhombic"):
            cb.write(tmp_path / "c.sph", cb.Configuration([[1, 2, 3]], ["A"], box), [1.0])


def test_a_reversed_box_is_not_written_as_a_dump(tmp_path):
    """It would have bounds that no reader takes."""
    reversed_box = cb.Configuration([[1, 2, 3]], ["A"], np.diag([-4, -4, 4]))
    with pytest.raises(InputError, match="LAMMPS dump holds boxes whose first vector is along x"):
        cb.write(tmp_path / "c.dump", reversed_box)


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "c.h5"
    cb.write(path, cb.Configuration([[1, 2, 3]], ["A"], 4.0))
    before = path.read_bytes()

    def full_disk(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr("cagebreak._atomic._sync", full_disk)
    with pytest.raises(OSError, match="no space"):
        cb.write(path, cb.Configuration([[3, 2, 1]], ["A"], 4.0))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.external
@pytest.mark.skipif(not EXTERNAL.exists(), reason=f"{EXTERNAL.name} is absent")
def test_external_hard_sphere_file():
    found = cb.read(EXTERNAL)
    letters = [line[0] for line in EXTERNAL.read_text().splitlines()[2:]]
    assert len(found) == 10_000
    assert found.species.tolist() == ["ab".index(letter) for letter in letters]
    diameters = np.array([1.0, 0.85])[found.species]
    assert np.pi / 6 * (diameters**3).sum() / found.box.volume == pytest.approx(0.58, abs=1e-5)
