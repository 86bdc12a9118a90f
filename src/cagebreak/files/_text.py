"""Parsing of text files: lines, numbers and tables, with errors that name file and line."""

import io
import math
import re
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from cagebreak.errors import FileFormatError, InputError
from cagebreak.files._compressed import open_binary

_LONGEST = 1 << 20  # characters of a line
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_EXPONENT = re.compile(r"(?<=[0-9.])[dD](?=[+-]?[0-9])")
_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
_MOST_EMPTY = 1000  # empty lines one after the other
_SHOWN = 80  # characters of a line in a message
_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


class TextFile:
    """A text file that is read line by line and knows the number of the line read last.

    Lines may end as on Unix, Windows or old Macintoshes. The encoding is UTF-8, or UTF-16 as of
    editors on Windows; bytes that are neither, such as accents in a comment, do no harm.

    Parameters
    ----------
    path
        A plain file, or a compressed one with a further suffix such as `.gz`.

    Attributes
    ----------
    number
        Number of the line read last, from 1.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.number = 0
        self._ended = True
        self._file = _open(path)

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
        line = self._file.readline(_LONGEST + 1)
        if not line:
            return None
        self.number += 1
        if len(line) > _LONGEST:
            raise self.error(f"lines of at most {_LONGEST} characters", None)
        self._ended = line[-1] in "\n\r"
        return line.rstrip("\r\n")

    def start(self) -> str | None:
        """Return the next line that is neither empty nor a comment; None at the end of the file."""
        empty = 0
        while (line := self.next()) is not None and _is_empty(line):
            empty += 1
            if empty > _MOST_EMPTY:
                self._end()
                return None
        return line

    def _end(self) -> None:
        """Read to the end of the file, fast; raise if anything but white space follows."""
        while rest := self._file.read(_LONGEST):
            if rest.strip():
                raise self.error(f"at most {_MOST_EMPTY} empty lines", None)

    def line(self, expected: str) -> str:
        """Return the next line; raise at the end of the file, naming what was expected."""
        line = self.next()
        if line is None:
            self.number += 1
            raise self.error(expected, "the end of the file")
        return line

    def block(self, n: int, expected: str) -> "Rows":
        """Return the next `n` lines that are neither empty nor comments.

        Memory grows with the lines read, not with `n`, which a damaged file may overstate.
        """
        lines: list[str] = []
        numbers: list[int] = []
        first = self.number + 1
        for i in range(n):
            line = self.line(f"{expected}, {n} of them")
            if _is_empty(line):
                if not numbers:
                    numbers = list(range(first, first + i))
                line = self.start() or self.line(f"{expected}, {n} of them")
            lines.append(line)
            if numbers or self.number != first + i:
                numbers.append(self.number)
        if not self._ended and not _is_whole(lines):
            # A truncated number is still a number, so only the missing line break shows it.
            raise self.error(
                "a line that ends, got a file that may be cut short (if it is whole, end its last "
                "line)", lines[-1],
            )  # fmt: skip
        return Rows(self, lines, numbers or range(first, first + n))

    def error(self, expected: str, got: str | None, number: int | None = None) -> FileFormatError:
        """Return an error that names file and line, by default the line read last."""
        ending = f", got {got[:_SHOWN]!r}" if got is not None else ""
        if got is not None and any(_COMMA.fullmatch(word) for word in got.split()):
            ending += " (numbers have points, not commas)"
        return FileFormatError(
            f"{self.path}, line {number or self.number}: expected {expected}{ending}"
        )

    def failure(self, error: InputError) -> FileFormatError:
        """Return an error of the line read last."""
        return FileFormatError(f"{self.path}, line {self.number}: {error}")


class Rows:
    """Lines of a text file that form a table: one particle a line, columns between white space.

    Parameters
    ----------
    file
    lines
    numbers
        The number of each line in the file.
    """

    def __init__(self, file: TextFile, lines: list[str], numbers: Sequence[int]) -> None:
        self.file = file
        self.lines = lines
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self.lines)

    def error(self, row: int, expected: str) -> FileFormatError:
        """Return an error that names the line of a row."""
        return self.file.error(expected, self.lines[row], self._numbers[row])

    def first(self) -> list[str]:
        """Return the words of the first row."""
        return self.lines[0].split()

    def words(self, column: int, expected: str) -> list[str]:
        """Return a column as text, without quotation marks around the words.

        Raises
        ------
        FileFormatError
            If a line has too few columns.
        """
        try:
            words = [line.split(None, column + 1)[column] for line in self.lines]
        except IndexError:
            row = next(i for i, line in enumerate(self.lines) if len(line.split()) <= column)
            raise self.error(row, expected) from None
        return [_unquoted(word) for word in words]

    def table(self, columns: Sequence[int], width: int, expected: str) -> NDArray[np.float64]:
        """Return numeric columns, (rows, columns), all finite.

        Parameters
        ----------
        columns
            Indices of the columns, from 0.
        width
            Least number of columns of a line.
        expected
            What a line should hold, for the error message.

        Raises
        ------
        FileFormatError
            If a line has too few columns or a word is not a finite number.
        """
        lines = self.lines
        try:
            table = np.loadtxt(lines, usecols=columns, comments=None, ndmin=2)
        except (ValueError, OverflowError):
            table = np.empty((0, 0))
        wide = all(len(line.split()) >= width for line in lines)
        if wide and len(table) == len(lines) and np.isfinite(table).all():
            return table
        # numpy failed or was too lenient: parse word by word to find the line at fault.
        rows = []
        for i, line in enumerate(lines):
            words = line.split()
            row = [number(words[c]) if c < len(words) else None for c in columns]
            if len(words) < width or None in row:
                raise self.error(i, expected)
            rows.append(row)
        return np.array(rows, dtype=np.float64)

    def integers(self, values: NDArray[np.float64], expected: str) -> NDArray[np.int64]:
        """Return columns of a table as integers; raise unless all are whole and below 2^53."""
        rows = values.reshape(len(self), -1)
        bad = np.flatnonzero(((rows != np.rint(rows)) | (abs(rows) >= 2**53)).any(axis=1))
        if len(bad):
            raise self.error(int(bad[0]), expected)
        return values.astype(np.int64)


def number(word: str) -> float | None:
    """Return a word as a finite number, or None.

    Besides what `float` reads, the exponent may be a D, as Fortran writes it, and the word may be
    in quotation marks. Unlike `float`, it refuses underscores (1_0) and digits of other scripts.
    """
    word = _unquoted(word.strip().replace("\N{MINUS SIGN}", "-"))
    if not word.isascii() or "_" in word:
        return None
    try:
        value = float(_EXPONENT.sub("e", word))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def numbers(line: str) -> list[float] | None:
    """Return the numbers of a line, or None if a word is not a finite number."""
    values = [number(word) for word in line.split()]
    return None if None in values else values  # type: ignore[return-value]


def integer(word: str) -> int | None:
    """Return a word as an integer of at most 18 digits, or None; 8.0 is 8."""
    word = _unquoted(word.strip())
    if _INTEGER.fullmatch(word):
        return int(word)
    value = number(word)
    return int(value) if value is not None and value == int(value) and abs(value) < 2**53 else None


def uncommented(line: str) -> str:
    """Return a line without a comment that begins with #, and without spaces around it."""
    return line.partition("#")[0].strip()


def _open(path: Path) -> io.TextIOWrapper:
    """Open a text file, plain or compressed, in its encoding and with its line breaks."""
    stream = open_binary(path)
    head = stream.peek(1)  # type: ignore[attr-defined]
    encoding = next((code for mark, code in _MARKS.items() if head.startswith(mark)), "utf-8")
    if encoding == "utf-8" and 0 in head[:2] and head[:2] != b"\0\0":
        encoding = "utf-16-be" if head[0] == 0 else "utf-16-le"
    is_macintosh = b"\r" in head and b"\n" not in head
    return io.TextIOWrapper(
        stream, encoding, errors="backslashreplace", newline="\r" if is_macintosh else "\n"
    )


def _is_empty(line: str) -> bool:
    return not line or line[0] == "#" or line.isspace()


def _unquoted(word: str) -> str:
    return word[1:-1] if len(word) > 1 and word[0] in "\"'" and word[0] == word[-1] else word


def _is_whole(lines: Sequence[str]) -> bool:
    """Return whether the last number has as many digits as the others in its column have.

    If so, at most the rounding of the numbers can have been cut from it. A number that begins
    another of its column may be that number, cut short.
    """
    *others, last = [line.split()[-1] for line in lines[-1000:]]
    if last in others:
        return True
    if number(last) is None or not others or any(word.startswith(last) for word in others):
        return False
    decimals = {_decimals(word) for word in others}
    if len(decimals) == 1 and decimals != {0}:  # a fixed number of them
        return {_decimals(last)} == decimals
    if any(_exponent(word) for word in (*others, last)):
        return len(_exponent(last)) == max(len(_exponent(word)) for word in others)
    return _decimals(last) >= max(1, median(map(_decimals, others))) or (
        _digits(last) >= median(map(_digits, others))
    )


def _exponent(word: str) -> str:
    return word.lower().replace("d", "e").partition("e")[2]


def _decimals(word: str) -> int:
    return len(word.partition(".")[2])


def _digits(word: str) -> int:
    return sum(map(str.isdigit, word.lstrip("+-0.")))
