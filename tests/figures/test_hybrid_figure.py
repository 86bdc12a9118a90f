"""The figure of r over core-hours."""

import numpy as np
import pytest

from cagebreak._frames import to_frame
from cagebreak.errors import InputError
from cagebreak.figures.hybrid import COLUMNS, LOOKS, cost, over_time


def budgets():
    """Return r of each kind of inputs at two times and three costs."""
    keys = [(t, name, c) for t in (10.0, 1000.0) for name in LOOKS for c in (36.0, 360.0, 3600.0)]
    rows = np.zeros(
        len(keys), [(name, "U9" if name == "inputs" else "f8") for name in (*COLUMNS, "share")]
    )
    for row, (time, name, seconds) in zip(rows, keys, strict=True):
        r = 0.5 + 0.1 * np.log10(seconds / 36) + 0.05 * (time > 100)
        row["time"], row["inputs"], row["core_seconds"] = time, name, seconds
        row["r_configuration"], row["share"] = r, seconds / 3600
        row["low_configuration"], row["high_configuration"] = r - 0.02, r + 0.02
    return rows


@pytest.mark.parametrize("convert", [np.asarray, to_frame])
def test_the_last_time_is_drawn_over_core_hours(convert):
    (axes,) = cost(convert(budgets())).axes
    points = [container.lines[0].get_xydata() for container in axes.containers]
    assert len(points) == len(LOOKS)
    for of_inputs in points:
        np.testing.assert_allclose(of_inputs[:, 0], [0.01, 0.1, 1.0])
        np.testing.assert_allclose(of_inputs[:, 1], [0.55, 0.65, 0.75])


def test_a_time_is_chosen():
    (axes,) = cost(budgets(), time=12.0).axes
    assert axes.containers[0].lines[0].get_ydata()[0] == pytest.approx(0.5)
    assert "10" in axes.get_title()


def test_a_table_without_costs_is_refused():
    with pytest.raises(InputError, match="core_seconds"):
        cost(to_frame(budgets()).drop(columns="core_seconds"))


def test_r_over_time_is_of_one_share_of_the_cost():
    rows = budgets()
    rows = rows[(rows["inputs"] != "structure") | (rows["core_seconds"] == 36)]
    (axes,) = over_time(rows).axes
    drawn = {line.get_label(): line.get_ydata() for line in axes.get_lines()}
    np.testing.assert_allclose(drawn["both"], [0.6, 0.65])
    np.testing.assert_allclose(drawn["structure"], [0.5, 0.55])
    with pytest.raises(InputError, match="share: expected one of the table"):
        over_time(rows, share=0.3)
