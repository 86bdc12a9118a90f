"""The atomic cluster expansion against explicit sums, known laws and another package."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

import cagebreak as cb
from cagebreak.descriptors.ace._expansion_kernel import TILE
from cagebreak.descriptors.ace.couplings import product_coefficient, real_coupling, wigner_3j
from cagebreak.descriptors.ace.radial import product
from cagebreak.errors import ConfigurationError, InputError
from cagebreak.neighbors import neighbor_table
from naive import ace as naive

MIXTURE = cb.AtomicClusterExpansion(2.0, order=3, n_max=7, degree=7, n_species=2)
BODIES = (2, 3, 4)


def plain(descriptor):
    return cb.AtomicClusterExpansion(**vars(descriptor) | {"purified": False})


def cluster(n, seed=0, species=0):
    """Return a particle at the center of a large box and n neighbors around it."""
    rng = np.random.default_rng(seed)
    around = rng.normal(size=(n, 3))
    around *= rng.uniform(0.5, 1.8, (n, 1)) / np.linalg.norm(around, axis=1, keepdims=True)
    kinds = rng.integers(0, species + 1, n + 1)
    kinds[0] = 0
    return cb.Configuration(np.concatenate([np.zeros((1, 3)), around]) + 10, kinds, 20.0)


@pytest.mark.parametrize("r0", [None, 0.9])
@pytest.mark.parametrize("envelope", [1, 2])
def test_radial_functions_equal_the_printed_ones(r0, envelope):
    descriptor = cb.AtomicClusterExpansion(2.5, 1, 6, 6, r0=r0, envelope=envelope)
    r = np.linspace(0.01, 2.49, 40)
    expected = [naive.radial(r, n, 2.5, r0, envelope) for n in range(1, 7)]
    np.testing.assert_allclose(descriptor.radial(r), expected, atol=1e-11)


@pytest.mark.parametrize(
    ("r_cut", "a"), [(2, 8.889), (2.5, 22.54), (3, 47.52), (3.5, 88.78), (4, 152.16)]
)
def test_the_transform_is_steepest_at_one(r_cut, a):
    # Values of a: REFERENCE section 5, found by search.
    basis = cb.AtomicClusterExpansion(r_cut, 1, 1, 1).radial_basis
    assert basis.parameters[2] == pytest.approx(a, rel=1e-3)


def test_the_transform_of_acepotentials_has_its_constant():
    assert cb.AtomicClusterExpansion(3.0, 1, 1, 1, r0=1.2).radial_basis.parameters[2] == 3 / 11


@pytest.mark.parametrize("r0", [None, 1.1])
def test_radial_functions_are_orthonormal_under_their_envelope(r0):
    """As functions of x, over its range: r is put where x is a node of Gauss and Legendre."""
    basis = cb.AtomicClusterExpansion(3.0, 1, 20, 20, r0=r0).radial_basis
    nodes, weights = np.polynomial.legendre.leggauss(40)
    low, high = np.zeros(40), np.full(40, 3.0)
    for _ in range(80):
        r = (low + high) / 2
        below = 1 + basis(r, 1)[0] < (nodes + 1) / 2  # R_1 = x - 1
        low, high = np.where(below, r, low), np.where(below, high, r)
    functions = basis(r, 20) / basis(r, 1)
    gram = (functions * weights / 2) @ functions.T
    np.testing.assert_allclose(gram, np.eye(20), atol=1e-10)


def test_radial_functions_end_at_the_cutoff():
    descriptor = cb.AtomicClusterExpansion(2.2, 1, 20, 20)
    assert not descriptor.radial([2.2, 2.3, 50.0]).any()
    assert descriptor.radial([2.2 - 1e-9]).any()
    np.testing.assert_allclose(descriptor.radial([1e-12])[0], -1.0)  # x(0) = 0


@pytest.mark.parametrize("n", [(1, 1), (3, 2), (9, 9), (2, 3, 4), (6, 6, 6)])
@pytest.mark.parametrize("envelope", [1, 2])
def test_products_of_radial_functions_are_sums_of_them(n, envelope):
    basis = cb.AtomicClusterExpansion(2.5, 1, 1, 1, envelope=envelope).radial_basis
    coefficients = product(n, envelope)
    rows = basis(np.linspace(0.0, 2.5, 30), max(*n, len(coefficients)))
    expected = np.prod([rows[one - 1] for one in n], axis=0)
    np.testing.assert_allclose(coefficients @ rows[: len(coefficients)], expected, atol=1e-10)


@pytest.mark.parametrize(
    ("symbol", "value"),
    [
        # Edmonds, Angular Momentum in Quantum Mechanics, table 2
        ((1, 1, 0, 0, 0, 0), -np.sqrt(1 / 3)),
        ((1, 1, 2, 0, 0, 0), np.sqrt(2 / 15)),
        ((2, 2, 2, 0, 0, 0), -np.sqrt(2 / 35)),
        ((2, 1, 1, 1, 0, -1), -np.sqrt(1 / 10)),
        ((1, 1, 1, 1, -1, 0), np.sqrt(1 / 6)),
        ((1, 1, 3, 0, 0, 0), 0.0),
        ((1, 1, 2, 1, 1, 0), 0.0),
    ],
)
def test_wigner_symbols_have_their_tabulated_values(symbol, value):
    assert wigner_3j(*symbol) == pytest.approx(value, abs=1e-14)


def real_harmonics(vectors, l):
    """Return the real harmonics of unit vectors from the complex ones."""
    y = naive.harmonics(vectors, l)
    columns = [y[:, l].real]
    for m in range(1, l + 1):
        one = np.sqrt(2) * (-1) ** m * y[:, l + m]
        columns += [one.real, one.imag]
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("l", [(0, 0, 0), (1, 1, 0), (2, 1, 1), (2, 2, 2), (3, 2, 1), (3, 3, 2)])
def test_couplings_equal_an_average_over_all_rotations(l):
    """The mean of D1 x D2 x D3 over rotations projects on the only invariant there is."""
    l_max = sum(l)
    points = np.random.default_rng(0).normal(size=(60, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    beta, weights = np.polynomial.legendre.leggauss(l_max + 1)
    alphas = 2 * np.pi * np.arange(l_max + 1) / (l_max + 1)
    inverses = [np.linalg.pinv(real_harmonics(points, one)) for one in l]
    size = int(np.prod([2 * one + 1 for one in l]))
    projector = np.zeros((size, size))
    for b, w in zip(np.arccos(beta), weights / 2, strict=True):
        for a in alphas:
            for c in alphas:
                turned = points @ Rotation.from_euler("ZYZ", [a, b, c]).as_matrix()
                d = np.ones((1, 1))
                for one, inverse in zip(l, inverses, strict=True):
                    d = np.kron(d, inverse @ real_harmonics(turned, one))
                projector += w / len(alphas) ** 2 * d
    coupling = real_coupling(*l).ravel()
    np.testing.assert_allclose(projector, np.outer(coupling, coupling), atol=1e-10)


@pytest.mark.parametrize("l", [(1, 1, 2), (2, 2, 2), (3, 2, 1), (5, 4, 3)])
def test_harmonics_of_one_direction_meet_in_one_harmonic(l):
    vectors = np.random.default_rng(1).normal(size=(5, 3))
    one, two, three = (real_harmonics(vectors, each) for each in l)
    met = np.einsum("abc,ia,ib->ic", real_coupling(*l), one, two)
    np.testing.assert_allclose(met, product_coefficient(*l) * three, atol=1e-12)


@pytest.mark.parametrize("purified", [True, False])
@pytest.mark.parametrize("options", [{}, {"r0": 1.0, "envelope": 2, "n_max": 3}])
def test_features_equal_explicit_sums(purified, options):
    """Pure features are the sums over distinct pairs and triples, plain ones those over all."""
    given = vars(MIXTURE) | options | {"purified": purified}
    descriptor = cb.AtomicClusterExpansion(**given)
    configuration = cluster(5, species=1)
    features = descriptor.compute(configuration)
    expected = naive.features(
        configuration, 0, features.labels, 2.0, purified, given["r0"], given["envelope"]
    )
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(features.values[0], expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4])
def test_pure_terms_vanish_where_there_are_too_few_neighbors(n):
    configuration = cluster(n)
    features = cb.AtomicClusterExpansion(2.5, 3, 10, 10).compute(configuration)
    for body in BODIES:
        largest = np.abs(features.where(body=body).values[0]).max()
        assert (largest > 1e-2) if n >= body - 1 else (largest < 1e-10)


def test_plain_terms_do_not_vanish():
    features = plain(MIXTURE).compute(cluster(1))
    assert all(np.abs(features.where(body=body).values[0]).max() > 1e-2 for body in BODIES)


@pytest.mark.parametrize("n_species", [1, 2])
def test_pure_and_plain_features_span_the_same(n_species):
    descriptor = cb.AtomicClusterExpansion(2.0, 3, 7, 7, n_species=n_species)
    rng = np.random.default_rng(3)
    gas = cb.Configuration(rng.uniform(0, 9, (600, 3)), np.arange(600) % n_species, 9.0)
    pure, impure = (d.compute(gas).values for d in (descriptor, plain(descriptor)))
    assert np.linalg.matrix_rank(impure) == impure.shape[1]
    assert np.linalg.matrix_rank(pure) == pure.shape[1]
    assert not np.allclose(pure, impure)
    for one, other in ((pure, impure), (impure, pure)):
        scale = np.abs(one).max(axis=0)
        found, *_ = np.linalg.lstsq(one / scale, other, rcond=None)
        np.testing.assert_allclose(one / scale @ found, other, atol=1e-10 * np.abs(other).max())


def test_pair_terms_are_sums_of_any_radial_function_of_their_species():
    configuration = cluster(6, seed=4, species=1)
    values = MIXTURE.compute(configuration).where(body=2).values[0]
    distance = np.linalg.norm(configuration.positions[1:] - configuration.positions[0], axis=1)
    of_each = MIXTURE.radial(distance)
    kinds = configuration.species[1:]
    expected = [of_each[:, kinds == z].sum(axis=1) for z in (0, 1)]
    np.testing.assert_allclose(values, np.concatenate(expected), atol=1e-12)


def test_one_species_among_two_is_described_as_if_alone():
    alone = cb.AtomicClusterExpansion(2.0, 3, 7, 7)
    configuration = cluster(6)
    among = MIXTURE.compute(configuration)
    for body in BODIES:
        same = among.where(body=body, species="A" * (body - 1))
        expected = alone.compute(configuration).where(body=body)
        np.testing.assert_allclose(same.values, expected.values, atol=1e-12)
        assert (same.labels.ns == expected.labels.ns).all()
    of_b = [s for s in set(among.labels.species) if "B" in s]
    assert not among.where(species=of_b).values.any()


def test_a_cutoff_beyond_half_the_box_meets_every_image():
    rng = np.random.default_rng(5)
    small = cb.Configuration(rng.uniform(0, 1.5, (4, 3)), [0, 1, 0, 1], 1.5)
    descriptor = cb.AtomicClusterExpansion(2.0, 2, 4, 6, n_species=2)
    features = descriptor.compute(small)
    expected = naive.features(small, 1, features.labels, 2.0, False)
    impure = plain(descriptor).compute(small).values[1]
    np.testing.assert_allclose(impure, expected, rtol=1e-10, atol=1e-10)
    copies = np.array(list(np.ndindex(3, 3, 3)))
    large = cb.Configuration(
        (small.positions[None] + 1.5 * copies[:, None]).reshape(-1, 3), [0, 1, 0, 1] * 27, 4.5
    )
    np.testing.assert_allclose(descriptor.compute(large).values[:4], features.values, atol=1e-9)


@pytest.mark.parametrize("axis", range(3))
def test_a_box_thinner_than_the_cutoff_is_searched_as_far_on_either_side(axis):
    heights = np.roll([0.7, 4.0, 6.0], axis)
    positions = np.random.default_rng(7).uniform(size=(20, 3)) * heights
    kinds = np.arange(20) % 2
    copies = np.arange(6)[:, None, None] * 0.7 * np.eye(3)[axis]
    thick = cb.Configuration(
        (positions + copies).reshape(-1, 3), np.tile(kinds, 6), np.roll([6 * 0.7, 4.0, 6.0], axis)
    )
    descriptor = cb.AtomicClusterExpansion(2.0, 2, 4, 6, n_species=2)
    thin = descriptor.compute(cb.Configuration(positions, kinds, heights)).values
    expected = descriptor.compute(thick).values[:20]
    np.testing.assert_allclose(thin, expected, rtol=1e-9, atol=1e-9)


def test_more_neighbors_than_fit_one_pass_are_all_counted():
    rng = np.random.default_rng(6)
    dense = cb.Configuration(rng.uniform(0, 1.2, (20, 3)), np.arange(20) % 2, 1.2)
    assert np.diff(neighbor_table(dense, 2.5).offsets).min() > TILE
    descriptor = cb.AtomicClusterExpansion(2.5, 2, 4, 6, purified=False, n_species=2)
    features = descriptor.compute(dense)
    for i in range(20):
        expected = naive.features(dense, i, features.labels, 2.5, False)
        np.testing.assert_allclose(features.values[i], expected, rtol=1e-9, atol=1e-9)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 1000),
    n=st.integers(0, 12),
    angles=st.tuples(*[st.floats(-3, 3)] * 3),
    mirror=st.booleans(),
)
def test_turned_and_mirrored_clusters_have_the_same_features(seed, n, angles, mirror):
    configuration = cluster(n, seed, species=1)
    turn = Rotation.from_euler("xyz", angles).as_matrix() * (-1 if mirror else 1)
    turned = configuration.replace(positions=(configuration.positions - 10) @ turn + 10)
    values = MIXTURE.compute(configuration).values
    np.testing.assert_allclose(MIXTURE.compute(turned).values, values, rtol=1e-10, atol=1e-10)


def test_labels_say_species_n_and_l_of_every_neighbor():
    labels = MIXTURE.labels("inherent")
    first = labels[0]
    assert (first.kind, first.body, first.n, first.l) == ("ace", 2, 1, 0)
    assert (first.species, first.ns, first.ls, first.state) == ("A", "1", "0", "inherent")
    power = labels[labels.body == 3]
    assert (power[0].species, power[0].ns, power[0].ls, power[0].l) == ("AA", "1,1", "0,0", 0)
    assert list(dict.fromkeys(power.species)) == ["AA", "AB", "BB"]
    triples = labels[labels.body == 4]
    assert list(dict.fromkeys(triples.species)) == ["AAA", "AAB", "ABB", "BBB"]
    assert (np.diff(labels.body) >= 0).all()
    for label in labels[labels.body > 2]:
        n, l = (np.array(text.split(","), int) for text in (label.ns, label.ls))
        assert (n + 1.5 * l).sum() <= 7
        assert sum(l) % 2 == 0
        assert 2 * max(l) <= sum(l)
    assert MIXTURE.compute(cluster(3)).where(ns="1,1", ls="1,1", species="AB").n_features == 1


def test_the_number_of_features_is_that_of_all_invariants():
    """Counted otherwise: as choices of one-particle functions, one invariant for each."""
    functions = [(n, l) for n in range(1, 8) for l in range(5)]
    one, two = MIXTURE.labels(), set()
    for a in functions:
        for b in functions:
            if a[1] == b[1] and a[0] + b[0] + 3 * a[1] <= 7:
                two |= {tuple(sorted(((s, *a), (t, *b)))) for s in "AB" for t in "AB"}
    assert (one.body == 3).sum() == len(two)
    assert (one.body == 2).sum() == 14


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"order": 4}, "order: expected 1 to 3, got 4"),
        ({"order": 0}, "order"),
        ({"n_max": 0}, "n_max"),
        ({"n_max": 2.5}, "n_max: expected 1 to 100, got 2.5"),
        ({"degree": -1}, "degree: expected a positive number, got -1"),
        ({"wl": 0.0}, "wl"),
        ({"r_cut": np.inf}, "r_cut: expected a positive length"),
        ({"r_cut": 0.7}, "r_cut: expected more than 0.794"),
        ({"r0": 2.0}, "r0: expected a length below r_cut 2.0, got 2.0"),
        ({"envelope": 0}, "envelope"),
        ({"n_species": 100}, "n_species"),
    ],
)
def test_parameters_out_of_range_are_refused(wrong, message):
    with pytest.raises(InputError, match=message):
        cb.AtomicClusterExpansion(**vars(MIXTURE) | wrong)


def test_configurations_it_cannot_describe_are_refused():
    with pytest.raises(ConfigurationError, match="at most 2"):
        MIXTURE.compute(cb.Configuration([[0, 0, 0], [1, 1, 1]], [0, 2], 5.0))
    with pytest.raises(ConfigurationError, match="apart, got 0 and 1 at one place"):
        MIXTURE.compute(cb.Configuration([[1, 1, 1], [1, 1, 1], [2, 2, 2]], [0, 0, 1], 5.0))
