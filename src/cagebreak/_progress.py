"""Progress of a call that takes long: a bar and the time left, where somebody waits for it.

It is shown from the second second on, on a terminal or in a notebook. Processes of a pool are
silent, and so is a call within another that shows its own.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from multiprocessing import parent_process
from typing import TypeVar

Item = TypeVar("Item")

AFTER = 1.0
"""Seconds after which progress is shown (chosen)."""
_EVERY = 0.2

_turn = threading.Lock()


@contextmanager
def alone() -> Iterator[bool]:
    """Keep calls in this block silent; yield whether no other block does so already."""
    mine = _turn.acquire(blocking=False)
    try:
        yield mine
    finally:
        if mine:
            _turn.release()


@contextmanager
def shown(what: str, fraction: Callable[[], float]) -> Iterator[None]:
    """Show the progress of the block.

    Parameters
    ----------
    what
        What is done, e.g. "cage state".
    fraction
        Function that returns how much of it is done, from 0 to 1. Another thread calls it: a kernel
        that releases the GIL tells through the arrays that it writes.
    """
    if not _somebody_waits():
        yield
        return
    with alone() as first:
        if not first:
            yield
            return
        over = threading.Event()
        thread = threading.Thread(target=_show, args=(what, fraction, over), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def each(what: str, items: Iterable[Item], total: int) -> Iterator[Item]:
    """Yield items, `total` in all, and show how many are done, as `shown` does."""
    done = 0
    with shown(what, lambda: done / total):
        for item in items:
            yield item
            done += 1


def duration(seconds: float) -> str:
    """Return a duration in its two largest units: 42 s, 3 min 20 s, 5 h 10 min, 2 d 3 h."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    parts = [(day, "d"), (hour, "h"), (minute, "min"), (second, "s")]
    while len(parts) > 1 and not parts[0][0]:
        parts.pop(0)
    return " ".join(f"{n} {unit}" for n, unit in parts[:2])


def on_terminal() -> bool:
    """Return whether what is written to stderr is seen on a terminal."""
    # It is None where it was closed; programs that embed Python have one of their own.
    return bool(getattr(sys.stderr, "isatty", bool)())


def _somebody_waits() -> bool:
    if parent_process() is not None:
        return False
    return on_terminal() or "ipykernel" in sys.modules


def _show(what: str, fraction: Callable[[], float], over: threading.Event) -> None:
    start = time.monotonic()
    if over.wait(AFTER):
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[left]}"),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, redirect_stdout=False) as bars:
        task = bars.add_task(what, total=1.0, left="")
        while not over.wait(_EVERY):
            done = min(max(fraction(), 0.0), 1.0)
            left = ""
            if done > 0:
                left = f"about {duration((time.monotonic() - start) * (1 / done - 1))} left"
            bars.update(task, completed=done, left=left)
