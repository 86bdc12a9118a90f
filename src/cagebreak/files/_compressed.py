"""Files as they are or compressed, as streams; what expands beyond reason is refused."""

import gzip
import importlib
import io
import sys
import zlib
from pathlib import Path
from typing import Any, BinaryIO

from cagebreak.errors import FileFormatError, MissingDependencyError

COMPRESSED = (".gz", ".zst")

LARGEST_FREE = 1 << 26
"""Bytes that any file may expand to."""

LARGEST_RATIO = 100
"""Beyond them, how many times its size; numbers as text shrink to a tenth at best."""


def bare_name(path: Path) -> str:
    """Return the name of a file in lower case, without the suffix of a compression."""
    name = path.name.lower()
    return name[: -len(path.suffix)] if path.suffix.lower() in COMPRESSED else name


def open_binary(path: Path) -> BinaryIO:
    """Open a file for reading; `.gz` and `.zst` are decompressed on the way.

    Reading raises FileFormatError if the compression is damaged, or a small file expands without
    end.

    Raises
    ------
    OSError
        If the file cannot be opened.
    MissingDependencyError
        If it is `.zst` and this Python cannot read that.
    """
    suffix = path.suffix.lower()
    if suffix not in COMPRESSED:
        return path.open("rb")
    plain: Any = gzip.open(path) if suffix == ".gz" else _zstd().open(path)  # noqa: SIM115
    return io.BufferedReader(_Bounded(path, plain))


def _zstd() -> Any:
    try:
        return importlib.import_module(
            "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
        )
    except ImportError as error:
        raise MissingDependencyError(
            "reading .zst needs `pip install 'cagebreak[files]'`, or Python 3.14"
        ) from error


class _Bounded(io.RawIOBase):
    """A decompressed stream that says which file it is of, and does not grow beyond reason."""

    def __init__(self, path: Path, plain: BinaryIO) -> None:
        self._path, self._plain = path, plain
        self._errors: tuple[type[Exception], ...] = (OSError, EOFError, zlib.error)
        if path.suffix.lower() == ".zst":
            self._errors += (_zstd().ZstdError,)
        self._left = max(LARGEST_FREE, LARGEST_RATIO * path.stat().st_size)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        try:
            got = self._plain.read(len(buffer))
        except self._errors as error:
            raise FileFormatError(
                f"{self._path}: expected a whole {self._path.suffix} file ({error})"
            ) from error
        self._left -= len(got)
        if self._left < 0:
            raise FileFormatError(
                f"{self._path}: expected a configuration, got a file that expands to more than "
                f"{LARGEST_RATIO} times its size; expand it yourself if it is what you want"
            )
        buffer[: len(got)] = got
        return len(got)

    def close(self) -> None:
        self._plain.close()
        super().close()
