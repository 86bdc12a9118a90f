"""Swaps of the diameters of particles, alone and beside dynamics."""

from cagebreak.simulation.swaps.monte_carlo import (
    INTERVAL,
    swap_diameters,
    swapping_collisions,
    swapping_dynamics,
)

__all__ = ["INTERVAL", "swap_diameters", "swapping_collisions", "swapping_dynamics"]
