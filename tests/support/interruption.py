"""Ctrl-C in the middle of a test."""

import _thread
import signal
import threading
from contextlib import contextmanager


@contextmanager
def ctrl_c(after=0.3):
    """Raise `KeyboardInterrupt` in the main thread after some seconds."""
    timer = threading.Timer(after, _thread.interrupt_main)
    # dask_jobqueue, which other tests import, takes Ctrl-C for itself.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        signal.signal(signal.SIGINT, handler)
