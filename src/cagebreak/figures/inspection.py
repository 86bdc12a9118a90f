"""Figures that read a fit: groups, ranges and orders, learning curves, transfer, coefficients."""

from collections.abc import Mapping, Sequence
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cagebreak.errors import InputError
from cagebreak.figures import style
from cagebreak.figures.tables import require_columns, species_in

ABLATION = ("target", "time", "group", "kept", "r", "low", "high", "change", "change_low",
            "change_high", "ceiling")  # fmt: skip


def groups(table: np.ndarray, target: int = 0) -> Figure:
    """Draw what each group of features reaches alone, and what is lost without it.

    Parameters
    ----------
    table
        Of `learning.ablation`.
    target
        Which target.

    Raises
    ------
    InputError
        If the table lacks a column or the target.
    """
    rows = _of_target(table, ABLATION, target)
    names = list(dict.fromkeys(name for name in rows["group"].tolist() if name))
    places = {name: -k for k, name in enumerate(names)}
    whole = rows[rows["kept"] == "all"][0]
    with style.look():
        figure = Figure(figsize=(style.PAGE, 0.9 + 0.19 * len(names)))
        left, right = figure.subplots(1, 2, sharey=True)
        alone, without = (rows[rows["kept"] == kept] for kept in ("alone", "without"))
        _dots(left, alone, places, "r", "low", "high", style.KINDS["angular"])
        _dots(right, without, places, "change", "change_low", "change_high", style.KINDS["radial"])
        left.axvspan(whole["low"], whole["high"], color="0.92", linewidth=0, zorder=-1)
        left.axvline(whole["r"], color=style.GRAY, linewidth=0.8, label="all features")
        if np.isfinite(whole["ceiling"]):
            left.axvline(whole["ceiling"], color=style.GRAY, linestyle="--", label="ceiling")
        right.axvline(0.0, color=style.GRAY, linewidth=0.8)
        left.set_yticks(list(places.values()), [_named(name) for name in names])
        left.set_ylim(-len(names) + 0.3, 0.7)
        left.set_xlabel("$r$ of the group alone")
        right.set_xlabel("change of $r$ without it")
        style.legend(figure, left, columns=2)
    return figure


def range_and_order(ranges: np.ndarray, orders: np.ndarray, target: int = 0) -> Figure:
    """Draw r against how far the description reaches, and against the bond order l.

    Parameters
    ----------
    ranges, orders
        Of `learning.ablation` of `range_groups` and of `order_groups`.
    target
        Which target.

    Raises
    ------
    InputError
        If a table lacks a column or the target, or its groups are of another kind.
    """
    by_range = _alone(_of_target(ranges, ABLATION, target), "r <= ", "ranges")
    by_order = _alone(_of_target(orders, ABLATION, target), "l ", "orders")
    color, marker = style.KINDS["angular"]
    with style.look():
        figure = Figure(figsize=(style.PAGE, 2.5))
        left, right = figure.subplots(1, 2, sharey=True)
        for axes, (x, rows) in ((left, by_range), (right, by_order)):
            axes.fill_between(x, rows["low"], rows["high"], color=color, alpha=0.22, linewidth=0)
            axes.plot(x, rows["r"], color=color, marker=marker, label="alone")
        whole = orders[(orders["kept"] == "all") & (orders["target"] == target)][0]
        right.axhline(whole["r"], color=style.GRAY, linewidth=0.8, label="all features")
        left.axhline(whole["r"], color=style.GRAY, linewidth=0.8)
        left.set_xlabel(r"all descriptors with $r\,/\,\sigma$ up to")
        right.set_xlabel("bond order $l$ alone")
        right.set_xticks(by_order[0])
        lowest = min(float(np.nanmin(rows["low"])) for _, rows in (by_range, by_order))
        left.set_ylim(min(0.0, np.floor(10 * lowest) / 10), None)
        left.set_ylabel("Pearson correlation $r$")
        style.legend(figure, right, columns=2)
    return figure


def learning(
    table: np.ndarray,
    target: int = 0,
    limit: tuple[float, float, float] | None = None,
) -> Figure:
    """Draw r against the number of training configurations, a curve for each number of runs.

    Parameters
    ----------
    table
        Of `learning.learning_curve`: r with the noiseless target, corrected for the ceiling.
    target
        The target with all runs.
    limit
        Of ever more configurations, with its interval: ``extrapolate().limit``.

    Raises
    ------
    InputError
        If the table lacks a column or the target.
    """
    columns = ("n_configurations", "n_runs", "target", "r_corrected", "low_corrected",
               "high_corrected")  # fmt: skip
    rows = _of_target(table, columns, target)
    runs = np.unique(rows["n_runs"])
    with style.look():
        figure = Figure(figsize=(style.WIDTH, 2.8))
        axes = figure.subplots()
        for number, (color, marker) in zip(runs[::-1].tolist(), cycle(style.OTHERS), strict=False):
            mine = rows[rows["n_runs"] == number]
            if number == runs[-1]:
                axes.fill_between(
                    mine["n_configurations"],
                    mine["low_corrected"],
                    mine["high_corrected"],
                    color=color,
                    alpha=0.2,
                    linewidth=0,
                )
            label = f"{number} run{'s' * (number > 1)}"
            axes.plot(
                mine["n_configurations"],
                mine["r_corrected"],
                color=color,
                marker=marker,
                label=label,
            )
        first, last = rows["n_configurations"].min(), rows["n_configurations"].max()
        style.log_axis(axes, "x", first / 1.3, last * 1.3)
        if limit is not None:
            value, low, high = limit
            axes.axhline(value, color=style.GRAY, linestyle="--", label="extrapolated")
            axes.axhspan(low, high, color="0.92", linewidth=0, zorder=-1)
        axes.set_xlabel("training configurations")
        axes.set_ylabel("$r$ with the noiseless target")
        style.legend(figure, axes, columns=4)
    return figure


def transfer(table: np.ndarray, target: int = -1, species: str = "A", score: str = "r") -> Figure:
    """Draw r of every source trained on against every source tested on, with its interval.

    Parameters
    ----------
    table
        Of `learning.transfer`.
    target
        Which target; the last if -1.
    species
    score
        ``"r"`` or ``"r_configuration"``.

    Raises
    ------
    InputError
        If the table lacks a column, the target or the species.
    """
    low, high = (score.replace("r", bound, 1) for bound in ("low", "high"))
    require_columns(table, ("train", "test", "species", "target", score, low, high))
    if target == -1:
        target = int(table["target"].max())
    rows = table[(table["target"] == target) & (table["species"] == species)]
    if not len(rows):
        raise InputError(f"table: no rows for target {target}, species {species!r}")
    names = list(dict.fromkeys(rows["train"].tolist()))
    square = np.full((len(names), len(names), 3), np.nan)
    for row in rows:
        place = names.index(row["train"]), names.index(row["test"])
        square[place] = row[score], row[low], row[high]
    with style.look():
        size = 1.4 + 0.8 * len(names)
        figure = Figure(figsize=(max(size, 2.4), max(size - 0.3, 2.1)))
        axes = figure.subplots()
        axes.imshow(square[..., 0], cmap="Blues", vmin=min(0.0, np.nanmin(square)), vmax=1.0)
        for i, j in np.ndindex(square.shape[:2]):
            r, begins, ends = square[i, j]
            color = "white" if r > 0.6 else "black"
            for y, text, size, va in (
                (i, f"{r:.2f}", 9, "bottom"),
                (i + 0.05, f"{begins:.2f}\u2013{ends:.2f}", 7, "top"),
            ):
                axes.text(j, y, text, ha="center", va=va, color=color, fontsize=size)
        axes.set_xticks(range(len(names)), names, rotation=30, ha="right")
        axes.set_yticks(range(len(names)), names)
        axes.tick_params(length=0)
        axes.set_xlabel("tested on")
        axes.set_ylabel("trained on")
    return figure


def coefficients(table: np.ndarray) -> Figure:
    """Draw the coefficients of a fit beside what each feature alone correlates with.

    Where they cannot be read one by one the figure says so, above it.

    Parameters
    ----------
    table
        Of `learning.collinearity`.

    Raises
    ------
    InputError
        If the table lacks a column.
    """
    require_columns(table, ("vif", "with_target", "coefficient", "flipped", "readable"))
    # NaN, of a feature that does not vary, is not inflated.
    inflated = int((~table["readable"] & ~np.isnan(table["vif"])).sum())
    with style.look():
        figure = Figure(figsize=(style.WIDTH, 3.0))
        axes = figure.subplots()
        for readable, label, (color, marker) in (
            (False, "inflated: not to be read", style.KINDS["radial"]),
            (True, "readable", style.KINDS["angular"]),
        ):
            mine = table[table["readable"] == readable]
            axes.plot(
                mine["with_target"],
                mine["coefficient"],
                marker,
                color=color,
                markersize=2.2,
                label=label,
            )
        axes.axhline(0.0, color=style.GRAY, linewidth=0.6)
        axes.axvline(0.0, color=style.GRAY, linewidth=0.6)
        axes.set_xlabel("correlation with the target")
        axes.set_ylabel("coefficient, all features together")
        style.legend(figure, axes, columns=2)
        if inflated:
            words = f"misleading: {inflated} of {len(table)} features are collinear"
            axes.set_title(words, color=style.KINDS["radial"][0])
    return figure


def _of_target(table: np.ndarray, columns: Sequence[str], target: int) -> np.ndarray:
    require_columns(table, columns)
    rows = table[table["target"] == target]
    if not len(rows):
        raise InputError(f"table: no rows for target {target!r}")
    return rows


def _alone(rows: np.ndarray, prefix: str, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers in the names of groups, and their rows alone, rising."""
    alone = rows[rows["kept"] == "alone"]
    if not len(alone) or not all(group.startswith(prefix) for group in alone["group"].tolist()):
        raise InputError(f"{name}: expected groups named {prefix!r} and a number")
    x = np.array([float(group.removeprefix(prefix)) for group in alone["group"].tolist()])
    order = np.argsort(x)
    return x[order], alone[order]


def _dots(
    axes: Axes,
    rows: np.ndarray,
    places: Mapping[str, int],
    value: str,
    low: str,
    high: str,
    look: tuple[str, str],
) -> None:
    y = [places[name] for name in rows["group"].tolist()]
    color, marker = look
    # A percentile interval need not hold the value itself.
    sides = [np.maximum(rows[value] - rows[low], 0), np.maximum(rows[high] - rows[value], 0)]
    axes.errorbar(rows[value], y, xerr=sides, fmt=marker, color=color, elinewidth=0.9)


def _named(group: str) -> str:
    field, _, value = group.partition(" ")
    return f"${field}$ {value}" if field in ("r", "l") else group


COLUMNS = ("time", "species", "n_features", "r", "low", "high", "ceiling")


def draw(
    axes: Axes,
    table: np.ndarray,
    species: str,
    time: float | None = None,
    others: Mapping[str, float] | None = None,
) -> float:
    """Draw r of one species, at the time nearest to `time` or the last; return that time.

    `others` are what else it is compared with: the r of each, a horizontal line.
    """
    species_in(table, COLUMNS)
    mine = table[table["species"] == species]
    if not len(mine):
        present = ", ".join(sorted(set(table["species"].tolist())))
        raise InputError(f"table: no rows for species {species!r}; has {present}")
    times = np.unique(mine["time"])
    if not (times > 0).all():
        raise InputError(f"table: expected times > 0 for species {species!r}, got {times[0]}")
    last = time is None or not np.isfinite(time)
    at = times[-1] if last else times[np.abs(np.log(times / time)).argmin()]
    rows = mine[mine["time"] == at]
    rows = rows[np.argsort(rows["n_features"])]
    if (np.diff(rows["n_features"]) == 0).any():
        raise InputError("table: expected one row a time and number of features")
    color, marker = style.species_look(species)
    axes.fill_between(
        rows["n_features"], rows["low"], rows["high"], color=color, alpha=0.22, linewidth=0
    )
    axes.plot(rows["n_features"], rows["r"], color=color, marker=marker, label="selected")
    for (label, r), (shade, _), dash in zip(
        (others or {}).items(), style.OTHERS, ("-.", ":", "--", "-"), strict=False
    ):
        axes.axhline(r, color=shade, linestyle=dash, linewidth=1.0, label=label, zorder=1)
    if np.isfinite(rows["ceiling"]).all():
        axes.plot(
            rows["n_features"], rows["ceiling"], "--", color=style.GRAY, label="ceiling", zorder=1
        )
    style.log_axis(axes, "x", rows["n_features"][0] / 1.3, rows["n_features"][-1] * 1.3)
    axes.set_ylim(min(0.0, np.floor(10 * np.nanmin(rows["low"])) / 10), 1.03)
    axes.set_ylabel("Pearson correlation $r$")
    return float(at)
