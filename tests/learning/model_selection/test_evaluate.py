import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LinearRegression

from cagebreak.errors import InputError
from cagebreak.learning import (
    AlphaWarning,
    RidgeCV,
    Sample,
    Standardizer,
    Statistics,
    configuration_folds,
    evaluate,
)
from cagebreak.learning.model_selection.evaluate import plan
from cagebreak.learning.scores import pair_moments
from naive import learning as naive

COLUMNS = {"all": slice(None), "first": [0, 1, 2], "mask": np.arange(9) % 2 == 0}
TIMES = [0.1, 1.0, 10.0]


def samples(seed=0, n_configurations=9, n=40):
    """Heavy-tailed features, so that clipping matters, and B in few configurations."""
    random = np.random.default_rng(seed)
    w = random.normal(size=(9, 3))
    made = []
    for c in range(n_configurations):
        X = random.standard_t(2, size=(n, 9)) * 10.0 ** np.arange(-4, 5) + random.normal(size=9)
        Y = (X / 10.0 ** np.arange(-4, 5)) @ w
        Y += random.standard_t(3, size=Y.shape) * [1, 10, 30]
        species = (np.arange(n) % 3 == 0) * (c % 3 > 0)
        made.append(Sample(X, Y, species, Y + random.normal(size=(2, n, 3))))
    return made


class Lazy:
    """Reads each sample when asked, and counts the readings."""

    def __init__(self, made):
        self.made = made
        self.readings = np.zeros(len(made), dtype=int)

    def __len__(self):
        return len(self.made)

    def __getitem__(self, index):
        self.readings[index] += 1
        return self.made[index]


@pytest.mark.parametrize("inner_folds", [2, 5])
@pytest.mark.parametrize("center", ["global", "configuration"])
def test_statistics_give_the_scores_of_the_rows(center, inner_folds):
    """Against fits to the rows of each fold, standardized anew, one after the other."""
    made, clip = samples(), 3.0
    learner = RidgeCV(center=center, folds=inner_folds, clip=clip, seed=4)
    scores = evaluate(learner, made, columns=COLUMNS, times=TIMES, folds=4, seed=11)
    fold = configuration_folds(9, 4, seed=11)
    for number, species in enumerate("AB"):
        mine = [sample.species == number for sample in made]
        X = [sample.features[chosen] for sample, chosen in zip(made, mine, strict=True)]
        Y = [sample.targets[chosen] for sample, chosen in zip(made, mine, strict=True)]
        for name, columns in COLUMNS.items():
            predicted, alphas = {}, []
            for k in range(4):
                training = np.concatenate([X[c] for c in np.flatnonzero(fold != k)])
                standardizer = Standardizer(clip).fit(training[:, columns])
                blocks = []
                for j in range(4):
                    members = [c for c in np.flatnonzero(fold == j) if len(X[c]) and j != k]
                    parts = [
                        Statistics.from_arrays(
                            naive.standardize(X[c][:, columns], training[:, columns], clip), Y[c]
                        )
                        for c in members
                    ]
                    blocks += [Statistics.pooled(parts, center)] if parts else []
                fitted = RidgeCV(center=center, folds=inner_folds, clip=clip, seed=4)
                fitted.fit_statistics(blocks, standardizer)
                alphas.append(fitted.alpha_)
                for c in np.flatnonzero(fold == k):
                    if len(X[c]):
                        predicted[c] = fitted.predict(X[c][:, columns])
            pairs = [pair_moments(predicted[c], Y[c]) for c in sorted(predicted)]
            moments = scores.moments[species, name]
            # With a large alpha, predictions differ from their mean by rounding.
            np.testing.assert_allclose(moments[moments[:, 0, 0] > 0], pairs, rtol=1e-6, atol=1e-20)
            rows = scores.rows
            table = rows[(rows["species"] == species) & (rows["features"] == name)]
            assert (table["time"] == TIMES).all()
            assert (table["learner"] == "RidgeCV").all()
            assert (table["n_configurations"] == len(predicted)).all()
            assert (table["n_features"] == {"all": 9, "first": 3, "mask": 5}[name]).all()
            np.testing.assert_allclose(table["alpha"], np.median(alphas, axis=0))
            for t in range(3):
                x = np.concatenate([predicted[c][:, t] for c in sorted(predicted)])
                y = np.concatenate([Y[c][:, t] for c in sorted(predicted)])
                assert table["r"][t] == pytest.approx(naive.pearson(x, y), abs=1e-6)
                each = [naive.pearson(predicted[c][:, t], Y[c][:, t]) for c in predicted]
                assert table["r_configuration"][t] == pytest.approx(np.mean(each), abs=1e-6)


@pytest.mark.parametrize("folds", [3, 5])
@pytest.mark.parametrize("clip", [6.0, np.inf])
def test_three_readings_serve_everything_but_clipped_rows(folds, clip, monkeypatch):
    small = Lazy(samples())
    expected = evaluate(RidgeCV(clip=clip), small, columns=COLUMNS, seed=0, folds=folds)
    assert (small.readings[1:] == 1).all()  # they stay in memory
    monkeypatch.setattr("cagebreak.learning.model_selection.nested_fits.SMALL", 0)
    lazy = Lazy(samples())
    found = evaluate(RidgeCV(clip=clip), lazy, columns=COLUMNS, seed=0, folds=folds)
    # To compare them, for the statistics, and for the predictions; and for each outer fold.
    most = 3 if np.isinf(clip) else 2 + folds
    assert lazy.readings[1:].max() == most
    np.testing.assert_array_equal(found.rows, expected.rows)


def test_each_configuration_is_predicted_once_while_held_out():
    """A learner that knows its training rows by heart, and admits it."""

    class Memory(RegressorMixin, BaseEstimator):
        def fit(self, X, y, groups):
            self.seen_ = set(X[:, 0])
            self.groups_ = set(groups)
            assert y.shape == (len(X), 3)
            return self

        def predict(self, X):
            assert not self.seen_ & set(X[:, 0])
            assert len(self.groups_) <= 7
            predictions.append(len(X))
            return np.repeat(X[:, :1], 3, axis=1)

    predictions = []
    made = samples()
    scores = evaluate(Memory(), made, folds=4, seed=3, name="by heart")
    assert sum(predictions) == sum(len(sample.features) for sample in made)
    assert set(scores.table["learner"]) == {"by heart"}
    assert np.isnan(scores.table["alpha"]).all()


def test_the_ceiling_is_of_the_halves_or_nan():
    made = samples()
    table = evaluate(LinearRegression(), made, seed=0).table
    halves = np.concatenate([s.halves[:, s.species == 1] for s in made], axis=1)
    r = naive.pearson(halves[0, :, 2], halves[1, :, 2])
    assert table["ceiling"].iloc[-1] == pytest.approx(np.sqrt(2 * r / (1 + r)))
    without = [Sample(s.features, s.targets) for s in made]
    table = evaluate(LinearRegression(), without, seed=0).table
    assert np.isnan(table["ceiling"]).all()
    assert set(table["species"]) == {"A"}


def test_what_does_not_vary_has_no_r():
    made = [
        Sample(s.features, np.column_stack([np.full(40, 0.1), s.targets[:, 0]])) for s in samples()
    ]
    table = evaluate(RidgeCV(), made, seed=0).table
    for column in ("r", "low", "high", "r_configuration", "low_configuration"):
        assert np.isnan(table[column][0])
        assert np.isfinite(table[column][1])


@pytest.mark.parametrize("n_configurations", [2, 3])
def test_few_configurations_are_enough(n_configurations):
    made = [Sample(s.features, s.targets) for s in samples(n_configurations=n_configurations)]
    table = evaluate(RidgeCV(), made, seed=0).table
    assert np.isfinite(table["r"]).all()


def test_same_seed_same_scores():
    scores = [evaluate(RidgeCV(), samples(), seed=seed) for seed in (5, 5, 6)]
    assert scores[0].rows.tobytes() == scores[1].rows.tobytes()
    assert scores[0].rows.tobytes() != scores[2].rows.tobytes()


def test_the_table_of_scores_is_queried_and_grouped_as_a_data_frame():
    scores = evaluate(RidgeCV(), samples(), columns=COLUMNS, seed=0)
    assert scores.table is scores.table
    of_b = scores.table.query("species == 'B'")
    assert of_b.r.tolist() == scores.rows["r"][scores.rows["species"] == "B"].tolist()
    means = scores.table.groupby("features").r.mean()
    assert set(means.index) == set(COLUMNS)
    first = scores.rows["features"] == "first"
    assert means["first"] == pytest.approx(scores.rows["r"][first].mean())


def test_a_warning_of_alphas_names_the_species_and_features():
    """Of A, the first two features are the target; the third, and all of B, are noise."""
    random = np.random.default_rng(0)
    made = []
    for _ in range(6):
        X, species = random.normal(size=(80, 3)), np.arange(80) % 2
        Y = np.where(species == 0, X[:, 0] + X[:, 1], random.normal(size=80))
        made.append(Sample(X, Y[:, None], species))
    columns = {"two": [0, 1], "third": [2], "all": [0, 1, 2]}
    expected = (
        r"alphas: \d+ of 36 chosen alphas lie outside the range that the learner was given, at .* "
        r"\(species A, features 'third'; species B, features 'two', 'third', 'all'\); see"
    )
    with pytest.warns(AlphaWarning, match=expected) as said:
        evaluate(RidgeCV(alphas=[1e-6, 1.0]), made, seed=0, columns=columns, folds=6)
    assert len(said) == 1


def test_folds_are_even_and_of_whole_configurations():
    for n, n_folds in ((10, 5), (11, 4), (3, 5), (1, 2)):
        folds = configuration_folds(n, n_folds, seed=1)
        sizes = np.bincount(folds)
        assert len(folds) == n
        assert len(sizes) == min(n, n_folds)
        assert sizes.max() - sizes.min() <= 1
    assert (configuration_folds(20, 5, seed=1) == configuration_folds(20, 5, seed=1)).all()
    assert (configuration_folds(20, 5, seed=1) != configuration_folds(20, 5, seed=2)).any()
    with pytest.raises(InputError, match="n_folds"):
        configuration_folds(5, 1, seed=0)
    with pytest.raises(InputError, match="n_configurations"):
        configuration_folds(0, 5, seed=0)


def test_what_cannot_be_used_is_named():
    made = samples()
    with pytest.raises(InputError, match="at least 2 configurations, got 1"):
        evaluate(RidgeCV(), made[:1], seed=0)
    with pytest.raises(InputError, match="times"):
        evaluate(RidgeCV(), made, seed=0, times=[1.0])
    with pytest.raises(InputError, match=r"columns\['LR9'\]"):
        evaluate(RidgeCV(), made, seed=0, columns={"LR9": [9]})
    with pytest.raises(InputError, match=r"columns\['none'\]: expected at least one"):
        evaluate(RidgeCV(), made, seed=0, columns={"none": np.zeros(9, dtype=bool)})
    with pytest.raises(InputError, match="confidence"):
        plan(RidgeCV(), made, seed=0, confidence=2.0)  # before a fit
    with pytest.raises(InputError, match="n_resamples"):
        plan(RidgeCV(), made, seed=0, n_resamples=0)
    other = Sample(made[4].features[:, :8], made[4].targets)
    with pytest.raises(InputError, match=r"samples\[4\]: expected 9 features .* got 8"):
        evaluate(RidgeCV(), [*made[:4], other, *made[5:]], seed=0)
    bad = made[4].features.copy()
    bad[3, 2] = np.nan
    for learner in (RidgeCV(), LinearRegression()):
        with pytest.raises(InputError, match=r"samples\[4\]\.features: .*nan in row 3, column 2"):
            evaluate(learner, [*made[:4], Sample(bad, made[4].targets), *made[5:]], seed=0)
        # Only one configuration has B: nothing is left to learn from while it is held out.
        only = [Sample(s.features, s.targets) for s in made[:4]] + made[4:5]
        with pytest.raises(InputError, match="species B outside fold"):
            evaluate(learner, only, seed=0)
    with pytest.raises(InputError, match="targets: expected 40 rows"):
        Sample(made[0].features, made[0].targets[:5])
    with pytest.raises(InputError, match="species"):
        Sample(made[0].features, made[0].targets, [0, 1])
    with pytest.raises(InputError, match="species"):
        Sample(made[0].features, made[0].targets, np.full(40, -1))
    with pytest.raises(InputError, match="halves"):
        Sample(made[0].features, made[0].targets, halves=made[0].halves[0])
