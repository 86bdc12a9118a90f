"""Published curves are read from CSV files of the user."""

import numpy as np
import pytest

from cagebreak.errors import FileFormatError
from cagebreak.figures.literature import read_published
from support import paths

LITERATURE = paths.EXTERNAL / "literature"


def test_published_curves_are_read_from_their_columns_among_others(tmp_path):
    path = tmp_path / "curves.csv"
    path.write_text("method,note,pearson,time,averaging,temperature\nGNN,x,0.75,1e2,pooled,0.44\n")
    assert read_published(path).values.tolist() == [[0.44, "pooled", 100.0, "GNN", 0.75]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "expected the columns temperature, "),
        ("method,pearson,time,temperature\n", "expected the columns averaging"),
        ("temperature,averaging,time,method,pearson\n1,a,2,b,?\n", "line 2: could not conv"),
        ("temperature,averaging,time,method,pearson\n1,a,2,b,0\n1,a\n", "line 3: expected a v"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, expected):
    path = tmp_path / "curves.csv"
    path.write_text(text)
    with pytest.raises(FileFormatError, match=f"curves.csv.*{expected}"):
        read_published(path)


@pytest.mark.external
def test_the_published_table():
    path = LITERATURE / "pearson-kob-andersen-a-particles.csv"
    if not path.exists():
        pytest.skip(f"{path.name} is absent")
    curves = read_published(path)
    assert len(curves) == 480
    assert np.abs(curves["pearson"]).max() <= 1
