"""The commands of `cagebreak`, such as `new`, `plan`, `run`, `status`, `fit` and `figure`."""

import os
import sys
import tomllib
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cagebreak._frames import to_rows
from cagebreak.cli import report
from cagebreak.cli.ending import one_line, plain_warnings, stoppable
from cagebreak.cli.reading import FRAME, reading_options
from cagebreak.errors import CagebreakError, InputError

if TYPE_CHECKING:
    from cagebreak.study import Study

_RECIPE = click.argument("recipe", type=click.Path(dir_okay=False))


class _Failure(click.ClickException):
    exit_code = 2


class _Commands(click.Group):
    """A group of commands that prints errors and warnings in one line, and can be stopped."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        message = "stopped; what is done is kept: `cagebreak run` goes on from there"
        with stoppable(message), plain_warnings():
            return super().main(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # click ends quietly: whoever reads the output has read enough
        except (CagebreakError, OSError) as error:
            raise _Failure(one_line(error)) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cagebreak", message="%(prog)s %(version)s")
def main() -> None:
    """Predict where a glass will move next from how it is packed now."""


@main.command()
@click.argument("model")
@_RECIPE
@click.option("--small", is_flag=True, help="A liquid that relaxes fast; a study of minutes.")
@click.option("--shear", is_flag=True, help="Athermal shear of a glass instead of thermal runs.")
def new(model: str, recipe: str, small: bool, shear: bool) -> None:
    """Write RECIPE with every default for MODEL spelled out, e.g. hard-spheres hs.toml."""
    from cagebreak.study.recipe.writing import write_new

    write_new(recipe, model, small, shear)
    click.echo(f"wrote {recipe}; look through it, then: cagebreak plan {recipe}")


@main.command()
@_RECIPE
@click.option("--workers", type=click.IntRange(min=1), help="Cores to run on. Default: all.")
def plan(recipe: str, workers: int | None) -> None:
    """Estimate what RECIPE still costs: units, core-hours, disk. Writes nothing."""
    from cagebreak.study.run.progress import duration

    study = _study(recipe)
    costs = study.plan(workers)
    rows = [
        (
            stage.stage,
            f"{stage.left} of {stage.total}",
            duration(stage.seconds) if stage.seconds >= 1 else f"{stage.seconds:.2g} s",
            f"{stage.left * stage.seconds / 3600:.3g}",
            report.size(stage.left * stage.n_bytes),
        )
        for stage in costs.stages
    ]
    report.print_table(("stage", "to do", "a unit", "core-hours", "disk"), rows)
    timed = [stage.stage for stage in costs.stages if stage.timed]
    if timed:
        click.echo(f"seconds a unit of {', '.join(timed)}: measured on units already done")
    click.echo(
        f"in all {costs.core_seconds / 3600:.3g} core-hours, about "
        f"{duration(costs.core_seconds / costs.workers)} on {costs.workers} cores; "
        f"{report.size(costs.n_bytes)} of {report.size(costs.disk_free)} that are free"
    )


_OUTPUT = click.option(
    "-o", "--output", required=True, type=click.Path(dir_okay=False), help="File to write."
)
_SEED = click.option("--seed", default=1, show_default=True, help="Seed of the cage state.")


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@_OUTPUT
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
    """Write the descriptors of the configuration in FILE and their labels to an HDF5 file."""
    from cagebreak.study.analysis.single_file import describe_file

    parameters = dict(map(_assignment, parameter))
    described = describe_file(
        file, output, model, parameters, set_, generations, states.split(","), seed, frame,
        **reading,
    )  # fmt: skip
    n, n_features = described.values.shape
    click.echo(f"wrote {output}: {n_features} descriptors of {n} particles")


@main.command()
@click.argument("model", type=click.Path(exists=True, dir_okay=False))
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@_OUTPUT
@_SEED
@FRAME
@reading_options
def predict(
    model: str, file: str, output: str, seed: int, frame: int | None, reading: dict[str, Any]
) -> None:
    """Predict the propensity of every particle in FILE by a MODEL from `fit --save`."""
    from cagebreak.study.analysis.single_file import predict_file

    for name, time in predict_file(model, file, output, seed, frame, **reading).items():
        click.echo(f"{name}: propensity after {time:.4g} tau, sigma")
    click.echo(f"wrote {output}")


@main.command()
@click.argument("lines", type=click.Path(exists=True, dir_okay=False))
@_OUTPUT
@click.option("--species", required=True, type=click.IntRange(min=1), help="Number of types.")
@click.option("--first", default=0.5, show_default=True, help="Shortest distance, sigma.")
@click.option("--points", default=4000, show_default=True, help="Distances in each table.")
def tabulate(lines: str, output: str, species: int, first: float, points: int) -> None:
    """Tabulate the potential of LINES, a file of LAMMPS's pair_style and pair_coeff lines."""
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
@_RECIPE
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
    workers: int | None,
    no_run: bool,
) -> None:
    """Make a study RECIPE from FILES of configurations and runs, or from an exported study."""
    from cagebreak.study import Study
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
            parameters=dict(map(_assignment, parameter)),
            time=time,
            timestep=timestep,
            interval=interval,
            wrapped=wrapped,
            origins=origins,
            **reading,
            states=states.split(","),
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
    click.echo(_next(study))


@main.command()
@_RECIPE
@click.option("--engine", default="pool", show_default=True, help="pool, serial, dask, slurm, mpi.")
@click.option("--workers", type=click.IntRange(min=1), help="Units at once. Default: cores.")
@click.option("--address", help="Dask scheduler, tcp://host:8786, or partition of SLURM.")
@click.option("--retries", default=2, show_default=True, help="Further attempts at a failed unit.")
@click.option(
    "--set-aside", is_flag=True, help="Move damaged files and results of another recipe aside."
)
def run(
    recipe: str,
    engine: str,
    workers: int | None,
    address: str | None,
    retries: int,
    set_aside: bool,
) -> None:
    """Do the units of RECIPE that are not done; after a stop or kill, run again to resume."""
    study = _study(recipe)
    study.run(engine, workers, address=address, retries=retries, set_aside=set_aside)
    if "propensity" in {stage.stage for stage in study.status()}:
        report.print_relaxation(study)
    click.echo(f"done; {_next(study)}")


@main.command()
@_RECIPE
@click.option("--sample", default=3, show_default=True, help="Number of units to compute again.")
@click.option(
    "--seed", type=click.IntRange(min=0), help="Seed of the choice. Default: another each time."
)
def verify(recipe: str, sample: int, seed: int | None) -> None:
    """Check the bytes of all results of RECIPE, and compute some of its units again."""
    result = _study(recipe).verify(sample, seed=seed)
    for path, why in result.damaged.items():
        click.echo(f"{path}: {why}")
    for unit, names in result.different.items():
        click.echo(f"{unit}: done again, it differs in {', '.join(names)}")
    click.echo(
        f"{result.n_read} files are whole, {len(result.damaged)} are not; of {len(result.again)} "
        f"units done again {len(result.again) - len(result.different)} are equal to the bit "
        f"(--seed {result.seed})"
    )
    if result.without_digest:
        click.echo(f"{result.without_digest} files are of an earlier version, without digest")
    if not result.sound:
        sys.exit(1)


@main.command()
@_RECIPE
@_OUTPUT
def export(recipe: str, output: str) -> None:
    """Write RECIPE and all its units to one HDF5 file."""
    click.echo(f"wrote {output}: {_study(recipe).export(output)} units")


@main.command()
@_RECIPE
def status(recipe: str) -> None:
    """Show the progress of RECIPE and the time left."""
    study = _study(recipe)
    stages = study.status()
    complete = all(stage.done == stage.total for stage in stages)
    report.print_status(stages)
    report.print_problems(study, stages)
    if not complete:
        report.print_time_left(study)
    if any(stage.stage == "propensity" and stage.done for stage in stages):
        report.print_relaxation(study)
    if study.recipe.asks_for("isoconfigurational"):
        report.print_drift(study)
    click.echo(_next(study) if complete else f"next: cagebreak run {recipe}")


@main.command()
@_RECIPE
@click.option("--target", default="displacement", show_default=True, help="displacement or d2min.")
@click.option(
    "--save", type=click.Path(dir_okay=False), help="Save a fit to all data, as model.h5."
)
@click.option("--selection", help="Selection of RECIPE to save. Default: its last.")
def fit(recipe: str, target: str, save: str | None, selection: str | None) -> None:
    """Learn propensity from structure, and show how well it is predicted."""
    from cagebreak.study.analysis.tables import SCORES

    study = _study(recipe)
    if save is not None:
        known = list(study.recipe.learning.selections)
        study.save_model(save, selection or known[-1])
        click.echo(f"wrote {save}, of {selection or known[-1]}; next: cagebreak predict")
        return
    scores = study.fit(target=target)
    report.print_scores(study, scores.rows)
    table = study.store.folder / "tables" / f"{SCORES[target]}.csv"
    wrote = f"wrote {table}; " if os.access(table.parent, os.W_OK) else ""
    click.echo(f"{wrote}next: cagebreak figure {recipe}")


@main.command()
@_RECIPE
@click.option(
    "--learners", "first", multiple=True, help="Names: ridge network graph svm equivariant ..."
)
@click.argument("others", nargs=-1, metavar="[LEARNERS]...")
@click.option("--species", multiple=True, help="Species to learn. Default: those of RECIPE.")
@click.option(
    "--time", "times", multiple=True, type=float, help="Times to learn, tau. Default: all."
)
@click.option(
    "--workers",
    default=1,
    type=click.IntRange(min=1),
    show_default=True,
    help="Learners trained at once.",
)
def compare(
    recipe: str,
    first: Sequence[str],
    others: Sequence[str],
    species: Sequence[str],
    times: Sequence[float],
    workers: int,
) -> None:
    """Compare learners on RECIPE: r over time, and costs of training and prediction."""
    from cagebreak.figures.alkemade2022 import comparison
    from cagebreak.figures.style import save

    study = _study(recipe)
    names = (*first, *others) or ("ridge", "network", "graph")
    scores = study.compare(names, species=species or None, times=times or None, workers=workers)
    report.print_comparison(to_rows(scores))
    folder = study.store.folder
    if not os.access(folder, os.W_OK):
        return
    save(comparison(scores, tau_alpha=study.relaxation()), folder / "figures" / "comparison")
    click.echo(f"wrote {folder / 'tables' / 'comparison.csv'}, {folder / 'figures'}/comparison.png")


@main.command()
@_RECIPE
@click.argument("names", nargs=-1)
@click.option(
    "--published", type=click.Path(dir_okay=False), help="CSV file of curves to compare with."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write to. Default: figures/ in the folder of RECIPE.",
)
def figure(recipe: str, names: Sequence[str], published: str | None, output: Path | None) -> None:
    """Draw figures of the papers, by default all, as PNG and PDF with their tables as CSV."""
    from cagebreak.figures import FIGURES

    study = _study(recipe)
    asks_for = study.recipe.asks_for
    folder = output or study.store.folder / "figures"
    fitting = [n for n, spec in FIGURES.items() if not spec.section or asks_for(spec.section)]
    for name in names or fitting:
        try:
            study.figure(name, folder / name, published)
        except InputError as error:
            # Without names, figures that need other selections than the recipe's are skipped.
            if names:
                raise
            click.echo(f"{name} is not drawn: {error}", err=True)
        else:
            click.echo(f"wrote {folder / name}.png, .pdf and its tables")


def _next(study: "Study") -> str:
    """Return what follows a finished run: a command, or what a fit lacks."""
    if not study.recipe.asks_for("isoconfigurational"):
        return f"next: cagebreak figure {study.recipe.path}"
    missing = study.recipe.missing_for_fit
    return f"there is no fit: {missing}" if missing else f"next: cagebreak fit {study.recipe.path}"


def _assignment(text: str) -> tuple[str, Any]:
    """Return name and value of NAME=VALUE; a value that is not TOML is text, as a file name."""
    name, equals, value = text.partition("=")
    if not equals:
        raise InputError(f"parameter: expected NAME=VALUE, got {text!r}")
    try:
        return name.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return name.strip(), value.strip()


def _study(recipe: str) -> "Study":
    from cagebreak.study import Study

    return Study(recipe)
