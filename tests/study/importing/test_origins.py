"""Origins of a long trajectory: equal lags, and blocks that do not remember each other."""

import math
from pathlib import Path

import numpy as np
import pytest

from cagebreak.errors import InputError
from cagebreak.study.importing.origins import memory, stretches
from support.trajectory_files import N, frames, places

FILE = Path("long.dump")
EQUAL = np.arange(201) * 0.5


def of(times, n, longest=0.0, least=3):
    return stretches(FILE, np.asarray(times, dtype=float), n, longest, least)


def test_stretches_of_equal_frames_follow_each_other():
    found = of(EQUAL, 10)
    assert [at[0] for at in found.frames] == list(range(0, 200, 20))
    np.testing.assert_allclose(found.times, EQUAL[1:21])
    assert all((np.diff(at) == 1).all() and len(at) == 21 for at in found.frames)
    assert list(found.blocks) == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


@pytest.mark.parametrize("longest", [3.0, 12.0, 24.0])
@pytest.mark.parametrize("n", [3, 10, 40])
def test_gaps_between_blocks_are_longer_than_the_memory(n, longest):
    found = of(EQUAL, n, longest)
    starts = np.array([EQUAL[at[0]] for at in found.frames])
    blocks = np.array(found.blocks)
    assert (np.diff(blocks) >= 0).all()
    assert 3 <= len(set(found.blocks)) <= 5
    between = np.diff(starts)[np.diff(blocks) > 0]
    assert (between > longest).all()
    np.testing.assert_allclose(between, found.gap)
    lags = [EQUAL[at[1:]] - EQUAL[at[0]] for at in found.frames]
    np.testing.assert_allclose(lags, [found.times] * n)


def test_a_repeated_series_of_steps_keeps_its_lags():
    series = [0, 1, 2, 4, 8, 16, 32]
    times = np.array([64 * c + t for c in range(8) for t in series] + [512])
    found = of(times, 4)
    assert [times[at[0]] for at in found.frames] == [0, 128, 256, 384]
    np.testing.assert_array_equal(found.times, [*series[1:], *(64 + t for t in series), 128])


def test_a_missing_frame_is_left_out_of_every_stretch():
    times = np.delete(EQUAL, 43)
    found = of(times, 10)
    np.testing.assert_allclose(found.times, np.delete(EQUAL[1:21], 2))


def test_what_has_no_equal_lags_or_frames_is_refused():
    with pytest.raises(InputError, match="4 equal intervals, each followed by frames at the same"):
        of([0, 1, 2, 4, 8, 16, 32, 64, 128], 4)
    with pytest.raises(InputError, match="expected at most 200"):
        of(EQUAL, 500)
    with pytest.raises(InputError, match="expected at least 3, for folds, got 2"):
        of(EQUAL, 2)
    assert len(of(EQUAL, 2, least=1).frames) == 2
    assert of(EQUAL, 10, longest=60.0) is None
    assert of(EQUAL, 10, longest=math.inf) is None


def test_memory_is_the_time_in_which_cages_break():
    """Of normal displacements of variance 3 t b^2, 1/e are below half a spacing at a known t."""
    by, times = 0.05, np.arange(301) * 1.0
    steps = by * np.random.default_rng(0).normal(size=(300, N, 3))
    x = places(1) + np.concatenate([np.zeros((1, N, 3)), np.cumsum(steps, axis=0)])
    found = memory(frames(list(x)), times)
    half = (5.65**3 / N) ** (1 / 3) / 2
    # P(chi_3 < 1.30) = 1/e: the mean time; the longest of many pairs is a little longer.
    expected = (half / 1.30 / by) ** 2
    assert expected < found < 1.5 * expected
    assert memory(frames([x[0], x[0] + 1.0]), np.array([0.0, 1.0])) == math.inf
    assert memory(frames(list(x)), times, copies=True) <= 1.0
