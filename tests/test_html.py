"""What a notebook shows of an object: one line of text, and a small picture without scripts."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

import cagebreak as cb
from cagebreak._html import bars, card, curves
from cagebreak.learning import Sample, evaluate
from cagebreak.models.model import Model
from support.cage_systems import jittered
from support.tiny_study import write_recipe

HARD = cb.hard_spheres(0.3, composition=0.5)
START = jittered(3, np.diag([4.0, 4.0, 4.0]))
VOID = {"polyline", "circle", "path"}


class Checker(HTMLParser):
    """Collects text; knows whether every element is closed, and where numbers of pictures are."""

    def __init__(self):
        super().__init__()
        self.open, self.texts, self.tags, self.attributes = [], [], set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs
        self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def checked(html):
    parser = Checker()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    assert not parser.tags & {"script", "style", "link", "iframe", "img", "object"}
    for name, value in parser.attributes:
        assert not name.startswith("on")
        assert not re.search("https?:|javascript:|url\\(|nan|inf", value or "")
    # Text has the color of the page, so that it is read on dark and on light.
    assert not re.search(r"(?<![-\w])color:(?!inherit)|background:\s*(#fff|white|black)", html)
    return parser


def propensity(n_runs=4, n_times=5):
    random = np.random.default_rng(1)
    times = np.geomspace(0.1, 1000, n_times) if n_times > 1 else np.array([0.0])
    own = random.uniform(0.5, 1, 27)
    runs = [own * random.uniform(0.9, 1.1, (n_times, 27)) for _ in range(n_runs)]
    return cb.Propensity.from_runs(times, START.species, runs)


def scores(times=(1.0, 10.0), columns=(0, 1)):
    random = np.random.default_rng(0)
    samples = []
    for _ in range(3):
        x = random.normal(size=(20, 2))
        y = x @ [[1.0, 2], [0, 1]] + random.normal(size=(20, 2))
        samples.append(Sample(x, y[:, columns]))
    return evaluate(cb.RidgeCV(), samples, seed=0, times=times, n_resamples=10)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return cb.Study(write_recipe(tmp_path_factory.mktemp("a&b") / "tiny<i>.toml"))


def shown(study):
    cage = cb.cage_state(START, HARD, seed=1, sweeps=(5, 10))
    radial = cb.Radial(r=(1.0, 1.2), width=(0.1, 0.1), n_species=2)
    return {
        "Configuration": START,
        "Model": cb.fene_polymer(),
        "Propensity": propensity(),
        "Features": radial.compute(START),
        "CageState": cage,
        "Scores": scores(),
        "Study": study,
    }


@pytest.mark.filterwarnings("ignore::cagebreak.errors.ConfigurationWarning")
def test_each_has_one_line_and_one_picture(study):
    texts = {
        "Configuration": ["27 particles", "A", "4 x 4 x 4", "N / V"],
        "Model": ["fene_polymer", "0.47", "1.04", "20"],
        "Propensity": ["0.1 to 1000 tau", "mean over time", "noise ceiling of r"],
        "Features": ["27 particles x 4 columns", "initial radial", "4 columns"],
        "CageState": ["5 + 10", "acceptance"],
        "Scores": ["RidgeCV", "A", "best r", "r over time"],
        "Study": ["hard_spheres", "equilibrate", "0 of 3"],
    }
    for name, thing in shown(study).items():
        line = repr(thing)
        assert line.startswith(f"{name}(")
        assert "\n" not in line
        assert len(line) < 250
        html = thing._repr_html_()
        text = " ".join(checked(html).texts)
        for part in texts[name]:
            assert part in text, (name, part)
        assert len(html) < 20_000


def test_names_are_escaped(study):
    html = study._repr_html_()
    assert "tiny&lt;i&gt;.toml" in html
    assert "tiny<i>" not in html
    assert "&lt;b&gt;" in card("<b>", {})
    assert "&lt;b&gt;" in card("", {"<b>": "<b>"})
    assert "&lt;b&gt;" in bars({"<b>": (1, 2)})
    assert "&lt;b&gt;" in curves("<b>", np.ones(1), {"<b>": np.ones(1)})


def test_bars_are_as_long_as_what_is_done(study):
    widths = re.findall(r"width:([\d.]+)%", bars({"a": (0, 4), "b": (1, 4), "c": (0, 0)}))
    assert widths == ["0.0", "25.0", "100.0"]


def test_curves_are_where_the_values_are():
    x = np.array([1.0, 10, 100])
    html = curves("", x, {"one": np.array([0.0, 0.5, 1.0])}, (0.0, 1.0))
    points = re.search(r'points="([^"]*)"', html)[1].split()
    assert points == ["28.0,72.0", "110.0,50.0", "192.0,28.0"]
    gap = curves("", x, {"one": np.array([0.0, np.nan, 1.0])}, (0.0, 1.0))
    assert len(re.search(r'points="([^"]*)"', gap)[1].split()) == 2


@pytest.mark.parametrize("made", [propensity(1), propensity(4, 1), propensity(1, 1)])
def test_a_single_run_or_time_is_shown(made):
    checked(made._repr_html_())


def test_scores_are_drawn_in_the_order_of_time():
    expected = scores()._repr_html_()
    assert scores((10.0, 1.0), (1, 0))._repr_html_() == expected
    assert scores((10.0, 1.0))._repr_html_() != expected
    checked(scores((1.0, 1.0))._repr_html_())


def test_models_differ_in_their_line():
    models = [cb.kob_andersen(0.5), cb.kob_andersen(0.44), cb.hard_spheres(0.5), HARD]
    lines = {repr(model) for model in models}
    assert len(lines) == 4
    assert repr(models[0]) == (
        "Model(kob_andersen: species 80 % A of 1 + 20 % B of 0.88, density 1.203, temperature 0.5)"
    )
    assert all(isinstance(model, Model) for model in models)
