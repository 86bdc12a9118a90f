"""The command `glassbench`."""

import math
from collections.abc import Sequence

import click
import numpy as np

from cagebreak._frames import to_rows
from cagebreak.cli import report
from cagebreak.cli.group import main

_SHOWN = ("r", "r_configuration", "spearman", "average_precision", "ceiling")


@main.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(file_okay=False),
    help="Folder of the results; what is done there is not computed again.",
)
@click.option(
    "--size",
    default="full",
    show_default=True,
    help="Size of the recommended set: quick, medium, full or extended.",
)
@click.option(
    "--cage",
    default="run",
    show_default=True,
    help="States by own runs, run, or those of the files, file.",
)
@click.option(
    "--species", multiple=True, default=("A",), show_default=True, help="Species to learn."
)
@click.option("--train", "n_train", type=int, help="Training files to use. Default: all.")
@click.option("--test", "n_test", type=int, help="Test files to use. Default: all.")
@click.option("--time", "times", multiple=True, type=float, help="Times of the targets, tau.")
@click.option("--temperature", type=float, help="kT / eps. Default: that of the files' names.")
@click.option(
    "--published", type=click.Path(dir_okay=False), help="CSV file of curves to compare with."
)
@click.option("--seed", default=1, show_default=True, help="Seed of cage states and folds.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes. Default: cores.")
def glassbench(
    folder: str,
    output: str,
    size: str,
    cage: str,
    species: Sequence[str],
    n_train: int | None,
    n_test: int | None,
    times: Sequence[float],
    temperature: float | None,
    published: str | None,
    seed: int,
    workers: int | None,
) -> None:
    """Score a fit on FOLDER of GlassBench beside published methods."""
    from cagebreak.study.glassbench import glassbench as run

    table = run(
        folder,
        output,
        size=size,
        cage=cage,
        species=species,
        n_train=n_train,
        n_test=n_test,
        times=times or None,
        temperature=temperature,
        published=published,
        seed=seed,
        workers=workers,
    )
    _print(to_rows(table))
    click.echo(f"wrote {output}/scoreboard.csv and its figures")


def _print(rows: np.ndarray) -> None:
    """Print the scoreboard, one line for each method, target, species and time."""
    lines = [
        (str(row["target"]), str(row["species"]), f"{row['time']:g}", str(row["method"]),
         str(row["origin"]),
         *("" if math.isnan(row[name]) else f"{row[name]:.3f}" for name in _SHOWN))
        for row in rows
    ]  # fmt: skip
    report.print_table(("target", "species", "time", "method", "origin", *_SHOWN), lines)
