"""The equivariant network: its symmetries, and that it sees directions."""

import sys

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from cagebreak import Configuration
from cagebreak.errors import InputError, MissingDependencyError
from cagebreak.learning import EquivariantNetwork, Graph, pearson
from cagebreak.neighbors import neighbor_table

torch = pytest.importorskip("torch")
pytest.importorskip("e3nn")

L = 20.0
CUTOFF = 1.5


def cluster(seed, n=60):
    """Return a ball of particles far from the box's faces, and features of them."""
    random = np.random.default_rng(seed)
    positions = random.normal(size=(n, 3))
    positions *= (
        1.6 * random.uniform(size=(n, 1)) ** (1 / 3) / np.linalg.norm(positions, axis=1)[:, None]
    )
    return positions, random.integers(0, 2, n), random.normal(size=(n, 2))


def graph(positions, species, features, rows=None):
    return Graph(Configuration(positions + L / 2, species, L), features, rows)


def crowd(seed, n=60):
    """Return particles everywhere in a periodic box, where no distance tells a face."""
    random = np.random.default_rng(seed)
    side = (n / 1.2) ** (1 / 3)
    return Graph(Configuration(random.uniform(0, side, (n, 3)), np.zeros(n, int), side))


def alignment(given):
    """Return what only angles tell: the squared mean of the directions to neighbors."""
    table = neighbor_table(given.configuration, CUTOFF)
    n = len(given.configuration)
    receivers = np.repeat(np.arange(n), np.diff(table.offsets))
    total = np.zeros((n, 3))
    np.add.at(total, receivers, table.vectors / np.linalg.norm(table.vectors, axis=1)[:, None])
    return ((total / np.diff(table.offsets)[:, None]) ** 2).sum(axis=1)[:, None]


def network(**changes):
    small = {
        "cutoff": CUTOFF, "channels": (8, 4, 4), "node_encoder": (8,), "n_radial": 6,
        "dropout": 0.0, "learning_rate": 1e-2, "epochs": 2, "device": "cpu",
    }  # fmt: skip
    return EquivariantNetwork(**small | changes)


@pytest.fixture(scope="module")
def fitted():
    graphs = [graph(*cluster(seed)) for seed in range(4)]
    return network(layers=2).fit(graphs, [alignment(g) for g in graphs])


def test_turning_mirroring_moving_and_renumbering_change_nothing(fitted):
    positions, species, features = cluster(50)
    (before,) = fitted.predict([graph(positions, species, features)])
    assert before.std() > 1e-3
    turn = Rotation.random(random_state=1).as_matrix()
    for moved in (positions @ turn.T, -positions, positions + np.array([L / 2, 1.0, -3.0])):
        (after,) = fitted.predict([graph(moved, species, features)])
        np.testing.assert_allclose(after, before, atol=1e-5)
    order = np.random.default_rng(0).permutation(len(positions))
    (after,) = fitted.predict([graph(positions[order], species[order], features[order])])
    np.testing.assert_allclose(after, before[order], atol=1e-5)


def test_neighbors_count_and_so_do_their_features(fitted):
    positions, species, features = cluster(50)
    (before,) = fitted.predict([graph(positions, species, features)])
    table = neighbor_table(graph(positions, species, features).configuration, CUTOFF)
    i = int(np.argmax(np.diff(table.offsets)))
    j = table.neighbors[table.offsets[i]]
    changed = features.copy()
    changed[j] += 1.0
    (after,) = fitted.predict([graph(positions, species, changed)])
    assert abs(after[i] - before[i]).max() > 1e-5


def test_directions_are_seen():
    """A target made of angles alone is learned, and not with scalars alone, which see distances."""
    given = [crowd(seed) for seed in range(20)]
    targets = [alignment(g) for g in given]
    new = [crowd(seed) for seed in range(100, 104)]
    truth = np.concatenate([alignment(g) for g in new])
    r = {}
    for channels in ((8, 4, 4), (12,)):
        learner = network(channels=channels, layers=1, epochs=20).fit(given, targets)
        r[channels] = pearson(np.concatenate(learner.predict(new)), truth)[0]
    assert r[8, 4, 4] > 0.6
    assert r[12,] < 0.3


def test_training_starts_from_each_particle_alone():
    graphs = [graph(*cluster(seed)) for seed in (0, 1)]
    learner = network()
    learner._standardize(graphs, [alignment(g) for g in graphs])
    other = graph(cluster(7)[0], graphs[0].configuration.species, graphs[0].features)
    here, there = (
        learner._module()(*learner._input(g, torch.device("cpu"))).detach().numpy()
        for g in (graphs[0], other)
    )
    np.testing.assert_allclose(here, there, atol=1e-6)


def test_the_global_stream_of_torch_is_left_alone(fitted):
    before = torch.get_rng_state()
    fitted._module()
    assert torch.equal(torch.get_rng_state(), before)


def test_the_same_seed_gives_the_same_bits_and_a_file_keeps_them(fitted, tmp_path):
    graphs = [graph(*cluster(seed)) for seed in range(4)]
    torch.manual_seed(7)  # no other generator counts
    again = network(layers=2).fit(graphs, [alignment(g) for g in graphs])
    new = [graph(*cluster(50))]
    (expected,) = fitted.predict(new)
    assert (again.predict(new)[0] == expected).all()
    fitted.save(tmp_path / "network.h5")
    assert (EquivariantNetwork.load(tmp_path / "network.h5").predict(new)[0] == expected).all()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"channels": ()}, "channels"),
        ({"channels": (8, 0)}, "channels"),
        ({"layers": 0}, "layers"),
        ({"n_radial": 0}, "n_radial"),
        ({"radial_hidden": ()}, "radial_hidden"),
        ({"dropout": -0.1}, "dropout"),
    ],
)
def test_a_parameter_out_of_range_is_named(changes, named):
    graphs = [graph(*cluster(seed)) for seed in range(2)]
    with pytest.raises(InputError, match=f"^{named}: expected"):
        network(**changes).fit(graphs, [alignment(g) for g in graphs])


def test_without_e3nn_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "e3nn", None)
    monkeypatch.delitem(
        sys.modules, "cagebreak.learning.neural_network._equivariant_module", raising=False
    )
    graphs = [graph(*cluster(seed)) for seed in range(2)]
    with pytest.raises(MissingDependencyError, match=r"e3nn: .*cagebreak\[networks\]"):
        network().fit(graphs, [alignment(g) for g in graphs])
