"""The figures of Alkemade 2022: every curve is that of its table."""

import numpy as np
import pytest

from cagebreak.figures import alkemade2022, boattini2021
from cagebreak.figures.regimes import regimes
from support.figure_tables import (
    TAU_ALPHA,
    TIMES,
    assert_band,
    assert_curve,
    column,
    displacement,
    draw,
    learners_table,
    propensity_table,
    scores_table,
    shuffle,
)


def test_mean_propensity_shows_the_table():
    table = shuffle(propensity_table())
    (axes,) = draw("alkemade2022.mean_propensity", table, tau_alpha=TAU_ALPHA).axes
    for species in "AB":
        assert_curve(axes, f"{species} particles", table, "propensity", species=species)
    assert axes.get_xscale() == axes.get_yscale() == "log"
    stars = [line for line in axes.get_lines() if line.get_marker() == "*"]
    expected = displacement(800.0), displacement(500.0, 0.154, 500.0)
    for star, species, height in zip(stars, "AB", expected, strict=True):
        assert star.get_xdata() == [TAU_ALPHA[species]]
        np.testing.assert_allclose(star.get_ydata(), height, rtol=0.02)


def test_mean_propensity_shades_and_names_the_regimes():
    table = propensity_table("A")
    (axes,) = draw("alkemade2022.mean_propensity", table).axes
    assert {"ballistic", "caging", "diffusive"} <= {text.get_text() for text in axes.texts}
    found = regimes(TIMES, column(table, "propensity", species="A"))
    _, caging, _ = (patch.get_bbox() for patch in axes.patches)
    assert (caging.x0, caging.x1) == (found.caging_begins, found.caging_ends)


def test_mean_propensity_draws_free_flight_over_short_times():
    (axes,) = draw("alkemade2022.mean_propensity").axes
    flight = next(line for line in axes.get_lines() if line.get_linestyle() == "--")
    np.testing.assert_allclose(flight.get_ydata() / flight.get_xdata(), np.sqrt(8 / np.pi))


@pytest.mark.parametrize(("late", "early"), [(1.0, 1e9), (0.0, 1.0), (1.0, 10.0)])
def test_guides_and_names_belong_to_regimes_in_the_data(late, early):
    table = propensity_table(times=TIMES[(late < TIMES) & (early > TIMES)])
    (axes,) = draw("alkemade2022.mean_propensity", table).axes
    texts = {text.get_text() for text in axes.texts}
    assert ("ballistic" in texts) == (late == 0) == (r"$\langle|v|\rangle\, t$" in texts)
    assert ("diffusive" in texts) == (early > 100) == (r"$\propto t^{1/2}$" in texts)


def test_tau_alpha_beyond_the_data_is_not_marked():
    (axes,) = draw("alkemade2022.mean_propensity", tau_alpha={"A": 1e9}).axes
    assert "*" not in [line.get_marker() for line in axes.get_lines()]
    (axes,) = draw("alkemade2022.generations", tau_alpha={"A": 1e9}).axes
    assert r"$\tau_\alpha$" not in [text.get_text() for text in axes.texts]


@pytest.mark.parametrize("species", ["A", "B"])
def test_generations_show_the_table(species):
    table = shuffle(scores_table())
    figure = draw("alkemade2022.generations", table, tau_alpha=TAU_ALPHA, species=species)
    (axes,) = figure.axes
    for index, features in enumerate(("LR0", "LR1", "LR2")):
        assert_curve(axes, features, table, "r", species=species, features=features)
        assert_band(axes, index, table, "low", "high", species=species, features=features)
    assert_curve(axes, "ceiling", table, "ceiling", species=species, features="LR0")
    assert r"$\tau_\alpha$" in [text.get_text() for text in axes.texts]
    (axes,) = alkemade2022.generations(table, species=species, learner="NN").axes
    assert_curve(axes, "NN1", table, "r", species=species, features="LR1")


def test_at_a_single_time_all_is_seen():
    """Intervals stand side by side, the ceiling is a line, and the time is at its tick."""
    table = scores_table(times=np.array([4120.0]))
    (axes,) = draw("alkemade2022.generations", table, species="A").axes
    lines = {line.get_label(): line for line in axes.get_lines()}
    ceiling = table["ceiling"][0]
    assert lines["ceiling"].get_ydata() == [ceiling, ceiling]
    bars = {bar.get_label(): bar for bar in axes.containers}
    places = []
    for name in ("LR0", "LR1", "LR2"):
        row = table[(table["features"] == name) & (table["species"] == "A")][0]
        point, _, (interval,) = bars[name]
        ((x, low), (_, high)) = interval.get_segments()[0]
        places.append(x)
        np.testing.assert_allclose([low, high], [row["low"], row["high"]])
        np.testing.assert_allclose(point.get_ydata(), row["r"])
    assert np.all(np.diff(places) > 0)
    assert [tick.get_text() for tick in axes.get_xticklabels()] == [r"$4.12\times 10^{3}$"]


@pytest.mark.parametrize("species", ["A", "AB"])
def test_learners_stand_side_by_side_above_their_costs(species):
    table = shuffle(learners_table(species))
    axes = alkemade2022.comparison(table).axes
    panels = [panel for panel in axes if "particles" in panel.get_title(loc="left")]
    others = [panel for panel in axes if panel not in panels]
    beyond, costs = (
        [panel for panel in others if panel.get_xlabel().startswith("$t") == over_time]
        for over_time in (True, False)
    )
    assert beyond[0].get_ylabel() == f"$r - r$ of {table['learner'][0]}"
    for panel, below, name in zip(panels, beyond, species, strict=True):
        of_differences = [curve.get_ydata().mean() for curve in below.get_lines()]
        assert sorted(np.round(of_differences, 3)) == [-0.02, -0.01, 0.0]
        for learner in ("ridge", "network", "graph"):
            assert_curve(panel, learner, table, "r", species=name, learner=learner)
    assert costs[0].get_xlabel() == "parameters"
    assert next(label.get_text() for label in costs[0].get_yticklabels()) in table["learner"]
    for panel in costs:
        values = [dot.get_xdata()[0] for dot in panel.get_lines()]
        assert sorted(np.round(np.log10(np.array(values) / min(values)))) == [0, 1, 2]
    alone = boattini2021.learners(table).axes
    assert len(alone) == len(species)
    assert_curve(alone[0], "graph", table, "r", species="A", learner="graph")


def test_at_one_time_each_learner_has_a_row():
    table = learners_table("AB")
    table = table[table["time"] == table["time"][3]]
    axes = alkemade2022.comparison(table).axes
    beyond = "$r - r$ of ridge"
    labels = ["$r$ of A particles", beyond, "$r$ of B particles", beyond, "parameters"]
    assert [panel.get_xlabel() for panel in axes[:5]] == labels
    names = [label.get_text() for label in axes[0].get_yticklabels()]
    assert names == ["ridge", "network", "graph"]
    of_graph = axes[1].containers[2]
    assert of_graph[0].get_xydata().tolist() == [[-0.02, 0]]
    np.testing.assert_allclose(of_graph[2][0].get_segments()[0][:, 0], [-0.025, -0.015])
    for panel, species in zip(axes[:4:2], "AB", strict=True):
        for bars, name in zip(panel.containers, names, strict=True):
            (row,) = table[(table["species"] == species) & (table["learner"] == name)]
            assert bars[0].get_xydata().tolist() == [[row["r"], 2 - names.index(name)]]
            ends = bars[2][0].get_segments()[0][:, 0]
            np.testing.assert_allclose(ends, [row["low"], row["high"]])
        assert panel.get_xlim()[1] > row["ceiling"]
