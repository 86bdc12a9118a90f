"""How a command ends early: signals that stop it, and errors and warnings in one line."""

import errno
import os
import signal
import sys
import threading
import types
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click

from cagebreak.errors import CagebreakError

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that stop a command: Ctrl-C, the end of a batch job, the end of a terminal."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Stopped(BaseException):
    """A signal: what is open is closed, and temporary files are removed.

    It is not the KeyboardInterrupt of Ctrl-C, for which click has an end of its own.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def stoppable(message: str) -> Iterator[None]:
    """On a signal, print a message and exit with the code of shells, 128 + the signal's number."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    earlier = {}
    for number in SIGNALS:
        # `nohup` and shells without job control have started it so that it ignores a signal.
        if signal.getsignal(number) not in (signal.SIG_IGN, None):
            earlier[number] = signal.signal(number, _stop)
    try:
        yield
    except (Stopped, KeyboardInterrupt) as stop:
        for number in earlier:
            signal.signal(number, signal.SIG_IGN)
        with suppress(OSError):  # the terminal may be gone
            click.echo(message, err=True)
        sys.exit(128 + (stop.number if isinstance(stop, Stopped) else signal.SIGINT))
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


def _stop(number: int, frame: types.FrameType | None) -> None:
    raise Stopped(number)


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Print warnings of the package as one line, without the line of code that they come from."""
    earlier = warnings.formatwarning

    def plain(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        line: str | None = None,
    ) -> str:
        if not category.__module__.startswith("cagebreak"):
            return earlier(message, category, filename, lineno, line)
        return f"Warning: {' '.join(str(message).split())}\n"

    warnings.formatwarning = plain
    try:
        yield
    finally:
        warnings.formatwarning = earlier


def is_of_output(error: Exception) -> bool:
    """Return whether what commands print does not fit; all files that are written have names."""
    return isinstance(error, OSError) and error.errno in _FULL and error.filename is None


def discard_output() -> None:
    """Discard what standard output did not take: Python would try again when it ends."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def one_line(error: Exception) -> str:
    """Return an error as one line; one of the file system is its file and the reason."""
    text = str(error)
    if isinstance(error, OSError) and not isinstance(error, CagebreakError):
        name = "standard output" if is_of_output(error) else error.filename
        text = f"{name}: {error.strerror}" if name else text
    return " ".join(text.split())
