"""What the command line prints."""

from types import SimpleNamespace

import numpy as np

from cagebreak.cli.report import print_drift
from cagebreak.dynamics.equilibrium import DRIFT
from cagebreak.study.analysis import tables


def printed(rows, monkeypatch, capsys):
    table = np.array(rows, DRIFT).view(np.recarray)
    monkeypatch.setattr(tables, "drift", lambda recipe, store: table)
    print_drift(SimpleNamespace(recipe=None, store=None))
    return capsys.readouterr().out.splitlines()


def test_no_verdict_comes_from_nan(monkeypatch, capsys):
    energy = ("energy", 1.0, 2.0, 1.0, 0.1, True)
    alone = ("F_s A", np.nan, np.nan, np.nan, np.nan, False)
    first, second, *_ = printed([energy, alone], monkeypatch, capsys)
    assert first.endswith("it drifts")
    assert second == "F_s A over the last step of preparation: not measured"
    (line,) = printed([alone], monkeypatch, capsys)
    assert line.startswith("drift of the preparation: not measured")
