"""Statistics of folds in the units of each outer fold are those of the rows, clipped there."""

import numpy as np
import pytest

from cagebreak.learning import RidgeCV, Sample, Standardizer, Statistics
from cagebreak.learning.model_selection import fold_statistics
from cagebreak.learning.model_selection.fold_statistics import FoldStatistics
from cagebreak.learning.preprocessing import Moments

FOLD = np.array([1, 0, 2, 0, 1, 2, 0])


def samples():
    """Heavy tails, a constant, a feature that varies in fold 2 alone, and B in folds 0 and 1."""
    random = np.random.default_rng(5)
    made = []
    for i, fold in enumerate(FOLD):
        X = random.standard_t(3, size=(60, 6)) * 10.0 ** np.arange(-2, 4) + i
        X[:, 2] = 7.1
        X[:, 4] = 0.3 if fold != 2 else np.arange(60) == 3
        species = (np.arange(60) % 4 == 0) * (fold < 2)
        made.append(Sample(X, random.normal(size=(60, 2)) + i, species))
    return made


class Counted(list):
    """A list that counts how often each sample is read."""

    def __init__(self, made):
        super().__init__(made)
        self.readings = np.zeros(len(made), dtype=int)

    def __getitem__(self, index):
        self.readings[index] += 1
        return super().__getitem__(index)


def fold_statistics_of(learner, made):
    moments = {letter: {} for sample in made for letter in sample.rows()}
    for i, sample in enumerate(made):
        for species, rows in sample.rows().items():
            moments[species][i] = Moments.of(sample.features[rows])
    return FoldStatistics(learner, made, FOLD, moments)


@pytest.mark.parametrize("near", [0.0, 0.5, 0.8, 1.0])
@pytest.mark.parametrize("clip", [2.5, 6.0, np.inf])
@pytest.mark.parametrize("center", ["global", "configuration"])
@pytest.mark.filterwarnings("error")
def test_statistics_are_those_of_the_rows_that_an_outer_fold_clips(center, clip, near, monkeypatch):
    monkeypatch.setattr(fold_statistics, "NEAR", near)
    made = samples()
    found = fold_statistics_of(RidgeCV(center=center, clip=clip), made)
    # The order of the outer folds does not matter.
    for k in (2, 0, 1):
        training = found.training(k)
        for species, blocks in training.items():
            members = {
                j: [
                    (sample.features[rows], sample.targets[rows])
                    for sample, fold in zip(made, FOLD, strict=True)
                    for letter, rows in sample.rows().items()
                    if fold == j and letter == species
                ]
                for j in range(3)
                if j != k
            }
            everything = np.concatenate([X for parts in members.values() for X, _ in parts])
            standardizer = Standardizer(clip).fit(everything)
            np.testing.assert_allclose(
                found.standardizer(species, k).scale_, standardizer.scale_, rtol=1e-12
            )
            present = [parts for parts in members.values() if parts]
            assert len(blocks) == len(present)
            for block, parts in zip(blocks, present, strict=True):
                expected = Statistics(6, 2, center)
                for X, Y in parts:
                    expected.add(standardizer.standardize(X), Y)
                assert (block.count, block.center) == (expected.count, center)
                np.testing.assert_allclose(block.x_mean, expected.x_mean, atol=1e-12)
                np.testing.assert_allclose(block.y_mean, expected.y_mean, rtol=1e-12)
                np.testing.assert_allclose(block.gram, expected.gram, rtol=1e-11, atol=1e-10)
                # A feature that is constant in training is exactly 0.
                assert (block.xx[2] == 0.0).all()
                if k == 2:
                    assert (block.xx[4] == 0.0).all()


def test_results_do_not_depend_on_the_folds_done_before():
    learner, made = RidgeCV(clip=2.5), samples()
    one, other = fold_statistics_of(learner, made), fold_statistics_of(learner, made)
    other.training(0)
    for species, blocks in one.training(1).items():
        for block, same in zip(blocks, other.training(1)[species], strict=True):
            np.testing.assert_array_equal(block.gram, same.gram)
            np.testing.assert_array_equal(block.x_mean, same.x_mean)


def test_only_configurations_with_clipped_rows_are_read_again():
    random = np.random.default_rng(6)
    made = [Sample(random.uniform(size=(60, 6)), random.normal(size=(60, 2))) for _ in FOLD]
    made[0].features[0, 5] = 1e6
    counted = Counted(made)
    found = fold_statistics_of(RidgeCV(clip=6.0), counted)
    counted.readings[:] = 0
    for k in range(3):
        found.training(k)
    np.testing.assert_array_equal(counted.readings[1:], 1)
    assert counted.readings[0] == 3  # once, and once for each outer fold that trains on it
