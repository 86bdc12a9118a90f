"""The tables of docs/speed.md, from docs/speed/benchmark.csv and docs/speed/machine.csv.

    python benchmarks/page.py

renders them anew without measuring. The page holds each table between a comment that names it and
one that ends it. What stands between them is rendered; the prose around them is written by hand and
has no measured number.
"""

import csv
import math
import operator
import re
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/speed.md"
BENCHMARK = ROOT / "docs/speed/benchmark.csv"
MACHINE = ROOT / "docs/speed/machine.csv"

_BLOCK = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end of table -->)", re.DOTALL)

Lines = list[dict[str, str]]


def table(path: Path) -> Lines:
    """Return the lines of a table, none if there is no file."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rendered(text: str, benchmark: Lines, machine: Lines) -> str:
    """Return the page with all its tables anew."""

    def block(found: re.Match) -> str:
        begin, name, end = found.groups()
        if name == "machine":
            content = _machines(machine)
        elif name == "aims":
            content = _aims(benchmark)
        else:
            content = _measured([line for line in benchmark if line["script"] == name])
        return f"{begin}{content}{end}"

    return _BLOCK.sub(block, text)


def render() -> None:
    """Write the page with all its tables anew."""
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(rendered(text, table(BENCHMARK), table(MACHINE)), encoding="utf-8")


def names(text: str) -> list[str]:
    """Return the names of the tables of a page."""
    return [name for _, name, _ in _BLOCK.findall(text)]


def cells(line: dict[str, str]) -> list[str]:
    """Return subject, case, quantity, measured value and aim of a line, as the page shows them."""
    over = f" over {line['peer']}" if line["peer"] else ""
    quantity = f"{line['quantity']}, {line['side']}{over}"
    return [line["subject"], line["case"], quantity, _value(line), line["aim"]]


def met(line: dict[str, str]) -> str:
    """Return whether a line meets its aim: yes, no, or nothing for an absent peer."""
    if not line["median"]:
        return ""
    bound, limit = line["aim"].rsplit(" ", 1)
    compare = {"at least": operator.ge, "at most": operator.le}[bound]
    return "yes" if compare(float(line["median"]), float(limit)) else "no"


def number(value: float) -> str:
    """Return a number with three digits, without exponent where that can be read."""
    if value == 0 or not 1e-3 <= abs(value) < 1e9:
        return f"{value:.2g}"
    value = float(f"{value:.3g}")
    decimals = max(2 - math.floor(math.log10(abs(value))), 0)
    return f"{value:,.{decimals}f}"


def _value(line: dict[str, str]) -> str:
    if not line["median"]:
        return "absent"
    low, median, high = (number(float(line[name])) for name in ("low", "median", "high"))
    spread = "" if line["rounds"] == "1" else f" ({low} to {high})"
    return f"{median}{spread} {line['unit']}".strip()


def _measured(lines: Lines) -> str:
    rows = [cells(line) for line in lines]
    header = ["", "case", "quantity", "measured", "aim"]
    return _markdown(header, _without_repeats(rows, 2))


def _aims(lines: Lines) -> str:
    rows = [[*cells(line), met(line)] for line in lines if line["aim"]]
    header = ["", "case", "quantity", "measured", "aim", "met"]
    return _markdown(header, _without_repeats(rows, 2))


def _machines(lines: Lines) -> str:
    header = ["machine", "software", "script", "date", "minutes", "cores busy", "peers"]
    rows = _without_repeats([_machine(line) for line in lines], 2)
    minutes = sum(float(line["minutes"]) for line in lines)
    return _markdown(header, [*rows, ["", "", "all", "", f"{minutes:.1f}", "", ""]])


def _machine(line: dict[str, str]) -> list[str]:
    hardware = (
        f"{line['cores']} cores of {line['processor']}, {line['vectors']}; Numba compiles for "
        f"{line['numba_target']}, {line['numba_vectors']}"
    )
    software = f"cagebreak {line['version']}, {line['software']}"
    script = f"`{line['script']}.py`"
    of_script = [line[name] for name in ("date", "minutes", "cores_of_others", "peers")]
    return [hardware, software, script, *of_script]


def _without_repeats(rows: list[list[str]], n: int) -> list[list[str]]:
    """Return rows whose first n cells are empty as long as they equal those of the row before."""
    shown = rows[:1]
    for before, row in pairwise(rows):
        equal = next((k for k in range(n) if row[k] != before[k]), n)
        shown.append([""] * equal + row[equal:])
    return shown


def _markdown(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    render()
