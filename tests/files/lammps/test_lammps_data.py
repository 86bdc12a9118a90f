"""LAMMPS data files of a molecular style, and their errors."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import FileFormatError
from cagebreak.files.lammps.atom_styles import STYLES
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
    "body": "{id} {s} 0 2.5 {x} {y} {z}",
    "bond": "{id} 7 {s} {x} {y} {z}",
    "bpm/sphere": "{id} 7 {s} 1.0 2.5 {x} {y} {z}",
    "charge": "{id} {s} 0.5 {x} {y} {z}",
    "dielectric": "{id} {s} 0.5 {x} {y} {z} 1 0 0 1 1 1 1 1",
    "dipole": "{id} {s} 0.5 {x} {y} {z} 0 0 1",
    "dpd": "{id} {s} 0.5 {x} {y} {z}",
    "edpd": "{id} {s} 0.5 1 {x} {y} {z}",
    "electron": "{id} {s} 0.5 0 1.0 {x} {y} {z}",
    "ellipsoid": "{id} {s} 0 2.5 {x} {y} {z}",
    "full": "{id} 7 {s} 0.5 {x} {y} {z}",
    "hybrid": "{id} {s} {x} {y} {z} 0.5 1.0 2.5",
    "line": "{id} 7 {s} 0 2.5 {x} {y} {z}",
    "mdpd": "{id} {s} 0.5 {x} {y} {z}",
    "molecular": "{id} 7 {s} {x} {y} {z}",
    "peri": "{id} {s} 1.0 2.5 {x} {y} {z}",
    "smd": "{id} {s} 7 1 1 1 1 9 9 9 {x} {y} {z}",
    "sph": "{id} {s} 1 1 1 {x} {y} {z}",
    "sphere": "{id} {s} 1.0 2.5 {x} {y} {z}",
    "spin": "{id} {s} {x} {y} {z} 0 0 1 2.2",
    "tdpd": "{id} {s} {x} {y} {z} 0.1 0.2",
    "template": "{id} {s} 7 1 1 {x} {y} {z}",
    "tri": "{id} 7 {s} 0 2.5 {x} {y} {z}",
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


@pytest.mark.parametrize("style", [name for name, style in STYLES.items() if style.flag])
def test_atoms_with_a_shape_are_refused(tmp_path, style):
    path = tmp_path / "c.data"
    lines = data(style, LINES[style]).splitlines()
    words = lines[-2].split()
    words[STYLES[style].flag] = "1"
    path.write_text("\n".join([*lines[:-2], " ".join(words), lines[-1], ""]))
    with pytest.raises(FileFormatError, match=rf"line {len(lines) - 1}: expected spheres, of sty"):
        cb.read(path)


@pytest.mark.parametrize("style", [name for name, style in STYLES.items() if style.diameter])
def test_diameters_of_spheres(tmp_path, style):
    path = tmp_path / "c.data"
    path.write_text(data(style, LINES[style].replace(" 1.0 ", " 0.{id} ")))
    np.testing.assert_array_equal(cb.read(path).diameters, np.arange(1, 9) / 10)
    path.write_text(data(style, LINES[style].replace(" 1.0 ", " 0 ")))
    assert cb.read(path).diameters is None  # points have none


def test_types_beyond_those_of_the_header_are_refused(tmp_path):
    path = tmp_path / "c.data"
    path.write_text(data("charge", "{id} 7 {s} {x} {y} {z}"))
    with pytest.raises(FileFormatError, match="types up to 2, as the header says, got '7'"):
        cb.read(path)


def test_columns_without_a_style_name_those_that_fit(tmp_path):
    path = tmp_path / "c.data"
    path.write_text(data(line=LINES["full"]).replace(" # atomic", ""))
    with pytest.raises(FileFormatError, match=r"7 columns fit amoeba, body, .*full, .*sphere"):
        cb.read(path)
