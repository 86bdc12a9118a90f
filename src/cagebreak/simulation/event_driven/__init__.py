"""Kernels and arrays of `cagebreak.simulation.hard_spheres`."""
