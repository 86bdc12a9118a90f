"""The documents: their links, the names and files and works they mention, the code they show."""

import json
import re
import tomllib
from importlib import import_module
from importlib.util import find_spec

import pytest

from cagebreak.study.recipe.schema import defaults
from support.paths import ROOT

FOLDERS = ("docs", "results", "datasets", "benchmarks", "examples")
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.md"))]
)
SCRIPTS = [
    f"/{path.relative_to(ROOT).as_posix()}"
    for folder in ("src", "tests", *FOLDERS)
    for path in (ROOT / folder).rglob("*.py")
]
# Each continues those before it.
DEMONSTRATIONS = [
    "descriptors/radial.md",
    "descriptors/angular.md",
    "descriptors/generations.md",
    "descriptors/papers.md",
    "descriptors/ace.md",
    "descriptors/coarse-grained.md",
    "states/inherent.md",
]
README = (ROOT / "README.md").read_text(encoding="utf-8")
REFERENCES = set(re.findall(r"^@\w+\{(\w+),", (ROOT / "docs/references.bib").read_text(), re.M))

LINK = re.compile(r"\]\(([^()\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.M | re.S)
HEADING = re.compile(r"^#+ +(.*)$", re.M)
DOTTED = re.compile(r"\bcagebreak(?:\.\w+)+")
NAMED_SCRIPT = re.compile(r"`((?:\w+/)*\w+\.py)`")
NAMED_PATH = re.compile(r"`((?:src|tests|docs|benchmarks|results|datasets|examples)/[^`\s]*)`")
TOML = re.compile(r"^```toml\n(.*?)^```", re.M | re.S)
PYTHON = re.compile(r"^```python\n(.*?)^```", re.M | re.S)
CITATION = re.compile(r":cite:`([^`]*)`")


@pytest.fixture(params=DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def document(request):
    return request.param


def anchors(path):
    """Return the anchors of the headings of a document, as GitHub makes them."""
    headings = HEADING.findall(FENCE.sub("", path.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_relative_link_leads_somewhere(document):
    text = FENCE.sub("", document.read_text(encoding="utf-8"))
    broken = []
    for link in LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        path = (document.parent / target).resolve() if target else document
        if not path.exists() or (anchor and anchor not in anchors(path)):
            broken.append(link)
    assert broken == []


def test_every_module_that_is_named_exists(document):
    names = DOTTED.findall(existing(document))
    assert [name for name in names if not resolves(name)] == []


def test_every_file_that_is_named_exists(document):
    named = NAMED_PATH.findall(existing(document))
    assert [path for path in named if not any(ROOT.glob(path.rstrip("/")))] == []


def test_every_script_that_is_named_exists(document):
    """A script may be named from any folder above it, as in `recipe/tables.py`."""
    missing = {
        path
        for path in NAMED_SCRIPT.findall(existing(document))
        if not any(script.endswith(f"/{path}") for script in SCRIPTS)
    }
    assert missing == set()


def test_the_tree_of_the_architecture_has_every_folder():
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    package = ROOT / "src/cagebreak"
    shown = re.findall(r"^ {6,}(\w+)/", text, re.M)
    assert sorted(shown) == sorted(path.parent.name for path in package.glob("*/**/__init__.py"))


def test_every_page_is_in_the_index():
    index = ROOT / "docs/index.md"
    linked = {
        (index.parent / link.partition("#")[0]).resolve()
        for link in LINK.findall(index.read_text())
    }
    assert sorted(set((ROOT / "docs").rglob("*.md")) - {index} - linked) == []


def test_every_work_that_is_cited_is_in_the_references():
    for source in sorted((ROOT / "src").rglob("*.py")):
        keys = ",".join(CITATION.findall(source.read_text(encoding="utf-8")))
        assert set(filter(None, keys.split(","))) <= REFERENCES, source


def test_the_ten_lines_of_the_readme_run(capsys):
    _, lines = PYTHON.findall(README)
    exec(lines, {})
    header, of_a, of_b = capsys.readouterr().out.splitlines()
    assert header.split() == ["species", "r", "low", "high"]
    assert all(abs(float(row.split()[2])) <= 1 for row in (of_a, of_b))


@pytest.mark.parametrize(
    ("section", "work"), [("shear", "shear"), ("states", "isoconfigurational")]
)
def test_values_of_recipes_in_the_page_of_studies_are_the_defaults(section, work):
    blocks = map(tomllib.loads, TOML.findall((ROOT / "docs/studies.md").read_text("utf-8")))
    (shown,) = (block[section] for block in blocks if section in block)
    expected = defaults("kob_andersen_smoothed", work=work)[section]
    assert shown == json.loads(json.dumps(expected))  # tuples as lists


def test_demonstrations_print_what_the_documents_show(capsys):
    names = {}
    for name in DEMONSTRATIONS:
        text = (ROOT / "docs" / name).read_text(encoding="utf-8").partition("## Demonstration")[2]
        for block in PYTHON.findall(text):
            exec(block, names)
            shown = [line[2:] for line in block.splitlines() if line.startswith("# ")]
            assert capsys.readouterr().out.splitlines() == shown, name


def existing(path):
    """Return the text of a document, if it speaks of the package as it is."""
    if path.name in ("CHANGELOG.md", "CONTRIBUTING.md"):
        return ""  # One speaks of the past; the other of new files, see test_contributing.py.
    return path.read_text(encoding="utf-8")


def resolves(name):
    """Return whether a dotted name is a module, or an attribute of one."""
    parts = name.split(".")
    for n in range(len(parts), 0, -1):
        module = ".".join(parts[:n])
        if find_spec("torch") is None and "neural_network" in module:
            return True
        try:
            owner = import_module(module)
        except ModuleNotFoundError:
            continue
        for attribute in parts[n:]:
            if not hasattr(owner, attribute):
                return False
            owner = getattr(owner, attribute)
        return True
    return False
