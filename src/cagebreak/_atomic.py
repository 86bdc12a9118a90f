"""Writing and opening of files: a file that is written is complete or absent.

A file is written under a temporary name beside its place, synced, and renamed. A process holds a
lock on each of its temporary files and folders. The kernel releases the lock when the process ends,
however it ends. A temporary file whose lock is free was left by a killed process, and is removed
when the same file is written again.
"""

import errno
import fcntl
import os
import re
import shutil
import stat
import tempfile
import uuid
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cagebreak.errors import InputError

TEMPORARY = ".tmp"
"""End of the names of temporary files."""

MARKER = f".unfinished{TEMPORARY}"
"""The locked file in a temporary folder."""

READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)
"""Error numbers of a place that cannot be written to."""

_NAME = re.compile(r"\..+\.[0-9a-f]{32}" + re.escape(TEMPORARY))

_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def write(path: Path, content: str | bytes) -> None:
    """Write a file of text in UTF-8 or of bytes; an existing file is replaced.

    Raises
    ------
    OSError
        As for `replacing`.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)


@contextmanager
def replacing(path: Path, before: Callable[[], None] = lambda: None) -> Iterator[Path]:
    """Yield a path beside `path`; what is written there replaces `path` if the block succeeds.

    Readers see the old file or the new one, whenever the process is killed.

    Parameters
    ----------
    path
    before
        Called once the new file is on the disk, before it replaces `path`.

    Raises
    ------
    OSError
        If the file cannot be written. The error names `path`, which is then as it was before.
    """
    require_place(path)
    _remove_abandoned(path)
    temporary = _beside(path)
    try:
        lock = _locked(temporary)
        try:
            yield temporary
            _sync(temporary)
            before()
            os.replace(temporary, path)
            _sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)
            os.close(lock)
    except OSError as error:
        # The system names the temporary file, or none: a failed write knows no name.
        if error.errno is None or error.filename not in (None, str(temporary)):
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def reason(error: BaseException) -> str:
    """Return why a file cannot be written or opened, without its name."""
    known = isinstance(error, OSError) and error.strerror
    return known or str(error)


def append(path: Path, line: bytes, header: bytes = b"") -> None:
    """Append a line to a file, whole or not at all; an empty file first gets the header.

    Raises
    ------
    OSError
        If the line cannot be written, or the file has another name too, which a link gives it.
    """
    descriptor = open_own(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        status = os.fstat(descriptor)
        if status.st_nlink > 1:
            raise OSError(errno.EMLINK, os.strerror(errno.EMLINK), str(path))
        end = status.st_size
        content = line if end else header + line
        try:
            if os.write(descriptor, content) != len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        except OSError:
            os.truncate(descriptor, end)
            raise
    finally:
        os.close(descriptor)


def open_own(path: Path, flags: int) -> int:
    """Open a file of a study's own, and never the target of a link; return its descriptor.

    Raises
    ------
    OSError
        If there is something else than a file, or the file cannot be opened.
    """
    try:
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
    except OSError as error:
        with suppress(FileNotFoundError):
            _require_regular(path, os.lstat(path))
        raise error
    try:
        _require_regular(path, os.fstat(descriptor))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def require_place(path: Path, *read: str | os.PathLike[str]) -> None:
    """Check before any work that a file can be written at `path`, which is none of those read.

    Raises
    ------
    InputError
        If it is one of the files that are read, which it would replace.
    OSError
        If there is something else than a file, or its folder is missing or cannot be written to.
    """
    with suppress(FileNotFoundError):
        _require_regular(path, os.stat(path))
        if any(os.path.exists(file) and os.path.samefile(path, file) for file in read):
            raise InputError(f"{path}: expected another file to write than the one that is read")
    folder = path.parent
    if not folder.is_dir():
        code = errno.ENOTDIR if folder.exists() else errno.ENOENT
        raise OSError(code, os.strerror(code), str(folder))
    if not os.access(folder, os.W_OK | os.X_OK):
        read_only = os.statvfs(folder).f_flag & os.ST_RDONLY
        code = errno.EROFS if read_only else errno.EACCES
        raise OSError(code, os.strerror(code), str(folder))


def require_folder(path: Path) -> None:
    """Check before any work that files can be written to a folder, which may have to be made.

    Raises
    ------
    OSError
        If there is something else than a folder, or it cannot be written to.
    """
    while not os.path.lexists(path) and path != path.parent:
        path = path.parent
    require_place(path / "a file")


def require_file(path: str | os.PathLike[str]) -> None:
    """Check that `path` is a regular file, which can be opened without waiting.

    A FIFO waits until another process writes to it, and a device such as ``/dev/zero`` never ends.

    Raises
    ------
    OSError
        If there is nothing, or something else than a file.
    """
    _require_regular(path, os.stat(path))


def remove_unlocked(path: Path) -> None:
    """Remove a temporary file, unless it is not one of ours, or a process is still writing it."""
    if not _NAME.fullmatch(path.name):
        return
    try:
        lock = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return
    # Where there are no locks, nobody can tell, and the file is kept.
    with suppress(OSError):
        if stat.S_ISREG(os.fstat(lock).st_mode):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(path)
    os.close(lock)


class TemporaryFolder:
    """A temporary folder; those that killed processes have left are removed when it is made.

    It is removed at the end of a ``with`` block, with the object, or when Python ends.

    Parameters
    ----------
    prefix
        Start of the name; eight random characters follow.
    parent
        The folder that it is made in; default that of the system.
    """

    def __init__(self, prefix: str, parent: Path | None = None) -> None:
        parent = Path(tempfile.gettempdir()) if parent is None else parent
        name = re.compile(re.escape(prefix) + "[a-z0-9_]{8}")
        for other in _entries(parent):
            if name.fullmatch(other):
                _remove_abandoned_folder(parent / other)
        while True:
            self.path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
            # Another process may remove the folder before its marker is locked.
            with suppress(FileNotFoundError):
                self._remove = weakref.finalize(
                    self, _remove, self.path, _locked(self.path / MARKER)
                )
                return

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *_: object) -> None:
        self._remove()


def _require_regular(path: str | os.PathLike[str], status: os.stat_result) -> None:
    kind = stat.S_IFMT(status.st_mode)
    if kind != stat.S_IFREG:
        text = f"expected a file, got {_KINDS.get(kind, 'something else')}"
        raise OSError(errno.EISDIR if kind == stat.S_IFDIR else errno.EINVAL, text, str(path))


def _locked(path: Path) -> int:
    """Return the descriptor of a new file that holds a shared lock, as readers with HDF5 do."""
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        with suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_SH)
        # Another process may have removed the file before it was locked.
        if os.fstat(lock).st_nlink:
            return lock
        os.close(lock)


def _remove_abandoned(path: Path) -> None:
    """Remove the temporary files of a file that killed processes have left."""
    length = len(_beside(path).name)
    for other in _entries(path.parent):
        if other.startswith(f".{path.name}.") and len(other) == length:
            remove_unlocked(path.with_name(other))


def _beside(path: Path) -> Path:
    """Return a new name for a temporary file of a file."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}{TEMPORARY}")


def _remove_abandoned_folder(path: Path) -> None:
    """Remove a temporary folder, unless a process still uses it."""
    with suppress(OSError):
        # An empty one has no marker; the process that has just made it makes another.
        os.rmdir(path)
        return
    try:
        lock = os.open(path / MARKER, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
    else:
        _remove(path, lock)


def _remove(folder: Path, lock: int) -> None:
    """Remove a temporary folder, its marker last: without it nobody would remove the rest."""
    for name in _entries(folder):
        if name != MARKER:
            with suppress(OSError):
                os.unlink(folder / name)
            shutil.rmtree(folder / name, ignore_errors=True)
    with suppress(OSError):
        os.unlink(folder / MARKER)
        os.rmdir(folder)
    os.close(lock)


def _entries(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    # Some file systems cannot sync a folder.
    with suppress(OSError):
        _sync(folder)
