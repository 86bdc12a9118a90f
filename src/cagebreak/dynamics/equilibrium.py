"""Test of equilibration: the two halves of the last step of a preparation compared."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cagebreak._frames import to_rows
from cagebreak.configuration import SPECIES_NAMES
from cagebreak.errors import InputError

if TYPE_CHECKING:
    from pandas import DataFrame

SIGNIFICANT = 3.0
"""Difference of the halves above which a quantity drifts, in standard errors (chosen)."""

RELAXED = 0.1
"""F_s over half of the step below which the liquid has relaxed (chosen).

Half a step then lasts about two tau_alpha. In a shorter one the absence of drift means little.
"""

DRIFT = np.dtype(
    [
        ("quantity", "U16"),
        ("first", "f8"),
        ("second", "f8"),
        ("difference", "f8"),
        ("error", "f8"),
        ("drifts", "?"),
    ]
)


def drift(histories: Sequence[np.ndarray]) -> np.recarray:
    """Compare the two halves of the last step of a preparation, over configurations.

    Parameters
    ----------
    histories
        `history` of `cagebreak.simulation.preparation.Prepared`, of each configuration.

    Returns
    -------
    record array
        A row for the means of `energy` (a particle, in eps) and `pressure` (eps / sigma^3) over
        each half, and for each species one for F_s at its end, ``"F_s A"``: `first` and `second`,
        means over configurations; their `difference`, and its standard `error` from the scatter of
        configurations; `drifts`: whether it is more than `SIGNIFICANT` errors. NaN, and no drift,
        where there are fewer than two configurations or segments.

    Raises
    ------
    InputError
        If there is no history.
    """
    if not len(histories):
        raise InputError("histories: expected at least one, got none")
    names = ["energy", "pressure"]
    n_species = histories[0]["f_s"].shape[1]
    halves = np.array([_halves(history) for history in histories])  # configuration, half, quantity
    names += [f"F_s {SPECIES_NAMES[s]}" for s in range(n_species)]
    apart = halves[:, 1] - halves[:, 0]
    rows = np.zeros(len(names), DRIFT)
    rows["quantity"] = names
    rows["first"], rows["second"] = halves.mean(axis=0)
    rows["difference"] = apart.mean(axis=0)
    rows["error"] = np.nan
    if len(histories) > 1:
        rows["error"] = apart.std(axis=0, ddof=1) / np.sqrt(len(histories))
    rows["drifts"] = np.abs(rows["difference"]) > SIGNIFICANT * rows["error"]
    return rows.view(np.recarray)


def relaxed(table: "DataFrame | np.ndarray") -> bool:
    """Return whether F_s of every species has fallen to `RELAXED` over each half of the step.

    `table` is what `drift` or `Study.drift` returned.
    """
    rows = to_rows(table)
    of_scattering = np.char.startswith(rows["quantity"], "F_s")
    both = np.maximum(rows["first"], rows["second"])[of_scattering]
    return bool((both <= RELAXED).all())


def _halves(history: np.ndarray) -> np.ndarray:
    rows = history[history["step"] == history["step"].max()]
    if len(rows) < 2:
        return np.full((2, 2 + history["f_s"].shape[1]), np.nan)
    # As `cagebreak.simulation.preparation.segments` divides them.
    middle = (len(rows) + 1) // 2
    return np.array(
        [
            [part["energy"].mean(), part["pressure"].mean(), *part["f_s"][-1]]
            for part in (rows[:middle], rows[middle:])
        ]
    )
