"""Streams of plain and compressed files; a file that expands too far is refused."""

import bz2
import gzip
import importlib
import io
import lzma
import sys
import zlib
from pathlib import Path
from typing import Any, BinaryIO

from cagebreak.errors import FileFormatError, MissingDependencyError

COMPRESSED = (".gz", ".bz2", ".xz", ".zst")

LARGEST_FREE = 1 << 26
"""Bytes up to which any file may expand."""

LARGEST_RATIO = 100
"""Largest ratio of expanded to compressed size beyond `LARGEST_FREE`.

Numbers as text compress to a tenth at best, so that no honest file comes near it.
"""


def bare_name(path: Path) -> str:
    """Return the name of a file in lower case, without `.gz` or the like."""
    name = path.name.lower()
    return name[: -len(path.suffix)] if path.suffix.lower() in COMPRESSED else name


def open_binary(path: Path) -> BinaryIO:
    """Open a file for reading; `.gz`, `.bz2`, `.xz` and `.zst` are decompressed as they are read.

    Reading from the stream raises FileFormatError if the compressed data are damaged, or if they
    expand beyond `LARGEST_FREE` and `LARGEST_RATIO`.

    Raises
    ------
    OSError
        If the file cannot be opened.
    MissingDependencyError
        If the file is `.zst` and neither Python nor an installed library decompresses it.
    """
    suffix = path.suffix.lower()
    if suffix not in COMPRESSED:
        return path.open("rb")
    libraries = {".gz": gzip, ".bz2": bz2, ".xz": lzma}
    library: Any = libraries.get(suffix) or _zstd()
    return io.BufferedReader(_Bounded(path, library.open(path)))


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
    """A decompressed stream of bounded length, whose errors name the file."""

    def __init__(self, path: Path, plain: BinaryIO) -> None:
        self._path, self._plain = path, plain
        self._errors: tuple[type[Exception], ...] = (OSError, EOFError, zlib.error, lzma.LZMAError)
        if path.suffix.lower() == ".zst":
            self._errors += (_zstd().ZstdError,)
        self._left = max(LARGEST_FREE, LARGEST_RATIO * path.stat().st_size)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        try:
            chunk = self._plain.read(len(buffer))
        except self._errors as error:
            raise FileFormatError(
                f"{self._path}: expected a whole {self._path.suffix} file ({error})"
            ) from error
        self._left -= len(chunk)
        if self._left < 0:
            raise FileFormatError(
                f"{self._path}: expected a configuration, got a file that expands to more than "
                f"{LARGEST_RATIO} times its size; expand it yourself if it is what you want"
            )
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        self._plain.close()
        super().close()
