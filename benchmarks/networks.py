"""Networks: seconds an epoch, all times at once against one by one and against scikit-learn.

    python benchmarks/networks.py [--rows 2000] [--times 5] [--particles 1000] [--rounds 3]

Everything on one thread, in CPU time, which other work on the machine disturbs least. The neural
networks have two hidden layers of 16 nodes, 354 features and batches of 50 on the same data;
scikit-learn's `MLPRegressor` is trained for each time, as ours is in "one by one". An epoch is the
difference between a longer training and a shorter one, so that what is done once does not count;
ours also scores a fifth more rows, for validation.
The graph network is the default one on random points of the density of hard spheres at 0.58.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")

import argparse
import statistics
import time
import warnings

import numpy as np
from sklearn import neural_network
from sklearn.exceptions import ConvergenceWarning

from cagebreak import Configuration
from cagebreak.learning import Graph, GraphNetwork, MLPRegressor

N_FEATURES = 354
DENSITY = 1.518
"""Particles per sigma_A^3 of the mixture of Alkemade 2022."""
SHORT, LONG = 1, 4
"""Epochs of the trainings whose difference is told."""


def an_epoch(train):
    """Return the CPU seconds of one epoch of what trains for a given number of them."""
    seconds = []
    for epochs in (SHORT, LONG):
        start = time.process_time()
        train(epochs)
        seconds.append(time.process_time() - start)
    return (seconds[1] - seconds[0]) / (LONG - SHORT)


def rows(n_rows, n_times):
    """Return what trains a network on n_rows (and a fifth more for validation), by name."""
    random = np.random.default_rng(0)
    n = n_rows * 5 // 4
    X = random.normal(size=(n, N_FEATURES))
    Y = X[:, :n_times] + np.abs(X[:, 1 : n_times + 1]) + random.normal(size=(n, n_times))

    def ours(epochs, targets):
        learner = MLPRegressor(epochs=epochs, dropout=0, alpha=0, progress=False, device="cpu")
        learner.fit(X, targets)

    def one_by_one(epochs):
        for t in range(n_times):
            ours(epochs, Y[:, t])

    def scikit_learn(epochs):
        for t in range(n_times):
            learner = neural_network.MLPRegressor(
                hidden_layer_sizes=(16, 16),
                alpha=0,
                batch_size=50,
                learning_rate_init=1e-4,
                max_iter=epochs,
            )
            learner.fit(X[:n_rows].astype(np.float32), Y[:n_rows, t].astype(np.float32))

    return {
        "neural network, all times at once": lambda epochs: ours(epochs, Y),
        "neural network, one by one": one_by_one,
        "scikit-learn MLPRegressor, one by one": scikit_learn,
    }


def graphs(n_particles, n_times):
    """Return what trains a graph network on four configurations (and one for validation)."""
    random = np.random.default_rng(0)
    length = (n_particles / DENSITY) ** (1 / 3)
    made, targets = [], []
    for _ in range(5):
        positions = random.uniform(0, length, (n_particles, 3))
        species = random.integers(0, 2, n_particles)
        features = random.normal(size=(n_particles, N_FEATURES))
        made.append(Graph(Configuration(positions, species, length), features))
        targets.append(features[:, :n_times])

    def train(epochs):
        GraphNetwork(epochs=epochs, progress=False, device="cpu").fit(made, targets)

    return {"graph network, all times at once": train}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--particles", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    work = rows(given.rows, given.times) | graphs(given.particles, given.times)
    seconds = {name: [] for name in work}
    for train in work.values():
        train(SHORT)  # the first brings in torch
    for _ in range(given.rounds):
        for name, train in work.items():
            seconds[name].append(an_epoch(train))
    print(
        f"CPU seconds an epoch, one thread, medians of {given.rounds}: {given.times} times, "
        f"{given.rows} rows; 4 configurations of {given.particles} particles"
    )
    for name, values in seconds.items():
        print(f"{name:40} {statistics.median(values):8.3f}")


if __name__ == "__main__":
    main()
