"""Ids, unwrapped positions, images and left-handed cells: what a file says is believed."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import FileFormatError
from cagebreak.files import read_frames
from support.eight_particles import POSITIONS, assert_is_they, dump, rows, xyz

CELL = 'Lattice="3 0 0 0 3 0 0 0 3"'


@pytest.mark.parametrize(
    "name",
    ["id:I", "ID:I", "ids:I", "identifier:I", "particle_identifier:I", "atom_id:R", "atom_index:I"],
)
def test_ids_of_xyz_sort_the_particles(tmp_path, name):
    path = tmp_path / "c.xyz"
    comment = f"{CELL} Properties=species:S:1:pos:R:3:{name}:1"
    lines = rows("{s} {x} {y} {z} {id}").splitlines()
    order = [5, 2, 7, 0, 1, 6, 4, 3]
    path.write_text("\n".join(["8", comment, *(lines[i] for i in order), ""]))
    (frame,) = read_frames(path)
    assert_is_they(frame.configuration)
    assert frame.ids.tolist() == list(range(1, 9))


def test_velocities_and_images_follow_the_ids(tmp_path):
    path = tmp_path / "c.xyz"
    comment = f"{CELL} Properties=id:I:1:pos:R:3:velo:R:3:map_shift:I:3"
    path.write_text(f"2\n{comment}\n9 1 1 1 9 9 9 -9 0 9\n4 2 2 2 4 4 4 -4 0 4\n")
    found = cb.read(path)
    assert found.positions[:, 0].tolist() == [2, 1]
    assert found.velocities[:, 0].tolist() == [4, 9]
    assert found.images.tolist() == [[-4, 0, 4], [-9, 0, 9]]


@pytest.mark.parametrize(
    ("ids", "expected"),
    [("1 1", "each id once"), ("1 1.5", "whole numbers as ids"), ("1 x", "finite numbers")],
)
def test_ids_that_are_none_are_refused(tmp_path, ids, expected):
    path = tmp_path / "c.xyz"
    first, second = ids.split()
    path.write_text(f"2\n{CELL} Properties=id:I:1:pos:R:3\n{first} 1 1 1\n{second} 2 2 2\n")
    with pytest.raises(FileFormatError, match=f"line 4: .*{expected}"):
        cb.read(path)


def test_tags_are_ids_only_if_they_differ(tmp_path):
    path = tmp_path / "c.xyz"
    text = f"2\n{CELL} Properties=tags:I:1:pos:R:3\n3 1 1 1\n{{}} 2 2 2\n"
    path.write_text(text.format(2))
    assert cb.read(path).positions[:, 0].tolist() == [2, 1]
    path.write_text(text.format(3))
    (frame,) = read_frames(path)
    assert frame.configuration.positions[:, 0].tolist() == [1, 2]
    assert frame.ids is None


@pytest.mark.parametrize(
    "properties",
    [
        "species:S:1:unwrapped_pos:R:3",
        "species:S:1:position_unfolded:R:3",
        "species:S:1:xu:R:1:yu:R:1:zu:R:1",
    ],
)
def test_columns_of_xyz_that_say_unwrapped(tmp_path, properties):
    path = tmp_path / "c.xyz"
    path.write_text(xyz(f"{CELL} Properties={properties}"))
    found = cb.read(path)
    assert_is_they(found)
    assert not found.images.any()


def test_unwrapped_positions_are_read_where_wrapped_ones_stand_beside_them(tmp_path):
    path = tmp_path / "c.xyz"
    path.write_text(f"1\n{CELL} Properties=pos:R:3:unwrapped_pos:R:3\n1 1 1 7 1 -2\n")
    assert cb.read(path).positions.tolist() == [[7, 1, -2]]
    path = tmp_path / "c.dump"
    path.write_text(dump("id type x y z xu yu zu ix iy iz", "{id} {s} 1 1 1 7 1 -2 2 0 -1"))
    found = cb.read(path)
    assert found.positions[0].tolist() == [7, 1, -2]
    np.testing.assert_array_equal(found.unwrapped, found.positions)


@pytest.mark.parametrize("columns", ["xu yu zu", "xsu ysu zsu"])
def test_dumps_that_say_unwrapped_have_images_of_zero(tmp_path, columns):
    path = tmp_path / "c.dump"
    path.write_text(dump(f"id type {columns}"))
    images = cb.read(path).images
    assert images is not None
    assert not images.any()
    path.write_text(dump())
    assert cb.read(path).images is None


@pytest.mark.parametrize("columns", ["x y zu", "xu yu z", "xs y z"])
def test_positions_of_mixed_columns_are_refused(tmp_path, columns):
    path = tmp_path / "c.dump"
    path.write_text(dump(f"id type {columns} q", "{id} {s} {x} {y} {z} 0"))
    with pytest.raises(FileFormatError, match=r"line 9: .*expected columns x y z, xu yu zu"):
        cb.read(path)


@pytest.mark.parametrize(
    ("columns", "row"),
    [
        ("x y z xu yu zu", "{x} {y} {z} {xu} {yu} {zu}"),
        ("xu yu zu x y z", "{xu} {yu} {zu} {x} {y} {z}"),
        ("xs ys zs xu yu zu", "{xs} {ys} {zs} {xu} {yu} {zu}"),
        ("xu yu zu xsu ysu zsu", "{xu} {yu} {zu} {xs} {ys} {zs}"),
        ("x y z xs ys zs", "{xu} {yu} {zu} {xs} {ys} {zs}"),
    ],
)
def test_positions_in_two_sets_of_columns_have_to_agree(tmp_path, columns, row):
    """A particle that differs by anything else than periods of the box is named by its line."""
    edge, unwrapped = 4.0, np.array([[9.0, 1.0, -2.5], [1.0, 2.0, 3.0], [0.5, 11.5, 2.25]])
    wrapped = np.mod(unwrapped, edge)

    def text(shift):
        lines = ["ITEM: TIMESTEP", "0", "ITEM: NUMBER OF ATOMS", "3", "ITEM: BOX BOUNDS pp pp pp"]
        lines += [f"0 {edge}"] * 3 + [f"ITEM: ATOMS id type {columns}"]
        for i, (u, w) in enumerate(zip(unwrapped + shift, wrapped, strict=True)):
            values = dict(zip(("xu", "yu", "zu"), u, strict=True))
            values |= dict(zip("xyz", w, strict=True))
            values |= dict(zip(("xs", "ys", "zs"), w / edge, strict=True))
            lines.append(f"{i + 1} 1 " + row.format(**values))
        return "\n".join(lines) + "\n"

    path = tmp_path / "both.dump"
    path.write_text(text(0.004))  # Of two decimals, this is rounding.
    np.testing.assert_allclose(cb.read(path).unwrapped, unwrapped + 0.004)
    path.write_text(text(np.array([[0, 0, 0], [0, 0.3, 0], [0, 0, 0]])))
    with pytest.raises(
        FileFormatError, match=r"both\.dump, line 11: expected positions in two sets"
    ):
        cb.read(path)


def test_images_in_some_directions_are_refused(tmp_path):
    path = tmp_path / "c.dump"
    path.write_text(dump("id type x y z ix iy", "{id} {s} {x} {y} {z} 0 0"))
    with pytest.raises(FileFormatError, match=r"line 9: .*expected columns ix iy iz"):
        cb.read(path)


@pytest.mark.parametrize("suffix", [".xyz", ".dump", ".h5", ".gsd"])
@pytest.mark.parametrize("images", [None, np.zeros((3, 3), int)])
def test_whether_positions_are_unwrapped_comes_back(tmp_path, suffix, images):
    if suffix == ".gsd":
        pytest.importorskip("gsd", reason="the library gsd is absent")
        images = np.zeros((3, 3), int)  # its positions are wrapped and have images always
    path = tmp_path / f"c{suffix}"
    start = cb.Configuration(5 * np.eye(3), [0, 1, 0], 4.0, images=images)
    cb.write(path, start)
    found = cb.read(path)
    assert (found.images is None) == (images is None)
    np.testing.assert_allclose(found.unwrapped, start.positions, rtol=1e-6)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("3 0 0 0 3 0 0 0 -3", 3 * np.eye(3)),
        ("0 3 0 3 0 0 0 0 3", 3 * np.eye(3)),
        ("-3 0 0 1 3 0 0 0 3", [[3, 0, 0], [1, 3, 0], [0, 0, 3]]),
        ("0 -3 0 0 0 3 3 0 0", 3 * np.eye(3)),
        ("3 0 0 1 3 0 0 0 3", [[3, 0, 0], [1, 3, 0], [0, 0, 3]]),
    ],
)
def test_a_left_handed_cell_is_the_same_lattice(tmp_path, cell, expected):
    path = tmp_path / "c.xyz"
    comment = f'Lattice="{cell}" Properties=species:S:1:pos:R:3:map_shift:I:3'
    path.write_text(xyz(comment, "{s} {x} {y} {z} 1 -2 3"))
    found = cb.read(path)
    np.testing.assert_array_equal(found.box.matrix, expected)
    np.testing.assert_array_equal(found.positions, POSITIONS)
    moved = [1, -2, 3] @ np.reshape([float(word) for word in cell.split()], (3, 3))
    np.testing.assert_allclose(found.unwrapped, POSITIONS + moved)


@pytest.mark.parametrize(
    ("keys", "step", "time"),
    [
        ("Time=2.5", None, 2.5),
        ("time=2.5D0", None, 2.5),
        ("Timestep=10", 10, None),
        ("step=10", 10, None),
        ("Step=10 Time=0.5", 10, 0.5),
        ("time_step=10", 10, None),
        ("step=10 dt=0.5", 10, 5.0),
        ("step=10 timestep=0.5", 10, 5.0),
        ("timestep=0.5", None, None),
        ("frame=10", None, None),
    ],
)
def test_keys_of_time_and_step(tmp_path, keys, step, time):
    path = tmp_path / "c.xyz"
    path.write_text(xyz(f"{CELL} {keys}"))
    (frame,) = read_frames(path)
    assert (frame.step, frame.time) == (step, time)


def test_a_key_of_two_values_is_refused(tmp_path):
    path = tmp_path / "c.xyz"
    path.write_text(xyz(f"{CELL} Time=1 time=2"))
    with pytest.raises(FileFormatError, match=r"line 2: .*time: expected one value, got 1 and 2"):
        cb.read(path)


@pytest.mark.parametrize(
    "properties", ["pos:R:3:pos:R:3", "pos:R:3:Pos:R:3", "pos:R:3:a:R:1:A:R:1", "pos:R:3:coord:R:3"]
)
def test_columns_of_one_name_are_refused(tmp_path, properties):
    path = tmp_path / "c.xyz"
    path.write_text(f"1\n{CELL} Properties={properties}\n1 1 1 2 2 2\n")
    with pytest.raises(FileFormatError, match=r"line 2: .*(twice|expected one of)"):
        cb.read(path)


def test_an_atomic_number_beside_the_coordinate_z(tmp_path):
    path = tmp_path / "c.xyz"
    comment = f"{CELL} Properties=Z:I:1:x:R:1:y:R:1:z:R:1"
    path.write_text(xyz(comment, names=["13"] * 5 + ["29"] * 3))
    assert_is_they(cb.read(path))
