"""Extended XYZ of other programs, and its errors."""

import importlib

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import FileFormatError
from cagebreak.files import read_frames
from support.some_particles import configuration


def test_xyz_of_another_program(tmp_path):
    path = tmp_path / "c.extxyz"
    path.write_text(
        "2\n"
        "Time=2.5 Lattice=\"4 0 0 0 5 0 0 0 6\" energy=-3.5 note='a b' "
        'Properties=Z:I:1:forces:R:3:pos:R:3 pbc="T T T"\n'
        "28 0 0 0 1 2 3\n15 0 0 0 0.5 0.5 0.5\n"
    )
    (frame,) = read_frames(path)
    assert frame.time == 2.5
    assert frame.configuration.species.tolist() == [1, 0]
    assert frame.configuration.positions.tolist() == [[1, 2, 3], [0.5, 0.5, 0.5]]


def test_ase_writes_xyz_that_is_read(tmp_path):
    ase = pytest.importorskip("ase", reason="ase is absent")
    io_ = importlib.import_module("ase.io")
    start = configuration(4)
    symbols = [("Ni", "P", "Zr")[s] for s in start.species]
    atoms = ase.Atoms(symbols, positions=start.positions, cell=start.box.matrix, pbc=True)
    io_.write(tmp_path / "c.extxyz", [atoms, atoms], format="extxyz")
    found = cb.read(tmp_path / "c.extxyz")[1]
    np.testing.assert_allclose(found.positions, start.positions, atol=1e-8)
    np.testing.assert_allclose(found.box.matrix, start.box.matrix, atol=1e-8)
    assert found.species.tolist() == start.species.tolist()


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("1\nno box\nA 1 2 3\n", 2, "Lattice"),
        ('1\nLattice="1 0 0 0 1 0 0 0 1" pbc="T F T"\nA 1 2 3\n', 2, "periodic"),
        ('1\nLattice="1 0 0 0 1 0 0 0 1" Properties=pos\nA 1 2 3\n', 2, "Properties"),
        ('1\nLattice="1 0 0 0 1 0 0 0 1" Properties=a:R:1\n1\n', 2, "pos of width 3"),
        ('1\nLattice="1 0 0 0 1 0 0 0 0"\nA 1 2 3\n', 2, "positive volume"),
        ('1\nLattice="1 0 0 0 1 0 0 0 1"\nA 1 2 inf\n', 3, "the 4 columns of the header"),
        ('0\nLattice="1 0 0 0 1 0 0 0 1"\n', 1, "number of particles"),
        ('2\nLattice="1 0 0 0 1 0 0 0 1"\nA 1 2 3\n', 4, "particles, 2 of them"),
    ],
)
def test_xyz_errors_name_file_and_line(tmp_path, text, line, expected):
    path = tmp_path / "c.xyz"
    path.write_text(text)
    with pytest.raises(FileFormatError, match=expected) as raised:
        cb.read(path)
    assert f"{path}, line {line}:" in str(raised.value)
