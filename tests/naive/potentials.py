"""Slow, obvious twins of the pair potentials, their sums over a configuration, and FIRE."""

import numpy as np
from scipy.interpolate import CubicHermiteSpline

from naive.descriptors import images


def pair(potential, a, b):
    """Return u(r) and u'(r) of two species, within the cut-off."""
    if potential.tables:
        return tabulated(potential.tables[a][b])
    epsilon, sigma = potential.epsilon[a][b], potential.sigma[a][b]
    end = potential.cutoff * sigma

    if potential.form == "harmonic":
        return (
            lambda r: epsilon * (1 - r / sigma) ** 2,
            lambda r: -2 * epsilon / sigma * (1 - r / sigma),
        )
    if potential.form == "hard_log":
        slope = -epsilon / (end - sigma)
        return (
            lambda r: -epsilon * np.log((r - sigma) / (end - sigma)) - (r - end) * slope,
            lambda r: -epsilon / (r - sigma) - slope,
        )

    def bare(r):
        return 4 * epsilon * ((sigma / r) ** 12 - (sigma / r) ** 6)

    def bare_slope(r):
        return -4 * epsilon * (12 * sigma**12 / r**13 - 6 * sigma**6 / r**7)

    if potential.form == "lennard_jones":
        return (lambda r: bare(r) - bare(end)), bare_slope

    # The cubic that joins the slope of the bare potential and ends at zero, smooth at both ends.
    start = potential.inner_cutoff * sigma
    curvature = 4 * epsilon * (156 * sigma**12 / start**14 - 42 * sigma**6 / start**8)
    t = end - start
    conditions = [[1, 0, 0, 0], [0, 1, 0, 0], [1, t, t**2, t**3], [0, 1, 2 * t, 3 * t**2]]
    slope = np.polynomial.Polynomial(
        np.linalg.solve(conditions, [bare_slope(start), curvature, 0, 0])
    )
    energy = slope.integ()
    return (
        lambda r: np.where(
            r < start,
            bare(r) - bare(start) + energy(0) - energy(t),
            energy(r - start) - energy(t),
        ),
        lambda r: np.where(r < start, bare_slope(r), slope(r - start)),
    )


def tabulated(table):
    """Return u(r) and u'(r) of a table: its tangent, where it has not begun."""
    r = np.linspace(table.first, table.last, len(table.energies))
    u = CubicHermiteSpline(r, table.energies, -np.array(table.forces))
    force = table.forces[0]
    return (
        lambda r: np.where(r < table.first, u(table.first) + force * (table.first - r), u(r)),
        lambda r: np.where(r < table.first, -force, u(r, 1)),
    )


def bond(bonds):
    """Return u(r) and u'(r) of a bond."""
    k, end, epsilon, sigma = bonds.stiffness, bonds.extent, bonds.epsilon, bonds.sigma
    bottom = 2 ** (1 / 6) * sigma

    def u(r):
        if r >= end:
            return np.inf
        repulsion = 4 * epsilon * ((sigma / r) ** 12 - (sigma / r) ** 6) + epsilon
        return -k * end**2 / 2 * np.log(1 - (r / end) ** 2) + (repulsion if r < bottom else 0)

    def slope(r):
        repulsion = -4 * epsilon * (12 * sigma**12 / r**13 - 6 * sigma**6 / r**7)
        return k * r / (1 - (r / end) ** 2) + (repulsion if r < bottom else 0)

    return u, slope


def bonded(bonds, i, index, vectors):
    """Return which of the images around particle i it is bonded to: the nearest of each partner."""
    n = bonds.chain_length if bonds else 1
    partners = [j for j in (i - 1, i + 1) if j // n == i // n and j != i]
    distances = np.linalg.norm(vectors, axis=1)
    return [int(np.argmin(np.where(index == j, distances, np.inf))) for j in partners]


def sums(configuration, potential, bonds=None):
    """Return energy (N,) and force (N, 3) of every particle."""
    n = len(configuration)
    energies, forces = np.zeros(n), np.zeros((n, 3))
    for i in range(n):
        a = configuration.species[i]
        index, vectors = images(configuration, i, potential.cutoffs.max())
        distances = np.linalg.norm(vectors, axis=1)
        partners = bonded(bonds, i, index, vectors)
        for k in partners:
            u, slope = bond(bonds)
            energies[i] += u(distances[k]) / 2
            forces[i] += slope(distances[k]) / distances[k] * vectors[k]
        distances[partners] = np.inf
        for b in range(configuration.n_species):
            near = distances < potential.cutoffs[a, b]
            near &= configuration.species[index] == b
            u, slope = pair(potential, a, b)
            r = distances[near]
            energies[i] += u(r).sum() / 2
            forces[i] += (slope(r) / r) @ vectors[near]
    return energies, forces


def smallest_gaps(configuration, sigma):
    """Return how far each sphere is from touching the nearest, at most 1."""
    gaps = np.ones(len(configuration))
    for i in range(len(configuration)):
        index, vectors = images(configuration, i, 1 + np.max(sigma))
        contact = np.array(sigma)[configuration.species[i], configuration.species[index]]
        gaps[i] = (np.linalg.norm(vectors, axis=1) - contact).min(initial=1)
    return gaps


def slack(configuration, bonds):
    """Return how far each particle's bonds are from their full length."""
    rest = np.full(len(configuration), np.inf)
    for i in range(len(rest)):
        index, vectors = images(configuration, i, bonds.extent)
        for k in bonded(bonds, i, index, vectors):
            rest[i] = min(rest[i], bonds.extent - np.linalg.norm(vectors[k]))
    return rest


def fire(configuration, potential, n_steps, first_dt, bonds=None):
    """Return the positions after each number of FIRE steps, (n_steps + 1, N, 3), and forces."""
    dt, mixing, downhill = first_dt, 0.1, 0
    v = np.zeros((len(configuration), 3))
    path, forces = [configuration.positions], [sums(configuration, potential, bonds)[1]]
    for _ in range(n_steps):
        force = forces[-1]
        if (force * v).sum() > 0:
            v = (1 - mixing) * v + mixing * np.linalg.norm(v) * force / np.linalg.norm(force)
            downhill += 1
            if downhill > 5:
                dt, mixing = min(1.1 * dt, 10 * first_dt), 0.99 * mixing
        else:
            dt, mixing, downhill = (dt / 2 if v.any() else dt), 0.1, 0
            v = 0 * v
        now = dt
        limit = np.full(len(v), 0.1)
        if potential.form == "hard_log":
            gaps = smallest_gaps(configuration.replace(positions=path[-1]), potential.sigma)
            now, limit = min(dt, 0.7 * gaps.min()), np.minimum(limit, gaps / 4)
        if bonds is not None:
            limit = np.minimum(limit, slack(configuration.replace(positions=path[-1]), bonds) / 4)
        v = v + now * force
        steps = now * np.linalg.norm(v, axis=1)
        v = v * np.where(steps > limit, limit / steps, 1)[:, None]
        path.append(path[-1] + now * v)
        forces.append(sums(configuration.replace(positions=path[-1]), potential, bonds)[1])
    return np.array(path), np.array(forces)
