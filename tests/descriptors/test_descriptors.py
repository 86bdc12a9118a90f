"""Values of the descriptors: twins, crystals, the papers' sets, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cagebreak as cb
from cagebreak.descriptors._shell_kernel import TAIL, weight
from cagebreak.errors import ConfigurationError, InputError
from naive import descriptors as naive
from support import paths

HARD_SPHERES = paths.EXTERNAL / "hs-eta058-n10000.sph"

R, WIDTH = (0.8, 1.1, 1.4, 2.2, 1.9), (0.05, 0.1, 0.1, 0.3, 0.025)
ORDERS = (1, 2, 7, 4, 12)


def assert_equals_twins(configuration, r, width, orders, particles):
    n_species = configuration.n_species
    radial = cb.Radial(r, width, n_species).compute(configuration).values
    angular = cb.Angular(orders, r, width).compute(configuration).values
    for i in particles:
        twin = naive.radial(configuration, i, r, width, n_species)
        np.testing.assert_allclose(radial[i], twin, rtol=1e-12, atol=1e-12)
        twin = naive.angular(configuration, i, orders, r, width)
        np.testing.assert_allclose(angular[i], twin, atol=1e-11)


BOXES = {
    "cube": np.eye(3) * 4.0,
    "small cube": np.eye(3) * 1.3,
    "sheared": np.array([[3.0, 0, 0], [1.4, 2.6, 0], [-0.9, 0.5, 2.5]]),
    "slab": np.diag([1.0, 6.0, 2.5]),
}


@pytest.mark.parametrize("n", [1, 2, 40])
@pytest.mark.parametrize("box", BOXES)
def test_equal_twins_at_random(box, n):
    rng = np.random.default_rng(n)
    positions = rng.uniform(size=(n, 3)) @ BOXES[box]
    configuration = cb.Configuration(positions, np.arange(n) % 3, BOXES[box])
    assert_equals_twins(configuration, R, WIDTH, ORDERS, range(0, n, 7))


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 30),
    edge=st.floats(1, 6),
    orders=st.lists(st.integers(1, 20), min_size=1, max_size=5, unique=True),
    shells=st.lists(
        st.tuples(st.floats(0.3, 3), st.floats(0.01, 0.5)), min_size=1, max_size=6, unique=True
    ),
)
def test_equal_twins_for_random_parameters(seed, n, edge, orders, shells):
    positions = np.random.default_rng(seed).uniform(0, edge, (n, 3))
    configuration = cb.Configuration(positions, np.arange(n) % 2, edge)
    r, width = zip(*shells, strict=True)
    assert_equals_twins(configuration, r, width, orders, [0])


@pytest.mark.parametrize("n_shells", [7, 8, 17])
def test_equal_twins_of_many_shells(n_shells):
    """As in the papers: more shells than any block of them holds."""
    positions = np.random.default_rng(3).uniform(0, 4, (30, 3))
    configuration = cb.Configuration(positions, np.arange(30) % 2, 4.0)
    r = tuple(np.linspace(0.8, 2.4, n_shells))
    assert_equals_twins(configuration, r, (0.1,) * n_shells, (1, 4), range(0, 30, 10))


def test_neighbors_along_the_axes_are_no_special_case():
    axes = np.concatenate([[[0, 0, 0]], np.eye(3), -np.eye(3)])
    configuration = cb.Configuration(axes + 5, [0] * 7, 10.0)
    assert_equals_twins(configuration, (1.0,), (0.1,), (2, 4, 6, 12), range(7))


def test_weight_equals_exp_and_ends_at_the_tail():
    exponent = np.linspace(0, TAIL, 1001)[:-1]
    np.testing.assert_allclose([weight(x) for x in exponent], np.exp(-exponent), rtol=2e-13)
    assert np.exp(-TAIL) == pytest.approx(1e-8)
    assert weight(TAIL) == weight(1e9) == weight(np.inf) == 0


# Perfect crystals with unit nearest-neighbor distance: basis, cube edge, shell, q4 and q6.
FCC = np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]]), np.sqrt(2)
BCC = np.array([[0, 0, 0], [0.5, 0.5, 0.5]]), 2 / np.sqrt(3)
SC = np.array([[0, 0, 0]]), 1.0
CRYSTALS = [
    # Mickel et al., J. Chem. Phys. 138, 044501 (2013), table I: fcc, 12 neighbors.
    ("fcc", *FCC, 0.1909407, 0.5745243),
    # Same table, and Steinhardt et al., Phys. Rev. B 28, 784 (1983), fig. 2: sc, 6 neighbors.
    ("sc", *SC, 0.7637626, 0.3535534),
]


def crystal(basis, edge, repeats):
    cells = np.stack(np.meshgrid(*[np.arange(repeats)] * 3), axis=-1).reshape(-1, 1, 3)
    positions = (cells + basis).reshape(-1, 3) * edge
    return cb.Configuration(positions, [0] * len(positions), repeats * edge)


@pytest.mark.parametrize(("name", "basis", "edge", "q4", "q6"), CRYSTALS, ids=lambda v: str(v)[:3])
@pytest.mark.parametrize("repeats", [1, 3])
def test_bond_order_of_crystals(name, basis, edge, q4, q6, repeats):
    values = cb.Angular((4, 6), (1.0,), (0.02,)).compute(crystal(basis, edge, repeats)).values
    np.testing.assert_allclose(values, [[q4, q6]] * len(values), atol=1e-7)
    count = cb.Radial((1.0,), (0.02,), 1).compute(crystal(basis, edge, repeats)).values
    np.testing.assert_allclose(count, {"fcc": 12, "sc": 6}[name], atol=1e-7)


def test_bond_order_of_bcc_with_its_two_nearest_shells_of_equal_weight():
    # Mickel et al. (2013), table I: bcc, 14 neighbors: q4 = 0.036370, q6 = 0.510688.
    basis, edge = BCC
    halfway = (1 + edge) / 2
    values = cb.Angular((4, 6), (halfway,), (0.05,)).compute(crystal(basis, edge, 3)).values
    np.testing.assert_allclose(values, [[0.036370, 0.510688]] * len(values), atol=1e-6)


def test_bond_order_of_hcp():
    # Mickel et al. (2013), table I: hcp, 12 neighbors: q4 = 0.097222, q6 = 0.484762.
    matrix = np.diag([1, np.sqrt(3), np.sqrt(8 / 3)])
    basis = np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 5 / 6, 0.5], [0, 1 / 3, 0.5]]) @ matrix
    hcp = cb.Configuration(basis, [0] * 4, matrix)
    values = cb.Angular((4, 6), (1.0,), (0.02,)).compute(hcp).values
    np.testing.assert_allclose(values, [[0.097222, 0.484762]] * 4, atol=1e-6)


@pytest.mark.parametrize("r_c", [0.5, 1.7, 3.1])
@pytest.mark.parametrize("box", BOXES)
def test_generations_equal_powers_of_a_dense_matrix(box, r_c):
    rng = np.random.default_rng(5)
    configuration = cb.Configuration(rng.uniform(size=(25, 3)) @ BOXES[box], [0] * 25, BOXES[box])
    radial, angular = cb.Radial(R, WIDTH, 1), cb.Angular((2, 6), R, WIDTH)
    features = cb.Generations([radial, angular], n_max=3, r_c=r_c).compute(configuration)
    expected = cb.Features.concatenate(
        [radial.compute(configuration), angular.compute(configuration)]
    ).values
    matrix = naive.averaging_matrix(configuration, r_c)
    for n in range(4):
        values = features.where(generation=n).values
        np.testing.assert_allclose(values, expected, rtol=1e-12, atol=1e-14)
        expected = matrix @ expected


def test_one_descriptor_or_several():
    radial = cb.Radial(R, WIDTH, 1)
    assert cb.Generations(radial, 1) == cb.Generations([radial], 1)
    assert cb.Generations(radial, 1).r_c == 2.1  # Alkemade 2022, section I C
    assert len(cb.Generations(radial, 0).labels()) == len(R)


def test_one_width_serves_all_shells():
    assert cb.Radial(np.array(R), 0.1, 2) == cb.Radial(R, (0.1,) * 5, 2)


class TestPapers:
    def test_alkemade2022(self):
        labels = cb.papers.alkemade2022(cb.hard_spheres()).labels()
        assert len(labels) == 1062  # Alkemade 2022, section I C
        first = labels[labels.generation == 0]
        radial, angular = first[first.kind == "radial"], first[first.kind == "angular"]
        assert (len(radial), len(angular)) == (162, 192)
        shells = radial[radial.species == "B"]
        ranges = [(0, 2, 46, 0.025), (2, 3, 20, 0.05), (3, 4.5, 15, 0.1)]
        for low, high, count, width in ranges:
            here = shells[(shells.r > low + 1e-9) & (shells.r < high + 1e-9)]
            assert len(here) == count
            assert here.r[-1] == pytest.approx(high)
            assert set(here.width) == {width}
            np.testing.assert_allclose(np.diff(here.r), np.diff(here.r)[0])
        assert shells.r[0] == 0.86
        assert sorted(set(angular.l)) == list(range(1, 13))
        np.testing.assert_allclose(angular[angular.l == 5].r, 1 + 0.1 * np.arange(16))
        assert set(radial.body) == {2}
        assert set(angular.body) == {3}
        assert set(radial.l) == set(labels.n) == {-1}
        assert set(angular.species) == {""}

    def test_boattini2021(self):
        radial = cb.papers.boattini2021(cb.hard_spheres(), generations=0).labels()
        radial = radial[radial.kind == "radial"]
        assert len(radial) == 172  # REFERENCE: 172 for hard spheres, 200 for Kob-Andersen
        assert radial.r.min() == pytest.approx(0.875)
        assert radial.r.max() == 5.0
        soft = cb.kob_andersen()
        labels = cb.papers.boattini2021(soft).labels()
        assert len(labels) == 3 * (200 + 192)  # Boattini 2021: 200 radial, 192 angular
        assert labels.r.min() == pytest.approx(0.525)

    def test_one_species_halves_the_radial_part(self):
        labels = cb.papers.alkemade2022(cb.hard_spheres(composition=1), generations=0).labels()
        assert len(labels) == 81 + 192

    @pytest.mark.parametrize("paper", [cb.papers.alkemade2022, cb.papers.boattini2021])
    def test_generations(self, paper):
        labels = paper(cb.hard_spheres(), generations=1).labels()
        assert set(labels.generation) == {0, 1}
        assert len(labels) == 2 * len(paper(cb.hard_spheres(), generations=0).labels())


class TestRefused:
    def test_more_species_than_described(self):
        mixture = cb.Configuration([[0, 0, 0], [1, 1, 1]], ["A", "C"], 4.0)
        with pytest.raises(ConfigurationError, match=r"at most 2.*species C"):
            cb.Radial(R, WIDTH, 2).compute(mixture)

    def test_coincident_particles(self):
        with pytest.raises(ConfigurationError, match="apart, got 0 and 1 at one place"):
            cb.Angular((2,), (0.1,), (0.1,)).compute(
                cb.Configuration([[1, 1, 1], [1, 1, 1]], [0, 0], 4.0)
            )

    @pytest.mark.parametrize(
        ("r", "width", "message"),
        [
            ((), (), "r: expected positive"),
            ((1.0, -1.0), 0.1, "r: expected positive"),
            ((1.0, np.nan), 0.1, "r: expected positive"),
            ((1.0,), (0.0,), "width: expected positive"),
            ((1.0, 2.0), (0.1, 0.1, 0.1), "width: expected one"),
        ],
    )
    def test_shells(self, r, width, message):
        for make in (lambda: cb.Radial(r, width, 1), lambda: cb.Angular((2,), r, width)):
            with pytest.raises(InputError, match=message):
                make()

    @pytest.mark.parametrize("orders", [(), (0,), (2, 2), (1.5,), "6"])
    def test_orders(self, orders):
        with pytest.raises(InputError, match="l: expected"):
            cb.Angular(orders, (1.0,), (0.1,))

    @pytest.mark.parametrize("n_species", [0, -1, 27])
    def test_number_of_species(self, n_species):
        with pytest.raises(InputError, match="n_species"):
            cb.Radial((1.0,), (0.1,), n_species)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (([], 1), "descriptors"),
            (("radial", 1), "descriptors"),
            ((cb.Generations(cb.Radial(R, WIDTH, 1), 1), 1), "generation 0 only"),
            ((cb.Radial(R, WIDTH, 1), -1), "n_max"),
            ((cb.Radial(R, WIDTH, 1), 1.5), "n_max"),
            ((cb.Radial(R, WIDTH, 1), 1, 0.0), "r_c"),
        ],
    )
    def test_generations(self, arguments, message):
        with pytest.raises(InputError, match=message):
            cb.Generations(*arguments)


@pytest.mark.external
@pytest.mark.skipif(not HARD_SPHERES.exists(), reason=f"{HARD_SPHERES.name} is not here")
def test_equal_twins_in_dense_hard_spheres():
    lines = HARD_SPHERES.read_text().splitlines()
    columns = [line.split() for line in lines[2:]]
    configuration = cb.Configuration(
        [[float(x) for x in column[1:4]] for column in columns],
        [column[0].upper() for column in columns],
        [float(x) for x in lines[1].split()],
    )
    assert len(configuration) == int(lines[0])
    paper = cb.papers.alkemade2022(cb.hard_spheres(), generations=0)
    radial, angular = paper.descriptors
    values = paper.compute(configuration)
    for i in (0, 4321, 9999):
        twin = naive.radial(configuration, i, radial.r, radial.width, 2)
        np.testing.assert_allclose(values.where(kind="radial").values[i], twin, atol=1e-10)
        twin = naive.angular(configuration, i, angular.l, angular.r, angular.width)
        np.testing.assert_allclose(values.where(kind="angular").values[i], twin, atol=1e-10)
