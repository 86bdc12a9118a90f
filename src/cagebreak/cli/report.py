"""What the commands print: tables and sentences."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import click
import numpy as np

if TYPE_CHECKING:
    from cagebreak.study import StageStatus, Study


_SHOWN = 10
"""Largest number of files that `status` names."""


def print_status(stages: "Iterable[StageStatus]") -> None:
    """Print how many units of each stage are done, and what else its folder holds."""
    from cagebreak.study.analysis.report import sentences

    rows = [
        (stage.stage, f"{stage.done} of {stage.total}", sentences.remarks(stage))
        for stage in stages
    ]
    print_table(("stage", "done", ""), rows)


def print_problems(study: "Study", stages: "Iterable[StageStatus]") -> None:
    """Print the units that are damaged or mixed, and the tables that are damaged."""
    from cagebreak.study import sha256sums

    problems = {path: why for stage in stages for path, why in stage.problems.items()}
    problems |= sha256sums.damaged(study.store.folder)
    for path, why in list(problems.items())[:_SHOWN]:
        click.echo(f"{path}: {why}")
    if len(problems) > _SHOWN:
        click.echo(f"and {len(problems) - _SHOWN} files more; cagebreak verify names all of them")


def print_time_left(study: "Study") -> None:
    """Print how long the rest of a study will take."""
    from cagebreak._progress import duration

    left = study.time_left()
    if left is None:
        click.echo("time left: no unit was timed yet; cagebreak plan measures what they cost")
        return
    untimed = f"; {', '.join(left.untimed)} estimated" if left.untimed else ""
    click.echo(
        f"time left: about {duration(left.seconds)} on {left.workers} "
        f"worker{'s' * (left.workers > 1)}, from what {left.timed} units took{untimed}"
    )


def print_relaxation(study: "Study") -> None:
    """Print tau_alpha of each species, and for how many of them the liquid was equilibrated."""
    from cagebreak.study.analysis.report import sentences

    for line in sentences.of_relaxation(study.recipe, study.relaxation()):
        click.echo(line)


def print_drift(study: "Study") -> None:
    """Print whether anything drifts over the last step of the preparation, if it was recorded."""
    from cagebreak.study.analysis.report import sentences

    for line in sentences.of_drift(study.recipe, study.store):
        click.echo(line)


def print_scores(study: "Study", scores: np.ndarray) -> None:
    """Print the scores of each species at the time nearest to its tau_alpha, or at the last."""
    relaxation = study.relaxation()
    rows = []
    for row in _at_relaxation(scores, relaxation):
        interval = f"{row['low']:.3f} to {row['high']:.3f}"
        ceiling = "" if math.isnan(row["ceiling"]) else f"{row['ceiling']:.3f}"
        rows.append(
            (str(row["species"]), f"{row['time']:.3g}", str(row["features"]), f"{row['r']:.3f}",
             interval, ceiling)
        )  # fmt: skip
    print_table(("species", "time", "features", "r", "95 % interval", "ceiling"), rows)
    if any(ceiling == "" for *_, ceiling in rows):
        reason = "the halves of the runs do not vary"
        if study.recipe.isoconfigurational.n_runs == 1:
            reason = "the noise is measured with two or more runs of each configuration"
        click.echo(f"no ceiling: {reason}")
    others = sorted(relaxation.keys() - set(scores["species"].tolist()))
    if others:
        click.echo(f"not fitted: species {', '.join(others)}, which [learning] species leaves out")


def print_metrics(study: "Study", measured: np.ndarray, names: Sequence[str]) -> None:
    """Print metrics where `print_scores` prints scores, each with its interval."""
    rows = []
    for row in _at_relaxation(measured, study.relaxation()):
        cells = [
            "" if math.isnan(row[name])
            else f"{row[name]:.3g} ({row['low_' + name]:.3g} to {row['high_' + name]:.3g})"
            for name in names
        ]  # fmt: skip
        rows.append((str(row["species"]), f"{row['time']:.3g}", str(row["features"]), *cells))
    print_table(("species", "time", "features", *names), rows)
    if any("" in row for row in rows):
        click.echo(
            "empty: undefined, as coverage and width where a fold holds out a single configuration"
        )


def _at_relaxation(rows: np.ndarray, relaxation: Mapping[str, float]) -> Iterator[np.void]:
    """Yield the rows of each species at the time nearest to its tau_alpha, or at the last."""
    for species in dict.fromkeys(rows["species"].tolist()):
        of_species = rows[rows["species"] == species]
        tau = relaxation[species]
        target = of_species["time"][-1] if math.isnan(tau) else tau
        nearest = min(of_species["time"].tolist(), key=lambda time: abs(math.log(time / target)))
        yield from of_species[of_species["time"] == nearest]


def print_comparison(scores: np.ndarray) -> None:
    """Print the scores and costs of each learner at the last time."""
    rows = []
    last = scores["time"].max()
    for species in dict.fromkeys(scores["species"].tolist()):
        for row in scores[(scores["species"] == species) & (scores["time"] == last)]:
            beyond = (f"{row['difference' + end]:+.3f}" for end in ("", "_low", "_high"))
            rows.append(
                (species, f"{last:.3g}", str(row["learner"]), f"{row['r']:.3f}",
                 f"{row['low']:.3f} to {row['high']:.3f}", "{} ({} to {})".format(*beyond),
                 str(row["parameters"]), f"{row['training_seconds']:.3g} s",
                 f"{row['inference_seconds']:.2g} s", size(row["memory"]))
            )  # fmt: skip
    header = ("species", "time", "learner", "r", "95 % interval", f"beyond {scores['learner'][0]}",
              "parameters", "training", "inference", "memory")  # fmt: skip
    print_table(header, rows)


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows of text below their header, in columns as wide as their widest cell."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for row in (header, *rows):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())


def size(n_bytes: float) -> str:
    """Return a number of bytes in the unit that suits it."""
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.3g} TB"


def next_step(study: "Study") -> str:
    """Return what follows a finished run: a command, or what a fit lacks."""
    if not study.recipe.asks_for("isoconfigurational"):
        return f"next: cagebreak figure {study.recipe.path}"
    missing = study.recipe.missing_for_fit
    return f"there is no fit: {missing}" if missing else f"next: cagebreak fit {study.recipe.path}"
