"""Streams of plain and compressed files; a file that expands too far is refused."""

import bz2
import gzip
import importlib
import io
import lzma
import os
import sys
import zlib
from pathlib import Path
from typing import Any, BinaryIO

from cagebreak._atomic import require_file
from cagebreak.errors import FileFormatError, MissingDependencyError

COMPRESSED = (".gz", ".bz2", ".xz", ".zst")

LARGEST_FREE = 1 << 24
"""Bytes up to which any file may expand."""

LARGEST_RATIO = 100
"""Largest ratio of expanded to compressed size beyond `LARGEST_FREE`.

Numbers as text compress to a tenth at best, so that no honest file comes near it.
"""


_STEP = 1 << 20


def bare_name(path: Path) -> str:
    """Return the name of a file in lower case, without `.gz` or the like."""
    name = path.name.lower()
    return name[: -len(path.suffix)] if path.suffix.lower() in COMPRESSED else name


def check_regular(path: Path) -> None:
    """Check that a path is a file, and that most of the file was written.

    A pipe may never end, and holes of a sparse file take memory when read but no space on disk.

    Raises
    ------
    OSError
        If there is no such file, or it is a folder, a pipe or a device.
    FileFormatError
        If the file has holes and is larger than `LARGEST_FREE` and than `LARGEST_RATIO` times what
        was written.
    """
    require_file(path)
    size = path.stat().st_size
    if size > LARGEST_FREE and LARGEST_RATIO * _written(path) < size:
        raise FileFormatError(
            f"{path}: expected a file that was written, got {size} bytes that are holes "
            "but for less than a hundredth"
        )


def _written(path: Path) -> int:
    """Return the bytes of a file that are no holes."""
    written = end = 0
    with path.open("rb") as file:
        while True:
            try:
                start = os.lseek(file.fileno(), end, os.SEEK_DATA)
            except OSError:  # no data follow
                return written
            end = os.lseek(file.fileno(), start, os.SEEK_HOLE)
            written += end - start


def open_binary(path: Path) -> BinaryIO:
    """Open a file for reading; `.gz`, `.bz2`, `.xz` and `.zst` are decompressed as they are read.

    Reading from the stream raises FileFormatError if the compressed data are damaged, or if they
    expand beyond `LARGEST_FREE` and `LARGEST_RATIO`.

    Raises
    ------
    OSError
        If the file cannot be opened.
    FileFormatError
        If it is not a file, as `check_regular` says.
    MissingDependencyError
        If the file is `.zst` and neither Python nor an installed library decompresses it.
    """
    check_regular(path)
    suffix = path.suffix.lower()
    if suffix not in COMPRESSED:
        return path.open("rb")
    # The beginning is expanded once before anyone parses it: that takes far longer.
    with _expanded(path) as start:
        for _ in range(0, LARGEST_FREE + 1, _STEP):
            start.read(_STEP)
    return _expanded(path)


def _expanded(path: Path) -> BinaryIO:
    libraries = {".gz": gzip, ".bz2": bz2, ".xz": lzma}
    library: Any = libraries.get(path.suffix.lower()) or _zstd()
    compressed = path.open("rb")
    return io.BufferedReader(_Bounded(path, compressed, library.open(compressed)))


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

    def __init__(self, path: Path, compressed: BinaryIO, plain: BinaryIO) -> None:
        self._path, self._compressed, self._plain = path, compressed, plain
        self._errors: tuple[type[Exception], ...] = (OSError, EOFError, zlib.error, lzma.LZMAError)
        if path.suffix.lower() == ".zst":
            self._errors += (_zstd().ZstdError,)
        self._size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        try:
            chunk = self._plain.read(len(buffer))
        except self._errors as error:
            raise FileFormatError(
                f"{self._path}: expected a whole {self._path.suffix} file ({error})"
            ) from error
        except MemoryError as error:  # the head of .xz states how much memory it takes to expand
            raise FileFormatError(
                f"{self._path}: expected a {self._path.suffix} file that expands in the memory "
                "there is, got one that asks for more; compress it again with a smaller dictionary"
            ) from error
        self._size += len(chunk)
        # Compared at once, not at the end: a bomb ends early, however large it is.
        if self._size > max(LARGEST_FREE, LARGEST_RATIO * self._compressed.tell()):
            raise FileFormatError(
                f"{self._path}: expected a configuration, got a file that expands to more than "
                f"{LARGEST_RATIO} times its size; expand it yourself if it is what you want"
            )
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        self._plain.close()
        self._compressed.close()
        super().close()
