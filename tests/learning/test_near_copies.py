"""Copies of one structure in training and test are named; independent configurations pass."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import InputError
from cagebreak.learning import (
    Labeled,
    RidgeCV,
    Sample,
    Source,
    Standardizer,
    accuracy_against_data,
    accuracy_curve,
    collect,
    compare,
    evaluate,
    transfer,
)
from cagebreak.learning.near_copies import require_distinct


def described(positions, box, shuffled=False):
    """A sample whose targets have nothing to do with its features."""
    random = np.random.default_rng(len(positions))
    species = np.arange(len(positions)) % 2
    particles = cb.Configuration(positions, species, box)
    X = cb.papers.alkemade2022(cb.kob_andersen(), generations=1).compute(particles).values
    order = random.permutation(len(X)) if shuffled else np.arange(len(X))
    return Sample(X[order], random.normal(size=(len(X), 1)), species[order])


@pytest.fixture(scope="module")
def starts():
    random = np.random.default_rng(1)
    return [5.5 * random.random((200, 3)) for _ in range(4)]


@pytest.fixture(scope="module")
def independent(starts):
    return [described(start, 5.5) for start in starts]


def everywhere(i, j):
    return True


@pytest.mark.parametrize(
    ("apart", "shuffled"), [(0.0, False), (0.01, False), (0.0, True), (0.003, True)]
)
def test_copies_are_named(starts, independent, apart, shuffled):
    moved = starts[1] + apart * np.random.default_rng(2).normal(size=(200, 3))
    samples = [*independent, described(moved, 5.5, shuffled)]
    with pytest.raises(
        InputError, match=r"samples\[1\]: expected another configuration than samples\[4\]"
    ):
        require_distinct(samples, everywhere)
    require_distinct(samples, lambda i, j: {i, j} != {1, 4})


def test_evaluate_refuses_copies_in_different_folds(starts, independent):
    samples = [*independent, described(starts[1] + 1e-3, 5.5)]
    with pytest.raises(InputError, match=r"nearly equal features of species A .* share_fold"):
        evaluate(RidgeCV(), samples, seed=1, folds=5, n_resamples=10)


def with_a_copy(independent, starts):
    return [*independent, described(starts[1] + 1e-3, 5.5)]


def test_compare_refuses_copies_in_different_folds(starts, independent):
    learners = {"one": RidgeCV(), "other": RidgeCV(alphas=[1.0])}
    with pytest.raises(InputError, match=r"samples\[1\]: expected another .* samples\[4\]"):
        compare(learners, with_a_copy(independent, starts), seed=1, folds=5, n_resamples=10)


def units(samples):
    return Standardizer().fit(np.concatenate([s.features[s.species == 0] for s in samples]))


@pytest.mark.parametrize("way", ["sequence", "stream", "workers", "blocks"])
def test_collect_refuses_copies_that_could_be_in_training_and_test(starts, independent, way):
    """So every function of a collection: learning_curve, selection_curve, ablation, ..."""
    samples = with_a_copy(independent, starts)

    def collected(**options):
        match way:
            case "stream":
                return collect(iter(samples), standardizer=units(samples))
            case "workers":
                with ThreadPoolExecutor(2) as executor:
                    return collect(samples, executor=executor, **options)
            case "blocks":
                return collect(samples, blocks=2)
        return collect(samples, **options)

    with pytest.raises(InputError, match=r"samples\[1\]: expected another .* samples\[4\]"):
        collected()
    if way in ("sequence", "workers"):
        assert len(collected(groups=[0, 1, 2, 3, 1])) == 5
        with pytest.raises(InputError, match="nearly equal features of species A"):
            collected(groups=[0, 1, 2, 1, 3])


def test_blocks_may_hold_copies_together(starts, independent):
    samples = with_a_copy(independent, starts)
    assert len(collect(samples, blocks=3)) == 3


def test_collections_of_one_configuration_are_not_joined(independent):
    shared = units(independent)
    first, second = (
        collect(part, standardizer=shared) for part in (independent[:3], independent[2:])
    )
    with pytest.raises(InputError, match=r"other.parts\[0\]: expected another .* parts\[2\]"):
        first + second
    assert len(first + collect(independent[3:], standardizer=shared)) == 4
    one = independent[2]
    in_another_order = Sample(one.features[::-1], one.targets[::-1], one.species[::-1])
    with pytest.raises(InputError, match=r"other.parts\[0\]: expected another .* parts\[2\]"):
        first + collect([in_another_order], standardizer=shared)


def test_transfer_refuses_copies_in_two_sources(starts, independent):
    labels = np.zeros(independent[0].features.shape[1], [("l", "i4")])
    moved = starts[1] + 0.005 * np.random.default_rng(3).normal(size=(200, 3))
    random = np.random.default_rng(4)
    other = [described(6.0 * random.random((200, 3)), 6.0) for _ in range(2)]
    sources = {
        "cold": Source(independent, labels),
        "hot": Source([*other, described(moved, 5.5)], labels),
    }
    with pytest.raises(InputError) as caught:
        transfer(sources, seed=1, n_resamples=10)
    assert "sources['cold'].samples[1]: expected another configuration than" in str(caught.value)
    assert "sources['hot'].samples[2], got nearly equal features" in str(caught.value)


def labeled(sample, seed, with_particles):
    """Half of the particles of a sample, of which runs of their own choose which."""
    random = np.random.default_rng(seed)
    order = np.argsort(np.arange(200) + 60 * random.normal(size=200))[:100]
    kept = np.sort(order)
    return Labeled(sample.features[kept], kept % 2 == 0, kept if with_particles else None)


@pytest.mark.parametrize("curve", [accuracy_curve, accuracy_against_data])
def test_accuracy_curves_refuse_copies_of_which_other_particles_are_taken(
    starts, independent, curve
):
    samples = with_a_copy(independent, starts)
    data = [labeled(sample, seed, True) for seed, sample in enumerate(samples)]
    assert len(np.intersect1d(data[1].particles, data[4].particles)) < 90
    with pytest.raises(InputError, match=r"data\[1\]: expected another .* data\[4\], got"):
        curve(data, [1], seed=1)
    same = [labeled(sample, 0, False) for sample in samples]
    nothing = Labeled(np.zeros((0, same[0].features.shape[1])), np.zeros(0, bool))
    with pytest.raises(InputError, match=r"data\[2\]: expected another .* data\[5\], got"):
        curve([nothing, *same], [1], seed=1)


@pytest.mark.parametrize("with_particles", [False, True])
def test_classes_that_are_far_apart_are_no_copies(with_particles):
    random = np.random.default_rng(0)
    active = np.arange(60) % 2 == 0
    data = [
        Labeled(
            random.normal(size=(60, 5)) + 10 * active[:, None],
            active,
            np.arange(60) if with_particles else None,
        )
        for _ in range(4)
    ]
    assert (accuracy_curve(data, [1], seed=1)["accuracy"] == 1).all()


@pytest.mark.parametrize("n_rows", [3, 10, 200])
@pytest.mark.parametrize("n_features", [1, 2, 40])
def test_independent_configurations_pass(n_rows, n_features):
    random = np.random.default_rng(n_features)
    samples = [
        Sample(random.normal(size=(n_rows, n_features)), np.zeros((n_rows, 1))) for _ in range(60)
    ]
    require_distinct(samples, everywhere)


def test_lattices_and_features_that_all_configurations_share_pass():
    random = np.random.default_rng(0)
    site = np.arange(300) % 3  # a crystal of three sites, with vibrations
    crystals = [
        Sample(site[:, None] + 3.0 * random.normal(size=(300, 30)), np.zeros((300, 1)))
        for _ in range(8)
    ]
    require_distinct(crystals, everywhere)
    perfect = [Sample(np.ones((300, 4)), np.zeros((300, 1))) for _ in range(3)]
    require_distinct(perfect, everywhere)


def test_denser_samples_are_no_copies():
    random = np.random.default_rng(0)
    samples = [Sample(random.normal(size=(n, 2)), np.zeros((n, 1))) for n in (100, 400, 1600)]
    require_distinct(samples, everywhere)
