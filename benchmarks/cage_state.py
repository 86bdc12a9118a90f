"""Monte Carlo moves of the cage state, against a plain scalar loop of the same rules.

    python benchmarks/cage_state.py

The peer is what one would write first: static neighbor lists of the same pairs, one neighbor
after the other in double precision with the nearest image, out at the first overlap, faces of
cells tested at every trial. Then two chains in two threads, against one after the other.
"""

import math

import numba
import numpy as np

import cagebreak as cb
import measure
from cagebreak import models, potentials
from cagebreak.potentials._pair_kernel import CUTOFF_SQUARED, energy, parameters
from cagebreak.states import CageSampler


@numba.njit(error_model="numpy", fastmath={"contract"})
def plain(
    sweeps, seed, step, x, start, edges, species, hard, form, table, beta, rows, lists, cells
):
    np.random.seed(seed)  # noqa: NPY002, what Numba has
    offsets, faces = cells
    accepted = 0
    trial = np.empty(3)
    for _ in range(sweeps):
        for i in range(len(x)):
            square = 0.0
            for a in range(3):
                trial[a] = x[i, a] + (2 * np.random.random() - 1) * step  # noqa: NPY002
                square += (trial[a] - start[i, a]) ** 2
            inside = True
            for k in range(offsets[i], offsets[i + 1]):
                towards = 0.0
                for a in range(3):
                    towards += faces[k, a] * (trial[a] - start[i, a])
                if towards >= faces[k, 3] + faces[k, 4] * square:
                    inside = False
                    break
            if not inside:
                continue
            change = 0.0
            for g in range(rows.shape[1]):
                for k in range(rows[i, g, 0], rows[i, g, 0] + rows[i, g, 1]):
                    j = lists[k]
                    new = old = 0.0
                    for a in range(3):
                        d = trial[a] - x[j, a]
                        d -= edges[a] * np.rint(d / edges[a])
                        new += d * d
                    p = parameters(table, species[i], species[j])
                    if hard:
                        if new < p[1] * p[1]:
                            inside = False
                            break
                        continue
                    for a in range(3):
                        d = x[i, a] - x[j, a]
                        d -= edges[a] * np.rint(d / edges[a])
                        old += d * d
                    if new < p[CUTOFF_SQUARED]:
                        change += energy(form, new, p)
                    if old < p[CUTOFF_SQUARED]:
                        change -= energy(form, old, p)
                if not inside:
                    break
            if not inside:
                continue
            if change <= 0 or np.random.random() < math.exp(-beta * change):  # noqa: NPY002
                x[i] = trial
                accepted += 1
    return accepted


def plain_side(ours, configuration, model, sweeps):
    """Return the peer, which is given our lists, sorted positions and cells."""
    start = ours._sorted.positions.copy()
    x = start + ours._from_centers() + ours._sites.centers.T
    common = (
        start, np.diag(configuration.box.matrix).copy(), ours._sorted.species,
        model.is_hard, potentials.FORMS[model.pair.form],
        potentials.pair_table(model.pair), 1 / model.temperature,
    )  # fmt: skip
    lists, cells = ours._lists, (ours._cells.offsets, ours._cells.faces)
    step, seeds = ours.step, iter(range(1_000_000))
    return measure.cpu(
        lambda: plain(sweeps, next(seeds), step, x, *common, lists.rows, lists.entries, cells)
    )


def moves(name, configuration, model, sweeps):
    ours = CageSampler(configuration, model, 1)
    ours.relax(200)
    sides = measure.in_turn(
        {
            measure.OURS: measure.cpu(lambda: ours.run(sweeps)),
            "plain loop": plain_side(ours, configuration, model, sweeps),
        }
    )
    n = len(configuration)
    yield from measure.compare(
        "cage state", f"{name}, N = {n}", sides, "ns", 1e9 / (n * sweeps),
        quantity="CPU time a move", aims={"plain loop": "at least 3"},
    )  # fmt: skip


def two_chains(name, configuration, model, sweeps):
    def chains(threads):
        numba.set_num_threads(threads)
        cb.cage_state(configuration, model, seed=1, sweeps=(0, sweeps), chains=2)

    sides = measure.in_turn({k: measure.wall(lambda k=k: chains(k)) for k in (1, 2)})
    yield measure.row(
        "two chains of the cage state", f"{name}, N = {len(configuration)}", "speed",
        "two threads", sides[1] / sides[2], peer="one thread",
    )  # fmt: skip


def rows():
    hard, soft = models.hard_spheres(0.58), models.kob_andersen(number_density=1.2)
    spheres = cb.equilibrate(hard, 2000, 100, seed=1)
    packed = cb.equilibrate(models.hard_spheres(0.5, 0.88, 0.8), 4096, 10, seed=1)
    scale = soft.box(4096).lengths[0] / packed.box.lengths[0]
    glass = cb.Configuration(packed.positions * scale, packed.species, soft.box(4096))
    for name, start, model, sweeps in (
        ("hard spheres", spheres, hard, 1000),
        ("Kob-Andersen", glass, soft, 100),
    ):
        yield from moves(name, start, model, sweeps)
        if numba.config.NUMBA_NUM_THREADS > 1:
            yield from two_chains(name, start, model, 10 * sweeps)


if __name__ == "__main__":
    measure.main(rows)
