"""Progress of single calls: on a terminal, with time left, and nowhere else."""

import os
import subprocess
import sys
import textwrap
import threading

import pytest

from cagebreak import _progress
from cagebreak._progress import alone, duration, each, shown

terminal = pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a terminal")
SLOW = """
def slow():
    for _ in each('thinking', range(4), 4):
        time.sleep(0.6 * {share})
"""


def said(code, on_terminal=True, share=0.2):
    """Return what a script writes to stderr, a terminal or not.

    Its calls, and what counts as long, take a share of the usual time.
    """
    script = "import time\nfrom cagebreak import _progress\n"
    script += "from cagebreak._progress import alone, each, shown\n"
    script += f"_progress.AFTER *= {share}\n" + SLOW.format(share=share)
    script += textwrap.dedent(code)
    if not on_terminal:
        return subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        ).stderr
    ours, theirs = os.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "120"}
    process = subprocess.Popen([sys.executable, "-c", script], stderr=theirs, env=environment)
    os.close(theirs)
    parts = []
    try:
        while part := os.read(ours, 4096):
            parts.append(part)
    except OSError:
        pass  # a terminal ends with an error on Linux
    finally:
        os.close(ours)
    assert process.wait() == 0
    return b"".join(parts).decode()


@terminal
def test_a_call_that_takes_long_shows_what_is_done_and_the_time_left():
    text = said("slow()", share=1)
    assert "thinking" in text
    assert " 75%" in text
    assert "about 1 s left" in text


@terminal
def test_a_short_call_a_call_within_another_and_a_process_of_a_pool_are_silent():
    assert said("list(each('thinking', range(4), 4))") == ""
    assert said("with alone():\n    slow()") == ""
    within = said("with shown('all', lambda: 0.5):\n    slow()")
    assert "all" in within
    assert "thinking" not in within
    assert "thinking" not in said(
        """
        import multiprocessing
        process = multiprocessing.get_context("fork").Process(target=slow)
        process.start()
        process.join()
        """
    )


def test_nothing_is_written_to_a_file():
    assert said("slow()", on_terminal=False) == ""


def test_a_notebook_is_told(monkeypatch):
    told = threading.Event()
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    monkeypatch.setattr(_progress, "_show", lambda what, fraction, over: told.set())
    with shown("thinking", lambda: 0.0):
        pass
    assert told.is_set()


def test_an_error_in_the_block_ends_the_progress(monkeypatch):
    monkeypatch.setattr(_progress, "_somebody_waits", lambda: True)
    monkeypatch.setattr(_progress, "AFTER", 0.0)
    with pytest.raises(ZeroDivisionError), shown("thinking", lambda: 0.5):
        1 / 0  # noqa: B018
    assert not any("_show" in thread.name for thread in threading.enumerate())
    with alone() as first:
        assert first


def test_items_come_in_order_and_an_unfinished_loop_makes_way():
    assert list(each("thinking", "abc", 3)) == ["a", "b", "c"]
    items = each("thinking", "abc", 3)
    assert next(items) == "a"
    items.close()
    with alone() as first:
        assert first


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0 s"),
        (59.6, "1 min 0 s"),
        (200, "3 min 20 s"),
        (18600, "5 h 10 min"),
        (183600, "2 d 3 h"),
    ],
)
def test_durations_have_two_units(seconds, text):
    assert duration(seconds) == text


class _Embedded:
    """The stderr of a program that embeds Python."""


@pytest.mark.parametrize("stderr", [None, _Embedded()])
def test_where_stderr_is_closed_or_no_file_nothing_is_shown(monkeypatch, stderr):
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.setattr(_progress, "AFTER", 0.0)
    assert list(each("thinking", "abc", 3)) == ["a", "b", "c"]
