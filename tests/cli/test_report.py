"""What the command line prints."""

from types import SimpleNamespace

import numpy as np
import pytest

from cagebreak.cli.report import print_drift, print_scores
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
    _, first, second = printed([energy, alone], monkeypatch, capsys)
    assert first.endswith("it drifts")
    assert second == "F_s A over the last step of preparation: not measured"
    (line,) = printed([alone], monkeypatch, capsys)
    assert line.startswith("drift of the preparation: not measured")


def test_a_step_that_is_too_short_is_said_first_and_shows_no_absence_of_drift(monkeypatch, capsys):
    drifting, still = ("energy", 1.0, 2.0, 1.0, 0.1, True), ("pressure", 1.0, 1.1, 0.1, 0.2, False)
    short = [drifting, still, ("F_s A", 0.5, 0.4, -0.1, 0.2, False)]
    first, *lines = printed(short, monkeypatch, capsys)
    assert first.startswith("the last step of preparation is too short")
    assert first.endswith("F_s has not decayed to 0.1 over half of it")
    assert [line.rpartition(": ")[2] for line in lines] == [
        "it drifts",
        "1, 1.1, difference 0.1 +- 0.2",
        "0.5, 0.4, difference -0.1 +- 0.2",
    ]
    enough = [drifting, still, ("F_s A", 0.05, 0.04, -0.01, 0.02, False)]
    lines = printed(enough, monkeypatch, capsys)
    verdicts = [line.rpartition(": ")[2] for line in lines]
    assert verdicts == ["it drifts", "no drift", "no drift"]


@pytest.mark.parametrize(
    ("n_runs", "ceiling", "reason"),
    [
        (1, np.nan, "no ceiling: the noise is measured with two or more runs"),
        (4, np.nan, "no ceiling: the halves of the runs do not vary"),
        (4, 0.9, None),
    ],
)
def test_the_reason_of_an_empty_ceiling_stands_below_the_scores(capsys, n_runs, ceiling, reason):
    study = SimpleNamespace(
        relaxation=lambda: {"A": 3.0},
        recipe=SimpleNamespace(isoconfigurational=SimpleNamespace(n_runs=n_runs)),
    )
    names = ("time", "r", "low", "high", "ceiling")
    dtype = [("species", "U1"), ("features", "U8"), *((name, "f8") for name in names)]
    print_scores(study, np.array([("A", "LR0", 3.0, 0.5, 0.4, 0.6, ceiling)], dtype))
    text = capsys.readouterr().out
    assert "0.400 to 0.600" in text
    assert (reason or "0.900") in text
    assert ("no ceiling" in text) == (reason is not None)
