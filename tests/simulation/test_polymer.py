"""Chains: bonds in energies and states, how melts are grown, and what they are like."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

import cagebreak as cb
from cagebreak import models, potentials, structure
from cagebreak._simd.sites import LANES
from cagebreak._simd.vectors import pointer
from cagebreak.errors import ConfigurationError, InputError, NotConvergedError
from cagebreak.potentials import _pair_kernel as pair_kernel
from cagebreak.potentials.bonds import bond_table
from cagebreak.simulation import lammps, molecular_dynamics, packing, preparation
from cagebreak.simulation.preparation import Prepared, Step
from cagebreak.states import CageSampler, _cage_kernel, inherent, inherent_state
from cagebreak.states._cage_list_kernel import NeighborLists
from naive import potentials as naive
from support import lammps_reference

MODEL = models.fene_polymer(temperature=1.0)
SHEARED = np.array([[4.2, 0, 0], [1.4, 4.0, 0], [-0.9, 0.5, 4.1]])
STEPS = (
    Step("NPT", 30.0, (1.0,), 1.0),
    Step("NPT", 10.0, (1.0, 0.8), 1.0),
    Step("NVT", 5.0, (0.8,)),
)


def chains(seed, n_chains, length, matrix):
    """Return random walks of bonds between 0.85 and 1.4, not far from each other as it happens."""
    rng, box = np.random.default_rng(seed), cb.Box(matrix)
    steps = rng.normal(size=(n_chains, length, 3))
    steps *= (rng.uniform(0.85, 1.4, steps.shape[:2]) / np.linalg.norm(steps, axis=2))[..., None]
    steps[:, 0] = rng.uniform(size=(n_chains, 3)) @ box.matrix
    positions = steps.cumsum(axis=1).reshape(-1, 3)
    images = rng.integers(-2, 3, positions.shape)
    return cb.Configuration(positions + images @ box.matrix, [0] * len(positions), box)


def two(r, temperature=1.0):
    return (
        models.fene_polymer(temperature, chain_length=2),
        cb.Configuration([[1, 1, 1], [1, 1, 1 + r]], [0, 0], 10.0),
    )


def prepare(engine):
    prepared = preparation.begin(MODEL, 400, STEPS, 1)
    for segment in preparation.segments(STEPS, MODEL):
        prepared = preparation.advance(prepared, MODEL, STEPS, segment, 1, engine)
    return prepared


@pytest.fixture(scope="module")
def prepared():
    return prepare("cagebreak")


@pytest.fixture(scope="module")
def melt(prepared):
    return preparation.finished(prepared)


# Energies


@pytest.mark.parametrize("r", [0.8, 0.97, 1.1, 1.2, 1.45])
def test_two_bonded_beads_have_the_energy_of_kremer_and_grest(r):
    model, beads = two(r)
    spring = -0.5 * 30 * 1.5**2 * np.log(1 - (r / 1.5) ** 2)
    repulsion = 4 * (r**-12 - r**-6) + 1 if r < 2 ** (1 / 6) else 0
    assert potentials.energy(beads, model) == pytest.approx(spring + repulsion, rel=1e-13)


def test_the_bottom_of_a_bond_is_at_0_9609():
    # Minimum of u of Kremer and Grest 1990 for k = 30, R_0 = 1.5: 0.961 in the literature.
    model, beads = two(1.2)
    state = inherent_state(beads, model, force_tolerance=1e-9)
    r = np.linalg.norm(np.diff(state.configuration.positions, axis=0))
    assert r == pytest.approx(0.9609, abs=1e-4)
    assert r == pytest.approx(packing.BOND_LENGTH, abs=1e-3)


def assert_equals_twin(configuration, model):
    energies, forces = naive.sums(configuration, model.pair, model.bonds)
    scale = max(1, np.abs(forces).max())
    np.testing.assert_allclose(
        potentials.energies(configuration, model), energies, atol=1e-12 * scale, rtol=1e-10
    )
    np.testing.assert_allclose(
        potentials.forces(configuration, model), forces, atol=1e-12 * scale, rtol=1e-10
    )


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n_chains=st.integers(1, 3),
    length=st.integers(2, 5),
    edges=st.lists(st.floats(3.01, 6), min_size=3, max_size=3),
    shear=st.floats(-1, 1),
)
def test_sums_equal_twin_for_random_chains(seed, n_chains, length, edges, shear):
    matrix = np.diag(edges)
    matrix[2, 1] = shear
    model = models.fene_polymer(chain_length=length)
    configuration = chains(seed, n_chains, length, matrix)
    if configuration.box.heights.min() >= 3:
        assert_equals_twin(configuration, model)


def test_sums_equal_twin_in_a_sheared_box():
    assert_equals_twin(chains(1, 3, 4, SHEARED), models.fene_polymer(chain_length=4))


def test_forces_and_laplacians_are_the_slopes_of_the_energy():
    model, configuration = models.fene_polymer(chain_length=4), chains(8, 3, 4, SHEARED)
    forces = potentials.forces(configuration, model)
    laplacians = potentials.laplacians(configuration, model)
    h = 1e-5
    for i in (0, 1, 7):
        divergence = 0
        for axis in range(3):
            sides = []
            for sign in (1, -1):
                moved = configuration.positions.copy()
                moved[i, axis] += sign * h
                sides.append(configuration.replace(positions=moved))
            u = [potentials.energy(side, model) for side in sides]
            scale = max(1, np.abs(forces).max())
            assert forces[i, axis] == pytest.approx(-(u[0] - u[1]) / (2 * h), abs=1e-6 * scale)
            f = [potentials.forces(side, model)[i, axis] for side in sides]
            divergence -= (f[0] - f[1]) / (2 * h)
        # No image of a particle lies within the cut-off of itself here.
        assert laplacians[i] == pytest.approx(divergence, rel=1e-5)


def test_stress_is_the_slope_of_the_energy_by_strain():
    model, configuration = models.fene_polymer(chain_length=4), chains(8, 3, 4, SHEARED)
    stress = potentials.stress(configuration, model) * configuration.box.volume
    h = 1e-6
    for a, b in [(0, 0), (0, 1), (2, 1)]:
        u = []
        for sign in (1, -1):
            deformation = np.eye(3)
            deformation[b, a] += sign * h
            strained = cb.Configuration(
                configuration.positions @ deformation,
                configuration.species,
                cb.Box(configuration.box.matrix @ deformation),
            )
            u.append(potentials.energy(strained, model))
        assert stress[a, b] == pytest.approx((u[0] - u[1]) / (2 * h), rel=1e-5, abs=1e-3)


def test_energy_forces_and_pressure_equal_those_of_lammps(melt):
    try:
        lammps_reference.load()
    except ImportError as error:
        pytest.skip(f"LAMMPS: {error}")
    tilt = np.array([[1, 0, 0], [0.1, 1, 0], [-0.06, 0.08, 1]])
    tilted = cb.Configuration(melt.unwrapped @ tilt, melt.species, cb.Box(melt.box.matrix @ tilt))
    for configuration in (melt, tilted):
        lammps = lammps_reference.begin(configuration, MODEL)
        energy, forces = lammps_reference.energy_and_forces(lammps)
        assert potentials.energy(configuration, MODEL) == pytest.approx(energy, rel=1e-10)
        np.testing.assert_allclose(potentials.forces(configuration, MODEL), forces, atol=1e-9)
        pressure = -np.trace(potentials.stress(configuration, MODEL)) / 3
        # The particles of the reference are at rest.
        assert pressure == pytest.approx(lammps.get_thermo("press"), rel=1e-9)


def test_chains_that_are_none_are_refused(melt):
    cases = [
        (melt.replace(positions=melt.positions[::-1][:390], species=[0] * 390,
                      velocities=None), "whole chains of 20 particles, got 390"),
        (melt.replace(positions=np.random.default_rng(1).permutation(melt.positions)),
         r"a bond between particles \d+ and \d+ shorter than 1.5, got .*order of chains of 20"),
        (cb.Configuration(np.arange(60).reshape(20, 3) / 30, [0] * 20, 2.9),
         "opposite faces 3 sigma apart at least"),
    ]  # fmt: skip
    for configuration, message in cases:
        for function in (
            potentials.energy,
            inherent_state,
            lambda c, m: CageSampler(c, m, 1),
            lambda c, m: lammps.MolecularDynamics(c, m, 1),
            lambda c, m: molecular_dynamics.MolecularDynamics(c, m, 1),
        ):
            with pytest.raises(ConfigurationError, match=message):
                function(configuration, MODEL)


def test_parameters_that_cannot_be_are_refused():
    for wrong in ({"chain_length": 1}, {"chain_length": 2.5}, {"temperature": 0.0}):
        with pytest.raises(InputError, match=next(iter(wrong))):
            models.fene_polymer(**wrong)
    with pytest.raises(InputError, match="n_particles: expected a multiple of chain_length = 20"):
        cb.equilibrate(MODEL, 30, 1.0, seed=1)


# Inherent state


def test_steps_of_fire_equal_those_of_the_twin():
    model = models.fene_polymer(chain_length=4)
    start = packing.random_packing(model, 32, seed=1)
    path, forces = naive.fire(start, model.pair, 20, inherent.FIRST_DT_BONDED, model.bonds)
    largest = np.linalg.norm(forces, axis=2).max(axis=1)
    for n in (1, 7, 20):
        with pytest.raises(NotConvergedError) as caught:
            inherent_state(start, model, force_tolerance=1e-12, max_iterations=n)
        best = np.argmin(largest[: n + 1])
        np.testing.assert_allclose(
            caught.value.state.configuration.positions, path[best], atol=1e-9
        )


def test_a_melt_falls_to_its_minimum(melt):
    state = inherent_state(melt, MODEL)
    forces = potentials.forces(state.configuration, MODEL)
    assert np.linalg.norm(forces, axis=1).max() == pytest.approx(state.force, rel=1e-3)
    assert state.force <= 1e-6
    assert state.energy < potentials.energy(melt, MODEL) / 400
    lengths = np.linalg.norm(bond_table(state.configuration, MODEL).vectors, axis=1)
    assert lengths.mean() == pytest.approx(0.961, abs=0.004)
    assert cb.NetForce(MODEL).compute(state.configuration).values.max() <= 1e-6


def test_a_bond_at_its_limit_is_drawn_together_and_never_breaks():
    for r in (1.4999, 1.4):
        model, beads = two(r)
        for n in (1, 2, 5, 20, 50):
            try:
                state = inherent_state(beads, model, max_iterations=n)
            except NotConvergedError as error:
                state = error.state
            potentials.energy(state.configuration, model)  # raises if the bond is too long
        assert inherent_state(beads, model).energy * 2 == pytest.approx(20.2, abs=0.1)


# Cage state


def test_two_bonded_beads_have_the_boltzmann_distribution():
    radius, temperature = 0.3, 1.0
    model, beads = two(1.05, temperature)
    sampler = CageSampler(beads, model, 6, radius)
    sampler.step = 0.12
    lengths = np.empty(8000)
    for k in range(len(lengths)):
        sampler.run(16)
        lengths[k] = np.linalg.norm(np.diff(sampler.positions, axis=0))
    rng = np.random.default_rng(2)
    u = rng.uniform(-radius, radius, (2, 2_000_000, 3))
    p = beads.positions[:, None] + u[:, ((u**2).sum(axis=2) < radius**2).all(axis=0)]
    r = np.linalg.norm(p[1] - p[0], axis=1)
    r = r[r < 1.5]
    energy = -0.5 * 30 * 1.5**2 * np.log(1 - (r / 1.5) ** 2)
    energy += np.where(r < 2 ** (1 / 6), 4 * (r**-12 - r**-6) + 1, 0)
    weights = np.exp(-(energy - energy.min()) / temperature)
    order = np.argsort(r)
    below = np.cumsum(weights[order]) / weights.sum()
    edges = r[order][np.searchsorted(below, np.arange(1, 8) / 8)]
    counts = np.histogram(lengths, [-np.inf, *edges, np.inf])[0]
    np.testing.assert_allclose(counts / len(lengths), 1 / 8, atol=0.015)
    # The unbonded pair would spread over both balls.
    assert 0.75 < edges[0] < edges[-1] < 1.1


def test_energies_of_trials_are_those_of_potentials(melt):
    sampler = CageSampler(melt, MODEL, 5)
    sampler.relax(200)
    sampler.run(200)
    before = melt.replace(positions=sampler.positions, images=None)
    energy = potentials.energy(before, MODEL)
    form, distances = pair_kernel.LENNARD_JONES, np.empty(2 * LANES, np.float32)

    @njit
    def of_pairs(x, y, z, i, sites, lists, interaction, distances):
        return _cage_kernel.difference(
            form, False, x, y, z, i, pointer(sites.coordinates),
            NeighborLists(pointer(lists.rows), pointer(lists.entries), pointer(lists.limits)),
            interaction, _cage_kernel.single(_cage_kernel.as_tuple(sites.lattice)),
            pointer(distances),
        )  # fmt: skip

    sites, interaction = sampler._sites, sampler._interaction

    m = _cage_kernel.as_tuple(sites.lattice)
    rng = np.random.default_rng(3)
    for i in (0, 13, 77, 200, 399):
        move = np.rint(rng.uniform(-0.1, 0.1, 3) @ sampler._inverse).astype(np.int32)
        x, y, z = sites.coordinates[i, :3] + move
        change = of_pairs(x, y, z, i, sites, sampler._lists, interaction, distances)
        change += _cage_kernel.bonds_difference(
            form, x, y, z, i, sites.coordinates.ravel(), interaction, m
        )
        positions = before.positions.copy()
        positions[sampler._order[i]] += move @ sites.lattice
        after = potentials.energy(before.replace(positions=positions), MODEL)
        assert change == pytest.approx(after - energy, abs=2e-4, rel=1e-5)


def test_chains_stay_whole_and_caged(melt):
    sampler = CageSampler(melt, MODEL, 5)
    sampler.relax(400)
    sampler.run(400)
    now = melt.replace(positions=sampler.positions, images=None)
    lengths = np.linalg.norm(bond_table(now, MODEL).vectors, axis=1)  # raises if one breaks
    assert lengths.mean() == pytest.approx(0.966, abs=0.01)
    state = sampler.state()
    assert state.acceptance.mean() == pytest.approx(0.3, abs=0.05)
    assert 0 < np.sqrt(state.variance).mean() < 0.5
    # Bonds hold a bead: those inside a chain move less than its ends.
    ends = np.isin(np.arange(400) % 20, [0, 19])
    assert state.variance[ends].mean() > 1.1 * state.variance[~ends].mean()


def test_the_recommended_set_knows_bonds(melt):
    from cagebreak.descriptors.recommended import Recommended

    features = Recommended(MODEL, (50, 100)).compute(melt, seed=1)
    assert np.isfinite(features.values).all()
    energies = features.where(kind="energy", state="inherent", generation=0).values[:, 0]
    inherent = inherent_state(melt, MODEL, force_tolerance=1e-3).configuration
    np.testing.assert_allclose(energies, potentials.energies(inherent, MODEL))


# Melts


def test_chains_grow_as_freely_rotating_ones():
    rng = np.random.default_rng(1)
    grown = packing._grow_chains(rng.uniform(0, 9, (4000, 3)), 20, rng).reshape(-1, 20, 3)
    bonds = np.diff(grown, axis=1)
    np.testing.assert_allclose(np.linalg.norm(bonds, axis=2), packing.BOND_LENGTH)
    apart = np.linalg.norm(grown[:, 2:] - grown[:, :-2], axis=2)
    assert apart.min() >= packing.SECOND_NEIGHBOR
    # The cosine of the angle between bonds is uniform above that of the nearest approach.
    lowest = packing.SECOND_NEIGHBOR**2 / (2 * packing.BOND_LENGTH**2) - 1
    c, n = (1 + lowest) / 2, 19
    rotating = n * ((1 + c) / (1 - c) - 2 * c * (1 - c**n) / (n * (1 - c) ** 2))
    squares = ((grown[:, -1] - grown[:, 0]) ** 2).sum(axis=1)
    assert squares.mean() == pytest.approx(rotating * packing.BOND_LENGTH**2, rel=0.04)


def test_a_packing_is_safe_to_start_from():
    start = packing.random_packing(MODEL, 400, seed=1)
    assert np.abs(potentials.forces(start, MODEL)).max() < 1e3
    lengths = np.linalg.norm(bond_table(start, MODEL).vectors, axis=1)
    np.testing.assert_allclose(lengths, packing.BOND_LENGTH, atol=0.01)
    assert not np.array_equal(start.positions, packing.random_packing(MODEL, 400, seed=2).positions)


@pytest.mark.physics
@pytest.mark.parametrize("engine", ["cagebreak", "lammps"])
def test_a_melt_has_the_known_bonds_density_and_size(engine, prepared):
    if engine == "lammps":
        prepared = prepare(engine)
    history, melt = prepared.history, preparation.finished(prepared)
    hot = history[history["step"] == 0][5:]
    # T = 1, p = 1: 0.91 for chains of 10 (Bennemann et al. 1998, figure 1); longer ones are denser.
    assert hot["density"].mean() == pytest.approx(0.92, abs=0.02)
    assert hot["temperature"].mean() == pytest.approx(1.0, abs=0.04)
    lengths = np.linalg.norm(bond_table(melt, MODEL).vectors, axis=1)
    # 0.97 in melts of Kremer and Grest 1990.
    assert 0.96 < lengths.mean() < 0.97
    assert lengths.max() < 1.3
    squares = (structure.end_to_end(melt, MODEL) ** 2).sum(axis=1)
    # Characteristic ratio 1.75 of long chains: 19 bonds of 0.97^2; 20 chains know it to 20 %.
    assert squares.mean() == pytest.approx(1.65 * 19 * 0.965**2, rel=0.5)


def test_end_to_end_vectors_add_up_bonds(melt):
    vectors = structure.end_to_end(melt.replace(positions=melt.wrapped), MODEL)
    assert vectors.shape == (20, 3)
    whole = melt.unwrapped.reshape(20, 20, 3)
    np.testing.assert_allclose(
        melt.box.minimum_image(vectors - (whole[:, -1] - whole[:, 0])), 0, atol=1e-9
    )
    with pytest.raises(InputError, match="model: expected one of chains, got kob_andersen"):
        structure.end_to_end(melt, cb.kob_andersen())


def test_a_preparation_goes_on_from_what_is_kept(prepared):
    again = preparation.begin(MODEL, 400, STEPS, 1)
    for segment in preparation.segments(STEPS, MODEL):
        again = Prepared(again.configuration, again.history.copy(), again.origin.copy())
        again = preparation.advance(again, MODEL, STEPS, segment, 1)
    np.testing.assert_array_equal(again.configuration.positions, prepared.configuration.positions)
    np.testing.assert_array_equal(again.configuration.images, prepared.configuration.images)
