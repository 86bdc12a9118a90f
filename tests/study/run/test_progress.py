"""Progress leaves alone what a command prints meanwhile."""

import sys

from cagebreak.study.run.progress import Bars, Tally, show, show_step
from cagebreak.study.store import Unit


def test_what_is_printed_beside_the_bars_goes_where_it_is_meant_to(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")  # Bars are drawn as on a terminal; output is a file.
    with Bars(Tally({"figures": 0}, {"figures": 2}, {"figures": 1.0}, 1)):
        print("wrote a figure")
    shown = capsys.readouterr()
    assert shown.out == "wrote a figure\n"
    assert "figures" in shown.err
    assert "wrote" not in shown.err


def test_without_stderr_nothing_is_shown_and_stdout_is_left_alone(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", None)
    tally = Tally({"figures": 0}, {"figures": 1}, {"figures": 1.0}, 1)
    with show(tally, progress=True) as report, show_step(progress=True) as tell:
        report.done(Unit("figures", (0,)), 1.0)
        report.failed(Unit("figures", (0,)), ValueError("no"), again=False)
        tell("figures")
    assert capsys.readouterr().out == ""
