import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import float32, int64, types

from cagebreak import models, potentials
from cagebreak.configuration import Box, Configuration
from cagebreak.errors import ConfigurationError
from cagebreak.potentials import _pair_kernel as kernel
from naive import potentials as naive
from support import lammps_reference
from support.table_models import tabulated

SOFT = {
    "harmonic": models.harmonic_spheres(),
    "lennard_jones": models.kob_andersen(),
    "lennard_jones_smooth": models.kob_andersen_smoothed(),
    "wahnstrom": models.wahnstrom(),
    "tabulated": tabulated(),
}
MODELS = {"hard_log": models.hard_spheres(), **SOFT}
SHEARED = np.array([[3.0, 0, 0], [1.4, 2.6, 0], [-0.9, 0.5, 2.5]])


@pytest.fixture(params=MODELS)
def model(request):
    return MODELS[request.param]


def apart(seed, n, matrix, distance):
    """Return a mixture in which no two images are nearer than `distance`."""
    rng, box, kept = np.random.default_rng(seed), Box(matrix), []
    for position in rng.uniform(size=(4000, 3)) @ matrix:
        vectors = box.minimum_image(position - np.array(kept).reshape(-1, 3))
        if (np.linalg.norm(vectors, axis=1) > distance).all():
            kept.append(position)
        if len(kept) == n:
            break
    return Configuration(kept, rng.integers(0, 2, len(kept)), box)


def two(model, r, species=(0, 0)):
    return Configuration([[1, 1, 1], [1, 1, 1 + r]], species, 30.0)


def assert_equals_twin(configuration, model):
    energies, forces = naive.sums(configuration, model.pair)
    scale = max(1, np.abs(forces).max())
    np.testing.assert_allclose(
        potentials.energies(configuration, model), energies, atol=1e-12 * scale, rtol=1e-11
    )
    np.testing.assert_allclose(
        potentials.forces(configuration, model), forces, atol=1e-12 * scale, rtol=1e-11
    )


@pytest.mark.parametrize("edge", [1.3, 2.2, 4.0])
def test_sums_equal_twin_in_cubes_small_and_large(model, edge):
    assert_equals_twin(apart(1, 12, np.eye(3) * edge, 1.001), model)


def test_sums_equal_twin_in_a_sheared_box(model):
    assert_equals_twin(apart(2, 10, SHEARED, 1.001), model)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    name=st.sampled_from(list(SOFT)),
    n=st.integers(1, 8),
    edges=st.lists(st.floats(1, 4), min_size=3, max_size=3),
    shear=st.lists(st.floats(-2, 2), min_size=3, max_size=3),
)
def test_sums_equal_twin_for_random_input(seed, name, n, edges, shear):
    matrix = np.diag(edges)
    matrix[1, 0], matrix[2, 0], matrix[2, 1] = shear
    positions = np.random.default_rng(seed).uniform(-5, 5, (n, 3))
    species = np.random.default_rng(seed).integers(0, 2, n)
    assert_equals_twin(Configuration(positions, species, Box(matrix)), SOFT[name])


def test_forces_are_the_slope_of_the_energy(model):
    configuration = apart(3, 14, SHEARED * 1.1, 1.02)
    forces = potentials.forces(configuration, model)
    h = 1e-5
    for i in (0, 7):
        for axis in range(3):
            u = []
            for sign in (1, -1):
                moved = configuration.positions.copy()
                moved[i, axis] += sign * h
                u.append(potentials.energy(configuration.replace(positions=moved), model))
            assert forces[i, axis] == pytest.approx(-(u[0] - u[1]) / (2 * h), rel=2e-6, abs=1e-5)


def test_laplacians_are_the_divergence_of_the_forces(model):
    configuration = apart(4, 14, SHEARED * 1.1, 1.02)
    laplacians = potentials.laplacians(configuration, model)
    h = 1e-5
    for i in (0, 7):
        slope = 0
        for axis in range(3):
            for sign in (1, -1):
                moved = configuration.positions.copy()
                moved[i, axis] += sign * h
                forces = potentials.forces(configuration.replace(positions=moved), model)
                slope -= sign * forces[i, axis] / (2 * h)
        # Images of the particle move with it: the sum over them drops out of the slope.
        own = potentials.laplacians(
            Configuration(configuration.positions[[i]], configuration.species[[i]], SHEARED * 1.1),
            model,
        )
        assert laplacians[i] - own[0] == pytest.approx(slope, rel=1e-6, abs=1e-4)


def test_energy_is_the_sum_and_forces_cancel(model):
    configuration = apart(5, 14, SHEARED * 1.1, 1.001)
    energies = potentials.energies(configuration, model)
    forces = potentials.forces(configuration, model)
    assert potentials.energy(configuration, model) == pytest.approx(energies.sum())
    np.testing.assert_allclose(forces.sum(axis=0), 0, atol=1e-12 * np.abs(forces).max())
    assert energies.shape == (len(configuration),)
    assert forces.shape == (len(configuration), 3)


@pytest.mark.parametrize("pair", [(0, 0), (0, 1), (1, 1)])
def test_energy_goes_to_zero_at_the_cutoff_of_each_pair(model, pair):
    r_c = model.pair.cutoffs[pair]
    inside, outside = two(model, r_c - 1e-6, pair), two(model, r_c + 1e-6, pair)
    assert potentials.energy(inside, model) == pytest.approx(0, abs=1e-6)
    assert potentials.energy(outside, model) == 0
    assert not potentials.forces(outside, model).any()
    if model.pair.form != "lennard_jones":
        assert np.abs(potentials.forces(inside, model)).max() < 1e-4


@pytest.mark.parametrize("pair", [(0, 0), (0, 1), (1, 1)])
def test_smoothing_joins_energy_force_and_curvature(pair):
    model = SOFT["lennard_jones_smooth"]
    r = 2.2 * model.pair.sigma[pair[0]][pair[1]]
    sides = [two(model, r + h, pair) for h in (-1e-7, 1e-7)]
    for what in (potentials.energies, potentials.forces, potentials.laplacians):
        below, above = (what(side, model) for side in sides)
        np.testing.assert_allclose(below, above, atol=1e-6)


def test_known_numbers():
    ka = SOFT["lennard_jones"]
    # 4 (2.5^-12 - 2.5^-6), the well-known shift of the Lennard-Jones potential.
    shift = -0.016316891136
    bottom = two(ka, 2 ** (1 / 6))
    assert potentials.energy(bottom, ka) == pytest.approx(-1 - shift, rel=1e-12)
    assert np.abs(potentials.forces(bottom, ka)).max() < 1e-13
    assert potentials.energy(two(ka, 0.8 * 2 ** (1 / 6), (0, 1)), ka) == pytest.approx(
        1.5 * (-1 - shift)
    )
    # u'' at the bottom is 36 2^(2/3) eps / sigma^2, and u' is zero.
    np.testing.assert_allclose(potentials.laplacians(bottom, ka), 36 * 2 ** (2 / 3), rtol=1e-12)
    harmonic = SOFT["harmonic"]
    assert potentials.energy(two(harmonic, 0.6, (0, 1)), harmonic) == pytest.approx(0.25)
    hard = MODELS["hard_log"]
    assert potentials.forces(two(hard, 1.1), hard)[0, 2] == pytest.approx(-1 / 0.1 + 1 / 0.35)


def test_a_table_in_single_precision_keeps_arithmetic_in_it():
    row = types.Tuple([float32] * kernel.N_COLUMNS + [types.CPointer(float32), int64])
    functions = [f for name, f in vars(kernel).items() if name.endswith(("_energy", "_force"))]
    assert len(functions) == 12
    for function in functions:
        function.compile((float32, row))
        assert function.overloads[float32, row].signature.return_type == float32


def test_overlapping_hard_spheres_are_refused():
    model = MODELS["hard_log"]
    with pytest.raises(ConfigurationError, match=r"spheres 0 and 1 overlap, at 0\.999000"):
        potentials.forces(two(model, 0.999), model)


def test_particles_that_coincide_are_refused(model):
    for function in (potentials.energy, potentials.stress):
        with pytest.raises(ConfigurationError, match="particles apart, got 0 and 1 at one place"):
            function(two(model, 0.0), model)


def test_a_species_that_the_model_lacks_is_refused(model):
    with pytest.raises(ConfigurationError, match=r"species.*A or B.*number 2"):
        potentials.energy(two(model, 2.0, (0, 2)), model)


@pytest.mark.parametrize("name", [name for name in SOFT if name != "tabulated"])
def test_energies_and_forces_equal_those_of_lammps(name):
    try:
        lammps_reference.load()
    except ImportError as error:
        pytest.skip(f"LAMMPS: {error}")
    model = SOFT[name]
    for matrix in (np.eye(3) * 7, np.array([[7.0, 0, 0], [2.1, 7, 0], [-1.5, 2.4, 7]])):
        configuration = apart(6, 300, matrix, 0.85)
        energy, forces = lammps_reference.energy_and_forces(
            lammps_reference.begin(configuration, model)
        )
        assert potentials.energy(configuration, model) == pytest.approx(energy, rel=1e-12)
        np.testing.assert_allclose(potentials.forces(configuration, model), forces, atol=1e-10)
