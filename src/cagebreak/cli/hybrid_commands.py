"""The command `hybrid`, and what `plan` says of an accuracy."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from cagebreak.cli import report
from cagebreak.cli.group import RECIPE, main
from cagebreak.errors import InputError

if TYPE_CHECKING:
    from cagebreak.study import Study
    from cagebreak.study.run.plan import Plan


@main.command("hybrid")
@RECIPE
@click.option("--species", default="A", show_default=True, help="Species to predict.")
@click.option("--time", "times", multiple=True, type=float, help="Times to predict. Default: all.")
@click.option("--until", type=float, help="Length of the short runs, tau. Default: of RECIPE.")
@click.option("--no-ends", is_flag=True, help="Leave the structure at the ends of runs out.")
@click.option(
    "--save", type=click.Path(dir_okay=False), help="Save a fit to all data, as hybrid.h5."
)
def hybrid(
    recipe: str,
    species: str,
    times: tuple[float, ...],
    until: float | None,
    no_ends: bool,
    save: str | None,
) -> None:
    """Predict from structure and a few short runs.

    Number and length of the short runs are those of [hybrid] of RECIPE. With the key ends, the
    structure at their ends is an input as well. r needs no ceiling. With --save, the model of the
    longest of the short runs is written for predict, and no table. Short runs of all configurations
    are simulated for its intervals.
    """
    from cagebreak._atomic import require_place
    from cagebreak.study import Study
    from cagebreak.study.analysis.hybrid import hybrid as join
    from cagebreak.study.analysis.table_files import keep

    if save is not None:
        require_place(Path(save), recipe)
    study = Study(recipe)
    joined = join(study, species=species, times=times or None, until=until, ends=not no_ends)
    n_runs = min(study.recipe.hybrid.n_runs, joined.n_runs)
    if save is not None:
        model = joined.fit(n_runs, joined.until[-1])
        model.save(save)
        click.echo(model.statement)
        click.echo(f"wrote {save}, of species {joined.species}; next: cagebreak predict")
        return
    rows = joined.scan([n_runs]).rows
    rows = rows[(rows["inputs"] != "ensemble") | (rows["n_runs"] == n_runs)]
    path = study.store.folder / "tables" / "hybrid.csv"
    keep(path, rows, {"table": "hybrid", "species": species})
    lines = [
        (f"{row['time']:.3g}", str(row["inputs"]), f"{row['n_runs']:g}", f"{row['until']:.3g}",
         f"{row['r_configuration']:.3f}",
         f"{row['low_configuration']:.3f} to {row['high_configuration']:.3f}",
         f"{row['gain']:+.3f} ({row['gain_low']:+.3f} to {row['gain_high']:+.3f})")
        for row in rows[np.argsort(rows["time"], kind="stable")]
    ]  # fmt: skip
    header = ("time", "inputs", "runs", "until", "r", "95 % interval", "beyond structure")
    report.print_table(header, lines)
    remark = ""
    if np.isnan(rows["r_configuration"]).any():
        remark = " (nan: the runs of some configuration are too few to tell this from noise)"
    click.echo(
        f"r is the mean over configurations, with the noiseless propensity{remark}; wrote {path}"
    )


def check_accuracy(accuracy: float | None, time: float | None) -> None:
    """Raise an `InputError` for options of `plan` that cannot be, before work is spent on them."""
    from cagebreak.study.analysis.hybrid.pilot import require_accuracy

    if accuracy is not None:
        require_accuracy(accuracy)
    elif time is not None:
        raise InputError(f"--time: expected beside --accuracy, got {time:g} alone")


def print_accuracy(
    study: "Study", plan: "Plan", accuracy: float, time: float | None, species: str
) -> None:
    """Print what reaches an accuracy at the smallest cost, and draw r against core-hours."""
    from cagebreak.figures.hybrid import cost
    from cagebreak.figures.style import save
    from cagebreak.study.analysis.hybrid import costs_of, pilot

    result = pilot(study, costs_of(study.recipe, plan), time, species)
    whole, lines = result.rows["core_seconds"][result.rows["inputs"] == "ensemble"].max(), []
    for inputs, row in result.cheapest(accuracy).items():
        if row is None:
            r = result.rows[result.rows["inputs"] == inputs]["r_configuration"]
            known = r[~np.isnan(r)]
            most = f"at most {known.max():.3f}" if len(known) else "not known: few runs, no signal"
            lines.append((inputs, "", "", "", most, "", ""))
            continue
        lines.append(
            (inputs, f"{row['n_runs']:g}", f"{row['until']:.3g}",
             f"{row['core_seconds'] / 3600:.3g}", f"{row['r_configuration']:.3f}",
             f"{row['low_configuration']:.3f} to {row['high_configuration']:.3f}",
             f"{row['core_seconds'] / whole:.2g}")
        )  # fmt: skip
    cheapest = result.cheapest(accuracy).keys()
    asked = {"both"} if np.isnan(result.costs.end) else {"both", "ends"}
    for inputs in sorted(asked - cheapest) if "structure" in cheapest else []:
        lines.append((inputs, "", "", "", "costs more than the ensemble", "", ""))
    header = ("inputs", "runs", "until", "core-hours", "r", "95 % interval", "of the ensemble")
    click.echo(f"r of {accuracy:g} at {result.rows['time'][0]:.4g} tau, species {species}, costs")
    report.print_table(header, lines)
    path = study.store.folder / "figures" / "cost"
    save(cost(result.rows), path)
    click.echo(
        "a further configuration costs as much; folds choose runs and until, of which these are "
        f"the medians, and the cost is the mean; wrote {path}.png and .pdf"
    )


def print_hybrid(study: "Study", plan: "Plan") -> None:
    """Print what a prediction by [hybrid] costs, beside the ensemble of a configuration."""
    from cagebreak.study.analysis.hybrid import costs_of

    recipe = study.recipe
    costs, section = costs_of(recipe, plan), recipe.hybrid
    runs = section.n_runs * recipe.short_until * costs.per_tau
    ends = 0.0 if section.ends is None else section.n_runs * costs.end
    of_ends = f", their ends {ends:.3g} s" if section.ends else ""
    whole = recipe.isoconfigurational.n_runs * recipe.isoconfigurational.last * costs.per_tau
    hours = (costs.structure + runs + ends) / 3600
    click.echo(
        f"[hybrid] predicts a further configuration for {hours:.3g} core-hours: "
        f"structure {costs.structure:.3g} s, {section.n_runs} runs to {recipe.short_until:.3g} tau "
        f"{runs:.3g} s{of_ends}; its ensemble takes {whole / 3600:.3g}"
    )
