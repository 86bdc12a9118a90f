"""Particles of a pair potential that move by the leapfrog: rows of neighbors, forces, time steps.

`cagebreak.simulation.molecular_dynamics` and the cage state by trajectories are made of it.
"""
