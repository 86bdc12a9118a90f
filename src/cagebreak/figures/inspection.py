"""Figures that inspect a fit: groups, ranges, orders, learning curves, transfer, coefficients."""

from collections.abc import Mapping, Sequence
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cagebreak.errors import InputError
from cagebreak.figures import style
from cagebreak.figures.tables import Table, rows_of

COLUMNS = ("time", "species", "n_features", "r", "low", "high", "ceiling")
ABLATION = ("target", "time", "group", "kept", "r", "low", "high", "change", "change_low",
            "change_high", "ceiling")  # fmt: skip
PANELS = 3
"""Most state points side by side in a figure."""


def groups(table: Table, target: int = 0) -> Figure:
    """Draw r of each group of features alone, and the change of r without it.

    Parameters
    ----------
    table
        What `learning.ablation` returned.
    target
        The number of the target.

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
        left.set_yticks(list(places.values()), [_group_label(name) for name in names])
        left.set_ylim(-len(names) + 0.3, 0.7)
        left.set_xlabel("$r$ of the group alone")
        right.set_xlabel("change of $r$ without it")
        style.legend(figure, left, columns=2)
    return figure


def range_and_order(ranges: Table, orders: Table, target: int = 0) -> Figure:
    """Draw r over the range of the description, and over the bond order l.

    Parameters
    ----------
    ranges, orders
        What `learning.ablation` returned for `range_groups` and for `order_groups`.
    target
        The number of the target.

    Raises
    ------
    InputError
        If a table lacks a column or the target, or its groups are of another kind.
    """
    by_range = _alone(_of_target(ranges, ABLATION, target), "r <= ", "ranges")
    order_rows = _of_target(orders, ABLATION, target)
    by_order = _alone(order_rows, "l ", "orders")
    color, marker = style.KINDS["angular"]
    with style.look():
        figure = Figure(figsize=(style.PAGE, 2.5))
        left, right = figure.subplots(1, 2, sharey=True)
        for axes, (x, rows) in ((left, by_range), (right, by_order)):
            axes.fill_between(x, rows["low"], rows["high"], color=color, alpha=0.22, linewidth=0)
            axes.plot(x, rows["r"], color=color, marker=marker, label="alone")
        r_of_all = order_rows["r"][order_rows["kept"] == "all"][0]
        right.axhline(r_of_all, color=style.GRAY, linewidth=0.8, label="all features")
        left.axhline(r_of_all, color=style.GRAY, linewidth=0.8)
        left.set_xlabel(r"all descriptors with $r\,/\,\sigma$ up to")
        right.set_xlabel("bond order $l$ alone")
        right.set_xticks(by_order[0])
        lowest = min(float(np.nanmin(rows["low"])) for _, rows in (by_range, by_order))
        left.set_ylim(min(0.0, np.floor(10 * lowest) / 10), None)
        left.set_ylabel("Pearson correlation $r$")
        style.legend(figure, right, columns=2)
    return figure


def learning(
    table: Table,
    target: int = 0,
    limit: tuple[float, float, float] | None = None,
) -> Figure:
    """Draw r over the number of training configurations, one curve for each number of runs.

    r is that with the noiseless target, corrected for the ceiling.

    Parameters
    ----------
    table
        Of `learning.learning_curve`.
    target
        The number of the target that is the mean over all runs.
    limit
        The limit of r and its interval, ``LearningCurve.extrapolate().limit``; not drawn if
        omitted.

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
            points = rows[rows["n_runs"] == number]
            sizes = points["n_configurations"]
            if number == runs[-1]:
                low, high = points["low_corrected"], points["high_corrected"]
                axes.fill_between(sizes, low, high, color=color, alpha=0.2, linewidth=0)
            label = f"{number} run{'s' * (number > 1)}"
            axes.plot(sizes, points["r_corrected"], color=color, marker=marker, label=label)
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


def transfer(table: Table, target: int = -1, species: str = "A", score: str = "r") -> Figure:
    """Draw r of each source for training and each for testing as a matrix, with its interval.

    Parameters
    ----------
    table
        What `learning.transfer` returned.
    target
        The number of the target; the last if -1.
    species
    score
        ``"r"`` or ``"r_configuration"``.

    Raises
    ------
    InputError
        If the table lacks a column, the target or the species.
    """
    low, high = (score.replace("r", bound, 1) for bound in ("low", "high"))
    rows = rows_of(table, ("train", "test", "species", "target", score, low, high))
    if target == -1:
        target = int(rows["target"].max())
    rows = rows[(rows["target"] == target) & (rows["species"] == species)]
    if not len(rows):
        raise InputError(f"table: no rows for target {target}, species {species!r}")
    names = list(dict.fromkeys(rows["train"].tolist()))
    scores = np.full((len(names), len(names), 3), np.nan)
    for row in rows:
        cell = names.index(row["train"]), names.index(row["test"])
        scores[cell] = row[score], row[low], row[high]
    with style.look():
        size = 1.4 + 0.8 * len(names)
        figure = Figure(figsize=(max(size, 2.4), max(size - 0.3, 2.1)))
        axes = figure.subplots()
        axes.imshow(scores[..., 0], cmap="Blues", vmin=min(0.0, np.nanmin(scores)), vmax=1.0)
        for i, j in np.ndindex(scores.shape[:2]):
            r, begins, ends = scores[i, j]
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


def state_points(table: Table, xlabel: str = r"$t\,/\,\tau_\alpha$") -> Figure:
    """Draw r over its ceiling against the mark, of each fit in a panel for each state point.

    Parameters
    ----------
    table
        What `learning.state_point_scores` returned.
    xlabel
        What a mark is.

    Raises
    ------
    InputError
        If the table lacks a column or rows.
    """
    rows = rows_of(table, ("state_point", "value", "fit", "mark", "r", "low", "high", "ceiling"))
    names = list(dict.fromkeys(rows[np.argsort(rows["value"], kind="stable")]["state_point"]))
    fits = list(dict.fromkeys(rows["fit"]))
    n_rows = -(-len(names) // PANELS)
    columns = -(-len(names) // n_rows)
    low, high = rows["mark"].min(), rows["mark"].max()
    with style.look():
        figure, grid = style.grid(n_rows, columns, 0.5 + 2.2 * n_rows)
        panels = [axes for _, of_row in grid for axes in of_row]
        for name, axes in zip(names, panels, strict=False):
            style.name_panel(axes, name)
            for k, (fit, (color, marker)) in enumerate(zip(fits, style.OTHERS, strict=False)):
                # Fits that are as good as others stay visible through these.
                through = {"ls": ":", "mfc": "none"} if k > 2 else {"lw": 2.4 - 0.4 * k}
                of_fit = rows[(rows["state_point"] == name) & (rows["fit"] == fit)]
                of_fit = of_fit[np.argsort(of_fit["mark"])]
                marks, ceiling = of_fit["mark"], of_fit["ceiling"]
                r = of_fit["r"] / ceiling
                axes.plot(marks, r, color=color, marker=marker, label=fit, **through)
                if fit == fits[0]:
                    bounds = of_fit["low"] / ceiling, of_fit["high"] / ceiling
                    axes.fill_between(marks, *bounds, color=color, alpha=0.2, lw=0)
            # A logarithmic axis of less than a decade would have no number.
            if high >= 10 * low:
                style.time_axis(axes, rows["mark"])
            axes.set_xlabel(xlabel)
            axes.set_ylim(0.0, 1.02)
        for axes in panels[::columns]:
            axes.set_ylabel("$r$ / ceiling")
        for axes in panels[len(names) :]:
            axes.set_visible(False)
        style.legend(figure, panels[0], columns=len(fits))
    return figure


def coefficients(table: Table) -> Figure:
    """Draw the coefficient of each feature over its own correlation with the target.

    Its title warns where features are collinear, so that coefficients cannot be read one by one.

    Parameters
    ----------
    table
        What `learning.collinearity` returned.

    Raises
    ------
    InputError
        If the table lacks a column.
    """
    rows = rows_of(table, ("vif", "with_target", "coefficient", "flipped", "readable"))
    # The inflation of a feature that does not vary is NaN: it is not inflated.
    inflated = int((~rows["readable"] & ~np.isnan(rows["vif"])).sum())
    with style.look():
        figure = Figure(figsize=(style.WIDTH, 3.0))
        axes = figure.subplots()
        for readable, label, (color, marker) in (
            (False, "inflated: not to be read", style.KINDS["radial"]),
            (True, "readable", style.KINDS["angular"]),
        ):
            features = rows[rows["readable"] == readable]
            x, y = features["with_target"], features["coefficient"]
            axes.plot(x, y, marker, color=color, markersize=2.2, label=label)
        axes.axhline(0.0, color=style.GRAY, linewidth=0.6)
        axes.axvline(0.0, color=style.GRAY, linewidth=0.6)
        axes.set_xlabel("correlation with the target")
        axes.set_ylabel("coefficient, all features together")
        style.legend(figure, axes, columns=2)
        if inflated:
            words = f"misleading: {inflated} of {len(rows)} features are collinear"
            axes.set_title(words, color=style.KINDS["radial"][0])
    return figure


def _of_target(table: Table, columns: Sequence[str], target: int) -> np.ndarray:
    rows = rows_of(table, columns)
    rows = rows[rows["target"] == target]
    if not len(rows):
        raise InputError(f"table: no rows for target {target!r}")
    return rows


def _alone(rows: np.ndarray, prefix: str, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers in the names of groups and the rows "alone", in rising order."""
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
    # A percentile interval need not contain the value itself.
    below, above = rows[value] - rows[low], rows[high] - rows[value]
    sides = np.maximum([below, above], 0)
    axes.errorbar(rows[value], y, xerr=sides, fmt=marker, color=color, elinewidth=0.9)


def _group_label(group: str) -> str:
    field, _, value = group.partition(" ")
    return f"${field}$ {value}" if field in ("r", "l") else group


def draw(
    axes: Axes,
    table: Table,
    species: str,
    time: float | None = None,
    others: Mapping[str, float] | None = None,
) -> float:
    """Draw r of one species over the number of features, and return the time it is drawn at.

    That is the time of the table nearest to `time`, or its last time if none is given. `others`
    are the r of other learners by name; each is a horizontal line.
    """
    rows = rows_of(table, COLUMNS)
    of_species = rows[rows["species"] == species]
    if not len(of_species):
        present = ", ".join(sorted(set(rows["species"].tolist())))
        raise InputError(f"table: no rows for species {species!r}; has {present}")
    times = np.unique(of_species["time"])
    if not (times > 0).all():
        raise InputError(f"table: expected times > 0 for species {species!r}, got {times[0]}")
    last = time is None or not np.isfinite(time)
    nearest = times[-1] if last else times[np.abs(np.log(times / time)).argmin()]
    rows = of_species[of_species["time"] == nearest]
    rows = rows[np.argsort(rows["n_features"])]
    if (np.diff(rows["n_features"]) == 0).any():
        raise InputError("table: expected one row a time and number of features")
    color, marker = style.species_look(species)
    n = rows["n_features"]
    axes.fill_between(n, rows["low"], rows["high"], color=color, alpha=0.22, linewidth=0)
    axes.plot(n, rows["r"], color=color, marker=marker, label="selected")
    for (label, r), (shade, _), dash in zip(
        (others or {}).items(), style.OTHERS, ("-.", ":", "--", "-"), strict=False
    ):
        axes.axhline(r, color=shade, linestyle=dash, linewidth=1.0, label=label, zorder=1)
    if np.isfinite(rows["ceiling"]).all():
        axes.plot(n, rows["ceiling"], "--", color=style.GRAY, label="ceiling", zorder=1)
    style.log_axis(axes, "x", n[0] / 1.3, n[-1] * 1.3)
    axes.set_ylim(min(0.0, np.floor(10 * np.nanmin(rows["low"])) / 10), 1.03)
    axes.set_ylabel("Pearson correlation $r$")
    return float(nearest)
