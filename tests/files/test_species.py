"""Names of species: letters, numbers, elements and labels, over frames and files."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import FileFormatError, InputError
from cagebreak.files import Frame, read_frames
from cagebreak.files.frame import common_names, in_order, renamed
from support.eight_particles import assert_is_they, data, dump, xyz


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("BA", "AB"),
        ("A", "A"),
        ("CA", "ABC"),
        ("B", "B"),
        ("CB", "BC"),
        ("CNO", "CNO"),
        ("SL", "LS"),
        (("10", "9", "Zr", "Cu"), ("9", "10", "Cu", "Zr")),
        (("2.0", "1.0"), ("1.0", "2.0")),
    ],
)
def test_names_are_letters_or_numbered_in_order(names, expected):
    assert in_order(names) == tuple(expected)


def test_more_species_than_letters():
    with pytest.raises(InputError, match="at most 26, got 27"):
        in_order(map(str, range(27)))


@pytest.mark.parametrize("pair", ["AB", "LS", "CN", "BN", ("Cu", "Zr"), "12", "01", ("28", "29")])
def test_any_names_of_xyz(tmp_path, pair):
    path = tmp_path / "c.xyz"
    path.write_text(xyz(names=[pair[0]] * 5 + [pair[1]] * 3))
    (frame,) = read_frames(path)
    assert_is_they(frame.configuration)
    assert frame.species_names == tuple(pair)


@pytest.mark.parametrize(
    "name",
    ["type", "species", "element", "Z", "numbers", "atomic_number", "particle_type", "name"],
)
def test_columns_of_xyz_that_name_the_species(tmp_path, name):
    path = tmp_path / "c.xyz"
    comment = f'Lattice="3 3 3" Properties=pos:R:3:{name}:I:1'
    path.write_text(xyz(comment, "{x} {y} {z} {s}", ["28"] * 5 + ["40"] * 3))
    assert_is_they(cb.read(path))


@pytest.mark.parametrize("name", ["type", "element", "typelabel", "species"])
def test_columns_of_a_dump_that_name_the_species(tmp_path, name):
    path = tmp_path / "c.dump"
    path.write_text(dump(f"id {name} x y z", names=["Cu"] * 5 + ["Zr"] * 3))
    assert_is_they(cb.read(path))


def test_a_column_of_words_that_is_not_known_is_an_error(tmp_path):
    (tmp_path / "c.xyz").write_text(
        xyz('Lattice="3 3 3" Properties=pos:R:3:sort:S:1:fixed:L:1', "{x} {y} {z} {s} T")
    )
    (tmp_path / "c.dump").write_text(dump("id x y z c_kind", "{id} {x} {y} {z} {s}", "AAAAABBB"))
    for name, column in (("c.xyz", "sort"), ("c.dump", "c_kind")):
        with pytest.raises(FileFormatError, match=f"{name}.*{column} holds words"):
            cb.read(tmp_path / name)


def two_columns(tmp_path, first, second, columns="id type element x y z"):
    """Write a dump with two names of the species of each particle, as strings of five and three."""
    path = tmp_path / "c.dump"
    pairs = [f"{a} {b}" for a, b in zip(first, second, strict=True)]
    path.write_text(dump(columns, names=pairs))
    return path


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("11111222", ["Ni"] * 5 + ["P"] * 3),
        ("11111222", ["Zr"] * 5 + ["Cu"] * 3),  # the type decides
        ("11111222", "CCCCCCCC"),  # what LAMMPS writes if nobody says what the elements are
        ("11111222", "AAAAABBB"),
    ],
)
def test_types_beside_elements(tmp_path, first, second):
    assert_is_they(cb.read(two_columns(tmp_path, first, second)))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("11111222", ["Ni", "P"] * 4),
        ("11111222", "BBBBBAAA"),
        ("11111111", "NNNNNPPP"),
        ("11112222", "NNNNNPPP"),
    ],
)
def test_columns_that_contradict_each_other_are_refused(tmp_path, first, second):
    with pytest.raises(FileFormatError, match="type and element that agree"):
        cb.read(two_columns(tmp_path, first, second))


def test_atomic_numbers_beside_elements(tmp_path):
    path = tmp_path / "c.xyz"
    names = ["Ni 28"] * 5 + ["P 15"] * 3
    comment = 'Lattice="3 3 3" Properties=species:S:1:Z:I:1:pos:R:3'
    path.write_text(xyz(comment, names=names))
    assert_is_they(cb.read(path))
    path.write_text(xyz(comment, names=names).replace("Ni 28", "Ni 15", 1))
    with pytest.raises(FileFormatError, match="species and z that agree"):
        cb.read(path)


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ("1 Cu\n2 Zr", ["Cu"] * 5 + ["Zr"] * 3),
        ("2 Cu\n1 Zr", ["Zr"] * 5 + ["Cu"] * 3),
        ("2 A\n1 B", "AAAAABBB"),
        ("1 Cu\n2 Zr", "11111222"),
    ],
)
def test_labels_of_types_in_data_files(tmp_path, labels, names):
    path = tmp_path / "c.data"
    path.write_text(data(names=names, sections=f"Atom Type Labels\n\n{labels}\n\n"))
    assert_is_they(cb.read(path))


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("1 Cu\n2 Ag", "a label of the section"),
        ("1 Cu\n1 Zr", "each once"),
        ("1 Cu", "a type from"),
    ],
)
def test_labels_that_do_not_fit(tmp_path, labels, expected):
    path = tmp_path / "c.data"
    path.write_text(
        data(names=["Cu"] * 5 + ["Zr"] * 3, sections=f"Atom Type Labels\n\n{labels}\n\n")
    )
    with pytest.raises(FileFormatError, match=expected):
        cb.read(path)


def test_species_are_the_same_in_all_frames(tmp_path):
    path = tmp_path / "c.xyz"
    path.write_text(xyz(names="SSSSSSSS") + xyz(names="LLLLLSSS"))
    first, second = cb.read(path)
    assert first.species.tolist() == [1] * 8
    assert_is_they(second)


def test_species_are_the_same_in_all_files(tmp_path):
    (tmp_path / "a.xyz").write_text(xyz(names=["Zr"] * 8))
    (tmp_path / "b.xyz").write_text(xyz(names=["Cu"] * 5 + ["Zr"] * 3))
    frames = [read_frames(tmp_path / name)[0] for name in ("a.xyz", "b.xyz")]
    assert frames[0].configuration.species.tolist() == [0] * 8
    names = common_names(frame.species_names for frame in frames)
    first, second = (renamed(frame, names) for frame in frames)
    assert first.configuration.species.tolist() == [1] * 8
    assert first.species_names == second.species_names == ("Cu", "Zr")
    assert_is_they(second.configuration)


def test_names_of_several_files_are_joined():
    assert common_names([("Zr",), ("Cu",)]) == ("Cu", "Zr")
    assert common_names([("Zr", "Cu"), ("Zr",)]) == ("Zr", "Cu")
    assert common_names([("Cu", "Zr"), ("Ag", "Cu")]) == ("Ag", "Cu", "Zr")
    assert common_names([]) == ()


def test_types_of_lammps_keep_their_numbers(tmp_path):
    path = tmp_path / "c.dump"
    path.write_text(dump(names="22222222") + dump())
    first, second = cb.read(path)
    assert first.species.tolist() == [1] * 8
    assert_is_they(second)


def test_frames_without_names_are_left_alone():
    frame = Frame(cb.Configuration(np.eye(3), [1, 0, 2], 4.0))
    assert renamed(frame, ("Cu", "Zr")) is frame


def test_the_order_of_names_is_a_choice(tmp_path):
    path = tmp_path / "c.xyz"
    path.write_text(xyz(names="SSSSSLLL"))
    assert_is_they(cb.read(path, species=("S", "L")))
    assert cb.read(path).species.tolist() == [1] * 5 + [0] * 3
    (tmp_path / "c.dump").write_text(dump(names="22222111"))
    assert_is_they(cb.read(tmp_path / "c.dump", species=(2, 1)))


@pytest.mark.parametrize(
    ("species", "expected"),
    [
        (("L", "M"), "expected the names L, M, got a particle of 'S'"),
        ("LS", "expected different names"),
        (("L", "L"), "expected different names"),
        ((), "expected different names"),
    ],
)
def test_names_that_cannot_be_chosen(tmp_path, species, expected):
    path = tmp_path / "c.xyz"
    path.write_text(xyz(names="LLLLLSSS"))
    with pytest.raises(InputError, match=expected):
        cb.read(path, species=species)


def test_a_file_without_names_has_none_to_choose(tmp_path):
    path = tmp_path / "c.xyz"
    path.write_text(xyz('Lattice="3 3 3" Properties=pos:R:3', "{x} {y} {z}"))
    assert cb.read(path).species.tolist() == [0] * 8
    with pytest.raises(InputError, match="a file that names its species"):
        cb.read(path, species=("L", "S"))


@pytest.mark.parametrize("suffix", [".xyz", ".dump", ".h5", ".gsd"])
@pytest.mark.parametrize("species", [[1, 1, 1], [2, 1, 2], [2, 0, 0]])
def test_species_come_back_also_if_some_are_absent(tmp_path, suffix, species):
    if suffix == ".gsd":
        pytest.importorskip("gsd", reason="the library gsd is absent")
    path = tmp_path / f"c{suffix}"
    cb.write(path, cb.Configuration(np.eye(3), species, 4.0))
    assert cb.read(path).species.tolist() == species


def test_sph_needs_all_species_since_it_has_no_names(tmp_path):
    with pytest.raises(InputError, match=r"A and all others .* got B"):
        cb.write(tmp_path / "c.sph", cb.Configuration(np.eye(3), [1, 1, 1], 4.0), [1.0, 0.85])
