"""Figures of Alkemade 2022: mean propensity (fig. 1), generations (4, 6), learners (5, 7, 8)."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cagebreak.figures import accuracy, style
from cagebreak.figures.pictograms import mark_regimes
from cagebreak.figures.regimes import regimes
from cagebreak.figures.tables import curve, species_in

COSTS = {
    "parameters": ("parameters", 1.0),
    "training_seconds": ("training\nCPU s", 1.0),
    "inference_seconds": ("inference\nCPU s", 1.0),
    "memory": ("memory\nGB", 1e9),
}
"""Columns of what a learner costs, each with its title and unit."""

DIFFERENCE = ("difference", "difference_low", "difference_high")
"""Columns of by how much a learner exceeds the first."""


def mean_propensity(
    table: np.ndarray,
    tau_alpha: Mapping[str, float] | None = None,
    mean_speed: float = math.sqrt(8 / math.pi),
) -> Figure:
    r"""Draw the mean propensity of each species over time, with its regimes; fig. 1.

    The ballistic, caging and diffusive regimes are those that `regimes` finds in the mean over
    species. Dashed guides show free flight, :math:`\langle|v|\rangle t`, and diffusion,
    :math:`\propto t^{1/2}`.

    Parameters
    ----------
    table
        Structured array with the columns time (in tau), species, propensity and error (in sigma;
        the standard error over configurations).
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
    names = species_in(table, ("time", "species", "propensity", "error"))
    curves = {name: curve(table, species=name) for name in names}
    # The same times serve every species, so this is the mean over species at each time.
    times, at = np.unique(table["time"], return_inverse=True)
    mean = np.bincount(at, table["propensity"]) / np.bincount(at)
    found = regimes(times, mean)

    with style.look():
        figure, (axes,) = style.panels(1, height=3.0)
        for name, rows in curves.items():
            color, marker = style.species_look(name)
            time, value, error = rows["time"], rows["propensity"], rows["error"]
            axes.fill_between(
                time, value - error, value + error, color=color, alpha=0.3, linewidth=0
            )
            axes.plot(time, value, color=color, marker=marker, label=f"{name} particles")
        _mark_relaxation(axes, curves, tau_alpha or {})
        low, high = table["propensity"].min(), table["propensity"].max()
        # The lower third of the panel is left to the pictures of the regimes, and above there is
        # room for the guide of diffusion and its name.
        above = 1.6 * high
        style.log_axis(axes, "x", times[0] / 1.3, times[-1] * 1.3)
        style.log_axis(axes, "y", low / (high / low) ** 0.7, above * (high / low) ** 0.16)
        axes.set_ylabel(r"mean propensity $\langle \Delta r_i(t) \rangle\,/\,\sigma$")
        flight = times[times <= 2.5 * found.caging_begins]
        _guide(axes, flight, mean_speed * flight, r"$\langle|v|\rangle\, t$")
        drift = times[times >= found.caging_ends]
        _guide(axes, drift, above * np.sqrt(drift / times[-1]), r"$\propto t^{1/2}$")
        mark_regimes(axes, found)
        style.legend(figure, axes, columns=3)
    return figure


def generations(
    table: np.ndarray,
    tau_alpha: Mapping[str, float] | None = None,
    species: str = "A",
    learner: str = "LR",
) -> Figure:
    """Draw r over time for generations 0, 1 and 2 of descriptors; figs. 4 and 6.

    Parameters
    ----------
    table
        Structured array with the columns time, species, features, r, low, high and ceiling; the
        features LR0, LR1 and LR2 are drawn with their bootstrap bands.
    tau_alpha
        Structural relaxation time of each species, in tau; marked where the data reach it.
    species
        The species shown.
    learner
        What labels begin with: LR for linear regression, NN for a network.

    Raises
    ------
    InputError
        If the table lacks a column, the species or a selection, or has several rows at one time.
    """
    species_in(table, accuracy.COLUMNS)
    selections = {
        name: (name.replace("LR", learner), look) for name, look in style.GENERATIONS.items()
    }
    with style.look():
        figure, (axes,) = style.panels(1, height=2.6)
        accuracy.draw(axes, table, species, selections, tau_alpha)
        style.name_panel(axes, f"{species} particles")
        style.legend(figure, axes, columns=4)
    return figure


def comparison(table: np.ndarray, tau_alpha: Mapping[str, float] | None = None) -> Figure:
    """Draw r over time of several learners and, below, what they cost; figs. 5, 7 and 8.

    Between them stands by how much each exceeds the first: intervals of differences, in which what
    is easy or hard for all cancels, tell learners apart that intervals of r do not. At a single
    time there is a row for each learner instead, with all of it beside each other.

    Which figure it is depends on the learners in the table: rows of the paper's table I, of its
    table II, or one learner of each kind. (Figure 6 is `generations` of the scores of a network.)

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
    names = species_in(table, (*accuracy.COLUMNS, "learner", *DIFFERENCE, *COSTS))
    with style.look():
        if len(np.unique(table["time"])) == 1:
            return _comparison_at_one_time(table, names)
        looks = accuracy.looks(table)
        figure, ((above, unused), (_, costs)) = style.grid(
            2, len(COSTS), height=4.6 + 0.1 * len(looks), heights=[3.2, 1.4 + 0.1 * len(looks)]
        )
        for axes in unused:
            axes.remove()
        upper, lower = above.subplots(
            2, len(names), squeeze=False, sharex="col", sharey="row", height_ratios=[3, 2]
        )
        accuracy.draw_learners(list(upper), table, looks, tau_alpha)
        for axes, species in zip(lower, names, strict=True):
            _draw_differences(axes, table[table["species"] == species], looks)
        lower[0].set_ylabel(_beyond(table))
        for axes in upper[1:]:
            axes.set_ylabel("")
        rows = math.ceil((len(looks) + 1) / 6)
        style.legend(above, upper[0], columns=math.ceil((len(looks) + 1) / rows))
        _draw_costs(costs, table[table["species"] == names[0]], looks)
        _name_rows(costs, list(looks))
    return figure


def _comparison_at_one_time(table: np.ndarray, names: Sequence[str]) -> Figure:
    """Draw a row for each learner: r of each species with its interval, then the costs."""
    looks = accuracy.looks(table)
    learners = list(looks)
    height = 0.9 + 0.22 * len(learners)
    figure, ((_, panels),) = style.grid(1, 2 * len(names) + len(COSTS), height)
    for i, species in enumerate(names):
        of_r, of_difference = panels[2 * i : 2 * i + 2]
        for name, (color, marker) in looks.items():
            rows = curve(table, species=species, learner=name)
            place = [len(learners) - 1 - learners.index(name)]
            for axes, columns in ((of_r, ("r", "low", "high")), (of_difference, DIFFERENCE)):
                value, low, high = (rows[column] for column in columns)
                interval = np.abs([low - value, high - value])
                axes.errorbar(value, place, xerr=interval, color=color, marker=marker)
        of_r.axvline(rows["ceiling"][0], color=style.GRAY, linestyle="--", zorder=1)
        of_r.set_xlim(min(0.0, of_r.get_xlim()[0]), 1.03)
        of_r.set_xticks([0.0, 0.5, 1.0])
        of_r.set_xlabel(f"$r$ of {species} particles")
        of_difference.axvline(0.0, color=style.GRAY, linewidth=0.8, zorder=0)
        of_difference.set_xlabel(_beyond(table))
    _draw_costs(panels[2 * len(names) :], table[table["species"] == names[0]], looks)
    _name_rows(panels, learners)
    return figure


def _draw_differences(axes: Axes, table: np.ndarray, looks: Mapping[str, tuple[str, str]]) -> None:
    """Draw over time by how much r of each learner exceeds that of the first."""
    for name, (color, marker) in looks.items():
        if name not in table["learner"]:
            continue
        rows = curve(table, learner=name)
        time, (value, low, high) = rows["time"], (rows[column] for column in DIFFERENCE)
        axes.fill_between(time, low, high, color=color, alpha=0.22, linewidth=0)
        axes.plot(time, value, color=color, marker=marker)
    axes.set_xlabel(r"$t\,/\,\tau$")


def _beyond(table: np.ndarray) -> str:
    return f"$r - r$ of {table['learner'][0]}"


def _draw_costs(
    panels: Sequence[Axes], table: np.ndarray, looks: Mapping[str, tuple[str, str]]
) -> None:
    """Draw each cost of each learner, the first on top, as far as the table has it."""
    learners = [name for name in looks if name in table["learner"]]
    for axes, (column, (title, unit)) in zip(panels, COSTS.items(), strict=True):
        values = [table[table["learner"] == name][column][0] / unit for name in learners]
        for name, value in zip(learners, values, strict=True):
            color, marker = looks[name]
            place = len(looks) - 1 - list(looks).index(name)
            axes.plot([value], [place], marker, color=color, markersize=5)
        known = [value for value in values if value > 0]
        if known:
            style.log_axis(axes, "x", min(known) / 3, max(known) * 3)
        axes.set_xlabel(title)


def _name_rows(panels: Sequence[Axes], names: Sequence[str]) -> None:
    """Give each panel a row for each name, the first on top, and name them at the left."""
    for axes in panels:
        axes.set_ylim(-0.6, len(names) - 0.4)
        labels = names if axes is panels[0] else [""] * len(names)
        axes.set_yticks(np.arange(len(names))[::-1], labels)


def _mark_relaxation(
    axes: Axes, curves: Mapping[str, np.ndarray], tau_alpha: Mapping[str, float]
) -> None:
    """Put a star on each curve at its tau_alpha, if the data reach it."""
    label: str | None = r"$t = \tau_\alpha$"
    for name, rows in curves.items():
        tau = tau_alpha.get(name, np.nan)
        if rows["time"][0] <= tau <= rows["time"][-1]:
            height = np.interp(np.log(tau), np.log(rows["time"]), np.log(rows["propensity"]))
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
    """Draw a dashed line for the eye, named to the upper left of its middle, if there is room."""
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
