"""States and runs at another state point than the model's are computed, but not in silence."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.configuration import Box
from cagebreak.errors import ConfigurationWarning


@pytest.fixture(scope="module")
def lattice():
    """Return a lattice at the density and composition of Kob-Andersen."""
    edge = (512 / 1.203) ** (1 / 3)
    places = (np.stack(np.meshgrid(*[np.arange(8)] * 3), -1).reshape(-1, 3) + 0.5) * edge / 8
    species = (np.arange(512) % 5 == 0).astype(int)
    jitter = np.random.default_rng(3).normal(size=places.shape) * 0.02
    return cb.Configuration(places + jitter, species, Box.cubic(edge))


STATES = {
    "inherent": lambda c, m: cb.inherent_state(c, m, force_tolerance=1.0),
    "cage": lambda c, m: cb.cage_state(c, m, seed=1, sweeps=(1, 2)),
    "propensity": lambda c, m: cb.propensity(c, m, [0.01], n_runs=1, seed=1),
}


@pytest.mark.parametrize("state", STATES)
def test_lengths_in_angstrom_and_exchanged_species_are_said(lattice, state, recwarn):
    model = cb.kob_andersen()
    STATES[state](lattice, model)
    assert [each for each in recwarn if each.category is ConfigurationWarning] == []
    # Nickel and phosphorus: sigma of A is 2.2 Angstrom.
    angstrom = cb.Configuration(lattice.positions * 2.2, lattice.species, lattice.box.matrix * 2.2)
    with pytest.warns(ConfigurationWarning, match=r"about 1.203.*got 0.113.*Angstrom"):
        STATES[state](angstrom, model)
    with pytest.warns(ConfigurationWarning, match="the species are exchanged"):
        STATES[state](lattice.replace(species=1 - lattice.species), model)
