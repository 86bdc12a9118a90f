"""Coarse-grained physical quantities: plain sums, labels, and what hard spheres lack."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.descriptors import CoarseGrained
from cagebreak.descriptors.coarse_grained.quantities import CUTOFF, LENGTHS
from cagebreak.descriptors.coarse_grained.voronoi import voronoi_cells
from cagebreak.errors import ConfigurationError, InputError
from cagebreak.potentials.pair_potentials import energies
from naive import descriptors as naive

MATRIX = np.array([[3.0, 0, 0], [0.7, 4.0, 0], [-0.4, 0.3, 3.5]])
MODEL = cb.harmonic_spheres()


@pytest.fixture
def configuration():
    random = np.random.default_rng(0)
    return cb.Configuration(random.uniform(0, 4, (30, 3)), random.integers(0, 2, 30), MATRIX)


def quantities(configuration, model):
    return {
        "energy": energies(configuration, model),
        "perimeter": voronoi_cells(configuration).perimeters,
        "area": voronoi_cells(configuration).areas,
        "volume": voronoi_cells(configuration).volumes,
    }


def test_columns_are_plain_sums(configuration):
    found = CoarseGrained(MODEL, lengths=(0.3, 1.0)).compute(configuration)
    own = quantities(configuration, MODEL)
    for kind, values in own.items():
        column = found.where(kind=kind, r=np.nan).values
        np.testing.assert_allclose(column[:, 0], values, rtol=1e-12)
    for i in range(30):
        index, vectors = naive.images(configuration, i, CUTOFF * 1.0)
        index = np.append(index, i)
        distances = np.append(np.linalg.norm(vectors, axis=1), 0)
        for length in (0.3, 1.0):
            for species in ("A", "B", ""):
                chosen = np.ones(len(index), bool)
                if species:
                    chosen = configuration.species[index] == "AB".index(species)
                weights, of = np.exp(-distances[chosen] / length), index[chosen]
                expected = {"density": weights.sum()}
                for kind, values in own.items():
                    expected[kind] = np.average(values[of], weights=weights)
                squares = (own["energy"][of] - expected["energy"]) ** 2
                expected["energy variance"] = np.average(squares, weights=weights)
                columns = found.where(r=length, species=species)
                assert list(columns.labels.kind) == list(expected)
                np.testing.assert_allclose(
                    columns.values[i], list(expected.values()), rtol=1e-9, atol=1e-12
                )


def test_densities_of_species_add_up(configuration):
    found = cb.papers.jung2023(MODEL).compute(configuration).where(kind="density")
    parts = [found.where(species=species).values for species in ("A", "B", "")]
    np.testing.assert_allclose(parts[0] + parts[1], parts[2], rtol=1e-12)


def test_in_a_crystal_every_average_is_the_value_itself():
    sites = np.stack(np.meshgrid(*[np.arange(4)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    model = cb.kob_andersen(composition=1)
    found = CoarseGrained(model).compute(cb.Configuration(1.1 * sites, np.zeros(64, int), 4.4))
    for kind in ("energy", "perimeter", "area", "volume"):
        columns = found.where(kind=kind).values
        np.testing.assert_allclose(columns, columns[0, 0], rtol=1e-9)
    assert found.where(kind="volume").values[0, 0] == pytest.approx(1.1**3)
    assert (found.where(kind="energy variance").values < 1e-15).all()


def test_a_species_that_is_not_there_gives_zeros(configuration):
    alone = configuration.replace(species=np.zeros(30, int))
    found = CoarseGrained(MODEL).compute(alone)
    assert not found.where(species="B").values.any()
    of_a, of_all = (found.where(species=s, r=list(LENGTHS)).values for s in ("A", ""))
    np.testing.assert_allclose(of_a, of_all, rtol=1e-12)


def test_labels_of_mixtures_and_of_one_species():
    labels = cb.papers.jung2023(cb.kob_andersen()).labels("inherent")
    assert len(labels) == 4 + 6 * 8 * 3
    assert set(labels.species) == {"A", "B", ""}
    assert set(labels.body) == {1}
    assert set(labels.state) == {"inherent"}
    # All particles are those of the one species; they count once.
    labels = cb.papers.jung2023(cb.kob_andersen(composition=1)).labels()
    assert len(labels) == 4 + 6 * 8
    assert len(cb.papers.jung2023(cb.kob_andersen(), generations=2).labels()) == 3 * 148


def test_hard_spheres_have_no_energy_in_the_cage_state(configuration):
    overlapping, model = configuration, cb.hard_spheres()
    set_of = cb.papers.jung2023(model)
    with pytest.raises(ConfigurationError, match=r"spheres \d+ and \d+ overlap"):
        set_of.compute(overlapping, state="inherent")
    found = set_of.compute(overlapping, state="cage")
    assert set(found.labels.kind) == {"density", "perimeter", "area", "volume"}
    energetic = set_of.labels("inherent")
    assert set(energetic.kind) - set(found.labels.kind) == {"energy", "energy variance"}


def test_arguments_are_checked(configuration):
    for lengths in ((), (0.0,), (1.0, np.inf), (-1.0,)):
        with pytest.raises(InputError, match="lengths"):
            CoarseGrained(MODEL, lengths=lengths)
    for state in ("initial", "cage"):
        with pytest.raises(ConfigurationError, match="species"):
            CoarseGrained(cb.hard_spheres(composition=1)).compute(configuration, state)
