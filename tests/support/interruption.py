"""Ctrl-C in the middle of a test."""

import _thread
import threading
from contextlib import contextmanager


@contextmanager
def ctrl_c(after=0.3):
    """Raise `KeyboardInterrupt` in the main thread after some seconds."""
    timer = threading.Timer(after, _thread.interrupt_main)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
