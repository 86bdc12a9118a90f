"""Fields of the caged motion of each particle that the trials add to the recommended set.

Each function takes a `Caged` and returns columns (N,). u is the deviation of a particle from its
mean position in a sample of the cage, in sigma.
"""

import numpy as np
from scipy import sparse
from scipy.spatial import ConvexHull, Voronoi

from cagebreak.neighbors import neighbor_table

STRIDE = 3
"""Every third sample is read."""
SHELL = 1.5
"""The first shell, in sigma."""
FLOOR = 1e-8


class Caged:
    """Samples and moments of the cage state of a configuration.

    Parameters
    ----------
    model, start, inherent, chains
        What `states.Source` returns.
    wide
        A chain in spheres of 0.8 sigma instead of Voronoi cells, or None.
    """

    def __init__(self, model, start, inherent, chains, wide=None):
        self.model, self.start, self.inherent, self.wide = model, start, inherent, wide
        self.chains, self.n = chains, len(start)
        self.means = [chain.configuration.positions - start.positions for chain in chains]
        self.mean = np.mean(self.means, axis=0)
        self.cage = start.replace(positions=start.positions + self.mean)
        self.covariance = np.mean([chain.covariance for chain in chains], axis=0)
        self.variance = np.trace(self.covariance, axis1=1, axis2=2)
        self.moved = [moved_in(chain) for chain in chains]
        self.parts = [(moved - moved.mean(axis=0))[::STRIDE] for moved in self.moved]
        self.u = np.concatenate(self.parts)
        self.squares = (self.u**2).sum(axis=2)
        self._pairs = {}

    def pairs(self, cutoff):
        """Return particles, neighbors, vectors and distances of all pairs of mean positions."""
        if cutoff not in self._pairs:
            table = neighbor_table(self.cage, cutoff)
            first, second = table.pairs.T
            self._pairs[cutoff] = first, second, table.vectors, table.distances
        return self._pairs[cutoff]

    def kernel(self, length):
        """Return the matrix (N, N) that averages over neighbors with weights exp(-r / length)."""
        i, j, _, r = self.pairs(2.5 * length)
        weights = sparse.csr_array((np.exp(-r / length), (i, j)), shape=(self.n, self.n))
        norms = np.maximum(np.asarray(weights.sum(axis=1)).ravel(), 1e-12)
        return (sparse.diags_array(1 / norms) @ weights).tocsr()

    def averaged(self, length):
        """Return u averaged over neighbors in each sample, (K, N, 3)."""
        n_samples = len(self.u)
        flat = self.u.transpose(1, 0, 2).reshape(self.n, -1)
        smooth = self.kernel(length).astype(np.float32) @ np.ascontiguousarray(flat)
        return smooth.reshape(self.n, n_samples, 3).transpose(1, 0, 2)


def moved_in(chain):
    """Return displacements (K, N, 3) of the samples, without that of the center of mass."""
    moved = (chain.samples - chain.start.unwrapped).astype(np.float32)
    return moved - moved.mean(axis=1, keepdims=True)


def log(x):
    """Return the logarithm, finite for 0."""
    return np.log(np.maximum(x, 1e-300))


def mean_over(i, x, n):
    """Return the mean of x over the pairs of each particle."""
    return np.bincount(i, x, minlength=n) / np.maximum(np.bincount(i, minlength=n), 1)


def most_of(i, x, n):
    """Return the largest x of the pairs of each particle; 0 without pairs."""
    result = np.full(n, -np.inf)
    np.maximum.at(result, i, x)
    return np.where(np.isfinite(result), result, 0)


def slow(d):
    """Slow motion in the cage: error of the mean, blocks, persistence from sample to sample."""
    error = np.mean([chain.error**2 for chain in d.chains], axis=0)
    columns = [0.5 * log(error + FLOOR)]
    if len(d.means) > 1:
        columns.append(0.5 * log(((d.means[0] - d.means[1]) ** 2).sum(axis=1) + FLOOR))
    blocks = [moved.reshape(10, -1, d.n, 3).mean(axis=1) for moved in d.moved]
    between = np.mean([block.var(axis=0).sum(axis=1) for block in blocks], axis=0)
    persistence = [(u[1:] * u[:-1]).sum(2).mean(0) / (u**2).sum(2).mean(0) for u in d.parts]
    return [*columns, log(between + FLOOR), between / d.variance, np.mean(persistence, axis=0)]


def moments(d):
    """Non-Gaussian parameter, skewness and range of the caged motion."""
    mean = d.squares.mean(axis=0)
    skewness = np.linalg.norm((d.squares[..., None] * d.u).mean(axis=0), axis=1) / mean**1.5
    furthest = np.sqrt(np.quantile(d.squares, 0.98, axis=0))
    alpha2 = 0.6 * (d.squares**2).mean(axis=0) / mean**2 - 1
    return [alpha2, skewness, furthest, furthest / np.sqrt(mean)]


def relative(d):
    """Variance of the motion relative to the neighbors'."""
    columns = []
    for length in (0.5, 1.0):
        variance = ((d.u - d.averaged(length)) ** 2).sum(axis=2).mean(axis=0)
        columns += [log(variance), variance / d.squares.mean(axis=0)]
    return columns


def collective(d):
    """Variance of the motion averaged over neighbors: softness at a length."""
    return [log((d.averaged(x) ** 2).sum(axis=2).mean(axis=0)) for x in (0.5, 1.0, 2.0)]


def directions(d):
    """Soft directions of the cage covariance, and those of the neighbors."""
    i, j, vectors, r = d.pairs(SHELL)
    h, n, c = vectors / r[:, None], d.n, d.covariance
    toward = np.einsum("pa,pab,pb->p", h, c[j], h)
    own = np.einsum("pa,pab,pb->p", h, c[i], h)
    soft = np.linalg.eigh(c)[1][:, :, 2]
    alike = np.einsum("pab,pba->p", c[i], c[j]) / (d.variance[i] * d.variance[j])
    pointing = np.einsum("pa,pa->p", soft[j], h) ** 2
    along = np.einsum("pa,pa->p", soft[i], h) ** 2
    mutual = np.einsum("pa,pa->p", soft[i], soft[j]) ** 2
    share = along / np.maximum(np.bincount(i, along, minlength=n)[i], 1e-12)
    yielding = np.einsum("pa,pab,pb->p", soft[i], c[j], soft[i])
    return [
        log(mean_over(i, toward, n)), log(most_of(i, toward, n)), -log(-most_of(i, -own, n)),
        mean_over(i, alike, n), most_of(i, alike, n), mean_over(i, pointing, n),
        mean_over(i, mutual, n), log(np.bincount(i, share * yielding, minlength=n)),
        log(most_of(i, own, n)),
    ]  # fmt: skip


def pairs(d):
    """Correlated motion of neighbors, and pair displacements of the cage centers."""
    i, j, vectors, r = d.pairs(SHELL)
    h, n = (vectors / r[:, None]).astype(np.float32), d.n
    product, along, stretch = np.zeros((3, len(i)))
    for u in d.u:
        product += (u[i] * u[j]).sum(axis=1)
        x, y = (u[i] * h).sum(axis=1), (u[j] * h).sum(axis=1)
        along += x * y
        stretch += (y - x) ** 2
    own = d.squares.mean(axis=0)
    norms = np.sqrt(own[i] * own[j])
    product, along, stretch = np.array([product / norms, along / norms, stretch]) / len(d.u)
    moved = d.mean[j] - d.mean[i]
    change = r - np.linalg.norm(vectors - moved, axis=1)
    return [
        mean_over(i, product, n), most_of(i, product, n), -most_of(i, -product, n),
        mean_over(i, along, n), log(mean_over(i, stretch, n)), log(most_of(i, stretch, n)),
        mean_over(i, np.abs(change), n), most_of(i, np.abs(change), n), mean_over(i, change, n),
        mean_over(i, np.linalg.norm(moved, axis=1), n),
    ]  # fmt: skip


def vectors(d):
    """Displacements to the cage and the inherent state as vectors: coherence and divergence."""
    i, j, vector, r = d.pairs(2.5)
    unit, weights, n = vector / r[:, None], np.exp(-r), d.n
    inherent = d.inherent.configuration.unwrapped - d.start.unwrapped
    columns = []
    for moved in (d.mean, inherent):
        m = moved - moved.mean(axis=0)
        for length in (0.5, 1.0, 2.0):
            around = d.kernel(length) @ m
            aligned = (around * m).sum(axis=1) / (np.linalg.norm(m, axis=1) + 1e-9)
            columns += [np.linalg.norm(around, axis=1), aligned]
        flux = np.bincount(i, weights * (m[j] * unit).sum(axis=1), minlength=n)
        columns.append(flux / np.bincount(i, weights, minlength=n))
    aligned = (d.mean * inherent).sum(axis=1) / (np.linalg.norm(inherent, axis=1) + 1e-9)
    return [*columns, np.linalg.norm(d.mean - inherent, axis=1), aligned]


def coordination(d):
    """Neighbors within 1.4 contacts in samples: variance, those that come and go, kept, mean."""
    i, j, vectors, _ = d.pairs(2.2)
    first, n = 1.4 * contacts(d, i, j), d.n
    vectors = vectors.astype(np.float32)
    sums, squares, near = np.zeros(n), np.zeros(n), np.zeros(len(i))
    samples = d.u[::2]
    for u in samples:
        inside = np.linalg.norm(vectors + u[j] - u[i], axis=1) < first
        near += inside
        number = np.bincount(i, inside, minlength=n)
        sums, squares = sums + number, squares + number**2
    mean, near = sums / len(samples), near / len(samples)
    at_start = d.start.box.minimum_image(d.start.positions[j] - d.start.positions[i])
    began = np.linalg.norm(at_start, axis=1) < first
    kept = np.bincount(i, near * began, minlength=n)
    return [
        log(squares / len(samples) - mean**2 + 1e-3),
        np.bincount(i, near * (1 - near), minlength=n),
        kept / np.maximum(np.bincount(i, began, minlength=n), 1),
        mean,
    ]


def numbers(d):
    """Mean numbers of neighbors of each species within five distances, over samples."""
    i, j, vectors, _ = d.pairs(2.9)
    n_species, cuts = d.model.n_species, (1.25, 1.4, 1.6, 1.9, 2.3)
    size, row = contacts(d, i, j), i * n_species + d.start.species[j]
    vectors, samples = vectors.astype(np.float32), d.u[::8]
    sums = np.zeros((len(cuts), d.n * n_species))
    for u in samples:
        ratio = np.linalg.norm(vectors + u[j] - u[i], axis=1) / size
        for k, cut in enumerate(cuts):
            sums[k] += np.bincount(row[ratio < cut], minlength=d.n * n_species)
    shaped = (sums / len(samples)).reshape(len(cuts), d.n, n_species)
    return list(shaped.transpose(0, 2, 1).reshape(-1, d.n))


def contacts(d, i, j):
    """Return sigma of each pair, by its species."""
    return np.asarray(d.model.pair.sigma)[d.start.species[i], d.start.species[j]]


def density(d):
    """Fluctuation of the number of neighbors under a Gaussian: local compressibility."""
    i, j, vectors, _ = d.pairs(3.0)
    vectors, samples, columns = vectors.astype(np.float32), d.u[::4], []
    for width in (0.7, 1.2):
        numbers = np.array(
            [
                np.bincount(
                    i,
                    np.exp(-((vectors + u[j] - u[i]) ** 2).sum(axis=1) / (2 * width**2)),
                    minlength=d.n,
                )
                for u in samples
            ]
        )
        columns += [numbers.mean(axis=0), log(numbers.var(axis=0))]
    return columns


def cells(d):
    """Volume of the Voronoi cell of the mean positions, and its isoperimetric quotient."""
    box = d.cage.box
    x = box.wrap(d.cage.positions)
    shifts = np.stack(np.meshgrid(*[[0, -1, 1]] * 3, indexing="ij"), -1).reshape(-1, 3)
    copies = (x + (shifts * box.lengths)[:, None]).reshape(-1, 3)
    near = ((copies > -3) & (copies < box.lengths + 3)).all(axis=1)
    near[: d.n] = True
    found = Voronoi(copies[near])
    hulls = [ConvexHull(found.vertices[found.regions[k]]) for k in found.point_region[: d.n]]
    volume, area = np.array([(hull.volume, hull.area) for hull in hulls]).T
    return [np.log(volume), 36 * np.pi * volume**2 / area**3]


def wide(d):
    """Motion in spheres of 0.8 sigma instead of Voronoi cells, with as many sweeps."""
    moved = np.linalg.norm(moved_in(d.wide), axis=2)
    eigenvalues = np.maximum(np.linalg.eigvalsh(d.wide.covariance), 1e-12)
    total = log(eigenvalues.sum(axis=1))
    return [
        total, *np.log(eigenvalues).T, total - log(d.variance),
        np.linalg.norm(moved_in(d.wide).mean(axis=0), axis=1), moved.mean(axis=0),
        moved[-30:].mean(axis=0), (moved > 0.5).mean(axis=0), d.wide.acceptance,
        np.log(d.wide.cell_rejection + 1e-3), 0.5 * log(d.wide.error**2 + FLOOR),
    ]  # fmt: skip


FIELDS = {
    function.__name__: function
    for function in (
        slow, moments, relative, collective, directions, pairs, vectors, coordination, numbers,
        density, cells, wide,
    )
}  # fmt: skip
