"""Diameters of particles in files of every format that holds sizes."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import FileFormatError, InputError
from support.eight_particles import LETTERS, POSITIONS, assert_is_they, dump, sph, xyz

pytest.importorskip("gsd", reason="the library gsd is absent")

SPECIES = np.array([letter == "B" for letter in LETTERS], int)
OWN = np.linspace(0.8, 1.3, 8)
OF_SPECIES = np.where(SPECIES == 0, 1.0, 0.88)
EXTENDED = 'Lattice="3 0 0 0 3 0 0 0 3" Properties=species:S:1:pos:R:3:'


def particles(diameters=OWN):
    return cb.Configuration(POSITIONS, SPECIES, 3.0, diameters=diameters)


@pytest.mark.parametrize("suffix", [".h5", ".xyz", ".dump", ".gsd", ".sph"])
def test_diameters_come_back(tmp_path, suffix):
    path = tmp_path / f"c{suffix}"
    cb.write(path, particles())
    tolerance = 1e-7 if suffix == ".gsd" else 0
    np.testing.assert_allclose(cb.read(path).diameters, OWN, rtol=tolerance)
    np.testing.assert_array_equal(cb.read(path).species, SPECIES)


@pytest.mark.parametrize("suffix", [".xyz", ".dump", ".gsd"])
def test_diameters_of_frames_come_back_and_may_be_exchanged(tmp_path, suffix):
    path = tmp_path / f"c{suffix}"
    cb.write(path, [particles(), particles(OWN[::-1])], columns={"propensity": np.ones((2, 8))})
    first, second = cb.read(path)
    np.testing.assert_allclose(first.diameters, OWN, rtol=1e-7)
    np.testing.assert_allclose(second.diameters, OWN[::-1], rtol=1e-7)


@pytest.mark.parametrize("suffix", [".xyz", ".dump", ".gsd", ".sph"])
def test_sizes_of_species_are_not_diameters_of_particles(tmp_path, suffix):
    """The model knows them; 1e-4 is rounding."""
    path = tmp_path / f"c{suffix}"
    cb.write(path, particles(OF_SPECIES + 1e-5 * np.arange(8)))
    assert cb.read(path).diameters is None
    np.testing.assert_array_equal(cb.read(path).species, SPECIES)


@pytest.mark.parametrize("name", ["diameters", "velocities"])
def test_frames_of_gsd_do_not_inherit_what_others_have(tmp_path, name):
    """By its schema, a frame without diameters or velocities has those of the first one."""
    whole = particles().replace(velocities=np.ones((8, 3)))
    for frames, number in (([whole, whole.replace(**{name: None})], 1), ([whole] * 2, None)):
        if number is None:
            cb.write(tmp_path / "c.gsd", frames)
        else:
            with pytest.raises(InputError, match=f"{name} in all frames .* in frame {number}"):
                cb.write(tmp_path / "c.gsd", frames)


def test_frames_of_gsd_that_store_no_diameters_have_those_of_the_schema(tmp_path):
    path = tmp_path / "c.gsd"
    cb.write(path, [particles(np.ones(8)), particles()])
    first, second = cb.read(path)
    assert first.diameters is None
    np.testing.assert_allclose(second.diameters, OWN, rtol=1e-7)


def test_sizes_follow_their_ids(tmp_path):
    path = tmp_path / "c.dump"
    lines = dump("id type x y z radius", "{id} {s} {x} {y} {z} 0.{id}").splitlines()
    path.write_text("\n".join([*lines[:9], *lines[:8:-1], ""]))
    np.testing.assert_allclose(cb.read(path).diameters, np.arange(1, 9) / 5)


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        ("radius:R:1", "0.{id}"),
        ("diameter:R:1:radius:R:1", "{id}e-1 {id}e-1"),
        ("radius:R:1:diameters:R:1", "0.0{id} 0.1"),
    ],
)
def test_columns_of_sizes(tmp_path, columns, line):
    path = tmp_path / "c.xyz"
    path.write_text(xyz(EXTENDED + columns, f"{{s}} {{x}} {{y}} {{z}} {line}"))
    if columns == "radius:R:1":
        np.testing.assert_allclose(cb.read(path).diameters, np.arange(1, 9) / 5)
    else:
        with pytest.raises(FileFormatError, match=r"c\.xyz, line 3: expected columns [a-z]+ and"):
            cb.read(path)


@pytest.mark.parametrize(
    ("size", "expected"),
    [("nan", "line 3: .*finite"), ("-0.1", "positive sizes"), ("0", "positive sizes"), ("x", "")],
)
def test_sizes_that_are_none(tmp_path, size, expected):
    path = tmp_path / "c.xyz"
    text = xyz(EXTENDED + "radius:R:1", "{s} {x} {y} {z} 0.{id}")
    path.write_text(text.replace(" 0.1\n", f" {size}\n"))
    with pytest.raises(FileFormatError, match=rf"c\.xyz.*{expected}"):
        cb.read(path)


@pytest.mark.parametrize("size", ["0", "0.5", "-1"])
def test_one_size_for_all_is_no_size(tmp_path, size):
    """OVITO and LAMMPS write 0 where particles have none."""
    path = tmp_path / "c.xyz"
    path.write_text(xyz(EXTENDED + "radius:R:1", f"{{s}} {{x}} {{y}} {{z}} {size}"))
    assert_is_they(cb.read(path))
    assert cb.read(path).diameters is None


def test_letters_of_spheres_are_species_if_their_radii_differ(tmp_path):
    path = tmp_path / "c.sph"
    lines = sph().splitlines()
    lines[2] = lines[2].removesuffix("0.5") + "0.3"
    path.write_text("\n".join([*lines, ""]))
    found = cb.read(path)
    assert_is_they(found)
    np.testing.assert_array_equal(found.diameters, [0.6] + [1.0] * 4 + [0.85] * 3)
    path.write_text("\n".join([*lines, ""]) * 2)
    assert all((frame.diameters == found.diameters).all() for frame in cb.read(path))


def test_spheres_that_grow_keep_their_species(tmp_path):
    """A movie of a compression: radii of all letters change from snapshot to snapshot."""
    path = tmp_path / "c.sph"
    path.write_text(sph().replace(" 0.425\n", " 0.2\n").replace(" 0.5\n", " 0.425\n") + sph())
    for frame in cb.read(path):
        assert_is_they(frame)
        assert frame.diameters is None


def test_diameters_of_species_beside_those_of_particles_are_refused(tmp_path):
    with pytest.raises(InputError, match="expected none for a configuration whose particles have"):
        cb.write(tmp_path / "c.sph", particles(), diameters=[1.0, 0.88])
    with pytest.raises(InputError, match="'radius'"):
        cb.write(tmp_path / "c.xyz", particles(), columns={"radius": OWN})
