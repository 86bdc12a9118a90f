"""Every number of a document is computed anew from a table or the code, or is declared as given.

A module of `tests/documents/claims` stands for a document. Its function `computed` yields fragments
of the text with numbers from tables, recipes, signatures and constants. `GIVEN` lists fragments
whose numbers nobody computes: definitions, parameters of an example, and published values with
their source.
"""

import functools
import runpy
from pathlib import Path

import pytest

from support.claims import plain, unclaimed
from support.paths import ROOT

CLAIMS = sorted((ROOT / "tests/documents/claims").rglob("*.py"))
DOCUMENTS = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted(
        path
        for folder in ("results", "datasets", "examples", "benchmarks")
        for path in (ROOT / folder).rglob("README.md")
    ),
]


@functools.cache
def module(path):
    """Return the names of a module of claims."""
    return runpy.run_path(str(path))


@functools.cache
def computed(path):
    """Return the fragments that a module of claims computes."""
    return list(module(path)["computed"]())


@pytest.fixture(params=CLAIMS, ids=lambda path: str(path.relative_to(ROOT / "tests/documents")))
def claims(request):
    """Return the text of a document, what is computed of it, and what is given."""
    names = module(request.param)
    text = Path(names["DOCUMENT"]).read_text(encoding="utf-8")
    return text, computed(request.param), names["GIVEN"]


def test_what_is_computed_is_what_the_document_says(claims):
    text, of_data, _ = claims
    line = plain(text)
    assert [each for each in of_data if plain(each).strip() not in line] == []


def test_what_is_given_is_in_the_document(claims):
    text, _, given = claims
    line = plain(text)
    assert [each for each in given if plain(each).strip() not in line] == []


def test_no_number_is_without_a_source(claims):
    text, of_data, given = claims
    assert unclaimed(text, [*of_data, *given]) == []


def test_every_document_with_numbers_has_its_claims():
    claimed = {Path(module(path)["DOCUMENT"]) for path in CLAIMS}
    assert [
        str(document.relative_to(ROOT))
        for document in DOCUMENTS
        if document not in claimed and unclaimed(document.read_text(encoding="utf-8"), [])
    ] == []
