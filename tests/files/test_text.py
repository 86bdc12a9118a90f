"""Text as people, editors, spreadsheets and Fortran write it: the same particles."""

import pytest

import cagebreak as cb
from cagebreak.errors import FileFormatError
from cagebreak.files._text import integer, number
from support.eight_particles import assert_is_they, data, dump, sph, xyz


def fortran(text):
    for value in ("0.375", "1.875"):
        text = text.replace(value, f"{float(value):.8E}".replace("E", "D"))
    return text


WRITINGS = {
    "Windows": lambda text: text.replace("\n", "\r\n").encode(),
    "converted twice": lambda text: text.replace("\n", "\r\r\n").encode(),
    "old Macintosh": lambda text: text.replace("\n", "\r").encode(),
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16 without mark": lambda text: text.encode("utf-16-le"),
    "UTF-16, big end first": lambda text: text.encode("utf-16-be"),
    "tabs": lambda text: text.replace(" 0.375", "\t0.375").encode(),
    "spaces at the ends": lambda text: text.replace("\n", "  \t\n").encode(),
    "Fortran": lambda text: fortran(text).encode(),
    "no last line break": lambda text: text[:-1].encode(),
    "empty lines at the end": lambda text: (text + "\n \n\n").encode(),
}
FORMATS = {".xyz": xyz, ".dump": dump, ".data": data, ".sph": sph}


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("writing", WRITINGS)
def test_the_same_text_otherwise(tmp_path, suffix, writing):
    path = tmp_path / f"c{suffix}"
    path.write_bytes(WRITINGS[writing](FORMATS[suffix]()))
    assert_is_they(cb.read(path))


@pytest.mark.parametrize("suffix", [".xyz", ".dump", ".sph"])
def test_empty_lines_and_comments_before_and_between_frames(tmp_path, suffix):
    path = tmp_path / f"c{suffix}"
    frame = FORMATS[suffix]()
    path.write_text(f"\n# from the cluster\n{frame}\n\n# later\n{frame}")
    first, second = cb.read(path)
    assert_is_they(first)
    assert_is_they(second)


@pytest.mark.parametrize(
    "text",
    [
        xyz(line="{s} {x} {y} {z}\n"),
        xyz(line="{s} {x} {y} {z} # particle {id}"),
        xyz(line='"{s}" "{x}" {y} {z}'),
        xyz(line="{s} +{x} {y} \N{MINUS SIGN}{z}").replace("\N{MINUS SIGN}", "+"),
        xyz().replace("8\n", "8.0\t\t\n", 1),
        xyz(comment='"Lattice=""3 0 0 0 3 0 0 0 3"""\t\t'),
        xyz(comment='LATTICE="3D0 0 0 0 3 0 0 0 3." PBC="T T T"'),
        xyz(comment="Lattice = {3 0 0 0 3 0 0 0 3} Properties = species:S:1:pos:R:3"),
        xyz(comment="Lattice=[[3, 0, 0], [0, 3, 0], [0, 0, 3]] pbc=[true, true, true]"),
        xyz(comment='Lattice=[3, 0, 0, 0, 3, 0, 0, 0, 3] pbc="[T, T, T]"'),
        xyz(comment='Lattice="3 3 3" note="Lattice=\\"9 9 9\\" pbc=F"'),
        xyz(
            comment='Lattice="3 0 0 0 3 0 0 0 3" Properties=species:S:1:pos:R:3:soap:R:120',
            line="{s} {x} {y} {z}" + " 0.5" * 120,
        ),
    ],
)
def test_xyz_as_people_write_it(tmp_path, text):
    path = tmp_path / "c.xyz"
    path.write_text(text)
    assert_is_they(cb.read(path))


def test_an_accent_of_another_encoding_in_a_comment(tmp_path):
    path = tmp_path / "c.xyz"
    path.write_bytes(xyz(comment='Lattice="3 3 3" author="M\xfcller"').encode("latin-1"))
    assert_is_they(cb.read(path))


def test_decimal_commas_are_named(tmp_path):
    path = tmp_path / "c.xyz"
    path.write_text(xyz().replace(".", ","))
    with pytest.raises(FileFormatError, match=r"line 3: .*points, not commas"):
        cb.read(path)


@pytest.mark.parametrize(
    ("ending", "whole"),
    [
        ("7.12345678", True),
        ("7.1234567", False),
        ("7.", False),
        ("9.87e-05", False),
        ("9.87e-0", False),
    ],
)
def test_a_number_that_may_be_cut_is_refused(tmp_path, ending, whole):
    path = tmp_path / "c.xyz"
    text = xyz(line="{s} {x} {y} 1.23456789")
    path.write_text(text[: text.rindex(" ") + 1] + ending)
    if whole:
        assert cb.read(path).positions[-1, 2] == float(ending)
    else:
        with pytest.raises(FileFormatError, match=r"line 10: .*may be cut short"):
            cb.read(path)


def test_a_name_that_may_be_cut_is_refused(tmp_path):
    path = tmp_path / "c.dump"
    text = dump("id x y z element", "{id} {x} {y} {z} {s}", ["Cu"] * 5 + ["Zr"] * 3)
    path.write_text(text[:-1])
    assert_is_they(cb.read(path))
    path.write_text(text[:-2])
    with pytest.raises(FileFormatError, match="may be cut short"):
        cb.read(path)


@pytest.mark.parametrize("suffix", [".xyz", ".dump", ".data"])
def test_an_error_after_an_empty_line_names_the_line(tmp_path, suffix):
    *lines, last = FORMATS[suffix]().splitlines()
    path = tmp_path / f"c{suffix}"
    path.write_text("\n".join([*lines, "", "# the last", last.replace("1.875", "x"), ""]))
    with pytest.raises(FileFormatError, match=rf"line {len(lines) + 3}: "):
        cb.read(path)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("1.5d-03", 1.5e-3),
        ("-1.5D+03", -1500.0),
        ("+.5", 0.5),
        ("1.", 1.0),
        ("'2.5'", 2.5),
        ("\N{MINUS SIGN}2", -2.0),
        ("1_0", None),
        ("\N{ARABIC-INDIC DIGIT THREE}", None),
        ("inf", None),
        ("nan", None),
        ("d5", None),
        ("1,5", None),
        ("", None),
    ],
)
def test_numbers(word, value):
    assert number(word) == value


@pytest.mark.parametrize(
    ("word", "value"),
    [("8", 8), (" -3 ", -3), ("8.0", 8), ("1e3", 1000), ("8.5", None), ("9" * 30, None)],
)
def test_integers(word, value):
    assert integer(word) == value
