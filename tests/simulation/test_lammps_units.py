"""Dynamics of lines of LAMMPS: in any units they are those of our model in reduced units."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.leapfrog.time_step import time_step_of
from cagebreak.models import lammps
from cagebreak.simulation.engines import nve, verlet
from cagebreak.simulation.lammps import MolecularDynamics
from cagebreak.simulation.thermostat import Thermostat
from support.cage_systems import jittered

KA = cb.kob_andersen(0.7)
START = jittered(5, np.eye(3) * 4.7, noise=0.05)
SIGMA = 2.1
LINES = """
pair_style lj/cut 5.25
pair_coeff 1 1 1.0 2.1   5.25
pair_coeff 1 2 1.5 1.68  4.2
pair_coeff 2 2 0.5 1.848 4.62
pair_modify shift yes
"""


def metal(units="metal"):
    """Return Kob-Andersen with lengths in Angstrom and energies in eV or kcal/mol."""
    tau = {"metal": 0.010180505, "real": 48.88821291}[units] * SIGMA
    return lammps(
        LINES,
        masses=KA.masses,
        units=units,
        sigma=SIGMA,
        temperature=KA.temperature,
        number_density=KA.number_density,
        composition=KA.composition,
        time_step=0.005 * tau,
    )


@pytest.mark.parametrize("units", ["metal", "real"])
@pytest.mark.parametrize(
    "thermostat", [None, Thermostat(0.7, 0.5, 1.0), Thermostat(0.7, 0.7, 1.0, pressure=2.0)]
)
def test_dynamics_in_other_units_are_the_same_in_reduced_units(units, thermostat):
    model = metal(units)
    assert time_step_of(model) == pytest.approx(0.005, rel=1e-6)
    ours, lines = (MolecularDynamics(START, m, seed=1, thermostat=thermostat) for m in (KA, model))
    np.testing.assert_allclose(lines.readings, ours.readings, rtol=1e-6)
    for dynamics in (ours, lines):
        dynamics.run(0.1013)  # between two steps
    np.testing.assert_allclose(lines.readings, ours.readings, rtol=1e-3)
    np.testing.assert_allclose(lines.positions, ours.positions, atol=1e-4)
    np.testing.assert_allclose(lines.velocities, ours.velocities, atol=5e-3)
    np.testing.assert_allclose(lines.box.matrix, ours.box.matrix, rtol=1e-5)


def test_lammps_moves_its_models_whatever_the_engine_is_called():
    assert isinstance(nve(START, metal(), 1), MolecularDynamics)
    thermostat = Thermostat(0.7, 0.7, 1.0)
    assert isinstance(verlet(START, metal(), 1, thermostat=thermostat), MolecularDynamics)
