"""Lines, numbers and tables of text files, each read or refused with its place."""

import math
import re
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from cagebreak.errors import FileFormatError
from cagebreak.files._compressed import open_binary

_LONGEST = 1 << 20  # bytes of a line
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_SHOWN = 80  # characters of a line in a message


class TextFile:
    """The lines of a file, one after the other, with the number of the last one read.

    Parameters
    ----------
    path
        Plain, or with a further suffix `.gz` or `.zst`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.number = 0
        self._ended = True
        self._file = open_binary(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def next(self) -> str | None:
        """Return the next line, without its end; None after the last one."""
        raw = self._file.readline(_LONGEST + 1)
        if not raw:
            return None
        self.number += 1
        self._ended = raw.endswith(b"\n")
        if len(raw) > _LONGEST:
            raise self.error(f"lines of at most {_LONGEST} bytes", None)
        try:
            return raw.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise self.error(f"plain text ({error.reason})", None) from error

    def end(self) -> None:
        """Refuse anything but blanks from here to the end."""
        while rest := self._file.read(_LONGEST):
            if rest.strip():
                self.number += 1
                raise self.error("nothing after an empty line", None)

    def line(self, expected: str) -> str:
        """Return the next line, or raise if there is none."""
        line = self.next()
        if line is None:
            self.number += 1
            raise self.error(expected, "the end of the file")
        return line

    def block(self, n: int, expected: str) -> list[str]:
        """Return the next `n` lines; memory follows what is in the file, not `n`."""
        lines: list[str] = []
        while len(lines) < n:
            lines.append(self.line(f"{expected}, {n} of them"))
        if not self._ended:
            # A number that is cut short is still a number.
            raise self.error("a line that ends, got a file that is cut short", lines[-1])
        return lines

    def error(self, expected: str, got: str | None, number: int | None = None) -> FileFormatError:
        """Return the error that names file and line, by default the last one read."""
        found = f", got {got[:_SHOWN]!r}" if got is not None else ""
        return FileFormatError(
            f"{self.path}, line {number or self.number}: expected {expected}{found}"
        )

    def table(
        self, lines: Sequence[str], columns: Sequence[int], n_columns: int, expected: str
    ) -> NDArray[np.float64]:
        """Return some columns, numbers all, of the lines read last.

        Parameters
        ----------
        lines
            As `block` returned them.
        columns
            Which, from 0.
        n_columns
            How many a line has at least.
        expected
            What a line holds, for the message.
        """
        try:
            table = np.loadtxt(lines, usecols=columns, comments=None, ndmin=2)
        except (ValueError, OverflowError):
            table = np.empty((0, 0))
        wide = all(len(line.split()) >= n_columns for line in lines)
        if wide and len(table) == len(lines) and np.isfinite(table).all():
            return table
        # The obvious way, to find the line that is to blame.
        first = self.number - len(lines) + 1
        rows = []
        for i, line in enumerate(lines):
            words = line.split()
            row = [number(words[c]) if c < len(words) else None for c in columns]
            if len(words) < n_columns or None in row:
                raise self.error(expected, line, first + i)
            rows.append(row)
        return np.array(rows, dtype=np.float64)

    def integers(
        self, values: NDArray[np.float64], lines: Sequence[str], expected: str
    ) -> NDArray[np.int64]:
        """Return a part of a table as the whole numbers they have to be, below 2^53."""
        rows = values.reshape(len(lines), -1)
        bad = np.flatnonzero(((rows != np.rint(rows)) | (abs(rows) >= 2**53)).any(axis=1))
        if len(bad):
            raise self.error(expected, lines[bad[0]], self.number - len(lines) + 1 + int(bad[0]))
        return values.astype(np.int64)


def number(word: str) -> float | None:
    """Return a finite number, or None; 1_0 is none, nor are digits of other scripts."""
    if not word.isascii() or "_" in word:
        return None
    try:
        value = float(word)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def numbers(line: str) -> list[float] | None:
    """Return the numbers of a line, or None if a word is none."""
    values = [number(word) for word in line.split()]
    return None if None in values else values  # type: ignore[return-value]


def integer(word: str) -> int | None:
    """Return a whole number, or None."""
    return int(word) if _INTEGER.fullmatch(word.strip()) else None
