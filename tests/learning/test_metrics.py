import numpy as np
import pytest

from cagebreak._frames import METRICS
from cagebreak.errors import InputError
from cagebreak.learning.metrics import (
    Cuts,
    Metrics,
    in_configurations,
    pooled_spearman,
    spearman,
)
from naive import metrics as naive


def column(*values):
    return np.array(values, dtype=float)[:, None]


def cuts(predicted, active):
    return Cuts.of(column(*predicted), np.array(active, dtype=bool)[:, None])


def test_by_hand():
    """Predicted in the order 1 0 1 0 0, with 1 for the active particles."""
    of_hand = cuts([5, 4, 3, 2, 1], [1, 0, 1, 0, 0])
    assert of_hand.roc_auc() == pytest.approx(5 / 6)  # of six pairs one is in the wrong order
    assert of_hand.average_precision() == pytest.approx((1 / 1 + 2 / 3) / 2)
    # Two inactive particles of three weigh as much as four thirds.
    balanced = (1 + 1 / (1 + 1 / 3)) / 2
    assert of_hand.average_precision(balanced=True) == pytest.approx(balanced)
    # The two predicted highest are one active and one inactive particle.
    assert of_hand.matthews_corrcoef() == pytest.approx((1 * 2 - 1 * 1) / 6)
    # Half of the weight is at the third: all active and a third of the inactive particles.
    expected = (1 * 2 / 3) / np.sqrt((1 + 1 / 3) * (2 / 3))
    assert of_hand.matthews_corrcoef(balanced=True) == pytest.approx(expected)
    assert spearman(column(1, 2, 3, 4), column(1, 3, 2, 9)) == pytest.approx(1 - 6 * 2 / 60)


@pytest.mark.parametrize(
    ("order", "roc_auc", "precision", "matthews"),
    [([4, 3, 2, 1], 1, 1, 1), ([1, 2, 3, 4], 0, (1 / 3 + 2 / 4) / 2, -1)],
)
def test_the_best_and_the_worst(order, roc_auc, precision, matthews):
    extreme = cuts(order, [1, 1, 0, 0])
    assert extreme.roc_auc() == roc_auc
    for balanced in (False, True):
        assert extreme.average_precision(balanced) == pytest.approx(precision)
        assert extreme.matthews_corrcoef(balanced) == matthews


def test_a_prediction_that_does_not_vary_says_nothing():
    flat = cuts([1] * 5, [1, 0, 0, 0, 0])
    assert flat.roc_auc() == 0.5
    assert flat.average_precision() == pytest.approx(0.2)
    assert flat.average_precision(balanced=True) == pytest.approx(0.5)
    assert flat.matthews_corrcoef() == flat.matthews_corrcoef(balanced=True) == 0
    assert np.isnan(spearman(column(1, 1, 1), column(1, 2, 3))).all()


@pytest.mark.parametrize("active", [[0, 0, 0], [1, 1, 1]])
def test_without_active_or_inactive_particles_there_is_no_score(active):
    of_one_class = cuts([1, 2, 3], active)
    scores = [of_one_class.roc_auc()]
    for balanced in (False, True):
        scores += [
            of_one_class.average_precision(balanced),
            of_one_class.matthews_corrcoef(balanced),
        ]
    assert np.isnan(scores).all()


@pytest.mark.parametrize("levels", [4, 1000])
@pytest.mark.parametrize("share", [0.02, 0.3])
def test_all_equal_those_of_scikit_learn(levels, share):
    """At several times, with ties and without."""
    random = np.random.default_rng(levels)
    measured = random.normal(size=(97, 5))
    predicted = np.round(levels * (measured + 2 * random.normal(size=measured.shape))) / levels
    measured = np.round(levels * measured) / levels
    metrics = Metrics(share=share)
    active = metrics.active(measured)
    found = in_configurations(metrics, [predicted], [measured], np.array([0]))
    for t, (x, y) in enumerate(zip(predicted.T, measured.T, strict=True)):
        is_active = naive.active(y, share)
        np.testing.assert_array_equal(active[:, t], is_active)
        expected = {
            "spearman": naive.spearman(x, y),
            "roc_auc": naive.roc_auc(x, is_active),
            "active_share": is_active.mean(),
        }
        for name in ("average_precision", "matthews_corrcoef"):
            for end in ("", "_balanced"):
                expected[name + end] = getattr(naive, name)(x, is_active, balanced=bool(end))
        for name, value in expected.items():
            assert found[name][0, t] == pytest.approx(value, abs=1e-12), name


def test_who_is_active():
    measured = column(3, 1, 2, 2, 0, 5, 4, 2, 0, 0)
    for metrics, expected in (
        (Metrics(share=0.2), [5, 6]),
        (Metrics(share=0.01), [5]),  # at least one
        (Metrics(share=0.4), [0, 2, 3, 5, 6, 7]),  # all that equal the fourth
        (Metrics(share=0.2, lowest=True), [4, 8, 9]),
        (Metrics(threshold=4), [5, 6]),
        (Metrics(threshold=0.5, lowest=True), [4, 8, 9]),
        (Metrics(threshold=9), []),
    ):
        assert np.flatnonzero(metrics.active(measured)[:, 0]).tolist() == expected
    # In floating point 0.29 * 100 is less than 29.
    assert Metrics(share=0.29).active(np.arange(100.0)[:, None]).sum() == 29


def test_the_lowest_of_a_quantity_are_the_highest_of_its_negative():
    random = np.random.default_rng(2)
    x, y = random.normal(size=(2, 60, 3))
    fold = np.array([0])
    high = in_configurations(Metrics(), [x], [y], fold)
    low = in_configurations(Metrics(lowest=True), [-x], [-y], fold)
    for name, values in high.items():
        np.testing.assert_array_equal(low[name], values, err_msg=name)


def test_pooled_ranks_are_those_of_all_particles():
    """Against scipy, for the data and for resamples that repeat configurations."""
    random = np.random.default_rng(3)
    sizes = [(40, 2), (0, 2), (90, 2), (60, 2), (300, 2), (50, 2)]
    predicted = [random.normal(random.normal(size=2), size=size) for size in sizes]
    measured = [x + random.normal(size=x.shape) for x in predicted]
    weights = random.multinomial(6, [1 / 6] * 6, size=5).astype(float)
    r, resampled = pooled_spearman(predicted, measured, weights)
    for t in range(2):
        x, y = ([part[:, t] for part in parts] for parts in (predicted, measured))
        assert r[t] == pytest.approx(naive.spearman(np.concatenate(x), np.concatenate(y)))
        for b, drawn in enumerate(weights.astype(int)):
            rows = np.repeat(np.arange(6), drawn)
            pair = [np.concatenate([parts[c] for c in rows]) for parts in (x, y)]
            assert resampled[b, t] == pytest.approx(naive.spearman(*pair), abs=2e-3)


def test_pooled_ranks_with_few_levels_are_exact_in_resamples():
    random = np.random.default_rng(4)
    predicted = [random.integers(0, 20, (n, 1)) / 20 for n in (200, 300)]
    measured = [np.round(x + random.integers(-5, 5, x.shape) / 20, 2) for x in predicted]
    _, resampled = pooled_spearman(
        predicted, measured, np.array([[1.0, 1.0], [0.0, 3.0], [0.0, 0.0]])
    )
    expected = naive.spearman(np.concatenate(predicted)[:, 0], np.concatenate(measured)[:, 0])
    assert resampled[0] == pytest.approx(expected)
    assert resampled[1] == pytest.approx(naive.spearman(predicted[1][:, 0], measured[1][:, 0]))
    assert np.isnan(resampled[2])


def test_a_configuration_without_particles_has_no_score():
    random = np.random.default_rng(5)
    parts = [random.normal(size=(n, 2)) for n in (30, 0, 30)]
    found = in_configurations(Metrics(), parts, parts, np.array([0, 0, 0]))
    assert set(found) == set(METRICS) - {"spearman_pooled"}
    for name, values in found.items():
        assert np.isnan(values[1]).all(), name
        assert np.isfinite(values[[0, 2]]).all(), name


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"names": ("pearson",)}, "metrics: expected some of spearman, .*, width, got 'pearson'"),
        ({"names": ("width", "width")}, "metrics: expected each name once, got width, width"),
        ({"share": 0.0}, r"share: expected a number in \(0, 0.5\], got 0.0"),
        ({"share": 5}, r"share: expected a number in \(0, 0.5\], got 5"),
        ({"threshold": np.nan}, "threshold: expected a finite number, got nan"),
        ({"level": 90}, "level: expected a number between 0 and 1, got 90"),
        ({"level": "0.9"}, "level: expected a number between 0 and 1, got '0.9'"),
        ({"share": None}, r"share: expected a number in \(0, 0.5\], got None"),
        ({"threshold": "high"}, "threshold: expected a finite number, got 'high'"),
        ({"lowest": "no"}, "lowest: expected True or False, got 'no'"),
    ],
)
def test_wrong_settings_are_named(arguments, message):
    with pytest.raises(InputError, match=message):
        Metrics(**arguments)


def test_names_stand_for_the_default_settings():
    assert Metrics.of("roc_auc") == Metrics(("roc_auc",))
    assert Metrics.of(["width", "coverage"]).names == ("width", "coverage")
    assert Metrics.of(metrics := Metrics(share=0.1)) is metrics
    with pytest.raises(InputError, match=r"^metrics: expected Metrics or names of metrics, got N"):
        Metrics.of(None)
