"""Swaps of the diameters of particles, alone and beside molecular dynamics."""

from cagebreak.simulation.swaps.monte_carlo import INTERVAL, swap_diameters, swapping_dynamics

__all__ = ["INTERVAL", "swap_diameters", "swapping_dynamics"]
