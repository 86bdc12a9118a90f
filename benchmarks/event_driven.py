"""Collisions of hard spheres a second: against a peer, and over the number of spheres.

    python benchmarks/event_driven.py

One peer is this project's first prototype, `edmd.py` in the folder that the environment variable
PROTOTYPES names, else in shared/prototypes beside the repository. Our kernel at all numbers of
spheres and the prototype take turns.

The other is the code `Single` of Smallenburg 2022, the executable that the environment variable
EDMD names. It is built from the published source with room for 64 neighbors, and runs 100 tau in
units of the largest sphere.
"""

import importlib.util
import os
import re
import resource
import subprocess
import sys
import tempfile
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
PROTOTYPE, PUBLISHED = "event-driven prototype", "EDMD Single of Smallenburg 2022"


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


def published(start, model, executable):
    """Return the side of the published code, from the same positions."""
    diameters = start.diameters
    if diameters is None:
        diameters = np.asarray(model.diameters)[start.species]
    unit = diameters.max()
    spheres = np.column_stack([start.wrapped, diameters / 2]) / unit
    rows = [f"a {x} {y} {z} {radius}" for x, y, z, radius in spheres]
    text = "\n".join([str(len(start)), " ".join(map(str, start.box.lengths / unit)), *rows, ""])

    def side():
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "init.sph").write_text(text)
            begun = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
            run = subprocess.run([executable], cwd=folder, capture_output=True, check=True)
            seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - begun
        return int(re.findall(rb"Collisions: (\d+)", run.stdout)[-1]) / seconds

    return side


def rows_of_discs_and_sizes():
    """Yield the collisions a second of discs and of spheres with a size each, over hard spheres."""
    models = {
        "eta = 0.5": cb.hard_spheres(0.5),
        f"eta = {DENSE}": cb.hard_spheres(DENSE),
        "hard discs": cb.hard_discs(0.7),
        "polydisperse, eta = 0.5": cb.polydisperse_hard_spheres(0.5),
        f"polydisperse, eta = {DENSE}": cb.polydisperse_hard_spheres(DENSE),
    }
    starts = {name: cb.equilibrate(model, N, 5.0, seed=1) for name, model in models.items()}
    sides = {}
    for name, model in models.items():
        particles = EventDriven(starts[name], model, 2)
        collided = partial(getattr, particles, "collisions")
        sides[name, measure.OURS] = rate(particles.run, collided, 10.0)
        executable = None if starts[name].dimension == 2 else os.environ.get("EDMD")
        side = executable and published(starts[name], model, executable)
        sides[name, PUBLISHED] = side
    rates = measure.in_turn(sides)
    subject = "event-driven dynamics"
    for name in models:
        case, own, theirs = f"{name}, N = {N:,}", rates[name, measure.OURS], rates[name, PUBLISHED]
        if starts[name].dimension == 3:
            speeds = measure.ratio(own, theirs)
            yield measure.row(subject, case, "speed", measure.OURS, speeds, peer=PUBLISHED)
        equal = f"eta = {DENSE}" if str(DENSE) in name else "eta = 0.5"
        if name == equal:
            continue
        for side, aim in ((measure.OURS, "at least 0.8"), (PUBLISHED, "")):
            share = measure.ratio(rates[name, side], rates[equal, side])
            peer = f"hard spheres, {equal}"
            if side is measure.OURS or starts[name].dimension == 3:
                yield measure.row(subject, case, "collisions", side, share, peer=peer, aim=aim)


def rows():
    peer = prototype()
    yield from collisions(0.5, peer)
    yield from collisions(DENSE, peer)
    yield from rows_of_discs_and_sizes()


if __name__ == "__main__":
    measure.main(rows)
