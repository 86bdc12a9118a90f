"""Vectors and tensors in the equivariant network: their symmetry, and that they count."""

import dataclasses

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from cagebreak import Configuration
from cagebreak.errors import InputError
from cagebreak.learning import EquivariantNetwork, Graph, GraphNetwork, Sample, pearson
from cagebreak.learning.model_selection import nested_fits
from cagebreak.learning.neural_network._irreducible import scales_of, standardized, traceless
from cagebreak.neighbors import neighbor_table

torch = pytest.importorskip("torch")
o3 = pytest.importorskip("e3nn.o3")

CUTOFF = 1.5
SIDE = (60 / 1.2) ** (1 / 3)


def crowd(seed, n=60, rows=None):
    """Return particles everywhere in a periodic box, each with a vector and a tensor."""
    random = np.random.default_rng(seed)
    configuration = Configuration(random.uniform(0, SIDE, (n, 3)), random.integers(0, 2, n), SIDE)
    halves = random.normal(size=(n, 1, 3, 3))
    return Graph(
        configuration,
        random.normal(size=(n, 1)),
        rows,
        random.normal(size=(n, 1, 3)),
        halves @ halves.swapaxes(2, 3),
    )


def ball(seed, turn=None, n=40):
    """Return particles far from the faces of their box, turned with their vectors and tensors."""
    turn = np.eye(3) if turn is None else turn
    random = np.random.default_rng(seed)
    positions = random.normal(scale=0.7, size=(n, 3))
    halves, vectors = random.normal(size=(n, 1, 3, 3)), random.normal(size=(n, 2, 3))
    return Graph(
        Configuration(positions @ turn.T + 10.0, np.arange(n) % 2, 20.0),
        random.normal(size=(n, 2)),
        None,
        vectors @ turn.T,
        turn @ (halves @ halves.swapaxes(2, 3)) @ turn.T,
    )


def pointing(graph):
    """Return how far the vector of a particle points to its neighbors."""
    return _over_neighbors(graph, lambda i, j, n: graph.vectors[i, 0] @ n)


def stretched(graph):
    """Return how far the tensors of the neighbors are stretched towards a particle."""
    return _over_neighbors(graph, lambda i, j, n: n @ graph.tensors[j, 0] @ n)


def _over_neighbors(graph, of_pair):
    table = neighbor_table(graph.configuration, CUTOFF)
    total = np.zeros((len(graph.configuration), 1))
    for i in range(len(total)):
        for m in range(*table.offsets[i : i + 2]):
            direction = table.vectors[m] / np.linalg.norm(table.vectors[m])
            total[i] += of_pair(i, table.neighbors[m], direction)
    return total


def network(**changes):
    small = {
        "cutoff": CUTOFF, "channels": (8, 4, 4), "layers": 1, "node_encoder": (8,), "n_radial": 4,
        "dropout": 0.0, "learning_rate": 1e-2, "epochs": 2, "device": "cpu",
    }  # fmt: skip
    return EquivariantNetwork(**small | changes)


@pytest.fixture(scope="module")
def fitted():
    graphs = [ball(seed) for seed in range(4)]
    return network().fit(graphs, [pointing(graph) for graph in graphs])


def test_traceless_parts_turn_as_spherical_harmonics():
    directions = np.random.default_rng(0).normal(size=(20, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    squares = directions[:, :, None] * directions[:, None]
    harmonics = o3.spherical_harmonics(2, torch.from_numpy(directions), False, "norm").numpy()
    # n n' - 1/3 has the squared norm 2/3.
    np.testing.assert_allclose(traceless(squares), np.sqrt(2 / 3) * harmonics, atol=1e-12)
    np.testing.assert_allclose(traceless(squares + 7 * np.eye(3)), traceless(squares), atol=1e-12)


def test_scales_are_those_of_a_loop_over_particles():
    graphs = [ball(seed) for seed in (1, 2)]
    scales = scales_of(graphs, 2)
    values = standardized(graphs[0], scales, clip=1.5)
    for s in (0, 1):
        of_species = [
            (graph.vectors[i], graph.tensors[i, 0])
            for graph in graphs
            for i in np.flatnonzero(graph.configuration.species == s)
        ]
        vectors = np.array([v for v, _ in of_species])
        traces = np.array([np.trace(t) for _, t in of_species])
        for i in np.flatnonzero(graphs[0].configuration.species == s):
            trace = (np.trace(graphs[0].tensors[i, 0]) - traces.mean()) / traces.std()
            np.testing.assert_allclose(values[i, 0], np.clip(trace, -1.5, 1.5))
            for v in (0, 1):
                scaled = graphs[0].vectors[i, v] / np.sqrt((vectors[:, v] ** 2).mean())
                longest = 1.5 * np.sqrt(3)
                scaled *= min(1.0, longest / np.linalg.norm(scaled))
                np.testing.assert_allclose(values[i, 1 + 3 * v : 4 + 3 * v], scaled)


def test_turning_and_mirroring_a_configuration_with_its_vectors_changes_nothing(fitted):
    turn = Rotation.random(random_state=1).as_matrix()
    turns = (turn, -turn, np.diag([1.0, -1.0, 1.0]))
    before, *after = fitted.predict([ball(50), *(ball(50, orthogonal) for orthogonal in turns)])
    assert before.std() > 1e-3
    for predicted in after:
        np.testing.assert_allclose(predicted, before, atol=1e-5)


def test_turning_vectors_or_tensors_alone_changes_predictions(fitted):
    given, turned = ball(50), ball(50, Rotation.random(random_state=1).as_matrix())
    mixed = [dataclasses.replace(given, vectors=turned.vectors),
             dataclasses.replace(given, tensors=turned.tensors)]  # fmt: skip
    before, *after = fitted.predict([given, *mixed])
    for predicted in after:
        assert np.abs(predicted - before).max() > 1e-3


def test_what_vectors_and_tensors_tell_is_learned():
    """Targets made of them and of directions are learned, and not without them."""
    given, new = [crowd(seed) for seed in range(12)], [crowd(seed) for seed in range(90, 94)]
    targets = [np.hstack([pointing(graph), stretched(graph)]) for graph in given]
    truth = np.concatenate([np.hstack([pointing(graph), stretched(graph)]) for graph in new])
    r = []
    for without in ({}, {"vectors": None, "tensors": None}):
        graphs, others = (
            [dataclasses.replace(graph, **without) for graph in part] for part in (given, new)
        )
        learner = network(epochs=7, learning_rate=2e-2).fit(graphs, targets)
        r.append(pearson(np.concatenate(learner.predict(others)), truth))
    assert (r[0] > 0.7).all()
    assert (r[1] < r[0] - 0.1).all()


def test_the_tensors_of_nodes_are_those_of_a_loop_over_edges(fitted):
    """Messages are summed over neighbors; the last layer only for the rows asked for."""
    from cagebreak.learning.neural_network._training import load_state

    module = fitted._module().eval()
    load_state(module, fitted.states_[0])
    rows = np.array([7, 3, 20])
    graph = dataclasses.replace(ball(50), rows=rows)
    nodes, edges, pairs, _ = fitted._input(graph, torch.device("cpu"))
    with torch.no_grad():
        around = o3.spherical_harmonics(module.harmonics, edges, True, "component")
        radial = module.radial_of(edges)
        held = torch.cat(
            [module.encoder(nodes[:, :5]), module.tensor_encoder(nodes[:, 5:])], 1
        )  # two species, two features, a trace
        for layer in module.layers:
            updated = held.clone()
            for i in range(len(held)):
                total = torch.zeros(layer.product.irreps_out.dim)
                for m in range(*pairs.offsets[i : i + 2].tolist()):
                    weights = layer.radial(radial[m : m + 1])
                    sender = held[pairs.senders[m]][None]
                    total += layer.product(sender, around[m : m + 1], weights)[0]
                updated[i] += layer.updated(held[i][None], total[None] * layer.scale)[0]
            held = updated
        expected = module.decoder(held[rows, : module.n_scalars])
        np.testing.assert_allclose(
            module(nodes, edges, pairs, torch.from_numpy(rows)), expected, atol=1e-5
        )


def test_a_file_keeps_them(fitted, tmp_path):
    fitted.save(tmp_path / "network.h5")
    loaded = EquivariantNetwork.load(tmp_path / "network.h5")
    assert (loaded.predict([ball(50)])[0] == fitted.predict([ball(50)])[0]).all()


def test_cross_validation_passes_them_on():
    graph = dataclasses.replace(ball(0), rows=np.arange(5, 25))
    sample = Sample(graph.features[5:25], pointing(graph)[5:25], graph=graph)
    passed = nested_fits._graph(sample, np.array([2, 3]), np.array([1]))
    np.testing.assert_array_equal(passed.rows, [7, 8])
    np.testing.assert_array_equal(passed.features, graph.features[:, 1:])
    assert (passed.vectors == graph.vectors).all()
    assert (passed.tensors == graph.tensors).all()


def test_errors_are_named(fitted):
    graph = ball(0)
    target = pointing(graph)
    for channels, name in (((8,), "vectors"), ((8, 4), "tensors")):
        with pytest.raises(InputError, match=f"^channels: expected at least .* with {name}"):
            network(channels=channels).fit([graph, graph], [target] * 2)
    for what, number in (("vectors", 2), ("tensors", 1)):
        bare = dataclasses.replace(graph, **{what: None})
        with pytest.raises(InputError, match=f"^X: expected {number} {what} of each .*, got 0"):
            fitted.predict([bare])
        with pytest.raises(InputError, match=f"^X: expected {number} {what} of each .*, got 0"):
            network(validation=0.3).fit([graph, bare, bare], [target] * 3)
    with pytest.raises(InputError, match=r"^X: .* which a graph network does not read"):
        GraphNetwork(epochs=1).fit([graph, graph], [target] * 2)
    for wrong, text in (
        (
            {"vectors": np.ones((40, 3))},
            r"graph\.vectors: expected shape \(40, M, 3\), got \(40, 3\)",
        ),
        ({"vectors": np.full((40, 1, 3), np.nan)}, r"graph\.vectors: expected finite numbers"),
        ({"tensors": np.ones((40, 1, 3))}, r"graph\.tensors: expected shape \(40, M, 3, 3\)"),
        ({"tensors": np.arange(360.0).reshape(40, 1, 3, 3)}, r"graph\.tensors: expected symmetric"),
    ):
        with pytest.raises(InputError, match=text):
            dataclasses.replace(graph, **wrong)
