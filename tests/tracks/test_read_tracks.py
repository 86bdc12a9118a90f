"""Tables of tracks, and what is refused of them."""

import re

import numpy as np
import pandas as pd
import pytest

import cagebreak as cb
from cagebreak.errors import ConfigurationWarning, FileFormatError, InputError
from support.tracks.filmed import brownian, table_of

UNITS = {"length": 1.0, "interval": 1.0}
TABLE = table_of(brownian(1, n_frames=4, n=30), species=["A", "B"] * 15)


def changed(**columns):
    return TABLE.assign(**columns)


def with_value(name, row, value):
    table = TABLE.astype({name: object})
    table.loc[row, name] = value
    return table


def test_a_table_has_its_units(tmp_path):
    """Pixels of 0.1 sigma and frames of half a tau; rows in any order, and other columns."""
    table = TABLE.assign(x=10 * TABLE.x, y=10 * TABLE.y, mass=3.0, size=2.0, ecc=0.1, signal=9)
    path = tmp_path / "tracks.csv"
    table.sample(frac=1, random_state=1).to_csv(path)  # with the column of the index, unnamed
    tracks = cb.read_tracks(path, length=10.0, interval=0.5)
    assert np.array_equal(tracks.frame, TABLE.frame)
    assert np.array_equal(tracks.particle, TABLE.particle)
    np.testing.assert_allclose(tracks.positions[:, :2], TABLE[["x", "y"]], rtol=1e-14)
    assert not tracks.positions[:, 2].any()
    assert np.array_equal(tracks.species, np.tile([0, 1] * 15, 4))
    assert tracks.interval == 0.5
    assert tracks.dimension == 2
    assert tracks.periodic == (False, False)
    assert tracks.diameters is None


def test_the_window_is_the_extent_of_all_positions_unless_given():
    tracks = cb.read_tracks(TABLE, **UNITS)
    np.testing.assert_array_equal(tracks.window[0], [TABLE.x.min(), TABLE.x.max()])
    given = cb.read_tracks(TABLE, length=2.0, interval=1.0, window=((-2, 10), (-4, 12)))
    np.testing.assert_array_equal(given.window, [[-1, 5], [-2, 6]])
    assert given.number_density == pytest.approx(30 / 48)


def test_a_file_a_compressed_file_and_a_frame_are_the_same(tmp_path):
    for name in ("a.csv", "a.csv.gz", "a.csv.xz"):
        TABLE.to_csv(tmp_path / name, index=False)
        tracks = cb.read_tracks(tmp_path / name, **UNITS)
        np.testing.assert_allclose(tracks.positions[:, 0], TABLE.x, rtol=1e-14)


def test_a_frame_of_trackpy_has_frames_as_its_index():
    table = TABLE.set_index("frame", drop=False)
    assert len(cb.read_tracks(table, **UNITS)) == len(TABLE)


def test_three_dimensions_have_z_that_varies():
    deep = changed(z=TABLE.y * 0.5)
    with pytest.warns(ConfigurationWarning, match="spacing"):
        assert cb.read_tracks(deep, length=0.2, interval=1.0).dimension == 3
    assert cb.read_tracks(changed(z=4.0), **UNITS).dimension == 2


def test_errors_of_localization_give_the_stated_noise():
    """Of trackpy, in pixels; NaN and negative ones are failed estimates."""
    ep = np.full(len(TABLE), 0.1)
    ep[:3] = np.nan, -1.0, 0.3
    tracks = cb.read_tracks(changed(ep=ep), length=1.0, interval=1.0)
    n = len(TABLE)
    expected = (0.3**2 + 0.1**2 * (n - 3)) / (n - 2)
    np.testing.assert_allclose(tracks.stated_noise, [expected, expected, 0])
    axes = cb.read_tracks(changed(ep_x=0.1, ep_y=0.2), length=0.8, interval=1.0)
    np.testing.assert_allclose(axes.stated_noise, [0.1**2 / 0.64, 0.2**2 / 0.64, 0])
    assert cb.read_tracks(TABLE, **UNITS).stated_noise is None


def test_diameters_are_the_mean_of_a_particle_in_all_frames():
    sizes = 1 + 0.1 * TABLE.frame + 0.01 * TABLE.particle
    tracks = cb.read_tracks(changed(d=sizes), length=1.0, interval=1.0, diameters="d")
    expected = 1 + 0.1 * 1.5 + 0.01 * tracks.particle
    np.testing.assert_allclose(tracks.diameters, expected)


def test_names_of_species_are_ordered_by_the_user():
    names = changed(species=np.where(TABLE.species == "A", "large", "small"))
    tracks = cb.read_tracks(names, **UNITS, species=("small", "large"))
    assert np.array_equal(tracks.species, np.tile([1, 0] * 15, 4))
    with pytest.raises(InputError, match=r"species: expected the order of the names large, small"):
        cb.read_tracks(names, **UNITS)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (TABLE.drop(columns=["particle"]), "particle missing, got frame, x, y, species"),
        (TABLE.drop(columns=["x", "frame"]), "frame, x missing"),
        (TABLE.iloc[:0], "at least one row"),
        (pd.concat([TABLE, TABLE.x], axis=1), "each column once, got 'x'"),
        (with_value("x", 5, np.nan), "row 5: expected a finite number as x, got nan (1 such"),
        (with_value("y", 7, np.inf), "row 7: expected a finite number as y, got inf"),
        (with_value("x", 2, "abc"), "row 2: expected a finite number as x, got 'abc'"),
        (with_value("particle", 3, np.nan), "row 3: expected a finite number as particle"),
        (with_value("frame", 4, 0.5), "row 4: expected a whole number as frame, got 0.5"),
        (with_value("particle", 4, 1.5), "row 4: expected a whole number as particle, got 1.5"),
        (
            pd.concat([TABLE, TABLE.iloc[[31]]], ignore_index=True),
            "particle 1 in frame 1 in row 31 and row 120 (1 such pairs)",
        ),
        (with_value("species", 31, "A"), "row 31: expected one species of particle 1"),
        (with_value("species", 31, None), "row 31: expected a name as species, got none"),
        (changed(time=np.array([0.0, 1, 2, 4])[TABLE.frame]), "expected times in proportion"),
        (changed(time=-1.0 * TABLE.frame), "expected times in proportion"),
        (changed(frame=pd.to_datetime(TABLE.frame, unit="s")), "numbers as frame, got a column of"),
        (changed(x=pd.to_timedelta(TABLE.frame, "s")), "numbers as x, got a column of timedelta"),
        (changed(x=TABLE.x + 1j), "numbers as x, got a column of complex128"),
        (changed(x=TABLE.x > 0), "numbers as x, got a column of bool"),
        (with_value("species", 3, ("A", "B")), "row 3: expected a name as species, got ('A', 'B')"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_tables_are_refused(table, message):
    with pytest.raises(InputError, match=re.escape(message)):
        cb.read_tracks(table, **UNITS)


def test_times_that_agree_with_the_frames_are_accepted():
    assert len(cb.read_tracks(changed(time=0.25 * TABLE.frame + 3), **UNITS)) == len(TABLE)


def test_frames_may_be_missing_if_their_numbers_say_so():
    table = changed(frame=np.array([0, 1, 5, 9])[TABLE.frame])
    tracks = cb.read_tracks(table, **UNITS)
    assert tracks.frames.tolist() == [0, 1, 5, 9]
    assert len(tracks.pairs(4)[0]) == 2 * 30
    assert len(tracks.pairs(2)[0]) == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"length": 0.0}, "length: expected a positive number, got 0.0"),
        ({"length": "10"}, "length: expected a positive number, got '10'"),
        ({"interval": np.nan}, "interval: expected a positive number"),
        ({"interval": -1}, "interval: expected a positive number"),
        ({"length": 1e-310}, "length: expected sigma in the units of the table, got 1e-310 for"),
        ({"window": ((-9, 9), (0, 1))}, "window: expected one that holds all positions, got y"),
        ({"window": (0, 1)}, "window: expected the lowest and the highest"),
        ({"window": ((1, 0), (0, 1))}, "window: expected the lowest and the highest"),
        ({"window": "all"}, "window: expected the lowest and the highest"),
        ({"periodic": "x"}, "window: expected the period of the periodic axes"),
        ({"periodic": "z"}, "periodic: expected some of the axes 'xy'"),
        ({"periodic": True}, "periodic: expected some of the axes"),
        ({"diameters": "size"}, "diameters: expected a column of table, got 'size'"),
        ({"diameters": ["x"]}, "diameters: expected a column of table, got ['x']"),
        ({"diameters": "x"}, "expected a positive diameter as x"),
        ({"species": ("A", "A")}, "species: expected different names"),
    ],
)
def test_bad_options_are_refused(options, message):
    table = TABLE.assign(x=TABLE.x - TABLE.x.mean())
    with pytest.raises(InputError, match=re.escape(message)):
        cb.read_tracks(table, **(UNITS | options))


def test_names_of_species_without_a_column_are_refused():
    with pytest.raises(InputError, match="species: expected a column species"):
        cb.read_tracks(TABLE.drop(columns="species"), **UNITS, species=("A", "B"))


@pytest.mark.parametrize("length", [10.0, 0.1, 1e-290, 1e290])
def test_units_that_make_a_strange_density_are_said(length):
    with pytest.warns(ConfigurationWarning, match=r"length: the mean spacing .* sigma"):
        cb.read_tracks(TABLE, length=length, interval=1.0)


@pytest.mark.parametrize(
    "content", [b"", b'frame,x\n"1', b"\xff\xfe\x00\x01\x90", b"a,b\n1,2,3\n4,5,6,7,8\n"]
)
def test_files_that_are_no_tables_are_refused(tmp_path, content):
    path = tmp_path / "broken.csv"
    path.write_bytes(content)
    with pytest.raises((FileFormatError, InputError), match=r"broken\.csv"):
        cb.read_tracks(path, **UNITS)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        # pandas would take the first field of each row for its name, and shift all others.
        ("frame,particle,x,y\n0,0,1,1,5\n0,1,2,2,5\n", "rows have more fields than the first line"),
        ("frame,particle,x,y,x\n0,0,1,1,5\n0,1,2,2,5\n", "expected each column once, got 'x'"),
        ("frame,particle,x,y\n0,0,1.25,1.75\n0,1,2.25,2.7", "expected a last line that ends"),
        ("frame;particle;x;y\n0;0;1,5;1,5\n", "rows have more fields than the first line"),
        ("frame;particle;x;y\n0;0;1.5;1.5\n", "missing, got frame;particle;x;y"),
    ],
)
def test_files_that_would_be_read_wrong_are_refused(tmp_path, content, message):
    path = tmp_path / "tracks.csv"
    path.write_text(content)
    with pytest.raises((FileFormatError, InputError), match=re.escape(message)):
        cb.read_tracks(path, **UNITS)


def test_commas_at_the_ends_of_rows_shift_no_columns(tmp_path):
    path = tmp_path / "tracks.csv"
    path.write_text("frame,particle,x,y\n0,7,1,2,\n0,8,2,3,\n")
    tracks = cb.read_tracks(path, **UNITS)
    np.testing.assert_array_equal(tracks.positions[:, :2], [[1, 2], [2, 3]])
    assert tracks.particle.tolist() == [7, 8]


@pytest.mark.parametrize("name", ["a.csv.gz", "a.csv.xz", "a.csv.bz2", "a.csv.zip"])
def test_a_file_that_is_not_compressed_as_its_name_says_is_refused(tmp_path, name):
    TABLE.to_csv(tmp_path / "a.csv", index=False)
    (tmp_path / name).write_bytes((tmp_path / "a.csv").read_bytes())
    with pytest.raises(FileFormatError, match=re.escape(name)):
        cb.read_tracks(tmp_path / name, **UNITS)


def test_lines_are_counted_with_empty_ones(tmp_path):
    path = tmp_path / "tracks.csv"
    path.write_text("frame , particle, x, y\n\n0,0,1,1\n\n0,1,?,2\n")
    with pytest.raises(InputError, match=r"tracks\.csv, line 5: expected a finite number as x"):
        cb.read_tracks(path, **UNITS)


def test_a_line_of_a_file_is_named(tmp_path):
    path = tmp_path / "tracks.csv"
    with_value("x", 5, "?").to_csv(path, index=False)
    with pytest.raises(InputError, match=r"tracks\.csv, line 7: expected a finite number as x"):
        cb.read_tracks(path, **UNITS)
    with pytest.raises(OSError, match=r"absent\.csv"):
        cb.read_tracks(tmp_path / "absent.csv", **UNITS)
    with pytest.raises(InputError, match="table: expected a path or a DataFrame, got list"):
        cb.read_tracks([1, 2], **UNITS)


def test_two_particles_at_one_place_are_refused(tmp_path):
    table = TABLE.copy()
    for row in (7, 40):  # 40 is of a later frame
        table.loc[row, ["x", "y"]] = table.loc[3, ["x", "y"]]
    table.to_csv(tmp_path / "tracks.csv", index=False)
    message = "one particle at a place, got two in frame 0 in line 5 and line 9 .1 such pairs"
    with pytest.raises(InputError, match=message):
        cb.read_tracks(tmp_path / "tracks.csv", **UNITS)


def test_particles_of_no_track_are_refused():
    with pytest.raises(InputError, match="row 4: expected a number from 0 as particle, got -1"):
        cb.read_tracks(with_value("particle", 4, -1), **UNITS)


def test_a_missing_number_is_named_as_in_the_table():
    with pytest.raises(InputError, match="row 4: expected a finite number as x, got nan "):
        cb.read_tracks(with_value("x", 4, np.nan).astype({"x": float}), **UNITS)
