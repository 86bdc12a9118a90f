"""Every number of a document is computed anew from a table beside it, or is declared as given.

A module of `tests/documents` stands for a document. Its function `computed` yields fragments of the
text with numbers from tables. `GIVEN` lists fragments whose numbers nobody computes: parameters,
with the recipe beside them, and published values, with their source.
"""

import runpy

import pytest

from support.claims import plain, unclaimed
from support.paths import ROOT

CLAIMS = sorted((ROOT / "tests/documents").rglob("*.py"))


@pytest.fixture(params=CLAIMS, ids=lambda path: path.stem, scope="module")
def claims(request):
    return runpy.run_path(str(request.param))


def test_what_tables_say_is_what_the_document_says(claims):
    line = plain((ROOT / claims["DOCUMENT"]).read_text(encoding="utf-8"))
    fragments = list(claims["computed"]())
    assert [each for each in fragments if plain(each).strip() not in line] == []


def test_no_number_is_without_a_source(claims):
    text = (ROOT / claims["DOCUMENT"]).read_text(encoding="utf-8")
    assert unclaimed(text, [*claims["computed"](), *claims["GIVEN"]]) == []
