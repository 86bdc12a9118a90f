"""What a pilot study says of the cost of an accuracy: how many short runs, and how long."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from cagebreak.errors import InputError
from cagebreak.models.arguments import real
from cagebreak.simulation.isoconfigurational import nearest
from cagebreak.study.analysis.hybrid.finished import FinishedStudy
from cagebreak.study.analysis.hybrid.joined import hybrid
from cagebreak.study.analysis.hybrid.scan import Costs
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.run.plan import Plan
from cagebreak.study.stages.ends import DESCRIBED, ends_of, n_described
from cagebreak.study.stages.ends import STAGE as ENDS
from cagebreak.study.stages.quantities import times_of

NUMBERS = (1, 2, 5, 10, 20, 50)
"""Numbers of short runs that are compared, as far as the pilot has them (chosen)."""
LENGTHS = tuple(10.0**-power for power in (2.0, 1.6, 1.2, 0.8, 0.4, 0.0))
"""Their lengths, over the time that is predicted (chosen: two decades)."""
SHARES = tuple(10.0**-power for power in (2.5, 2.0, 1.75, 1.5, 1.25, 1.0, 0.75, 0.5, 0.25, 0.0))
"""Shares of the cost of the ensemble that are compared (chosen)."""


class Pilot(NamedTuple):
    """What shares of the cost of an ensemble reach at one time."""

    rows: np.ndarray
    """As of `Scan.within`, for one time."""
    costs: Costs

    def cheapest(self, accuracy: float) -> dict[str, np.void | None]:
        """Return the cheapest row of each kind of inputs with r of `accuracy` or more, or None.

        r is the mean over configurations of r with the noiseless propensity.

        Raises
        ------
        InputError
            If the accuracy is not between 0 and 1.
        """
        require_accuracy(accuracy)
        cheapest: dict[str, np.void | None] = {}
        for inputs in dict.fromkeys(self.rows["inputs"].tolist()):
            rows = self.rows[self.rows["inputs"] == inputs]
            rows = rows[rows["r_configuration"] >= accuracy]
            cheapest[inputs] = rows[rows["core_seconds"].argmin()] if len(rows) else None
        return cheapest


def require_accuracy(accuracy: float) -> None:
    """Raise an `InputError` unless it is between 0 and 1."""
    if not 0 < real(accuracy) < 1:
        raise InputError(f"accuracy: expected a number between 0 and 1, got {accuracy!r}")


def costs_of(recipe: Recipe, plan: Plan) -> Costs:
    """Return the cost of a further configuration, from the seconds of the units of a study."""
    seconds: Mapping[str, float] = {stage.stage: stage.seconds for stage in plan.stages}
    others = ("equilibrate", "run", "propensity", "shear", ENDS.name, DESCRIBED.name)
    structure = sum(value for name, value in seconds.items() if name not in others)
    per_tau = seconds["run"] / recipe.isoconfigurational.last
    if recipe.hybrid.ends is None:
        return Costs(structure, per_tau)
    return Costs(structure, per_tau, seconds[DESCRIBED.name] / n_described(recipe))


def pilot(
    study: FinishedStudy, costs: Costs, time: float | None = None, species: str = "A"
) -> Pilot:
    """Return r of structure, short runs, both and the ensemble, against their cost.

    Structure at the ends of short runs is compared too, at those lengths of the recipe's at which
    it is described, and which are shorter than the time.

    Parameters
    ----------
    study
        A finished study, of few configurations.
    costs
        Of a further configuration; see `costs_of`.
    time
        The time to predict, in tau; the nearest time of the runs is taken. Default the last.
    species
        Letter of the species.

    Raises
    ------
    InputError, StoreError
        As of `cagebreak.hybrid`; or if the runs of imported files have no cost.
    """
    if not costs.per_tau > 0:
        raise InputError("costs: expected runs that this package simulates, got imported ones")
    recipe = study.recipe
    time = recipe.isoconfigurational.last if time is None else time
    known, ends = times_of(recipe), []
    first = known[known > 0][0]
    until = [max(length * time, first) for length in LENGTHS]
    if recipe.hybrid.ends is not None:
        at = known[ends_of(recipe)]
        ends = at[at < known[nearest(known, [time])]].tolist()
    joined = hybrid(study, species=species, times=[time], until=[*until, *ends], ends=bool(ends))
    costs = costs if ends else costs._replace(end=np.nan)
    scan = joined.scan([n for n in NUMBERS if n <= joined.n_runs])
    return Pilot(scan.within(costs, SHARES), costs)
