"""Collisions per second of the event-driven kernel, against a peer if one is named.

    python benchmarks/event_driven.py [--peer prototype.py]

The peer is a module with `Sim(positions, radii, L, shell=...)`, `.run(duration)` and a collision
counter `.C[0]`, such as this project's first sketch of the algorithm. Both, and all numbers of
spheres, run in turn, on one core; medians of the ratios are what to read, since absolute times
drift with the machine's load.
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


def prepare(start, model, peer):
    """Return our simulation, the peer's (or None) and a duration, both past their first steps."""
    duration = max(4000.0 / len(start), 0.2)
    ours = EventDriven(start, model, seed=2)
    ours.run(duration)
    theirs = None
    if peer:
        radii = np.asarray(model.diameters)[start.species] / 2
        theirs = peer.Sim(
            start.positions, radii, start.box.lengths[0], shell=1.5, vel=ours.velocities
        )
        theirs.run(duration)
    return ours, theirs, duration


def measure(ours, theirs, duration):
    own = speed(ours.run, lambda: ours.collisions, duration)
    return own, speed(theirs.run, lambda: theirs.C[0], duration) if theirs else np.nan


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", type=Path, help="a Python file with a class Sim")
    parser.add_argument("--copies", type=int, nargs="+", default=[1, 2, 4], help="along each edge")
    parser.add_argument("--packing", type=float, nargs="+", default=[0.50, 0.58])
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    peer = load(arguments.peer) if arguments.peer else None

    print(f"{platform.processor() or platform.machine()}, one core, CPU time, medians")
    print("packing       N   cagebreak [1e6/s]   over first N   peer [1e6/s]   ratio (middle half)")
    for packing in arguments.packing:
        model = cb.hard_spheres(packing)
        small = cb.equilibrate(model, 2000, 100, seed=1)
        pairs = [prepare(tiled(small, copies), model, peer) for copies in arguments.copies]
        rates = np.array([[measure(*pair) for pair in pairs] for _ in range(arguments.rounds)])
        share = np.median(rates[:, :, 0] / rates[:, :1, 0], axis=0)
        own, other = np.median(rates, axis=0).T
        low, ratio, high = np.percentile(rates[:, :, 0] / rates[:, :, 1], [25, 50, 75], axis=0)
        for k, copies in enumerate(arguments.copies):
            print(
                f"{packing:7.2f} {2000 * copies**3:7d} {own[k] / 1e6:19.2f} {share[k]:14.2f} "
                f"{other[k] / 1e6:14.2f} {ratio[k]:7.2f} ({low[k]:.2f}-{high[k]:.2f})",
                flush=True,
            )


if __name__ == "__main__":
    main()
