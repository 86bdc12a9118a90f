"""Averaged bond order, and the order parameter that is found without looking at the dynamics."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.descriptors import AveragedBondOrder
from cagebreak.errors import InputError
from cagebreak.learning import StructuralOrder, pearson
from cagebreak.neighbors import sann


def face_centered(cells):
    base = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    corners = np.stack(np.meshgrid(*[np.arange(cells)] * 3), axis=-1).reshape(-1, 3)
    positions = (corners[:, None] + base).reshape(-1, 3) * np.sqrt(2)
    return cb.Configuration(positions, np.zeros(len(positions), int), cells * np.sqrt(2))


def test_a_perfect_crystal_has_its_known_bond_order():
    # Mickel et al., J. Chem. Phys. 138, 044501 (2013), table I: q4 and q6 of fcc.
    values = AveragedBondOrder(l=(4, 6)).compute(face_centered(3)).values
    np.testing.assert_allclose(values, [[0.19094, 0.57452]] * len(values), atol=1e-5)


def test_it_equals_its_definition():
    from scipy.special import sph_harm_y

    random = np.random.default_rng(0)
    configuration = cb.Configuration(random.uniform(0, 5, (60, 3)), random.integers(0, 2, 60), 5.0)
    table = sann(configuration)
    near = [slice(*table.offsets[i : i + 2]) for i in range(60)]
    polar = np.arccos(table.vectors[:, 2] / np.linalg.norm(table.vectors, axis=1))
    azimuth = np.arctan2(table.vectors[:, 1], table.vectors[:, 0])
    l = 5
    q = np.array(
        [[sph_harm_y(l, m, polar[n], azimuth[n]).mean() for m in range(-l, l + 1)] for n in near]
    )
    averaged = np.array([np.vstack([q[i], q[table.neighbors[near[i]]]]).mean(axis=0)
                         for i in range(60)])  # fmt: skip
    expected = np.sqrt(4 * np.pi / (2 * l + 1) * (np.abs(averaged) ** 2).sum(axis=1))
    found = AveragedBondOrder(l=(l,)).compute(configuration).values[:, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_two_groups_are_told_apart_and_the_mobile_one_is_named():
    random = np.random.default_rng(1)
    group = random.integers(0, 2, 600)
    directions = np.array([[1.0, 0.5, -1.0, 0.2], [-1.0, 0.3, 1.0, -0.4]])
    X = directions[group] + 0.3 * random.normal(size=(600, 4))
    y = np.stack([group, 1 - group], axis=1) + 0.1 * random.normal(size=(600, 2))
    order = StructuralOrder(bottleneck=1).fit(X, y)
    assert order.explained_ > 0.6
    assert pearson(order.predict(X), y).min() > 0.9
    assert (order.fit(X, y).predict(X) == StructuralOrder(bottleneck=1).fit(X, y).predict(X)).all()
    # The dynamics name the groups, they do not make them.
    elsewise = order.fit(X, random.normal(size=600)).predict(X)
    r = pearson(elsewise, group)
    assert abs(r) > 0.9


def test_parameters_out_of_range_are_named():
    with pytest.raises(InputError, match="l: expected different integers"):
        AveragedBondOrder(l=(0, 4))
    with pytest.raises(InputError, match="bottleneck: expected at least 1"):
        StructuralOrder(bottleneck=0).fit(np.zeros((4, 2)), np.zeros(4))
