"""Fully connected networks, one for each target, evaluated together."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from cagebreak.learning._validation import Integers
from cagebreak.learning.neural_network._base import State
from cagebreak.learning.neural_network._torch import torch


class Multilayer(torch.nn.Module):
    """Networks of the same shape, side by side; ReLU after each layer but the last.

    Each network starts from the same weights and sees the same batches and the same nodes dropped
    out, so that its training does not depend on the number of networks.

    Parameters
    ----------
    n_networks
    sizes
        Of the input and of each hidden layer; the output is one number.
    dropout
        Fraction of nodes of the second hidden layer (of a single one, the first) that are dropped
        out in training.
    generator
        Draws weights and biases, uniform within 1 / sqrt(inputs) of 0.
    """

    def __init__(
        self, n_networks: int, sizes: Sequence[int], dropout: float, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.sizes = tuple(sizes)
        self.dropout = dropout
        self.weights, self.biases = torch.nn.ParameterList(), torch.nn.ParameterList()
        for n_in, n_out in pairwise((*sizes, 1)):
            bound = 1 / np.sqrt(n_in)
            weight = torch.empty(n_in, n_out).uniform_(-bound, bound, generator=generator)
            bias = torch.empty(1, n_out).uniform_(-bound, bound, generator=generator)
            self.weights.append(weight.repeat(n_networks, 1, 1))
            self.biases.append(bias.repeat(n_networks, 1, 1))
        # The first layer of all networks is one matrix product: (inputs, networks, nodes).
        self.weights[0] = self.weights[0].transpose(0, 1).contiguous()

    def forward(self, x: torch.Tensor, kept: torch.Tensor | None = None) -> torch.Tensor:
        """Return the outputs (n, networks) for rows x (n, F).

        `kept`, (n, nodes), is 1 for the nodes that are not dropped out; None drops none.
        """
        first = self.weights[0]
        n_networks = first.shape[1]
        a = (x @ first.flatten(1)).view(len(x), n_networks, -1).transpose(0, 1) + self.biases[0]
        for layer in range(1, len(self.weights)):
            a = a.relu()
            if kept is not None and layer - 1 == self.dropped_layer:
                a = a * (kept / (1 - self.dropout))
            a = torch.baddbmm(self.biases[layer], a, self.weights[layer])
        return a[:, :, 0].T

    @property
    def dropped_layer(self) -> int:
        """The hidden layer with dropout, from 0."""
        return min(1, len(self.sizes) - 2)

    def keep(self, n: int, generator: torch.Generator) -> torch.Tensor | None:
        """Draw the nodes kept for n rows, (n, nodes); None without dropout."""
        if self.dropout == 0:
            return None
        nodes = self.sizes[1 + self.dropped_layer]
        return (torch.rand(n, nodes, generator=generator) >= self.dropout).float()


def merge(states: Sequence[State], of_target: Integers) -> State:
    """Return the state with the network of each target taken from its own state."""
    merged = {}
    for name in states[0]:
        axis = 1 if name == "weights.0" else 0
        parts = [states[k][name].take([t], axis) for t, k in enumerate(of_target)]
        merged[name] = np.concatenate(parts, axis)
    return merged
