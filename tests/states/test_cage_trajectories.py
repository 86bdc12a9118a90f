"""The cage state by trajectories in cells: free flight, and the same averages as single moves.

Kernels move the particles of a pair potential, LAMMPS those of its lines: the same trajectories.
"""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.descriptors import recommended
from cagebreak.errors import InputError, SamplingWarning
from cagebreak.seeding import seed_sequence
from cagebreak.states import CageSampler, cage_state
from cagebreak.states._billiard_kernel import fly
from cagebreak.states._cage_kernel import Cells
from cagebreak.states._caged_kernel import EVERY, Moments, add_moments
from cagebreak.states.cage import pool_chains
from cagebreak.states.cage_trajectories import TrajectorySampler
from naive import cage as naive
from support.cage_systems import SYSTEMS, fcc, jittered, voronoi_test
from support.lammps.models import KOB_ANDERSEN_LINES, as_lines

# In a cube, for which other tests compile kernels as well.
KA, START = SYSTEMS["Kob-Andersen"][0], jittered(3, np.eye(3) * 3.1)
LINES = as_lines(KA, KOB_ANDERSEN_LINES)


def cube(ratios=(1.0,) * 6):
    """Return the cell between six neighbors at a distance of 2, with these ratios of sizes."""
    vectors = 2.0 * np.vstack([np.eye(3), -np.eye(3)])
    faces = np.column_stack([2 * vectors, np.full(6, 4.0), 1 - np.square(ratios)])
    inner = (4 / (1 + np.array(ratios)) ** 2).min()
    return Cells(np.array([inner]), np.array([np.inf]), np.array([0, 6]), faces)


def sphere(radius):
    square = np.array([radius**2])
    return Cells(square, square, np.zeros(2, np.int64), np.empty((0, 5)))


@pytest.mark.parametrize("ratios", [(1.0,) * 6, (0.8, 1.3, 1.0, 1.0, 0.9, 1.1)])
def test_flights_are_those_of_tiny_steps(ratios):
    cells, rng = cube(ratios), np.random.default_rng(1)
    for _ in range(3):
        u, v = rng.uniform(-0.5, 0.5, (1, 3)), rng.normal(size=(1, 3))
        expected = naive.fly(cells.faces, u[0], v[0], 3.0)
        reflections = np.zeros(1, np.int64)
        assert fly(u, v, 3.0, cells, reflections)
        np.testing.assert_allclose(u[0], expected[0], atol=0.02)
        np.testing.assert_allclose(v[0], expected[1], atol=0.02)
        assert reflections[0] == 1


@pytest.mark.parametrize("cells", [cube(), cube((0.8, 1.3, 1.0, 1.0, 0.9, 1.1)), sphere(0.7)])
def test_a_flight_can_be_reversed_and_keeps_its_speed(cells):
    rng = np.random.default_rng(2)
    for _ in range(200):
        u, v = rng.uniform(-0.3, 0.3, (1, 3)), rng.normal(size=(1, 3))
        start, speed = u.copy(), np.linalg.norm(v)
        assert fly(u, v, 2.0, cells, np.zeros(1, np.int64))
        assert np.linalg.norm(v) == pytest.approx(speed, rel=1e-12)
        v *= -1
        assert fly(u, v, 2.0, cells, np.zeros(1, np.int64))
        np.testing.assert_allclose(u, start, atol=1e-8)


@pytest.mark.parametrize("outwards", [-1e-5, 1e-5])
def test_a_particle_that_grazes_a_sphere_from_just_outside_does_not_escape(outwards):
    """As rounding may leave it after a reflection; its line does not cross the sphere."""
    u, v = np.array([[0.7 * (1 + 1e-9), 0, 0]]), np.array([[outwards, 1.0, 0]])
    reflections = np.zeros(1, np.int64)
    assert fly(u, v, 1e-3, sphere(0.7), reflections)
    assert reflections[0] == 1
    assert np.linalg.norm(u) < 0.7 * (1 + 1e-8)


@pytest.mark.parametrize(("cells", "second"), [(cube(), 1 / 3), (sphere(0.7), 0.7**2 / 5)])
def test_a_free_particle_is_anywhere_in_its_cell(cells, second):
    rng, u = np.random.default_rng(3), np.zeros((1, 3))
    squares = np.zeros(3)
    for _ in range(30_000):
        assert fly(u, rng.normal(size=(1, 3)), 1.0, cells, np.zeros(1, np.int64))
        squares += u[0] ** 2
    np.testing.assert_allclose(squares / 30_000, second, rtol=0.04)


@pytest.mark.parametrize(
    ("start", "temperature", "cell", "by", "n"),
    [
        (START, 5.0, "voronoi", "kernels", 250),
        (START, 1.0, 0.12, "kernels", 120),
        (START, 1.0, 0.12, "LAMMPS", 250),
        (fcc(2, 3.1), 0.3, "voronoi", "kernels", 80),
    ],
    ids=["hot liquid", "narrow spheres", "narrow spheres by LAMMPS", "crystal"],
)
def test_the_cage_state_is_that_of_single_moves(start, temperature, cell, by, n):
    """Walls confine particles, or forces; all of it is explored within seconds."""
    ka = cb.kob_andersen(temperature)
    model = ka if by == "kernels" else as_lines(ka, KOB_ANDERSEN_LINES)
    moves = cage_state(start, ka, seed=1, sweeps=(500, 5000), chains=4, cell=cell)
    trajectories = cage_state(start, model, seed=1, trajectories=(40, n), chains=4, cell=cell)
    difference = trajectories.configuration.positions - moves.configuration.positions
    errors = (moves.error**2 + trajectories.error**2).sum()
    assert errors / len(start) < (0.25**2) * moves.variance.mean()
    assert 0.6 < (difference**2).sum() / errors < 1.6
    np.testing.assert_allclose(trajectories.variance.mean(), moves.variance.mean(), rtol=0.05)
    assert 0.6 < trajectories.acceptance.mean() < 0.95


def place(sampler, u):
    """Put the particles to displacements u (N, 3); return their energy."""
    particles = sampler._particles
    particles._before = particles._first + particles._layout.steps(u)
    particles.go_back()
    particles._energy = particles.pair_sums()[0]
    return particles._energy


def test_trajectories_leave_samples_of_single_moves_as_they_are():
    """Also where neither explores its cells within a run: no energy and no distance drifts."""
    ka = cb.kob_andersen(0.5)
    moves = CageSampler(START, ka, 1, include_center_of_mass=True)
    trajectories = TrajectorySampler(START, ka, 1, "voronoi", True)
    trajectories.relax(20)
    moves.relax(3000)
    changes = []
    for _ in range(50):
        moves.run(200)
        u = moves.positions - START.unwrapped
        energy = place(trajectories, u)
        trajectories.run(2)
        later = trajectories._particles.displacements()
        change = trajectories._particles._energy - energy
        changes.append((change, (later**2).sum() - (u**2).sum()))
    mean, error = np.mean(changes, axis=0), np.std(changes, axis=0) / np.sqrt(len(changes))
    assert (np.abs(mean) < 3.5 * error).all()
    # In units of the mean energy of a harmonic cage, and of the squared distance.
    assert error[0] < 0.08 * 1.5 * len(START) * ka.temperature
    assert error[1] < 0.1 * (u**2).sum()


@pytest.mark.parametrize("cell", ["voronoi", 0.1])
def test_kernels_follow_the_trajectories_of_lammps(cell):
    """LAMMPS has double precision, and each flight is one of `fly`."""
    ka = cb.kob_andersen(1.0)
    samplers = [
        TrajectorySampler(START, m, 1, cell) for m in (ka, as_lines(ka, KOB_ANDERSEN_LINES))
    ]
    kernels, lammps = (sampler._particles for sampler in samplers)
    rng = np.random.default_rng(4)
    for _ in range(3):
        velocities = 2 * rng.normal(size=(len(START), 3))
        changes = [s._particles.follow(velocities, 25, s._moments) for s in samplers]
        assert changes[0] == pytest.approx(changes[1], abs=2e-3 * len(START))
        np.testing.assert_allclose(kernels.displacements(), lammps.displacements(), atol=1e-4)
    assert kernels.reflections.sum() > 10
    np.testing.assert_array_equal(kernels.reflections, lammps.reflections)
    kernels.go_back()
    lammps.go_back()
    np.testing.assert_allclose(kernels.displacements(), lammps.displacements(), atol=1e-4)
    by_kernels, by_lammps = (sampler._moments for sampler in samplers)
    assert by_kernels.additions[0] == by_lammps.additions[0] == 3 * 25 // EVERY
    np.testing.assert_allclose(by_kernels.first, by_lammps.first, atol=1e-3)
    np.testing.assert_allclose(by_kernels.second, by_lammps.second, atol=1e-3)


def test_moments_are_of_displacements_from_the_center_of_mass():
    rng, n = np.random.default_rng(6), 5
    weights = rng.dirichlet(np.ones(n))
    sums = np.zeros((3, n)), np.zeros((6, n)), np.zeros((n, 3))
    moments = Moments(weights, np.zeros(1, np.int64), *sums)
    steps = rng.normal(size=(7, n, 3))
    for moments.now[:] in steps:
        add_moments(moments)
    u = steps - np.einsum("i,kie->ke", weights, steps)[:, None]
    np.testing.assert_allclose(moments.first, u.sum(axis=0).T)
    axes = [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)]
    np.testing.assert_allclose(moments.second, [(u[..., a] * u[..., b]).sum(0) for a, b in axes])
    assert moments.additions[0] == 7


def test_no_particle_leaves_its_cell_and_the_same_seed_gives_the_same_bits():
    inside = voronoi_test(START, KA)
    first, second = (TrajectorySampler(START, KA, 5) for _ in range(2))
    for sampler in (first, second):
        sampler.relax(20)
    first.run(12)
    for sweeps in (4, 8):
        second.run(sweeps)
    assert first.sweeps == second.sweeps == (20, 12)
    np.testing.assert_array_equal(first.positions, second.positions)
    state = first.state()
    np.testing.assert_array_equal(state.covariance, second.state().covariance)
    displacements = first.positions - START.unwrapped
    assert np.abs(displacements).max() > 0.1
    assert all(inside(i, displacement) for i, displacement in enumerate(displacements))


def test_moments_are_relative_to_the_center_of_mass_unless_asked():
    start = START
    relative, absolute = (
        TrajectorySampler(start, KA, 5, include_center_of_mass=include) for include in (False, True)
    )
    for sampler in (relative, absolute):
        sampler.run(3)
    of_center = [s.state().configuration.positions - start.positions for s in (relative, absolute)]
    assert np.abs(of_center[0].mean(axis=0)).max() < 1e-12 < np.abs(of_center[1].mean(axis=0)).max()


def test_samples_and_spheres_as_of_single_moves():
    state = cage_state(START, LINES, seed=3, sweeps=(10, 20), cell=0.1, samples=4, chains=2)
    assert state.samples.shape == (8, len(START), 3)
    away = np.linalg.norm(state.samples - START.unwrapped, axis=2)
    assert 0.05 < away.max() <= 0.1 + 1e-9
    assert state.sweeps == (20, 40)


def test_chains_of_both_kinds_are_pooled():
    lengths = {"sweeps": (5, 30), "trajectories": (2, 6)}
    both = cage_state(START, KA, seed=3, **lengths, chains=2, samples=3)
    seeds = [3, *(seed_sequence(3, "chain", k) for k in (1, 2, 3))]
    units = ["sweeps", "sweeps", "trajectories", "trajectories"]
    alone = [
        cage_state(START, KA, seed=seed, **{unit: lengths[unit]}, samples=3)
        for seed, unit in zip(seeds, units, strict=True)
    ]
    expected = pool_chains(alone)
    for name in ("displacement", "covariance", "acceptance", "cell_rejection", "error", "samples"):
        np.testing.assert_array_equal(getattr(both, name), getattr(expected, name))
    assert both.sweeps == (14, 72)
    assert np.isnan(both.step)


def test_each_sampler_is_for_its_models():
    with pytest.raises(InputError, match=r"CageSampler.*got lammps"):
        CageSampler(START, LINES, 1)
    with pytest.raises(InputError, match="expected sweeps to have been measured"):
        TrajectorySampler(START, LINES, 1).state()
    with pytest.raises(InputError, match="trajectories: expected a model with forces, got hard"):
        cage_state(START, cb.hard_spheres(), seed=1, trajectories=(1, 1))
    with pytest.raises(InputError, match=r"precision: expected none beside trajectories, got 0.1"):
        cage_state(START, KA, seed=1, precision=0.1, trajectories=(1, 1))
    with pytest.raises(InputError, match="sweeps: expected none beside trajectories, which they"):
        cage_state(START, LINES, seed=1, sweeps=(1, 1), trajectories=(1, 1))
    with pytest.raises(InputError, match="trajectories: expected at least one to measure"):
        cage_state(START, KA, seed=1, trajectories=(1, 0))
    for name in ("samples", "chains"):
        with pytest.raises(InputError, match=f"{name}: expected a non-negative integer, got 1.5"):
            cage_state(START, KA, seed=1, trajectories=(1, 3), **{name: 1.5})


def test_a_model_of_lammps_in_a_cage_of_the_public_function():
    state = cb.cage_state(START, LINES, seed=3, sweeps=(5, 5))
    assert "27 particles" in repr(state)


@pytest.mark.parametrize(
    ("start", "cell"),
    [(START.replace(positions=START.positions * [0.3, 1, 1]), 1.0), (START, 1e-6)],
)
def test_what_is_rejected_leaves_no_trace(start, cell):
    """Particles fly apart from where forces are huge, and are cornered in cells of no size."""
    with pytest.warns(SamplingWarning, match="trajectories: none of 3 was accepted"):
        state = cage_state(start, KA, seed=1, trajectories=(0, 3), cell=cell)
    assert not state.displacement.any()
    assert not state.covariance.any()
    assert not state.acceptance.any()


def test_trajectories_that_are_all_rejected_are_named_though_sweeps_are_accepted():
    """Half of the pooled chains would stay at the start."""
    squeezed = START.replace(positions=START.positions * [0.3, 1, 1])
    with pytest.warns(SamplingWarning, match="trajectories: none of 6 was accepted"):
        state = cage_state(
            squeezed, KA, seed=1, sweeps=(0, 3), trajectories=(0, 3), chains=2, cell=1.0
        )
    assert state.acceptance.any()


@pytest.mark.parametrize("model", [KA, LINES], ids=["kernels", "LAMMPS"])
def test_a_rejected_trajectory_counts_as_often_as_an_accepted_one(model, monkeypatch):
    """Otherwise moments would be those of too few begins: high energies, too rarely."""
    sampler = TrajectorySampler(START, model, 1, 0.1)
    particles, additions = sampler._particles, sampler._moments.additions
    follow = particles.follow
    monkeypatch.setattr(particles, "STEPS", (13, 13), raising=False)
    changes = [0.0, np.inf] * 5
    monkeypatch.setattr(particles, "follow", lambda *args: follow(*args) * 0 + changes.pop())
    while changes:
        before = additions[0]
        sampler.run(1)
        assert additions[0] - before == np.ceil(13 / EVERY)
    assert sampler.state().acceptance[0] == 0.5


def test_the_recommended_set_is_described_by_trajectories():
    wanted = recommended.Recommended(KA, None, trajectories=(2, 30))
    inherent = cb.inherent_state(START, KA, force_tolerance=recommended.FORCE_TOLERANCE)
    cage = cage_state(START, KA, seed=1, trajectories=(2, 30), samples=recommended.SAMPLES)
    found = wanted.compute(START, seed=1)
    np.testing.assert_array_equal(found.values, wanted.describe(inherent, cage).values)
    assert found.values.shape[1] == len(wanted.labels())
