"""Options of the commands that read files of configurations."""

import tomllib
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from cagebreak.errors import InputError

FRAME = click.option("--frame", type=int, help="Frame of a file of several, from 0; -1 is last.")

_OPTIONS = (
    click.option("--format", help="Format, as the suffix of its names: dump, data, xyz ..."),
    click.option("--box", metavar="EDGE[,Y,Z]", help="Box of files that state none, sigma."),
    click.option("--species", metavar="NAMES", help="Species of the file in order, as L,S."),
)


def reading_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add --format, --box and --species; the command has them as `reading`, for `read_frames`."""

    @wraps(command)
    def with_reading(
        *, format: str | None, box: str | None, species: str | None, **others: Any
    ) -> None:
        names = None if species is None else [name.strip() for name in species.split(",")]
        reading = {"format": format, "box": None if box is None else _edges(box), "species": names}
        command(reading=reading, **others)

    for option in reversed(_OPTIONS):
        with_reading = option(with_reading)
    return with_reading


def assignment(option: str, text: str) -> tuple[str, Any]:
    """Return name and value of NAME=VALUE; a value that is not TOML is text, as a file name."""
    name, equals, value = text.partition("=")
    if not equals:
        raise InputError(f"{option}: expected NAME=VALUE, got {text!r}")
    try:
        return name.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return name.strip(), value.strip()
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{option}: expected a number, text or a list, got {text[:40]!r}... ({error})"
        ) from error


def _edges(text: str) -> list[float] | float:
    try:
        edges = [float(edge) for edge in text.split(",")]
    except ValueError:
        edges = []
    if len(edges) not in (1, 3):
        raise InputError(f"box: expected an edge length, or three as 4,5,6, got {text!r}")
    return edges[0] if len(edges) == 1 else edges
