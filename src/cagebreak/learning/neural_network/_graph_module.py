"""Graph networks: an encoder, layers that pass messages along edges, and a decoder."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from cagebreak.learning.neural_network._torch import torch

WIDTH = 10
"""Numbers at each node and edge inside the network (:cite:`Alkemade2022`, table II)."""


class Edges(NamedTuple):
    """Senders and receivers of the edges, which are in order of their receivers."""

    offsets: torch.Tensor
    """(N + 1,), the first edge of each receiver."""
    counts: torch.Tensor
    """(N,), the number of edges of each receiver."""
    senders: torch.Tensor
    """(M,)"""


class GraphModule(torch.nn.Module):
    """Predictions for nodes, from features of nodes and edges.

    Parameters
    ----------
    n_node, n_edge
        Numbers of features of a node and of an edge.
    n_targets
    layers
    node_encoder, edge_encoder, node_hidden, edge_hidden, decoder
        Hidden nodes of these networks; each but the decoder has `WIDTH` outputs.
    n_neighbors
        The mean number; sums over edges are divided by it, which sets the scale of the first
        weights.
    residual
        Whether updates are added to nodes and edges. Their last maps then start at zero, so that
        the decoder first sees the code of the node alone.
    generator
        Draws weights and biases, uniform within 1 / sqrt(inputs) of 0.
    """

    def __init__(
        self,
        n_node: int,
        n_edge: int,
        n_targets: int,
        layers: int,
        node_encoder: Sequence[int],
        edge_encoder: Sequence[int],
        node_hidden: Sequence[int],
        edge_hidden: Sequence[int],
        decoder: Sequence[int],
        n_neighbors: float,
        residual: bool,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.node_encoder = mlp((n_node, *node_encoder, WIDTH), generator)
        self.edge_encoder = mlp((n_edge, *edge_encoder, WIDTH), generator)
        self.layers = torch.nn.ModuleList(
            _GraphLayer(node_hidden, edge_hidden, n_neighbors, residual, generator)
            for _ in range(layers)
        )
        self.decoder = mlp((WIDTH, *decoder, n_targets), generator)

    def forward(
        self, nodes: torch.Tensor, edges: torch.Tensor, pairs: Edges, rows: torch.Tensor
    ) -> torch.Tensor:
        """Return the targets (n, T) of the nodes in `rows`, from nodes (N, .) and edges (M, .)."""
        v0, e0 = self.node_encoder(nodes), self.edge_encoder(edges)
        v, e = v0, e0
        for layer in self.layers:
            v, e = layer(v, e, v0, e0, pairs)
        predicted: torch.Tensor = self.decoder(v[rows])
        return predicted


class _GraphLayer(torch.nn.Module):
    """An update of all edges, then of all nodes.

    An edge sees itself, itself as encoded, its receiver and its sender; a node sees itself, itself
    as encoded, and the sum and the mean of its edges.
    """

    def __init__(
        self,
        node_hidden: Sequence[int],
        edge_hidden: Sequence[int],
        n_neighbors: float,
        residual: bool,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.n_neighbors = n_neighbors
        self.residual = residual
        # The part of nodes in the first layer is computed once a node, not once an edge, and parts
        # are added in place: to allocate arrays of edges costs more than the sums.
        n = edge_hidden[0]
        self.from_edge = _linear(WIDTH, n, 4 * WIDTH, generator, bias=False)
        self.from_encoded = _linear(WIDTH, n, 4 * WIDTH, generator, bias=False)
        self.from_receiver = _linear(WIDTH, n, 4 * WIDTH, generator)
        self.from_sender = _linear(WIDTH, n, 4 * WIDTH, generator, bias=False)
        self.edge_update = mlp((*edge_hidden, WIDTH), generator)
        self.node_update = mlp((4 * WIDTH, *node_hidden, WIDTH), generator)
        if residual:
            for update in (self.edge_update, self.node_update):
                for parameter in update[-1].parameters():
                    torch.nn.init.zeros_(parameter)

    def forward(
        self,
        v: torch.Tensor,
        e: torch.Tensor,
        v0: torch.Tensor,
        e0: torch.Tensor,
        pairs: Edges,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return nodes (N, .) and edges (M, .) after the update."""
        first = self.from_edge(e)
        first += self.from_encoded(e0)
        first += _Spread.apply(self.from_receiver(v), pairs.offsets, pairs.counts)
        first += self.from_sender(v).index_select(0, pairs.senders)
        edges = self.edge_update(first.relu_())
        if self.residual:
            edges += e
        total = sum_edges(edges, pairs)
        mean = total / pairs.counts.clamp(min=1)[:, None]
        nodes = self.node_update(torch.cat([v, v0, total / self.n_neighbors, mean], 1))
        return v + nodes if self.residual else nodes, edges


def edges_of(pairs: Edges, rows: torch.Tensor) -> tuple[torch.Tensor, Edges]:
    """Return the indices of the edges of some receivers, row by row, and these edges."""
    counts = pairs.counts[rows]
    offsets = torch.nn.functional.pad(counts.cumsum(0), (1, 0))
    shifts = (pairs.offsets[rows] - offsets[:-1]).repeat_interleave(counts)
    of_rows = torch.arange(len(shifts), device=shifts.device) + shifts
    return of_rows, Edges(offsets, counts, pairs.senders[of_rows])


def sum_edges(edges: torch.Tensor, pairs: Edges) -> torch.Tensor:
    """Return the sum over the edges of each receiver: (M, .) to (N, .)."""
    total: torch.Tensor = _Sum.apply(edges, pairs.offsets, pairs.counts)
    return total


class _Sum(torch.autograd.Function):
    """The sum over the edges of each receiver: (M, .) to (N, .)."""

    @staticmethod
    def forward(ctx, edges, offsets, counts):
        ctx.save_for_backward(offsets, counts)
        return torch.segment_reduce(edges, "sum", offsets=offsets, axis=0)

    @staticmethod
    def backward(ctx, grad):
        _, counts = ctx.saved_tensors
        return grad.repeat_interleave(counts, 0), None, None


class _Spread(torch.autograd.Function):
    """Each receiver's numbers at each of its edges: (N, .) to (M, .)."""

    @staticmethod
    def forward(ctx, nodes, offsets, counts):
        ctx.save_for_backward(offsets, counts)
        return nodes.repeat_interleave(counts, 0)

    @staticmethod
    def backward(ctx, grad):
        offsets, _ = ctx.saved_tensors
        summed = torch.segment_reduce(grad.contiguous(), "sum", offsets=offsets, axis=0)
        return summed, None, None


def mlp(sizes: Sequence[int], generator: torch.Generator) -> torch.nn.Sequential:
    """Return a fully connected network; ReLU after each layer but the last."""
    layers: list[torch.nn.Module] = []
    for n_in, n_out in pairwise(sizes):
        layers += [_linear(n_in, n_out, n_in, generator), torch.nn.ReLU(inplace=True)]
    return torch.nn.Sequential(*layers[:-1])


def _linear(
    n_in: int, n_out: int, n_inputs: int, generator: torch.Generator, bias: bool = True
) -> torch.nn.Linear:
    """Return a linear map, or a part of one with `n_inputs` inputs."""
    # Weights that torch draws itself would take numbers from its global stream.
    linear = torch.nn.utils.skip_init(torch.nn.Linear, n_in, n_out, bias)
    bound = 1 / np.sqrt(n_inputs)
    with torch.no_grad():
        for parameter in linear.parameters():
            parameter.uniform_(-bound, bound, generator=generator)
    return linear
