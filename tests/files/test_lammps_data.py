"""LAMMPS data files of a molecular style, and their errors."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import FileFormatError
from fuzz_files import DATA


def test_data_of_a_molecular_style(tmp_path):
    path = tmp_path / "data.glass"
    path.write_text(DATA)
    found = cb.read(path)
    assert found.species.tolist() == [0, 1, 1, 0]
    np.testing.assert_array_equal(found.positions[1], [2.0, 2.25, 3.125])
    np.testing.assert_array_equal(found.images, [[0, -1, 0], [0, 0, 0], [0, 0, 1], [2, 0, 0]])
    np.testing.assert_array_equal(found.velocities[0], [0, 0, 1])
    np.testing.assert_array_equal(found.box.matrix, [[4, 0, 0], [0.5, 5, 0], [-0.25, 0.125, 6]])


@pytest.mark.parametrize(
    ("change", "line", "expected"),
    [
        (("# full", "# atomic"), 18, "5 columns of style atomic"),
        (("# full", "# dipole"), 18, "9 columns of style dipole"),
        (("# full", "# liquid"), 16, "Atoms # one of amoeba"),
        (("4 atoms", "5 atoms"), 23, "10 columns"),
        (("4 atoms\n", ""), 10, "number of atoms"),
        (("0.0 5.0 ylo yhi\n", ""), 10, "ylo yhi"),
        (("3 1 2 0.5", "1 1 2 0.5"), 19, "each id once"),
        (("2 0.1 0.2 0.3", "7 0.1 0.2 0.3"), None, "ids of Atoms"),
        (("2 0.1 0.2 0.3", "2 0.1 0.2"), 25, "three finite numbers"),
    ],
)
def test_data_errors_name_file_and_line(tmp_path, change, line, expected):
    path = tmp_path / "c.data"
    path.write_text(DATA.replace(*change))
    with pytest.raises(FileFormatError, match=expected) as raised:
        cb.read(path)
    assert line is None or f"{path}, line {line}:" in str(raised.value)
