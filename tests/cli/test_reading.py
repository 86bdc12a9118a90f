"""Options of the commands that read files."""

import click
import pytest
from click.testing import CliRunner

from cagebreak.cli.commands import main
from cagebreak.cli.reading import reading_options
from cagebreak.errors import InputError
from cagebreak.files import read_frames
from support.eight_particles import assert_is_they, dump, xyz


@click.command()
@click.argument("file")
@reading_options
def show(file, reading):
    assert_is_they(read_frames(file, **reading)[0].configuration)
    click.echo("read")


def invoke(command, *arguments):
    return CliRunner().invoke(command, list(map(str, arguments)))


@pytest.mark.parametrize("box", ["3", "3.0,3,3"])
def test_the_options_are_those_of_read(tmp_path, box):
    path = tmp_path / "c.dump"
    path.write_text(xyz("", names="SSSSSLLL"))
    done = invoke(show, path, "--format", "xyz", "--box", box, "--species", "S, L")
    assert done.output == "read\n", done.output
    (tmp_path / "c.xyz").write_text(xyz())
    assert invoke(show, tmp_path / "c.xyz").output == "read\n"


@pytest.mark.parametrize("box", ["", "x", "3,3", "1,2,3,4"])
def test_a_box_that_is_none(tmp_path, box):
    done = invoke(show, tmp_path / "c.xyz", "--box", box)
    assert isinstance(done.exception, InputError)
    assert "box: expected an edge length, or three" in str(done.exception)


def test_describe_takes_one_frame_of_several(tmp_path):
    path = tmp_path / "c.100"
    path.write_text(dump() + dump().replace("0.375", "0.5"))
    options = (path, "-o", tmp_path / "f.h5", "--model", "kob-andersen")
    done = invoke(main, "describe", *options)
    assert done.exit_code == 2
    assert "expected one frame, got 2; choose one (frame=, --frame)" in done.output
    done = invoke(main, "describe", *options, "--frame", 7)
    assert "has frames 0 to 1, or -1 to -2 from its end, got 7" in done.output
