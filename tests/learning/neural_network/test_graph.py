"""Graph networks: symmetries, what they learn, and how they are evaluated."""

import numpy as np
import pytest

from cagebreak import Configuration
from cagebreak.errors import InputError
from cagebreak.learning import Graph, GraphNetwork, RidgeCV, Sample, evaluate, pearson
from cagebreak.neighbors import neighbor_table

torch = pytest.importorskip("torch")

L = 4.0


def crowded(seed, n=60, n_features=2):
    """Return a configuration, features, and a target made by its neighbors."""
    random = np.random.default_rng(seed)
    configuration = Configuration(random.uniform(0, L, (n, 3)), random.integers(0, 2, n), L)
    features = random.normal(size=(n, n_features))
    table = neighbor_table(configuration, 1.4)
    near = np.exp(-(table.vectors**2).sum(axis=1)) * (1 + configuration.species[table.neighbors])
    receivers = np.repeat(np.arange(n), np.diff(table.offsets))
    density = np.bincount(receivers, near, minlength=n)
    return configuration, features, np.stack([density, density + features[:, 0]], axis=1)


def training(n=10, rows=None):
    made = [crowded(seed) for seed in range(n)]
    graphs = [Graph(configuration, features, rows) for configuration, features, _ in made]
    return graphs, [target if rows is None else target[rows] for _, _, target in made]


def network(**changes):
    small = {
        "cutoff": 1.4, "layers": 2, "node_encoder": (8,), "node_hidden": (16,),
        "edge_hidden": (16,), "learning_rate": 1e-2, "batch_size": 2, "dropout": 0.0,
        "epochs": 20,
    }  # fmt: skip
    return GraphNetwork(**small | changes)


@pytest.fixture(scope="module")
def fitted():
    return network(epochs=3).fit(*training())


def predict(fitted, configuration, features):
    return fitted.predict([Graph(configuration, features)])[0]


def test_the_order_of_particles_does_not_matter(fitted):
    configuration, features, _ = crowded(50)
    order = np.random.default_rng(0).permutation(len(configuration))
    mixed = Configuration(configuration.positions[order], configuration.species[order], L)
    np.testing.assert_allclose(
        predict(fitted, mixed, features[order]),
        predict(fitted, configuration, features)[order],
        atol=1e-5,
    )


def test_neither_turning_nor_moving_nor_reflecting_matters_to_distances(fitted):
    configuration, features, _ = crowded(50)
    before = predict(fitted, configuration, features)
    positions = configuration.positions
    for moved in (positions[:, [1, 2, 0]], -positions, positions + np.array([7.0, -3.0, 0.3])):
        after = predict(fitted, Configuration(moved, configuration.species, L), features)
        np.testing.assert_allclose(after, before, atol=1e-5)


def test_reflecting_matters_to_vectors():
    graphs, targets = training()
    fitted = network(epochs=1, edges="vector").fit(graphs, targets)
    configuration, features, _ = crowded(50)
    turned = Configuration(-configuration.positions, configuration.species, L)
    change = predict(fitted, turned, features) - predict(fitted, configuration, features)
    assert np.abs(change).max() > 1e-3


def test_it_learns_what_neighbors_make():
    graphs, targets = training()
    new = [crowded(seed) for seed in range(100, 104)]
    fitted = network().fit(graphs, targets)
    predicted = [predict(fitted, *given) for *given, _ in new]
    truth = np.concatenate([target for *_, target in new])
    assert pearson(np.concatenate(predicted), truth).min() > 0.93
    # The features of the particles alone do not know the first target.
    ridge = RidgeCV().fit(np.concatenate([g.features for g in graphs]), np.concatenate(targets))
    alone = ridge.predict(np.concatenate([features for _, features, _ in new]))
    assert pearson(alone, truth)[0] < 0.2


def test_a_residual_network_starts_from_each_particle_alone():
    """Before training, moving the others changes nothing; in the paper's network it does."""
    graphs, targets = training(2)
    moved = Graph(crowded(50)[0], graphs[0].features)
    for residual, alike in ((True, True), (False, False)):
        learner = network(residual=residual, layers=4)
        learner._standardize(graphs, targets)
        same_species = moved.configuration.species == graphs[0].configuration.species
        here, there = (
            learner._module()(*learner._input(g, torch.device("cpu"))).detach().numpy()
            for g in (graphs[0], moved)
        )
        assert np.allclose(here[same_species], there[same_species], atol=1e-6) == alike


@pytest.mark.parametrize("residual", [False, True])
def test_messages_are_those_of_a_loop_over_edges(residual):
    """Each edge sees itself, its code, its receiver and its sender; a node sees its edges."""
    from cagebreak.learning.neural_network._training import load_state

    graphs, targets = training(2)
    learner = network(residual=residual, epochs=1).fit(graphs, targets)
    module = learner._module()
    load_state(module, learner.states_[0])
    given = learner._input(graphs[0], torch.device("cpu"))
    with torch.no_grad():
        v0, e0 = module.node_encoder(given.nodes), module.edge_encoder(given.edges)
        v, e = v0, e0
        for layer in module.layers:
            edges, nodes = torch.empty_like(e), torch.empty_like(v)
            for i in range(len(v)):
                near = range(*given.pairs.offsets[i : i + 2].tolist())
                for m in near:
                    j = given.pairs.senders[m]
                    first = layer.from_edge(e[m]) + layer.from_encoded(e0[m])
                    first = first + layer.from_receiver(v[i]) + layer.from_sender(v[j])
                    edges[m] = layer.edge_update(first.relu()) + (e[m] if residual else 0)
                total = edges[list(near)].sum(0)
                mean = total / max(len(near), 1)
                seen = torch.cat([v[i], v0[i], total / layer.n_neighbors, mean])
                nodes[i] = layer.node_update(seen) + (v[i] if residual else 0)
            v, e = nodes, edges
        np.testing.assert_allclose(module(*given), module.decoder(v), atol=1e-5)


def test_dropout_leaves_the_species_and_the_mean():
    graphs, targets = training(2)
    learner = network(dropout=0.25)
    learner._standardize(graphs, targets)
    given = learner._input(graphs[0], torch.device("cpu"))
    epochs = [learner._dropped_out(given, epoch, 0).nodes for epoch in range(500)]
    assert all((nodes[:, :2] == given.nodes[:, :2]).all() for nodes in epochs)
    factors = torch.stack([nodes[:, 2:] / given.nodes[:, 2:] for nodes in epochs])
    assert set(factors.numpy().round(5).ravel()) == {0, np.float32(1.33333)}
    np.testing.assert_allclose(factors.mean(), 1, atol=0.01)  # 60,000 draws: 0.002
    assert (learner._dropped_out(given, 3, 0).nodes == epochs[3]).all()


def test_without_features_nothing_is_dropped_out():
    graphs, targets = training(3)
    bare = [Graph(graph.configuration) for graph in graphs]
    predicted = [
        network(epochs=2, dropout=dropout).fit(bare, targets).predict(bare)[0]
        for dropout in (0.5, 0.0)
    ]
    np.testing.assert_array_equal(*predicted)


def test_an_eval_set_is_scored_after_each_epoch_and_changes_nothing():
    graphs, targets = training(4)
    new = [crowded(seed) for seed in (70, 71)]
    eval_set = [Graph(*given[:2]) for given in new], [given[2] for given in new]
    fitted = network(epochs=3).fit(graphs, targets, eval_set=eval_set)
    without = network(epochs=3).fit(graphs, targets)
    np.testing.assert_array_equal(fitted.predict(graphs)[0], without.predict(graphs)[0])
    assert fitted.eval_scores_.shape == (3, 2)
    predicted = np.concatenate(fitted.predict(eval_set[0]))
    truth = np.concatenate(eval_set[1])
    species = np.concatenate([graph.configuration.species for graph in eval_set[0]])
    r = np.mean([pearson(predicted[species == s], truth[species == s]) for s in (0, 1)], axis=0)
    at_best = fitted.eval_scores_[fitted.best_epoch_, np.arange(2)]
    np.testing.assert_allclose(r, at_best, atol=1e-5)


def test_only_the_rows_asked_for_are_predicted_but_all_particles_are_seen(fitted):
    configuration, features, _ = crowded(50)
    rows = np.array([5, 3, 40])
    (some,) = fitted.predict([Graph(configuration, features, rows)])
    whole = predict(fitted, configuration, features)
    np.testing.assert_allclose(some, whole[rows], rtol=1e-6)


def test_the_same_seed_gives_the_same_bits_and_a_file_keeps_them(fitted, tmp_path):
    configuration, features, _ = crowded(50)
    expected = predict(fitted, configuration, features)
    again = network(epochs=3).fit(*training())
    assert (predict(again, configuration, features) == expected).all()
    fitted.save(tmp_path / "graph.h5")
    loaded = GraphNetwork.load(tmp_path / "graph.h5")
    assert (predict(loaded, configuration, features) == expected).all()


def test_resumed_it_has_the_same_bits(fitted, tmp_path):
    graphs, targets = training()
    for _ in range(2):  # the second reads what the first has written, and does nothing
        kept = network(epochs=3, checkpoint=tmp_path).fit(graphs, targets)
        assert (kept.validation_ == fitted.validation_).all()
        assert all((kept.states_[-1][k] == v).all() for k, v in fitted.states_[-1].items())


def test_a_batch_of_graphs_has_the_gradient_of_their_mean():
    """Gradients are added graph by graph; a batch of one step sees them all."""
    graphs, targets = training(4)
    one, several = (
        network(epochs=1, batch_size=size, learning_rate=1e-3).fit(graphs, targets)
        for size in (3, 300)
    )
    for name, value in one.states_[0].items():
        np.testing.assert_array_equal(several.states_[0][name], value)


def test_gradients_are_those_of_finite_differences():
    configuration, features, target = crowded(3, n=10)
    fitted = network(
        epochs=1, node_encoder=(3,), edge_encoder=(2,), node_hidden=(3,), edge_hidden=(3,),
        decoder=(2,), layers=1,
    ).fit([Graph(configuration, features)] * 2, [target] * 2)  # fmt: skip
    module = fitted._module().double()
    given = fitted._input(Graph(configuration, features), torch.device("cpu"))
    given = given._replace(nodes=given.nodes.double(), edges=given.edges.double())
    names, values = zip(*module.named_parameters(), strict=True)

    def loss(*parameters):
        named = dict(zip(names, parameters, strict=True))
        return torch.func.functional_call(module, named, tuple(given)).square().sum()

    assert torch.autograd.gradcheck(loss, values, fast_mode=True)


def samples(n, shuffled=False, species=None):
    random = np.random.default_rng(9)
    made = []
    for seed in range(n):
        configuration, features, target = crowded(seed)
        if shuffled:
            target = random.permutation(target)
        rows = np.arange(len(features))
        if species is not None:
            rows = np.flatnonzero(configuration.species == species)
        made.append(
            Sample(
                features[rows],
                target[rows],
                configuration.species[rows],
                graph=Graph(configuration, features, rows),
            )
        )
    return made


@pytest.mark.parametrize("together", [False, True])
def test_evaluate_scores_it_on_configurations_held_out(together):
    learner = network(share_species=together)
    table = evaluate(learner, samples(10), seed=1, folds=2, columns={"one": [0]}).table
    assert list(table["species"]) == ["A", "A", "B", "B"]
    assert (table["learner"] == "GraphNetwork").all()
    assert table["r"].min() > 0.4


def test_shuffled_targets_are_not_predicted():
    table = evaluate(network(epochs=8), samples(12, shuffled=True), seed=1, folds=3).table
    # The standard error of r over 360 particles of a species is 0.053.
    assert np.abs(table["r_configuration"]).max() < 0.17


def test_one_species_alone_is_learned_from_all_particles():
    table = evaluate(network(), samples(8, species=1), seed=1, folds=2).table
    assert list(table["species"]) == ["B", "B"]
    assert table["r"].min() > 0.6


def test_samples_without_a_graph_are_refused():
    plain = [Sample(s.features, s.targets, s.species) for s in samples(4)]
    with pytest.raises(InputError, match="samples: expected samples with a graph"):
        evaluate(network(), plain, seed=1)


@pytest.mark.parametrize(
    ("row", "expected"),
    # Alkemade 2022, table II.
    [
        (1, (5, 1e-4, 4, "distance", False)),
        (2, (5, 1e-4, 4, "distance", False)),
        (3, (5, 1e-4, 4, "vector", False)),
        (4, (5, 1e-3, 4, "vector", False)),
        (5, (5, 1e-4, 4, "distance", True)),
        (6, (3, 1e-4, 3, "distance", True)),
    ],
)
def test_the_rows_of_the_paper(row, expected):
    made = GraphNetwork.alkemade2022(row)
    assert expected == (
        made.batch_size, made.learning_rate, made.layers, made.edges, made.share_species,
    )  # fmt: skip
    assert (made.cutoff, made.node_encoder, made.edge_encoder) == (2.1, (50, 50), (5,))
    assert not made.residual
    assert made.dropout == made.alpha == 0


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"cutoff": -1.0}, "cutoff"),
        ({"cutoff": 1e-6}, "cutoff"),
        ({"edges": "angle"}, "edges"),
        ({"layers": 0}, "layers"),
        ({"node_hidden": ()}, "node_hidden"),
        ({"batch_size": 0}, "batch_size"),
        ({"dropout": 1.0}, "dropout"),
    ],
)
def test_a_parameter_out_of_range_is_named(changes, named):
    graphs, targets = training(3)
    with pytest.raises(InputError, match=f"^{named}: expected"):
        network(**changes).fit(graphs, targets)


def test_what_does_not_fit_a_graph_is_named(fitted):
    configuration, features, target = crowded(0)
    with pytest.raises(InputError, match=r"graph\.features: expected 60 rows, got 59"):
        Graph(configuration, features[:-1])
    with pytest.raises(InputError, match=r"graph\.rows: expected particles from 0 to 59"):
        Graph(configuration, features, np.array([60]))
    with pytest.raises(InputError, match="at least 2 graphs"):
        network().fit([Graph(configuration, features)], [target])
    with pytest.raises(InputError, match=r"y\[0\]: expected 60 rows"):
        network().fit([Graph(configuration, features)] * 2, [target[:-1]] * 2)
    with pytest.raises(InputError, match="X: expected 2 features, got 1"):
        fitted.predict([Graph(configuration, features[:, :1])])
