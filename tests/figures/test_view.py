"""A view in three dimensions, opened in a browser: what is seen is what was given."""

import html
import re

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import Normalize

import cagebreak as cb
from cagebreak.errors import InputError
from cagebreak.figures import maps, style
from support.browser import needs_chromium, page

TIMES = np.array([0.1, 1.0, 10.0])
NAMED = "</script><b>&propensity"
"""A name that would end the script, were it not escaped."""


def particles(n=216, box=6.6):
    rng = np.random.default_rng(0)
    positions = np.mgrid[:6, :6, :6].reshape(3, -1).T * 1.1 + rng.normal(0, 0.1, (n, 3))
    return cb.Configuration(positions, rng.integers(0, 2, n), box), rng


@pytest.fixture(scope="module")
def columns():
    _, rng = particles()
    propensity = rng.exponential(size=(3, 216)) * TIMES[:, None]
    propensity[1, ::5] = np.nan
    return {NAMED: propensity, "difference": rng.normal(size=216)}


@pytest.fixture(scope="module")
def file(columns, tmp_path_factory):
    path = tmp_path_factory.mktemp("view") / "view.html"
    configuration, _ = particles()
    cb.view(configuration, columns, times=TIMES, diameters=(1.0, 0.8), title="a <b>").save(path)
    return path


@pytest.fixture(scope="module")
def browser():
    with page() as opened:
        yield opened


@pytest.fixture
def opened(browser, file):
    with browser.shown(file):
        yield browser


def choose(opened, role, value):
    """Set a control as its user does."""
    opened.run(
        f"""(() => {{ const control = document.querySelector('[data-role="{role}"]');
        control.value = '{value}'; control.dispatchEvent(new Event('input')); }})()"""
    )


def grid(opened, step=11):
    """The particle and the pixel at places all over the canvas."""
    opened.run("view.draw()")
    left, top, right, bottom = opened.run(
        """(() => { const box = document.querySelector('canvas').getBoundingClientRect();
        return [box.left, box.top, box.right, box.bottom]; })()"""
    )
    x, y = np.meshgrid(np.arange(left + 3, right - 3, step), np.arange(top + 3, bottom - 3, step))
    places = np.rint([x.ravel(), y.ravel()]).T.astype(int)
    seen = opened.run(f"{(places + 0.5).tolist()}.map(([x, y]) => view.pick(x, y))")
    return np.array(seen), opened.screenshot()[places[:, 1], places[:, 0]].astype(float)


def at_centers(opened):
    """The particles whose centers are seen, and the pixels there."""
    opened.run("view.draw()")
    places = np.array(opened.run("[...Array(216).keys()].map(view.place)"))
    # The pixel may belong to another sphere that begins there.
    around = [[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]]
    nearby = (places[:, None] + around).reshape(-1, 2).tolist()
    seen = np.array(opened.run(f"{nearby}.map(([x, y]) => view.pick(x, y))")).reshape(216, 5)
    shown = np.flatnonzero((seen == np.arange(216)[:, None]).all(axis=1))
    pixels = opened.screenshot()[places[shown, 1].astype(int), places[shown, 0].astype(int)]
    return shown, pixels.astype(float)


def assert_colors(pixels, wanted):
    """Compare to one step of 256 colors and the shade a pixel off the center, but for box edges."""
    assert (np.abs(pixels - wanted).max(axis=-1) < 6).mean() > 0.95


def expected(values, symmetric=False):
    low, high = np.percentile(values[np.isfinite(values)], [maps.CUT, 100 - maps.CUT])
    if symmetric:
        high = max(-low, high)
        low = -high
    colors = mpl.colormaps[maps.DIFFERENCES if symmetric else maps.VALUES]
    rgb = 255 * colors(Normalize(low, high, clip=True)(values))[:, :3]
    rgb[~np.isfinite(values)] = 128
    return rgb


@needs_chromium
def test_colors_at_the_centers_of_particles_are_their_values(opened, columns):
    for column, values in enumerate(columns.values()):
        choose(opened, "column", column)
        for t in range(3) if values.ndim == 2 else [0]:
            choose(opened, "time", t)
            opened.run("view.rotate(0.7, 0.3)")
            shown, pixels = at_centers(opened)
            assert len(shown) > 30
            wanted = expected(values[t] if values.ndim == 2 else values, values.ndim == 1)
            assert_colors(pixels, wanted[shown])
            assert np.ptp(pixels, axis=0).max() > 100


@needs_chromium
def test_species_have_their_colors_and_can_be_hidden(opened):
    configuration, _ = particles()
    choose(opened, "column", 2)
    shown, pixels = at_centers(opened)
    palette = [mpl.colors.to_rgb(style.species_look(name)[0]) for name in "AB"]
    wanted = 255 * np.array(palette)[configuration.species[shown]]
    assert_colors(pixels, wanted)
    assert set(configuration.species[shown]) == {0, 1}
    opened.run("document.querySelector('[name=\"species A\"]').click()")
    shown, pixels = at_centers(opened)
    assert set(configuration.species[shown]) == {1}
    assert_colors(pixels, 255 * np.array(palette[1]))


BOXES = {"cube": np.eye(3) * 6.6, "sheared": [[6.6, 0, 0], [2.0, 6.6, 0], [-1.0, 1.5, 6.6]]}


@needs_chromium
@pytest.mark.parametrize("box", BOXES)
def test_a_plane_cuts_spheres_into_flat_discs(browser, columns, box, tmp_path):
    configuration = cb.Configuration(particles()[0].positions, particles()[0].species, BOXES[box])
    values = columns[NAMED][2]
    cb.view(configuration, values, diameters=(1.0, 0.8)).save(tmp_path / "view.html")
    tints = expected(values)
    radii = np.array([0.5, 0.4])[configuration.species]
    heights = configuration.box.heights
    discs: list[float] = []
    with browser.shown(tmp_path / "view.html"):
        for axis in range(3):
            choose(browser, "axis", axis + 1)
            choose(browser, "cut", 0.31)
            browser.run("view.rotate(0.2, 0)")
            seen, pixels = grid(browser)
            hit = seen >= 0
            particle = seen[hit]
            # Nothing is left beyond the plane, and what it cuts is seen.
            fractions = (configuration.wrapped @ configuration.box.inverse)[particle, axis]
            center = (fractions - 0.31) * heights[axis]
            assert (center - radii[particle]).max() < 0
            assert (center + radii[particle] > 0).sum() > 20
            # The graphics card and `pick` agree on what is where, but for lines and edges.
            shade = pixels[hit].max(axis=1) / tints[particle].max(axis=1)
            right = np.abs(pixels[hit] - shade[:, None] * tints[particle]).max(axis=1) < 6
            assert right.mean() > 0.9
            assert (np.abs(pixels[~hit] - 255).max(axis=1) == 0).mean() > 0.9
            discs += shade[right & (center > 0.05)].tolist()
    # Of a sphere whose center is cut away, mostly the disc is left to be seen.
    assert len(discs) > 30
    assert (np.abs(np.array(discs) - 1) < 0.02).mean() > 0.6


@needs_chromium
def test_mouse_wheel_and_keys_turn_and_zoom(opened):
    def places():
        return np.array(opened.run("[...Array(216).keys()].map(view.place)"))

    start = places()
    opened.mouse("mousePressed", 300, 250)
    opened.mouse("mouseMoved", 350, 270)
    opened.mouse("mouseReleased", 350, 270)
    turned = places()
    assert np.abs(turned - start).max() > 20
    # What is in front follows the mouse.
    front = opened.run("view.pick(350, 270)")
    assert front >= 0
    opened.mouse("mouseWheel", 300, 250, deltaX=0, deltaY=-300)
    opened.run("new Promise(done => requestAnimationFrame(done))")
    zoomed = places()
    center = zoomed.mean(axis=0)
    growth = np.linalg.norm(zoomed - center, axis=1) / np.linalg.norm(
        turned - turned.mean(axis=0), axis=1
    )
    np.testing.assert_allclose(growth, np.exp(0.45), rtol=1e-3)
    opened.run("document.querySelector('canvas').focus()")
    opened.send("Input.dispatchKeyEvent", type="keyDown", key="ArrowLeft", code="ArrowLeft")
    assert np.abs(places() - zoomed).max() > 5


@needs_chromium
def test_where_drawing_is_slow_turning_is_coarse(opened):
    width = "document.querySelector('canvas').width"
    full = opened.run(width)
    opened.run("let clock = performance.now(); performance.now = () => (clock += 100); view.draw()")
    assert opened.run(width) == full  # nothing is turned
    opened.mouse("mousePressed", 300, 250)
    opened.run("view.draw(); view.draw()")
    assert opened.run(width) == full // 2
    opened.mouse("mouseReleased", 300, 250)
    opened.wait(f"{width} === {full}")


@needs_chromium
def test_the_particle_under_the_mouse_is_named_with_its_value(opened, columns):
    configuration, _ = particles()
    shown, _ = at_centers(opened)
    i = int(shown[len(shown) // 2])
    x, y = opened.run(f"view.place({i})")
    opened.mouse("mouseMoved", x, y)
    opened.wait(f"document.querySelector('[data-role=note]').textContent.includes('{i}')")
    text = opened.run("document.querySelector('[data-role=note]').textContent")
    species = "AB"[configuration.species[i]]
    assert text.startswith(f"particle {i}, {species}: {NAMED} ")
    assert float(text.split()[-1]) == pytest.approx(columns[NAMED][2, i], rel=5e-6)


@needs_chromium
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_a_phone_and_follows_the_mode(opened, width, dark):
    opened.show(width, 800, dark)
    opened.wait(
        f"innerWidth === {width} && document.querySelector('canvas').clientWidth === {width}"
    )
    opened.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    outside = opened.run(
        """[...document.querySelectorAll('.controls *, canvas')].filter(each => {
        const box = each.getBoundingClientRect();
        return box.right > innerWidth + 1 || box.bottom > innerHeight + 1; }).length"""
    )
    assert outside == 0
    assert opened.run("document.documentElement.scrollWidth") <= width
    corner = opened.screenshot()[60, 5].astype(int)
    assert corner.max() < 60 if dark else corner.min() > 240
    assert opened.run("document.title") == "a <b>"


def test_the_page_of_4096_particles_at_36_times_is_small(tmp_path):
    rng = np.random.default_rng(0)
    configuration = cb.Configuration(rng.random((4096, 3)) * 15, np.arange(4096) % 2, 15.0)
    view = cb.view(configuration, rng.random((36, 4096)), times=np.arange(36.0))
    view.save(tmp_path / "view.html")
    assert (tmp_path / "view.html").stat().st_size < 1e6
    assert not re.findall(r"https?://", view.html)


def test_a_notebook_shows_the_page_in_a_frame():
    configuration, rng = particles()
    frame = pd.DataFrame({"one": rng.random(216), "two": rng.random(216)})
    view = cb.view(configuration, frame)
    text = view._repr_html_()
    assert html.unescape(re.search('srcdoc="([^"]*)"', text)[1]) == view.html
    assert '"name":"one"' in view.html
    assert '"name":"two"' in view.html
    assert repr(view) == "View()"


@needs_chromium
def test_the_frame_of_a_notebook_is_drawn(browser, tmp_path):
    configuration, _ = particles()
    shown = cb.view(configuration, diameters=0.9)._repr_html_()
    (tmp_path / "notebook.html").write_text(f"<!doctype html><body>{shown}</body>")
    palette = [mpl.colors.to_rgb(style.species_look(name)[0]) for name in "AB"]
    with browser.shown(tmp_path / "notebook.html"):
        for color in palette:
            for _ in range(100):
                pixels = browser.screenshot().astype(float)
                if (np.abs(pixels - 255 * np.array(color)).max(axis=-1) < 3).sum() > 100:
                    break
            else:
                raise AssertionError("the frame stays empty")


def test_a_series_is_one_column():
    configuration, rng = particles()
    values = rng.random(216)
    assert cb.view(configuration, pd.Series(values)).html == cb.view(configuration, values).html


def test_masked_values_are_none():
    configuration, rng = particles()
    masked = np.ma.masked_greater(rng.random(216), 0.7)
    expected = cb.view(configuration, masked.filled(np.nan)).html
    assert cb.view(configuration, masked).html == expected


def test_no_column_is_needed():
    assert '"columns":[]' in cb.view(particles()[0]).html


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"values": np.ones(3)},
            r"values: expected shape \(216,\), or times, of .value., got \(3,\)",
        ),
        ({"values": np.ones((3, 216))}, "expected shape"),
        ({"values": np.ones((2, 216)), "times": TIMES}, r"\(216,\) or \(3, 216\) of 'value'"),
        ({"values": {"r": ["a"] * 216}}, "values: expected numbers in 'r'"),
        ({"values": np.full(216, 1j)}, "values: expected numbers in 'value'"),
        ({"values": np.full(216, np.nan)}, "values: expected at least one finite number"),
        ({"times": [[1.0]]}, "times: expected finite numbers"),
        ({"times": ["soon"]}, "times: expected finite numbers"),
        ({"diameters": -1}, "diameters: expected positive numbers"),
        (
            {"configuration": None},
            "configuration: expected a Configuration or one of .*, got NoneType",
        ),
    ],
)
def test_what_cannot_be_shown_is_named(change, message):
    configuration, _ = particles()
    with pytest.raises(InputError, match=message):
        cb.view(**{"configuration": configuration} | change)
