"""Figures of Alkemade 2022: mean propensity (fig. 1), generations (4, 6), learners (5, 7, 8)."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cagebreak.figures import correlation, style
from cagebreak.figures.pictograms import mark_regimes
from cagebreak.figures.regimes import regimes
from cagebreak.figures.tables import Table, curve, rows_of, species_in

COSTS = {
    "parameters": ("parameters", 1.0),
    "training_seconds": ("training\nCPU s", 1.0),
    "inference_seconds": ("inference\nCPU s", 1.0),
    "memory": ("memory\nGB", 1e9),
}
"""The columns of costs of a learner: title and unit of each."""

DIFFERENCE = ("difference", "difference_low", "difference_high")
"""The columns of the difference of r from that of the first learner, and its interval."""


def mean_propensity(
    table: Table,
    tau_alpha: Mapping[str, float] | None = None,
    mean_speed: float = math.sqrt(8 / math.pi),
) -> Figure:
    r"""Draw the mean propensity of each species over time, with its regimes; fig. 1.

    The ballistic, caging and diffusive regimes are those of the mean over species (`regimes`).
    Dashed guides show free flight, :math:`\langle|v|\rangle t`, and diffusion,
    :math:`\propto t^{1/2}`.

    Parameters
    ----------
    table
        With the columns time (in tau), species, propensity and error (in sigma; the standard error
        over configurations).
    tau_alpha
        Structural relaxation time of each species, in tau; marked where the data reach it.
    mean_speed
        :math:`\langle|v|\rangle = \sqrt{8 kT / \pi m}`, in sigma/tau; the default is that of
        kT = m = 1, as of hard spheres.

    Raises
    ------
    InputError
        If the table lacks a column or has several rows for one species and time.
    """
    rows = rows_of(table, ("time", "species", "propensity", "error"))
    curves = {name: curve(rows, species=name) for name in species_in(rows)}
    # All species have the same times, so this is the mean over species at each time.
    times, inverse = np.unique(rows["time"], return_inverse=True)
    mean = np.bincount(inverse, rows["propensity"]) / np.bincount(inverse)
    caging = regimes(times, mean)

    with style.look():
        figure, (axes,) = style.panels(1, height=3.0)
        for name, points in curves.items():
            color, marker = style.species_look(name)
            time, value, error = points["time"], points["propensity"], points["error"]
            axes.fill_between(
                time, value - error, value + error, color=color, alpha=0.3, linewidth=0
            )
            axes.plot(time, value, color=color, marker=marker, label=f"{name} particles")
        _mark_relaxation(axes, curves, tau_alpha or {})
        low, high = rows["propensity"].min(), rows["propensity"].max()
        # The pictures of the regimes take the lower third of the panel, and the guide of diffusion
        # with its name the space above the curves.
        above = 1.6 * high
        style.log_axis(axes, "x", times[0] / 1.3, times[-1] * 1.3)
        style.log_axis(axes, "y", low / (high / low) ** 0.7, above * (high / low) ** 0.16)
        axes.set_ylabel(r"mean propensity $\langle \Delta r_i(t) \rangle\,/\,\sigma$")
        flight = times[times <= 2.5 * caging.caging_begins]
        _guide(axes, flight, mean_speed * flight, r"$\langle|v|\rangle\, t$")
        drift = times[times >= caging.caging_ends]
        _guide(axes, drift, above * np.sqrt(drift / times[-1]), r"$\propto t^{1/2}$")
        mark_regimes(axes, caging)
        style.legend(figure, axes, columns=3)
    return figure


def generations(
    table: Table,
    tau_alpha: Mapping[str, float] | None = None,
    species: str = "A",
    learner: str = "LR",
) -> Figure:
    """Draw r over time for generations 0, 1 and 2 of descriptors; figs. 4 and 6.

    Parameters
    ----------
    table
        With the columns time, species, features, r, low, high and ceiling; the features LR0, LR1
        and LR2 are drawn with their bootstrap bands.
    tau_alpha
        Structural relaxation time of each species, in tau; marked where the data reach it.
    species
        The species shown.
    learner
        The letters that replace LR, linear regression, in the legend: NN for a network.

    Raises
    ------
    InputError
        If the table lacks a column, the species or a selection, or has several rows at one time.
    """
    rows = rows_of(table, correlation.COLUMNS)
    selections = {
        name: (name.replace("LR", learner), look) for name, look in style.GENERATIONS.items()
    }
    with style.look():
        figure, (axes,) = style.panels(1, height=2.6)
        correlation.draw(axes, rows, species, selections, tau_alpha)
        style.name_panel(axes, f"{species} particles")
        style.legend(figure, axes, columns=4)
    return figure


def comparison(table: Table, tau_alpha: Mapping[str, float] | None = None) -> Figure:
    """Draw r over time of several learners, and their costs; figs. 5, 7 and 8.

    The upper panels show r, the middle ones the difference from r of the first learner, the lower
    ones the costs. Paired differences tell learners apart whose intervals of r overlap, because
    configurations that are hard for all learners cancel. With a single time in the table, the
    figure has one row for each learner and one column for each quantity.

    The learners in the table decide which figure of the paper it is: rows of its table I (fig. 5),
    rows of its table II (fig. 7), or one learner of each kind (fig. 8). Figure 6 is `generations`
    of the scores of a network.

    Parameters
    ----------
    table
        As of `Study.compare`: the columns time, species, learner, features, r, low, high, ceiling,
        difference, difference_low, difference_high, parameters, training_seconds,
        inference_seconds and memory (in bytes). Costs are those of the first species.
    tau_alpha
        Structural relaxation time of each species, in tau; marked where the data reach it.

    Raises
    ------
    InputError
        If the table lacks a column, or has several rows of a learner and species at one time.
    """
    rows = rows_of(table, (*correlation.LEARNER_COLUMNS, *DIFFERENCE, *COSTS))
    names = species_in(rows)
    with style.look():
        if len(np.unique(rows["time"])) == 1:
            return _comparison_at_one_time(rows, names)
        looks = correlation.looks(rows)
        figure, ((above, unused), (_, costs)) = style.grid(
            2, len(COSTS), height=4.6 + 0.1 * len(looks), heights=[3.2, 1.4 + 0.1 * len(looks)]
        )
        for axes in unused:
            axes.remove()
        upper, lower = above.subplots(
            2, len(names), squeeze=False, sharex="col", sharey="row", height_ratios=[3, 2]
        )
        correlation.draw_learners(list(upper), rows, looks, tau_alpha)
        for axes, species in zip(lower, names, strict=True):
            _draw_differences(axes, rows[rows["species"] == species], looks)
        lower[0].set_ylabel(_difference_label(rows))
        for axes in upper[1:]:
            axes.set_ylabel("")
        lines = math.ceil((len(looks) + 1) / 6)
        style.legend(above, upper[0], columns=math.ceil((len(looks) + 1) / lines))
        _draw_costs(costs, rows[rows["species"] == names[0]], looks)
        _name_rows(costs, list(looks))
    return figure


def _comparison_at_one_time(rows: np.ndarray, names: Sequence[str]) -> Figure:
    """Draw one row for each learner: r of each species with its interval, then the costs."""
    looks = correlation.looks(rows)
    learners = list(looks)
    height = 0.9 + 0.22 * len(learners)
    figure, ((_, panels),) = style.grid(1, 2 * len(names) + len(COSTS), height)
    for i, species in enumerate(names):
        of_r, of_difference = panels[2 * i : 2 * i + 2]
        for name, (color, marker) in looks.items():
            points = curve(rows, species=species, learner=name)
            line = [len(learners) - 1 - learners.index(name)]
            for axes, columns in ((of_r, ("r", "low", "high")), (of_difference, DIFFERENCE)):
                value, low, high = (points[column] for column in columns)
                interval = np.abs([low - value, high - value])
                axes.errorbar(value, line, xerr=interval, color=color, marker=marker)
        of_r.axvline(points["ceiling"][0], color=style.GRAY, linestyle="--", zorder=1)
        of_r.set_xlim(min(0.0, of_r.get_xlim()[0]), 1.03)
        of_r.set_xticks([0.0, 0.5, 1.0])
        of_r.set_xlabel(f"$r$ of {species} particles")
        of_difference.axvline(0.0, color=style.GRAY, linewidth=0.8, zorder=0)
        of_difference.set_xlabel(_difference_label(rows))
    _draw_costs(panels[2 * len(names) :], rows[rows["species"] == names[0]], looks)
    _name_rows(panels, learners)
    return figure


def _draw_differences(axes: Axes, rows: np.ndarray, looks: Mapping[str, tuple[str, str]]) -> None:
    """Draw the difference of r from that of the first learner over time."""
    for name, (color, marker) in looks.items():
        if name not in rows["learner"]:
            continue
        points = curve(rows, learner=name)
        time, (value, low, high) = points["time"], (points[column] for column in DIFFERENCE)
        axes.fill_between(time, low, high, color=color, alpha=0.22, linewidth=0)
        axes.plot(time, value, color=color, marker=marker)
    axes.set_xlabel(r"$t\,/\,\tau$")


def _difference_label(rows: np.ndarray) -> str:
    return f"$r - r$ of {rows['learner'][0]}"


def _draw_costs(
    panels: Sequence[Axes], rows: np.ndarray, looks: Mapping[str, tuple[str, str]]
) -> None:
    """Draw each cost of each learner in the table, the first learner on top."""
    learners = [name for name in looks if name in rows["learner"]]
    for axes, (column, (title, unit)) in zip(panels, COSTS.items(), strict=True):
        values = [rows[rows["learner"] == name][column][0] / unit for name in learners]
        for name, value in zip(learners, values, strict=True):
            color, marker = looks[name]
            line = len(looks) - 1 - list(looks).index(name)
            axes.plot([value], [line], marker, color=color, markersize=5)
        known = [value for value in values if value > 0]
        if known:
            style.log_axis(axes, "x", min(known) / 3, max(known) * 3)
        axes.set_xlabel(title)


def _name_rows(panels: Sequence[Axes], names: Sequence[str]) -> None:
    """Give each panel one row for each name, the first on top, and write the names at the left."""
    for axes in panels:
        axes.set_ylim(-0.6, len(names) - 0.4)
        labels = names if axes is panels[0] else [""] * len(names)
        axes.set_yticks(np.arange(len(names))[::-1], labels)


def _mark_relaxation(
    axes: Axes, curves: Mapping[str, np.ndarray], tau_alpha: Mapping[str, float]
) -> None:
    """Mark tau_alpha on each curve with a star, if the data reach it."""
    label: str | None = r"$t = \tau_\alpha$"
    for name, points in curves.items():
        tau = tau_alpha.get(name, np.nan)
        if points["time"][0] <= tau <= points["time"][-1]:
            height = np.interp(np.log(tau), np.log(points["time"]), np.log(points["propensity"]))
            axes.plot(
                [tau],
                [np.exp(height)],
                linestyle="none",
                marker="*",
                markersize=7,
                color="white",
                markeredgecolor="black",
                markeredgewidth=0.6,
                label=label,
            )
            label = None


def _guide(axes: Axes, times: np.ndarray, values: np.ndarray, name: str) -> None:
    """Draw a dashed line of at least two points, with its name to the upper left of its middle."""
    if len(times) < 2:
        return
    axes.plot(times, values, "--", color=style.GRAY, linewidth=0.9, zorder=1)
    middle = len(times) // 2
    axes.annotate(
        name,
        (times[middle], values[middle]),
        xytext=(-3, 2),
        textcoords="offset points",
        ha="right",
        va="bottom",
        color=style.GRAY,
    )
