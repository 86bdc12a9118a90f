"""Ablation: accuracy without each group of features, and with each group alone."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cagebreak._frames import to_frame, with_whole_names
from cagebreak.bootstrap import interval, resamples
from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers, as_columns
from cagebreak.learning.collection import Collection
from cagebreak.learning.model_selection.subset_cross_validation import ALPHAS, held_out_moments
from cagebreak.learning.scores import ceiling, paired_difference, pooled_pearson
from cagebreak.seeding import Seed

if TYPE_CHECKING:
    from pandas import DataFrame

TABLE = [
    ("target", "i8"),
    ("time", "f8"),
    ("group", "U32"),
    ("kept", "U8"),
    ("n_features", "i8"),
    ("r", "f8"),
    ("low", "f8"),
    ("high", "f8"),
    ("change", "f8"),
    ("change_low", "f8"),
    ("change_high", "f8"),
    ("ceiling", "f8"),
]
FIELDS = ("kind", "generation", "species", "state")
SHELLS = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0)
"""Bounds of shells, in the unit of the labels: near the minima of g(r) of a dense liquid."""


def label_groups(
    labels: np.ndarray,
    fields: Sequence[str] = FIELDS,
    shells: Sequence[float] = SHELLS,
) -> dict[str, Integers]:
    """Return groups of features with the same label, a partition for each field.

    Parameters
    ----------
    labels : (F,) structured array
        The labels of the features; see `Features`.
    fields
        Fields of the labels. A field makes no groups if it is the same for all features. The field
        ``"r"`` makes a group for each shell; features without a distance are in no shell.
    shells
        Bounds of the shells. A shell includes its upper bound.

    Returns
    -------
    dict
        The columns of each group by its name, field and value: ``"generation 1"``.

    Raises
    ------
    InputError
        If there is no such field.
    """
    groups: dict[str, Integers] = {}
    for name in fields:
        if name not in (labels.dtype.names or ()):
            raise InputError(f"fields: expected some of {labels.dtype.names}, got {name!r}")
        column = labels[name]
        if name == "r":
            groups |= _shells(column, shells)
            continue
        values = np.unique(column)
        if len(values) == 1:
            continue
        for value in values.tolist():
            if value in ("", -1):  # The field does not apply.
                continue
            groups[f"{name} {value}"] = np.flatnonzero(column == value)
    return groups


def range_groups(labels: np.ndarray, edges: Sequence[float] | None = None) -> dict[str, Integers]:
    """Return the features up to each distance, for r over the range of the description.

    Parameters
    ----------
    labels : (F,) structured array
    edges
        The distances; by default every half unit, from the first one that includes a feature.

    Returns
    -------
    dict
        The columns of each group by its name: ``"r <= 1.5"``.

    Raises
    ------
    InputError
        If no feature has a distance.
    """
    r = labels["r"]
    if edges is None:
        known = r[np.isfinite(r)]
        if not len(known):
            raise InputError("labels: expected features with a distance r, got none")
        last = np.ceil(2 * known.max() - 1e-9) / 2
        edges = tuple(np.arange(np.ceil(2 * known.min()) / 2, last + 0.25, 0.5))
    groups = {f"r <= {edge:g}": np.flatnonzero(r <= edge + 1e-9) for edge in edges}
    return {name: columns for name, columns in groups.items() if len(columns)}


def order_groups(labels: np.ndarray) -> dict[str, Integers]:
    """Return the columns of each bond order l by the name of the group, ``"l 4"``."""
    orders = [int(order) for order in np.unique(labels["l"]) if order >= 0]
    return {f"l {order}": np.flatnonzero(labels["l"] == order) for order in orders}


def ablation(
    collection: Collection,
    groups: Mapping[str, Any],
    *,
    seed: Seed,
    base: Any = None,
    alphas: Sequence[float] = ALPHAS,
    folds: int = 5,
    center: str = "global",
    n_resamples: int = 2000,
    confidence: float = 0.95,
) -> DataFrame:
    """Return r without each group of features, and with each group alone.

    Every subset has its own ridge regression with its own alpha, scored on configurations held out
    (`held_out_moments`). The two results differ where groups are correlated. A group alone may
    reach a high r with information that other groups have too. The loss of r without a group
    measures the information that no other group has, so correlated groups hide each other.

    Parameters
    ----------
    collection
    groups
        The columns of each group by its name: indices, masks or slices. `label_groups` makes them.
    seed
        Seed of the folds and of the bootstrap.
    base
        Columns that are added to each group alone; none if omitted.
    alphas, folds, center
        See `held_out_moments`.
    n_resamples, confidence
        Parameters of the bootstrap over configurations.

    Returns
    -------
    DataFrame
        `target`, `time`, `group`; `kept`: "all", "without" (all but the group), "alone" (the group
        and the base) or "base"; `n_features`; `r`, `low`, `high`; `change`, the difference of r
        from that of all features ("without") or from that of the base ("alone"; from 0 if there is
        no base), with its paired interval `change_low` to `change_high`; `ceiling`. A group of all
        features has no row "without".

    Raises
    ------
    InputError
        If there is no group or one has no feature, or as of `held_out_moments`.
    """
    if not groups:
        raise InputError("groups: expected at least one, got none")
    n_features = collection.n_features
    chosen = {name: as_columns(f"groups[{name!r}]", groups[name], n_features) for name in groups}
    base_columns = np.arange(0) if base is None else as_columns("base", base, n_features)
    subsets: dict[tuple[str, str], Integers] = {("", "all"): np.arange(n_features)}
    if len(base_columns):
        subsets["", "base"] = base_columns
    for name, columns in chosen.items():
        others = np.setdiff1d(np.arange(n_features), columns)
        if len(others):
            subsets[name, "without"] = others
        subsets[name, "alone"] = np.union1d(base_columns, columns)
    moments_of = held_out_moments(
        collection,
        {f"{kept} {name}": columns for (name, kept), columns in subsets.items()},
        seed=seed,
        alphas=alphas,
        folds=folds,
        center=center,
    )
    drawn = resamples(len(collection), n_resamples, seed=seed, groups=collection.groups)
    dtype = with_whole_names(TABLE, group=groups)
    parts = []
    for (name, kept), columns in subsets.items():
        moments = moments_of[f"{kept} {name}"]
        rows = np.zeros(collection.n_targets, dtype)
        rows["target"], rows["time"] = np.arange(len(rows)), collection.times
        rows["group"], rows["kept"], rows["n_features"] = name, kept, len(columns)
        rows["r"] = pooled_pearson(moments)
        bounds = interval(pooled_pearson(moments, drawn), collection.n_groups, confidence)
        rows["low"], rows["high"] = bounds
        rows["ceiling"] = ceiling(collection.halves, len(rows))
        reference: Floats | None = None
        if kept == "without":
            reference = moments_of["all "]
        elif kept == "alone" and len(base_columns):
            reference = moments_of["base "]
        if reference is not None:
            rows["change"], rows["change_low"], rows["change_high"] = paired_difference(
                moments,
                reference,
                seed=seed,
                n_resamples=n_resamples,
                confidence=confidence,
                groups=collection.groups,
            )
        elif kept == "alone":
            rows["change"], rows["change_low"], rows["change_high"] = rows["r"], *bounds
        parts.append(rows)
    return to_frame(np.concatenate(parts))


def _shells(r: Floats, bounds: Sequence[float]) -> dict[str, Integers]:
    edges = np.asarray(bounds, dtype=float)
    if edges.ndim != 1 or len(edges) == 0 or not (np.diff(edges) > 0).all():
        raise InputError(f"shells: expected rising distances, got {bounds!r}")
    # Radii are multiples of tenths: 1.5 is in the shell up to 1.5, however it is rounded.
    shell = np.searchsorted(edges + 1e-9, r)
    names = [f"r to {edges[0]:g}"]
    names += [f"r {low:g} to {high:g}" for low, high in itertools.pairwise(edges)]
    names.append(f"r beyond {edges[-1]:g}")
    known = np.isfinite(r)
    groups = {name: np.flatnonzero(known & (shell == k)) for k, name in enumerate(names)}
    return {name: columns for name, columns in groups.items() if len(columns)}
