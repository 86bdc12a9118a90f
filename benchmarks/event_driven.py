"""Collisions per second of the event-driven kernel, against a peer if one is named.

    python benchmarks/event_driven.py [--peer prototype.py]

The peer is a module with `Sim(positions, radii, L, shell=...)`, `.run(duration)` and a collision
counter `.C[0]`, such as this project's first sketch of the algorithm. Both run in turn, on one
core; medians of the ratio are what to read, since absolute times drift with the machine's load.
"""

import argparse
import importlib.util
import platform
import sys
import time
from pathlib import Path

import numpy as np

import cagebreak as cb
from cagebreak.simulation.hard_spheres import EventDriven


def speed(run, counter, duration):
    before, start = counter(), time.process_time()
    run(duration)
    return (counter() - before) / (time.process_time() - start)


def tiled(configuration, copies):
    """Return copies**3 images of a configuration side by side, as one."""
    shifts = np.stack(np.meshgrid(*[np.arange(copies)] * 3), axis=-1).reshape(-1, 1, 3)
    box = configuration.box.matrix
    positions = (configuration.positions + shifts @ box).reshape(-1, 3)
    return cb.Configuration(positions, np.tile(configuration.species, copies**3), box * copies)


def load(path):
    spec = importlib.util.spec_from_file_location("peer", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["peer"] = module
    spec.loader.exec_module(module)
    return module


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", type=Path, help="a Python file with a class Sim")
    parser.add_argument("--copies", type=int, nargs="+", default=[1, 2, 4], help="along each edge")
    parser.add_argument("--packing", type=float, nargs="+", default=[0.50, 0.58])
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    peer = load(arguments.peer) if arguments.peer else None

    print(f"{platform.processor() or platform.machine()}, one core, CPU time, medians")
    print("packing       N   cagebreak [1e6/s]   peer [1e6/s]   ratio (middle half)")
    for packing in arguments.packing:
        model = cb.hard_spheres(packing)
        small = cb.equilibrate(model, 2000, 100, seed=1)
        for copies in arguments.copies:
            start = tiled(small, copies)
            n = len(start)
            ours = EventDriven(start, model, seed=2)
            duration = max(4000.0 / n, 0.2)
            ours.run(duration)
            theirs = None
            if peer:
                radii = np.asarray(model.diameters)[start.species] / 2
                theirs = peer.Sim(
                    start.positions, radii, start.box.lengths[0], shell=1.5, vel=ours.velocities
                )
                theirs.run(duration)
            rates = []
            for _ in range(arguments.rounds):
                own = speed(ours.run, lambda ours=ours: ours.collisions, duration)
                other = np.nan
                if theirs:
                    other = speed(theirs.run, lambda theirs=theirs: theirs.C[0], duration)
                rates.append((own, other, own / other))
            own, other, ratio = np.median(rates, axis=0)
            low, high = np.percentile(np.array(rates)[:, 2], [25, 75])
            print(
                f"{packing:7.2f} {n:7d} {own / 1e6:19.2f} {other / 1e6:14.2f} "
                f"{ratio:7.2f} ({low:.2f}-{high:.2f})",
                flush=True,
            )


if __name__ == "__main__":
    main()
