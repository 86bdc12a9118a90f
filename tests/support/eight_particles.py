"""Eight particles on a grid in a box of 3, five of one species and three of another, as text."""

from itertools import product

import numpy as np

POSITIONS = np.array(list(product((0.375, 1.875), repeat=3)))
LETTERS = "AAAAABBB"


def rows(line, names=LETTERS):
    """Format `line` for each particle, with the name of its species, x, y, z and its id."""
    return "".join(
        line.format(s=name, x=x, y=y, z=z, id=i) + "\n"
        for i, (name, (x, y, z)) in enumerate(zip(names, POSITIONS.tolist(), strict=True), start=1)
    )


def xyz(comment='Lattice="3 0 0 0 3 0 0 0 3"', line="{s} {x} {y} {z}", names=LETTERS):
    return f"8\n{comment}\n{rows(line, names)}"


def dump(columns="id type x y z", line="{id} {s} {x} {y} {z}", names="11111222"):
    return (
        "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n8\nITEM: BOX BOUNDS pp pp pp\n0 3\n0 3\n0 3\n"
        f"ITEM: ATOMS {columns}\n{rows(line, names)}"
    )


def data(style="atomic", line="{id} {s} {x} {y} {z}", names="11111222", sections=""):
    return (
        "glass\n\n8 atoms\n2 atom types\n\n0 3 xlo xhi\n0 3 ylo yhi\n0 3 zlo zhi\n\n"
        f"{sections}Atoms # {style}\n\n{rows(line, names)}"
    )


def sph():
    lines = rows("{s} {x} {y} {z}", "aaaaabbb").splitlines()
    radii = {"a": "0.5", "b": "0.425"}
    return "8\n3.0 3.0 3.0\n" + "".join(f"{line} {radii[line[0]]}\n" for line in lines)


def assert_is_they(configuration):
    assert configuration.species.tolist() == [0] * 5 + [1] * 3
    np.testing.assert_array_equal(configuration.positions, POSITIONS)
    np.testing.assert_array_equal(configuration.box.matrix, 3 * np.eye(3))
