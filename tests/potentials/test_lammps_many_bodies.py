"""A metallic glass, silicon and silica by lines of LAMMPS: energies, forces, states and motion."""

from dataclasses import replace

import numpy as np
import pytest

import cagebreak as cb
from cagebreak import potentials
from cagebreak.errors import ConfigurationWarning, InputError
from cagebreak.potentials.lammps.instance import Instance
from cagebreak.simulation.lammps import MolecularDynamics
from naive import many_bodies as naive
from support.lammps.glasses import (
    BKS_CUTOFF,
    CHARGES,
    GLASSES,
    METAL_CUTOFF,
    bks_pair,
    metal_density,
    metal_embedding,
    metal_pair,
    silica,
)
from support.lammps.models import SIGMA, diamond


def shaken(name, size=0.03):
    """Return a model and its crystal, shaken; skip where LAMMPS does not have the style."""
    style, model, crystal = GLASSES[name]
    instance = Instance.idle_or_new()
    known = instance.lammps.has_style("pair", style)
    instance.give_back()
    if not known:
        pytest.skip(f"this LAMMPS has no pair style {style}")
    noise = np.random.default_rng(1).normal(0, size, crystal.positions.shape)
    return model, crystal.replace(positions=crystal.positions + noise)


def in_angstrom(configuration, model):
    return configuration.positions * model.lammps.length, (
        configuration.box.lengths[0] * model.lammps.length
    )


def test_atoms_of_a_metal_have_the_energies_of_their_density_and_their_pairs():
    model, start = shaken("metal")
    positions, edge = in_angstrom(start, model)
    s = start.species
    expected = naive.embedded(
        positions, s, edge, METAL_CUTOFF, metal_density, lambda rho: metal_embedding(s, rho),
        metal_pair,
    )  # fmt: skip
    found = potentials.energies(start, model)
    np.testing.assert_allclose(found, expected, rtol=1e-7)
    # The two species are told apart, in densities too.
    assert abs(found[s == 0].mean() - found[s == 1].mean()) > 0.5


def test_masses_are_those_of_the_model_and_the_files_alike():
    """LAMMPS takes those of the file of a metal, so that others would be of another liquid."""
    model, start = shaken("metal")
    message = r"masses: expected \[63\.546, 91\.224\], as in the file"
    for masses in ((1.0, 1.0), model.masses[::-1]):
        with pytest.raises(InputError, match=message):
            potentials.energy(start, replace(model, masses=masses))
    rounded = MolecularDynamics(start, replace(model, masses=(63.5, 91.2)), seed=1)
    assert rounded.temperature == pytest.approx(model.temperature, rel=1e-12)


def test_a_net_charge_is_said():
    model, start = shaken("silica")
    half = replace(model, lammps=replace(model.lammps, charges=(1.2, -1.2)))
    with pytest.warns(ConfigurationWarning, match="charges: expected neutral particles, got a net"):
        potentials.energy(start, half)


def test_silica_has_the_energy_of_its_charges_and_its_pairs():
    model, start = shaken("silica")
    positions, edge = in_angstrom(start, model)
    expected = naive.charged(positions, CHARGES[start.species], edge)
    for a, b in ((0, 1), (1, 1)):
        i, j, r = naive.pairs(positions, edge, BKS_CUTOFF)
        of = (start.species[i] == a) & (start.species[j] == b)
        expected += bks_pair(a, b, r[of]).sum() / (2 if a == b else 1)
    assert potentials.energy(start, model) == pytest.approx(expected, rel=2e-5)


def test_silicon_of_tersoff_has_the_published_energy_and_lattice():
    """Tersoff 1988, table II: 4.63 eV an atom at a lattice constant of 5.432 Angstrom."""
    model, _ = shaken("silicon")
    edges = np.array([5.431, 5.432, 5.433]) / SIGMA
    energies = [potentials.energy(diamond(2, edge), model) / 64 for edge in edges]
    assert energies[1] == pytest.approx(-4.63, abs=0.005)
    # The minimum of the parabola through them.
    slope, bend = energies[2] - energies[0], energies[2] - 2 * energies[1] + energies[0]
    assert 5.432 - 0.001 * slope / (2 * bend) == pytest.approx(5.432, abs=0.001)


@pytest.mark.parametrize("name", GLASSES)
def test_forces_are_the_slope_of_the_energy(name):
    model, start = shaken(name)
    forces, h = potentials.forces(start, model), 1e-4
    assert np.abs(forces).max() > 0.3
    for i, axis in ((0, 0), (9, 1), (-1, 2)):
        shift = np.zeros_like(start.positions)
        shift[i, axis] = h
        ends = [
            potentials.energy(start.replace(positions=start.positions + sign * shift), model)
            for sign in (1, -1)
        ]
        assert (ends[1] - ends[0]) / (2 * h) == pytest.approx(forces[i, axis], rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("name", GLASSES)
def test_the_inherent_state_has_the_forces_that_were_asked_for(name):
    model, start = shaken(name)
    state = cb.inherent_state(start, model)
    forces = potentials.forces(state.configuration, model)
    assert np.sqrt((forces**2).sum(axis=1).max()) == pytest.approx(state.force, abs=1e-7)
    assert state.force <= 1e-6
    lower = potentials.energy(start, model) / len(start) - state.energy
    assert 0.01 < lower < 1.0
    again = cb.inherent_state(state.configuration, model)
    np.testing.assert_allclose(again.energy, state.energy, rtol=1e-10)


def test_rounding_of_tables_near_a_minimum_is_no_force_without_an_energy():
    """LAMMPS' tables of charges round energies to 1e-6 eV, as much as they change there."""
    _, start = shaken("silica")
    model = silica(tables=True)
    minimum = cb.inherent_state(start, model).configuration
    for size in (1e-3, 3e-4, 1e-4):
        noise = np.random.default_rng(1).normal(0, size, minimum.positions.shape)
        near = minimum.replace(positions=minimum.positions + noise)
        assert potentials.energy(near, model) > potentials.energy(minimum, model)


@pytest.mark.parametrize("name", GLASSES)
def test_cages_and_runs_are_those_of_the_model(name):
    """Every run at constant energy checks that it conserves energy."""
    model, start = shaken(name)
    state = cb.cage_state(start, model, seed=1, sweeps=(10, 10))
    assert state.acceptance.mean() > 0.5
    assert 0 < state.variance.mean() < 0.1
    moved = cb.propensity(start, model, [0.1], n_runs=1, seed=1).mean[0]
    # Free flight: sqrt(8 kT / (pi m)) is the mean speed.
    speed = np.sqrt(8 * model.temperature / np.pi / np.array(model.masses)[start.species])
    assert 0.6 < (moved / speed).mean() / 0.1 < 1.6
