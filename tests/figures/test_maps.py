"""A map shows the particles that its plane cuts, in the colors of their values."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import Normalize
from matplotlib.text import Text

import cagebreak as cb
from cagebreak.errors import InputError
from cagebreak.figures import maps
from support.figure_tables import TAU_ALPHA, draw, map_table

BOXES = {
    "cube": np.diag([7.0, 7.0, 7.0]),
    "brick": np.diag([8.0, 7.0, 9.0]),
    "sheared": np.array([[7.0, 0, 0], [2.0, 7.0, 0], [-3.0, 4.0, 7.0]]),
    # Neither of the first two lattice vectors is in the plane of x and y.
    "turned": np.array([[7.0, 0, 1.0], [1.0, 7.0, -2.0], [0.5, 0.3, 8.0]]),
}


def crystal(box, seed=0):
    """Particles that do not overlap: a perturbed lattice with two species, and values."""
    rng = np.random.default_rng(seed)
    fractions = (np.mgrid[:7, :7, :7].reshape(3, -1).T + rng.uniform(-0.02, 0.02, (343, 3))) / 7
    values = rng.exponential(size=343)
    # Outside the box: periodic images are equivalent.
    positions = (fractions + rng.integers(-2, 3, (343, 3))) @ box
    return cb.Configuration(positions, rng.integers(0, 2, 343), box), values


def pixels(figure):
    canvas = FigureCanvasAgg(figure)
    figure.set_dpi(200)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].astype(int)


def colors(name, first, last, data):
    return np.rint(255 * mpl.colormaps[name](Normalize(first, last, clip=True)(data))[:, :3])


DIAMETERS = (0.9, 0.7)
HEIGHT = 0.02
"""So low that periodic images from the top of the box are cut too."""


@pytest.mark.parametrize("box", BOXES)
def test_a_pixel_has_the_color_of_the_particle_that_is_there(box):
    matrix = BOXES[box]
    configuration, values = crystal(matrix)
    predicted = 0.5 * values + 0.3
    predicted[::7] = np.nan
    figure = cb.figures.particle_map(
        configuration, values, predicted, diameters=DIAMETERS, height=HEIGHT
    )
    image = pixels(figure)
    low, high = np.percentile(values, [maps.CUT, 100 - maps.CUT])
    half = (high - low) / 2
    expected = [
        (values, colors(maps.VALUES, low, high, values)),
        (predicted, colors(maps.VALUES, low, high, predicted)),
        (predicted - values, colors(maps.DIFFERENCES, -half, half, predicted - values)),
    ]
    # Points all over the plane, and the spheres that they are in, by trying all particles.
    fractions = np.stack(np.meshgrid(*2 * [np.linspace(0.02, 0.98, 45)]), axis=-1).reshape(-1, 2)
    points = fractions @ matrix[:2] + HEIGHT * matrix[2]
    radii = np.array(DIAMETERS)[configuration.species] / 2
    vectors = configuration.box.minimum_image(points[:, None] - configuration.positions)
    inside = radii - np.linalg.norm(vectors, axis=-1)
    a, b = matrix[:2]
    along = a / np.linalg.norm(a)
    across = b - (b @ along) * along
    axes_of_plane = np.array([along, across / np.linalg.norm(across)]).T
    edges = matrix[:2] @ axes_of_plane
    in_cell = points @ axes_of_plane @ np.linalg.inv(edges) % 1
    # Neither the edge of a disc nor that of the cell is looked at.
    clear = (np.abs(inside) > 0.04).all(axis=1) & (np.abs(in_cell - 0.5) < 0.49).all(axis=1)
    assert (inside[clear] > 0).sum(axis=1).max() == 1
    for axes, (data, of_data) in zip(figure.axes[:3], expected, strict=False):
        places = np.rint(axes.transData.transform(in_cell @ edges) - 0.5).astype(int)
        found = image[len(image) - 1 - places[:, 1], places[:, 0]]
        wanted = np.full((len(points), 3), 255.0)
        hit, particle = np.nonzero(inside > 0)
        wanted[hit] = np.where(np.isnan(data)[particle, None], 255, of_data[particle])
        assert np.abs(found - wanted)[clear].max() <= 1
        assert clear.sum() > 500
        assert len(np.unique(particle[clear[hit]])) > 25
        assert (wanted[clear] == 255).all(axis=1).sum() > 100  # also between particles


def test_the_title_has_r_of_each_species_over_all_particles():
    configuration, values = crystal(BOXES["cube"])
    predicted = values + np.random.default_rng(1).normal(0, 1, len(values))
    predicted[5] = np.nan
    figure = cb.figures.particle_map(configuration, values, predicted, title="of our own")
    text = " ".join(t.get_text() for t in figure.findobj(Text))
    assert "of our own" in text
    r = []
    for s in (0, 1):
        rows = (configuration.species == s) & np.isfinite(predicted)
        r.append(np.corrcoef(values[rows], predicted[rows])[0, 1])
    assert f"predicted, $r$ = {r[0]:.2f} (A), {r[1]:.2f} (B)" in text
    of_one = cb.Configuration(configuration.positions, np.zeros(343, int), configuration.box)
    both = np.isfinite(predicted)
    r = np.corrcoef(values[both], predicted[both])[0, 1]
    assert maps.correlation(of_one, values, predicted) == f"$r$ = {r:.2f}"
    # Constant predictions have no r.
    assert maps.correlation(of_one, values, np.ones(343)) == ""


def test_values_alone_are_one_panel():
    configuration, values = crystal(BOXES["cube"])
    figure = cb.figures.particle_map(configuration, values)
    assert len(figure.axes) == 2  # with its color bar
    figure.canvas.draw()
    cb.figures.particle_map(configuration, np.ones(343)).canvas.draw()


def test_ends_of_the_color_scale():
    values = np.arange(101.0)
    values[[5, 50]] = np.nan
    low, high = np.percentile(values[np.isfinite(values)], [2, 98])
    assert maps.color_ends(values) == (low, high)
    assert maps.color_ends(values - 70, symmetric=True) == (70 - low, low - 70)[::-1]
    assert maps.color_ends(np.full(3, 7.0)) == (3.5, 10.5)
    low, high = maps.color_ends(np.full(3, 1e20))
    assert low < 1e20 < high
    assert maps.color_ends(np.full(3, np.nan)) == (-0.5, 0.5)


def test_the_title_of_a_study_says_what_is_shown():
    def title(**arguments):
        figure = draw("map", **arguments)
        return " ".join(t.get_text() for t in figure.findobj(Text))

    shown = title(tau_alpha=TAU_ALPHA)
    assert "configuration 0, held out" in shown
    assert r"t = 30\,\tau = 0.0375\,\tau_\alpha^\mathrm{A}$; LR2" in shown
    assert r"t = 30\,\tau = 0.06\,\tau_\alpha^\mathrm{B}$" in title(
        tau_alpha={"A": np.nan, "B": 500.0}
    )
    table = map_table()
    table["features"] = "a $ b"
    draw("map", table).canvas.draw()
    assert r"t = 30\,\tau$" in title(tau_alpha={"A": np.nan})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"values": np.ones(3)}, r"values: expected shape \(343,\), got \(3,\)"),
        ({"values": ["a"] * 343}, "values: expected numbers, got list"),
        ({"values": np.full(343, 1j)}, "values: expected numbers, got ndarray"),
        ({"values": np.full(343, np.nan)}, "values: expected at least one finite number"),
        ({"predicted": np.ones((343, 2))}, r"predicted: expected shape \(343,\)"),
        ({"diameters": 0.0}, r"diameters: expected positive numbers, got 0\.0"),
        ({"diameters": (1.0, np.nan)}, "diameters: expected positive numbers"),
        ({"diameters": "A"}, "diameters: expected positive numbers, got 'A'"),
        ({"diameters": ()}, "diameters: expected one for each of 2 species"),
        ({"height": 0.5 / 7, "diameters": 0.1}, "height: expected a plane that cuts particles"),
        ({"height": "0.5"}, "height: expected a fraction, such as 0.5, got '0.5'"),
        ({"height": np.inf}, "height: expected a fraction"),
        ({"configuration": 3}, "configuration: expected a Configuration or one of .*, got int"),
    ],
)
def test_what_cannot_be_drawn_is_named(change, message):
    configuration, values = crystal(BOXES["cube"])
    with pytest.raises(InputError, match=message):
        cb.figures.particle_map(**{"configuration": configuration, "values": values} | change)


def test_masked_values_are_none():
    configuration, values = crystal(BOXES["cube"])
    masked, missing = np.ma.array(values, mask=False), values.copy()
    masked[::3], missing[::3] = np.ma.masked, np.nan
    one, other = (
        pixels(cb.figures.particle_map(configuration, given, values)) for given in (masked, missing)
    )
    np.testing.assert_array_equal(one, other)


def test_rows_of_a_study_may_have_any_order():
    table = map_table()
    order = np.random.default_rng(0).permutation(len(table))
    one, other = (pixels(draw("map", rows)) for rows in (table, table[order]))
    np.testing.assert_array_equal(one, other)
    for rows in (table[:-1], np.concatenate([table, table])):
        with pytest.raises(InputError, match="table: expected one row for each of"):
            draw("map", rows)


def test_intervals_are_drawn_beside_the_prediction_and_the_errors_in_their_units():
    configuration, predicted = crystal(BOXES["cube"])
    widths, measured = 0.2 + 0.1 * predicted, predicted + np.linspace(-1, 1, 343)
    widths[3] = 0.0
    figure = cb.figures.interval_map(configuration, predicted, widths, measured)
    panels = [axes for axes in figure.findobj(mpl.axes.Axes) if axes.get_title()]
    names = ["predicted", "half width of the interval", "measured − predicted"]
    assert [axes.get_title() for axes in panels] == names
    discs = maps._Discs(configuration, 1.0, 0.5).particles
    ratio = np.where(widths > 0, (measured - predicted) / np.where(widths > 0, widths, 1), np.nan)
    for axes, values in zip(panels, (predicted, widths, ratio), strict=True):
        (circles,) = axes.collections
        np.testing.assert_allclose(circles.get_array().filled(np.nan), values[discs])
    assert panels[2].collections[0].get_clim() == (-2, 2)
    assert len(cb.figures.interval_map(configuration, predicted, widths).axes) == 4
    with pytest.raises(InputError, match=r"half_widths: expected shape \(343,\), got \(3,\)"):
        cb.figures.interval_map(configuration, predicted, widths[:3])
    with pytest.raises(InputError, match="half_widths: expected numbers from 0, got -"):
        cb.figures.interval_map(configuration, predicted, -widths)
