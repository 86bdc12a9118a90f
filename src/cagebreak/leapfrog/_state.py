"""The arrays of molecular dynamics by subject.

`MolecularDynamics` allocates them; the kernels read and write them. N particles of K kinds have a
row of neighbors a kind; W is N rounded up to a multiple of eight, and C the number of copies of the
box side by side, of which only the first moves by itself.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cagebreak._compile import njit
from cagebreak._simd.lines import nearest_step

# Entries of `Clock.counts`: time steps since the start; since the rows were made; how often they
# were made; entries in all rows; and what is to be done before the next step.
STEPS, SINCE, BUILT, ENTRIES, DUE, COUNTS = range(6)
# Values of `DUE`: nothing, make rows, compute forces.
NOTHING, ROWS, FORCES = range(3)

# "contract" fuses a product and a sum; nothing else of IEEE arithmetic is relaxed. Several
# simulations may run in threads of one process.
OPTIONS = {"error_model": "numpy", "fastmath": {"contract"}, "nogil": True}

DUMMIES = 64
"""Lines behind those of particles, on a lattice of a quarter of the box: one is always far."""


class Particles(NamedTuple):
    """Particles sorted by kind, then in space; positions and lengths are in steps of the box."""

    x: NDArray[np.float64]
    """(W, 4), unwrapped positions, and the radius."""
    v: NDArray[np.float64]
    """(W, 4), velocities in steps a time step, half a time step before the positions."""
    f: NDArray[np.float64]
    """(W, 4), forces, in eps / sigma times steps a sigma."""
    pull: NDArray[np.float64]
    """(W, 4), what turns a force into a change of velocity: dt^2 / m, and 0 in the last column."""
    numbers: NDArray[np.int64]
    """(N,), the place of each particle in the configuration."""
    spare: NDArray[np.float64]
    """(3, W, 4), scratch of sorting."""
    spare_numbers: NDArray[np.int64]
    """(N,), scratch of sorting."""
    starts: NDArray[np.int64]
    """(K + 1,), the first particle of each kind, and N."""


class Lines(NamedTuple):
    """Positions in whole steps, as `cagebreak._simd.lines` reads them."""

    lines: NDArray[np.int32]
    """(C W + 64, 4), of the particles, of their copies, and the dummies."""
    centers: NDArray[np.int32]
    """(W, 4), around which rows were made, and the reach, a float32, where sizes differ."""
    shifts: NDArray[np.int32]
    """(C, 3), from a particle to each copy."""


class Cells(NamedTuple):
    """The grid of cells in which rows are made."""

    shape: NDArray[np.int64]
    """(3,), cells along each lattice vector."""
    depth: int
    """Cells along the third vector for which candidates are collected at once."""
    stencils: NDArray[np.int64]
    """(K, M, 3), rows of cells around a cell: two offsets, and how far along the third vector."""
    stencil_sizes: NDArray[np.int64]
    """(K,)"""
    first: NDArray[np.int64]
    """(K, cells + 2), the first column of each kind in each cell."""
    cell_of: NDArray[np.int64]
    """(C W,), scratch of sorting."""
    columns: NDArray[np.int32]
    """(4 or 5, C N + 8), centers in the order of the cells, see `cagebreak._simd.candidates`."""
    near: NDArray[np.int32]
    """(K, 4 or 5, S), the candidates near a few cells."""


class Rows(NamedTuple):
    """The rows of neighbors."""

    entries: NDArray[np.int32]
    bounds: NDArray[np.int64]
    """(2 N K,), where the row of each particle and kind begins and ends."""
    limits: NDArray[np.float32] | tuple[float, float] | None
    """(K K,), squared reach of each pair of kinds. Where each particle has a reach, the skin, and
    by which share a step of difference shortens the rest of two reaches; None if it does not."""
    lanes: NDArray[np.int32]
    """`LANES_OF_BITS`"""
    skin: float
    """By how much rows reach beyond the cut-off, less a little for rounding, in steps."""


class Groups(NamedTuple):
    """Groups of sixteen particles of a kind, whose rows are side by side; G groups at most."""

    entries: NDArray[np.int32]
    bounds: NDArray[np.int64]
    """(2 G K,), where the rows of each group and kind of neighbor begin and end."""
    members: NDArray[np.int32]
    """(16 G,), the offsets of their lines in bytes."""
    starts: NDArray[np.int64]
    """(K + 1,), the first group of each kind, and the number of groups."""
    lengths: NDArray[np.int64]
    """(N, K), neighbors of each kind of a particle."""


class Clock(NamedTuple):
    """Counts, and what is known of the motion."""

    counts: NDArray[np.int64]
    """(5,)"""
    usual: NDArray[np.float64]
    """(1,), the usual number of time steps for which rows last."""


class Bath(NamedTuple):
    """The heat bath of stochastic velocity rescaling."""

    noise: NDArray[np.float64]
    """(B, 2), random numbers of the next steps; no rows without a bath.

    A normal one, and the sum of the squares of as many as there are other degrees of freedom.
    """
    kinetic: NDArray[np.float64]
    """(2,), mean kinetic energy of a degree of freedom at step 0, and its change a step, in the
    units of `kinetic_energy`."""
    persistence: float
    """Share of the kinetic energy that a step leaves as it is."""


class Bonds(NamedTuple):
    """The bonds of chains, in the order of the configuration; B = 0 without."""

    first: NDArray[np.int64]
    """(B,)"""
    second: NDArray[np.int64]
    """(B,)"""
    species: NDArray[np.int64]
    """(N,)"""
    places: NDArray[np.int64]
    """(N,), where each particle of the configuration is now."""
    matrix: NDArray[np.float64]
    """(3, 3), what a step along each lattice vector is, in sigma."""
    numbers: tuple
    """`cagebreak.potentials.bonds.bond_row`"""
    form: int
    """The form of the pair potential, of `cagebreak.potentials._pair_kernel`."""
    table: NDArray[np.float64]
    """`cagebreak.potentials.pair_potentials.pair_table`"""
    common: float
    """r^2 up to which repulsion and pair potential differ by a constant, in sigma^2; or 0."""


class State(NamedTuple):
    """All of a simulation but the form of pairs: most kernels are compiled once for all potentials.

    `metric` is explained in `cagebreak._simd.lines`.
    """

    particles: Particles
    lines: Lines
    cells: Cells
    rows: Rows
    groups: Groups | None
    """None where particles have so many neighbors that forces are summed row by row."""
    metric: tuple
    bonds: Bonds
    bath: Bath
    clock: Clock


@njit(**OPTIONS)
def write_lines(particles, lines):
    """Write the lines of all particles and of their copies."""
    x, flat = particles.x.reshape(-1), lines.lines.reshape(-1)
    for k in range(len(x)):
        flat[k] = nearest_step(x[k])
    copy_lines(particles, lines)


@njit(**OPTIONS)
def copy_lines(particles, lines):
    """Write the lines of the copies."""
    of_all, shifts, whole = lines.lines, lines.shifts, len(particles.x)
    for copy in range(1, len(shifts)):
        for i in range(whole):
            for d in range(3):
                of_all[copy * whole + i, d] = of_all[i, d] + shifts[copy, d]
            of_all[copy * whole + i, 3] = of_all[i, 3]
