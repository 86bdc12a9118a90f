"""One comparison of learners, of every pair and with the first."""

import numpy as np
import pytest

from cagebreak.errors import InputError
from cagebreak.learning import PCARegression, RidgeCV, Sample, compare, evaluate
from cagebreak.learning.model_selection.compare import (
    DIFFERENCES,
    differences,
    moments_table,
    with_differences,
)

RIDGE, COMPONENTS = RidgeCV(), PCARegression(components=(1,))


def samples(n_configurations=6):
    random = np.random.default_rng(4)
    made = []
    for _ in range(n_configurations):
        X = random.normal(size=(40, 5))
        Y = X[:, :2] + random.normal(size=(40, 2))
        made.append(Sample(X, Y, np.arange(40) % 2))
    return made


def test_the_differences_of_a_pair_are_those_from_the_first_learner():
    given = {"seed": 3, "n_resamples": 50}
    pairs = compare({"b": RIDGE, "a": COMPONENTS}, samples(), **given).difference_rows
    scores = {
        name: evaluate(learner, samples(), name=name, **given)
        for name, learner in {"a": COMPONENTS, "b": RIDGE}.items()
    }
    times = np.arange(2.0)
    moments = np.concatenate(
        [
            moments_table(species, name, times, scores[name].moments[species, "all"])
            for species in "AB"
            for name in "ab"
        ]
    )
    tables = [scores[name].rows for name in "ab"]
    wider = with_differences(np.concatenate(tables), moments, **given)
    of_first, of_second = wider[wider["learner"] == "a"], wider[wider["learner"] == "b"]
    for name, _ in DIFFERENCES:
        np.testing.assert_array_equal(of_second[name], pairs[name])
        assert not of_first[name].any()
    assert (pairs["difference"] > 0).all()


def test_differences_of_other_configurations_are_refused():
    moments = evaluate(RIDGE, samples(), seed=1).moments["A", "all"]
    fewer = evaluate(RIDGE, samples(5), seed=1).moments["A", "all"]
    with pytest.raises(InputError, match=r"second: expected shape \(6, 6, 2\)"):
        differences(moments, fewer, seed=1)


def test_one_learner_has_scores_and_no_differences():
    alone = compare({"ridge": RIDGE}, samples(), seed=1, n_resamples=10)
    assert len(alone.table) == 4
    assert len(alone.differences) == 0
    assert {"first", "second", "difference"} <= set(alone.differences)
    # It holds arrays, whose comparison has no truth value.
    assert alone != compare({"ridge": RIDGE}, samples(), seed=1, n_resamples=10)
    assert len({alone, alone}) == 1
