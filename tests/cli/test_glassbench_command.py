"""The command `glassbench`."""

import pytest
from click.testing import CliRunner

from cagebreak._frames import to_frame
from cagebreak.cli import main
from cagebreak.errors import InputError
from cagebreak.study import glassbench as package
from support.glassbench.table import scoreboard


@pytest.fixture
def calls(monkeypatch):
    made = []

    def stand_in(*places, **options):
        made.append((places, options))
        if options["size"] == "huge":
            raise InputError("size: expected another")
        return to_frame(scoreboard())

    monkeypatch.setattr(package, "glassbench", stand_in)
    return made


def call(*arguments):
    return CliRunner().invoke(main, ["glassbench", *map(str, arguments)])


def test_options_are_those_of_the_function(calls, tmp_path):
    done = call(
        *(tmp_path, "-o", "out", "--size", "quick", "--cage", "file", "--species", "B"),
        *("--train", 20, "--test", 5, "--time", 1, "--time", 10.5, "--temperature", 0.5),
        *("--published", "curves.csv", "--seed", 7, "--workers", 2),
    )
    assert done.exit_code == 0, done.output
    ((places, options),) = calls
    assert places == (str(tmp_path), "out")
    assert options == {
        "size": "quick", "cage": "file", "species": ("B",), "n_train": 20, "n_test": 5,
        "times": (1.0, 10.5), "temperature": 0.5, "published": "curves.csv", "seed": 7,
        "workers": 2,
    }  # fmt: skip


def test_the_scoreboard_is_printed(calls, tmp_path):
    done = call(tmp_path, "-o", "out")
    ((_, options),) = calls
    assert options["times"] is None
    assert options["species"] == ("A",)
    lines = done.output.splitlines()
    assert len(lines) == 1 + 12 + 1
    first = "displacement A 1 cagebreak fit 0.500 0.400 0.300 0.250"
    assert " ".join(lines[1].split()) == first
    assert "wrote out/scoreboard.csv" in lines[-1]


def test_an_error_is_one_line(calls, tmp_path):
    done = call(tmp_path, "-o", "out", "--size", "huge")
    assert done.exit_code == 2
    assert done.output == "Error: size: expected another\n"
    assert call(tmp_path / "none", "-o", "out").exit_code == 2
