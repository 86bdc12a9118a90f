"""Intervals cover, differences are paired, learning curves tell what they are made of."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from cagebreak.errors import InputError
from cagebreak.learning import (
    RidgeCV,
    Sample,
    Source,
    Standardizer,
    ceiling_corrected,
    collect,
    compare,
    learning_curve,
    paired_difference,
    selection_curve,
    selection_stability,
    transfer,
)
from cagebreak.learning.model_selection.learning_curve import _error, _fit
from cagebreak.learning.scores import pair_moments, pooled_pearson
from naive import learning as naive

LABELS = np.array([(f"f{i}", i) for i in range(12)], dtype=[("kind", "U4"), ("l", "i4")])


def samples(n_configurations=8, n=80, n_features=12, noise=0.7, seed=0, first=0):
    """Targets are made of four features from the first, the two of them in other shares."""
    random = np.random.default_rng(seed)
    w = np.zeros((n_features, 2))
    w[first : first + 4] = np.array([[2.0, 1.4, 1.0, -0.7], [0.8, -1.0, 1.5, 2.0]]).T
    made = []
    for _ in range(n_configurations):
        X = random.normal(size=(n, n_features))
        truth = X @ w + random.normal(size=(n, 2))
        halves = truth + noise * random.normal(size=(2, n, 2))
        made.append(Sample(X, halves.mean(axis=0), halves=halves))
    return made


def moments_of_pairs(n_configurations, seed, slope=0.0):
    """Moments of two predictions of one target whose true r differ by a known amount."""
    random = np.random.default_rng(seed)
    first, second = [], []
    for _ in range(n_configurations):
        y = random.normal(size=150)
        # The level of each configuration's difficulty is shared by the two.
        noise = random.normal(size=150) * np.exp(0.3 * random.normal())
        a = y + noise
        b = y + noise + slope * random.normal(size=150)
        first.append(pair_moments(a, y))
        second.append(pair_moments(b, y))
    return np.array(first), np.array(second)


def test_paired_intervals_cover():
    """Of 95 % intervals of a difference about 95 % hold the difference of very many."""
    big = moments_of_pairs(4000, 99, slope=0.5)
    truth = paired_difference(*big, seed=0, n_resamples=2)[0]
    held = 0
    for seed in range(120):
        first, second = moments_of_pairs(12, seed, slope=0.5)
        found, low, high = paired_difference(first, second, seed=seed, n_resamples=400)
        assert low <= found <= high
        held += low <= truth <= high
        if seed == 0:
            alone = pooled_pearson(first)
            assert found == pytest.approx(alone - pooled_pearson(second), abs=1e-14)
    # Binomial: 0.95 +- 0.02 (standard error); few configurations cover a little less (`interval`).
    assert 0.88 <= held / 120 <= 0.99


def test_pairing_narrows():
    first, second = moments_of_pairs(12, 1, slope=0.3)
    _, low, high = paired_difference(first, second, seed=1)
    other, _ = moments_of_pairs(12, 2, slope=0.3)
    _, wide_low, wide_high = paired_difference(first, other, seed=1)
    assert high - low < 0.7 * (wide_high - wide_low)


def test_a_configuration_of_one_particle_is_present():
    first, second = moments_of_pairs(4, 0, slope=0.5)
    for moments in (first, second):
        moments[2] = pair_moments(np.array([0.3]), np.array([0.1]))
    difference, low, high = paired_difference(first, second, seed=1, n_resamples=20)
    assert difference == pytest.approx(pooled_pearson(first) - pooled_pearson(second))
    assert low < high


def test_a_corrected_r_is_that_with_the_noiseless_target():
    random = np.random.default_rng(0)
    moments, halves, clean = [], [], []
    for _ in range(20):
        truth = random.normal(size=400)
        halves_of = truth + 0.8 * random.normal(size=(2, 400))
        predicted = truth + random.normal(size=400)
        moments.append(pair_moments(predicted, halves_of.mean(axis=0)))
        halves.append(pair_moments(*halves_of))
        clean.append(pair_moments(predicted, truth))
    r, low, high = ceiling_corrected(np.array(moments), np.array(halves), seed=1)
    expected = pooled_pearson(np.array(clean))
    assert r == pytest.approx(expected, abs=0.02)
    assert low < expected < high
    assert r > pooled_pearson(np.array(moments)) + 0.05


def test_learners_are_compared_in_one_call():
    made = samples()
    learners = {
        "ridge": RidgeCV(),
        "no alpha": RidgeCV(alphas=[1e5]),
        "rows": make_pipeline(Standardizer(), RidgeCV(alphas=[1.0])),
    }
    found = compare(learners, made, seed=1)
    assert set(found.table["learner"]) == set(learners)
    rows = found.differences.to_dict("records")
    assert [(row["first"], row["second"]) for row in rows[::2]] == [
        ("ridge", "no alpha"), ("ridge", "rows"), ("no alpha", "rows"),
    ]  # fmt: skip
    r = {(row["learner"], row["time"]): row["r"] for row in found.table.to_dict("records")}
    for row in rows:
        expected = r[row["first"], row["time"]] - r[row["second"], row["time"]]
        assert row["difference"] == pytest.approx(expected, abs=1e-12)
        assert row["difference_low"] <= row["difference"] <= row["difference_high"]


def test_a_selection_curve_scores_what_it_has_not_seen():
    made = samples()
    curve = selection_curve(collect(made, labels=LABELS, times=[1, 2]), 6, seed=1)
    assert len(curve.table) == 12
    assert set(curve.selection.order[0][:4]) == {0, 1, 2, 3}
    rows = curve.table.query("target == 1").reset_index()
    assert list(rows["n_features"]) == [1, 2, 3, 4, 5, 6]
    assert (np.diff(rows["r"][:4]) > 0).all()
    assert (rows["r"] <= rows["ceiling"]).all()
    assert curve.saturation(0.01, target=1) <= 4
    assert curve.needed(rows["r"][2], target=1) == 3
    assert curve.needed(1.0) is None
    penalized = selection_curve(collect(made), 6, seed=1, alphas=[1e-3, 1.0], sizes=[1, 4, 6])
    assert list(penalized.table["n_features"][:3]) == [1, 4, 6]
    same = curve.table["r"][[0, 3, 5]]
    np.testing.assert_allclose(penalized.table["r"][:3], same, atol=1e-3)
    # Noise is not selected into accuracy: shuffled targets stay unpredicted.
    random = np.random.default_rng(3)
    shuffled = [Sample(s.features, random.permutation(s.targets)) for s in made]
    r = selection_curve(collect(shuffled), 6, seed=1).table["r"]
    assert np.abs(r).max() < 0.15


def test_stability_counts_what_is_drawn():
    made = collect(samples(n=150), labels=LABELS)
    table = selection_stability(made, 4, seed=1, n_resamples=20)
    first = table[table["target"] == 0]
    assert set(first["column"][:4]) == {0, 1, 2, 3}
    assert (first["frequency"][:4] == 1.0).all()
    assert first["rank"][first["rank_median"] == 1.0].tolist() == [1]
    assert (np.diff(first["frequency"]) <= 0).all()
    assert first["frequency"].sum() == pytest.approx(4.0)
    # A copy shares the place of its original.
    random = np.random.default_rng(4)
    doubled = []
    for s in samples(n=150):
        copy = s.features[:, :1] + 0.01 * random.normal(size=(150, 1))
        doubled.append(Sample(np.hstack([s.features, copy]), s.targets))
    table = selection_stability(collect(doubled), 4, seed=1, n_resamples=20)
    copies = table[np.isin(table["column"], [0, 12]) & (table["target"] == 0)]
    assert (copies["frequency_alike"] == 1.0).all()


def by_runs(seed, n_configurations=12, n=60, levels=(1, 4, 16)):
    """Samples whose targets are means over the first runs, of noise of one deviation a run."""
    random = np.random.default_rng(seed)
    w = np.full(30, 1 / np.sqrt(30))
    made = []
    for _ in range(n_configurations):
        X = random.normal(size=(n, 30))
        runs = X @ w + 0.7 * random.normal(size=n) + 2.0 * random.normal(size=(16, n))
        targets = np.stack([runs[:k].mean(axis=0) for k in levels], axis=1)
        half = np.stack([runs[k::2].mean(axis=0) for k in (0, 1)])[:, :, None]
        made.append(Sample(X, targets, halves=np.repeat(half, len(levels), axis=2)))
    return made


def test_a_learning_curve_rises_and_is_scored_on_what_is_held_out():
    found = collect(by_runs(0))
    curve = learning_curve(found, seed=1, runs=[1, 4, 16], truth=[2, 2, 2], folds=4)
    assert curve.sizes.tolist() == [1, 2, 4, 8, 9]
    table = curve.rows.reshape(5, 3)
    assert (table["n_runs"] == [1, 4, 16]).all()
    assert (table["target"] == 2).all()
    assert (np.diff(table["r"], axis=0)[:3] > 0).all()
    assert (np.diff(table["r"], axis=1)[1:] > 0).all()
    assert (table["r_corrected"] > table["r"]).all()
    # The noiseless target can be predicted to 1 / sqrt(1 + 0.49).
    assert table["r_corrected"][-1, -1] == pytest.approx(1 / np.sqrt(1.49), abs=0.05)
    limit = curve.extrapolate(2, n_resamples=50)
    # One run has the variance 4 of noise, the truth 1.49.
    assert limit.noise == pytest.approx(4 / 1.49, rel=0.25)
    assert limit.limit[0] == pytest.approx(1 / np.sqrt(1.49), abs=0.08)
    advice = curve.advise(2, cost=0.0, n_resamples=50)
    assert advice.more_configurations > advice.now
    assert advice.text.startswith(("more configurations", "either", "more runs"))
    dear = curve.advise(2, cost=1e4, n_resamples=50)
    # Where configurations cost much, the same money buys more runs, and no more configurations.
    assert dear.more_runs > advice.more_runs
    assert dear.more_configurations == advice.more_configurations
    assert dear.gain[0] < advice.gain[0]
    alone = replace(curve, groups=np.zeros(curve.moments.shape[1], dtype=int))
    unknown = alone.advise(2, cost=0.0, n_resamples=50)
    assert np.isnan(unknown.gain[1:]).all()
    assert unknown.text.startswith("no advice: these data give no interval of the difference. ")
    assert unknown.gain[0] == advice.gain[0]


def test_the_fit_of_a_learning_curve_finds_its_parameters():
    sizes, runs = np.array([1, 2, 5, 10, 30]), np.array([2, 8, 32])
    errors = _error(np.array([0.3, 1.2, 0.8]), sizes[:, None], runs, 2.0)
    np.testing.assert_allclose(_fit(errors, sizes, runs, 2.0), [0.3, 1.2, 0.8], rtol=1e-4)


def test_no_limit_of_a_learning_curve_is_above_one():
    """Noise of the scores may let errors fall below any curve; the share u stays from 0."""
    sizes, runs = np.array([1, 2, 4, 8]), np.array([1])
    errors = np.array([[0.6], [0.25], [0.05], [0.0]])
    u, k, gamma = _fit(errors, sizes, runs, 1.0)
    assert 0 <= u <= 0.05
    assert k > 0
    assert 0.2 <= gamma <= 1


def test_transfer_is_a_fit_to_one_and_a_prediction_of_the_other():
    same, other = samples(seed=1), samples(seed=2, first=4, n_configurations=5)
    sources = {
        "a": Source(same, LABELS, {"length": "sigma"}, [1.0, 2.0]),
        "b": Source(samples(seed=3, n_configurations=5), LABELS, {"length": "sigma"}, [5.0, 9.0]),
        "c": Source(other, LABELS, {"length": "sigma"}, [1.0, 2.0]),
    }
    table = transfer(sources, seed=1)
    assert len(table) == 18
    r = {(row["train"], row["test"], row["target"]): row for row in table.to_dict("records")}
    assert abs(r["a", "b", 0]["r"] - r["b", "b", 0]["r"]) < 0.05
    assert abs(r["a", "c", 0]["r"]) < 0.2 < 0.8 < r["c", "c", 0]["r"]
    assert r["a", "b", 1]["time"] == 9.0
    assert (table["low"] < table["r"]).all()
    assert (table["r"] < table["high"]).all()
    assert (table["low_configuration"] < table["high_configuration"]).all()
    X, Y = (np.concatenate([getattr(s, what) for s in same]) for what in ("features", "targets"))
    fit = RidgeCV().fit(X, Y, groups=np.repeat(np.arange(8), 80))
    new_X, new_Y = (
        np.concatenate([getattr(s, what) for s in other]) for what in ("features", "targets")
    )
    direct = naive.pearson(fit.predict(new_X)[:, 0], new_Y[:, 0])
    assert r["a", "c", 0]["r"] == pytest.approx(direct, abs=1e-3)  # Folds of alpha may differ.
    rows = transfer(sources, make_pipeline(Standardizer(), RidgeCV(alphas=[1.0])), seed=1)
    assert abs(rows["r"] - table["r"]).max() < 0.05


def test_sources_that_do_not_match_are_refused():
    a = Source(samples(), LABELS, {"length": "sigma"})
    relabeled = LABELS.copy()
    relabeled["l"][3] = 77
    for other, message in (
        (Source(samples(), relabeled, {"length": "sigma"}), r"1 differ, column 3 is \('f3', 77\)"),
        (Source(samples(), LABELS[:5], {"length": "sigma"}), "expected 12 features .* got 5"),
        (Source(samples(), LABELS, {"length": "nm"}), "units: expected"),
        (Source(samples(n_features=9), LABELS, {"length": "sigma"}), "expected 12 features"),
    ):
        with pytest.raises(InputError, match=message):
            transfer({"a": a, "b": other}, seed=1)
    with pytest.raises(InputError, match="at least 2"):
        transfer({"a": a}, seed=1)


def test_bad_arguments_are_named():
    found = collect(samples())
    for arguments, message in (
        ({"sizes": [99]}, "sizes: expected from 1 to"),
        ({"runs": [1]}, "runs: expected 2 integers"),
        ({"runs": [1, 2, 4]}, "runs: expected 2 integers"),
        ({"truth": [0, 5]}, "truth: "),
    ):
        with pytest.raises(InputError, match=message):
            learning_curve(found, seed=1, **arguments)
    first, second = moments_of_pairs(3, 0)
    with pytest.raises(InputError, match="second: "):
        paired_difference(first, second[:2], seed=1)
    with pytest.raises(InputError, match="score: "):
        paired_difference(first, second, seed=1, score="spearman")
    with pytest.raises(InputError, match="learners: "):
        compare({}, samples(), seed=1)
