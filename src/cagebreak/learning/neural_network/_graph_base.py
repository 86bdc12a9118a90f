"""Base of the learners on graphs: standardized nodes and edges, training and prediction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from cagebreak.errors import InputError
from cagebreak.learning._validation import (
    Floats,
    Integers,
    as_table,
    require_choice,
    require_finite,
)
from cagebreak.learning.learner import Traits
from cagebreak.learning.neural_network._base import (
    Network,
    checkpoint_file,
    is_validation,
)
from cagebreak.learning.preprocessing import Moments, Standardizer, location_and_scale
from cagebreak.learning.samples import Graph
from cagebreak.learning.scores import pearson
from cagebreak.neighbors import neighbor_table
from cagebreak.seeding import stream

if TYPE_CHECKING:
    from cagebreak.learning.neural_network._graph_module import Edges
    from cagebreak.learning.neural_network._torch import torch
    from cagebreak.learning.neural_network._training import Trained

EDGES = ("distance", "vector")


class GraphLearner(Network):
    """The base of networks on graphs; a subclass has its own `_module`.

    Parameters and attributes are documented at `GraphNetwork`.
    """

    reads_tensors = False
    """Whether the network reads the vectors and tensors of graphs."""

    cutoff: float
    edges: str
    share_species: bool
    batch_size: int
    learning_rate: float
    alpha: float
    dropout: float
    epochs: int
    patience: int
    validation: float
    retrain: bool
    clip: float
    seed: int
    device: str
    progress: bool

    standardizers_: dict[int, Standardizer]
    state_of_target_: Integers
    edge_mean_: Floats
    edge_scale_: Floats
    n_neighbors_: Floats
    n_features_in_: int

    def _module(self) -> torch.nn.Module:
        """Return the untrained network, of the sizes of the training data."""
        raise NotImplementedError

    def fit(
        self,
        X: Sequence[Graph],
        y: Sequence[ArrayLike],
        groups: ArrayLike | None = None,
        eval_set: tuple[Sequence[Graph], Sequence[ArrayLike]] | None = None,
    ) -> Self:
        """Fit to graphs X and the targets (n, T) of the rows of each.

        Parameters
        ----------
        X, y
        groups : (n,) array, optional
            The group of each graph; whole groups are taken for validation. Graphs that share their
            structure are a group. By default each graph is a group of its own.
        eval_set : pair, optional
            Further graphs and their targets. Their r after each epoch is recorded and does not
            affect the training; see `test_set_bias`.

        Raises
        ------
        MissingDependencyError
            If torch is not installed.
        InputError
            If a shape does not fit, a number is not finite, there are fewer than two graphs, or a
            parameter is out of range.
        """
        self._check_parameters()
        targets = _tables(X, y)
        if len(X) < 2:
            raise InputError(f"X: expected at least 2 graphs, got {len(X)}")
        chooses = is_validation(groups, len(X), self.validation, self.seed)
        data = list(zip(X, targets, strict=True))
        training = [given for given, held in zip(data, chooses, strict=True) if not held]
        tests = [[given for given, held in zip(data, chooses, strict=True) if held]]
        if eval_set is not None:
            further = _tables(*eval_set, targets[0].shape[1])
            tests.append(list(zip(eval_set[0], further, strict=True)))
        identity = [chooses, *_identity([*data, *(tests[1] if eval_set is not None else [])])]
        trained = self._trained(training, tests, identity)
        self.best_epoch_, self.validation_ = trained.best_epoch, trained.validation
        self.earlier_seconds_ = trained.earlier_seconds
        if self.retrain:
            # The validation configurations are trained on now: their r says nothing.
            trained = self._trained(
                data, tests, [*identity, trained.best_epoch], trained.best_epoch
            )
            self.earlier_seconds_ += trained.earlier_seconds
        self.states_, self.state_of_target_ = trained.states, trained.state_of_target
        self.eval_scores_ = trained.eval_scores
        return self

    def _trained(
        self,
        training: Sequence[tuple[Graph, Floats]],
        tests: Sequence[Sequence[tuple[Graph, Floats]]],
        identity: Sequence[np.ndarray],
        kept_epochs: Integers | None = None,
    ) -> Trained:
        """Train a new module on graphs and targets; its r is that of each of the tests."""
        from cagebreak.learning.neural_network._torch import one_thread, the_device
        from cagebreak.learning.neural_network._training import Schedule, train

        self._standardize(*zip(*training, strict=True))
        device = the_device(self.device)
        inputs = [self._input(graph, device) for graph, _ in training]
        scaled = [self._scaled(graph, table, device) for graph, table in training]
        test_inputs = [[self._input(graph, device) for graph, _ in test] for test in tests]
        with one_thread():
            module = self._module().to(device)
            self.n_parameters_ = sum(p.numel() for p in module.parameters())

            def correlations() -> tuple[Floats, Floats]:
                scores = []
                for inputs_of_test, test in zip(test_inputs, tests, strict=True):
                    predicted = [
                        self._unscaled(graph, module(*tensors).cpu().numpy())
                        for tensors, (graph, _) in zip(inputs_of_test, test, strict=True)
                    ]
                    truth = np.concatenate([table for _, table in test])
                    scores.append(_mean_over_species(test, np.concatenate(predicted), truth))
                return scores[0], scores[1] if len(tests) > 1 else np.zeros(0)

            schedule = Schedule(
                self.epochs,
                self.patience,
                self.learning_rate,
                self.alpha,
                checkpoint_file(self, identity),
                self.progress,
            )
            return train(
                module,
                lambda epoch: self._batches(module, inputs, scaled, epoch),
                correlations,
                schedule,
                kept_epochs,
            )

    def predict(self, X: Sequence[Graph]) -> list[Floats]:
        """Return the predictions (n, T) for the rows of each graph.

        Raises
        ------
        InputError
            If a graph has another number of features, or a species that was not trained on.
        """
        from cagebreak.learning.neural_network._torch import one_thread, the_device, torch
        from cagebreak.learning.neural_network._training import load_state

        check_is_fitted(self)
        device = the_device(self.device)
        n_targets = len(self.state_of_target_)
        predictions = [np.empty((len(graph.rows), n_targets)) for graph in X]
        with one_thread(), torch.no_grad():
            module = self._module().to(device).eval()
            for graph, predicted in zip(X, predictions, strict=True):
                tensors = self._input(graph, device)
                for k, state in enumerate(self.states_):
                    load_state(module, state)
                    of_state = self.state_of_target_ == k
                    predicted[:, of_state] = module(*tensors).cpu().numpy()[:, of_state]
                predicted[:] = self._unscaled(graph, predicted)
        return predictions

    def learner_traits(self) -> Traits:
        """Return that the network is fitted to graphs, of one species or of all."""
        return Traits(
            learns_from="graphs",
            groups=True,
            share_species=self.share_species,
            requires=self.requires,
        )

    def __sklearn_tags__(self) -> Tags:
        """Return the tags of scikit-learn: X is a sequence of graphs, no table."""
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags

    def _further(self) -> dict[str, np.ndarray]:
        arrays = {}
        for species, standardizer in self.standardizers_.items():
            arrays[f"standardizer/{species}/mean_"] = standardizer.mean_
            arrays[f"standardizer/{species}/scale_"] = standardizer.scale_
        return arrays

    def _set_further(self, arrays: Mapping[str, np.ndarray]) -> None:
        self.standardizers_ = {}
        for name, value in arrays.items():
            _, species, attribute = name.split("/")
            standardizer = self.standardizers_.setdefault(int(species), Standardizer(self.clip))
            setattr(standardizer, attribute, value)
            standardizer.n_features_in_ = len(value)

    def _standardize(self, graphs: Sequence[Graph], Y: Sequence[Floats]) -> None:
        """Set means and deviations of features, edges and targets from training graphs."""
        self.n_features_in_ = graphs[0].features.shape[1]
        n_species = max(graph.configuration.n_species for graph in graphs)
        self.standardizers_ = {}
        mean, scale = np.zeros((2, n_species, Y[0].shape[1]))
        scale[:] = 1.0
        for species in range(n_species):
            if self.n_features_in_:
                moments = Moments.none(self.n_features_in_)
                for graph in graphs:
                    of_species = graph.configuration.species == species
                    moments = moments + Moments.of(graph.features[of_species])
                self.standardizers_[species] = Standardizer.from_moments(moments, self.clip)
            of_rows = [
                table[_species(graph) == species] for graph, table in zip(graphs, Y, strict=True)
            ]
            targets = np.concatenate(of_rows)
            if len(targets):
                mean[species], scale[species] = location_and_scale(targets)
        self.target_mean_, self.target_scale_ = mean, scale
        edges = Moments.none(1 if self.edges == "distance" else 3)
        n_edges = n_nodes = 0
        for graph in graphs:
            values = self._edges(graph)[1]
            edges = edges + Moments.of(values)
            n_edges, n_nodes = n_edges + len(values), n_nodes + len(graph.configuration)
        if n_edges == 0:
            raise InputError(f"cutoff: expected some neighbors within it, got {self.cutoff!r}")
        # Vectors have no mean and a single deviation, so that no direction is distinguished.
        variance = edges.squares / edges.count
        self.edge_mean_, self.edge_scale_ = edges.mean, np.sqrt(variance)
        if self.edges == "vector":
            self.edge_mean_ = np.zeros(3)
            self.edge_scale_ = np.full(3, np.sqrt(variance.mean()))
        self.n_neighbors_ = np.array([n_edges / n_nodes])

    def _edges(self, graph: Graph) -> tuple[Any, Floats]:
        """Return the neighbor table of a graph and the values of its edges, (M, 1) or (M, 3)."""
        table = neighbor_table(graph.configuration, self.cutoff)
        if self.edges == "vector":
            return table, table.vectors
        return table, table.distances[:, None]

    def _input(self, graph: Graph, device: torch.device) -> _Input:
        """Return a graph as tensors, standardized."""
        from cagebreak.learning.neural_network._graph_module import Edges
        from cagebreak.learning.neural_network._torch import torch

        def tensor(array: np.ndarray) -> torch.Tensor:
            floats = array.dtype.kind == "f"
            return torch.from_numpy(array.astype(np.float32) if floats else array).to(device)

        table, edges = self._edges(graph)
        pairs = Edges(tensor(table.offsets), tensor(table.counts), tensor(table.neighbors))
        edges = (edges - self.edge_mean_) / self.edge_scale_
        return _Input(
            tensor(self._nodes(graph)), tensor(edges), pairs, tensor(np.asarray(graph.rows))
        )

    def _nodes(self, graph: Graph) -> Floats:
        """Return the values of nodes: the species, then standardized features."""
        species = graph.configuration.species
        n_species = len(self.target_mean_)
        if species.max() >= n_species:
            raise InputError(f"X: expected species below {n_species}, got {species.max()}")
        if graph.features.shape[1] != self.n_features_in_:
            raise InputError(
                f"X: expected {self.n_features_in_} features, got {graph.features.shape[1]}"
            )
        if not self.reads_tensors and graph.vectors.shape[1] + graph.tensors.shape[1]:
            raise InputError(
                f"X: expected graphs without vectors and tensors, which a {self.kind} does not read"
            )
        nodes = np.zeros((len(species), n_species + self.n_features_in_))
        nodes[np.arange(len(species)), species] = 1.0
        for number, standardizer in self.standardizers_.items():
            of_species = species == number
            nodes[of_species, n_species:] = standardizer.standardize(graph.features[of_species])
        return nodes

    def _batches(
        self,
        module: torch.nn.Module,
        inputs: Sequence[_Input],
        targets: Sequence[torch.Tensor],
        epoch: int,
    ) -> Iterator[Iterator[torch.Tensor]]:
        """Yield the losses of each batch of an epoch, with the graphs in random order."""
        order = stream(self.seed, "batches", epoch).permutation(len(inputs))
        for start in range(0, len(inputs), self.batch_size):
            batch = order[start : start + self.batch_size]
            total = sum(targets[i].numel() for i in batch)
            graphs = ((self._dropped_out(inputs[i], epoch, i), targets[i]) for i in batch)
            yield (self._loss(module, *given) / total for given in graphs)

    def _loss(self, module: torch.nn.Module, graph: _Input, target: torch.Tensor) -> torch.Tensor:
        """Return the sum of the squared errors of a graph."""
        squares: torch.Tensor = (module(*graph) - target).square()
        return squares.sum()

    def _dropped_out(self, graph: _Input, epoch: int, i: int) -> _Input:
        """Return a graph with some features of its nodes dropped out; species are kept."""
        from cagebreak.learning.neural_network._torch import generator, torch

        n_features = self.n_features_in_
        if self.dropout == 0 or n_features == 0:
            return graph
        drawn = torch.rand(
            len(graph.nodes), n_features, generator=generator(self.seed, "dropout", epoch, i)
        )
        kept = (drawn >= self.dropout).float().to(graph.nodes.device) / (1 - self.dropout)
        nodes, first = graph.nodes.clone(), len(self.target_mean_)
        nodes[:, first : first + n_features] *= kept
        return graph._replace(nodes=nodes)

    def _scaled(self, graph: Graph, Y: Floats, device: torch.device) -> torch.Tensor:
        from cagebreak.learning.neural_network._torch import torch

        species = _species(graph)
        scaled = (Y - self.target_mean_[species]) / self.target_scale_[species]
        return torch.from_numpy(scaled.astype(np.float32)).to(device)

    def _unscaled(self, graph: Graph, predicted: np.ndarray) -> Floats:
        species = _species(graph)
        unscaled: Floats = predicted * self.target_scale_[species] + self.target_mean_[species]
        return unscaled

    def _check_parameters(self) -> None:
        require_choice("edges", self.edges, EDGES)
        if not 0 <= self.dropout < 1:
            raise InputError(
                f"dropout: expected a fraction from 0 to below 1, got {self.dropout!r}"
            )
        if self.batch_size < 1:
            raise InputError(f"batch_size: expected at least 1, got {self.batch_size!r}")


class _Input(NamedTuple):
    """Arguments of a module."""

    nodes: torch.Tensor
    edges: torch.Tensor
    pairs: Edges
    rows: torch.Tensor


def _species(graph: Graph) -> Integers:
    """Return the species of the rows of a graph."""
    species: Integers = graph.configuration.species[graph.rows]
    return species


def _tables(
    graphs: Sequence[Graph], y: Sequence[ArrayLike], n_targets: int | None = None
) -> list[Floats]:
    """Return the targets of each graph, checked."""
    if len(graphs) != len(y):
        raise InputError(f"y: expected {len(graphs)} arrays, one for each graph, got {len(y)}")
    tables = []
    for i, (graph, values) in enumerate(zip(graphs, y, strict=True)):
        n_targets = n_targets or np.shape(values)[-1]
        tables.append(as_table(f"y[{i}]", values, len(graph.rows), n_targets))
        require_finite(f"y[{i}]", tables[-1], tables[-1].sum(axis=0))
    return tables


def _mean_over_species(
    test: Sequence[tuple[Graph, Floats]], predicted: Floats, truth: Floats
) -> Floats:
    """Return the mean over species of r of each target, (T,)."""
    species = np.concatenate([_species(graph) for graph, _ in test])
    r = [pearson(predicted[species == s], truth[species == s]) for s in np.unique(species)]
    mean: Floats = np.mean(r, axis=0)
    return mean


def _identity(data: Sequence[tuple[Graph, Floats]]) -> Iterator[np.ndarray]:
    """Yield all data of a training, for the name of its checkpoint."""
    for graph, table in data:
        configuration = graph.configuration
        yield configuration.positions
        yield configuration.species
        yield configuration.box.matrix
        yield np.asarray(graph.features)
        yield np.asarray(graph.rows)
        yield graph.vectors
        yield graph.tensors
        yield table
