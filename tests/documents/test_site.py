"""The site: its pages, links, reference and tutorials, checked without building it.

``make docs`` builds it, with warnings as errors.
"""

import ast
import inspect
import re
import sys
from importlib import import_module
from pathlib import PurePosixPath

import pytest

import cagebreak
from cagebreak.figures import FIGURES
from support.paths import ROOT

TUTORIALS = sorted((ROOT / "docs/tutorials").glob("*.py"))
MODULES = ("pages", "reference", "gallery", "links", "line_breaks")
TOCTREE = re.compile(
    r"^(?:\.\. |```\{)toctree(?:::|\})\n((?: *:.*\n| *\n| *(?:[\w ]+ <)?[\w/.-]+>?\n)*)", re.M
)


@pytest.fixture(scope="module")
def building():
    """Return the modules that write the sources of the site."""
    sys.path.insert(0, str(ROOT / "docs/building"))
    try:
        yield {name: import_module(name) for name in MODULES}
    finally:
        sys.path.remove(str(ROOT / "docs/building"))


@pytest.fixture(scope="module")
def files(building):
    """Return the content of every file of the site, by its place."""
    return {
        path: content
        for name in ("pages", "reference", "gallery")
        for path, content in building[name].files().items()
    }


@pytest.fixture(scope="module")
def sources(files):
    """Return the text of every page of the site, by its name without suffix."""
    return {
        str(path.with_suffix("")): content.decode()
        for path, content in files.items()
        if path.suffix in (".md", ".rst")
    }


def below(name, text):
    """Return the pages that the tables of contents of a page name."""
    folder = PurePosixPath(name).parent
    lines = [line.strip() for block in TOCTREE.findall(text) for line in block.splitlines()]
    pages = [line.rpartition("<")[2].rstrip(">") for line in lines]
    return {str(folder / page) for page in pages if page and not page.startswith(":")}


def test_every_page_is_reached_from_the_first(sources):
    reached, waiting = set(), {"index"}
    while waiting:
        reached |= waiting
        waiting = {
            page for name in waiting for page in below(name, sources.get(name, ""))
        } - reached
    assert reached - set(sources) == {"tutorials/index"}  # the build writes it
    assert set(sources) - reached == set()


def test_every_link_of_a_page_leads_to_a_file_of_the_site(files):
    for path, content in files.items():
        if path.suffix != ".md":
            continue
        prose = re.sub(r"^```.*?^```", "", content.decode(), flags=re.M | re.S)
        for link in re.findall(r"\]\(([^()\s#]+)[^()\s]*\)", prose):
            if not re.match("[a-z]+:", link):
                found = (ROOT / path).parent.joinpath(link).resolve().relative_to(ROOT)
                assert PurePosixPath(found.as_posix()) in files, f"{path}: {link}"


def test_a_link_out_of_the_site_is_an_error(building):
    pages = building["pages"]
    with pytest.raises(
        LookupError, match=r"docs/a\.md: the site has no page for the link \.\./src"
    ):
        pages.target("../src", PurePosixPath("docs/a.md"))


def test_the_reference_has_every_public_name(building):
    documented = building["reference"].places()
    missing = [
        name
        for name in cagebreak.__all__
        if not inspect.ismodule(getattr(cagebreak, name)) and f"cagebreak.{name}" not in documented
    ]
    assert missing == []
    listed = {module.__name__ for module in building["reference"].modules()}
    for package in (name for name in sys.modules if re.fullmatch(r"cagebreak\.[a-z]\w*", name)):
        for name in getattr(sys.modules[package], "__all__", ()):
            full = f"{package}.{name}"
            assert full in documented or full in listed or package == "cagebreak.cli", full


def test_every_name_has_its_page(sources, building):
    for name in set(building["reference"].places().values()):
        assert f":: {name}\n" in sources[f"reference/{name}"]


def test_the_gallery_shows_every_figure(sources, building):
    gallery = building["gallery"]
    assert set(gallery.EXAMPLES) <= set(FIGURES)
    for name in FIGURES:
        assert f'study.figure("{name}"' in sources["gallery"]
        image = gallery.image(name)
        assert not image or (ROOT / image).exists(), name


def test_every_command_is_in_the_reference(sources):
    from cagebreak.cli import main

    for name in main.commands:
        assert f"cagebreak {name}\n---" in sources["reference/commands"]


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_has_a_title_a_figure_and_imports_that_work(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    title, line, _ = ast.get_docstring(tree).split("\n", 2)
    assert line == "=" * len(title)
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {}
    exec(compile(ast.Module(imports, []), path, "exec"), names)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            owner = names.get(node.value.id)
            if inspect.ismodule(owner):
                assert hasattr(owner, node.attr), f"{node.value.id}.{node.attr}"
    assert re.search(r"plt\.subplots|figure", path.read_text(encoding="utf-8"))


def test_the_first_prediction_is_that_of_the_readme():
    """Which `test_documents.py` runs."""
    first, ours = (
        re.findall(r"^```python\n(.*?)^```", (ROOT / name).read_text(encoding="utf-8"), re.M | re.S)
        for name in ("README.md", "docs/start.md")
    )
    assert first == ours


def test_links_that_lead_nowhere_are_found_in_built_pages(building, tmp_path):
    (tmp_path / "b.html").write_text('<h1 id="there">B</h1>')
    good = '<a href="b.html#there"></a><a href="#here" id="here"></a><a href="https://a.org"></a>'
    (tmp_path / "a.html").write_text(good)
    assert building["links"].broken(tmp_path) == []
    bad = '<a href="c.html"></a><a href="b.html#not"></a><script src="https://a.org/a.js"></script>'
    (tmp_path / "a.html").write_text(good + bad)
    assert building["links"].broken(tmp_path) == [
        "a.html: c.html",
        "a.html: b.html#not",
        "a.html: https://a.org/a.js",
    ]


def test_names_of_code_break_at_points_brackets_and_capitals(building):
    body = '<p>a.b</p><code><span class="pre">cb.view(PropensityModifier,</span> x=0.3</code>'
    broken = building["line_breaks"].breakable(body)
    assert broken.replace("<wbr>", "") == body
    assert "cb.<wbr>view(<wbr>Propensity<wbr>Modifier," in broken
    number = '<span class="pre">cutoff=1.5</span>'
    assert building["line_breaks"].breakable(number) == number
