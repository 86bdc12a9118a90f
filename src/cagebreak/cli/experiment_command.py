"""The command `experiment`."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from cagebreak.cli import report
from cagebreak.cli.group import main
from cagebreak.cli.reading import assignment
from cagebreak.errors import InputError

if TYPE_CHECKING:
    from cagebreak.study.tracked import Written


@main.command()
@click.argument("tracks", type=click.Path(exists=True, dir_okay=False))
@click.option(
    "-o", "--output", required=True, type=click.Path(file_okay=False), help="Folder of the results."
)
@click.option("--length", required=True, type=float, help="sigma in the units of TRACKS.")
@click.option("--interval", required=True, type=float, help="Time between frames, tau.")
@click.option(
    "--lag", "lags", required=True, multiple=True, type=int, help="Time of a target, frames."
)
@click.option("--model", required=True, help="What the particles are like, e.g. hard-discs.")
@click.option("--parameter", multiple=True, metavar="NAME=VALUE", help="A parameter of the model.")
@click.option("--noise", type=float, help="Variance of a coordinate by localization, sigma^2.")
@click.option(
    "--fast", type=click.Path(exists=True, dir_okay=False), help="Fast film that tells the noise."
)
@click.option("--fast-interval", type=float, help="Time between its frames, tau.")
@click.option("--near", type=float, help="Targets relative to neighbors within this, sigma.")
@click.option("--gap", default=3, show_default=True, help="Longest gap to fill, frames.")
@click.option("--origins", default=20, show_default=True, help="Frames to describe.")
@click.option("--learn", multiple=True, metavar="SPECIES", help="Species to learn. Default: all.")
@click.option("--set", "set_", default="alkemade2022", show_default=True, help="Descriptor set.")
@click.option(
    "--generations", default=1, show_default=True, help="Generations of neighbor averages."
)
@click.option(
    "--window", metavar="LOW,HIGH,...", help="Edges of x, y and z, in the units of TRACKS."
)
@click.option("--periodic", default="", metavar="AXES", help="Periodic axes, such as xy.")
@click.option("--species", metavar="NAMES", help="Species of TRACKS in order, as large,small.")
@click.option("--diameters", metavar="COLUMN", help="Column of diameters of the particles.")
@click.option("--seed", default=1, show_default=True, help="Seed of the folds.")
def experiment(
    tracks: str,
    output: str,
    length: float,
    interval: float,
    lags: Sequence[int],
    model: str,
    parameter: Sequence[str],
    noise: float | None,
    fast: str | None,
    fast_interval: float | None,
    near: float | None,
    gap: int,
    origins: int,
    learn: Sequence[str],
    set_: str,
    generations: int,
    window: str | None,
    periodic: str,
    species: str | None,
    diameters: str | None,
    seed: int,
) -> None:
    """Learn motion from structure in TRACKS, a table of a film. Edges, gaps and noise count."""
    from cagebreak.study.analysis.single_file import named_model
    from cagebreak.study.tracked import write_experiment

    written = write_experiment(
        tracks,
        output,
        named_model(model, dict(assignment("parameter", each) for each in parameter)),
        lags,
        reading={
            "length": length,
            "interval": interval,
            "window": None if window is None else _edges(window),
            "periodic": periodic,
            "species": None if species is None else [name.strip() for name in species.split(",")],
            "diameters": diameters,
        },
        noise=noise,
        fast=fast,
        fast_interval=fast_interval,
        near=near,
        gap=gap,
        origins=origins,
        species=learn or None,
        descriptor_set=set_,
        generations=generations,
        seed=seed,
    )
    _print(written)
    click.echo(f"wrote {output}: predictions, scores, functions and counts, scores.png and map.png")


def _edges(text: str) -> list[list[float]]:
    """Return the lowest and highest coordinate of each axis."""
    try:
        numbers = [float(number) for number in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in (4, 6):
        raise InputError(f"window: expected edges as 0,512,0,512, got {text!r}")
    return [numbers[n : n + 2] for n in range(0, len(numbers), 2)]


def _print(written: "Written") -> None:
    """Print how many particles count, the noise, and r over time."""
    made = written.experiment
    means = ", ".join(f"{made.counts[name].mean():.0f} {name}" for name in ("cut", "lost", "used"))
    click.echo(
        f"{len(made.samples)} origins in {made.groups.max() + 1} blocks; of "
        f"{made.counts['particles'].mean():.0f} particles {means}"
    )
    if written.noise.any():
        noise = ", ".join(f"{value:.3g}" for value in written.noise[: made.tracks.dimension])
        click.echo(f"noise of a coordinate, sigma^2: {noise}")
    lines = [
        (str(row["species"]), f"{row['time']:g}",
         *("" if math.isnan(row[name]) else f"{row[name]:.3f}"
           for name in ("r_configuration", "low_configuration", "high_configuration", "ceiling")))
        for row in written.scores
    ]  # fmt: skip
    report.print_table(("species", "time", "r", "low", "high", "ceiling"), lines)
