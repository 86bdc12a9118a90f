"""The sizes of lists and cells of hard spheres in a box, and how often they will collide."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import BALL, Box, Configuration, ball
from cagebreak.models.model import Model
from cagebreak.potentials.sizes import diameters_of
from cagebreak.simulation.event_driven._list_kernel import CACHE_LINE

_LIST_LENGTH = 16  # neighbors of a list: shorter ones are rebuilt more often, longer predict slower
_SKINS = (0.05, 2.0)  # least and most, in units of the mean radius
_SIZES_APART = 0.4  # a cell grid is of spheres whose diameters have no smaller ratio
_SPREAD = 1.05  # largest over smallest diameter of a kind of spheres with sizes of their own


def kinds_of(configuration: Configuration, model: Model) -> NDArray[np.int64]:
    """Return the kind of each sphere, (N,): spheres of a kind have one mass and one reach.

    It is the species, or the class of size of spheres with sizes of their own. Classes are equally
    wide, not equally full: a few large spheres among small ones have a class of their own.
    """
    if model.sizes is None:
        return configuration.species
    diameters = diameters_of(configuration, model)
    classes = np.floor(np.log(diameters / diameters.min()) / math.log(_SPREAD))
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
        edges = box.lengths
        n_kinds = int(kinds.max()) + 1
        radius = np.zeros(n_kinds)
        np.maximum.at(radius, kinds, radii)
        counts = np.bincount(kinds, minlength=n_kinds)
        present = radius[counts > 0]
        d = box.dimension

        def expected_with(skin: float) -> NDArray[np.float64]:
            reaches = radius + skin
            volumes = float(ball(1.0, d)) * (reaches[:, None] + reaches) ** d
            return np.asarray(volumes @ counts / box.volume)

        # Spheres of any size move about as far between collisions, and have the same skin.
        skin = _root(
            lambda skin: float(counts @ expected_with(skin)) / len(radii) - _LIST_LENGTH,
            *(share * float(radii.mean()) for share in _SKINS),
        )
        many_images = bool(edges.min() / 2 < 2 * radius.max() + 4 * skin)
        if many_images:
            skin = min(skin, edges.min() / 8)
        reaches, expected = radius + skin, expected_with(skin)
        capacities = CACHE_LINE * np.ceil((1.3 * expected + 8) / CACHE_LINE).astype(np.int64)

        times_apart = np.log(radius.max() / np.maximum(radius, present.min()))
        bands = np.floor(times_apart / -math.log(_SIZES_APART))
        grid_of = np.unique(bands, return_inverse=True)[1]
        n_grids = int(grid_of.max()) + 1
        grids = np.empty((n_grids, 4), dtype=np.int32)
        ranges = np.empty((n_kinds, n_grids, 3), dtype=np.int32)
        first = 0
        for g in range(n_grids):
            members = grid_of == g
            # No more than about a cell a sphere, however dilute.
            finest = (box.volume / max(counts[members].sum(), 1)) ** (1 / d)
            # Cells between one and two reaches wide would be searched as far as those of one.
            reach = reaches[members].max()
            size = reach if reach > finest else max(2 * reach, finest)
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


def _root(increasing: Callable[[float], float], least: float, most: float) -> float:
    """Return where an increasing function is 0, or the end of the interval that is nearest."""
    if increasing(least) >= 0:
        return least
    if increasing(most) <= 0:
        return most
    # Here, so that `import cagebreak` need not load scipy.optimize.
    from scipy.optimize import brentq

    return float(brentq(increasing, least, most))


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
