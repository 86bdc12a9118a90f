"""Averages over the samples of a cage state, and scalars of the motion in cages and wider cells."""
