"""Files and objects of two dimensions."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.configuration import Box, Configuration
from cagebreak.errors import FileFormatError
from support.some_particles import BOXES, scattered

ATOMS = "1 1 0.5 1.5\n2 2 1.0 2.0\n3 1 2.5 0.5\n4 2 3.0 3.0\n"
DUMP = (
    "ITEM: TIMESTEP\n7\nITEM: NUMBER OF ATOMS\n4\nITEM: BOX BOUNDS pp pp pp\n0 4\n0 5\n{height}\n"
    "ITEM: ATOMS id type {columns}\n"
)


def moving(box):
    flat = scattered(box)
    rng = np.random.default_rng(3)
    images = rng.integers(-2, 3, (40, 3)) * [1, 1, 0]
    return flat.replace(velocities=rng.normal(size=(40, 2)), images=images)


@pytest.mark.parametrize("box", BOXES)
@pytest.mark.parametrize("suffix", ["h5", "xyz", "dump", "gsd"])
def test_what_is_written_is_read(tmp_path, box, suffix):
    flat, path = moving(box), tmp_path / f"flat.{suffix}"
    if suffix in ("dump", "gsd") and box == "rotated":
        with pytest.raises(cb.errors.InputError, match="first vector is along x"):
            cb.write(path, flat)
        return
    cb.write(path, flat)
    back = cb.read(path)
    assert back.dimension == 2
    if suffix == "gsd":
        np.testing.assert_allclose(back.unwrapped, flat.unwrapped, atol=1e-5)
        np.testing.assert_allclose(back.box.lattice, flat.box.lattice, rtol=1e-6)
    else:
        np.testing.assert_allclose(back.positions, flat.positions, atol=1e-15)
        np.testing.assert_array_equal(back.images, flat.images)
        np.testing.assert_allclose(back.box.lattice, flat.box.lattice, atol=1e-14)
        np.testing.assert_array_equal(back.velocities, flat.velocities)


@pytest.mark.parametrize("name", ["ase", "gsd", "mdanalysis", "ovito", "freud"])
def test_objects_there_and_back(name):
    flat = scattered("sheared")
    made = getattr(flat, f"to_{name}")()
    back = (
        Configuration.from_freud(*made, flat.species)
        if name == "freud"
        else getattr(Configuration, f"from_{name}")(made)
    )
    assert back.dimension == 2
    np.testing.assert_allclose(back.box.lattice, flat.box.lattice, atol=1e-5)
    apart = flat.box.minimum_image(back.positions - flat.positions)
    np.testing.assert_allclose(apart, 0, atol=1e-5)
    np.testing.assert_array_equal(back.species, flat.species)


@pytest.mark.parametrize(
    ("columns", "unwrapped"), [("x y", False), ("xu yu", True), ("x y vx vy", False)]
)
def test_dumps_without_z_have_two_dimensions(tmp_path, columns, unwrapped):
    atoms = ATOMS
    if "vx" in columns:
        atoms = "".join(f"{line} 0.1 0.2\n" for line in ATOMS.splitlines())
    (tmp_path / "two.dump").write_text(DUMP.format(height="-0.5 0.5", columns=columns) + atoms)
    flat = cb.read(tmp_path / "two.dump")
    assert flat.box == Box(np.diag([4.0, 5.0]))
    np.testing.assert_array_equal(flat.positions[1], [1.0, 2.0, 0.0])
    assert (flat.images is not None) == unwrapped
    assert (flat.velocities is not None) == ("vx" in columns)


def test_scaled_coordinates_without_z(tmp_path):
    atoms = "1 1 0.5 0.5\n2 1 0.25 0.1\n"
    text = DUMP.format(height="-0.5 0.5", columns="xs ys").replace("ATOMS\n4", "ATOMS\n2")
    (tmp_path / "two.dump").write_text(text + atoms)
    np.testing.assert_allclose(cb.read(tmp_path / "two.dump").positions[1], [1.0, 0.5, 0.0])


def test_a_missing_z_in_a_cube_is_an_error(tmp_path):
    (tmp_path / "two.dump").write_text(DUMP.format(height="0 4", columns="x y") + ATOMS)
    with pytest.raises(FileFormatError, match=r"expected x y z; got x y.* not thin"):
        cb.read(tmp_path / "two.dump")


@pytest.mark.parametrize(
    ("comment", "z"),
    [
        ('Lattice="4 0 0 5" Properties=species:S:1:pos:R:2', ""),
        ('Lattice="4 5" Properties=species:S:1:x:R:1:y:R:1', ""),
        ("columns:species,pos cell:4.0,5.0 step:3", ""),
        ('Lattice="4 0 0 0 5 0 0 0 1" Properties=species:S:1:pos:R:3', " 0.3"),
    ],
)
def test_dialects_of_xyz(tmp_path, comment, z):
    rows = [f"A {0.5 + 0.7 * i} {1.5 + i * i / 4}{z}\n" for i in range(4)]
    (tmp_path / "two.xyz").write_text(f"4\n{comment}\n{''.join(rows)}")
    flat = cb.read(tmp_path / "two.xyz")
    assert flat.box == Box(np.diag([4.0, 5.0]))
    np.testing.assert_array_equal(flat.positions[0], [0.5, 1.5, 0.0])


def test_a_plain_file_in_a_given_box(tmp_path):
    (tmp_path / "plain.xyz").write_text("4\n\nA 0.5 1.5 0\nB 1.0 2.0 0\nA 2 4 0\nB 3 3 0\n")
    assert cb.read(tmp_path / "plain.xyz", box=(4.0, 5.0)).box == Box(np.diag([4.0, 5.0]))


def test_planes_that_are_not_that_of_x_and_y_are_refused(tmp_path):
    upright = Configuration(scattered().positions[:, [2, 0, 1]], [0] * 40, (1.0, 6.0, 6.0))
    cb.write(tmp_path / "upright.xyz", upright)
    with pytest.raises(FileFormatError, match=r"frame 0: .* in the plane of x and y"):
        cb.read(tmp_path / "upright.xyz")
    leaving = Configuration(
        scattered().positions, [0] * 40, (6.0, 6.0, 1.0), velocities=np.eye(40, 3)
    )
    cb.write(tmp_path / "leaving.h5", leaving)
    with pytest.raises(FileFormatError, match="move out of it"):
        cb.read(tmp_path / "leaving.h5")


def test_a_layer_in_a_high_box_stays_three_dimensional(tmp_path):
    layer = Configuration(scattered().positions, [0] * 40, (6.0, 6.0, 6.0))
    cb.write(tmp_path / "layer.xyz", layer)
    assert cb.read(tmp_path / "layer.xyz").dimension == 3
