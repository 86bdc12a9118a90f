"""Networks: multilayer perceptrons, graph networks and equivariant ones (PyTorch)."""
