"""Validation configurations choose the epoch and are not trained on.

A training of one epoch has no choice: nothing of its validation configurations may change what the
network becomes.
"""

import numpy as np
import pytest
from test_graph import crowded

from cagebreak.learning import Graph, GraphNetwork, MLPRegressor

pytest.importorskip("torch")

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
