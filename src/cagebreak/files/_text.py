"""Parsing of text files: lines, numbers and tables, with errors that name file and line."""

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
    """A text file that is read line by line and knows the number of the line read last.

    Parameters
    ----------
    path
        A plain file, or a compressed one with a further suffix `.gz` or `.zst`.

    Attributes
    ----------
    number
        Number of the line read last, from 1.
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
        """Return the next line without its line break; None at the end of the file."""
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
        """Raise if anything but white space follows."""
        while rest := self._file.read(_LONGEST):
            if rest.strip():
                self.number += 1
                raise self.error("nothing after an empty line", None)

    def line(self, expected: str) -> str:
        """Return the next line; raise at the end of the file, naming what was expected."""
        line = self.next()
        if line is None:
            self.number += 1
            raise self.error(expected, "the end of the file")
        return line

    def block(self, n: int, expected: str) -> list[str]:
        """Return the next `n` lines.

        Memory grows with the lines read, not with `n`, which a damaged file may overstate.
        """
        lines: list[str] = []
        while len(lines) < n:
            lines.append(self.line(f"{expected}, {n} of them"))
        if not self._ended:
            # A truncated number is still a number, so only the missing line break shows it.
            raise self.error("a line that ends, got a file that is cut short", lines[-1])
        return lines

    def error(self, expected: str, got: str | None, number: int | None = None) -> FileFormatError:
        """Return an error that names file and line, by default the line read last."""
        ending = f", got {got[:_SHOWN]!r}" if got is not None else ""
        return FileFormatError(
            f"{self.path}, line {number or self.number}: expected {expected}{ending}"
        )

    def table(
        self, lines: Sequence[str], columns: Sequence[int], n_columns: int, expected: str
    ) -> NDArray[np.float64]:
        """Return numeric columns of the lines read last, (lines, columns), all finite.

        Parameters
        ----------
        lines
            The lines as `block` returned them.
        columns
            Indices of the columns, from 0.
        n_columns
            Least number of columns of a line.
        expected
            What a line should hold, for the error message.

        Raises
        ------
        FileFormatError
            If a line has too few columns or a word is not a finite number.
        """
        try:
            table = np.loadtxt(lines, usecols=columns, comments=None, ndmin=2)
        except (ValueError, OverflowError):
            table = np.empty((0, 0))
        wide = all(len(line.split()) >= n_columns for line in lines)
        if wide and len(table) == len(lines) and np.isfinite(table).all():
            return table
        # numpy failed or was too lenient: parse word by word to find the line at fault.
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
        """Return columns of a table as integers; raise unless all are whole and below 2^53."""
        rows = values.reshape(len(lines), -1)
        bad = np.flatnonzero(((rows != np.rint(rows)) | (abs(rows) >= 2**53)).any(axis=1))
        if len(bad):
            raise self.error(expected, lines[bad[0]], self.number - len(lines) + 1 + int(bad[0]))
        return values.astype(np.int64)


def number(word: str) -> float | None:
    """Return a word as a finite number, or None.

    Unlike `float`, it refuses underscores (1_0) and digits of other scripts.
    """
    if not word.isascii() or "_" in word:
        return None
    try:
        value = float(word)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def numbers(line: str) -> list[float] | None:
    """Return the numbers of a line, or None if a word is not a finite number."""
    values = [number(word) for word in line.split()]
    return None if None in values else values  # type: ignore[return-value]


def integer(word: str) -> int | None:
    """Return a word as an integer of at most 18 digits, or None."""
    return int(word) if _INTEGER.fullmatch(word.strip()) else None
