"""The choice of what moves particles: LAMMPS, or kernels of this package."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import InputError
from cagebreak.simulation import lammps, molecular_dynamics
from cagebreak.simulation.engines import nve
from cagebreak.simulation.hard_spheres import EventDriven
from cagebreak.simulation.preparation import Step
from support.lammps.models import KOB_ANDERSEN_LINES, as_lines

KA = cb.kob_andersen(temperature=1.0)


@pytest.fixture(scope="module")
def start():
    return cb.equilibrate(KA, 300, 4.0, seed=1, engine="cagebreak")


def test_runs_in_threads_are_those_one_after_the_other(start):
    def runs(executor=None):
        return list(
            cb.isoconfigurational(start, KA, [0.1, 1.0], 4, 2, None, executor, engine="cagebreak")
        )

    with ThreadPoolExecutor(2) as threads:
        np.testing.assert_array_equal(runs(), runs(threads))


def test_equilibration_is_as_warm_as_the_model_and_follows_from_the_seed(start):
    assert start.velocities is not None
    again, other = (cb.equilibrate(KA, 300, 4.0, seed=s, engine="cagebreak") for s in (1, 2))
    np.testing.assert_array_equal(again.positions, start.positions)
    assert not np.array_equal(other.positions, start.positions)
    temperature = (start.velocities**2).sum() / (3 * 299)
    assert temperature == pytest.approx(1.0, abs=0.15)
    energies = [
        cb.potentials.energy(cb.equilibrate(KA, 300, 20.0, seed=3, engine=engine), KA) / 300
        for engine in ("cagebreak", "lammps")
    ]
    assert energies[0] == pytest.approx(energies[1], abs=0.15)


def test_kernels_of_this_package_move_particles_unless_lammps_is_asked_for(start):
    polymer = cb.fene_polymer(temperature=1.0)
    for configuration, model in (
        (start, KA),
        (cb.equilibrate(polymer, 40, 0.1, seed=1), polymer),
    ):
        assert isinstance(nve(configuration, model, 1), molecular_dynamics.MolecularDynamics)
        assert isinstance(nve(configuration, model, 1, "lammps"), lammps.MolecularDynamics)
    spheres = cb.hard_spheres(packing_fraction=0.3)
    start = cb.equilibrate(spheres, 40, 0.1, seed=1)
    assert isinstance(nve(start, spheres, 1, "lammps"), EventDriven)


def test_an_unknown_engine_is_an_error(start):
    with pytest.raises(InputError, match=r"engine: expected one of \('cagebreak', 'cagebreak-dou"):
        nve(start, KA, 1, "gromacs")


@pytest.mark.parametrize("engine", ["cagebreak", "cagebreak-double"])
def test_lines_of_lammps_are_refused_by_kernels_of_this_package(start, engine):
    """Their pair potential is not known to these."""
    model = as_lines(KA, KOB_ANDERSEN_LINES)
    for run in (
        lambda: nve(start, model, 1, engine),
        lambda: cb.propensity(start, model, [0.1], 1, 1, engine=engine),
        lambda: cb.equilibrate(model, 40, 0.1, seed=1, engine=engine),
    ):
        with pytest.raises(InputError, match=f'engine: expected "lammps".*got {engine!r}'):
            run()
    for engine_of_lines in (None, "lammps"):
        assert isinstance(nve(start, model, 1, engine_of_lines), lammps.MolecularDynamics)


def test_a_protocol_with_a_pressure_needs_no_lammps(monkeypatch):
    def none(*arguments, **options):
        raise AssertionError

    monkeypatch.setattr(lammps, "MolecularDynamics", none)
    steps = [Step("NVT", 10.0, (2.0, 1.0)), Step("NPT", 10.0), Step("NVE", 2.0)]
    end = cb.equilibrate(KA, 200, seed=1, steps=steps, engine="cagebreak")
    assert end.box.volume != KA.box(200).volume
    assert 200 / end.box.volume == pytest.approx(KA.number_density, rel=0.05)
