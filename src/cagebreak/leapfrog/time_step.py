"""The time step with which a model is integrated."""

import math

import numpy as np

from cagebreak.models.model import Model

TIME_STEPS = {
    "harmonic": 0.02,
    "lennard_jones": 0.005,
    "lennard_jones_even": 0.005,
    "lennard_jones_smooth": 0.005,
    "soft_spheres": 0.005,
}
"""Time step of each form of pair potential, in tau (chosen).

At constant energy it then fluctuates by 1e-5 kT a particle in harmonic spheres, and by 1e-4 to 3e-4
kT in Lennard-Jones mixtures (measured).
"""

STEP_OF_STIFFNESS = 0.1
"""Time step of a tabulated potential, in units of root(m / k) (chosen).

m is the smallest mass, k the largest curvature of the energy at contact and beyond.
"""


def time_step_of(model: Model) -> float:
    """Return the time step of a model, in tau; a model of LAMMPS has its own."""
    if model.lammps is not None:
        return model.lammps.time_step
    if not model.pair.tables:
        return TIME_STEPS[model.pair.form]
    stiffest = 0.0
    for sigmas, tables in zip(model.pair.sigma, model.pair.tables, strict=True):
        for sigma, table in zip(sigmas, tables, strict=True):
            r = np.linspace(table.first, table.last, len(table.forces))
            curvature = -np.diff(table.forces) / np.diff(r)
            stiffest = max(stiffest, curvature[r[1:] >= sigma].max(initial=0.0))
    return STEP_OF_STIFFNESS * math.sqrt(min(model.masses) / max(stiffest, model.temperature))
