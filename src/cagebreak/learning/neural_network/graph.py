"""Graph networks that predict all targets (times) at once, as those of :cite:`Alkemade2022`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from cagebreak.errors import InputError
from cagebreak.learning.neural_network._base import n_weights, require_sizes
from cagebreak.learning.neural_network._graph_base import GraphLearner
from cagebreak.learning.preprocessing import CLIP

if TYPE_CHECKING:
    from cagebreak.learning.neural_network._graph_module import GraphModule

_PAPER: dict[str, Any] = {
    "residual": False,
    "dropout": 0.0,
    "batch_size": 5,
    "learning_rate": 1e-4,
    "patience": 50,
}
ALKEMADE2022: dict[int, dict[str, Any]] = {
    1: _PAPER,
    2: _PAPER,
    3: _PAPER | {"edges": "vector"},
    4: _PAPER | {"edges": "vector", "learning_rate": 1e-3},
    5: _PAPER | {"share_species": True},
    6: _PAPER | {"share_species": True, "batch_size": 3, "layers": 3},
}
"""Table II by row. Row 2 is row 1 with features of generations 0 to 2."""


class GraphNetwork(GraphLearner):
    r"""A graph network, trained by Adam on the mean squared error.

    Particles nearer than r_c are joined by an edge in either direction. Nodes hold features and
    species, edges a distance or a vector. An encoder maps both to ten numbers each; then, layer
    by layer, with :math:`v_i^{(0)}` and :math:`e_{ij}^{(0)}` from the encoder,

    .. math::
        e_{ij}^{(l)} = f_e^{(l)}(e_{ij}^{(l-1)}, e_{ij}^{(0)}, v_i^{(l-1)}, v_j^{(l-1)}), \quad
        v_i^{(l)} = f_v^{(l)}(v_i^{(l-1)}, v_i^{(0)}, \sum_j e_{ij}^{(l)}, \overline{e_{ij}^{(l)}}),

    and a decoder makes the prediction of :math:`v_i` (:cite:`Alkemade2022`, section II C). Each f
    is a fully connected network of its own. Features and targets are standardized per species, by
    the training configurations; edges over all.

    One training serves all targets: the decoder has an output for each. Each target keeps the
    epoch that is best for it on validation configurations; see `MLPRegressor`.

    The sizes are those of row 1 of table II, the training is ours; `alkemade2022` gives the rows of
    the paper. **They differ in the start.** In the paper each of four layers replaces a node, and
    with it the information of its own features, by the output of networks with random weights.
    With `residual` a layer adds to nodes and edges,

    .. math::
        e^{(l)} = e^{(l-1)} + f_e^{(l)}, \quad v^{(l)} = v^{(l-1)} + f_v^{(l)},

    and the last maps of f_e and f_v start at zero. The training then starts from a fully connected
    network on a particle's own features. All other weights start uniform within 1 / sqrt(inputs)
    of 0. Larger ones (He's, 2.4 times as large) weigh the many correlated features at random, which
    training does not undo.

    Parameters
    ----------
    cutoff : float
        r_c, default 2.1 sigma (Alkemade 2022).
    edges : "distance" or "vector"
        Values of an edge. With vectors, predictions may change when the configuration is rotated.
    share_species : bool
        Whether `evaluate` trains one network for all species, instead of one for each.
    residual : bool
        Whether layers add to nodes and edges, see above; False in the paper.
    layers : int
        Graph layers, default 4 (Alkemade 2022).
    node_encoder, edge_encoder : sequence of int
        Hidden nodes, default (50, 50) and (5,) (Alkemade 2022).
    node_hidden, edge_hidden : sequence of int
        Hidden nodes of the updates, default (30, 16) and (16, 16) (Alkemade 2022; each entry of
        the table has a second pair, (16, 16), that is not explained).
    decoder : sequence of int
        Hidden nodes, default (16,) (chosen).
    alpha : float
        Strength of the L2 penalty, default 0 (Alkemade 2022); see `MLPRegressor`.
    dropout : float
        Fraction of the features of each particle that are dropped out in an epoch (chosen on
        validation configurations: 0.5 instead of 0 gains 0.02 in r, 0.8 less; 0 in Alkemade 2022).
        Species are kept.
    batch_size : int
        Configurations in a step, default 1 (chosen, for more steps; 5 in Alkemade 2022).
    learning_rate : float
        Default 1e-3 (chosen on validation configurations: 1e-3 and 2e-3 end at the same r, after
        proportionate times; 1e-4 in Alkemade 2022).
    epochs, patience : int
        As of `MLPRegressor`, default 500 and 10 (chosen; the paper says nothing, and
        `alkemade2022` takes 500 and 50).
    validation : float
        As of `MLPRegressor`.
    retrain : bool
        Whether the network is trained once more on all configurations, those for validation too,
        and each target keeps the parameters after as many epochs as were best. Default False.
        `best_epoch_` and `validation_` are those of the first training.
    clip, seed, device, checkpoint, progress
        As of `MLPRegressor`.

    Attributes
    ----------
    standardizers_ : dict of Standardizer
        Of the nodes' features, by species; empty without features.
    edge_mean_, edge_scale_ : array
    target_mean_, target_scale_ : (species, T) array
    n_neighbors_ : (1,) array
        Mean number of neighbors.
    states_, state_of_target_, best_epoch_, validation_, eval_scores_, earlier_seconds_
        As of `MLPRegressor`.
    n_parameters_, n_features_in_
        As of `MLPRegressor`.
    """

    kind = "graph network"

    def __init__(
        self,
        cutoff: float = 2.1,
        edges: str = "distance",
        share_species: bool = False,
        residual: bool = True,
        layers: int = 4,
        node_encoder: Sequence[int] = (50, 50),
        edge_encoder: Sequence[int] = (5,),
        node_hidden: Sequence[int] = (30, 16),
        edge_hidden: Sequence[int] = (16, 16),
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
        self.edges = edges
        self.share_species = share_species
        self.residual = residual
        self.layers = layers
        self.node_encoder = node_encoder
        self.edge_encoder = edge_encoder
        self.node_hidden = node_hidden
        self.edge_hidden = edge_hidden
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

    @classmethod
    def alkemade2022(cls, row: int, **changes: Any) -> Self:
        """Return the network of a row of table II, 1 to 6, with some parameters changed.

        Rows 1 and 2 are one network; in row 2 the graphs hold generations 0 to 2 of the features,
        in all others generation 0.

        Raises
        ------
        InputError
            If there is no such row.
        """
        if row not in ALKEMADE2022:
            raise InputError(f"row: expected a row of table II, 1 to 6, got {row!r}")
        return cls(**ALKEMADE2022[row] | changes)

    def _module(self) -> GraphModule:
        from cagebreak.learning.neural_network._graph_module import GraphModule
        from cagebreak.learning.neural_network._torch import generator

        return GraphModule(
            n_node=self.n_features_in_ + len(self.target_mean_),
            n_edge=len(self.edge_mean_),
            n_targets=self.target_mean_.shape[1],
            layers=self.layers,
            node_encoder=self.node_encoder,
            edge_encoder=self.edge_encoder,
            node_hidden=self.node_hidden,
            edge_hidden=self.edge_hidden,
            decoder=self.decoder,
            n_neighbors=float(self.n_neighbors_[0]),
            residual=self.residual,
            generator=generator(self.seed, "weights"),
        )

    def _least_parameters(self) -> int:
        n_species, n_targets = self.target_mean_.shape
        of_layer = 1 + n_weights(self.node_hidden) + n_weights(self.edge_hidden)
        return (
            n_weights((n_species + self.n_features_in_, *self.node_encoder))
            + n_weights((len(self.edge_mean_), *self.edge_encoder))
            + self.layers * of_layer
            + n_weights((1, *self.decoder, n_targets))
        )

    def _check_parameters(self) -> None:
        super()._check_parameters()
        require_sizes("node_encoder", self.node_encoder, minimum=1)
        require_sizes("edge_encoder", self.edge_encoder, minimum=1)
        require_sizes("node_hidden", self.node_hidden, minimum=1)
        require_sizes("edge_hidden", self.edge_hidden, minimum=1)
        require_sizes("decoder", self.decoder)
        if self.layers < 1:
            raise InputError(f"layers: expected at least 1, got {self.layers!r}")
