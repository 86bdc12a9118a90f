"""An equivariant network that also learns how the distance of each pair of neighbors changes.

The change is that of BOTAN (Shiba 2023), the mean over runs of r_ij(t) - r_ij(0). The loss is the
mean of two: that of the particles, and that of all pairs within the cutoff of the network.
"""

from dataclasses import dataclass

import numpy as np
import torch

from cagebreak.learning import EquivariantNetwork, Graph
from cagebreak.learning.neural_network._graph_module import mlp
from cagebreak.learning.neural_network._torch import generator
from cagebreak.neighbors import neighbor_table

PAIR_SHARE = 0.5
"""Share of the pairs in the loss."""


@dataclass(frozen=True, eq=False)
class PairGraph(Graph):
    """A graph whose edges have a target."""

    elongation: np.ndarray = None
    """(M,), in the order of the edges of `neighbor_table`."""


def elongation(start, displacements, cutoff):
    """Return the mean change (M,) of the distances of pairs, from displacements (R, N, 3)."""
    table = neighbor_table(start, cutoff)
    i = np.repeat(np.arange(len(start)), np.diff(table.offsets))
    total = np.zeros(len(i))
    for moved in displacements:
        total += np.linalg.norm(table.vectors + moved[table.neighbors] - moved[i], axis=1)
    return total / len(displacements) - table.distances


class PairNetwork(EquivariantNetwork):
    """An `EquivariantNetwork` fitted to graphs whose edges have targets too."""

    kind = "pair network"

    def _standardize(self, graphs, Y):
        super()._standardize(graphs, Y)
        self.elongation_scale_ = np.sqrt(
            np.mean(np.concatenate([g.elongation for g in graphs]) ** 2)
        )

    def _input(self, graph, device):
        given = super()._input(graph, device)
        target = torch.from_numpy(graph.elongation / self.elongation_scale_).float()[:, None]
        return given._replace(edges=torch.cat([given.edges, target], 1))

    def _module(self):
        return PairModule(super()._module(), self.channels, generator(self.seed, "pairs"))

    def _loss(self, module, graph, target):
        of_pairs = (module.pairs(*graph[:3]) - graph.edges[:, 3:]).square().mean() * target.numel()
        return (1 - PAIR_SHARE) * super()._loss(module, graph, target) + PAIR_SHARE * of_pairs


class PairModule(torch.nn.Module):
    """An equivariant module with a second decoder, of pairs.

    It sees sums and squared differences of the scalars of both particles, the components of the
    differences of their vectors along the pair, and the distance: all are the same for ij and ji.
    """

    def __init__(self, nodes, channels, generator):
        super().__init__()
        self.nodes, self.channels = nodes, channels
        self.decoder = mlp((2 * channels[0] + channels[1] + 1, 16, 1), generator)

    def forward(self, nodes, edges, pairs, rows):
        """Return the targets of particles."""
        return self.nodes(nodes, edges[:, :3], pairs, rows)

    def pairs(self, nodes, edges, pairs):
        """Return the targets of pairs, (M, 1)."""
        everything = torch.arange(len(nodes))
        held = self.nodes.tensors_of(nodes, edges[:, :3], pairs, everything)
        n_scalars, n_vectors = self.channels[:2]
        scalars = held[:, :n_scalars]
        vectors = held[:, n_scalars : n_scalars + 3 * n_vectors].reshape(-1, n_vectors, 3)
        i, j = everything.repeat_interleave(pairs.counts), pairs.senders
        distances = edges[:, :3].norm(dim=1, keepdim=True)
        along = ((vectors[j] - vectors[i]) * (edges[:, :3] / distances)[:, None]).sum(2)
        of_both = (scalars[i] + scalars[j], (scalars[i] - scalars[j]).square(), along, distances)
        return self.decoder(torch.cat(of_both, 1))
