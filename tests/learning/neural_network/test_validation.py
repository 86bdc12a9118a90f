"""Validation configurations choose the epoch and are not trained on.

A training of one epoch has no choice: nothing of its validation configurations may change what the
network becomes.
"""

import numpy as np
import pytest
from test_graph import crowded

from cagebreak.learning import (
    Ensemble,
    Graph,
    GraphNetwork,
    MLPRegressor,
    Sample,
    Source,
    evaluate,
    transfer,
)
from cagebreak.learning.neural_network import _base, _graph_base, mlp

pytest.importorskip("torch")
from cagebreak.learning.neural_network import _training

N = 5
NEW = crowded(50, n=20)


def of_rows(learner, configurations):
    """Return the predictions of a network of rows for new ones, and r on its validation rows."""
    X, Y = (np.concatenate([given[k] for given in configurations]) for k in (1, 2))
    groups = np.repeat(np.arange(N), [len(given[1]) for given in configurations])
    learner.fit(X, Y, groups=groups)
    return learner.predict(NEW[1]), learner.validation_


def of_graphs(learner, configurations):
    graphs = [Graph(configuration, features) for configuration, features, _ in configurations]
    learner.fit(graphs, [targets for *_, targets in configurations])
    return learner.predict([Graph(*NEW[:2])])[0], learner.validation_


def changed(configuration, features, targets, what):
    if what == "targets":
        return configuration, features, targets[::-1] ** 2
    return configuration, 3 * features[::-1] + 5, targets


NETWORKS = {
    "fully connected": (of_rows, MLPRegressor(hidden=(4,), learning_rate=1e-2, epochs=1)),
    "graph": (of_graphs, GraphNetwork(cutoff=1.4, layers=1, learning_rate=1e-2, epochs=1)),
}


def require_apart(fit, learner, what):
    made = [crowded(seed, n=30) for seed in range(N)]
    predicted, validation = fit(learner, made)
    silent = []
    for i in range(N):
        others = [changed(*given, what) if j == i else given for j, given in enumerate(made)]
        of_others, validation_of_others = fit(learner, others)
        assert (validation != validation_of_others).any()
        if (predicted == of_others).all():
            silent.append(i)
    assert len(silent) == 1  # a fifth of the configurations


@pytest.mark.parametrize("what", ["features", "targets"])
@pytest.mark.parametrize(("fit", "learner"), NETWORKS.values(), ids=NETWORKS)
def test_a_validation_configuration_is_not_trained_on(fit, learner, what):
    require_apart(fit, learner, what)


GROUPS = [7, 3, 7, 3, 5]
"""Of the configurations, of which two pairs share their structure."""


def by_evaluate(learner, samples):
    evaluate(learner, samples, seed=1, folds=3, n_resamples=10, groups=GROUPS)


def by_transfer(learner, samples):
    labels = np.zeros(samples[0].features.shape[1], [("l", "i4")])
    others = [Sample(*crowded(seed, n=30)[1:]) for seed in range(20, 23)]
    sources = {"a": Source(samples, labels, groups=GROUPS), "b": Source(others, labels)}
    transfer(sources, learner, seed=1, folds=3, n_resamples=10)


@pytest.mark.parametrize(
    ("fit", "learner"),
    [
        (by_evaluate, NETWORKS["fully connected"][1]),
        (by_evaluate, NETWORKS["graph"][1]),
        (by_evaluate, Ensemble(NETWORKS["graph"][1], members=1)),
        (by_transfer, NETWORKS["fully connected"][1]),
    ],
)
def test_configurations_of_one_group_do_not_both_train_and_choose_the_epoch(
    fit, learner, monkeypatch
):
    chosen = []

    def witness(groups, *arguments):
        validation = _base.is_validation(groups, *arguments)
        chosen.append((np.asarray(groups), validation))
        return validation

    for module in (mlp, _graph_base):
        monkeypatch.setattr(module, "is_validation", witness)
    made = [crowded(seed, n=30) for seed in range(N)]
    fit(learner, [Sample(X, Y, graph=Graph(particles, X)) for particles, X, Y in made])
    assert chosen
    for groups, validation in chosen:
        assert not set(groups[validation].tolist()) & set(groups[~validation].tolist())
        assert len(set(groups.tolist())) <= 3  # Five configurations are three groups.


def test_retrained_a_network_has_learned_from_all_configurations_for_the_epochs_chosen():
    made = [crowded(seed, n=30) for seed in range(N)]
    learner = GraphNetwork(cutoff=1.4, layers=1, learning_rate=1e-2, epochs=3)
    of_graphs(learner, made)
    chosen, validation = learner.best_epoch_, learner.validation_
    of_graphs(learner.set_params(retrain=True), made)
    np.testing.assert_array_equal(learner.best_epoch_, chosen)
    np.testing.assert_array_equal(learner.validation_, validation)
    # The same training by hand, on all configurations.
    graphs = [Graph(configuration, features) for configuration, features, _ in made]
    data = list(zip(graphs, [targets for *_, targets in made], strict=True))
    by_hand = GraphNetwork(**learner.get_params())
    for epoch, state in zip(np.unique(chosen), learner.states_, strict=True):
        same = by_hand._trained(data, [data[:1]], [], np.array([epoch])).states[0]
        assert all((state[name] == same[name]).all() for name in state)


def test_a_second_training_that_was_stopped_resumes_with_the_same_bits(tmp_path, monkeypatch):
    made = [crowded(seed, n=30) for seed in range(N)]
    settings = {"cutoff": 1.4, "layers": 1, "learning_rate": 1e-2, "epochs": 4, "retrain": True}
    expected, _ = of_graphs(GraphNetwork(**settings), made)
    stopped = GraphNetwork(**settings, checkpoint=tmp_path)
    monkeypatch.setattr(_training, "CHECKPOINT_SECONDS", 0.0)
    write, written = _training._write, []

    def stop(*arguments):
        write(*arguments)
        written.append(arguments[0])
        if len(set(written)) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(_training, "_write", stop)
        with pytest.raises(KeyboardInterrupt):
            of_graphs(stopped, made)
    resumed, _ = of_graphs(stopped, made)
    np.testing.assert_array_equal(resumed, expected)
