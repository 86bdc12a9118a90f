"""LAMMPS data files of a molecular style, and their errors."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import FileFormatError
from cagebreak.files.lammps_data import STYLES
from fuzz_files import DATA
from support.eight_particles import assert_is_they, data


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
        (("4 2 1 0.0", "3 2 1 0.0"), 20, "each id once, got 3 again"),
        (("2.25", "2_5"), 21, "10 columns of the header, finite numbers"),
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


LINES = {
    "amoeba": "{id} 7 {s} 0.5 {x} {y} {z}",
    "angle": "{id} 7 {s} {x} {y} {z}",
    "atomic": "{id} {s} {x} {y} {z}",
    "body": "{id} {s} 1 2.5 {x} {y} {z}",
    "bond": "{id} 7 {s} {x} {y} {z}",
    "bpm/sphere": "{id} 7 {s} 1.0 2.5 {x} {y} {z}",
    "charge": "{id} {s} 0.5 {x} {y} {z}",
    "dielectric": "{id} {s} 0.5 {x} {y} {z} 1 0 0 1 1 1 1 1",
    "dipole": "{id} {s} 0.5 {x} {y} {z} 0 0 1",
    "dpd": "{id} {s} 0.5 {x} {y} {z}",
    "edpd": "{id} {s} 0.5 1 {x} {y} {z}",
    "electron": "{id} {s} 0.5 0 1.0 {x} {y} {z}",
    "ellipsoid": "{id} {s} 1 2.5 {x} {y} {z}",
    "full": "{id} 7 {s} 0.5 {x} {y} {z}",
    "hybrid": "{id} {s} {x} {y} {z} 0.5 1.0 2.5",
    "line": "{id} 7 {s} 1 2.5 {x} {y} {z}",
    "mdpd": "{id} {s} 0.5 {x} {y} {z}",
    "molecular": "{id} 7 {s} {x} {y} {z}",
    "peri": "{id} {s} 1.0 2.5 {x} {y} {z}",
    "smd": "{id} {s} 7 1 1 1 1 9 9 9 {x} {y} {z}",
    "sph": "{id} {s} 1 1 1 {x} {y} {z}",
    "sphere": "{id} {s} 1.0 2.5 {x} {y} {z}",
    "spin": "{id} {s} {x} {y} {z} 0 0 1 2.2",
    "tdpd": "{id} {s} {x} {y} {z} 0.1 0.2",
    "template": "{id} {s} 7 1 1 {x} {y} {z}",
    "tri": "{id} 7 {s} 1 2.5 {x} {y} {z}",
    "wavepacket": "{id} {s} 0.5 0 1.0 1 0 1 {x} {y} {z}",
}


@pytest.mark.parametrize("style", STYLES)
def test_data_of_every_atom_style(tmp_path, style):
    path = tmp_path / "c.data"
    path.write_text(data(style, LINES[style]))
    assert_is_they(cb.read(path))
    path.write_text(data(f"{style}/kk", f"{LINES[style]} 1 -2 0 # an atom"))
    found = cb.read(path)
    assert_is_they(found)
    if STYLES[style].width is None:
        assert found.images is None
    else:
        assert found.images.tolist() == [[1, -2, 0]] * 8


def test_data_without_style_are_atomic_or_refused(tmp_path):
    path = tmp_path / "c.data"
    path.write_text(data(line="{id} {s} {x} {y} {z} 0 1 0").replace(" # atomic", ""))
    assert cb.read(path).images.tolist() == [[0, 1, 0]] * 8
    path.write_text(data(line="{id} {s} 0 {x} {y} {z}").replace(" # atomic", ""))
    with pytest.raises(FileFormatError, match=r"the style stands after Atoms, as in Atoms # full"):
        cb.read(path)
