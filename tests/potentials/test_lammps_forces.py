"""Energies and forces by LAMMPS: those of our kernels, the published crystal, and refusals."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak import potentials
from cagebreak.configuration import Box
from cagebreak.errors import ConfigurationError, InputError
from cagebreak.models import lammps
from cagebreak.potentials.lammps import Forces
from cagebreak.potentials.lammps.instance import Instance
from support.cage_systems import jittered
from support.lammps.models import (
    EPSILON,
    KOB_ANDERSEN_LINES,
    SIGMA,
    SILICON,
    SILICON_LINES,
    as_lines,
    diamond,
    silicon,
)

KA = cb.kob_andersen(0.7)
EDGE = 5.431 / SIGMA  # of the cubic cell of silicon


def disturbed(configuration, size, seed=1):
    noise = np.random.default_rng(seed).normal(0, size, configuration.positions.shape)
    return configuration.replace(positions=configuration.positions + noise)


@pytest.mark.parametrize("box", [np.diag([6.2, 6.6, 6.0]), [[6, 0, 0], [1.5, 6.1, 0], [-1, 2, 6]]])
def test_kob_andersen_by_lines_has_the_energies_and_forces_of_our_kernels(box):
    start = jittered(6, box, noise=0.1)
    model = as_lines(KA, KOB_ANDERSEN_LINES)
    energies, forces = potentials.energies_and_forces(start, model)
    of_kernels = potentials.energies_and_forces(start, KA)
    np.testing.assert_allclose(energies, of_kernels[0], atol=1e-10)
    np.testing.assert_allclose(forces, of_kernels[1], atol=1e-9)
    np.testing.assert_array_equal(potentials.forces(start, model), forces)
    assert potentials.energy(start, model) == pytest.approx(energies.sum(), rel=1e-13)


def test_units_of_metal_leave_reduced_values_as_they_are():
    """Lengths in Angstrom, energies in eV: sigma is 2.1 Angstrom, and eps 1 eV."""
    start = jittered(6, np.diag([6.2, 6.6, 6.0]), noise=0.1)
    lines = KOB_ANDERSEN_LINES.replace(" 1.0  2.5", " 2.1 5.25")
    lines = lines.replace("0.8  2.0", "1.68 4.2").replace("0.88 2.2", "1.848 4.62")
    model = lammps(
        lines.replace("lj/cut 2.5", "lj/cut 5.25"), masses=[1, 1], units="metal", sigma=2.1,
        temperature=1.0, number_density=1.2,
    )  # fmt: skip
    energies, forces = potentials.energies_and_forces(start, model)
    np.testing.assert_allclose(energies, potentials.energies(start, KA), atol=1e-10)
    np.testing.assert_allclose(forces, potentials.forces(start, KA), atol=1e-9)


def test_silicon_has_the_published_energy_of_its_crystal():
    """Each of two bonds an atom has -epsilon, and angles cost nothing."""
    spacing = 4 / np.sqrt(3) * 2 ** (1 / 6)
    crystal = diamond(2, spacing)
    energies = potentials.energies(crystal, silicon())
    np.testing.assert_allclose(energies, -2 * EPSILON, rtol=1e-6)
    assert energies.mean() == pytest.approx(-4.3363, abs=5e-4)
    assert spacing * SIGMA == pytest.approx(5.431, abs=1e-3)
    assert np.abs(potentials.forces(crystal, silicon())).max() < 1e-5


def test_forces_of_three_bodies_are_the_slope_of_the_energy():
    start, model, h = disturbed(diamond(2, EDGE), 0.05), silicon(), 1e-4
    forces = potentials.forces(start, model)
    assert np.abs(forces).max() > 0.5
    for i, axis in ((0, 0), (17, 1), (40, 2)):
        shift = np.zeros_like(start.positions)
        shift[i, axis] = h
        ends = [
            potentials.energy(start.replace(positions=start.positions + sign * shift), model)
            for sign in (1, -1)
        ]
        assert (ends[1] - ends[0]) / (2 * h) == pytest.approx(forces[i, axis], rel=1e-5, abs=1e-6)


def test_positions_may_go_round_the_box_and_come_back():
    start, model = disturbed(diamond(2, EDGE), 0.05), silicon()
    forces_at = Forces(start, model)
    energy, forces = forces_at(start.positions)
    away = disturbed(start, 0.3, seed=2).positions
    lattice = np.random.default_rng(1).integers(-3, 4, away.shape) @ start.box.matrix
    first, again = forces_at(away), forces_at(away + lattice)
    assert again[0] == pytest.approx(first[0], rel=1e-12)
    np.testing.assert_allclose(again[1], first[1], atol=1e-9)
    back = forces_at(start.positions)
    assert back[0] == pytest.approx(energy, rel=1e-12)
    np.testing.assert_allclose(back[1], forces, atol=1e-10)


def test_charges_act():
    """Rock salt: Madelung's constant is 1.747565 (LAMMPS' unit of charge in `units lj`)."""
    corners = np.stack(np.meshgrid(*[np.arange(4)] * 3), axis=-1).reshape(-1, 3)
    start = cb.Configuration(corners, corners.sum(axis=1) % 2, 4.0)
    model = lammps(
        "pair_style coul/long 1.9\npair_coeff * *\nkspace_style ewald 1e-6",
        masses=[1, 1], charges=[1, -1], temperature=1.0, number_density=1.0,
    )  # fmt: skip
    assert potentials.energy(start, model) / 64 == pytest.approx(-1.747565 / 2, rel=1e-4)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("pair_style no/such 2.5", "no/such.*'pair_style no/such 2.5'.*no style"),
        ("pair_style lj/cut 2.5\npair_coeff 1 1 1.0", "'pair_coeff 1 1 1.0'.*LAMMPS: ERROR"),
        ("pair_style sw\npair_coeff * * none/such Si", "none/such.*no style"),
        ("pair_style lj/cut 2.5", "'pair_style lj/cut 2.5'.*coeffs are not set"),
        ("pair_style dpd 1.0 2.0 34387\npair_coeff 1 1 3 4.5 2", "ghost atoms store velocity"),
    ],
)
def test_what_lammps_refuses_is_said_with_the_line(lines, reason):
    model = lammps(lines, masses=[1], temperature=1, number_density=1)
    with pytest.raises(InputError, match="(?s)lines: .*" + reason):
        potentials.energy(diamond(2, 2.0), model)
    # Later simulations of this process go on.
    assert potentials.energy(diamond(2, EDGE), silicon()) < 0


def test_forces_that_are_no_slope_of_an_energy_are_refused(monkeypatch):
    monkeypatch.setattr(Instance, "thermo", lambda instance, name: 1.0)
    with pytest.raises(InputError, match="forces are the slope of the energy"):
        potentials.energy(disturbed(diamond(2, EDGE), 0.05), silicon())


def test_what_has_no_meaning_is_refused_by_name():
    start, model = diamond(2, EDGE), silicon()
    for measure, what in ((potentials.laplacians, "Laplacians"), (potentials.stress, "the stress")):
        with pytest.raises(InputError, match=f"for {what}, got lammps"):
            measure(start, model)
    with pytest.raises(InputError, match="for shear, got lammps"):
        next(iter(cb.shear(start, model, 0.01)))


def test_configurations_that_cannot_be_are_refused():
    start, model = diamond(2, EDGE), silicon()
    with pytest.raises(ConfigurationError, match="species"):
        potentials.energy(start.replace(species=start.species + 1), model)
    turned = np.roll(start.box.matrix, 1, axis=1)
    with pytest.raises(ConfigurationError, match="first lattice vector along x"):
        potentials.energy(start.replace(box=Box(turned)), model)
    with pytest.raises(ConfigurationError, match="box"):
        potentials.energy(diamond(10, EDGE / 100), model)


def test_a_configuration_is_compared_with_its_model():
    start = disturbed(diamond(2, EDGE), 0.02)
    match = cb.check(start, silicon())
    assert match.energy == pytest.approx(-4.3, abs=0.1)
    assert np.isnan(match.temperature)
    near = start.positions.copy()
    near[1] = near[0] + 0.1
    with pytest.raises(ConfigurationError, match="particles 0 and 1"):
        cb.check(start.replace(positions=near), silicon())


def test_the_files_are_those_of_the_model_not_of_the_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Si.sw").write_text(SILICON["Si.sw"].replace("21.0", "42.0"))
    start = disturbed(diamond(2, EDGE), 0.05)
    here = lammps(
        SILICON_LINES, masses=[28], units="metal", sigma=SIGMA, temperature=0.1, number_density=0.5
    )
    assert potentials.energy(start, here) > potentials.energy(start, silicon()) + 0.1


def test_files_of_the_potentials_of_lammps_are_not_read(tmp_path, monkeypatch):
    """The model would depend on a file that its recipe does not know."""
    (tmp_path / "silicon").write_text(SILICON["Si.sw"])
    monkeypatch.setenv("LAMMPS_POTENTIALS", str(tmp_path))
    model = lammps(
        SILICON_LINES.replace("Si.sw", "silicon"),
        masses=[28.0855],
        units="metal",
        sigma=SIGMA,
        temperature=0.1,
        number_density=0.46,
    )
    with pytest.raises(InputError, match=r"got .silicon. .* read from elsewhere"):
        potentials.energies_and_forces(diamond(2, EDGE), model)
