"""Fields from the Hessian of the inherent state: elastic response and soft modes."""

import numpy as np
from fields import SHELL, log, mean_over
from numba import njit
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, eigsh, splu

from cagebreak.neighbors import neighbor_table
from cagebreak.potentials import _pair_kernel as kernel
from cagebreak.potentials.pair_potentials import FORMS, pair_table, reach

SHIFT = 1e-4
"""Added to the diagonal, in mean stiffnesses: without it translations have no stiffness."""
N_MODES = 80


def strain(a, b):
    """Return a simple shear as a symmetric matrix."""
    matrix = np.zeros((3, 3))
    matrix[a, b] = matrix[b, a] = 0.5
    return matrix


SHEARS = (
    np.diag([0.5, -0.5, 0]), np.diag([1, 1, -2]) / np.sqrt(12), strain(0, 1), strain(1, 2),
    strain(0, 2),
)  # fmt: skip


@njit
def derivatives(form, table, first, second, squares, cutoffs, slope, curvature):
    """Write u' and u'' of each pair."""
    for k in range(len(squares)):
        if squares[k] < cutoffs[first[k], second[k]] ** 2:
            row = kernel.parameters(table, first[k], second[k])
            force = kernel.force_over_distance(form, squares[k], row)
            slope[k] = -force * np.sqrt(squares[k])
            curvature[k] = kernel.laplacian(form, squares[k], row) + 2 * force


class Solid:
    """The Hessian of an inherent state, factorized."""

    def __init__(self, caged):
        x, model, n = caged.inherent.configuration, caged.model, caged.n
        table = neighbor_table(x, reach(x, model))
        self.n = n
        self.i, self.j = table.pairs.T
        self.r = table.distances
        self.h = table.vectors / self.r[:, None]
        slope, curvature = np.zeros((2, len(self.r)))
        species = x.species.astype(np.int64)
        derivatives(
            FORMS[model.pair.form], pair_table(model.pair), species[self.i], species[self.j],
            self.r**2, np.asarray(model.pair.cutoffs), slope, curvature,
        )  # fmt: skip
        self.slope, self.curvature = slope, curvature
        along = self.h[:, :, None] * self.h[:, None, :]
        across = np.eye(3) - along
        self.bonds = curvature[:, None, None] * along + (slope / self.r)[:, None, None] * across
        diagonal = np.zeros((n, 3, 3))
        np.add.at(diagonal, self.i, self.bonds)
        blocks = np.concatenate([-self.bonds, diagonal])
        rows = np.concatenate([self.i, np.arange(n)])
        columns = np.concatenate([self.j, np.arange(n)])
        axes = np.arange(3)
        at = np.broadcast_arrays(
            3 * rows[:, None, None] + axes[:, None], 3 * columns[:, None, None] + axes
        )
        where = tuple(index.ravel() for index in at)
        self.hessian = sparse.csc_array((blocks.ravel(), where), shape=(3 * n, 3 * n))
        self.stiffness = np.trace(diagonal, axis1=1, axis2=2).mean() / 3
        self.shift = SHIFT * self.stiffness
        lifted = self.hessian + self.shift * sparse.eye_array(3 * n)
        self.solver = splu(
            lifted.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )  # fmt: skip

    def response(self, strain):
        """Return nonaffine forces and displacements (N, 3) under a strain."""
        stretch = (self.r[:, None] * self.h) @ strain.T
        forces = np.zeros((self.n, 3))
        np.add.at(forces, self.i, np.einsum("pab,pb->pa", self.bonds, stretch))
        moved = self.solver.solve(forces.ravel()).reshape(self.n, 3)
        return forces, moved - moved.mean(axis=0)

    def relative(self, moved):
        """Return the mean squared motion (N, ...) against the first shell, of (N, 3, ...)."""
        near = self.r < SHELL
        i, j = self.i[near], self.j[near]
        return mean_over(i, ((moved[j] - moved[i]) ** 2).sum(axis=1), self.n)


def elastic(d):
    """Nonaffine response to dilation and shear, stiffness to shear, stress at four lengths."""
    solid, n = Solid(d), d.n
    forces, moved = solid.response(np.eye(3) / 3)
    columns = [log((forces**2).sum(axis=1)), log((moved**2).sum(axis=1))]
    force, motion, relative, stiffness = np.zeros((4, n))
    for shear in SHEARS:
        forces, moved = solid.response(shear)
        force += (forces**2).sum(axis=1)
        motion += (moved**2).sum(axis=1)
        relative += solid.relative(moved)
        share = np.einsum("pa,ab,pb->p", solid.h, shear, solid.h) ** 2
        of_pairs = (solid.curvature * solid.r**2 - solid.slope * solid.r) * share
        stiffness += np.bincount(solid.i, of_pairs, minlength=n)
    stress = np.zeros((n, 3, 3))
    along = solid.h[:, :, None] * solid.h[:, None, :]
    np.add.at(stress, solid.i, (solid.slope * solid.r)[:, None, None] * along)
    columns += [log(force), log(motion), log(relative), stiffness]
    columns.append(np.trace(stress, axis1=1, axis2=2))
    for length in (None, 0.5, 1.0, 2.0):
        mean = stress
        if length is not None:
            i, j, _, r = d.pairs(2.5 * length)
            weights = sparse.csr_array((np.exp(-r / length), (i, j)), shape=(n, n))
            weights = weights + sparse.eye_array(n)
            norms = np.asarray(weights.sum(axis=1)).ravel()
            mean = ((weights @ stress.reshape(n, 9)) / norms[:, None]).reshape(n, 3, 3)
        pressure = np.trace(mean, axis1=1, axis2=2)[:, None, None] / 3
        columns.append(np.sqrt(((mean - pressure * np.eye(3)) ** 2).sum(axis=(1, 2))))
    return columns


def modes(d):
    """Share of each particle in the softest modes of vibration, and its motion in them."""
    solid, n = Solid(d), d.n
    inverse = LinearOperator(solid.hessian.shape, matvec=solid.solver.solve, dtype=float)
    values, found = eigsh(
        solid.hessian, k=N_MODES + 3, sigma=-solid.shift, OPinv=inverse, which="LM", tol=1e-4
    )
    order = np.argsort(values)[3:]  # without the translations
    values = np.maximum(values[order], 1e-6 * solid.stiffness)
    found = found[:, order].reshape(n, 3, -1)
    shares = (found**2).sum(axis=1)
    participation = 1 / (n * (shares**2).sum(axis=0))
    localized = participation < np.quantile(participation, 0.3)
    relative = np.zeros(n)
    for k, value in enumerate(values):
        relative += solid.relative(found[:, :, k]) / value
    thermal = shares / values
    return [
        log(shares[:, :20].sum(axis=1) + 1e-6), log(shares.sum(axis=1) + 1e-6),
        log(thermal.sum(axis=1) + 1e-9), log(thermal[:, localized].sum(axis=1) + 1e-9),
        log(relative + 1e-9), shares.max(axis=1),
    ]  # fmt: skip


ELASTIC = {"elastic": elastic, "modes": modes}
