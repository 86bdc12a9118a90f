"""Diameters of particles go to objects of other packages and come back."""

import numpy as np
import pytest

from cagebreak import Configuration

OWN = np.array([0.8, 0.9, 1.0, 1.25])
OF_SPECIES = np.array([1.0, 1.0, 0.88, 0.88])


def particles(diameters):
    positions = np.arange(12.0).reshape(4, 3) / 4
    return Configuration(positions, [0, 0, 1, 1], 4.0, diameters=diameters)


@pytest.mark.parametrize(
    ("package", "name"),
    [("ase", "ase"), ("gsd", "gsd"), ("ovito", "ovito"), ("MDAnalysis", "mdanalysis")],
)
@pytest.mark.filterwarnings("ignore")
def test_diameters_come_back_if_they_are_not_those_of_species(package, name):
    pytest.importorskip(package, reason=f"{package} is absent")
    back = getattr(Configuration, f"from_{name}")

    def returned(diameters):
        return back(getattr(particles(diameters), f"to_{name}")()).diameters

    np.testing.assert_allclose(returned(OWN), OWN, rtol=1e-6)
    assert returned(OF_SPECIES) is None
    assert returned(None) is None
