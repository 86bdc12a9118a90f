"""Numbers of documents: how the modules of `tests/documents/claims` read tables and print."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

FENCE = re.compile(r"^ *```.*?^ *```", re.M | re.S)
# Text in which digits belong to a name: code, addresses of links, formulas, works and their parts.
NAMES = re.compile(
    r"`[^`]*`|\]\([^)]*\)|<[^>]*>|https?://\S+|arXiv:\S+|\$[^$]*\$"
    r"|(?i:figures?|tables?|sections?|equations?|rows?|pages?) "
    r"(?:[\dIVX]+[a-z]?(?:,? (?:and|to) |, )?)+"
    r"|[A-Z][a-zä]+ (?:and [A-Z]\w+ )?(?:et al\. )?(?:19|20)\d\d"
    r"|^\d+\. "
)
NUMBER = re.compile(r"(?<![\w.])[−+-]?\d[\d.,]*\d(?:e[+-]?\d+)?|(?<![\w.])[−+-]?\d(?:e[+-]?\d+)?")


def plain(text: str) -> str:
    """Return a document as one line of single spaces, without code and what belongs to names."""
    text = FENCE.sub(" ", text)
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
    """Return the numbers of a document, with what precedes them, that no claim contains."""
    line = plain(text)
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


def holds(statement: str, condition: bool) -> str:
    """Return what a document states if it is so, else words that no document has."""
    return statement if condition else f"it is not so: {statement}"


def interval(score: pd.Series, digits: int = 2, suffix: str = "_configuration") -> str:
    """Return the interval of a score as documents print it: (0.71–0.80)."""
    low, high = score["low" + suffix], score["high" + suffix]
    return f"({low:.{digits}f}–{high:.{digits}f})".replace("-", "−")
