"""The sizes of lists and cells of hard spheres in a box, and how often they will collide."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import BALL, Box, Configuration, ball
from cagebreak.models.model import Model
from cagebreak.potentials.sizes import diameters_of
from cagebreak.simulation.event_driven._list_kernel import CACHE_LINE

_LIST_LENGTH = 16  # neighbors of a list: shorter ones are rebuilt more often, longer predict slower
_SIZES_APART = 0.5  # kinds whose diameters have a smaller ratio get cell grids of their own
_CLASSES = 4  # kinds of spheres with sizes of their own: reaches fit, and grids are few


def kinds_of(configuration: Configuration, model: Model) -> NDArray[np.int64]:
    """Return the kind of each sphere, (N,): spheres of a kind have one mass and one reach.

    It is the species, or the class of size of spheres with sizes of their own.
    """
    if model.sizes is None:
        return configuration.species
    diameters = diameters_of(configuration, model)
    edges = np.quantile(diameters, np.arange(1, _CLASSES) / _CLASSES)
    classes = np.searchsorted(edges, diameters, side="right")
    return np.unique(classes, return_inverse=True)[1]


@dataclass(frozen=True, eq=False)
class Layout:
    """The sizes of lists and cells for S kinds of spheres in one box."""

    reaches: NDArray[np.float64]  # (S,): a pair is listed within the sum of its reaches
    capacities: NDArray[np.int64]  # (S,): room in a list
    grids: NDArray[np.int32]  # (G, 4): cells along x, y, z, first cell
    grid_of: NDArray[np.int32]  # (S,)
    ranges: NDArray[np.int32]  # (S, G, 3): cells to search to either side
    many_images: bool  # the box is so small that a pair may touch across several faces
    edges: NDArray[np.float64]

    @classmethod
    def of(cls, box: Box, radii: NDArray[np.float64], kinds: NDArray[np.int64]) -> Layout:
        """Return the layout for spheres of these radii and kinds, (N,) each."""
        edges = np.diag(box.matrix)
        n_kinds = int(kinds.max()) + 1
        radius = np.zeros(n_kinds)
        np.maximum.at(radius, kinds, radii)
        counts = np.bincount(kinds, minlength=n_kinds)
        present = radius[counts > 0]
        d = box.dimension
        unit = float(ball(1.0, d))
        packing = unit * (radii**d).sum() / box.volume
        shell = min((_LIST_LENGTH / (2**d * packing)) ** (1 / d), 3.0)
        # A large sphere among small ones moves as little as these.
        skins = max(shell - 1, 0.05) * np.minimum(radius, 2 * present.min())
        many_images = bool(edges.min() / 2 < 2 * radius.max() + 4 * skins.max())
        if many_images:
            skins = np.minimum(skins, edges.min() / 8)
        reaches = radius + skins

        density = counts / box.volume
        expected = unit * (density * (reaches[:, None] + reaches) ** d).sum(axis=1)
        capacities = CACHE_LINE * np.ceil((1.3 * expected + 8) / CACHE_LINE).astype(np.int64)

        apart = present.min() < _SIZES_APART * present.max()
        grid_of = np.arange(n_kinds) if apart else np.zeros(n_kinds, dtype=np.int64)
        n_grids = int(grid_of.max()) + 1
        grids = np.empty((n_grids, 4), dtype=np.int32)
        ranges = np.empty((n_kinds, n_grids, 3), dtype=np.int32)
        first = 0
        for g in range(n_grids):
            members = grid_of == g
            # No more than about a cell a sphere, however dilute.
            finest = (box.volume / max(counts[members].sum(), 1)) ** (1 / d)
            size = max(2 * reaches[members].max(), finest)
            # In a box far longer than wide too.
            most = 8 * (counts[members].sum() + 1000)
            cells = np.clip(edges // size, 1, most).astype(np.int32)
            cells[d:] = 1
            grids[g] = *cells, first
            first += int(cells.prod())
            farthest = reaches + reaches[members].max()
            ranges[:, g] = np.ceil(farthest[:, None] * cells / edges)
            ranges[:, g, d:] = 0
        return cls(reaches, capacities, grids, grid_of.astype(np.int32), ranges, many_images, edges)

    @property
    def n_cells(self) -> int:
        """Cells of all grids."""
        return int(self.grids[:, :3].prod(axis=1).sum())

    def along_cells(self, wrapped: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the order of the particles cell after cell."""
        cells = np.maximum(self.edges // (2 * self.reaches.max()), 1)
        x, y, z = np.minimum((wrapped / self.edges * cells).astype(np.int64), cells - 1).T
        return np.lexsort((z, y, x))


def collision_rate(configuration: Configuration, model: Model) -> float:
    """Estimate events per sphere and tau; sets the bucket width.

    By Enskog, with the contact values of Carnahan and Starling, or of :cite:`Henderson1975`.
    """
    diameters = diameters_of(configuration, model)
    density, d = len(configuration) / configuration.box.volume, configuration.dimension
    packing = min(BALL[d] * density * (diameters**d).mean(), 0.7)
    mean_mass = float(np.mean(np.asarray(model.masses)[configuration.species]))
    speed = math.sqrt(model.temperature / mean_mass)
    if d == 2:
        contact = (1 - 7 / 16 * packing) / (1 - packing) ** 2
        return 2 * math.sqrt(math.pi) * density * diameters.mean() * contact * speed
    contact = (1 - packing / 2) / (1 - packing) ** 3
    return 4 * math.sqrt(math.pi) * density * (diameters**2).mean() * contact * speed
