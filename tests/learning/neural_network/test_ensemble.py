"""Several trainings of one network, and the mean of what they predict."""

import numpy as np
import pytest
from sklearn.base import clone
from test_graph import crowded, training

from cagebreak.errors import FileFormatError, InputError
from cagebreak.learning import (
    Ensemble,
    Graph,
    GraphNetwork,
    MLPRegressor,
    RidgeCV,
    Sample,
    evaluate,
    pearson,
)
from cagebreak.learning.learner import traits

pytest.importorskip("torch")

NETWORK = MLPRegressor(hidden=(8,), dropout=0.0, alpha=0.0, learning_rate=3e-2, epochs=15)
GRAPH = GraphNetwork(cutoff=1.5, layers=1, epochs=2, seed=3)


def rows(seed, n=120, noise=3.0):
    """Rows of a target that is half noise, six configurations of them."""
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, 10))
    Y = np.stack([X[:, 0] + X[:, 1] ** 2, X[:, 2]], 1) + noise * random.normal(size=(n, 2))
    return X, Y, np.repeat(np.arange(6), n // 6)


def test_it_predicts_the_mean_of_members_that_differ_and_better_than_they_do():
    X, Y, groups = rows(0)
    fitted = Ensemble(NETWORK, members=6).fit(X, Y, groups=groups)
    new, _, _ = rows(1, n=600)
    truth = rows(1, n=600, noise=0.0)[1]
    each = np.array([member.predict(new) for member in fitted.members_])
    np.testing.assert_allclose(fitted.predict(new), each.mean(axis=0), rtol=1e-12)
    assert (each.std(axis=0) > 0).all()
    alone = np.mean([pearson(predicted, truth) for predicted in each], axis=0)
    assert (pearson(fitted.predict(new), truth) > alone).all()
    assert fitted.n_parameters_ == 6 * fitted.members_[0].n_parameters_
    # Each chooses its epoch on other rows.
    assert len({member.validation_.tobytes() for member in fitted.members_}) == 6


def test_the_seed_of_its_learner_decides():
    X, Y, groups = rows(0)
    first, again, other = (
        Ensemble(clone(NETWORK).set_params(seed=seed), members=2).fit(X, Y, groups=groups)
        for seed in (1, 1, 2)
    )
    assert (first.predict(X) == again.predict(X)).all()
    assert (first.predict(X) != other.predict(X)).any()


def test_of_graph_networks_it_takes_graphs(tmp_path):
    graphs, targets = training()
    fitted = Ensemble(GRAPH, members=2).fit(graphs, targets)
    assert traits(fitted).learns_from == "graphs"
    configuration, features, _ = crowded(50)
    new = [Graph(configuration, features)]
    each = [member.predict(new)[0] for member in fitted.members_]
    np.testing.assert_allclose(fitted.predict(new)[0], np.mean(each, axis=0), rtol=1e-12)
    fitted.save(tmp_path / "ensemble.h5")
    assert (Ensemble.load(tmp_path / "ensemble.h5").predict(new)[0] == fitted.predict(new)[0]).all()


def test_evaluate_gives_it_whole_configurations():
    graphs, targets = training()
    samples = [
        Sample(graph.features, Y, graph.configuration.species, graph=graph)
        for graph, Y in zip(graphs, targets, strict=True)
    ]
    for together in (False, True):
        learner = Ensemble(clone(GRAPH).set_params(share_species=together), members=2)
        scores = evaluate(learner, samples, seed=1, folds=2)
        assert np.unique(scores.table["species"]).tolist() == ["A", "B"]
        assert np.isfinite(scores.table["r"]).all()


def test_saved_and_loaded_it_is_the_same(tmp_path):
    X, Y, groups = rows(0)
    fitted = Ensemble(clone(NETWORK).set_params(seed=5), members=2).fit(X, Y, groups=groups)
    path = tmp_path / "ensemble.h5"
    fitted.save(path)
    loaded = Ensemble.load(path)
    assert (loaded.predict(X) == fitted.predict(X)).all()
    assert (loaded.members, loaded.learner.seed) == (2, 5)
    assert (clone(loaded).fit(X, Y, groups=groups).predict(X) == fitted.predict(X)).all()
    with pytest.raises(FileFormatError, match="neural network"):
        MLPRegressor.load(path)
    fitted.members_[0].save(path)
    with pytest.raises(FileFormatError, match="ensemble"):
        Ensemble.load(path)


def test_what_cannot_be_is_named():
    X, Y, _ = rows(0)
    with pytest.raises(InputError, match="learner: expected a network, got Ridge"):
        Ensemble(RidgeCV()).fit(X, Y)
    with pytest.raises(InputError, match="members: expected at least 1, got 0"):
        Ensemble(NETWORK, members=0).fit(X, Y)
