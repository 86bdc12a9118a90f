"""Mean motion of short runs as descriptors."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.descriptors.coarse_grained.short_runs import MeanMotion, ShortRuns
from cagebreak.errors import InputError

TIMES = np.array([1.0, 10.0])
N = 60


@pytest.fixture
def motion():
    random = np.random.default_rng(1)
    start = cb.Configuration(
        6.0 * random.random((N, 3)), random.integers(0, 2, N), cb.Box.cubic(6.0)
    )
    return MeanMotion(start, TIMES, {"displacement": random.random((2, N))})


def test_averages_over_neighbors_are_those_of_the_definition(motion):
    descriptor = ShortRuns((10.0,), lengths=(0.8,))
    features = descriptor.compute(motion)
    moved, start = motion.means["displacement"][1], motion.start
    for i in range(0, N, 7):
        away = start.box.minimum_image(start.positions - start.positions[i])
        distance = np.sqrt((away**2).sum(axis=1))
        near = (distance < 2.5 * 0.8) & (np.arange(N) != i)
        for s, name in enumerate("AB"):
            chosen = near & (start.species == s)
            weights = np.exp(-distance[chosen] / 0.8)
            (column,) = np.flatnonzero(features.labels.species == name)
            expected = weights @ moved[chosen] / weights.sum() if chosen.any() else 0.0
            assert features.values[i, column] == pytest.approx(expected)


def test_columns_are_linear_in_the_runs(motion):
    other = MeanMotion(motion.start, TIMES, {"displacement": np.ones((2, N))})
    both = MeanMotion(motion.start, TIMES, {"displacement": (motion.means["displacement"] + 1) / 2})
    descriptor = ShortRuns((1.0, 10.0))
    first, second, mean = (descriptor.compute(source).values for source in (motion, other, both))
    np.testing.assert_allclose(mean, (first + second) / 2)


def test_columns_are_selected_by_time_length_and_species(motion):
    descriptor = ShortRuns((1.0, 10.0), lengths=(0.5, 1.0))
    features = descriptor.compute(motion)
    assert features.labels.tobytes() == descriptor.labels().tobytes()
    assert features.where(time=10.0).n_features == 5
    assert features.where(time=1.0, r=0.5, species="A").n_features == 1
    assert features.where(state="runs", kind="displacement").n_features == 10
    assert "time=10" in features.where(time=10.0, r=0.5).names[0]
    assert len(set(features.names)) == 10


@pytest.mark.parametrize(
    ("descriptor", "message"),
    [
        (lambda: ShortRuns(()), "times: expected at least one"),
        (lambda: ShortRuns((0.0,)), "times: expected positive"),
        (lambda: ShortRuns((1.0,), lengths=(-1.0,)), "lengths: expected positive"),
    ],
)
def test_what_cannot_be_described_is_named(descriptor, message):
    with pytest.raises(InputError, match=message):
        descriptor()


def test_motion_that_does_not_fit_is_named(motion):
    with pytest.raises(InputError, match="times: expected some of"):
        ShortRuns((2.0,)).compute(motion)
    with pytest.raises(InputError, match="quantities: expected some of displacement"):
        ShortRuns((1.0,), quantities=("d2min",)).compute(motion)
    with pytest.raises(InputError, match="expected a MeanMotion"):
        ShortRuns((1.0,)).compute(motion.start)
    with pytest.raises(InputError, match=r"means\['displacement'\]: expected shape"):
        MeanMotion(motion.start, TIMES, {"displacement": np.ones((3, N))})
