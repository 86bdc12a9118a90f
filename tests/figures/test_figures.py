"""Figures: the curves are the table's, missing data are named, files are written."""

import re
import subprocess
import sys
from itertools import zip_longest

import numpy as np
import pytest
from matplotlib.figure import Figure

import paths
from cagebreak.configuration import Configuration
from cagebreak.dynamics.plasticity import CURVE
from cagebreak.errors import FileFormatError, InputError
from cagebreak.figures import FIGURES, alkemade2022, boattini2021
from cagebreak.figures.literature import PUBLISHED, read_published

LITERATURE = paths.EXTERNAL / "literature"

TIMES = np.geomspace(1e-2, 1e4, 37)
TAU_ALPHA = {"A": 800.0, "B": 500.0}
# Height of r at long times: one for each selection.
LATE = {
    "LR0": 0.50,
    "LR1": 0.58,
    "LR2": 0.60,
    "LR0 radial": 0.47,
    "LR0 angular": 0.38,
    "LR2 radial": 0.54,
    "LR2 angular": 0.57,
    "X IS": 0.62,
    "X CS": 0.65,
    "dr CS": 0.30,
    "X CS + dr CS": 0.66,
    "X init + X IS + dr IS": 0.63,
    "X init + X CS + dr CS": 0.67,
    "displacement inherent": 0.2,
    "displacement cage": 0.3,
}
SELECTIONS = tuple(LATE)


def displacement(times, cage=0.11, tau=800.0):
    """A caged particle: flight, plateau, diffusion."""
    caged = 1 / (1 / (np.sqrt(8 / np.pi) * times) ** 2 + 1 / cage**2)
    return np.sqrt(caged + 0.35 * (times / tau) ** 1.0)


def propensity_table(species="AB", times=TIMES):
    rows = [
        (time, name, value, 0.02 * value, value**2 * 1.2, np.exp(-value), 0.8, 0.9)
        for name, scale in zip("AB", (1.0, 1.4), strict=True)
        if name in species
        for time, value in zip(
            times, displacement(times, 0.11 * scale, TAU_ALPHA[name]), strict=True
        )
    ]
    numbers = ["propensity", "error", "msd", "f_s", "reliability", "ceiling"]
    return np.array(rows, [("time", float), ("species", "U1"), *((n, float) for n in numbers)])


def scores_table(species="AB", selections=SELECTIONS, times=TIMES):
    rows = []
    for name in species:
        for selection in selections:
            x = np.log10(times / TAU_ALPHA[name])
            r = 0.25 + 0.2 * np.exp(-((x + 4) ** 2)) + LATE[selection] * np.exp(-(x**2) / 6)
            r *= 0.95 if name == "B" else 1.0
            ceiling = 0.97 - 0.25 * np.exp(-((x + 2.2) ** 2) / 1.5)
            for time, value, top in zip(times, r, ceiling, strict=True):
                rows.append(
                    (time, name, "Ridge", selection, value, value - 0.03, value + 0.02, top)
                )
    labels = [("species", "U1"), ("learner", "U16"), ("features", "U64")]
    numbers = [(n, float) for n in ("r", "low", "high", "ceiling")]
    return np.array(rows, [("time", float), *labels, *numbers])


def structure_table(states=("initial", "inherent", "cage")):
    r = np.linspace(0.01, 4.99, 250)
    rows = [
        (state, species, neighbors, at, 1 + (i + 1) * np.exp(-(((at - 1) / 0.1) ** 2)))
        for i, state in enumerate(states)
        for species in "AB"
        for neighbors in ("A", "B", "all")
        for at in r
    ]
    labels = [("state", "U16"), ("species", "U1"), ("neighbors", "U3")]
    return np.array(rows, [*labels, ("r", float), ("g", float)])


def configurations_table(spread=0.01):
    rows = [
        (time, species, c, value * (1 + 0.1 * c), 1.2 + spread * c)
        for c in range(3)
        for species in "AB"
        for time, value in zip(TIMES, displacement(TIMES), strict=True)
    ]
    labels = [("time", float), ("species", "U1"), ("configuration", int)]
    return np.array(rows, [*labels, ("propensity", float), ("density", float)])


def selection_table(species="AB", sizes=(1, 2, 4, 10, 30, 100), times=TIMES):
    rows = [
        (name, time, n, 0.6 - 0.2 / n, 0.55 - 0.2 / n, 0.65 - 0.2 / n, 0.93)
        for name in species
        for time in times
        for n in sizes
    ]
    numbers = [(name, float) for name in ("r", "low", "high", "ceiling")]
    return np.array(rows, [("species", "U1"), ("time", float), ("n_features", int), *numbers])


def published_curves():
    rows = [
        (0.44, averaging, time, method, 0.5)
        for averaging in ("pooled", "per configuration")
        for method in ("one", "two")
        for time in (0.13, 13.0, 3000.0)
    ]
    return np.array(rows, PUBLISHED)


def shear_table():
    """Two configurations that yield once each."""
    rows = [
        (c, strain, strain**2 - c, (10 - c) * strain - 0.3 * (strain > 0.06), lost, lost > 0)
        for c in range(2)
        for strain in np.linspace(0, 0.1, 11)
        for lost in [0.5 * (abs(strain - 0.06) < 0.005)]
    ]
    return np.array(rows, [("configuration", int), *CURVE.descr])


def moved(seed=0):
    rng = np.random.default_rng(seed)
    start = Configuration(rng.random((200, 3)) * 6, np.arange(200) % 2, 6.0)
    return start, rng.exponential(size=200)


TABLES = {
    "shear": shear_table,
    "propensity": propensity_table,
    "scores": scores_table,
    "correlations": scores_table,
    "structure": structure_table,
    "configurations": configurations_table,
    "selection": selection_table,
}
# The column that a table cannot do without.
VALUES = {"propensity": "propensity", "structure": "g", "configurations": "propensity"}
OVER_TIME = [name for name, spec in FIGURES.items() if spec.section == "isoconfigurational"]
USES = [(name, i) for name in OVER_TIME for i in range(len(FIGURES[name].tables))]


def draw(name, *tables, **keywords):
    """Draw a figure from the tables given, and for the others from ours."""
    spec = FIGURES[name]
    if spec.published:
        keywords.setdefault("curves", published_curves())
    if spec.panels:
        keywords.setdefault("panels", [("one", *moved()), ("two", *moved(1))])
    if spec.section != "isoconfigurational":
        keywords.pop("tau_alpha", None)
    tables = [
        given if given is not None else TABLES[table]()
        for given, table in zip_longest(tables, spec.tables)
    ]
    return spec.function(*tables, **keywords)


def line(axes, label):
    (found,) = [line for line in axes.get_lines() if line.get_label() == label]
    return found.get_xdata(), found.get_ydata()


def column(table, name, **labels):
    rows = table[np.all([table[key] == value for key, value in labels.items()], axis=0)]
    return rows[np.argsort(rows["time"])][name]


def assert_curve(axes, label, table, name, **labels):
    x, y = line(axes, label)
    np.testing.assert_array_equal(x, column(table, "time", **labels))
    np.testing.assert_array_equal(y, column(table, name, **labels))


def assert_band(axes, index, table, low, high, **labels):
    corners = axes.collections[index].get_paths()[0].vertices
    for name, reduce in ((low, np.min), (high, np.max)):
        times = column(table, "time", **labels)
        edge = [reduce(corners[corners[:, 0] == time, 1]) for time in times]
        np.testing.assert_allclose(edge, column(table, name, **labels), rtol=1e-12)


@pytest.fixture
def shuffled():
    def shuffle(table):
        return table[np.random.default_rng(0).permutation(len(table))]

    return shuffle


def test_mean_propensity_shows_the_table(shuffled):
    table = shuffled(propensity_table())
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
    from cagebreak.figures.regimes import regimes

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
def test_generations_show_the_table(shuffled, species):
    table = shuffled(scores_table())
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
def test_generations_have_a_panel_for_each_species(shuffled, species):
    table = shuffled(scores_table(species))
    panels = draw("boattini2021.generations", table).axes
    assert len(panels) == len(species)
    for axes, name in zip(panels, species, strict=True):
        for features in ("LR0", "LR1", "LR2"):
            assert_curve(axes, features, table, "r", species=name, features=features)


def test_radial_and_angular_stand_beside_both(shuffled):
    table = shuffled(scores_table())
    panels = draw("boattini2021.radial_angular", table, species="B").axes
    for axes, generation in zip(panels, ("LR0", "LR2"), strict=True):
        for kind, features in (
            ("radial", f"{generation} radial"),
            ("angular", f"{generation} angular"),
            ("both", generation),
        ):
            assert_curve(axes, kind, table, "r", species="B", features=features)


def test_numbers_are_written_as_mathematics():
    from cagebreak.figures import style

    found = [style.number(value) for value in (0.0158, 631.0, 1e3, 4120.0)]
    assert found == ["0.0158", "631", "10^{3}", r"4.12\times 10^{3}"]


def test_a_selection_is_drawn_at_the_time_of_relaxation(shuffled):
    from cagebreak.figures import style

    table = shuffled(selection_table())
    lines = {"A": {"support vectors": 0.45}}
    figure = draw("boattini2021.selection", table, tau_alpha=TAU_ALPHA, others=lines)
    for axes, species in zip(figure.axes, "AB", strict=True):
        near = TIMES[np.abs(np.log(TIMES / TAU_ALPHA[species])).argmin()]
        x, y = line(axes, "selected")
        rows = table[(table["species"] == species) & (table["time"] == near)]
        rows = rows[np.argsort(rows["n_features"])]
        np.testing.assert_array_equal(x, rows["n_features"])
        np.testing.assert_array_equal(y, rows["r"])
        assert style.number(near) in axes.get_title(loc="left")
    assert line(figure.axes[0], "support vectors")[1] == [0.45, 0.45]


def learners_table(species="AB", learners=("ridge", "network", "graph")):
    costs = ("parameters", "training_seconds", "inference_seconds", "memory")
    differences = ("difference", "difference_low", "difference_high")
    parts = []
    for factor, learner in enumerate(learners, 1):
        scores = scores_table(species, ("LR0",))
        further = ((name, "f8") for name in (*differences, *costs))
        table = np.zeros(len(scores), [*scores.dtype.descr, *further])
        for name in scores.dtype.names:
            table[name] = scores[name]
        table["learner"] = learner
        table["r"] -= 0.01 * factor
        for name, wide in zip(differences, (0.0, -0.005, 0.005), strict=True):
            table[name] = -0.01 * (factor - 1) + (wide if factor > 1 else 0.0)
        for name in costs:
            table[name] = 10.0**factor
        parts.append(table)
    return np.concatenate(parts)


@pytest.mark.parametrize("species", ["A", "AB"])
def test_learners_stand_side_by_side_above_their_costs(shuffled, species):
    table = shuffled(learners_table(species))
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


def test_curves_lie_inside_the_panel():
    low = scores_table()
    low["r"] -= 0.9
    low["low"] -= 0.9
    for name in OVER_TIME:
        spec = FIGURES[name]
        of_r = [low if each in ("scores", "correlations") else None for each in spec.tables]
        for tables in ([], of_r):
            for axes in draw(name, *tables).axes:
                (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
                for drawn in axes.get_lines():
                    if drawn.get_label().startswith("_"):
                        continue
                    x, y = drawn.get_xdata(), drawn.get_ydata()
                    if axes.get_ylabel().startswith("$g(r)"):
                        x, y = x[(x > x0) & (x < x1)], y[(x > x0) & (x < x1)]
                    assert x0 < np.min(x) < np.max(x) < x1
                    assert y0 < np.min(y) <= np.max(y) < y1


@pytest.mark.parametrize(("name", "index"), USES)
def test_missing_columns_are_named(name, index):
    kind = FIGURES[name].tables[index]
    before, table = [None] * index, TABLES[kind]()
    value = VALUES.get(kind, "r")
    rest = [column for column in table.dtype.names if column != value]
    with pytest.raises(InputError, match=f"lacks the columns {value};"):
        draw(name, *before, table[rest])
    with pytest.raises(InputError, match="expected a structured array, got list"):
        draw(name, *before, [1, 2])
    with pytest.raises(InputError, match="at least one row"):
        draw(name, *before, table[:0])
    if kind == "structure":
        return
    if kind == "selection":
        with pytest.raises(InputError, match="one row a time and number"):
            draw(name, *before, np.concatenate([table, table]))
    elif kind != "configurations":
        with pytest.raises(InputError, match="one row a time"):
            draw(name, *before, np.concatenate([table, table]))
    table["time"] = 0
    with pytest.raises(InputError, match=r"times (and propensities )?> 0"):
        draw(name, *before, table)


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("alkemade2022.generations", "LR1"),
        ("boattini2021.generations", "LR2"),
        ("boattini2021.radial_angular", "LR2 angular"),
        ("alkemade2023.states", "LR2"),
        ("alkemade2023.published", "X init + X CS + dr CS"),
        ("alkemade2023.contributions", "X CS + dr CS"),
    ],
)
def test_missing_selections_are_named(name, missing):
    selections = [selection for selection in SELECTIONS if selection != missing]
    with pytest.raises(
        InputError, match=rf"no rows for features '{re.escape(missing)}'.*has LR0, "
    ):
        draw(name, scores_table(selections=selections))


def test_scores_that_are_no_numbers_are_named():
    table = scores_table()
    table["r"][table["features"] == "LR1"] = np.nan
    with pytest.raises(InputError, match="no finite r for species 'A', features 'LR1'"):
        draw("alkemade2022.generations", table)


@pytest.mark.parametrize("name", ["alkemade2022.generations", "boattini2021.radial_angular"])
def test_missing_species_are_named(name):
    with pytest.raises(InputError, match=r"no rows for species 'A'.*has B"):
        draw(name, scores_table(species="B"))


@pytest.mark.parametrize("name", FIGURES)
def test_saved_as_png_and_pdf(name, tmp_path):
    from cagebreak.figures.style import save

    figure = draw(name, tau_alpha=TAU_ALPHA)
    assert isinstance(figure, Figure)
    png, pdf = save(figure, tmp_path / "new" / "eta0.58")
    assert (png.name, pdf.name) == ("eta0.58.png", "eta0.58.pdf")
    assert png.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert pdf.read_bytes()[:5] == b"%PDF-"
    first = pdf.read_bytes()
    save(draw(name, tau_alpha=TAU_ALPHA), tmp_path / "new" / "eta0.58")
    assert pdf.read_bytes() == first


class TestAlkemade2023:
    """Fig. 1 to 5: each curve is the table's."""

    def test_accuracy_stands_below_the_propensity(self, shuffled):
        propensity, scores = shuffled(propensity_table()), shuffled(scores_table())
        above, below = draw("alkemade2023.accuracy_and_regimes", propensity, scores).axes
        (drawn,) = above.get_lines()
        np.testing.assert_array_equal(
            drawn.get_ydata(), column(propensity, "propensity", species="A")
        )
        assert_curve(below, r"$r$ from $X^\mathrm{init}$", scores, "r", species="A", features="LR2")
        edges = [(p.get_bbox().x0, p.get_bbox().x1) for p in (above.patches[0], below.patches[0])]
        assert edges[0] == edges[1]
        assert {"ballistic", "caging", "diffusive"} <= {text.get_text() for text in above.texts}

    def test_displacements_stand_above_the_structure(self, shuffled):
        table, structure = shuffled(scores_table()), shuffled(structure_table())
        above, below = draw("alkemade2023.cage_displacement", table, structure, species="B").axes
        for label, features in (("IS", "displacement inherent"), ("CS", "displacement cage")):
            label = rf"$\Delta r^\mathrm{{{label}}}$"
            assert_curve(above, label, table, "r", species="B", features=features)
        rows = structure[(structure["species"] == "B") & (structure["neighbors"] == "all")]
        for label, state in (("initial", "initial"), ("cage state", "cage")):
            x, y = line(below, label)
            expected = np.sort(rows[rows["state"] == state], order="r")
            np.testing.assert_array_equal(x, expected["r"])
            np.testing.assert_array_equal(y, expected["g"])

    def test_states_stand_alone_and_together(self, shuffled):
        table = shuffled(scores_table())
        above, below = draw("alkemade2023.states", table, tau_alpha=TAU_ALPHA).axes
        for axes, label, features in (
            (above, r"$X^\mathrm{init}$", "LR2"),
            (above, r"$X^\mathrm{IS}$", "X IS"),
            (above, r"$X^\mathrm{CS}$", "X CS"),
            (below, r"$X^\mathrm{init}$", "LR2"),
            (
                below,
                r"$X^\mathrm{init}, X^\mathrm{CS}, \Delta r^\mathrm{CS}$",
                "X init + X CS + dr CS",
            ),
        ):
            assert_curve(axes, label, table, "r", species="A", features=features)

    def test_what_a_table_lacks_of_a_comparison_is_left_out(self):
        some = scores_table(selections=("LR2", "X CS", "X init + X CS + dr CS"))
        above, below = draw("alkemade2023.states", some).axes
        labels = [
            [each.get_label() for each in axes.get_lines() if each.get_label()[0] != "_"]
            for axes in (above, below)
        ]
        assert [len(each) for each in labels] == [3, 3]
        with pytest.raises(InputError, match=r"expected one of the features .*X CS"):
            draw("alkemade2023.states", scores_table(selections=("LR2",)))
        with pytest.raises(InputError, match="expected one of the features displacement"):
            draw("alkemade2023.cage_displacement", scores_table(selections=("LR2",)))

    @pytest.mark.parametrize("name", ["alkemade2023.cage_displacement", "alkemade2023.states"])
    def test_several_models_stand_side_by_side(self, name):
        models = ("hard spheres", "harmonic spheres", "Kob-Andersen")
        tables = [dict.fromkeys(models, TABLES[kind]()) for kind in FIGURES[name].tables]
        tau_alpha = {model: {"A": 10.0**i} for i, model in enumerate(models)}
        axes = draw(name, *tables, tau_alpha=tau_alpha).axes
        assert len(axes) == 6
        names = [each.get_title(loc="left") for each in axes]
        for i, model in enumerate(models):
            assert names[i] == f"({'abc'[i]}) {model}"
            assert names[3 + i] == f"({'def'[i]}) {model}"
            marks = [each.get_xdata()[0] for each in axes[i].get_lines() if each.get_ls() == ":"]
            assert marks == [10.0**i]

    def test_models_of_two_tables_are_the_same(self):
        one, other = {"a": scores_table()}, {"b": structure_table()}
        with pytest.raises(InputError, match=r"structure: expected tables of a, .* got b"):
            draw("alkemade2023.cage_displacement", one, other)

    def test_published_curves_stand_beside_ours(self, shuffled):
        table = scores_table()
        curves = shuffled(published_curves())
        curves["pearson"][curves["method"] == "two"] = 0.7
        (axes,) = draw("alkemade2023.published", table, curves=curves).axes
        assert_curve(axes, "this study", table, "r", species="A", features="X init + X CS + dr CS")
        for method, r in (("one", 0.5), ("two", 0.7)):
            x, y = line(axes, method)
            np.testing.assert_array_equal(x, [0.13, 13.0, 3000.0])
            np.testing.assert_array_equal(y, [r] * 3)
        with pytest.raises(InputError, match=r"curves: none at temperature 0.5, .*has 0.44"):
            draw("alkemade2023.published", table, curves=curves, temperature=0.5)

    @pytest.mark.parametrize("spread", [0.0, 0.01])
    def test_configurations_are_colored_by_density_if_it_differs(self, shuffled, spread):
        table = shuffled(configurations_table(spread))
        axes, *colorbar = draw("alkemade2023.configurations", table).axes
        assert len(colorbar) == (spread > 0)
        rows = table[table["species"] == "A"]
        points = axes.collections[0]
        np.testing.assert_array_equal(points.get_offsets()[:, 1], rows["propensity"])
        if spread:
            np.testing.assert_array_equal(points.get_array(), rows["density"])
        x, y = axes.get_lines()[0].get_data()
        np.testing.assert_array_equal(x, TIMES)
        np.testing.assert_allclose(y, displacement(TIMES) * 1.1)
        bars = axes.collections[1].get_segments()
        heights = [(bar[1, 1] - bar[0, 1]) / 2 for bar in bars]
        np.testing.assert_allclose(heights, 2 * 0.1 * displacement(TIMES))

    def test_contributions_have_forces_where_there_are(self, shuffled):
        table = shuffled(scores_table())
        (axes,) = draw("alkemade2023.contributions", table).axes
        assert_curve(axes, "all of these", table, "r", species="A", features="X CS + dr CS")
        names = ("F", "F + X CS + dr CS", "F + X init + X CS + dr CS")
        LATE.update(dict(zip(names, (0.1, 0.7, 0.72), strict=True)))
        more = scores_table(selections=("X CS", "dr CS", *names))
        (axes,) = draw("alkemade2023.contributions", more).axes
        for label, features in (
            (r"$F^\mathrm{net,0}$", "F"),
            ("all of these", names[1]),
            (r"all and $X^\mathrm{init}$", names[2]),
        ):
            assert_curve(axes, label, more, "r", species="A", features=features)


class TestLiterature:
    def test_reads_its_columns_among_others(self, tmp_path):
        path = tmp_path / "curves.csv"
        path.write_text(
            "method,note,pearson,time,averaging,temperature\nGNN,x,0.75,1e2,pooled,0.44\n"
        )
        (row,) = read_published(path)
        assert row.tolist() == (0.44, "pooled", 100.0, "GNN", 0.75)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("", "expected the columns temperature, "),
            ("method,pearson,time,temperature\n", "expected the columns averaging"),
            ("temperature,averaging,time,method,pearson\n1,a,2,b,?\n", "line 2: could not conv"),
            ("temperature,averaging,time,method,pearson\n1,a,2,b,0\n1,a\n", "line 3: expected a v"),
        ],
    )
    def test_what_is_wrong_is_named(self, tmp_path, text, expected):
        path = tmp_path / "curves.csv"
        path.write_text(text)
        with pytest.raises(FileFormatError, match=f"curves.csv.*{expected}"):
            read_published(path)

    @pytest.mark.external
    def test_the_published_table(self):
        path = LITERATURE / "pearson-kob-andersen-a-particles.csv"
        if not path.exists():
            pytest.skip(f"{path.name} is absent")
        curves = read_published(path)
        assert len(curves) == 480
        assert np.abs(curves["pearson"]).max() <= 1


def test_the_registry_needs_no_matplotlib_and_the_figures_no_pyplot():
    code = """if True:
        import sys
        from cagebreak.figures import FIGURES
        assert all((spec.tables or spec.panels) and spec.title for spec in FIGURES.values())
        assert "matplotlib" not in sys.modules
        assert all(callable(spec.function) for spec in FIGURES.values())
        assert "matplotlib" in sys.modules
        from cagebreak.figures.style import look
        with look():
            pass
        assert "matplotlib.pyplot" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", code], check=True)


def test_drawing_neither_changes_nor_heeds_the_callers_settings():
    import matplotlib as mpl

    with mpl.rc_context({"lines.linewidth": 9.0, "axes.facecolor": "black"}):
        before = dict(mpl.rcParams)
        (axes,) = draw("alkemade2022.generations").axes
        assert dict(mpl.rcParams) == before
        assert axes.get_lines()[0].get_linewidth() < 2
        assert axes.get_facecolor() == (1, 1, 1, 1)


class TestRegimes:
    def find(self, *data):
        from cagebreak.figures.regimes import regimes

        return regimes(*data)

    def test_of_a_caged_particle(self):
        found = self.find(TIMES, displacement(TIMES))
        # Flight meets the plateau at t = cage / speed, diffusion leaves it at 0.35 t/tau = cage^2.
        assert 0.3 < found.caging_begins / (0.11 / np.sqrt(8 / np.pi)) < 3
        assert 0.3 < found.caging_ends / (800 * 0.11**2 / 0.35) < 3

    def test_do_not_depend_on_units(self):
        found = self.find(TIMES, displacement(TIMES))
        scaled = self.find(7 * TIMES, 3 * displacement(TIMES))
        assert scaled.caging_begins == pytest.approx(7 * found.caging_begins, rel=1e-9)
        assert scaled.caging_ends == pytest.approx(7 * found.caging_ends, rel=1e-9)

    def test_without_diffusion(self):
        short = TIMES[TIMES < 1]
        assert self.find(short, displacement(short)).caging_ends == np.inf

    def test_without_flight(self):
        late = TIMES[TIMES > 1]
        assert self.find(late, displacement(late)).caging_begins == 0

    def test_without_cages(self):
        found = self.find(TIMES, TIMES / np.sqrt(1 + TIMES))
        assert found.caging_begins == found.caging_ends == pytest.approx(1, rel=0.05)

    @pytest.mark.parametrize(
        "data",
        [
            ([1, 2], [1, 2]),
            ([1, 2, 3], [1, 2]),
            ([1, 1, 2], [1, 2, 3]),
            ([0, 1, 2], [1, 2, 3]),
            ([1, 2, 3], [0, 1, 2]),
        ],
    )
    def test_input_that_cannot_be_used(self, data):
        with pytest.raises(InputError, match="times, displacement"):
            self.find(*data)
