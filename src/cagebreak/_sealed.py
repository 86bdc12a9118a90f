"""HDF5 files with a digest of their bytes, which is checked before HDF5 opens them.

A sealed file starts with HDF5's user block, 1024 bytes of text that HDF5 itself ignores. Its first
line states what the file is, its size and the SHA-256 of the bytes after the block; its second line
is the SHA-256 of the first. So every byte of the file is covered, and `head -2` shows the block.
Files of earlier versions and of other programs have no such block; they are opened as they are.
"""

import hashlib
import json
import os
import signal
import stat
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import FileIO, RawIOBase
from pathlib import Path
from typing import Any, Self

import h5py
import numpy as np
from numpy.typing import NDArray

from cagebreak._atomic import replacing

BLOCK = 1024
"""Bytes of the user block, a power of two from 512 as HDF5 demands."""

_MAGIC = b"cagebreak HDF5 1 "
_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_LINE_END = -65
"""Start of the second line: 64 hexadecimal digits and a line break."""

_SETTLED = 2.0
"""Seconds after a change of a file during which another may leave its time stamp equal (chosen:
the coarsest time stamps of common file systems)."""

_checked: dict[tuple[int, int], tuple[tuple[int, int, int], dict[str, Any] | None]] = {}
"""What files stated that this process has checked: by device and inode, with size and times."""


@contextmanager
def creating(path: str | os.PathLike[str], about: Mapping[str, Any]) -> Iterator[h5py.File]:
    """Yield a new file open for writing; sealed, it replaces `path` if the block succeeds.

    The format is that of HDF5 1.10, which checksums its metadata as well. `flush` of the file
    raises the error of a write that failed; Ctrl-C is heard there and at the end of the block.

    Parameters
    ----------
    path
    about
        What the first line of the file states, as JSON holds it.

    Raises
    ------
    OSError
        If the file cannot be written, as on a full disk.
    ValueError
        If `about` does not fit into the first line.
    """
    with (
        replacing(Path(path)) as temporary,
        temporary.open("w+b", buffering=0) as file,
        _DeferredSignals() as signals,
    ):
        storage = _Storage(file, signals)
        hdf5 = h5py.File(storage, "w", libver=("v110", "v110"), userblock_size=BLOCK)
        try:
            yield hdf5
            hdf5.flush()
        finally:
            storage.closing = True
            hdf5.close()
        storage.raise_error()
        size = file.seek(0, os.SEEK_END)
        stated = {**about, "bytes": size, "sha256": _digest(file)}
        file.seek(0)
        file.write(_block(stated))


@contextmanager
def opened(path: str | os.PathLike[str]) -> Iterator[h5py.File]:
    """Yield a file open for reading, after its bytes were checked.

    Raises
    ------
    FileNotFoundError
    ValueError
        If a byte of the file has changed.
    OSError
        If the file cannot be read, or HDF5 cannot open it.
    """
    with _regular_file(path) as file:
        _check(file)
        try:
            hdf5 = h5py.File(file, "r")
        except IndexError as error:  # h5py has no bytes where HDF5 asks for some
            raise OSError(f"{path}: the file is too short for HDF5") from error
        with hdf5:
            yield hdf5


def statement(path: str | os.PathLike[str], whole: bool = True) -> dict[str, Any] | None:
    """Return what the first line of a file states; None for a file without digest.

    Parameters
    ----------
    path
    whole
        Whether to check all bytes of the file; otherwise only those of its user block.

    Raises
    ------
    FileNotFoundError
    ValueError
        If a byte that is checked has changed, or the file is no HDF5 file.
    """
    with _regular_file(path) as file:
        return _check(file) if whole else _read_block(file)


def content_digest(arrays: Mapping[str, NDArray]) -> str:
    """Return the SHA-256 of arrays: of their names, types, shapes and bytes.

    It does not depend on the version of HDF5, nor on what else a file holds.
    """
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.asarray(arrays[name])
        head = [name, _elements(array.dtype), array.shape]
        digest.update(json.dumps(head).encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def joint_digest(digests: Iterator[str]) -> str:
    """Return the SHA-256 of several digests in order."""
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


class _DeferredSignals:
    """A block in which the handlers of signals wait, since an exception inside HDF5 would be lost.

    Python runs them in the main thread only.
    """

    def __init__(self) -> None:
        self._handlers: dict[int, Any] = {}
        self._noted: list[int] = []

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                handler = signal.getsignal(number)
                if callable(handler):
                    self._handlers[number] = handler
                    signal.signal(number, lambda number, frame: self._noted.append(number))
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self.handle()

    def handle(self) -> None:
        """Call the handlers of the signals that have come."""
        while self._noted:
            number = self._noted.pop(0)
            self._handlers[number](number, None)


class _Storage(RawIOBase):
    """The file that HDF5 writes to, as h5py's driver of Python files calls it.

    HDF5 may end the process if it cannot write while it closes a file. So HDF5 never sees a failed
    write: the error is kept, and the bytes stay in memory until the file is closed. `flush` raises
    the error, unless the file is being closed.
    """

    def __init__(self, file: FileIO, signals: _DeferredSignals) -> None:
        self._file = file
        self._signals = signals
        self._at = 0
        self._size = 0
        self._kept: list[tuple[int, bytes]] = []
        self._error: OSError | None = None
        self.closing = False

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def write(self, data: Any, /) -> int:
        content = memoryview(data).cast("B")
        try:
            if self._error is None:
                self._write_to_disk(content)
        except OSError as error:
            self._error = error
        if self._error is not None:
            self._kept.append((self._at, bytes(content)))
        self._at += len(content)
        self._size = max(self._size, self._at)
        return len(content)

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer).cast("B")
        start, end = self._at, self._at + len(view)
        n_read = self._read_from_disk(view)
        view[n_read:] = bytes(len(view) - n_read)
        for offset, content in self._kept:
            first, last = max(start, offset), min(end, offset + len(content))
            if first < last:
                view[first - start : last - start] = content[first - offset : last - offset]
        self._at = end
        return len(view)

    def truncate(self, size: int | None = None, /) -> int:
        size = self._at if size is None else size
        self._size = size
        if self._error is None:
            try:
                self._file.truncate(size)
            except OSError as error:
                self._error = error
        return size

    def flush(self) -> None:
        if not self.closing:
            self.raise_error()
            self._signals.handle()

    def raise_error(self) -> None:
        """Raise the error of the first write that failed, if one has."""
        if self._error is not None:
            raise self._error

    def _write_to_disk(self, content: memoryview) -> None:
        self._file.seek(self._at)
        n_written = 0
        while n_written < len(content):
            n_written += self._file.write(content[n_written:])

    def _read_from_disk(self, view: memoryview) -> int:
        self._file.seek(self._at)
        n_read = 0
        while n_read < len(view) and (n := self._file.readinto(view[n_read:])):
            n_read += n
        return n_read


@contextmanager
def _regular_file(path: str | os.PathLike[str]) -> Iterator[FileIO]:
    """Open a file for reading; what is no file, such as a FIFO, is refused without waiting."""

    def opener(name: str, flags: int) -> int:
        return os.open(name, flags | os.O_NONBLOCK)

    with open(path, "rb", buffering=0, opener=opener) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError("expected a file, got something else")
        yield file


def _check(file: FileIO) -> dict[str, Any] | None:
    """Return what a file states, after a check of all its bytes.

    A file that this process has checked, and that has not changed since, is not read again.
    """
    status = os.fstat(file.fileno())
    inode = (status.st_dev, status.st_ino)
    stamp = (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    known = _checked.get(inode)
    if known is not None and known[0] == stamp:
        return known[1]
    stated = _read_block(file)
    if stated is not None:
        if stated["bytes"] != status.st_size:
            raise ValueError(f"it has {status.st_size} bytes, and states {stated['bytes']}")
        if stated["sha256"] != _digest(file):
            raise ValueError("its bytes do not have the SHA-256 that it states")
    if abs(time.time() - status.st_ctime) > _SETTLED:
        _checked[inode] = (stamp, stated)
    return stated


def _read_block(file: FileIO) -> dict[str, Any] | None:
    """Return what the user block of a file states; None for a file without one.

    Raises
    ------
    ValueError
        If a byte of the block has changed, or the file has neither a block nor HDF5's signature.
    """
    file.seek(0)
    block = file.read(BLOCK)
    line = block[:_LINE_END]
    if line.startswith(_MAGIC):
        if len(block) != BLOCK or block[_LINE_END:] != _second_line(line):
            raise ValueError("its first lines do not have the SHA-256 that they state")
        return _statement(line.removeprefix(_MAGIC))
    if not block.startswith(_SIGNATURE):
        raise ValueError("its first bytes are neither cagebreak's nor HDF5's")
    # The superblock states its own place in the file: bytes 12 to 20 of versions 2 and 3.
    if block[8:9] in (b"\2", b"\3") and any(block[12:20]):
        raise ValueError("the bytes before its first are lost")
    return None


def _statement(text: bytes) -> dict[str, Any]:
    """Return the statement that a first line holds.

    Raises
    ------
    ValueError
        If it is none.
    """
    try:
        stated = json.loads(text)
    except (ValueError, RecursionError):
        stated = None
    kinds = {"bytes": int, "sha256": str}
    if isinstance(stated, dict) and all(isinstance(stated.get(k), kinds[k]) for k in kinds):
        return stated
    raise ValueError("its first line does not state its bytes and their SHA-256")


def _block(stated: Mapping[str, Any]) -> bytes:
    """Return the user block of a file.

    Raises
    ------
    ValueError
        If the statement is too long.
    """
    text = _MAGIC + json.dumps(stated, sort_keys=True).encode()
    length = BLOCK + _LINE_END - 1
    if len(text) > length:
        raise ValueError(f"expected a statement of at most {length} bytes, got {len(text)}")
    line = text.ljust(length) + b"\n"
    return line + _second_line(line)


def _second_line(line: bytes) -> bytes:
    return hashlib.sha256(line).hexdigest().encode() + b"\n"


def _elements(dtype: np.dtype) -> str | list[Any]:
    """Return the type of the elements of an array, without what h5py remembers of text."""
    fields = [(name, dtype[name].base.str, dtype[name].shape) for name in dtype.names or ()]
    return fields or dtype.str


def _digest(file: FileIO) -> str:
    """Return the SHA-256 of the bytes after the user block."""
    file.seek(BLOCK)
    return hashlib.file_digest(file, "sha256").hexdigest()
