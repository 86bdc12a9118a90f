"""Frames and dumps of particles that move as a test says."""

import numpy as np

from cagebreak.configuration import Configuration
from cagebreak.files import Frame

N, EDGE = 216, 5.65
SPECIES = (np.arange(N) % 5 == 4).astype(int)


def places(seed, n=N):
    """Return places of particles that no other seed has."""
    return np.random.default_rng(seed).random((n, 3)) * EDGE


def configuration(positions, edge=EDGE, **fields):
    species = SPECIES[: len(positions)]
    return Configuration(positions, fields.pop("species", species), edge, **fields)


def moved(positions, by, seed):
    """Return positions after normal displacements of standard deviation `by`."""
    return positions + by * np.random.default_rng(seed).normal(size=np.shape(positions))


def frames(positions, steps=None, unwrapped=True, **fields):
    """Return frames of arrays of positions; by default they are known to be unwrapped."""
    images = np.zeros(np.shape(positions[0]), int) if unwrapped else None
    return [
        Frame(
            configuration(x, images=images),
            step=None if steps is None else int(steps[i]),
            **{name: values[i] for name, values in fields.items()},
        )
        for i, x in enumerate(positions)
    ]


def write_dump(path, positions, steps, digits="%.10g", columns="xu yu zu", types=None, order=None):
    """Write a dump; particle i has the id i + 1, in the lines of `order`."""
    types = SPECIES + 1 if types is None else types
    text = []
    for x, step in zip(positions, steps, strict=True):
        text += [f"ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n{len(x)}"]
        text += ["ITEM: BOX BOUNDS pp pp pp", *[f"0 {EDGE}"] * 3, f"ITEM: ATOMS id type {columns}"]
        for i in range(len(x)) if order is None else order:
            text.append(f"{i + 1} {types[i]} " + " ".join(digits % number for number in x[i]))
    path.write_text("\n".join(text) + "\n")
    return path
