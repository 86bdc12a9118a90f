"""The command line: `cagebreak new | plan | run | status | fit | compare | figure`."""

import math
import sys
import tomllib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from cagebreak.errors import CagebreakError, InputError, StoreError

if TYPE_CHECKING:
    from cagebreak.study import StageStatus, Study

_RECIPE = click.argument("recipe", type=click.Path(dir_okay=False))


class _Failure(click.ClickException):
    exit_code = 2


class _Commands(click.Group):
    """Errors that are ours, or the file system's, end in one line."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (CagebreakError, OSError) as error:
            raise _Failure(" ".join(str(error).split())) from error
        except KeyboardInterrupt:
            click.echo(
                "stopped; what is done is kept: `cagebreak run` goes on from there", err=True
            )
            sys.exit(130)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cagebreak", message="%(prog)s %(version)s")
def main() -> None:
    """Predict where a glass will move next from how it is packed now."""


@main.command()
@click.argument("model")
@_RECIPE
@click.option("--small", is_flag=True, help="A liquid that relaxes, in a study of some minutes.")
@click.option("--shear", is_flag=True, help="Athermal shear of a glass, instead of thermal runs.")
def new(model: str, recipe: str, small: bool, shear: bool) -> None:
    """Write RECIPE with every default for MODEL spelled out, e.g. hard-spheres hs.toml."""
    from cagebreak.study.recipe.writing import write_new

    write_new(recipe, model, small, shear)
    click.echo(f"wrote {recipe}; look through it, then: cagebreak plan {recipe}")


@main.command()
@_RECIPE
@click.option("--workers", type=click.IntRange(min=1), help="Cores it will run on.")
def plan(recipe: str, workers: int | None) -> None:
    """Say what RECIPE still costs: units, core-hours, disk. Nothing is kept."""
    from cagebreak.study.run.progress import duration

    study = _study(recipe)
    costs = study.plan(workers)
    rows = [
        (
            stage.stage,
            f"{stage.left} of {stage.total}",
            duration(stage.seconds) if stage.seconds >= 1 else f"{stage.seconds:.2g} s",
            f"{stage.left * stage.seconds / 3600:.3g}",
            _size(stage.left * stage.n_bytes),
        )
        for stage in costs.stages
    ]
    _print_table(("stage", "to do", "a unit", "core-hours", "disk"), rows)
    timed = [stage.stage for stage in costs.stages if stage.timed]
    if timed:
        click.echo(f"a unit of {', '.join(timed)} costs what units of this study took")
    click.echo(
        f"in all {costs.core_seconds / 3600:.3g} core-hours, about "
        f"{duration(costs.core_seconds / costs.workers)} on {costs.workers} cores; "
        f"{_size(costs.n_bytes)} of {_size(costs.disk_free)} that are free"
    )


_OUTPUT = click.option("-o", "--output", required=True, type=click.Path(dir_okay=False))
_SEED = click.option("--seed", default=1, show_default=True, help="Of the cage state.")


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@_OUTPUT
@click.option("--model", required=True, help="The glass former, e.g. kob-andersen.")
@click.option("--parameter", multiple=True, metavar="NAME=VALUE", help="Of the model.")
@click.option("--set", "set_", default="alkemade2023", show_default=True, help="The paper's.")
@click.option("--generations", default=2, show_default=True)
@click.option("--states", default="initial", show_default=True, help="initial,inherent,cage")
@_SEED
def describe(
    file: str,
    output: str,
    model: str,
    parameter: Sequence[str],
    set_: str,
    generations: int,
    states: str,
    seed: int,
) -> None:
    """Write the descriptors of the configuration in FILE to an HDF5 file, with their labels."""
    from cagebreak.study.analysis.single_file import describe_file

    parameters = dict(map(_assignment, parameter))
    described = describe_file(
        file, output, model, parameters, set_, generations, states.split(","), seed
    )
    n, n_features = described.values.shape
    click.echo(f"wrote {output}: {n_features} descriptors of {n} particles")


@main.command()
@click.argument("model", type=click.Path(exists=True, dir_okay=False))
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@_OUTPUT
@_SEED
def predict(model: str, file: str, output: str, seed: int) -> None:
    """Predict the propensity of every particle in FILE with a MODEL that `fit --save` wrote."""
    from cagebreak.study.analysis.single_file import predict_file

    for name, time in predict_file(model, file, output, seed).items():
        click.echo(f"{name}: propensity after {time:.4g} tau, sigma")
    click.echo(f"wrote {output}")


@main.command()
@click.argument("lines", type=click.Path(exists=True, dir_okay=False))
@_OUTPUT
@click.option("--species", required=True, type=click.IntRange(min=1), help="How many types.")
@click.option("--first", default=0.5, show_default=True, help="Shortest distance, sigma.")
@click.option("--points", default=4000, show_default=True, help="Distances of each pair.")
def tabulate(lines: str, output: str, species: int, first: float, points: int) -> None:
    """Write the table of a potential that pair_style, pair_coeff LINES of LAMMPS describe."""
    from cagebreak.models.tabulated import tabulated
    from cagebreak.simulation import tabulate

    tabulate(lines, output, n_species=species, first=first, points=points)
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
@click.option("--parameter", multiple=True, metavar="NAME=VALUE", help="Of the model.")
@click.option("--time", type=float, help="When runs of BOTAN files end, tau.")
@click.option("--timestep", type=float, help="Of trajectories that state steps, tau.")
@click.option("--wrapped", is_flag=True, help="Positions are in the box, and have no images.")
@click.option("--states", default="initial", show_default=True, help="initial,inherent,cage")
@click.option("--workers", type=click.IntRange(min=1), help="Default: as many as cores.")
@click.option("--no-run", is_flag=True, help="Write the recipe, and describe nothing yet.")
def import_(
    recipe: str,
    files: Sequence[str],
    model: str | None,
    parameter: Sequence[str],
    time: float | None,
    timestep: float | None,
    wrapped: bool,
    states: str,
    workers: int | None,
    no_run: bool,
) -> None:
    """Make a study RECIPE of configurations and runs in FILES, or of an exported study."""
    from cagebreak.study import Study
    from cagebreak.study.archive import is_archive

    if len(files) == 1 and is_archive(files[0]):
        study = Study.from_export(files[0], recipe)
        click.echo(f"wrote {recipe} and its folder; next: cagebreak status {recipe}")
        return
    if model is None:
        raise InputError("model: expected the glass former, e.g. --model kob-andersen, got none")
    study = Study.import_files(
        recipe,
        files,
        model=model,
        parameters=dict(map(_assignment, parameter)),
        time=time,
        timestep=timestep,
        wrapped=wrapped,
        states=states.split(","),
    )
    n_runs = study.recipe.isoconfigurational.n_runs
    click.echo(
        f"wrote {recipe}: {study.n_configurations} configurations of "
        f"{study.recipe.preparation.n_particles} particles, {n_runs} runs of each"
    )
    if no_run:
        click.echo(f"look through it, then: cagebreak run {recipe}")
        return
    study.run(workers=workers)
    click.echo(f"next: cagebreak fit {recipe}" if n_runs else "described; there are no runs to fit")


@main.command()
@_RECIPE
@click.option("--engine", default="pool", show_default=True, help="pool, serial, dask, slurm, mpi.")
@click.option("--workers", type=click.IntRange(min=1), help="Default: as many as cores.")
@click.option("--address", help="Of a Dask scheduler, tcp://host:8786; of slurm, the partition.")
@click.option("--retries", default=2, show_default=True, help="Of a unit that fails.")
@click.option(
    "--set-aside", is_flag=True, help="Move results of another recipe, and damaged files, aside."
)
def run(
    recipe: str,
    engine: str,
    workers: int | None,
    address: str | None,
    retries: int,
    set_aside: bool,
) -> None:
    """Do what RECIPE still needs; stopped or killed, it goes on from where it was."""
    study = _study(recipe)
    study.run(engine, workers, address=address, retries=retries, set_aside=set_aside)
    if "propensity" in {stage.stage for stage in study.status()}:
        _print_relaxation(study)
    click.echo(f"done; next: cagebreak {_next(study)} {recipe}")


@main.command()
@_RECIPE
@click.option("--sample", default=3, show_default=True, help="Units to do again.")
@click.option("--seed", default=1, show_default=True, help="Of the choice of units.")
def verify(recipe: str, sample: int, seed: int) -> None:
    """Compare the checksums of all results of RECIPE, and do some of its units again."""
    found = _study(recipe).verify(sample, seed=seed)
    for path, why in found.damaged.items():
        click.echo(f"{path}: {why}")
    for unit, names in found.different.items():
        click.echo(f"{unit}: done again, it differs in {', '.join(names)}")
    click.echo(
        f"{found.n_read} files are whole, {len(found.damaged)} are not; of {len(found.again)} "
        f"units done again {len(found.again) - len(found.different)} are equal to the bit"
    )
    if not found.sound:
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
    """Say how far RECIPE is, and how long it will take."""
    study = _study(recipe)
    found = study.status()
    complete = all(stage.done == stage.total for stage in found)
    _print_status(found)
    if not complete:
        _print_time_left(study)
    if any(stage.stage == "propensity" and stage.done for stage in found):
        _print_relaxation(study)
    if study.recipe.asks_for("isoconfigurational"):
        _print_drift(study)
    click.echo(f"next: cagebreak {_next(study) if complete else 'run'} {recipe}")


@main.command()
@_RECIPE
@click.option("--target", default="displacement", show_default=True, help="displacement or d2min.")
@click.option("--save", type=click.Path(dir_okay=False), help="Keep a fit to all in model.h5.")
@click.option("--selection", help="Which to keep, by its name in RECIPE.")
def fit(recipe: str, target: str, save: str | None, selection: str | None) -> None:
    """Learn propensity from structure and say how well it is predicted."""
    from cagebreak.study.analysis.tables import SCORES

    study = _study(recipe)
    if save is not None:
        known = list(study.recipe.learning.selections)
        study.save_model(save, selection or known[-1])
        click.echo(f"wrote {save}, of {selection or known[-1]}; next: cagebreak predict")
        return
    scores = study.fit(target=target)
    _print_scores(study, scores.table)
    table = study.store.folder / "tables" / f"{SCORES[target]}.csv"
    click.echo(f"wrote {table}; next: cagebreak figure {recipe}")


@main.command()
@_RECIPE
@click.option("--learners", "first", multiple=True, help="ridge network graph svm equivariant ...")
@click.argument("others", nargs=-1)
@click.option("--species", multiple=True, help="Default: those of the recipe.")
@click.option("--time", "times", multiple=True, type=float, help="In tau; default: all.")
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True)
def compare(
    recipe: str,
    first: Sequence[str],
    others: Sequence[str],
    species: Sequence[str],
    times: Sequence[float],
    workers: int,
) -> None:
    """Compare learners on RECIPE: their accuracy over time, and what they cost."""
    from cagebreak.figures.alkemade2022 import comparison
    from cagebreak.figures.style import save

    study = _study(recipe)
    names = (*first, *others) or ("ridge", "network", "graph")
    table = study.compare(names, species=species or None, times=times or None, workers=workers)
    _print_comparison(study, table)
    folder = study.store.folder
    save(comparison(table, tau_alpha=study.relaxation()), folder / "figures" / "comparison")
    click.echo(f"wrote {folder / 'tables' / 'comparison.csv'}, {folder / 'figures'}/comparison.png")


@main.command()
@_RECIPE
@click.argument("names", nargs=-1)
@click.option(
    "--published", type=click.Path(dir_okay=False), help="CSV file of curves to compare with."
)
def figure(recipe: str, names: Sequence[str], published: str | None) -> None:
    """Draw the figures of the papers, all or those NAMED, as PNG and PDF with their tables."""
    from cagebreak.figures import FIGURES

    study = _study(recipe)
    asks_for = study.recipe.asks_for
    folder = study.store.folder / "figures"
    fitting = [n for n, spec in FIGURES.items() if not spec.section or asks_for(spec.section)]
    for name in names or fitting:
        try:
            study.figure(name, folder / name, published)
        except InputError as error:
            # Of all figures those are drawn that the recipe's selections allow.
            if names:
                raise
            click.echo(f"{name} is not drawn: {error}", err=True)
        else:
            click.echo(f"wrote {folder / name}.png, .pdf and its tables")


def _next(study: "Study") -> str:
    """Return the command after a study is done."""
    return "fit" if study.recipe.asks_for("isoconfigurational") else "figure"


def _assignment(text: str) -> tuple[str, Any]:
    """Return name and value: as TOML has it, or else a word, such as the name of a file."""
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


def _print_status(found: "Iterable[StageStatus]") -> None:
    rows = []
    for stage in found:
        remarks = [
            f"{n} {what}"
            for n, what in (
                (stage.outdated, "of fewer runs"),
                (stage.changed, "of another recipe"),
                (stage.damaged, "damaged"),
            )
            if n
        ]
        rows.append((stage.stage, f"{stage.done} of {stage.total}", ", ".join(remarks)))
    _print_table(("stage", "done", ""), rows)


def _print_time_left(study: "Study") -> None:
    from cagebreak.study.run.progress import duration

    left = study.time_left()
    if left is None:
        click.echo("time left: no unit was timed yet; cagebreak plan measures what they cost")
        return
    untimed = f", {', '.join(left.untimed)} by their expected cost" if left.untimed else ""
    click.echo(
        f"time left: about {duration(left.seconds)} on {left.workers} "
        f"worker{'s' * (left.workers > 1)}, from what {left.timed} units took{untimed}"
    )


def _print_relaxation(study: "Study") -> None:
    wanted = study.recipe
    if wanted.imported:
        for species, tau in study.relaxation().items():
            found = "not within the times of the runs" if math.isnan(tau) else f"{tau:.3g} tau"
            click.echo(f"tau_alpha of {species}: {found}")
        return
    equilibrated = wanted.preparation.protocol[-1].time
    for species, tau in study.relaxation().items():
        if math.isnan(tau):
            click.echo(
                f"tau_alpha of {species}: beyond the last time, {wanted.isoconfigurational.last:g}"
                f" tau; whether {equilibrated:g} tau equilibrated it cannot be said"
            )
        else:
            click.echo(
                f"tau_alpha of {species}: {tau:.3g} tau; "
                f"equilibrated for {equilibrated / tau:.3g} tau_alpha"
            )


def _print_drift(study: "Study") -> None:
    from cagebreak.dynamics.equilibrium import relaxed

    try:
        table = study.drift()
    except StoreError:
        return
    for row in table:
        verdict = "it drifts" if row.drifts else "no drift"
        click.echo(
            f"{row.quantity} over the halves of the last step of preparation: {row.first:.5g}, "
            f"{row.second:.5g}, difference {row.difference:.2g} +- {row.error:.2g}: {verdict}"
        )
    if not relaxed(table):
        click.echo("the last step is too short to say so: F_s has not decayed over half of it")


def _print_scores(study: "Study", table: Any) -> None:
    relaxation = study.relaxation()
    rows = []
    for species in dict.fromkeys(table["species"].tolist()):
        mine = table[table["species"] == species]
        tau = relaxation[species]
        wanted = mine["time"][-1] if math.isnan(tau) else tau
        nearest = min(mine["time"].tolist(), key=lambda time: abs(math.log(time / wanted)))
        for row in mine[mine["time"] == nearest]:
            interval = f"{row['low']:.3f} to {row['high']:.3f}"
            rows.append(
                (species, f"{nearest:.3g}", str(row["features"]), f"{row['r']:.3f}", interval,
                 f"{row['ceiling']:.3f}")
            )  # fmt: skip
    _print_table(("species", "time", "features", "r", "95 % interval", "ceiling"), rows)


def _print_comparison(study: "Study", table: Any) -> None:
    rows = []
    for species in dict.fromkeys(table["species"].tolist()):
        last = table["time"].max()
        for row in table[(table["species"] == species) & (table["time"] == last)]:
            beyond = (f"{row['difference' + end]:+.3f}" for end in ("", "_low", "_high"))
            rows.append(
                (species, f"{last:.3g}", str(row["learner"]), f"{row['r']:.3f}",
                 f"{row['low']:.3f} to {row['high']:.3f}", "{} ({} to {})".format(*beyond),
                 str(row["parameters"]), f"{row['training_seconds']:.3g} s",
                 f"{row['inference_seconds']:.2g} s", _size(row["memory"]))
            )  # fmt: skip
    header = ("species", "time", "learner", "r", "95 % interval", f"beyond {table['learner'][0]}",
              "parameters", "training", "inference", "memory")  # fmt: skip
    _print_table(header, rows)


def _print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for row in (header, *rows):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())


def _size(n_bytes: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.3g} TB"
