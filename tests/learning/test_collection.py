"""Collections of statistics: the same from memory, a stream, workers, or a file."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cagebreak.errors import FileFormatError, InputError
from cagebreak.learning import (
    Sample,
    Standardizer,
    Statistics,
    collect,
    held_out_moments,
    learning_curve,
    pearson,
    selection_curve,
)
from cagebreak.learning.collection import Collection, merged
from cagebreak.learning.folds import configuration_folds
from cagebreak.learning.linear_model.ridge_solvers import SubsetRidge
from cagebreak.learning.scores import pair_moments, pooled_pearson
from naive import learning as naive

LABELS = np.array([(f"f{i}", i) for i in range(8)], dtype=[("kind", "U4"), ("l", "i4")])


def samples(n_configurations=6, n=30, seed=0):
    """Particles of two species; columns that are sums, copies or constant among the features."""
    random = np.random.default_rng(seed)
    made = []
    for _ in range(n_configurations):
        X = random.normal(size=(n, 5)) + 0.3 * random.normal(size=5)
        X = np.hstack([X, X[:, [0]], X[:, [1]] + X[:, [2]], np.full((n, 1), 4.0)])
        X[:, 3] *= 1e4
        halves = X[:, :2] + 0.5 * random.normal(size=(2, n, 2))
        made.append(Sample(X, halves.mean(axis=0), np.arange(n) % 2, halves))
    return made


def same(a, b):
    assert len(a) == len(b)
    for ours, theirs in zip(a.parts, b.parts, strict=True):
        assert ours.count == theirs.count
        np.testing.assert_allclose(ours.gram, theirs.gram, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(ours.x_mean, theirs.x_mean, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(a.halves, b.halves, rtol=1e-10)
    np.testing.assert_allclose(a.standardizer.scale_, b.standardizer.scale_, rtol=1e-12)


def test_it_holds_the_statistics_of_each_configuration():
    made = samples()
    found = collect(made, species="B", labels=LABELS, times=[0.1, 1.0])
    of_b = [sample.features[1::2] for sample in made]
    standardizer = Standardizer().fit(np.concatenate(of_b))
    for X, sample, part in zip(of_b, made, found.parts, strict=True):
        expected = Statistics.from_arrays(standardizer.transform(X), sample.targets[1::2])
        np.testing.assert_allclose(part.gram, expected.gram, atol=1e-9)
    r = pooled_pearson(found.halves)
    stacked = np.concatenate([sample.halves[:, 1::2] for sample in made], axis=1)
    np.testing.assert_allclose(r, pearson(*stacked), rtol=1e-12)
    assert found.about["species"] == "B"


def test_workers_and_streams_give_the_same():
    made = samples()
    whole = collect(made)
    with ProcessPoolExecutor(2) as executor:
        same(collect(made, executor=executor), whole)
    stream = (sample for sample in made)
    same(collect(stream, standardizer=whole.standardizer), whole)
    two = [collect(half, standardizer=whole.standardizer) for half in (made[:2], made[2:])]
    same(two[0] + two[1], whole)


def test_blocks_bound_the_memory():
    made = samples(7)
    found = collect(made, blocks=3)
    assert len(found) == 3
    whole = collect(made)
    np.testing.assert_allclose(found.pooled().gram, whole.pooled().gram, atol=1e-9)
    np.testing.assert_allclose(
        pooled_pearson(found.halves), pooled_pearson(whole.halves), rtol=1e-12
    )


def test_what_is_saved_is_loaded(tmp_path):
    saved = collect(samples(), labels=LABELS, times=[0.1, 1.0], about={"length": "sigma"})
    saved.save(tmp_path / "a.h5")
    loaded = type(saved).load(tmp_path / "a.h5")
    for ours, theirs in zip(loaded.parts, saved.parts, strict=True):
        assert (ours.gram == theirs.gram).all()
        assert ours.count == theirs.count
    assert (loaded.labels == LABELS).all()
    assert (loaded.times == saved.times).all()
    assert (loaded.halves == saved.halves).all()
    assert (loaded.extremes == saved.extremes).all()
    assert dict(loaded.about) == {"species": "A", "length": "sigma"}
    X = samples()[0].features
    assert (loaded.standardizer.transform(X) == saved.standardizer.transform(X)).all()
    with h5py.File(tmp_path / "a.h5") as file:  # By h5py alone, as the docstring says.
        row = file["gram"][0]
        gram = np.zeros((10, 10))
        gram[np.tril_indices(10)] = row
        np.testing.assert_array_equal(np.tril(saved.parts[0].gram), gram)


def test_other_files_are_refused(tmp_path):
    Statistics.from_arrays(np.eye(3), np.eye(3)).save(tmp_path / "s.h5")
    with pytest.raises(FileFormatError, match="it holds 'statistics'"):
        type(collect(samples())).load(tmp_path / "s.h5")


@given(st.integers(0, 2**32))
@settings(max_examples=10, deadline=None)
def test_weights_are_repeated_rows(seed):
    random = np.random.default_rng(seed)
    found = collect(samples(4, seed=seed % 100))
    weights = random.integers(0, 4, 4)
    if not weights.any():
        weights[0] = 1
    repeated = Statistics.pooled(
        part for part, weight in zip(found.parts, weights, strict=True) for _ in range(weight)
    )
    drawn = found.pooled(weights)
    assert drawn.count == repeated.count
    np.testing.assert_allclose(drawn.gram, repeated.gram, atol=1e-9)


def test_merged_moments_are_those_of_all_rows():
    random = np.random.default_rng(0)
    x, y = random.normal(size=(2, 30, 3)) + 5
    parts = [pair_moments(x[:10], y[:10]), pair_moments(x[10:], y[10:])]
    np.testing.assert_allclose(merged(*parts), pair_moments(x, y), rtol=1e-12)


@pytest.mark.filterwarnings("error")
def test_a_constant_feature_without_clipping_is_no_warning():
    found = collect(samples(), clip=np.inf)
    np.testing.assert_array_equal(found.standardizer.scale_ > 0, 7 * [True] + [False])


@pytest.mark.parametrize("center", ["global", "configuration"])
def test_nested_cross_validation_is_that_of_refitting(center):
    """Alphas chosen and r found by refitting rows for every fold, subset, alpha and target."""
    made, alphas = samples(7), [0.1, 10.0, 1e3]
    found = collect(made)
    subsets = {"most": [0, 2, 3, 4, 5, 6, 7], "few": [1, 5], "all": slice(None)}
    moments = held_out_moments(found, subsets, alphas=alphas, folds=3, seed=1, center=center)
    fold = configuration_folds(7, 3, seed=1)
    Z = [found.standardizer.transform(s.features[::2]) for s in made]
    Y = [s.targets[::2] for s in made]

    def predictor(training, columns, alpha):
        x = np.concatenate([Z[i][:, columns] for i in training])
        size = x.std(axis=0)
        size[size < 1e-6] = np.inf
        y = np.concatenate([Y[i] for i in training])
        if center == "configuration":
            xc = np.concatenate(
                [Z[i][:, columns] - Z[i][:, columns].mean(axis=0) for i in training]
            )
            yc = np.concatenate([Y[i] - Y[i].mean(axis=0) for i in training])
            size = np.where(np.isfinite(size), xc.std(axis=0), np.inf)
            w, _ = naive.ridge(xc / size, yc, alpha)
            return lambda i: (Z[i] - Z[i].mean(axis=0))[:, columns] / size @ w + y.mean(axis=0)
        w, b = naive.ridge(x / size, y, alpha)
        return lambda i: Z[i][:, columns] / size @ w + b

    def error(predict, i):
        missed = predict(i) - Y[i]
        return ((missed - missed.mean(axis=0) if center == "configuration" else missed) ** 2).sum(
            axis=0
        )

    for name, columns in subsets.items():
        columns = np.arange(8)[columns]
        for held_out in range(3):
            errors = np.zeros((3, 2))
            for judged in {0, 1, 2} - {held_out}:
                training = np.flatnonzero((fold != held_out) & (fold != judged))
                for a, alpha in enumerate(alphas):
                    predict = predictor(training, columns, alpha)
                    errors[a] += sum(error(predict, i) for i in np.flatnonzero(fold == judged))
            training = np.flatnonzero(fold != held_out)
            for target, a in enumerate(errors.argmin(axis=0)):
                predict = predictor(training, columns, alphas[a])
                for i in np.flatnonzero(fold == held_out):
                    expected = pair_moments(predict(i), Y[i])[:, target]
                    # With the means of configurations left out, only deviations are compared.
                    places = [0, 3, 4, 5] if center == "configuration" else slice(None)
                    np.testing.assert_allclose(
                        moments[name][i][places, target], expected[places], rtol=1e-7, atol=1e-9
                    )


def rare(seed=3, n=400):
    """Configurations with heavy tails, and one feature that is nearly always 0."""
    random = np.random.default_rng(seed)
    made = []
    for c in range(6):
        X = random.standard_t(3, size=(n, 4)) * [1.0, 1e3, 1e-3, 1.0] + c / 5
        X[:, 3] = np.where(np.arange(n) == 7, 1e-6 * 10.0**c, 0.0)
        Y = X[:, :2] / X[:, :2].std(axis=0) + random.normal(size=(n, 2))
        made.append(Sample(X, Y))
    return made


def test_a_configuration_is_clipped_at_its_own_deviations():
    made = rare()
    found = collect(made, clip=4.0)
    X = made[2].features
    own = np.clip(X, X.mean(axis=0) - 4 * X.std(axis=0), X.mean(axis=0) + 4 * X.std(axis=0))
    assert (own != X).any()
    alone = Statistics.from_arrays(own, made[2].targets)
    units = np.where(found.standardizer.scale_ > 0, found.standardizer.scale_, np.inf)
    scaled = alone.scaled(1 / units, np.zeros(4))
    np.testing.assert_allclose(found.parts[2].xx, scaled.xx, rtol=1e-9, atol=1e-9)
    Z = (own - found.standardizer.mean_) / units
    np.testing.assert_allclose(found.extremes[2], [Z.min(axis=0), Z.max(axis=0)], rtol=1e-12)


def curves(found):
    """The moments of every function that holds out configurations of a collection."""
    few = {"seed": 1, "folds": 3, "n_resamples": 10}
    return {
        "subsets": held_out_moments(found, {"all": slice(None)}, seed=1, folds=3)["all"],
        "selection": selection_curve(found, 4, **few).moments,
        "selection, ridge": selection_curve(found, 4, alphas=[1.0, 100.0], **few).moments,
        "learning": learning_curve(found, sizes=[2, 4], **few).moments[-1],
    }


def test_a_prediction_does_not_depend_on_other_configurations_held_out():
    made = rare()
    fold = configuration_folds(6, 3, seed=1)
    one, other = np.flatnonzero(fold == 0)
    changed = list(made)
    # Scales, means and tails of the features of one configuration held out become others.
    changed[other] = Sample(made[other].features * 7.0 + 3.0, made[other].targets)
    before, after = curves(collect(made)), curves(collect(changed))
    for name in before:
        np.testing.assert_allclose(after[name][one], before[name][one], rtol=1e-7, err_msg=name)
        elsewhere = np.flatnonzero(fold != 0)[0]
        assert not np.allclose(after[name][elsewhere], before[name][elsewhere], rtol=1e-4), name


def test_units_cancel():
    made = rare()
    units = Standardizer().fit(made[0].features * [1.0, 1e-4, 1e5, 1e-3] + [5.0, 0.3, 7.0, 0.0])
    before, after = curves(collect(made)), curves(collect(made, standardizer=units))
    for name in before:
        np.testing.assert_allclose(after[name], before[name], rtol=1e-6, err_msg=name)


def test_a_rare_feature_of_a_configuration_held_out_does_not_explode():
    made = rare()
    fold = configuration_folds(6, 3, seed=1)
    held_out = int(np.flatnonzero(fold == fold[5])[0])
    before = curves(collect(made))
    made[held_out].features[9, 3] = 1e3
    for name, moments in curves(collect(made)).items():
        r = [pooled_pearson(m.reshape(6, 6, -1)[..., -1]) for m in (moments, before[name])]
        assert r[0] > r[1] - 0.01, name


@given(st.integers(0, 2**32), st.sampled_from([6, 12, 50]), st.floats(-5, 5))
@settings(max_examples=40, deadline=None)
def test_subsets_of_awkward_features_are_solved_exactly(seed, n, decade):
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, 6))
    X = np.hstack([X, X[:, [0]], X[:, [1]] - X[:, [2]], np.full((n, 1), 2.0)])
    X *= 10.0 ** random.uniform(-4, 4, 9)
    Y = X[:, :2] / X[:, :2].std(axis=0) + random.normal(size=(n, 2))
    models = SubsetRidge(Statistics.from_arrays(X, Y), np.array([10.0**decade]))
    size = X.std(axis=0)
    size[8] = np.inf
    for k in (1, 4, 7, 9):
        columns = np.sort(random.permutation(9)[:k])
        w = models.coefficients(columns)[:, 0]
        assert not w[np.setdiff1d(np.arange(9), columns)].any()
        expected, _ = naive.ridge(X[:, columns] / size[columns], Y, 10.0**decade)
        fitted = X @ w - (X @ w).mean(axis=0)
        direct = X[:, columns] / size[columns] @ expected
        np.testing.assert_allclose(fitted, direct - direct.mean(axis=0), atol=1e-8)


def test_bad_arguments_are_named():
    made = samples()
    with pytest.raises(InputError, match=r"samples: .* iterator only with a standardizer"):
        collect(iter(made))
    with pytest.raises(InputError, match="species C"):
        collect(made, species="C", standardizer=Standardizer().fit(made[0].features))
    with pytest.raises(InputError, match="blocks: "):
        collect(made, blocks=0)
    with pytest.raises(InputError, match="labels: "):
        collect(made, labels=LABELS[:2])
    with pytest.raises(InputError, match="standardized alike"):
        collect(made[:3]) + collect(made[3:])
    with pytest.raises(InputError, match="at least 3 configurations, got 2"):
        held_out_moments(collect(made[:2]), {"all": slice(None)}, seed=1)
    with pytest.raises(InputError, match="weights: "):
        collect(made).pooled([1.0, 2.0])


def test_a_weighted_collection_has_its_configurations_repeated():
    found = collect(samples(3), species="A")
    weighted = found.weighted([2, 1, 0.5])
    assert (weighted.times == found.times).all()
    for part, plain, weight in zip(weighted.parts, found.parts, (2, 1, 0.5), strict=True):
        assert part.count == weight * plain.count
        np.testing.assert_allclose(part.gram, weight * plain.gram, rtol=1e-12)
    for wrong in ([1, 2], [1, 2, 0], [1, 2, -1]):
        with pytest.raises(InputError, match=r"weights: expected \(3,\) positive numbers"):
            found.weighted(wrong)


def test_one_configuration_is_a_collection_and_none_is_not():
    one = collect(samples(1), species="A")
    assert len(one) == 1
    with pytest.raises(InputError, match="parts: expected at least one configuration"):
        replace(one, parts=[])


def test_a_file_keeps_the_order_of_the_labels(tmp_path):
    labels = np.array(
        [(i, f"f{i}", 0.5) for i in range(8)], [("r", int), ("kind", "U4"), ("a", float)]
    )
    collect(samples(2), species="A", labels=labels).save(tmp_path / "c.h5")
    assert Collection.load(tmp_path / "c.h5").labels.dtype.names == ("r", "kind", "a")
