"""The report of a study, opened and clicked in a browser: what it shows is what the study has."""

import re
import shutil

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.study.analysis.report.page import Report
from support.browser import needs_chromium, page
from support.paths import ROOT
from support.tiny_study import write_recipe
from support.trajectory_files import moved, places, write_dump

NASTY = '</script><b>&"LR1'
"""A name that would end a script or an attribute, were it not escaped."""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    selections = {
        "LR0": {"generations": 0, "kind": "radial", "states": ["initial"]},
        NASTY: {"generations": 1, "kind": "radial", "states": ["initial"]},
    }
    path = tmp_path_factory.mktemp("report") / "hs.toml"
    study = cb.Study(write_recipe(path, selections=selections))
    study.run("serial", progress=False)
    return study


@pytest.fixture(scope="module")
def file(study):
    path = study.recipe.path.with_name("report.html")
    study.report(path)
    return path


@pytest.fixture(scope="module")
def browser():
    with page() as opened:
        yield opened


@pytest.fixture
def opened(browser, file):
    with browser.shown(file, 1280, 900):
        yield browser


def rows(opened):
    """The cells of the rows of the scores that are shown."""
    return opened.run(
        """[...document.querySelectorAll('#scores tbody tr')].filter(row => !row.hidden)
        .map(row => [...row.cells].map(cell => cell.dataset.value))"""
    )


def choose(opened, selector, value):
    opened.run(
        f"""(() => {{ const control = document.querySelector({selector!r});
        control.value = {value!r}; control.dispatchEvent(new Event('input')); }})()"""
    )


def test_it_is_one_small_file_and_the_same_each_time(study, file, tmp_path):
    text = file.read_text(encoding="utf-8")
    assert len(text) < 3e6
    assert NASTY not in text
    assert not re.search(r'(?:src|href)="(?!data:|#)', text)
    # Runs may be deleted once their sums are there.
    shutil.rmtree(study.store.folder / "run")
    study.report(tmp_path / "again.html")
    assert (tmp_path / "again.html").read_text(encoding="utf-8") == text


@needs_chromium
def test_state_costs_versions_and_recipe_are_there(opened, study):
    state = opened.run("document.querySelector('#state').textContent")
    assert "tau_alpha of A: " in state
    assert "equilibrated for" in state
    assert "9 of 9" in state
    assert not opened.run("document.querySelectorAll('.warning').length")
    costs = opened.run("[...document.querySelectorAll('#costs tbody tr')].map(r => r.textContent)")
    assert costs[1].startswith("run9")
    assert "numpy" + np.__version__ in opened.run("document.querySelector('#versions').textContent")
    recipe = opened.run("document.querySelector('#recipe pre').textContent")
    assert recipe == study.recipe.path.read_text(encoding="utf-8")


@needs_chromium
def test_scores_are_filtered_and_sorted(opened, study):
    scores = study.rows("scores")
    tau = next(iter(study.relaxation().values()))
    near = scores["time"][np.argmin(np.abs(np.log(scores["time"] / tau)))]
    assert len(rows(opened)) == (scores["time"] == near).sum()
    choose(opened, "[name=time]", "")
    assert len(rows(opened)) == len(scores)
    choose(opened, "[name=features]", NASTY)
    choose(opened, "[name=species]", "A")
    wanted = scores[(scores["features"] == NASTY) & (scores["species"] == "A")]
    column = scores.dtype.names.index("r")
    for sign in (1, -1):
        opened.run(f"document.querySelectorAll('#scores th button')[{column}].click()")
        found = [float(row[column]) for row in rows(opened)]
        assert found == (sign * np.sort(sign * wanted["r"])).tolist()
    assert opened.run("document.querySelector('[data-role=count]').textContent") == (
        f"{len(wanted)} of {len(scores)} rows"
    )


@needs_chromium
def test_the_point_under_the_pointer_is_read(opened, study):
    name = "alkemade2022.mean_propensity"
    table = study.rows("propensity")
    of_a = np.sort(table[table["species"] == "A"], order="time")
    opened.run(f"document.getElementById('{name}').scrollIntoView()")
    left, top, scale, places = opened.run(
        f"""(() => {{ const figure = document.getElementById('{name}');
        const box = figure.querySelector('[data-figure]').getBoundingClientRect();
        const panels = JSON.parse(figure.querySelector('[data-role=panels]').textContent);
        const curve = panels[0].curves.find(each => each.name === 'A particles');
        const width = figure.querySelector('[data-figure]').dataset.figure;
        return [box.left, box.top, box.width / width, curve.at]; }})()"""
    )
    assert len(places) == len(of_a)
    for i in (0, 2):
        opened.mouse("mouseMoved", left + scale * places[i][0], top + scale * places[i][1])
        reading = f"document.getElementById('{name}').querySelector('[data-role=reading]')"
        opened.wait(f"{reading}.textContent.includes('= {of_a['time'][i]:.5g},')")
        text = opened.run(f"{reading}.textContent")
        assert text.startswith("A particles: t / τ = ")
        assert float(re.search(r"= ([\d.e-]+)(?: \(|$)", text)[1]) == pytest.approx(
            of_a["propensity"][i], rel=1e-4
        )


@needs_chromium
def test_particles_turn_with_slider_and_filter(opened, study):
    opened.run("document.querySelector('[data-view]').scrollIntoView()")
    measured = study.propensity(0)
    place = opened.run("[...Array(120).keys()].map(i => [i, ...view.place(i)])")
    seen = [i for i, x, y in place if opened.run(f"view.pick({x}, {y})") == i]
    i, x, y = place[seen[len(seen) // 2]]
    for t in (0, 3):
        choose(opened, "[data-role=time]", str(t))
        opened.mouse("mouseMoved", x, y)
        note = opened.run("document.querySelector('[data-role=note]').textContent")
        species = "AB"[measured.species[i]]
        assert note.startswith(f"particle {i}, {species}: measured propensity ")
        assert float(note.split()[-1]) == pytest.approx(measured.mean[t, i], rel=5e-3)
        opened.mouse("mouseMoved", 1, 1)
    opened.run(f"document.querySelector('[name=\"species {species}\"]').click()")
    assert opened.run(f"view.pick({x}, {y})") != i
    # The wheel scrolls the page, until the view is clicked.
    before = opened.run("view.place(0)")
    opened.mouse("mouseWheel", x, y, deltaX=0, deltaY=200)
    opened.wait("scrollY > 0")
    after = opened.run("view.place(0)")
    assert after[0] == pytest.approx(before[0])


@needs_chromium
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_a_phone_and_follows_the_mode(opened, width, dark):
    opened.show(width, 800, dark)
    opened.wait(f"innerWidth === {width}")
    assert opened.run("document.documentElement.scrollWidth") <= width
    corner = opened.screenshot()[3, 3].astype(int)
    assert corner.max() < 60 if dark else corner.min() > 240


@needs_chromium
def test_of_a_study_that_is_not_done_it_has_what_there_is(browser, tmp_path):
    fresh = cb.Study(write_recipe(tmp_path / "hs.toml"))
    fresh.report(tmp_path / "report.html")
    with browser.shown(tmp_path / "report.html"):
        warning = browser.run("document.querySelector('.warning').textContent")
        assert warning == "the study is not done; next: cagebreak run hs.toml"
        assert "not done yet" in browser.run("document.querySelector('#particles').textContent")
    assert not (tmp_path / "hs").exists()


@needs_chromium
def test_imported_configurations_without_runs_have_a_report(browser, study, tmp_path):
    files = [tmp_path / f"{c}.xyz" for c in range(2)]
    for c, file in enumerate(files):
        cb.write(file, study.configuration(c))
    parameters = {"packing_fraction": 0.45}
    imported = cb.Study.import_files(
        tmp_path / "own.toml", files, model="hard_spheres", parameters=parameters
    )
    imported.run("serial", progress=False)
    imported.report(tmp_path / "report.html")
    with browser.shown(tmp_path / "report.html"):
        assert "there is no fit" in browser.run("document.querySelector('.warning').textContent")
        assert browser.run("view.pick(...view.place(0))") >= 0


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_study_whose_fit_is_refused_has_a_report_that_says_why(tmp_path):
    starts = [places(0), places(1), places(2), places(0)[:, [1, 2, 0]]]  # one is a rotated copy
    runs = [[start, moved(start, 0.1, q)] for q, start in enumerate(starts)]
    files = [write_dump(tmp_path / f"{q}.dump", run, [0, 10]) for q, run in enumerate(runs)]
    copies = cb.Study.import_files(
        tmp_path / "rotated.toml", files, model="kob-andersen", timestep=0.01
    )
    copies.run("serial", progress=False)
    copies.report(tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    (warning,) = re.findall('<p class="warning">(.*?)</p>', text)
    assert warning.startswith("there is no fit: samples[0]: expected another configuration than")
    assert "There are no scores." in text
    assert '"name":"measured propensity"' in text
    assert "predicted propensity" not in text
    assert '<figure id="alkemade2023.configurations">' in text


def test_a_shear_is_shown_from_its_first_window_with_an_event(tmp_path):
    shutil.copytree(ROOT / "datasets" / "shear-kob-andersen", tmp_path / "shear")
    study = cb.Study(tmp_path / "shear" / "ka.toml")
    windows = study.shear(0).windows
    assert not windows[0].events
    shown = [window for window in windows if window.events][:9]
    report = Report(study.recipe, study.store, study.status(), study._gallery())
    columns, *_ = report._columns(len(study.configuration(0)))
    assert list(columns) == [f"D²min from strain {window.strain:.3g}" for window in shown]
    for values, window in zip(columns.values(), shown, strict=True):
        np.testing.assert_array_equal(values, window.d2min)
        assert values.any()
