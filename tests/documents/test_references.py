"""The works that docstrings and documents cite are those of docs/references.bib."""

import re
from collections import Counter

import pytest

from support.paths import ROOT

REFERENCES = ROOT / "docs" / "references.bib"
CITATION = re.compile(r":cite:`([^`]+)`")

pytestmark = pytest.mark.skipif(not REFERENCES.exists(), reason="docs/references.bib is absent")


@pytest.fixture(scope="module")
def entries():
    return re.findall(r"^@\w+\{([^,\s]+),", REFERENCES.read_text(), re.MULTILINE)


def cited_in(*patterns):
    """Return the files that cite each key, as :cite:`Key` or :cite:`Key, Other`."""
    files = {}
    for path in (path for pattern in patterns for path in ROOT.glob(pattern)):
        for keys in CITATION.findall(path.read_text()):
            for key in keys.split(","):
                files.setdefault(key.strip(), []).append(path.relative_to(ROOT).as_posix())
    return files


def test_every_work_cited_has_an_entry(entries):
    cited = cited_in("src/cagebreak/**/*.py", "docs/**/*.md", "examples/*.py")
    assert {key: files for key, files in cited.items() if key not in entries} == {}


def test_every_entry_is_cited(entries):
    cited = cited_in("src/cagebreak/**/*.py")
    # A page may name a key as it likes.
    words = set(re.findall(r"\w+", "".join(path.read_text() for path in ROOT.glob("docs/**/*.md"))))
    assert [key for key in entries if key not in cited and key not in words] == []


def test_keys_are_one_author_and_a_year_each_once(entries):
    assert entries
    assert [key for key, number in Counter(entries).items() if number > 1] == []
    assert [key for key in entries if not re.fullmatch(r"[A-Za-z]+\d{4}[a-z]?", key)] == []
