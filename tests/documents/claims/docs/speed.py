"""Numbers of the page of speed: those of its tables; the prose has none."""

import runpy

from support.paths import ROOT

PAGE = runpy.run_path(str(ROOT / "benchmarks/page.py"))
DOCUMENT = PAGE["PAGE"]
GIVEN = []


def computed():
    text = DOCUMENT.read_text(encoding="utf-8")
    tables = PAGE["table"](PAGE["BENCHMARK"]), PAGE["table"](PAGE["MACHINE"])
    for line in PAGE["rendered"](text, *tables).splitlines():
        if line.startswith("| "):
            yield line
