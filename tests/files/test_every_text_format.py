"""One contract for every format of text, in every dialect: endings, compression, damage."""

import bz2
import gzip
import lzma
import re

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import FileFormatError
from support.eight_particles import assert_is_they, data, dump, rows, sph, xyz

LENGTHS = "3.0,3.0,3.0"
EXTENDED = 'Lattice="3 0 0 0 3 0 0 0 3" Properties=species:S:1:pos:R:3:radius:R:1 Time={}'
RUMD = "ioformat=2 timeStepIndex={} numTypes=2 sim_box=RectangularSimulationBox," + LENGTHS
PARTICLE = '<Pt ID="{id}" D="1"><P x="{x}" y="{y}" z="{z}"/></Pt>'
DYNAMO = (
    '<DynamOconfig version="1.5.0"><Simulation><SimulationSize x="3" y="3" z="3"/>\n<Genus>\n'
    '<Species Name="L"><IDRange Type="Ranged" Start="1" End="5"/></Species>\n'
    '<Species Name="S"><IDRange Type="Ranged" Start="6" End="8"/></Species>\n</Genus>\n'
    '<BC Type="PBC"/><Interactions><Interaction Type="HardSphere" Diameter="D"/></Interactions>\n'
    f"</Simulation>\n<ParticleData>\n{rows(PARTICLE)}</ParticleData>\n</DynamOconfig>\n"
)
SIZED = "{s} {x} {y} {z} 0.5"
TEXTS = {
    "dump": (".dump", dump() + dump()),
    "dump with sizes": (
        ".dump",
        2 * dump("type id radius x y z ix iy iz", "{s} {id} 0.5 {x} {y} {z} 1 0 0"),
    ),
    "extended": (".xyz", xyz(EXTENDED.format(0), SIZED) + xyz(EXTENDED.format(1), SIZED)),
    "atooms": (
        ".xyz",
        "".join(
            xyz(f"step:{i} columns:species,position,radius dt:0.1 cell:{LENGTHS}", SIZED)
            for i in range(2)
        ),
    ),
    "partycls": (".xyz", 2 * xyz(f"columns:id,pos cell:{LENGTHS}", "{s} {x} {y} {z} ")),
    "rumd": (
        ".xyz",
        "".join(
            xyz(
                f"{RUMD.format(i)} columns=type,x,y,z,imx,imy,imz",
                "{s} {x} {y} {z} 0 1 0",
                "00000111",
            )
            for i in range(2)
        ),
    ),
    "sph": (".sph", sph() + sph()),
    "data": (".data", data()),
    "data of spheres": (".data", data("sphere", "{id} {s} 1.0 2.5 {x} {y} {z} 0 0 1")),
    "dynamo": (".xml", DYNAMO),
}  # fmt: skip
NUMBER = re.compile(r"0\.375")


def read(path, text, encoding="ascii"):
    path.write_bytes(text.encode(encoding))
    return list(cb.iread(path))


@pytest.fixture(params=TEXTS)
def text(request, tmp_path):
    """Return a file's path, its text, and its frames."""
    suffix, content = TEXTS[request.param]
    path = tmp_path / f"c{suffix}"
    frames = read(path, content)
    for frame in frames:
        assert_is_they(frame)
    return path, content, frames


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
def test_line_ends_of_other_systems(text, ending):
    path, content, frames = text
    assert read(path, content.replace("\n", ending)) == frames
    if ending == "\r\n":
        lines = content.splitlines()  # both, as of files that were joined
        mixed = "".join(line + ("\n", "\r\n")[i % 2] for i, line in enumerate(lines))
        assert read(path, mixed) == frames


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_encodings_of_editors(text, encoding):
    path, content, frames = text
    assert read(path, content, encoding) == frames


@pytest.mark.parametrize(("suffix", "library"), [(".gz", gzip), (".bz2", bz2), (".xz", lzma)])
def test_compressed_twins(text, suffix, library):
    path, content, frames = text
    twin = path.with_name(path.name + suffix)
    twin.write_bytes(library.compress(content.encode()))
    assert list(cb.iread(twin)) == frames
    found = cb.read(twin)
    assert (found if isinstance(found, list) else [found]) == frames
    parts = content.encode()
    # Programs append: members that follow each other are one stream.
    twin.write_bytes(library.compress(parts[:100]) + library.compress(parts[100:]))
    assert list(cb.iread(twin)) == frames
    twin.write_bytes(library.compress(content.encode())[:-9])
    with pytest.raises(FileFormatError, match=re.escape(twin.name)):
        list(cb.iread(twin))


@pytest.mark.parametrize("value", ["nan", "inf", "-Infinity", "1e400", "0,375", "1_0", "x", "--1"])
def test_a_coordinate_that_is_no_finite_number(text, value):
    path, content, _ = text
    places = [match.span() for match in NUMBER.finditer(content)]
    for start, end in (places[0], places[-1]):
        with pytest.raises(FileFormatError, match=re.escape(path.name)):
            read(path, content[:start] + value + content[end:])


def test_a_wrong_number_of_particles(text):
    path, content, _ = text
    if path.suffix == ".xml":
        return  # it states none
    counts = [match.span() for match in re.finditer(r"^8(?= atoms$|$)", content, re.M)]
    assert counts
    for start, end in counts:
        for wrong in ("7", "9", "0", "-8", "8.5", "99999999999"):
            with pytest.raises(FileFormatError, match=re.escape(path.name)):
                read(path, content[:start] + wrong + content[end:])


def test_a_file_cut_short_is_an_error_or_has_its_first_frames(text):
    path, content, frames = text
    for end in range(len(content) - 1):
        try:
            found = read(path, content[:end])
        except FileFormatError:
            continue
        assert 0 < len(found) <= len(frames)
        for one, whole in zip(found, frames, strict=False):
            if one.images is None and whole.images is not None:
                one = one.replace(images=whole.images)  # a movie of one snapshot
            assert one == whole, content[max(0, end - 40) : end]


def test_particles_with_one_id_are_an_error(text):
    path, content, _ = text
    if path.suffix not in (".dump", ".data", ".xml"):
        return
    eighth = re.compile(r'^1 8 |^8 1 |^8 2 |^2 8 |ID="8"', re.M)
    repeated = eighth.sub(lambda match: match[0].replace("8", "7"), content, count=1)
    with pytest.raises(FileFormatError, match="once"):
        read(path, repeated)


def test_all_arrays_are_those_of_the_first_frame(text):
    _, _, frames = text
    for frame in frames:
        np.testing.assert_array_equal(frame.box.matrix, frames[0].box.matrix)
        assert (frame.images is None) == (frames[0].images is None)
