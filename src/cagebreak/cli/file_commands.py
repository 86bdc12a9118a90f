"""The commands that begin with files: `describe`, `predict`, `tabulate` and `import`."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from cagebreak.cli.group import OUTPUT, RECIPE, main
from cagebreak.cli.reading import FRAME, assignment, reading_options
from cagebreak.cli.report import next_step
from cagebreak.errors import InputError

_SEED = click.option(
    "--seed", default=1, show_default=True, help="Seed of the cage states, and of short runs."
)


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@OUTPUT
@click.option("--model", required=True, help="The glass former, e.g. kob-andersen.")
@click.option("--parameter", multiple=True, metavar="NAME=VALUE", help="A parameter of the model.")
@click.option("--set", "set_", default="alkemade2023", show_default=True, help="Descriptor set.")
@click.option(
    "--generations", default=2, show_default=True, help="Generations of neighbor averages."
)
@click.option(
    "--states",
    default="initial",
    show_default=True,
    help="States to describe, initial,inherent,cage.",
)
@_SEED
@FRAME
@reading_options
def describe(
    file: str,
    output: str,
    model: str,
    parameter: Sequence[str],
    set_: str,
    generations: int,
    states: str,
    seed: int,
    frame: int | None,
    reading: dict[str, Any],
) -> None:
    """Write the descriptors of the configuration in FILE. The HDF5 file also has their labels."""
    from cagebreak.study.analysis.single_file import describe_file

    parameters = dict(assignment("parameter", each) for each in parameter)
    described = describe_file(
        file, output, model, parameters, set_, generations, states.split(","), seed, frame,
        **reading,
    )  # fmt: skip
    n, n_features = described.values.shape
    click.echo(f"wrote {output}: {n_features} descriptors of {n} particles")


@main.command()
@click.argument("model")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@OUTPUT
@_SEED
@click.option(
    "--cage-states",
    type=click.IntRange(min=1),
    help="Cage states to average over; fewer are faster, more predict better.",
)
@FRAME
@reading_options
def predict(
    model: str,
    file: str,
    output: str,
    seed: int,
    cage_states: int | None,
    frame: int | None,
    reading: dict[str, Any],
) -> None:
    """Predict the propensity of every particle in FILE by a MODEL.

    MODEL is a file of `fit --save` or `hybrid --save`, or the name of a pretrained model, such as
    kob-andersen-0.5. Each prediction has an interval. For a hybrid model, short runs are simulated.
    """
    from cagebreak.study.analysis.single_file import predict_file
    from cagebreak.study.pretrained import model_path

    path = model_path(model)
    if cage_states is not None:
        reading["cage_states"] = cage_states
    times, intervals = predict_file(path, file, output, seed, frame, **reading)
    for name, time in times.items():
        click.echo(f"{name}: propensity after {time:.4g} tau, sigma")
    click.echo(f"prediction_low, prediction_high: {intervals}")
    click.echo(f"wrote {output}")


@main.command()
@click.argument("lines", type=click.Path(exists=True, dir_okay=False))
@OUTPUT
@click.option("--species", required=True, type=click.IntRange(min=1), help="Number of types.")
@click.option("--first", default=0.5, show_default=True, help="Shortest distance, sigma.")
@click.option("--points", default=4000, show_default=True, help="Distances in each table.")
def tabulate(lines: str, output: str, species: int, first: float, points: int) -> None:
    """Tabulate the pair potential of LINES, a file of LAMMPS input.

    LINES has the pair_style, pair_coeff and pair_modify lines.
    """
    from cagebreak.models.tabulated import tabulated
    from cagebreak.simulation import tabulate

    tabulate(Path(lines), output, n_species=species, first=first, points=points)
    cutoffs = tabulated(output, temperature=1.0, number_density=1.0).pair.cutoffs
    click.echo(
        f"wrote {output}: {species} species, up to {cutoffs.max():.6g} sigma; "
        "name it in [model], or: cagebreak import ... --model tabulated "
        f"--parameter file={output}"
    )


@main.command("import")
@RECIPE
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
@click.option("--model", help="The glass former, e.g. kob-andersen.")
@click.option("--parameter", multiple=True, metavar="NAME=VALUE", help="A parameter of the model.")
@click.option("--time", type=float, help="Duration of the runs of BOTAN files, tau.")
@click.option("--timestep", type=float, help="Time step of trajectories, tau.")
@click.option("--interval", type=float, help="Time between frames that state no time, tau.")
@click.option("--wrapped", is_flag=True, help="Positions are wrapped and have no images.")
@click.option("--origins", type=int, help="Configurations to take from each trajectory.")
@reading_options
@click.option(
    "--states",
    default="initial",
    show_default=True,
    help="States to describe, initial,inherent,cage.",
)
@click.option(
    "--keep",
    multiple=True,
    metavar="NAME=VALUE",
    help="What to keep of runs beside displacements, as functions=0.3 or "
    "bond_breaking=[1.4,1.8]; once for each.",
)
@click.option("--workers", type=click.IntRange(min=1), help="Units at once. Default: cores.")
@click.option("--no-run", is_flag=True, help="Write the recipe and the imported units only.")
def import_(
    recipe: str,
    files: Sequence[str],
    model: str | None,
    parameter: Sequence[str],
    time: float | None,
    timestep: float | None,
    interval: float | None,
    wrapped: bool,
    origins: int | None,
    reading: dict[str, Any],
    states: str,
    keep: Sequence[str],
    workers: int | None,
    no_run: bool,
) -> None:
    """Make a study RECIPE from FILES of configurations and runs. An exported study is restored."""
    from cagebreak.study import Study
    from cagebreak.study.analysis import learn
    from cagebreak.study.archive import is_archive

    if len(files) == 1 and is_archive(files[0]):
        study = Study.from_export(files[0], recipe)
        click.echo(f"wrote {recipe} and its folder; next: cagebreak status {recipe}")
        return
    if model is None:
        raise InputError(
            f"model: expected the glass former of {files[0]}, which is no exported study, e.g. "
            "--model kob-andersen, got none"
        )
    with warnings.catch_warnings(record=True) as remarks:
        warnings.simplefilter("always")
        study = Study.import_files(
            recipe,
            files,
            model=model,
            parameters=dict(assignment("parameter", each) for each in parameter),
            time=time,
            timestep=timestep,
            interval=interval,
            wrapped=wrapped,
            origins=origins,
            **reading,
            states=states.split(","),
            keep=dict(assignment("keep", each) for each in keep) or None,
        )
    for remark in remarks:
        click.echo(" ".join(str(remark.message).split()))
    n_runs = study.recipe.isoconfigurational.n_runs
    click.echo(
        f"wrote {recipe}: {study.n_configurations} configurations of "
        f"{study.recipe.preparation.n_particles} particles, {n_runs} run{'s' * (n_runs != 1)} each"
    )
    if no_run:
        click.echo(f"look through it, then: cagebreak run {recipe}")
        return
    study.run(workers=workers)
    try:
        if not study.recipe.missing_for_fit:
            learn.require_distinct(study.recipe, study.store)
        click.echo(next_step(study))
    except InputError as error:
        click.echo(f"there is no fit yet: {error}")
