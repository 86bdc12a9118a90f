"""One contract for every descriptor: a new one is one more line in DESCRIPTORS."""

import dataclasses

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

import cagebreak as cb
from cagebreak.descriptors import (
    AveragedBondOrder,
    CageAnisotropy,
    CageDisplacement,
    CageVariance,
    CoarseGrained,
    NetForce,
)
from cagebreak.descriptors.base import LABEL, column_names
from cagebreak.descriptors.polydisperse import BySize, RadialDiameter
from cagebreak.models.glass_formers import harmonic_spheres, kob_andersen
from cagebreak.states import CageState

SHELLS = {"r": (0.9, 1.3, 2.0), "width": (0.05, 0.1, 0.2)}
DESCRIPTORS = {
    "radial": cb.Radial(**SHELLS, n_species=2),
    "angular": cb.Angular(l=(1, 2, 3, 6, 12), **SHELLS),
    "generations": cb.Generations(
        [cb.Radial(**SHELLS, n_species=2), cb.Angular(l=(4, 6), **SHELLS)], n_max=2
    ),
    "ace": cb.AtomicClusterExpansion(2.0, order=3, n_max=6, degree=6, n_species=2),
    "ace, plain": cb.AtomicClusterExpansion(
        2.0, order=2, n_max=3, degree=8, purified=False, r0=1.0, n_species=2
    ),
    "rottler2024": cb.Generations([cb.papers.rottler2024(cb.kob_andersen(), r_cut=2.0)], n_max=1),
    "boattini2021": cb.papers.boattini2021(cb.hard_spheres(), generations=1),
    "alkemade2022": cb.papers.alkemade2022(cb.hard_spheres(), generations=1),
    "averaged bond order": AveragedBondOrder(l=(1, 4, 6)),
    "force": NetForce(harmonic_spheres()),
    "coarse-grained": CoarseGrained(harmonic_spheres(), lengths=(0.5, 2.0)),
    "jung2023": cb.papers.jung2023(harmonic_spheres(), generations=1),
    "alkemade2023": cb.papers.alkemade2023(kob_andersen(), generations=1),
}
CAGE = (CageDisplacement(), CageVariance(), CageAnisotropy())
OF_STATES = {
    **{type(each).__name__: each for each in CAGE},
    "generations of a state": cb.Generations([cb.Radial(**SHELLS, n_species=2), *CAGE], n_max=2),
}
OF_SIZES = {
    "by size": BySize(cb.Radial(**SHELLS, n_species=2), edges=(1.1,)),
    "radial diameter": RadialDiameter(**SHELLS),
    "alkemade2023, sizes": cb.papers.alkemade2023(cb.soft_spheres(), generations=1),
    "jung2023, sizes": cb.papers.jung2023(cb.soft_spheres()),
}
DESCRIPTORS |= OF_STATES | OF_SIZES
MATRIX = np.array([[5.0, 0, 0], [1.3, 4.6, 0], [-0.8, 0.9, 4.8]])


@pytest.fixture(params=DESCRIPTORS)
def descriptor(request):
    return DESCRIPTORS[request.param]


@pytest.fixture(scope="module")
def configuration():
    rng = np.random.default_rng(7)
    return cb.Configuration(
        rng.uniform(size=(90, 3)) @ MATRIX,
        rng.permutation(90) % 2,
        MATRIX,
        velocities=rng.normal(0, 0.1, (90, 3)),
    )


def compute(descriptor, configuration, **options):
    """Describe a configuration; or a cage state at its positions, if the descriptor needs one.

    The velocities stand for how the particles came there and how they move: they turn with the box.
    Particles of descriptors of sizes have a diameter each, which their species tells.
    """
    if descriptor in OF_SIZES.values():
        diameters = np.where(configuration.species == 0, 0.9, 1.3)
        configuration = configuration.replace(
            species=np.zeros(len(configuration), int), diameters=diameters
        )
    if descriptor not in OF_STATES.values():
        return descriptor.compute(configuration, **options)
    n = len(configuration)
    v = np.zeros((n, 3)) if configuration.velocities is None else configuration.velocities
    spread = np.linalg.norm(v, axis=1)[:, None, None] * np.eye(3)
    state = CageState(
        start=configuration.replace(positions=configuration.positions - v),
        configuration=configuration,
        displacement=np.linalg.norm(v, axis=1),
        covariance=v[:, :, None] * v[:, None, :] + 0.05 * spread,
        acceptance=np.full(n, 0.3),
        cell_rejection=np.zeros(n),
        error=np.zeros(n),
        sweeps=(1, 1),
        step=0.1,
    )
    return descriptor.compute(state, **options)


def same(descriptor, one, other):
    """Assert equal values; 1e-7 allows for neighbors that rounding moves over a tail's end."""
    np.testing.assert_allclose(
        compute(descriptor, one).values, compute(descriptor, other).values, atol=1e-7
    )


def turned(configuration, matrix):
    return cb.Configuration(
        configuration.positions @ matrix,
        configuration.species,
        configuration.box.matrix @ matrix,
        configuration.velocities @ matrix,
    )


def test_rotating_positions_and_box_changes_nothing(descriptor, configuration):
    rotation = Rotation.from_euler("xyz", [0.4, -1.1, 2.3]).as_matrix()
    same(descriptor, configuration, turned(configuration, rotation))


def test_reflecting_changes_nothing(descriptor, configuration):
    mirrored = configuration.positions * [1, 1, -1]
    box = configuration.box.matrix * [1, 1, -1]
    box[2] *= -1  # the same lattice, right-handed again
    seen = {"box": cb.Box(box), "velocities": configuration.velocities * [1, 1, -1]}
    same(descriptor, configuration, configuration.replace(positions=mirrored, **seen))


def test_translating_changes_nothing(descriptor, configuration):
    moved = configuration.positions + np.array([0.7, -13.1, 2.9])
    same(descriptor, configuration, configuration.replace(positions=moved))


def test_periodic_images_change_nothing(descriptor, configuration):
    shifts = np.random.default_rng(8).integers(-3, 4, (len(configuration), 3))
    moved = configuration.positions + shifts @ configuration.box.matrix
    same(descriptor, configuration, configuration.replace(positions=moved))


def test_another_basis_of_the_same_lattice_changes_nothing(descriptor, configuration):
    basis = np.array([[1, 1, 0], [0, 1, 0], [2, 0, 1]]) @ configuration.box.matrix
    same(descriptor, configuration, configuration.replace(box=cb.Box(basis)))


def test_copies_of_the_box_change_nothing(descriptor, configuration):
    shift = configuration.box.matrix[1]
    double = cb.Configuration(
        np.concatenate([configuration.positions, configuration.positions + shift]),
        np.tile(configuration.species, 2),
        configuration.box.matrix * [[1], [2], [1]],
        np.tile(configuration.velocities, (2, 1)),
    )
    values = compute(descriptor, configuration).values
    np.testing.assert_allclose(
        compute(descriptor, double).values, np.concatenate([values, values]), atol=1e-7
    )


def test_permuting_particles_permutes_rows(descriptor, configuration):
    order = np.random.default_rng(9).permutation(len(configuration))
    permuted = cb.Configuration(
        configuration.positions[order],
        configuration.species[order],
        configuration.box,
        configuration.velocities[order],
    )
    np.testing.assert_allclose(
        compute(descriptor, permuted).values,
        compute(descriptor, configuration).values[order],
        atol=1e-7,
    )


def test_labels_are_known_beforehand(descriptor, configuration):
    features = compute(descriptor, configuration, state="cage")
    # As text: what a kind does not have is NaN, which equals nothing.
    assert list(map(str, features.labels)) == list(map(str, descriptor.labels("cage")))
    assert features.labels.dtype == LABEL
    assert isinstance(features.labels, np.recarray)
    assert set(features.labels.state) == {"cage"}
    assert set(descriptor.labels("inherent").state) == {"inherent"}
    assert len({str(label) for label in features.labels}) == features.n_features


@pytest.mark.parametrize("n", [1, 2, 30])
def test_shape_never_depends_on_values(descriptor, n):
    positions = np.random.default_rng(n).uniform(0, 3, (n, 3))
    for box in (3.0, 300.0):
        for species in ([0] * n, np.arange(n) % 2):
            values = compute(descriptor, cb.Configuration(positions, species, box)).values
            assert values.shape == (n, len(descriptor.labels()))
            assert values.dtype == np.float64
            assert np.isfinite(values).all()


def test_nobody_around_gives_zeros(descriptor):
    if isinstance(descriptor, AveragedBondOrder):
        pytest.skip("nearest neighbors are found however far they are")
    if {"density", "volume"} <= set(descriptor.labels().kind):
        pytest.skip("a particle has a density and a cell of its own")
    if "diameter" in descriptor.labels().kind:
        pytest.skip("a particle has a diameter of its own")
    lone = cb.Configuration([[1, 2, 3], [200, 2, 3]], [0, 1], 1000.0)
    assert not compute(descriptor, lone).values.any()


def test_descriptors_are_values(descriptor):
    assert descriptor == dataclasses.replace(descriptor)
    assert hash(descriptor) == hash(dataclasses.replace(descriptor))
    with pytest.raises(dataclasses.FrozenInstanceError):
        descriptor.n_max = 3


def test_same_input_same_bits(descriptor, configuration):
    np.testing.assert_array_equal(
        compute(descriptor, configuration).values, compute(descriptor, configuration).values
    )


def test_every_column_has_a_name_of_its_own(descriptor):
    labels = descriptor.labels("cage")
    names = column_names(labels)
    assert len(set(names)) == len(names) == len(labels)
    assert all(name.startswith(kind) for name, kind in zip(names, labels.kind, strict=True))
    assert all(name.endswith(" cage") for name in names)
