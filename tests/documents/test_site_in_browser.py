"""The built site in a browser: a page is found by search. Needs `make docs` and Chromium."""

import re
import shutil
import subprocess

import pytest

from support.paths import ROOT

SITE = ROOT / "build/site"
CHROMIUM = shutil.which("chromium")
OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=8000")

pytestmark = [
    pytest.mark.skipif(not (SITE / "index.html").exists(), reason="build/site is absent"),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is absent"),
]


@pytest.mark.parametrize(
    ("words", "page"),
    [
        ("cage+state", "states/cage.html"),
        ("RidgeCV", "reference/cagebreak.RidgeCV.html"),
        ("dumps", "tutorials/2_lammps_dumps.html"),
    ],
)
def test_a_search_finds_the_page(words, page, tmp_path):
    address = f"{(SITE / 'search.html').as_uri()}?q={words}"
    done = subprocess.run(
        [CHROMIUM, *OPTIONS, f"--user-data-dir={tmp_path}", "--dump-dom", address],
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert f'href="{page}' in done.stdout, re.findall('<li class="kind.*?</a>', done.stdout)
