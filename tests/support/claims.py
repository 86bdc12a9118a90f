"""Numbers of documents: how the modules of `tests/documents/claims` read tables and print."""

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

FENCE = re.compile(r"^ *```.*?^ *```", re.M | re.S)
# A block of formulas or of a layout of files: indented lines after an empty one.
INDENTED = re.compile(r"(?<=\n\n) {4}.*(?:\n+ {4}.*)*")
EQUATION = re.compile(r"\$\$[^$]*\$\$")
# Text in which digits belong to a name: code, addresses of links, formulas, works and their parts.
NAMES = re.compile(
    r"`[^`]*`|\]\([^)]*\)|<[a-z/][^>]*>|https?://\S+|arXiv:\S+|\$[^$]*\$"
    r"|(?i:figures?|tables?|sections?|equations?|eqs?\.|rows?|pages?) "
    r"(?:[\dIVX]+[a-z]?(?:,? (?:and|to) |, |-)?)+"
    r"|(?:SHA|UTF|BSD)-\d+|[A-Za-z|)\]]\^-?\d+"
    r"|[A-Z][a-zä]+ (?:and [A-Z]\w+ )?(?:et al\. )?(?:19|20)\d\d"
    r"|^\d+\. "
)
NUMBER = re.compile(r"(?<![\w.])[−+-]?\d[\d.,]*\d(?:e[+-]?\d+)?|(?<![\w.])[−+-]?\d(?:e[+-]?\d+)?")


def plain(text: str) -> str:
    """Return a document as one line of single spaces, without code and what belongs to names."""
    text = INDENTED.sub(" ", FENCE.sub(" ", text))
    text = "\n".join(NAMES.sub(" ", line) for line in joined(text))
    return re.sub(r"\s+", " ", text)


def joined(text: str) -> list[str]:
    """Return the paragraphs, items and rows of a document, a line each."""
    lines: list[str] = []
    for line in text.splitlines():
        begins = re.match(r"\s*(?:$|[-|#!>]|\d+\. )", line)
        if lines and lines[-1].strip() and not begins and not re.match(r"\s*[|#]", lines[-1]):
            lines[-1] += " " + line.strip()
        else:
            lines.append(line.strip())
    return lines


def unclaimed(text: str, claims: list[str]) -> list[str]:
    """Return the numbers of a document, with what precedes them, that no claim contains.

    Numbers of equations need none.
    """
    line = plain(EQUATION.sub(" ", text))
    covered = np.zeros(len(line), bool)
    for claim in claims:
        part = plain(claim).strip()
        begin = line.find(part)
        while begin >= 0:
            covered[begin : begin + len(part)] = True
            begin = line.find(part, begin + 1)
    return [
        line[max(number.start() - 40, 0) : number.end()]
        for number in NUMBER.finditer(line)
        if not covered[number.start() : number.end()].all()
    ]


def table(path: Path) -> pd.DataFrame:
    """Return a table of `results`."""
    return pd.read_csv(path, keep_default_na=False, na_values=["", "nan"])


def printed(value: float, digits: int = 4) -> str:
    """Return a number as documents print it: 0.003, 1e-9, 10,000, 1e6."""
    if 10_000 <= abs(value) < 1e6 and value == int(value):
        return f"{int(value):,}"
    if 0 < value <= 1e-3 and np.isclose(np.log10(value) % 1, (0, 1), atol=1e-9).any():
        return f"1e{np.log10(value):.0f}"
    return re.sub(r"e([+-])0*", lambda e: "e" + e[1].strip("+"), f"{value:.{digits}g}")


def signed(difference: float) -> str:
    """Return a difference with its sign, and four decimals."""
    return f"{difference:+.4f}".replace("-", "−")


def holds(sentence: str, condition: bool | np.bool_) -> str:
    """Return a sentence of a document if what it says is so, else what no document contains."""
    return sentence if condition else f"not so: {sentence}"


def default(function: Callable[..., Any], parameter: str) -> Any:
    """Return the default of a parameter."""
    return inspect.signature(function).parameters[parameter].default


def row(frame: pd.DataFrame, **values: object) -> pd.Series:
    """Return the row with these values; times are matched to the nearest on a logarithmic scale."""
    for name, value in values.items():
        if name == "time":
            distance = np.log(frame["time"].astype(float) / float(value)).abs()
            frame = frame[distance <= distance.min() + 1e-9]
        else:
            frame = frame[frame[name] == value]
    if len(frame) != 1:
        raise LookupError(f"expected one row with {values}, got {len(frame)}")
    return frame.iloc[0]


def interval(score: pd.Series, digits: int = 2, suffix: str = "_configuration") -> str:
    """Return the interval of a score as documents print it: (0.71–0.80)."""
    low, high = score["low" + suffix], score["high" + suffix]
    return f"({low:.{digits}f}–{high:.{digits}f})".replace("-", "−")
