"""Atom styles of LAMMPS: which column of a line of the section Atoms is what."""

from typing import NamedTuple


class Style(NamedTuple):
    """Where an atom style has what, and how many columns it has without images.

    The width is None if it depends on more than the style. Whether such a line ends with images
    cannot be known, so that images are not read. A `flag` other than 0 says that an atom has a
    shape: it is an ellipsoid, a line, a triangle or a body.
    """

    type: int
    x: int
    width: int | None
    diameter: int | None = None
    flag: int | None = None


STYLES = {
    "amoeba": Style(2, 4, 7),
    "angle": Style(2, 3, 6),
    "atomic": Style(1, 2, 5),
    "body": Style(1, 4, 7, flag=2),
    "bond": Style(2, 3, 6),
    "bpm/sphere": Style(2, 5, 8, diameter=3),
    "charge": Style(1, 3, 6),
    "dielectric": Style(1, 3, 14),
    "dipole": Style(1, 3, 9),
    "dpd": Style(1, 3, 6),
    "edpd": Style(1, 4, 7),
    "electron": Style(1, 5, 8),
    "ellipsoid": Style(1, 4, 7, flag=2),
    "full": Style(2, 4, 7),
    "hybrid": Style(1, 2, None),
    "line": Style(2, 5, 8, flag=3),
    "mdpd": Style(1, 3, 6),
    "molecular": Style(2, 3, 6),
    "peri": Style(1, 4, 7),
    "smd": Style(1, 10, 13),
    "sph": Style(1, 5, 8),
    "sphere": Style(1, 4, 7, diameter=2),
    "spin": Style(1, 2, 9),
    "tdpd": Style(1, 2, None),
    "template": Style(1, 5, 8),
    "tri": Style(2, 5, 8, flag=3),
    "wavepacket": Style(1, 8, 11),
}
"""Atom styles of LAMMPS, as its documentation of `read_data` lists their columns."""
