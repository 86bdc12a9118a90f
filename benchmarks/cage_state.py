"""Monte Carlo moves per second of the cage state, against a plain scalar loop of the same rules.

    python benchmarks/cage_state.py [--hard FILE] [--soft FILE.npz] [--rounds 9]

The peer is what one would write first: static neighbor lists of the same pairs, one neighbor
after the other in double precision with the nearest image, out at the first overlap, faces of
cells tested at every trial. Both run in turn, on one core, by CPU time. Read the medians of the
ratio: absolute times vary with the load of the machine. Without files, a small glass is made.
"""

import argparse
import math
import platform
import time
from pathlib import Path

import numpy as np
from numba import njit

import cagebreak as cb
from cagebreak import models, potentials
from cagebreak.potentials._pair_kernel import CUTOFF_SQUARED, energy, parameters
from cagebreak.states import CageSampler


@njit(error_model="numpy", fastmath={"contract"})
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


def compare(name, configuration, model, sweeps, rounds):
    ours = CageSampler(configuration, model, 1)
    ours.relax(200)
    # The peer is given our lists, sorted positions and cells.
    start = ours._sorted.positions.copy()
    x = start + ours._from_centers() + ours._sites.centers.T
    common = (
        start, np.diag(configuration.box.matrix).copy(), ours._sorted.species,
        model.is_hard, potentials.FORMS[model.pair.form],
        potentials.pair_table(model.pair), 1 / model.temperature,
    )  # fmt: skip
    cells = ours._cells.offsets, ours._cells.faces
    rates = []
    for k in range(rounds + 1):
        before = time.process_time()
        ours.run(sweeps)
        own = time.process_time() - before
        before = time.process_time()
        plain(sweeps, k, ours.step, x, *common, ours._lists.rows, ours._lists.entries, cells)
        peer = time.process_time() - before
        if k:  # the first compiles
            rates.append((own, peer))
    own, peer = np.array(rates).T / (sweeps * len(configuration)) * 1e9
    low, middle, high = np.percentile(peer / own, [25, 50, 75])
    print(
        f"{name:14s} {len(configuration):6d} {np.median(own):10.0f} {np.median(peer):10.0f} "
        f"{middle:7.2f} ({low:.2f}-{high:.2f})",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hard", type=Path, help="a configuration of hard spheres at 0.58")
    parser.add_argument("--soft", type=Path, help="a Kob-Andersen npz of the BOTAN data")
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    hard, soft = models.hard_spheres(0.58), models.kob_andersen(number_density=1.2)
    spheres = cb.read(arguments.hard) if arguments.hard else cb.equilibrate(hard, 2000, 100, seed=1)
    if arguments.soft:
        data = np.load(arguments.soft)
        glass = cb.Configuration(
            data["initial_positions"], data["types"].astype(int), soft.box(len(data["types"]))
        )
    else:
        packed = cb.equilibrate(models.hard_spheres(0.5, 0.88, 0.8), 4096, 10, seed=1)
        scale = soft.box(4096).lengths[0] / packed.box.lengths[0]
        glass = cb.Configuration(packed.positions * scale, packed.species, soft.box(4096))
    print(f"{platform.processor() or platform.machine()}, one core, CPU time, medians")
    print("model               N   ours [ns]  peer [ns]   ratio (middle half)   per move")
    compare("hard spheres", spheres, hard, 300, arguments.rounds)
    compare("Kob-Andersen", glass, soft, 30, arguments.rounds)


if __name__ == "__main__":
    main()
