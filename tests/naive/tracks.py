"""Tracks by loops over particles and frames, from a table."""

from itertools import pairwise

import numpy as np


def positions_of(table, d=2):
    """Return the position of each particle in each frame, by (frame, particle)."""
    axes = list("xyz"[:d])
    return {
        (int(row.frame), int(row.particle)): np.array([getattr(row, axis) for axis in axes])
        for row in table.itertuples()
    }


def displacements(table, lag, d=2):
    """Return displacements over a lag, by (first frame, particle)."""
    places = positions_of(table, d)
    return {
        (frame, particle): places[frame + lag, particle] - place
        for (frame, particle), place in places.items()
        if (frame + lag, particle) in places
    }


def covariance(table, lag=1, d=2):
    """Return minus the mean product of successive displacements along each axis."""
    steps = displacements(table, lag, d)
    products = [
        -step * steps[frame + lag, particle]
        for (frame, particle), step in steps.items()
        if (frame + lag, particle) in steps
    ]
    return np.mean(products, axis=0)


def filled(table, longest, d=2):
    """Return positions by (frame, particle), with straight lines through short gaps."""
    places = positions_of(table, d)
    frames = sorted({frame for frame, _ in places})
    result = dict(places)
    for particle in {p for _, p in places}:
        seen = [f for f in frames if (f, particle) in places]
        for a, b in pairwise(seen):
            missing = [f for f in frames if a < f < b]
            if len(missing) <= longest:
                for f in missing:
                    share = (f - a) / (b - a)
                    result[f, particle] = (1 - share) * places[a, particle] + share * places[
                        b, particle
                    ]
    return result
