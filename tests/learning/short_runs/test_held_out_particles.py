"""Held-out predictions of particles from n runs: of their own, or of the halves of an ensemble."""

import numpy as np
import pytest

from cagebreak.learning.scores import COUNT, X_MEAN, XX, XY, Y_MEAN
from cagebreak.learning.short_runs import (
    Inputs,
    RunRidge,
    RunSample,
    collect_runs,
    from_halves,
    held_out_particles,
    held_out_runs,
    with_own_runs,
)
from cagebreak.learning.short_runs.held_out_samples import feature_weights, target_weights

N, F, V, HALF = 200, 3, 2, 4
INPUTS = Inputs(True, np.arange(V), HALF, mean_of=F)


def a_sample(random, level=0.0):
    """Return a sample whose targets share the noise of their own half of the runs."""
    structure, hidden = random.normal(size=(N, F)), random.normal(size=(N, V))
    noise = random.normal(size=(2, N, V))
    motion = level + hidden + structure[:, :V] + noise
    targets = (hidden + 2 * noise).sum(axis=2, keepdims=True) + structure[:, -1:] + np.exp(level)
    return RunSample(structure, motion, targets + 20, (HALF, HALF))


@pytest.fixture(scope="module")
def samples():
    random = np.random.default_rng(2)
    return [a_sample(random, level) for level in np.linspace(1.0, 2.0, 6)]


@pytest.fixture(scope="module")
def runs(samples):
    return collect_runs(samples, times=[1.0])


def halves_of(samples):
    """Return the samples as they are predicted when held out, from a half of their runs."""
    return [from_halves(sample, HALF, HALF, None) for sample in samples]


def predicted_of(samples, runs, inputs=INPUTS):
    return list(held_out_particles(halves_of(samples), runs, inputs, seed=1, folds=3))


def moments_of(samples, runs):
    """Return the moments (C, 6) of predictions and measured values."""
    moments = np.zeros((len(samples), 6))
    for of_one, (predicted, measured) in zip(moments, predicted_of(samples, runs), strict=True):
        x, y = predicted[:, 0], measured[:, 0]
        of_one[[COUNT, X_MEAN, Y_MEAN]] = len(x), x.mean(), y.mean()
        of_one[XX], of_one[XY] = x.var() * len(x), np.cov(x, y, ddof=0)[0, 1] * len(x)
    return moments


@pytest.mark.parametrize("halves", [(5, 5), (4, 3)])
@pytest.mark.parametrize("n_runs", [1, 2, 5, 6])
def test_weights_of_halves_have_the_noise_of_as_many_runs(halves, n_runs):
    for_features, for_targets = feature_weights(halves, n_runs), target_weights(halves, n_runs)
    assert [for_features.sum(), for_targets.sum()] == pytest.approx([1.0, 1.0])
    of_halves = 1 / np.array(halves)
    assert for_features**2 @ of_halves == pytest.approx(1 / n_runs)
    assert for_targets**2 @ of_halves == pytest.approx(1 / (sum(halves) - n_runs))
    assert (for_features * for_targets) @ of_halves == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(("n_runs", "of"), [(2, 0), (1, 1)])
def test_as_many_runs_as_a_half_are_that_half(n_runs, of):
    assert feature_weights((2, 1), n_runs) == pytest.approx(np.eye(2)[of])
    assert target_weights((2, 1), n_runs) == pytest.approx(np.eye(2)[1 - of])


def test_all_runs_give_the_mean_of_the_halves():
    assert feature_weights((4, 3), 7) == pytest.approx([4 / 7, 3 / 7])


def test_their_moments_are_those_of_the_cross_validation(samples, runs):
    """Which half predicts the other is a convention: the moments are means over both."""
    exchanged = [s._replace(runs=s.runs[::-1], targets=s.targets[::-1]) for s in samples]
    found = (moments_of(samples, runs) + moments_of(exchanged, runs)) / 2
    expected = held_out_runs(runs, {"": INPUTS}, seed=1, folds=3).moments[""][:, :, 0]
    for moment in (COUNT, Y_MEAN, XX, XY):
        assert found[:, moment] == pytest.approx(expected[:, moment], rel=1e-9)
    # The mean of a configuration is exponential in that of the feature, which differs by half.
    assert found[:, X_MEAN] == pytest.approx(expected[:, X_MEAN], rel=0.01)


def test_targets_of_a_configuration_held_out_do_not_change_its_prediction(samples, runs):
    before = predicted_of(samples, runs)[2].predicted
    other = [*samples]
    other[2] = other[2]._replace(targets=1000 + 5 * other[2].targets)
    after = predicted_of(other, collect_runs(other, times=[1.0]))[2].predicted
    assert after == pytest.approx(before, rel=1e-9)


def test_no_configuration_of_a_group_helps_to_predict_another(samples):
    """The group of the configuration that is looked at has two: neither has a part in its fit."""
    groups = np.array([0, 1, 2, 0, 1, 2])
    before = predicted_of(samples, collect_runs(samples, times=[1.0], groups=groups))
    other = [*samples]
    other[5] = other[5]._replace(targets=1000 + 5 * other[5].targets)
    after = predicted_of(other, collect_runs(other, times=[1.0], groups=groups))
    assert after[2].predicted == pytest.approx(before[2].predicted, rel=1e-9)
    assert after[0].predicted != pytest.approx(before[0].predicted, rel=1e-2)


def test_own_runs_are_the_features_and_all_runs_are_measured(samples):
    motion = np.random.default_rng(3).normal(size=(N, V))
    uneven = samples[0]._replace(n_runs=(3, 2))
    found = with_own_runs(uneven, motion, 5, None)
    assert found.structure is uneven.structure
    assert found.motion is motion
    expected = (3 * uneven.targets[0] + 2 * uneven.targets[1]) / 5
    assert found.measured == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("n_others", [7, 3, 1])
def test_measured_means_have_the_noise_of_as_many_runs_as_are_asked_for(n_others):
    """Seven runs whose noise has the variance 1, in halves of four and three."""
    random, many = np.random.default_rng(5), 40_000
    halves = [random.normal(size=(n, many, 1)).mean(axis=0) for n in (4, 3)]
    sample = RunSample(np.zeros((many, 0)), np.zeros((2, many, 0)), np.stack(halves), (4, 3))
    own = with_own_runs(sample, np.zeros((many, 0)), n_others, random).measured
    assert own.var() == pytest.approx(1 / n_others, rel=0.04)
    if n_others < 7:
        left = from_halves(sample, 4, n_others, random).measured
        assert left.var() == pytest.approx(1 / n_others, rel=0.04)


def test_a_feature_that_hardly_varies_in_training_does_not_decide_when_held_out(samples):
    """Its bound comes from the other configurations, and not from the one that is held out."""
    random = np.random.default_rng(4)
    rare = [
        s._replace(structure=np.hstack([s.structure, scale * random.normal(size=(N, 1))]))
        for s, scale in zip(samples, [1e-5] * 5 + [1.0], strict=True)
    ]
    runs = collect_runs(rare, times=[1.0])
    inputs = INPUTS._replace(mean_of=F + 1)
    *_, last = held_out_particles(halves_of(rare), runs, inputs, seed=1, folds=6)
    expected = RunRidge.fit(collect_runs(rare[:-1], times=[1.0]), inputs, seed=1, folds=5)
    features = np.hstack([rare[-1].structure, rare[-1].runs[0]])
    deviations = last.predicted.std(), expected.predict(features).std()
    assert deviations[0] == pytest.approx(deviations[1], rel=0.1)
