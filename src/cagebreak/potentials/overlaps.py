"""Overlaps of hard spheres: which are those of rounded positions, and how they are undone.

Text files often have six significant digits. Spheres in contact then overlap by as much as their
positions are rounded, although the configuration that was written had no overlap. Every function
that needs spheres apart calls `separated`.
"""

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration
from cagebreak.errors import ConfigurationError, ConfigurationWarning
from cagebreak.models.model import Model
from cagebreak.neighbors import neighbor_table
from cagebreak.potentials.sizes import contacts_of, longest_contact

DIGITS = 6
"""Significant digits that positions have at least; chosen: `%g` of C writes six."""

CLEARANCE = 1e-7
"""Gap between spheres that were moved apart, in units of their contact distance; chosen: less than
any rounding, more than that of double precision."""

TOUCHING = 1e-9
"""Spheres that overlap by less touch, in units of their contact distance; chosen: collisions in
double precision leave as much."""

_PASSES = 100


class _Pairs(NamedTuple):
    """Pairs of spheres that overlap, each of them twice."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    overlaps: NDArray[np.float64]
    """Contact distances less the distances, in sigma."""
    contacts: NDArray[np.float64]
    directions: NDArray[np.float64]
    """Unit vectors from the first to the second, (M, 3)."""


def rounding(configuration: Configuration) -> float:
    """Return the largest error of a coordinate that has `DIGITS` digits, in sigma.

    Half a unit of the last digit of the largest number: the highest coordinate, or the longest
    edge of the box.
    """
    largest = max(np.abs(configuration.positions).max(), configuration.box.lengths.max())
    return float(0.5 * 10.0 ** (np.floor(np.log10(largest)) + 1 - DIGITS))


def separated(
    configuration: Configuration, model: Model, *, scale: float = 1.0, least: float = TOUCHING
) -> Configuration:
    r"""Return hard spheres without the overlaps that the rounding of their positions explains.

    If a coordinate is wrong by h at most, two spheres can overlap by :math:`2 \sqrt 3 h`, and each
    is at most :math:`\sqrt 3 h` from its true place. Spheres that overlap by no more are moved
    apart, along the line between them, and by no more than this. All other positions are kept.

    Parameters
    ----------
    configuration
        N spheres in a box of any shape.
    model
        Gives the contact distances.
    scale
        Diameters over the model's.
    least
        Smallest overlap that is undone, in units of the contact distance; 0 where a potential
        diverges at contact.

    Returns
    -------
    Configuration
        `configuration` itself if no spheres overlap.

    Raises
    ------
    ConfigurationError
        If spheres overlap by more than rounding explains; names them.

    Warns
    -----
    ConfigurationWarning
        If spheres were moved.
    """
    error = rounding(configuration)
    pairs = _overlapping(configuration, model, scale, least)
    if not len(pairs.first):
        return configuration
    n_pairs = len(pairs.first) // 2
    if pairs.overlaps.max() > 2 * np.sqrt(3) * error:
        raise _too_deep(configuration, pairs)
    shifts = np.zeros((len(configuration), 3))
    current = configuration
    for _ in range(_PASSES):
        pairs = _overlapping(current, model, scale, least)
        if not len(pairs.first):
            break
        apart = pairs.overlaps + CLEARANCE * pairs.contacts
        # Each pair is there twice, once for each of its spheres.
        np.add.at(shifts, pairs.first, -pairs.directions * apart[:, None] / 2)
        current = configuration.replace(positions=configuration.positions + shifts)
    longest = float(np.sqrt((shifts**2).sum(axis=1)).max())
    if len(pairs.first) or longest > np.sqrt(3) * error + CLEARANCE:
        raise ConfigurationError(
            f"configuration: {n_pairs} pairs of spheres overlap, by up to "
            f"{pairs.overlaps.max():.2g} sigma, and no positions within the rounding to six digits "
            "are free of overlap; write the positions with more digits"
        )
    warnings.warn(
        f"configuration: {n_pairs} pairs of spheres overlap as after rounding to six digits; "
        f"{np.count_nonzero(shifts.any(axis=1))} spheres are moved by up to {longest:.1e} sigma, "
        "and no others; positions with more digits need no such repair",
        ConfigurationWarning,
        stacklevel=2,
    )
    return current


def _overlapping(configuration: Configuration, model: Model, scale: float, least: float) -> _Pairs:
    """Return the pairs that overlap."""
    longest = scale * longest_contact(configuration, model)
    table = neighbor_table(configuration, longest * (1 + 1e-12))
    i, j = table.pairs.T
    r = table.distances
    contact = scale * contacts_of(configuration, model, i, j)
    near = contact - r >= least * contact
    vectors = table.vectors[near] / r[near, None]
    return _Pairs(i[near], j[near], (contact - r)[near], contact[near], vectors)


def _too_deep(configuration: Configuration, pairs: _Pairs) -> ConfigurationError:
    deepest = int(pairs.overlaps.argmax())
    overlap, contact = pairs.overlaps[deepest], pairs.contacts[deepest]
    first, second = sorted((int(pairs.first[deepest]), int(pairs.second[deepest])))
    reason = "wrong box, units or species?"
    decimals = _decimals(configuration.positions)
    if decimals is not None and overlap <= np.sqrt(3) * 10.0**-decimals:
        reason = (
            f"digits are missing: the positions have {decimals} decimals; write all digits, six "
            "significant ones at least"
        )
    return ConfigurationError(
        f"configuration: spheres {first} and {second} overlap, at {1 - overlap / contact:.6f} of "
        f"their contact distance; expected none closer than 1 ({reason})"
    )


def _decimals(positions: NDArray[np.float64]) -> int | None:
    """Return how many decimals the positions have, from 2 to 5; None if fewer or more."""
    for decimals in range(1, 6):
        scaled = positions * 10.0**decimals
        if np.abs(scaled - np.rint(scaled)).max() < 1e-5:
            return decimals if decimals > 1 else None
    return None
