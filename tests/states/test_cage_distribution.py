"""One to three caged particles have the exact distributions of their positions."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak import models, potentials
from cagebreak.states import CageSampler

# One particle alone


def lone(length=20.0):
    # A Voronoi cell between its own images: the cube.
    return cb.Configuration([[1.0, 2, 3]], [0], length)


def test_one_particle_in_a_sphere_has_the_exact_moments():
    radius = 0.7
    sampler = CageSampler(
        lone(), models.hard_spheres(composition=1), 1, radius, include_center_of_mass=True
    )
    sampler.step = 0.4
    sampler.run(400_000)
    state = sampler.state()
    # u^2 of the uniform ball is 3 R^2 / 5.
    np.testing.assert_allclose(state.variance, 3 / 5 * radius**2, rtol=0.02)
    np.testing.assert_allclose(state.covariance[0], np.eye(3) * radius**2 / 5, atol=0.002)
    assert state.displacement[0] < 5 * state.error[0] < 0.03


def test_one_particle_explores_its_whole_voronoi_cell_however_large():
    # The cell is the cube between the images of the particle, wider than any reach of the lists.
    sampler = CageSampler(
        lone(2.0), models.hard_spheres(0.01, composition=1), 2, include_center_of_mass=True
    )
    sampler.step = 0.4
    sampler.run(80_000)
    state = sampler.state()
    np.testing.assert_allclose(state.covariance[0], np.eye(3) * 2.0**2 / 12, atol=0.012)
    assert 0.05 < state.cell_rejection[0] == pytest.approx(1 - state.acceptance[0])


def test_one_particle_in_a_harmonic_cage_has_the_exact_moments():
    # Eight neighbors at the corners of a cube, each within a tiny cell: U = sum (1 - r)^2 eps.
    corners = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1])).reshape(3, -1).T * 0.5
    positions = np.vstack([[0.05, 0.02, -0.03], corners])
    model = models.harmonic_spheres(0.02, composition=1)
    start = cb.Configuration(positions + 5, [0] * 9, 10.0)
    sampler = CageSampler(start, model, 3, 0.3, include_center_of_mass=True)
    # Only the first moves: the cells of the others hold no trial.
    sampler._cells.outer[sampler._order != 0] = 0
    sampler._cells.inner[sampler._order != 0] = 0
    sampler.step = 0.25
    sampler.run(200_000)
    state = sampler.state()

    axis = np.linspace(-0.3, 0.3, 121)
    u = np.array(np.meshgrid(axis, axis, axis)).reshape(3, -1).T
    u = u[(u**2).sum(axis=1) < 0.3**2]
    r = np.linalg.norm(positions[0] + u[:, None] - corners, axis=2)
    weights = np.exp(-(np.where(r < 1, 1 - r, 0) ** 2).sum(axis=1) / 0.02)
    mean = weights @ u / weights.sum()
    covariance = np.cov(u.T, aweights=weights, bias=True)
    np.testing.assert_allclose(
        state.configuration.positions[0] - start.positions[0], mean, atol=5 * state.error[0]
    )
    assert 5 * state.error[0] < 0.01 < np.linalg.norm(mean)
    np.testing.assert_allclose(state.covariance[0], covariance, atol=0.03 * covariance.max())
    assert state.acceptance[1:].max() == 0


# Two and three particles: their separations, against numerical integration


def histogram_of(sampler, n_samples, measure):
    values = np.empty(n_samples)
    for k in range(n_samples):
        sampler.run(16)
        values[k] = measure(sampler.positions)
    return values


def test_two_hard_spheres_in_spherical_cells_have_the_exact_separation():
    # Cells of radius R about centers d apart; averages over both balls by plain sampling.
    start = cb.Configuration([[5, 5, 5], [6.05, 5, 5]], [0, 1], 10.0)
    model, radius = models.hard_spheres(0.01), 0.3
    sampler = CageSampler(start, model, 5, radius)
    sampler.step = 0.3
    x = histogram_of(sampler, 10_000, lambda p: p[1, 0] - p[0, 0])
    rng = np.random.default_rng(1)
    ball = rng.uniform(-radius, radius, (2, 3_000_000, 3))
    both = ((ball**2).sum(axis=2) < radius**2).all(axis=0)
    apart = ball[1, both] - ball[0, both] + [1.05, 0, 0]
    exact = apart[(apart**2).sum(axis=1) > 0.925**2, 0]
    edges = np.quantile(exact, np.linspace(0, 1, 9))
    edges[[0, -1]] = -np.inf, np.inf
    counts = np.histogram(x, edges)[0]
    np.testing.assert_allclose(counts / len(x), 1 / 8, atol=0.012)
    assert np.mean(apart[:, 0] < edges[1]) > 0.25  # without the overlap test it would differ


def test_three_attracting_particles_have_the_boltzmann_distribution():
    start = cb.Configuration([[5, 5, 5], [6.1, 5, 5], [5.5, 6, 5]], [0, 1, 0], 12.0)
    model = models.kob_andersen(0.6)
    radius = 0.25
    sampler = CageSampler(start, model, 6, radius)
    sampler.step = 0.25
    energies = histogram_of(
        sampler, 6_000, lambda p: potentials.energy(start.replace(positions=p), model)
    )
    rng = np.random.default_rng(2)
    u = rng.uniform(-radius, radius, (3, 1_000_000, 3))
    p = start.positions[:, None] + u[:, ((u**2).sum(axis=2) < radius**2).all(axis=0)]
    eps, sigma = np.array(model.pair.epsilon), np.array(model.pair.sigma)
    exact = np.zeros(p.shape[1])
    for i, j in [(0, 1), (0, 2), (1, 2)]:
        e, s = eps[start.species[i], start.species[j]], sigma[start.species[i], start.species[j]]
        s6 = s**6 / ((p[i] - p[j]) ** 2).sum(axis=1) ** 3
        exact += 4 * e * (s6**2 - s6 - 2.5**-12 + 2.5**-6)
    weights = np.exp(-(exact - exact.min()) / 0.6)
    order = np.argsort(exact)
    below = np.cumsum(weights[order]) / weights.sum()
    edges = exact[order][np.searchsorted(below, np.arange(1, 8) / 8)]
    counts = np.histogram(energies, [-np.inf, *edges, np.inf])[0]
    np.testing.assert_allclose(counts / len(energies), 1 / 8, atol=0.015)
