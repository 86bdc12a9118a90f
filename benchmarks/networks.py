"""An epoch of the networks: all times at once against one by one and against scikit-learn.

    python benchmarks/networks.py

The neural networks have two hidden layers of 16 nodes, 354 features and batches of 50 on the same
data; scikit-learn's `MLPRegressor` is trained for each time, as ours is in "one by one". An epoch
is the difference between a longer training and a shorter one, so that what is done once does not
count; ours also scores a fourth more rows, for validation. The graph network is the default one on
random points of the density of hard spheres at 0.58.
"""

import time
import warnings

import numpy as np
from sklearn import neural_network
from sklearn.exceptions import ConvergenceWarning

import measure
from cagebreak import Configuration
from cagebreak.learning import Graph, GraphNetwork, MLPRegressor

N_FEATURES, N_ROWS, N_TIMES, N_PARTICLES = 354, 2000, 5, 1000
DENSITY = 1.518
"""Particles per sigma_A^3 of the mixture of Alkemade 2022."""
SHORT, LONG = 1, 4
"""Epochs of the trainings whose difference is measured."""


def an_epoch(train):
    """Return a side that measures one epoch of what trains for a given number of them."""

    def side():
        seconds = []
        for epochs in (SHORT, LONG):
            begun = time.process_time()
            train(epochs)
            seconds.append(time.process_time() - begun)
        return (seconds[1] - seconds[0]) / (LONG - SHORT)

    return side


def neural_networks():
    random = np.random.default_rng(0)
    n = N_ROWS * 5 // 4
    X = random.normal(size=(n, N_FEATURES))
    Y = X[:, :N_TIMES] + np.abs(X[:, 1 : N_TIMES + 1]) + random.normal(size=(n, N_TIMES))

    def ours(epochs, targets):
        learner = MLPRegressor(epochs=epochs, dropout=0, alpha=0, progress=False, device="cpu")
        learner.fit(X, targets)

    def one_by_one(epochs):
        for t in range(N_TIMES):
            ours(epochs, Y[:, t])

    def scikit_learn(epochs):
        for t in range(N_TIMES):
            learner = neural_network.MLPRegressor(
                hidden_layer_sizes=(16, 16), alpha=0, batch_size=50, learning_rate_init=1e-4,
                max_iter=epochs,
            )  # fmt: skip
            learner.fit(X[:N_ROWS].astype(np.float32), Y[:N_ROWS, t].astype(np.float32))

    there = measure.peer("torch") is not None
    return {
        measure.OURS: an_epoch(lambda epochs: ours(epochs, Y)) if there else None,
        "cagebreak, one time after the other": an_epoch(one_by_one) if there else None,
        "scikit-learn MLPRegressor": an_epoch(scikit_learn),
    }


def graph_network():
    """Return a training on four configurations (and one for validation)."""
    if measure.peer("torch") is None:
        return None
    random = np.random.default_rng(0)
    length = (N_PARTICLES / DENSITY) ** (1 / 3)
    graphs, targets = [], []
    for _ in range(5):
        positions = random.uniform(0, length, (N_PARTICLES, 3))
        species = random.integers(0, 2, N_PARTICLES)
        features = random.normal(size=(N_PARTICLES, N_FEATURES))
        graphs.append(Graph(Configuration(positions, species, length), features))
        targets.append(features[:, :N_TIMES])
    return an_epoch(
        lambda epochs: GraphNetwork(epochs=epochs, progress=False, device="cpu").fit(
            graphs, targets
        )
    )


def rows():
    warnings.simplefilter("ignore", ConvergenceWarning)
    quantity = "CPU time an epoch"
    sides = measure.in_turn(neural_networks())
    case = f"{N_ROWS} rows, {N_FEATURES} features, {N_TIMES} times"
    yield from measure.compare("neural network", case, sides, "s", quantity=quantity)
    sides = measure.in_turn({measure.OURS: graph_network()})
    case = f"4 configurations of {N_PARTICLES} particles, {N_TIMES} times"
    yield from measure.compare("graph network", case, sides, "s", quantity=quantity)


if __name__ == "__main__":
    measure.main(rows)
