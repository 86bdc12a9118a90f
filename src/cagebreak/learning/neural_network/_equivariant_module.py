"""An E(3)-equivariant graph network with predictions that are invariant."""

from collections.abc import Sequence

from cagebreak.errors import MissingDependencyError
from cagebreak.learning.neural_network._graph_module import Edges, edges_of, mlp, sum_edges
from cagebreak.learning.neural_network._torch import torch

try:
    from e3nn import math, nn, o3
except ImportError as error:
    raise MissingDependencyError(
        "e3nn: equivariant networks need it, expected it to be installed: "
        "pip install 'cagebreak[networks]'"
    ) from error


class EquivariantModule(torch.nn.Module):
    """Predictions for nodes, from features of nodes and vectors of edges.

    Parameters
    ----------
    n_node
        Number of features of a node.
    n_vectors, n_tensors
        Numbers of vectors and of symmetric traceless tensors that a node is given.
    n_targets
    channels
        Numbers of scalars, vectors, tensors of rank 2, ... of a node.
    layers, n_radial, radial_hidden, node_encoder, decoder
    cutoff
        In the units of the vectors.
    n_neighbors
        The mean number; sums over edges are divided by its square root.
    generator
        Draws the weights.
    """

    def __init__(
        self,
        n_node: int,
        n_vectors: int,
        n_tensors: int,
        n_targets: int,
        channels: Sequence[int],
        layers: int,
        n_radial: int,
        radial_hidden: Sequence[int],
        node_encoder: Sequence[int],
        decoder: Sequence[int],
        cutoff: float,
        n_neighbors: float,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.cutoff = cutoff
        self.n_radial = n_radial
        self.harmonics = o3.Irreps.spherical_harmonics(len(channels) - 1)
        held = o3.Irreps([(n, (l, (-1) ** l)) for l, n in enumerate(channels)])
        scalars = held[:1]
        self.further = held.dim - scalars.dim
        self.n_scalars = scalars.dim
        self.n_node = n_node
        self.encoder = mlp((n_node, *node_encoder, self.n_scalars), generator)
        given = o3.Irreps([(n_vectors, "1o"), (n_tensors, "2e")])
        with torch.random.fork_rng(devices=[]):  # e3nn draws from torch's global generator
            torch.manual_seed(int(torch.randint(2**62, (), generator=generator)))
            self.tensor_encoder = o3.Linear(given, held[1:]) if given.dim else None
            self.layers = torch.nn.ModuleList(
                _EquivariantLayer(
                    held if layer or given.dim else scalars,
                    self.harmonics,
                    held,
                    (n_radial, *radial_hidden),
                    n_neighbors,
                )
                for layer in range(layers)
            )
        self.decoder = mlp((self.n_scalars, *decoder, n_targets), generator)

    def forward(
        self, nodes: torch.Tensor, edges: torch.Tensor, pairs: Edges, rows: torch.Tensor
    ) -> torch.Tensor:
        """Return the targets (n, T) of the nodes in `rows`, from nodes (N, .) and edges (M, 3).

        Behind the features of a node are its vectors and the five components of each tensor.
        """
        held = self.tensors_of(nodes, edges, pairs, rows)
        predicted: torch.Tensor = self.decoder(held[:, : self.n_scalars])
        return predicted

    def tensors_of(
        self, nodes: torch.Tensor, edges: torch.Tensor, pairs: Edges, rows: torch.Tensor
    ) -> torch.Tensor:
        """Return the scalars, vectors and tensors that the nodes in `rows` hold in the end."""
        around = o3.spherical_harmonics(
            self.harmonics, edges, normalize=True, normalization="component"
        )
        radial = self.radial_of(edges)
        scalars = self.encoder(nodes[:, : self.n_node])
        if self.tensor_encoder is None:
            held = torch.nn.functional.pad(scalars, (0, self.further))
        else:
            held = torch.cat([scalars, self.tensor_encoder(nodes[:, self.n_node :])], 1)
        for layer in self.layers[:-1]:
            held = held + layer(held, around, radial, pairs, slice(None))
        # The last layer updates only the nodes that are decoded.
        of_rows, pairs = edges_of(pairs, rows)
        update = self.layers[-1](held, around[of_rows], radial[of_rows], pairs, rows)
        return held[rows] + update

    def radial_of(self, edges: torch.Tensor) -> torch.Tensor:
        """Return the radial basis functions (M, n_radial) of the lengths of edges (M, 3)."""
        radial: torch.Tensor = math.soft_one_hot_linspace(
            edges.norm(dim=1), 0.0, self.cutoff, self.n_radial, basis="smooth_finite", cutoff=True
        )
        return radial * self.n_radial**0.5


class _EquivariantLayer(torch.nn.Module):
    """The update of a node by its neighbors.

    The tensors of a neighbor are multiplied by the harmonics of the direction to it and coupled to
    scalars, vectors and tensors, each product weighted by a function of the distance; their sum is
    mixed. The squared norms of mixed vectors and tensors, which depend on the angles between
    neighbors, are added to the scalars, and all pass a gate. The last map starts at zero, as in
    `GraphModule`.
    """

    def __init__(
        self,
        irreps_in: "o3.Irreps",
        harmonics: "o3.Irreps",
        held: "o3.Irreps",
        radial: Sequence[int],
        n_neighbors: float,
    ) -> None:
        super().__init__()
        self.n_in = irreps_in.dim
        paths: list[tuple[int, int, int, str, bool]] = []
        coupled: list[tuple[int, o3.Irrep]] = []
        for i, (n, of_node) in enumerate(irreps_in):
            for j, (_, of_edge) in enumerate(harmonics):
                for product in of_node * of_edge:
                    if product in [irrep for _, irrep in held]:
                        paths.append((i, j, len(coupled), "uvu", True))
                        coupled.append((n, product))
        self.product = o3.TensorProduct(
            irreps_in, harmonics, coupled, paths, shared_weights=False, internal_weights=False
        )
        self.radial = nn.FullyConnectedNet(
            [*radial, self.product.weight_numel], torch.nn.functional.silu
        )
        scalars, further = held[:1], held[1:]
        self.gate = nn.Gate(
            scalars,
            [torch.nn.functional.silu],
            o3.Irreps([(further.num_irreps, "0e")]) if further else o3.Irreps(),
            [torch.sigmoid] if further else [],
            further,
        )
        self.own = o3.Linear(irreps_in, self.gate.irreps_in)
        self.mix = o3.Linear(o3.Irreps(coupled).simplify(), self.gate.irreps_in)
        self.n_plain = self.gate.irreps_in.dim - further.dim  # scalars and gates
        if further:
            self.norms = o3.Norm(further, squared=True)
            self.from_norms = torch.nn.Linear(further.num_irreps, self.n_plain, bias=False)
        self.last = o3.Linear(self.gate.irreps_out, held)
        torch.nn.init.zeros_(self.last.weight)
        self.scale = n_neighbors**-0.5

    def forward(
        self,
        held: torch.Tensor,
        around: torch.Tensor,
        radial: torch.Tensor,
        pairs: Edges,
        receivers: torch.Tensor | slice,
    ) -> torch.Tensor:
        """Return the updates of receivers, by the edges that lead to them."""
        held = held[:, : self.n_in]
        messages = self.product(held.index_select(0, pairs.senders), around, self.radial(radial))
        return self.updated(held[receivers], sum_edges(messages, pairs) * self.scale)

    def updated(self, held: torch.Tensor, total: torch.Tensor) -> torch.Tensor:
        """Return the updates of nodes by what they hold and the sums of their messages."""
        mixed = self.own(held) + self.mix(total)
        plain, tensors = mixed[:, : self.n_plain], mixed[:, self.n_plain :]
        if tensors.shape[1]:
            plain = plain + self.from_norms(self.norms(tensors))
        update: torch.Tensor = self.last(self.gate(torch.cat([plain, tensors], 1)))
        return update
