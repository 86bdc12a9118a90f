import numpy as np
import pytest

from cagebreak.learning.samples import take_rows


@pytest.mark.parametrize("rows", [[], [2], [0, 1, 2, 3], [1, 2], [0, 2, 3]])
def test_rows_are_taken_without_a_copy_if_none_is_left_out(rows):
    table = np.arange(12.0).reshape(4, 3)
    taken = take_rows(table, np.array(rows, dtype=np.int64))
    np.testing.assert_array_equal(taken, table[rows] if rows else np.empty((0, 3)))
    assert np.shares_memory(taken, table) == (rows not in ([], [0, 2, 3]))
