"""What documents say of a study: its table of scores, and its preparation."""

import inspect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

import cagebreak as cb
from cagebreak.learning import evaluate
from support.claims import interval, row, table
from support.paths import ROOT

WORDS = {
    3: "three",
    4: "four",
    5: "five",
    6: "six",
    8: "eight",
    10: "ten",
    12: "twelve",
    20: "twenty",
}
METRICS = ("spearman", "average_precision")
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
CONFIDENCE = f"{100 * inspect.signature(evaluate).parameters['confidence'].default:.0f} %"


@dataclass(frozen=True)
class Scores:
    """The table of scores in a folder of results, of one species.

    `times` are those of the table in the document, as it prints them.
    """

    rows: pd.DataFrame
    times: tuple[str, ...]

    @classmethod
    def read(cls, folder: Path, times: Iterable[str] = (), species: str = "A") -> "Scores":
        rows = table(folder / "scores.csv")
        return cls(rows[rows.species == species], tuple(times))

    def at(self, features: str, time: float | str) -> pd.Series:
        """Return the scores of a selection at the time that is nearest."""
        return row(self.rows, features=features, time=float(time))

    def over_time(self, features: str, first: float = 0) -> pd.Series:
        """Return the mean r of the configurations by time, from a time on."""
        of = self.rows[(self.rows.features == features) & (self.rows.time >= first)]
        return of.set_index("time").r_configuration

    def lines(self, rows: Mapping[str, tuple[str, Iterable[str]]]) -> Iterator[str]:
        """Yield the rows of a table of mean r against time: its times, `rows`, and the ceiling.

        A row has a selection, and the times at which its interval is printed.
        """
        if not self.times:
            raise ValueError("times: expected those of the table, got none")
        nearest = (self.at("LR0", time).time for time in self.times)
        yield "| t / τ | " + " | ".join(map(as_printed, nearest, self.times))
        for name, (features, exact) in rows.items():
            scores = {time: self.at(features, time) for time in self.times}
            yield f"| {name} | " + " | ".join(
                f"{each.r_configuration:.3f}" + (f" {interval(each)}" if time in exact else "")
                for time, each in scores.items()
            )
        ceilings = (self.at("LR0", time).ceiling for time in self.times)
        yield "| ceiling | " + " | ".join(f"{ceiling:.3f}" for ceiling in ceilings)


def metrics(folder: Path, times: Iterable[str]) -> Iterator[str]:
    """Yield the rows of a table of r and metrics of the recommended set, for A particles."""
    measured, scores = table(folder / "metrics.csv"), Scores.read(folder)
    for time in times:
        at_time = {"features": "recommended", "species": "A", "time": float(time)}
        score, of_metrics = scores.at("recommended", time), row(measured, **at_time)
        cells = [
            f"{score.r_configuration:.3f} {interval(score)}",
            *(
                f"{of_metrics[name]:.3f} {interval(of_metrics, suffix=f'_{name}')}"
                for name in METRICS
            ),
        ]
        yield f"| {as_printed(score.time, time)} | " + " | ".join(cells)
    share = measured[measured.species == "A"].active_share.median()
    yield f"for the {100 * share:.0f} % of particles that move farthest"
    yield f"without information it is {share:.2f}"


def as_printed(number: float, example: str) -> str:
    """Return a number with as many significant digits as an example has."""
    digits = len(example.replace(".", "").lstrip("0"))
    return f"{number:.{digits}g}"


def power(number: float) -> str:
    """Return a power of ten as documents print it: 10³."""
    return "10" + f"{np.log10(number):.0f}".translate(SUPERSCRIPTS)


def ordered(*curves: pd.Series) -> bool:
    """Return whether each curve is above the next at all times."""
    return all((above > below).all() for above, below in pairwise(curves))


def hours(recipe: Path) -> float:
    """Return the core-hours that the units of a study took."""
    return table(recipe.with_suffix("") / "durations.csv").seconds.sum() / 3600


def runs_and_folds(study: cb.Study) -> Iterator[str]:
    """Yield how many runs, how long they are, and how they are learned from."""
    runs = study.recipe.isoconfigurational
    yield f"in {WORDS[runs.n_runs]} runs each to {runs.last:g} τ"
    yield f"There are {WORDS[study.recipe.learning.outer_folds]} outer folds"
    yield f"{CONFIDENCE} bootstrap"


def relaxation(study: cb.Study) -> Iterator[str]:
    """Yield tau_alpha of each species, and how many of it the last step of the preparation took."""
    tau = study.relaxation()
    last = study.recipe.preparation.protocol[-1].time
    wave_vector = study.recipe.isoconfigurational.wavenumber / np.pi
    yield f"tau_alpha (F_s at k = {wave_vector:g} pi falls to 1/e) is " + " and ".join(
        f"{time:.0f} τ" + (f" for {name}" if len(tau) > 1 else "") for name, time in tau.items()
    )
    aged = " and ".join(f"{last / time:.2g}" for time in tau.values())
    yield f"the configurations were aged for {aged} times that"


def ceiling_of(ceiling: float, runs: int, others: int) -> float:
    """Return the noise ceiling of a number of runs from that of another, by Spearman and Brown."""
    reliability, ratio = ceiling**2, others / runs
    return float(np.sqrt(ratio * reliability / (1 + (ratio - 1) * reliability)))


def noise_of_runs(model: str) -> str:
    """Return the row of what r of the displacement to the cage state would be with 50 runs."""
    of = row(table(ROOT / "results/cage-state/runs.csv"), model=model)
    return (
        f"| r of Δr CS, A, at its highest | above 0.8 | {of.r:.3f} ± {of.error:.3f} | noise of "
        f"{of.runs} runs: {of.r_paper_predicted:.3f} ± {of.error_paper:.3f} is expected with "
        f"{PAPER_RUNS} |"
    )


PAPER_RUNS = 50
"""Runs of a configuration in Alkemade 2022 and 2023."""
