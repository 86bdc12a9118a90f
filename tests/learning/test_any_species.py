"""One to four species in every learner, table and curve: a row for each, and the truth found."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.configuration import SPECIES_NAMES
from cagebreak.learning import (
    ARDRegression,
    ElasticNetCV,
    Ensemble,
    EquivariantNetwork,
    Graph,
    GraphNetwork,
    LinearSVR,
    MLPRegressor,
    PCARegression,
    PLSRegression,
    RidgeCV,
    Sample,
    Softness,
    Source,
    StructuralOrder,
    ablation,
    accuracy_curve,
    collect,
    compare,
    evaluate,
    learning_curve,
    most_and_least_mobile,
    selection_curve,
    selection_stability,
    transfer,
)

SHORT = {"learning_rate": 1e-2, "epochs": 2, "progress": False}
NETWORKS = {
    "network": MLPRegressor(hidden=(8,), **SHORT),
    "ensemble": Ensemble(MLPRegressor(hidden=(8,), **SHORT), members=2),
    "graph": GraphNetwork(cutoff=1.3, layers=1, **SHORT),
    "graph, species together": GraphNetwork(cutoff=1.3, layers=1, share_species=True, **SHORT),
    "equivariant": EquivariantNetwork(cutoff=1.3, layers=1, channels=(4, 2), **SHORT),
}
LINEAR = {
    "ridge": RidgeCV(),
    "ridge, centered per configuration": RidgeCV(center="configuration"),
    "ARD": ARDRegression(),
    "elastic net": ElasticNetCV(),
    "principal components": PCARegression(),
    "partial least squares": PLSRegression(),
}
OTHERS = {
    "support vectors": LinearSVR(),
    "softness": Softness(),
    "structural order": StructuralOrder(),
}
species = pytest.mark.parametrize("n_species", [1, 2, 3, 4])


def samples(n_species, seed=0, n=160, n_configurations=4):
    """Random particles; the target of each species has a feature and a scale of its own."""
    random = np.random.default_rng(seed)
    made = []
    for _ in range(n_configurations):
        kinds = np.arange(n) % n_species
        particles = cb.Configuration(5 * random.random((n, 3)), kinds, 5.0)
        X = random.normal(size=(n, 5))
        truth = (2.0 + kinds) * X[np.arange(n), kinds] + 10.0 * kinds
        halves = truth[:, None] + 0.3 * random.normal(size=(2, n, 2))
        made.append(Sample(X, halves.mean(axis=0), kinds, halves, Graph(particles, X), particles))
    return made


def letters(n_species):
    return list(SPECIES_NAMES[:n_species])


def require_scores(learner, n_species):
    rows = evaluate(learner, samples(n_species), seed=1, folds=2, n_resamples=20).rows
    assert rows["species"].tolist() == np.repeat(letters(n_species), 2).tolist()
    assert np.isfinite(rows["r"]).all()
    assert np.isfinite(rows["ceiling"]).all()
    return rows["r"]


@species
@pytest.mark.parametrize("learner", LINEAR.values(), ids=LINEAR)
def test_every_linear_learner_finds_the_truth_of_each_species(learner, n_species):
    assert require_scores(learner, n_species).min() > 0.9


@species
@pytest.mark.parametrize("learner", OTHERS.values(), ids=OTHERS)
def test_every_other_learner_has_a_score_for_each_species(learner, n_species):
    require_scores(learner, n_species)


@pytest.mark.parametrize("n_species", [1, 3])
@pytest.mark.parametrize("learner", NETWORKS.values(), ids=NETWORKS)
def test_every_network_has_a_score_for_each_species(learner, n_species):
    pytest.importorskip("e3nn" if learner is NETWORKS["equivariant"] else "torch")
    require_scores(learner, n_species)


@species
def test_comparison_and_transfer_have_rows_of_each_species(n_species):
    made = samples(n_species)
    learners = {"ridge": RidgeCV(), "other": RidgeCV(alphas=[1e3])}
    comparison = compare(learners, made, seed=1, folds=2, n_resamples=20)
    assert sorted(set(comparison.table["species"])) == letters(n_species)
    assert sorted(set(comparison.differences["species"])) == letters(n_species)
    labels = np.zeros(5, [("l", "i4")])
    sources = {name: Source(samples(n_species, seed), labels) for seed, name in enumerate("ab")}
    table = transfer(sources, seed=1, folds=2, n_resamples=20)
    assert len(table) == 4 * 2 * n_species
    assert table["r"].min() > 0.9


@species
def test_collections_of_each_species_find_its_feature(n_species):
    made = samples(n_species)
    for number, letter in enumerate(letters(n_species)):
        collection = collect(made, species=letter)
        curve = selection_curve(collection, 2, seed=1, folds=2, n_resamples=20)
        assert (curve.selection.order[:, 0] == number).all()
        stability = selection_stability(collection, 1, seed=1, n_resamples=5)
        assert set(stability["column"]) == {number}
        parts = ablation(collection, {"its own": [number]}, seed=1, folds=3, n_resamples=20)
        alone = parts[parts["kept"] == "alone"]
        assert alone["r"].min() > 0.9
        table = learning_curve(collection, seed=1, folds=2, n_resamples=20).table
        assert table["r_corrected"].iloc[-1] > 0.9


@species
def test_classes_of_each_species(n_species):
    for number in range(n_species):
        data = [
            most_and_least_mobile(s.features, s.targets[:, 0], s.species, share=0.2, of=number)
            for s in samples(n_species, n_configurations=4)
        ]
        table = accuracy_curve(data, [5], seed=1)
        assert table["accuracy"][0] > 0.9
