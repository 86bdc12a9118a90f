"""Vectors and symmetric tensors of particles as irreducible components, standardized.

A symmetric tensor is its trace, a scalar, and five components of its traceless part, which turn as
the spherical harmonics of degree 2 do.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cagebreak.learning._validation import Floats
from cagebreak.learning.samples import Graph


class Scales(NamedTuple):
    """The scales of vectors and tensors, by species (S, .)."""

    trace_mean: Floats
    """(S, W)"""
    trace: Floats
    """(S, W)"""
    vector: Floats
    """(S, V), root mean square of a component."""
    traceless: Floats
    """(S, W), likewise."""


def traceless(tensors: Floats) -> Floats:
    r"""Return the traceless parts of symmetric tensors (..., 3, 3) as components (..., 5).

    They are the products with an orthonormal basis, in the order and with the signs of the real
    spherical harmonics :math:`Y_{2m}` of e3nn, whose axis is y. The sum of their squares is that of
    the components of the traceless tensor.
    """
    xx, yy, zz = (tensors[..., k, k] for k in range(3))
    return np.stack(
        [
            np.sqrt(2) * tensors[..., 0, 2],
            np.sqrt(2) * tensors[..., 0, 1],
            (2 * yy - xx - zz) / np.sqrt(6),
            np.sqrt(2) * tensors[..., 1, 2],
            (zz - xx) / np.sqrt(2),
        ],
        axis=-1,
    )


def scales_of(graphs: Sequence[Graph], n_species: int) -> Scales:
    """Return the scales of training graphs; 1 for a species without particles or variation."""
    parts = [_parts(graph) for graph in graphs]
    traces, vectors, deviators = (np.concatenate(part) for part in zip(*parts, strict=True))
    species = np.concatenate([graph.configuration.species for graph in graphs])
    means, scales = [], []
    for number in range(n_species):
        of_species = species == number
        mean = traces[of_species].mean(axis=0) if of_species.any() else np.zeros(traces.shape[1:])
        means.append(mean[:, 0])
        of_parts = (traces[of_species] - mean, vectors[of_species], deviators[of_species])
        scales.append([_root_mean_square(part) for part in of_parts])
    return Scales(np.array(means), *map(np.array, zip(*scales, strict=True)))


def standardized(graph: Graph, scales: Scales, clip: float) -> Floats:
    """Return traces, vectors and traceless parts, (N, W + 3 V + 5 W).

    A vector or traceless tensor is divided by its scale, and shortened where its norm exceeds
    `clip` times the root mean square norm. Its direction is kept.
    """
    species, n = graph.configuration.species, len(graph.configuration)
    traces, vectors, deviators = _parts(graph)
    traces = traces - scales.trace_mean[species][..., None]
    columns = []
    for part, scale in zip((traces, vectors, deviators), scales[1:], strict=True):
        scaled = part / scale[species][..., None]
        norms = np.linalg.norm(scaled, axis=2, keepdims=True) / np.sqrt(part.shape[2])
        columns.append((scaled * np.minimum(1.0, clip / np.maximum(norms, clip))).reshape(n, -1))
    return np.concatenate(columns, axis=1)


def _parts(graph: Graph) -> tuple[Floats, Floats, Floats]:
    """Return traces (N, W, 1), vectors (N, V, 3) and traceless parts (N, W, 5) of particles."""
    traces = np.trace(graph.tensors, axis1=2, axis2=3)[..., None]
    return traces, graph.vectors, traceless(graph.tensors)


def _root_mean_square(part: Floats) -> Floats:
    """Return the root mean square component (M,) of the columns of (n, M, d); 1 instead of 0."""
    if len(part) == 0:
        return np.ones(part.shape[1])
    scale = np.sqrt((part**2).mean(axis=(0, 2)))
    return np.where(scale > 0, scale, 1.0)
