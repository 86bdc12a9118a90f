"""Configurations that share their structure: one fold, one draw of the bootstrap, one part."""

import numpy as np
import pytest

from cagebreak.bootstrap import interval, resamples
from cagebreak.errors import InputError
from cagebreak.learning import (
    Collection,
    RidgeCV,
    Sample,
    collect,
    configuration_folds,
    evaluate,
    held_out_moments,
    learning_curve,
    selection_curve,
)
from cagebreak.learning.model_selection.compare import compare
from cagebreak.learning.model_selection.transfer import Source, transfer
from cagebreak.learning.scores import XX, YY, n_independent, pooled_pearson

GROUPS = [5, 5, 5, 7, 7, 7, 0, 0, 0, 2, 2, 2]


@pytest.fixture(scope="module")
def copies():
    """Four structures in three copies each; the target is noise that the copies share."""
    random = np.random.default_rng(0)
    samples = []
    for _ in range(4):
        features, target = random.normal(size=(60, 40)), random.normal(size=(60, 1))
        for _ in range(3):
            near = features + 0.05 * random.normal(size=features.shape)
            samples.append(Sample(near, target + 0.1 * random.normal(size=target.shape)))
    return samples


@pytest.mark.parametrize("n_folds", [2, 3, 4, 9])
def test_a_group_is_in_one_fold_and_folds_have_as_many_groups(n_folds):
    fold = configuration_folds(12, n_folds, seed=1, groups=GROUPS)
    of_groups = [set(fold[np.array(GROUPS) == g].tolist()) for g in (0, 2, 5, 7)]
    assert all(len(folds) == 1 for folds in of_groups)
    counts = np.bincount([folds.pop() for folds in of_groups])
    assert len(counts) == min(n_folds, 4)
    assert counts.max() - counts.min() <= 1
    alone = configuration_folds(12, n_folds, seed=1, groups=range(12))
    np.testing.assert_array_equal(alone, configuration_folds(12, n_folds, seed=1))


@pytest.mark.parametrize("groups", [[0, 1], [0.5] * 12, ["a"] * 12])
def test_groups_that_do_not_fit_are_refused(groups):
    with pytest.raises(InputError, match="groups: expected 12 whole numbers"):
        configuration_folds(12, 3, seed=1, groups=groups)


def test_a_resample_draws_whole_groups():
    drawn = resamples(12, 50, seed=1, groups=GROUPS)
    assert (drawn.reshape(50, 4, 3) == drawn[:, ::3, None]).all()
    assert (drawn[:, ::3].sum(axis=1) == 4).all()
    np.testing.assert_array_equal(resamples(4, 50, seed=1), drawn[:, ::3])


def test_copies_in_training_and_test_are_not_seen_as_a_prediction(copies):
    """Without groups the noise would be recognized from its copies; they are refused."""
    with pytest.raises(InputError, match="nearly equal features"):
        evaluate(RidgeCV(alphas=[1.0]), copies, seed=1, n_resamples=200)
    together = evaluate(RidgeCV(alphas=[1.0]), copies, seed=1, n_resamples=200, groups=GROUPS)
    row = together.rows[0]
    assert abs(row["r"]) < 0.15
    assert row["n_configurations"] == 12
    moments = together.moments["A", "all"]
    assert n_independent(moments, GROUPS) == 4
    drawn = pooled_pearson(moments, resamples(12, 200, seed=1, groups=GROUPS))
    np.testing.assert_array_equal(np.ravel(interval(drawn, 4)), [row["low"], row["high"]])
    with pytest.raises(InputError, match="at least 2, got one that has all"):
        evaluate(RidgeCV(), copies, seed=1, groups=[3] * 12)


def test_everything_that_is_cross_validated_honors_groups(copies, tmp_path):
    collection = collect(copies, groups=GROUPS)
    collection.save(tmp_path / "a.h5")
    read = Collection.load(tmp_path / "a.h5")
    assert read.groups.tolist() == collection.groups.tolist() == np.repeat(range(4), 3).tolist()
    assert read.n_groups == 4
    for curve in (
        selection_curve(read, 10, seed=1, alphas=[1.0], n_resamples=100),
        selection_curve(read, 10, seed=1, n_resamples=100),
        learning_curve(read, seed=1, sizes=[9], alphas=[1.0], n_resamples=100),
    ):
        assert np.abs(curve.rows["r"]).max() < 0.25
    learners = {"one": RidgeCV(alphas=[1.0]), "other": RidgeCV(alphas=[100.0])}
    comparison = compare(learners, copies, seed=1, n_resamples=100, groups=GROUPS)
    assert np.abs(comparison.rows["r"]).max() < 0.25
    random = np.random.default_rng(1)
    other = [Sample(random.normal(size=(60, 40)), random.normal(size=(60, 1))) for _ in range(12)]
    labels = np.zeros(40, [("r", float)])
    sources = {
        "copies": Source(copies, labels, groups=GROUPS),
        "other": Source(other, labels, groups=GROUPS),
    }
    table = transfer(sources, learners["one"], seed=1, n_resamples=100)
    own = np.array(table["r"])[np.array(table["train"]) == np.array(table["test"])]
    assert np.abs(own).max() < 0.25


def test_copies_do_not_choose_the_alpha_of_a_learning_curve(copies):
    """Noise cannot be predicted: alpha becomes large, unless copies of the training judge it."""
    moments = learning_curve(collect(copies, groups=GROUPS), seed=1, sizes=[9]).moments[0]
    assert moments[:, XX].sum() < 0.05 * moments[:, YY].sum()


def test_groups_join_with_their_collections(copies):
    first = collect(copies[:6], groups=GROUPS[:6])
    second = collect(copies[6::3], standardizer=first.standardizer)
    assert (first + second).groups.tolist() == [0, 0, 0, 1, 1, 1, 2, 3]
    assert first.select([0, 1]).groups.tolist() == first.groups.tolist()
    with pytest.raises(InputError, match="groups: expected none"):
        collect(copies, groups=GROUPS, blocks=2)


def test_too_few_groups_for_folds_are_named(copies):
    two, one = (collect(copies, groups=[k // n for k in range(12)]) for n in (6, 12))
    with pytest.raises(InputError, match="groups: expected at least 3"):
        held_out_moments(two, {"all": slice(None)}, seed=1)
    for curve in (lambda: selection_curve(one, 3, seed=1), lambda: learning_curve(one, seed=1)):
        with pytest.raises(InputError, match="groups: expected at least 2"):
            curve()


@pytest.mark.parametrize("alphas", [[], 1.0, ["a"], [-1.0, 1.0], [np.nan], [np.inf]], ids=str)
def test_penalties_that_are_none_are_named(copies, alphas):
    collection = collect(copies, groups=GROUPS)
    with pytest.raises(InputError, match="alphas: expected numbers from 0"):
        held_out_moments(collection, {"all": slice(None)}, seed=1, alphas=alphas)
    with pytest.raises(InputError, match="alphas: expected numbers from 0"):
        selection_curve(collection, 3, seed=1, alphas=alphas)


def test_what_does_not_vary_is_not_chosen_and_does_not_saturate():
    random = np.random.default_rng(0)
    numbers, ones = random.normal(size=(4, 20, 3)), np.ones((20, 3))
    constant = collect([Sample(ones, X[:, :1]) for X in numbers])
    curve = selection_curve(constant, 2, seed=1, n_resamples=20)
    assert curve.selection.order.tolist() == [-1, -1]
    same_targets = collect([Sample(X, ones[:, :1]) for X in numbers])
    with pytest.raises(InputError, match="whose r is NaN"):
        selection_curve(same_targets, 2, seed=1, n_resamples=20).saturation()
