"""Progress leaves alone what a command prints meanwhile."""

from cagebreak.study.run.progress import Bars, Tally


def test_what_is_printed_beside_the_bars_goes_where_it_is_meant_to(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")  # Bars are drawn as on a terminal; output is a file.
    with Bars(Tally({"figures": 0}, {"figures": 2}, {"figures": 1.0}, 1)):
        print("wrote a figure")
    shown = capsys.readouterr()
    assert shown.out == "wrote a figure\n"
    assert "figures" in shown.err
    assert "wrote" not in shown.err
