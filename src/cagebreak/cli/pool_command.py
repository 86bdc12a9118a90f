"""The command `pool`: a model of a state point, from studies at several."""

from collections.abc import Sequence
from pathlib import Path

import click

from cagebreak.cli.group import OUTPUT, main


@main.command()
@click.argument("recipes", nargs=-1, required=True, type=click.Path(dir_okay=False))
@click.option(
    "--at",
    "value",
    required=True,
    type=float,
    help="State point: the value of what differs, as the temperature.",
)
@OUTPUT
@click.option("--selection", default="recommended", show_default=True, help="Of the first recipe.")
@click.option(
    "--clock",
    default="displacement",
    show_default=True,
    help="Times that correspond: of equal mean displacement, or tau_alpha.",
)
def pool(recipes: Sequence[str], value: float, output: str, selection: str, clock: str) -> None:
    """Learn RECIPES of one model together. Write the model of a state point for predict.

    The studies differ in one parameter of the model, as the temperature or the packing fraction.
    """
    from cagebreak._atomic import require_place
    from cagebreak.study import Study
    from cagebreak.study.pooled import pooled

    require_place(Path(output), *recipes)
    studies = pooled([Study(recipe) for recipe in recipes], selection, clock=clock)
    studies.at(value).save(Path(output))
    points = studies.points
    trained = ", ".join(f"{trained:g}" for trained in points.studies)
    click.echo(
        f"wrote {output}, at {points.parameter} = {value:g} of studies at {trained}; next: "
        "cagebreak predict"
    )
