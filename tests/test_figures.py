"""Figures: the curves are the table's, missing data are named, files are written."""

import subprocess
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure

from cagebreak.errors import InputError
from cagebreak.figures import FIGURES

TIMES = np.geomspace(1e-2, 1e4, 37)
TAU_ALPHA = {"A": 800.0, "B": 500.0}
SELECTIONS = ("LR0", "LR1", "LR2", "LR0 radial", "LR0 angular", "LR2 radial", "LR2 angular")
# Height of r at long times: one for each selection.
LATE = dict(zip(SELECTIONS, (0.50, 0.58, 0.60, 0.47, 0.38, 0.54, 0.57), strict=True))


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
    labels = [("species", "U1"), ("learner", "U16"), ("features", "U16")]
    numbers = [(n, float) for n in ("r", "low", "high", "ceiling")]
    return np.array(rows, [("time", float), *labels, *numbers])


TABLES = {"propensity": propensity_table, "scores": scores_table}


def draw(name, table=None, **keywords):
    spec = FIGURES[name]
    return spec.function(TABLES[spec.table]() if table is None else table, **keywords)


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


def test_curves_lie_inside_the_panel():
    low = scores_table()
    low["r"] -= 0.9
    low["low"] -= 0.9
    for name in FIGURES:
        tables = [None] if FIGURES[name].table == "propensity" else [None, low]
        for table in tables:
            for axes in draw(name, table).axes:
                (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
                for drawn in axes.get_lines():
                    if drawn.get_label().startswith("_"):
                        continue
                    x, y = drawn.get_xdata(), drawn.get_ydata()
                    assert x0 < np.min(x) < np.max(x) < x1
                    assert y0 < np.min(y) < np.max(y) < y1


@pytest.mark.parametrize("name", FIGURES)
def test_missing_columns_are_named(name):
    table = TABLES[FIGURES[name].table]()
    value = "propensity" if FIGURES[name].table == "propensity" else "r"
    rest = [column for column in table.dtype.names if column != value]
    with pytest.raises(InputError, match=f"lacks the columns {value};"):
        draw(name, table[rest])
    with pytest.raises(InputError, match="expected a structured array, got list"):
        draw(name, [1, 2])
    with pytest.raises(InputError, match="at least one row"):
        draw(name, table[:0])
    with pytest.raises(InputError, match="one row a time"):
        draw(name, np.concatenate([table, table]))
    table["time"][0] = 0
    with pytest.raises(InputError, match="times > 0"):
        draw(name, table)


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("alkemade2022.generations", "LR1"),
        ("boattini2021.generations", "LR2"),
        ("boattini2021.radial_angular", "LR2 angular"),
    ],
)
def test_missing_selections_are_named(name, missing):
    selections = [selection for selection in SELECTIONS if selection != missing]
    with pytest.raises(InputError, match=rf"no rows for features '{missing}'.*has LR0, "):
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


def test_the_registry_needs_no_matplotlib_and_the_figures_no_pyplot():
    code = """if True:
        import sys
        from cagebreak.figures import FIGURES
        assert all(spec.table in ("scores", "propensity") and spec.title
                   for spec in FIGURES.values())
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
