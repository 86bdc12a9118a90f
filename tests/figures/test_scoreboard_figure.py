"""The figure of a scoreboard."""

import numpy as np
import pytest

from cagebreak._frames import to_frame
from cagebreak.errors import InputError
from cagebreak.figures.glassbench import scoreboard as draw
from support.glassbench.table import TIMES, scoreboard


def curves(axes):
    """Return r over time of each curve by its label."""
    lines = [line for line in axes.get_lines() if not line.get_label().startswith("_")]
    return {line.get_label(): np.asarray(line.get_ydata()).tolist() for line in lines}


@pytest.mark.parametrize("convert", [np.asarray, to_frame])
def test_each_panel_has_its_own_r(convert):
    pooled, mean = draw(convert(scoreboard())).axes
    for axes, shift in ((pooled, 0.0), (mean, -0.1)):
        drawn = curves(axes)
        np.testing.assert_allclose(drawn["cagebreak, recommended, quick"], 0.5 + shift)
        # Predictions that the test files have are drawn as scored here, not as published.
        np.testing.assert_allclose(drawn["BOTAN"], 0.6 + shift)
        np.testing.assert_allclose(drawn["EIGNN"], 0.8 + shift)
        low, high = axes.get_xlim()
        assert low < min(TIMES) < max(TIMES) < high


def test_a_single_time_and_no_other_method():
    rows = scoreboard(times=(4120.0,))
    assert len(draw(rows).axes) == 2
    # A single point has bars, and without runs there is no ceiling.
    assert curves(draw(rows[:1]).axes[0]) == {}
    rows["ceiling"] = 0.9
    pooled, mean = draw(rows).axes
    assert "ceiling" in curves(pooled)
    assert "ceiling" not in curves(mean)
    assert [label.get_text() for label in mean.get_xticklabels()] == [r"$4.12\times 10^{3}$"]


def test_what_is_missing_is_named():
    rows = scoreboard()
    with pytest.raises(InputError, match="no fit of target 'bonds' and species 'A'"):
        draw(rows, "bonds")
    rest = [name for name in rows.dtype.names if name != "low_configuration"]
    with pytest.raises(InputError, match="lacks the columns low_configuration"):
        draw(rows[rest])
