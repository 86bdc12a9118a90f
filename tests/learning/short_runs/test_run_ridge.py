"""Ridge regression on structure and short runs, against normal equations and against fresh runs."""

import numpy as np
import pytest

from cagebreak.errors import InputError
from cagebreak.learning.scores import configuration_pearson, pearson, pooled_pearson
from cagebreak.learning.short_runs import (
    Inputs,
    RunRidge,
    RunSample,
    collect_runs,
    held_out_runs,
)

N, F, V = 1500, 4, 3
COLUMNS = np.arange(V)


def drawn(random, n_runs):
    """Return structure, the motion of each run (R, N, V), and the noiseless target (N, 1)."""
    structure, hidden = random.normal(size=(N, F)), random.normal(size=(N, V))
    truth = hidden + structure[:, :V]
    motion = truth + 2.0 * random.normal(size=(n_runs, N, V))
    return structure, motion, truth.sum(axis=1, keepdims=True) + structure[:, -1:]


def a_sample(random, n_runs=8):
    """Return a sample in which targets share noise with the motion of their own run."""
    structure, motion, target = drawn(random, n_runs)
    targets = target + motion.sum(axis=2, keepdims=True)
    halves = [np.stack([x[::2].mean(axis=0), x[1::2].mean(axis=0)]) for x in (motion, targets)]
    return RunSample(structure, *halves, (n_runs // 2, n_runs // 2))


def collected(n_configurations=6, seed=1):
    random = np.random.default_rng(seed)
    samples = [a_sample(random) for _ in range(n_configurations)]
    return samples, collect_runs(samples, times=[1.0], clip=np.inf)


def test_coefficients_solve_the_normal_equations():
    _, runs = collected()
    inputs = Inputs(True, COLUMNS, 2)
    fit = RunRidge.fit(runs, inputs, seed=1, alphas=[50.0], factors=[3.0])
    parts = runs.at(2).parts
    xx, xy = sum(part.xx for part in parts), sum(part.xy for part in parts)
    whole = sum(part.xx for part in runs.collection.parts)
    unit = np.sqrt(np.diag(whole) / (N * len(parts)))
    penalty = np.diag(50.0 * unit**2 / np.array([1.0] * F + [9.0] * V))
    expected = np.linalg.solve(xx + penalty, xy) / runs.collection.standardizer.scale_[:, None]
    assert fit.coefficients == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("n_runs", [1, 2, 8])
def test_r_held_out_is_that_of_fresh_runs(n_runs):
    _, runs = collected(12)
    inputs = Inputs(True, COLUMNS, n_runs)
    moments = held_out_runs(runs, {"both": inputs}, seed=1).moments["both"]
    fit = RunRidge.fit(runs, inputs, seed=1)
    random, r = np.random.default_rng(99), []
    for _ in range(12):
        structure, motion, target = drawn(random, n_runs)
        # The mean motion of a target is the noiseless motion, which `drawn` does not add.
        features = np.hstack([structure, motion.mean(axis=0)])
        noiseless = target + (target - structure[:, -1:])
        r.append(pearson(fit.predict(features), noiseless)[0])
    assert configuration_pearson(moments)[0] == pytest.approx(np.mean(r), abs=0.01)


def test_structure_and_runs_together_predict_better_than_each():
    _, runs = collected()
    inputs = {
        "structure": Inputs(True, COLUMNS[:0], 1),
        "runs": Inputs(False, COLUMNS, 2),
        "both": Inputs(True, COLUMNS, 2),
    }
    moments = held_out_runs(runs, inputs, seed=1).moments
    r = {name: configuration_pearson(of_inputs)[0] for name, of_inputs in moments.items()}
    assert r["both"] > max(r["structure"], r["runs"]) + 0.03


def test_targets_of_a_configuration_held_out_do_not_change_its_prediction():
    samples, runs = collected()
    inputs = {"both": Inputs(True, COLUMNS, 2)}
    before = held_out_runs(runs, inputs, seed=1, folds=6).moments["both"]
    samples[2] = samples[2]._replace(targets=1000 + 5 * samples[2].targets)
    after = collect_runs(samples, times=[1.0], clip=np.inf)
    changed = held_out_runs(after, inputs, seed=1, folds=6).moments["both"]
    predicted = [1, 3]  # mean and squares of the predictions
    assert changed[2, predicted] == pytest.approx(before[2, predicted], rel=1e-9)


def test_the_mean_of_a_configuration_follows_that_of_the_feature():
    random, samples = np.random.default_rng(3), []
    for level in np.linspace(1.0, 2.0, 8):
        sample = a_sample(random)
        samples.append(
            sample._replace(runs=sample.runs + level, targets=sample.targets + np.exp(level) + 20)
        )
    runs = collect_runs(samples, times=[1.0])
    inputs = Inputs(True, COLUMNS, 2, mean_of=F)
    moments = held_out_runs(runs, {"both": inputs}, seed=1, folds=8).moments["both"]
    assert pearson(moments[:, 1, 0], moments[:, 2, 0]) > 0.9
    alone = held_out_runs(runs, {"both": inputs._replace(mean_of=None)}, seed=1, folds=8).moments[
        "both"
    ]
    assert np.ptp(alone[:, 1, 0]) < 0.5 * np.ptp(moments[:, 1, 0])


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (Inputs(False, COLUMNS[:0], 1), "expected structure or columns"),
        (Inputs(True, np.array([V]), 1), "expected columns from 0 to 2"),
        (Inputs(True, COLUMNS, 9), "n_runs: expected 1 to 8"),
    ],
)
def test_inputs_that_are_not_there_are_named(inputs, message):
    _, runs = collected(3)
    with pytest.raises(InputError, match=message):
        held_out_runs(runs, {"wrong": inputs}, seed=1)


def test_a_feature_that_hardly_varies_in_training_does_not_decide_a_prediction():
    """A fitted model predicts a configuration as well as when it is held out."""
    random = np.random.default_rng(3)
    samples = [a_sample(random) for _ in range(7)]
    scales = [1e-4] * 6 + [1.0]
    samples = [
        sample._replace(structure=np.hstack([sample.structure, s * random.normal(size=(N, 1))]))
        for sample, s in zip(samples, scales, strict=True)
    ]
    inputs = Inputs(True, COLUMNS, 4)
    held_out = held_out_runs(collect_runs(samples, times=[1.0]), {"": inputs}, seed=1, folds=7)
    expected = configuration_pearson(held_out.moments[""][-1:])[0]
    model = RunRidge.fit(collect_runs(samples[:-1], times=[1.0]), inputs, seed=1)
    rare = samples[-1]
    predicted = model.predict(np.hstack([rare.structure, rare.runs.mean(axis=0)]))
    found = np.corrcoef(predicted[:, 0], rare.targets.mean(axis=0)[:, 0])[0, 1]
    assert expected > 0.8
    assert found == pytest.approx(expected, abs=0.1)


def test_two_folds_are_too_few():
    _, runs = collected(2)
    with pytest.raises(InputError, match="at least 3"):
        held_out_runs(runs, {"both": Inputs(True, COLUMNS, 1)}, seed=1)


def test_the_best_inputs_are_those_of_the_smallest_inner_error():
    _, runs = collected()
    inputs = {str(n): Inputs(True, COLUMNS, n) for n in (1, 8, 2)}
    held_out = held_out_runs(runs, inputs, seed=1)
    moments, pooled, chosen = held_out.best(list(inputs))
    assert (chosen == 1).all()
    assert np.array_equal(moments, held_out.moments["8"])
    assert np.array_equal(pooled, held_out.pooled["8"])


LEVELS = np.sqrt(3.0) * np.linspace(-1.0, 1.0, 200)
"""Means of configurations, with the variance 1."""


def noisy(random, level, n_runs):
    """Return the truth, with the mean `level` in a configuration, and what runs make of it."""
    truth = level + random.normal(size=(50, 1))
    own, shared = random.normal(size=(n_runs, 50, 1)), random.normal(size=(n_runs, 1, 1))
    return truth, truth + own + 2.0 * shared


@pytest.mark.parametrize("n_runs", [1, 4])
def test_noise_that_particles_of_a_run_share_does_not_raise_the_pooled_r(n_runs):
    """The means of motion and target of the same runs share noise, which predicts nothing."""
    random, samples = np.random.default_rng(8), []
    for level in LEVELS:
        _, of_runs = noisy(random, level, 4)
        halves = np.stack([of_runs[::2].mean(axis=0), of_runs[1::2].mean(axis=0)])
        samples.append(RunSample(np.zeros((50, 0)), halves, halves, (2, 2)))
    runs = collect_runs(samples, times=[1.0])
    # The truth has the variance 1 + 1, in a configuration and between them, the noise 1 + 4.
    ensemble = runs.with_noise_of_means(runs.ensemble(n_runs), n_runs, runs.target_mean_noise)
    of_ensemble = np.sqrt(2 / (2 + (1 + 4) / n_runs))
    assert pooled_pearson(ensemble)[0] == pytest.approx(of_ensemble, abs=0.05)
    inputs = {"runs": Inputs(False, COLUMNS[:1], n_runs, mean_of=0)}
    held_out = held_out_runs(runs, inputs, seed=1)
    best = np.sqrt((1 / (1 + 1 / n_runs) + 1 / (1 + 4 / n_runs)) / 2)
    assert pooled_pearson(held_out.pooled["runs"])[0] == pytest.approx(best, abs=0.05)
    assert pooled_pearson(held_out.moments["runs"])[0] > best + 0.05
    model = RunRidge.fit(runs, inputs["runs"], seed=1)
    fresh = [noisy(random, level, n_runs) for level in np.tile(LEVELS, 5)]
    truth = np.concatenate([truth[:, 0] for truth, _ in fresh])
    predicted = np.concatenate([model.predict(of.mean(axis=0))[:, 0] for _, of in fresh])
    assert np.corrcoef(truth, predicted)[0, 1] == pytest.approx(best, abs=0.03)
