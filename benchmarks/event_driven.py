"""Collisions of hard spheres a second: against a peer, and over the number of spheres.

    python benchmarks/event_driven.py

The peer is this project's first prototype, `edmd.py` in the folder that the environment variable
PROTOTYPES names, else in shared/prototypes beside the repository. Our kernel at all numbers of
spheres and the peer take turns.
"""

import importlib.util
import os
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np

import cagebreak as cb
import measure
import page
from cagebreak.simulation.hard_spheres import EventDriven

N = 2000
COPIES = ((1, 1, 1), (2, 2, 2), (5, 5, 2), (4, 4, 4))
"""Images of the small configuration along each edge."""
DENSE = 0.58
"""The packing fraction of the aims."""
PROTOTYPE = "event-driven prototype"


def prototype():
    folder = Path(os.environ.get("PROTOTYPES", page.ROOT.parent / "shared/prototypes"))
    path = folder / "edmd.py"
    if not path.exists():
        return None
    spec = importlib.util.spec_from_file_location("edmd", path)
    module = sys.modules["edmd"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tiled(configuration, copies):
    """Return images of a configuration side by side, as one configuration."""
    shifts = np.stack(np.meshgrid(*map(np.arange, copies), indexing="ij"), -1).reshape(-1, 1, 3)
    box = configuration.box.matrix
    positions = (configuration.positions + shifts @ box).reshape(-1, 3)
    species = np.tile(configuration.species, len(shifts))
    edges = configuration.box.with_matrix(box * np.array(copies)[:, None])
    return cb.Configuration(positions, species, edges)


def rate(run, collisions, duration):
    """Return a side that runs for a duration and returns collisions a second of CPU time."""

    def side():
        before, begun = collisions(), time.process_time()
        run(duration)
        return (collisions() - before) / (time.process_time() - begun)

    return side


def sides_of(start, model, peer):
    """Return our side and the peer's, which is absent also if the box is not cubic."""
    duration = max(4000 / len(start), 0.2)
    ours = EventDriven(start, model, seed=2)
    own = rate(ours.run, lambda: ours.collisions, duration)
    edges = start.box.lengths
    if peer is None or len(set(edges)) > 1:
        return own, None
    radii = np.asarray(model.diameters)[start.species] / 2
    theirs = peer.Sim(start.positions, radii, edges[0], shell=1.5, vel=ours.velocities)
    return own, rate(theirs.run, lambda: theirs.C[0], duration)


def collisions(packing, peer):
    model = cb.hard_spheres(packing)
    small = cb.equilibrate(model, N, 100, seed=1)
    sides = {}
    for copies in COPIES:
        own, theirs = sides_of(tiled(small, copies), model, peer)
        sides[copies, measure.OURS], sides[copies, PROTOTYPE] = own, theirs
    rates = measure.in_turn(sides, seconds=40)
    small_rates = rates[COPIES[0], measure.OURS]
    for copies in COPIES:
        n = N * int(np.prod(copies))
        subject, case = "event-driven dynamics", f"eta = {packing}, N = {n:,}"
        own, theirs = rates[copies, measure.OURS], rates[copies, PROTOTYPE]
        yield measure.row(subject, case, "collisions", measure.OURS, own / 1e6, unit="million/s")
        if len(set(copies)) == 1:
            aim = "at least 1" if n == N and packing == DENSE else ""
            speeds = measure.ratio(own, theirs)
            yield measure.row(subject, case, "speed", measure.OURS, speeds, peer=PROTOTYPE, aim=aim)
        if n > N:
            aim = "at least 0.5" if n == 100_000 and packing == DENSE else ""
            share = own / small_rates
            yield measure.row(
                subject, case, "collisions", measure.OURS, share, peer=f"N = {N:,}", aim=aim
            )


def rows_of_discs_and_sizes():
    """Yield the collisions a second of discs and of spheres with a size each, over hard spheres."""
    others = {
        "hard discs": cb.hard_discs(0.7),
        "polydisperse, eta = 0.5": cb.polydisperse_hard_spheres(0.5),
        f"polydisperse, eta = {DENSE}": cb.polydisperse_hard_spheres(DENSE),
    }
    solid = {"eta = 0.5": cb.hard_spheres(0.5), f"eta = {DENSE}": cb.hard_spheres(DENSE)}
    sides = {}
    for name, model in (others | solid).items():
        particles = EventDriven(cb.equilibrate(model, N, 5.0, seed=1), model, 2)
        sides[name] = rate(particles.run, partial(getattr, particles, "collisions"), 10.0)
    rates = measure.in_turn(sides)
    for name in others:
        equal = f"eta = {DENSE}" if str(DENSE) in name else "eta = 0.5"
        yield measure.row(
            "event-driven dynamics", f"{name}, N = {N:,}", "collisions", measure.OURS,
            measure.ratio(rates[name], rates[equal]), peer=f"hard spheres, {equal}",
            aim="at least 0.8",
        )  # fmt: skip


def rows():
    peer = prototype()
    yield from collisions(0.5, peer)
    yield from collisions(DENSE, peer)
    yield from rows_of_discs_and_sizes()


if __name__ == "__main__":
    measure.main(rows)
