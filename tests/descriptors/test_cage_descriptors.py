"""Descriptors of a state: their values, their labels, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.descriptors import CageAnisotropy, CageDisplacement, CageVariance
from cagebreak.errors import InputError
from cagebreak.models.glass_formers import harmonic_spheres, kob_andersen
from cagebreak.states import CageState, InherentState

SHELLS = {"r": (0.8, 1.2), "width": (0.1, 0.1)}


@pytest.fixture
def cage():
    rng = np.random.default_rng(3)
    start = cb.Configuration(rng.uniform(0, 5, (60, 3)), np.arange(60) % 2, 5.0)
    way = rng.normal(0, 0.2, (60, 3))
    spread = rng.normal(0, 0.1, (60, 3, 3))
    return CageState(
        start=start,
        configuration=start.replace(positions=start.positions + way),
        displacement=np.linalg.norm(way, axis=1),
        covariance=spread @ spread.swapaxes(1, 2),
        acceptance=np.full(60, 0.3),
        cell_rejection=np.zeros(60),
        error=np.zeros(60),
        sweeps=(1, 2),
        step=0.1,
    )


@pytest.fixture
def inherent(cage):
    return InherentState(cage.start, cage.configuration, energy=-7.0, force=1e-9, iterations=100)


@pytest.mark.parametrize("kind", [CageAnisotropy, CageDisplacement, CageVariance])
def test_descriptors_without_parameters_are_values(kind):
    assert kind() == kind()
    assert len({kind(), kind()}) == 1


def column(descriptor, source):
    values = descriptor.compute(source).values
    assert values.shape == (60, 1)
    return values[:, 0]


def test_displacement_is_the_length_of_the_way(cage, inherent):
    way = cage.configuration.positions - cage.start.positions
    for source in (cage, inherent):
        values = column(CageDisplacement(), source)
        np.testing.assert_allclose(values, np.linalg.norm(way, axis=1), rtol=1e-12)


def test_variance_is_the_trace(cage):
    expected = [np.diag(each).sum() for each in cage.covariance]
    np.testing.assert_allclose(column(CageVariance(), cage), expected, rtol=1e-12)


def test_anisotropy_is_that_of_the_eigenvalues(cage):
    a, b, c = np.linalg.eigvalsh(cage.covariance).T
    expected = 1 - 3 * (a * b + b * c + c * a) / (a + b + c) ** 2
    np.testing.assert_allclose(column(CageAnisotropy(), cage), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("shape", "expected"), [((2, 2, 2), 0), ((3, 3, 0), 0.25), ((0, 5, 0), 1), ((0, 0, 0), 0)]
)
def test_anisotropy_of_round_flat_and_long_cages(cage, shape, expected):
    values = column(CageAnisotropy(), replace(cage, covariance=np.tile(np.diag(shape), (60, 1, 1))))
    np.testing.assert_allclose(values, expected, atol=1e-12)


def test_generations_average_over_the_neighbors_of_the_state(cage):
    descriptors = [cb.Radial(**SHELLS, n_species=2), CageDisplacement()]
    features = cb.Generations(descriptors, n_max=2, r_c=1.5).compute(cage)
    radial = features.where(kind="radial", generation=[0]).values
    np.testing.assert_array_equal(radial, descriptors[0].compute(cage.configuration).values)
    before = features.where(kind="displacement", generation=1).values[:, 0]
    after = features.where(kind="displacement", generation=2).values[:, 0]
    positions, box = cage.configuration.positions, cage.configuration.box
    distance = np.linalg.norm(box.minimum_image(positions - positions[4]), axis=1)
    weight = np.where(distance < 1.5, np.exp(-distance / 1.5), 0)
    assert after[4] == pytest.approx(weight @ before / weight.sum(), rel=1e-12)


def test_labels_name_the_state(cage, inherent):
    both = cb.Generations([cb.Radial(**SHELLS, n_species=2), CageDisplacement()], n_max=0)
    for source, state in ((cage, "cage"), (inherent, "inherent")):
        for descriptor in (CageDisplacement(), both):
            assert set(descriptor.compute(source).labels.state) == {state}
    positions_alone = cb.Generations([cb.Radial(**SHELLS, n_species=2)], n_max=0)
    assert set(positions_alone.compute(cage).labels.state) == {"cage"}
    assert set(positions_alone.compute(cage.start).labels.state) == {"initial"}
    assert [CageVariance().labels()[0][name] for name in ("kind", "body", "species")] == [
        "variance", 1, "",
    ]  # fmt: skip


@pytest.mark.parametrize("descriptor", [CageDisplacement(), CageVariance(), CageAnisotropy()])
def test_positions_are_no_state(descriptor, cage):
    for refused in (descriptor, cb.Generations([descriptor], n_max=1)):
        with pytest.raises(InputError, match=r"source: expected a CageState.* got a Configuration"):
            refused.compute(cage.start)


@pytest.mark.parametrize("descriptor", [CageVariance(), CageAnisotropy()])
def test_an_inherent_state_has_no_covariance(descriptor, inherent):
    with pytest.raises(InputError, match="expected a CageState, got a InherentState"):
        descriptor.compute(inherent)


class TestAlkemade2023:
    def test_of_hard_spheres_and_kob_andersen_is_that_of_the_earlier_papers(self):
        spheres, mixture = cb.hard_spheres(), kob_andersen()
        assert cb.papers.alkemade2023(spheres) == cb.papers.alkemade2022(spheres)
        descriptors = cb.papers.alkemade2023(mixture, 1)
        expected = cb.papers.boattini2021(mixture, 1)
        assert descriptors.descriptors == expected.descriptors
        assert descriptors.n_max == expected.n_max == 1
        assert descriptors.r_c == pytest.approx(2.3, abs=0.01)

    def test_shells_grow_with_the_distance_between_particles(self):
        dense = cb.papers.alkemade2023(harmonic_spheres(number_density=0.82))
        dilute = cb.papers.alkemade2023(harmonic_spheres(number_density=0.82 / 8))
        assert dilute.r_c == pytest.approx(2 * dense.r_c)
        for one, other in zip(dense.descriptors, dilute.descriptors, strict=True):
            np.testing.assert_allclose(other.r, 2 * np.array(one.r))
            np.testing.assert_allclose(other.width, 2 * np.array(one.width))

    def test_ends_at_the_fifth_minimum_of_the_harmonic_mixture(self):
        # g(r) of 2000 particles by LAMMPS at the paper's state point, 20 configurations:
        # total minima at 1.56, 2.66, 3.56, 4.66, 5.59.
        descriptors = cb.papers.alkemade2023(harmonic_spheres())
        assert descriptors.r_c == pytest.approx(2.66, rel=0.02)
        assert descriptors.descriptors[0].r[-1] == pytest.approx(5.59, rel=0.02)
        assert len(descriptors.labels()) == 3 * (200 + 192)
