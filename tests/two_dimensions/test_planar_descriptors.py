"""Descriptors in two dimensions."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.configuration import Configuration
from cagebreak.descriptors.averaged_bond_order import AveragedBondOrder
from cagebreak.descriptors.recommended import recommended
from cagebreak.neighbors import sann
from naive import planar as naive
from support.some_particles import BOXES, scattered

R, WIDTH, L = (0.8, 1.1, 1.7), (0.05, 0.1, 0.2), (1, 2, 5, 6)
SETS = {
    "radial": cb.Radial(r=R, width=WIDTH, n_species=2),
    "angular": cb.Angular(l=L, r=R, width=WIDTH),
    "bond order": AveragedBondOrder(l=L),
    "ace": cb.AtomicClusterExpansion(2.0, 2, 4, 4.0, n_species=2),
    "alkemade2022": cb.papers.alkemade2022(cb.kob_andersen_2d(), generations=1),
    "boattini2021": cb.papers.boattini2021(cb.kob_andersen_2d(), generations=1),
    "jung2023": cb.papers.jung2023(cb.kob_andersen_2d()),
}


@pytest.mark.parametrize("box", BOXES)
def test_radial_and_angular_equal_their_twins(box):
    flat = scattered(box)
    radial, angular = SETS["radial"].compute(flat).values, SETS["angular"].compute(flat).values
    for i in range(0, len(flat), 3):
        np.testing.assert_allclose(radial[i], naive.radial(flat, i, R, WIDTH, 2), atol=1e-12)
        np.testing.assert_allclose(angular[i], naive.angular(flat, i, L, R, WIDTH), atol=1e-12)


def test_averaged_bond_order_is_the_mean_of_means():
    flat = scattered()
    table = sann(flat)
    rows = np.split(np.arange(len(table.neighbors)), table.offsets[1:-1])
    phi = np.arctan2(table.vectors[:, 1], table.vectors[:, 0])
    for column, l in enumerate(L):
        psi = np.array([np.exp(1j * l * phi[row]).mean() for row in rows])
        averaged = [psi[[i, *table.neighbors[row]]].mean() for i, row in enumerate(rows)]
        values = SETS["bond order"].compute(flat).values[:, column]
        np.testing.assert_allclose(values, np.abs(averaged), atol=1e-12)


@pytest.mark.parametrize("name", SETS)
def test_rotation_reflection_and_translation_change_nothing(name):
    flat = scattered("sheared")
    values = SETS[name].compute(flat).values
    assert np.isfinite(values).all()
    c, s = np.cos(0.7), np.sin(0.7)
    turn = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
    swap = np.array([[0.0, 1, 0], [1, 0, 0], [0, 0, 1]])
    turned = flat.replace(
        positions=(flat.positions + np.array([3.0, -1.0, 0.0])) @ turn,
        box=flat.box.with_matrix(flat.box.matrix @ turn),
    )
    mirrored = flat.replace(
        positions=flat.positions @ swap,
        box=flat.box.with_matrix((flat.box.matrix @ swap)[[1, 0, 2]]),
    )
    for other in (turned, mirrored):
        np.testing.assert_allclose(SETS[name].compute(other).values, values, atol=1e-9)


def test_radial_descriptors_are_those_of_a_plane_in_a_high_box():
    flat = scattered()
    tall = Configuration(flat.positions, flat.species, (6.0, 6.0, 30.0))
    np.testing.assert_allclose(
        SETS["radial"].compute(flat).values, SETS["radial"].compute(tall).values, atol=1e-13
    )


@pytest.mark.parametrize("model", [cb.kob_andersen_2d(0.8), cb.hard_discs(0.6)])
def test_the_recommended_set_is_finite_and_labeled(model):
    flat = cb.equilibrate(model, 64, 2.0, seed=1)
    for size in ("quick", "medium"):
        features = recommended(model, size).compute(flat, seed=1)
        assert np.isfinite(features.values).all()
        variances = features.labels[features.labels.kind == "variance"]
        assert set(variances.n) <= {-1, 0, 1}
