"""Averages over shells of several boxes: every wave vector counts once."""

import numpy as np
import pytest

from cagebreak.structure import shells
from cagebreak.structure.shell_average import ShellAverage

# Wave numbers up to 3: with this width the second box has none in the first shell.
BOXES = [np.eye(3) * 8.0, np.diag([4.0, 4.5, 5.0]), np.array([[6.0, 0, 0], [2, 6, 0], [0, 1, 7]])]
VECTORS = [shells(box, 3.0, 0.8) for box in BOXES]


def lengths(vectors, shell):
    return np.linalg.norm(vectors.vectors[vectors.shell == shell], axis=1)


def test_every_wave_vector_counts_once():
    weights = np.array([[1.0, 1.0, 1.0], [0.0, 2.0, 1.0]])
    average = ShellAverage.of(VECTORS)
    assert (VECTORS[1].counts == 0).any()
    # Of each configuration the mean over a shell of k and of k^2.
    values = [np.array([each.k, each.mean((each.vectors**2).sum(axis=1))]) for each in VECTORS]
    found = average(values, weights)
    for shell in range(VECTORS[0].n_shells):
        k = [lengths(each, shell) for each in VECTORS]
        assert average.counts[shell] == 2 * sum(map(len, k))
        np.testing.assert_allclose(average.k[shell], np.concatenate(k).mean())
        np.testing.assert_allclose(average.spread(VECTORS)[shell], np.concatenate(k).std())
        for of_weights, w in zip(found, weights, strict=True):
            repeated = np.concatenate([np.repeat(x, int(n)) for x, n in zip(k, w, strict=True)])
            expected = [repeated.mean(), (repeated**2).mean()]
            np.testing.assert_allclose(of_weights[:, shell], expected)


def test_a_shell_that_no_box_has_is_left_out_and_one_that_none_drawn_has_is_nan():
    small, large = VECTORS[1], VECTORS[0]
    assert len(ShellAverage.of([small, small]).k) == (small.counts > 0).sum()
    average = ShellAverage.of([large, small])
    found = average([large.k, small.k], np.array([[0.0, 1.0]]))
    np.testing.assert_array_equal(np.isnan(found[0]), small.counts == 0)


def test_shells_of_other_widths_go_by_their_wave_number():
    wide, narrow = shells(BOXES[0], 3.0, 0.8), shells(BOXES[2], 3.0, 0.3)
    average = ShellAverage.of([narrow, wide])
    found = average([narrow.k, wide.k])
    inside = narrow.counts > 0
    place = np.searchsorted(wide.edges, narrow.k[inside], side="right") - 1
    assert (place < wide.n_shells).all()
    for shell in range(wide.n_shells):
        of_narrow = narrow.counts[inside] * (place == shell)
        counts = of_narrow.sum() + wide.counts[shell]
        sums = (of_narrow * narrow.k[inside]).sum() + wide.counts[shell] * wide.k[shell]
        assert found[shell] == pytest.approx(sums / counts)
        assert average.counts[shell] == counts
