"""A graph network that is equivariant under rotations and reflections."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats
from cagebreak.learning.neural_network._base import n_weights, require_sizes
from cagebreak.learning.neural_network._graph_base import GraphLearner
from cagebreak.learning.neural_network._irreducible import Scales, scales_of, standardized
from cagebreak.learning.preprocessing import CLIP
from cagebreak.learning.samples import Graph

if TYPE_CHECKING:
    from cagebreak.learning.neural_network._equivariant_module import EquivariantModule


class EquivariantNetwork(GraphLearner):
    r"""A graph network whose nodes hold scalars, vectors and tensors, trained as `GraphNetwork`.

    A node i holds, for each l, some irreducible tensors :math:`h_i^{(l)}`. Its features and species
    make the first scalars. Vectors and tensors of a `Graph`, where it has some, make the first
    vectors and tensors of rank 2; traces of tensors join the features. Layer by layer neighbors add

    .. math::
        m_i = \sum_j R(r_{ij}) \, h_j \otimes Y(\hat r_{ij}), \quad
        z_i = W h_i + V m_i, \quad
        h_i \leftarrow h_i + W' g(z_i, |z_i|^2)

    where the product couples the tensors of j and the spherical harmonics of the direction to it
    to scalars, vectors and tensors (Clebsch-Gordan), R is a learned function of the distance for
    each coupling, W, V, W' mix tensors of equal l, and g is a gate: scalars, to which a map of all
    squared norms is added, pass a SiLU, and all others are multiplied by the sigmoid of such a
    scalar (:cite:`Geiger2022`, e3nn; :cite:`Pezzicoli2024` for glasses). The norms
    are our addition: with them one layer resolves angles. A decoder makes the predictions from the
    last scalars. They depend on directions between particles, and are invariant under rotation,
    reflection and translation of the configuration, with its vectors and tensors, and permutation
    of its particles.

    Updates start at zero, so that training starts from a fully connected network on a particle's
    own features, as in `GraphNetwork`.

    Parameters
    ----------
    cutoff : float
        Particles nearer than this share an edge; default 1.5 sigma, about the first shell (chosen:
        with 2.1 sigma a training of hard spheres took three times as long and predicted the same).
    share_species : bool
        Whether `evaluate` trains one network for all species, instead of one for each.
    channels : sequence of int
        How many scalars, vectors, tensors of rank 2, ... a node holds (chosen). At least two
        numbers for graphs with vectors, three for those with tensors.
    layers : int
        Default 2 (chosen).
    n_radial : int
        Number of radial basis functions of R, default 8 (chosen).
    radial_hidden : sequence of int
        Hidden nodes of R, default (16,) (chosen).
    node_encoder, decoder : sequence of int
        Hidden nodes, default (50, 50) and (16,), as in `GraphNetwork`.
    alpha, dropout, batch_size, learning_rate, epochs, patience, validation, retrain, clip, seed,
    device
        As of `GraphNetwork`.
    checkpoint, progress
        As of `GraphNetwork`.

    Attributes
    ----------
    standardizers_, edge_mean_, edge_scale_, target_mean_, target_scale_, n_neighbors_
        As of `GraphNetwork`.
    states_, state_of_target_, best_epoch_, validation_, eval_scores_, earlier_seconds_
        As of `GraphNetwork`.
    n_parameters_, n_features_in_
        As of `GraphNetwork`.
    trace_mean_, trace_scale_, vector_scale_, traceless_scale_
        (species, .) arrays, of the vectors and tensors of graphs. The scales are root mean squares
        of a component.
    """

    kind = "equivariant network"
    requires = ("torch", "e3nn")
    edges = "vector"
    reads_tensors = True

    # Files of earlier releases have no vectors and no tensors.
    trace_mean_ = trace_scale_ = vector_scale_ = traceless_scale_ = np.empty((0, 0))

    def __init__(
        self,
        cutoff: float = 1.5,
        share_species: bool = False,
        channels: Sequence[int] = (16, 8, 8),
        layers: int = 2,
        n_radial: int = 8,
        radial_hidden: Sequence[int] = (16,),
        node_encoder: Sequence[int] = (50, 50),
        decoder: Sequence[int] = (16,),
        alpha: float = 0.0,
        dropout: float = 0.5,
        batch_size: int = 1,
        learning_rate: float = 1e-3,
        epochs: int = 500,
        patience: int = 10,
        validation: float = 0.2,
        retrain: bool = False,
        clip: float = CLIP,
        seed: int = 0,
        device: str = "auto",
        checkpoint: str | os.PathLike[str] | None = None,
        progress: bool = True,
    ) -> None:
        self.cutoff = cutoff
        self.share_species = share_species
        self.channels = channels
        self.layers = layers
        self.n_radial = n_radial
        self.radial_hidden = radial_hidden
        self.node_encoder = node_encoder
        self.decoder = decoder
        self.alpha = alpha
        self.dropout = dropout
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.patience = patience
        self.validation = validation
        self.retrain = retrain
        self.clip = clip
        self.seed = seed
        self.device = device
        self.checkpoint = checkpoint
        self.progress = progress

    def _module(self) -> EquivariantModule:
        from cagebreak.learning.neural_network._equivariant_module import EquivariantModule
        from cagebreak.learning.neural_network._torch import generator

        n_vectors, n_tensors = self.vector_scale_.shape[1], self.trace_scale_.shape[1]
        return EquivariantModule(
            n_node=len(self.target_mean_) + self.n_features_in_ + n_tensors,
            n_vectors=n_vectors,
            n_tensors=n_tensors,
            n_targets=self.target_mean_.shape[1],
            channels=self.channels,
            layers=self.layers,
            n_radial=self.n_radial,
            radial_hidden=self.radial_hidden,
            node_encoder=self.node_encoder,
            decoder=self.decoder,
            # Vectors are given in units of their deviation.
            cutoff=self.cutoff / float(self.edge_scale_[0]),
            n_neighbors=float(self.n_neighbors_[0]),
            generator=generator(self.seed, "weights"),
        )

    def _standardize(self, graphs: Sequence[Graph], Y: Sequence[Floats]) -> None:
        super()._standardize(graphs, Y)
        n_vectors, n_tensors = graphs[0].vectors.shape[1], graphs[0].tensors.shape[1]
        for graph in graphs:
            _require(graph, n_vectors, n_tensors)
        for name, n, least in (("vectors", n_vectors, 2), ("tensors", n_tensors, 3)):
            if n and len(self.channels) < least:
                raise InputError(
                    f"channels: expected at least {least} numbers for graphs with {name}, "
                    f"got {self.channels!r}"
                )
        scales = scales_of(graphs, len(self.target_mean_))
        self.trace_mean_, self.trace_scale_ = scales.trace_mean, scales.trace
        self.vector_scale_, self.traceless_scale_ = scales.vector, scales.traceless

    def _nodes(self, graph: Graph) -> Floats:
        """Return the values of nodes: species, features, traces, vectors and traceless parts."""
        n_vectors, n_tensors = self.vector_scale_.shape[1], self.trace_scale_.shape[1]
        _require(graph, n_vectors, n_tensors)
        nodes = super()._nodes(graph)
        if n_vectors + n_tensors == 0:
            return nodes
        scales = Scales(
            self.trace_mean_, self.trace_scale_, self.vector_scale_, self.traceless_scale_
        )
        return np.concatenate([nodes, standardized(graph, scales, self.clip)], axis=1)

    def _least_parameters(self) -> int:
        n_species, n_targets = self.target_mean_.shape
        (_, n_vectors), (_, n_tensors) = self.vector_scale_.shape, self.trace_scale_.shape
        n_node = n_species + self.n_features_in_ + n_tensors
        of_tensors = zip((n_vectors, n_tensors), self.channels[1:3], strict=False)
        of_layer = n_weights((self.n_radial, *self.radial_hidden)) + sum(
            n**2 for n in self.channels
        )
        return (
            n_weights((n_node, *self.node_encoder, self.channels[0]))
            + sum(n_given * n for n_given, n in of_tensors)
            + self.layers * of_layer
            + n_weights((self.channels[0], *self.decoder, n_targets))
        )

    def _check_parameters(self) -> None:
        super()._check_parameters()
        require_sizes("channels", self.channels, minimum=1)
        require_sizes("radial_hidden", self.radial_hidden, minimum=1)
        require_sizes("node_encoder", self.node_encoder, minimum=1)
        require_sizes("decoder", self.decoder)
        for name, value in (("layers", self.layers), ("n_radial", self.n_radial)):
            if value < 1:
                raise InputError(f"{name}: expected at least 1, got {value!r}")


def _require(graph: Graph, n_vectors: int, n_tensors: int) -> None:
    """Raise if a graph has other numbers of vectors or tensors than the first one trained on."""
    numbers = {"vectors": n_vectors, "tensors": n_tensors}
    for name, n in numbers.items():
        n_given = getattr(graph, name).shape[1]
        if n_given != n:
            raise InputError(f"X: expected {n} {name} of each particle, got {n_given}")
