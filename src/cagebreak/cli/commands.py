"""The commands of a study: `new`, `plan`, `run`, `status`, `fit`, `figure` and others."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cagebreak._frames import require_metrics, to_rows
from cagebreak.cli import hybrid_commands, report
from cagebreak.cli.group import OUTPUT, RECIPE, main
from cagebreak.errors import InputError, StoreError

if TYPE_CHECKING:
    from cagebreak.study import Study


@main.command()
@click.argument("model")
@RECIPE
@click.option("--small", is_flag=True, help="A liquid that relaxes fast; a study of minutes.")
@click.option("--shear", is_flag=True, help="Athermal shear of a glass instead of thermal runs.")
def new(model: str, recipe: str, small: bool, shear: bool) -> None:
    """Write RECIPE with every default for MODEL spelled out.

    \b
    MODEL is hard-spheres, harmonic-spheres, kob-andersen,
    kob-andersen-smoothed, wahnstrom or fene-polymer, of two dimensions
    hard-discs, harmonic-discs, kob-andersen-2d or kob-andersen-2d-ternary,
    of many sizes soft-spheres, soft-discs or polydisperse-hard-spheres,
    or tabulated, or lammps.

    For example: cagebreak new hard-spheres hs.toml
    """
    from cagebreak.study.recipe.writing import write_new

    write_new(recipe, model, small, shear)
    click.echo(f"wrote {recipe}; look through it, then: cagebreak plan {recipe}")


@main.command()
@RECIPE
@click.option("--workers", type=click.IntRange(min=1), help="Cores to run on. Default: all.")
@click.option("--accuracy", type=float, help="r that a finished pilot is to reach with short runs.")
@click.option("--time", type=float, help="Time to predict with this accuracy. Default: the last.")
@click.option("--species", default="A", show_default=True, help="Species to predict with it.")
def plan(
    recipe: str, workers: int | None, accuracy: float | None, time: float | None, species: str
) -> None:
    """Estimate what RECIPE still costs: units, core-hours, disk.

    Nothing of the study is simulated or written. With --accuracy, RECIPE is a finished pilot. The
    command then says how many short runs, and how long, predict a further configuration with this
    r at the smallest cost; it draws r against core-hours.
    """
    from cagebreak._progress import duration

    study = _study(recipe)
    hybrid_commands.check_accuracy(accuracy, time)
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
        f"{duration(costs.seconds)} on {costs.workers} cores; "
        f"{report.size(costs.n_bytes)} of {report.size(costs.disk_free)} that are free"
    )
    if study.recipe.asks_for("hybrid"):
        hybrid_commands.print_hybrid(study, costs)
    if accuracy is not None:
        hybrid_commands.print_accuracy(study, costs, accuracy, time, species)


@main.command()
@RECIPE
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
    """Do the units of RECIPE that are not done. After a stop or kill, run again to resume."""
    study = _study(recipe)
    study.run(engine, workers, address=address, retries=retries, set_aside=set_aside)
    if "propensity" in {stage.stage for stage in study.status()}:
        report.print_relaxation(study)
    click.echo(f"done; {report.next_step(study)}")


@main.command()
@click.argument("scheduler", type=click.Choice(["slurm"]))
def cluster(scheduler: str) -> None:
    """Write a commented file that describes jobs of a cluster.

    For example: cagebreak cluster slurm > ~/.config/dask/jobqueue.yaml
    """
    from cagebreak.study.run.jobqueue_file import slurm_file

    click.echo(slurm_file(), nl=False)


@main.command()
@RECIPE
@click.option("--sample", default=3, show_default=True, help="Number of units to compute again.")
@click.option(
    "--seed", type=click.IntRange(min=0), help="Seed of the choice. Default: another each time."
)
def verify(recipe: str, sample: int, seed: int | None) -> None:
    """Check the bytes of all results of RECIPE. Some of its units are computed again."""
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
@RECIPE
@OUTPUT
def export(recipe: str, output: str) -> None:
    """Write RECIPE and all its units to one HDF5 file."""
    click.echo(f"wrote {output}: {_study(recipe).export(output)} units")


@main.command()
@RECIPE
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
    click.echo(report.next_step(study) if complete else f"next: cagebreak run {recipe}")


@main.command()
@RECIPE
@click.option(
    "--target",
    default="displacement",
    show_default=True,
    help="displacement, d2min, or a quantity that the recipe keeps.",
)
@click.option(
    "--save", type=click.Path(dir_okay=False), help="Save a fit to all data, as model.h5."
)
@click.option("--selection", help="Selection of RECIPE to save. Default: its last.")
@click.option(
    "--metrics",
    multiple=True,
    metavar="NAME",
    help="Further score to show, such as spearman or coverage; once for each.",
)
def fit(
    recipe: str, target: str, save: str | None, selection: str | None, metrics: Sequence[str]
) -> None:
    """Learn propensity from structure. The table has r and its interval."""
    from cagebreak.study.analysis.tables import METRICS, SCORES
    from cagebreak.study.stages.quantities import require_measured

    study = _study(recipe)
    if save is not None:
        if target != "displacement" or metrics:
            raise InputError(
                "--save: saves a fit to the propensity, without --target and --metrics; got "
                f"{target!r} and {', '.join(metrics) or 'no metrics'}"
            )
        known = list(study.recipe.learning.selections)
        study.save_model(save, selection or known[-1])
        click.echo(f"wrote {save}, of {selection or known[-1]}; next: cagebreak predict")
        return
    require_measured(study.recipe, target)
    require_metrics(metrics)
    # Its fits serve the scores too.
    measured = study.rows(METRICS[target]) if metrics else None
    name = SCORES[target]
    table = study.store.folder / "tables" / f"{name}.csv"
    # What has not changed since the last fit is read.
    before = table.stat().st_mtime_ns if table.exists() else None
    scores = study.rows(name)
    study.rows("propensity")
    report.print_scores(study, scores)
    if measured is not None:
        report.print_metrics(study, measured, metrics)
    wrote = ""
    if table.exists():
        unchanged = table.stat().st_mtime_ns == before
        wrote = f"{table} is up to date; " if unchanged else f"wrote {table}; "
    click.echo(f"{wrote}next: cagebreak figure {recipe}")


@main.command()
@RECIPE
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
    """Compare learners on RECIPE. Shown are r over time, and costs of training and prediction."""
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
@RECIPE
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
    """Draw the map and figures of the papers. By default all, as PNG and PDF with tables as CSV."""
    from cagebreak.study.analysis.drawings import usual

    study = _study(recipe)
    folder = output or study.store.folder / "figures"
    for name, drawn in study.draw(names or usual(study.recipe), folder, published):
        if isinstance(drawn, InputError):
            # Without names, figures that need other selections than the recipe's are skipped.
            if names:
                raise drawn
            click.echo(f"{name} is not drawn: {drawn}", err=True)
        else:
            files = f"{folder / name}.png, .pdf and its tables"
            click.echo(f"wrote {files}" if drawn else f"{files} are up to date")


@main.command("report")
@RECIPE
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write. Default: report.html in the folder of RECIPE.",
)
def write_report(recipe: str, output: Path | None) -> None:
    """Write the results of RECIPE to one HTML file. It has state, particles, figures and scores."""
    study = _study(recipe)
    if output is None and not study.store.folder.is_dir():
        raise StoreError(f"{recipe}: nothing is done yet; next: cagebreak run {recipe}")
    path = output or study.store.folder / "report.html"
    study.report(path)
    click.echo(f"wrote {path}, {report.size(path.stat().st_size)}; any browser opens it")


def _study(recipe: str) -> "Study":
    from cagebreak.study import Study

    return Study(recipe)
