"""Tables as data frames and as structured arrays: the one becomes the other without a change."""

import io
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from cagebreak._frames import to_frame, to_rows
from cagebreak.errors import InputError

ROWS = np.array(
    [(1.5, "A", 3, True, ""), (np.nan, "B", -1, False, "two words")],
    [("time", "f8"), ("species", "U1"), ("n", "i8"), ("event", "?"), ("group", "U32")],
)


def test_a_table_becomes_a_data_frame_of_the_same_columns():
    frame = to_frame(ROWS)
    assert list(frame) == list(ROWS.dtype.names)
    for name in ("time", "n", "event"):
        assert frame[name].dtype == ROWS.dtype[name]
        np.testing.assert_array_equal(frame[name], ROWS[name])
    assert frame.query("species == 'B'").n.tolist() == [-1]
    assert frame.groupby("species").time.max()["A"] == 1.5
    assert frame.index.tolist() == [0, 1]


def test_a_data_frame_does_not_share_the_numbers_of_its_table():
    rows = ROWS.copy()
    frame = to_frame(rows)
    frame.loc[0, "time"] = 7.0
    assert rows["time"][0] == 1.5


@pytest.mark.parametrize("rows", [ROWS, ROWS[:0]])
def test_a_data_frame_becomes_a_table_again(rows):
    again = to_rows(to_frame(rows))
    assert again.dtype.names == rows.dtype.names
    for name in rows.dtype.names:
        assert again.dtype[name].kind == rows.dtype[name].kind
        np.testing.assert_array_equal(again[name], rows[name])


def test_empty_text_that_pandas_reads_as_missing_is_empty_again():
    frame = pd.read_csv(io.StringIO(to_frame(ROWS).to_csv(index=False)))
    np.testing.assert_array_equal(to_rows(frame)["group"], ROWS["group"])


def test_a_structured_array_stays_itself_and_anything_else_is_refused():
    assert to_rows(ROWS) is ROWS
    for other in ([1, 2], np.zeros(3), {"time": [1.0]}):
        with pytest.raises(InputError, match="table: expected a data frame, got"):
            to_rows(other)


def test_pandas_is_imported_when_a_table_is_asked_for():
    # Not of `cagebreak.learning`: scikit-learn itself imports pandas where it is installed.
    code = """if True:
        import sys
        import cagebreak, cagebreak.cli, cagebreak.study, cagebreak.figures
        assert "pandas" not in sys.modules
        import numpy
        cagebreak._frames.to_frame(numpy.zeros(2, [("time", float)]))
        assert "pandas" in sys.modules
    """
    subprocess.run([sys.executable, "-c", code], check=True)
