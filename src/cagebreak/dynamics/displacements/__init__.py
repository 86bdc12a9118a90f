"""Displacements of the particles of a run from its frames, in a box that may change."""

from cagebreak.dynamics.displacements.following import Follower, displacements

__all__ = ["Follower", "displacements"]
