"""What the extended recommended set adds: the coordination, and the motion in wide cells."""

from dataclasses import replace

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.descriptors.caged.coordination import FIRST_SHELL, VARIANCE_FLOOR, Coordination
from cagebreak.descriptors.caged.wide_cage import ERROR_FLOOR, ESCAPE, RADIUS, WideCage
from cagebreak.descriptors.recommended import FORCE_TOLERANCE, SIZES, Recommended, recommended
from cagebreak.errors import InputError
from cagebreak.seeding import seed_sequence
from cagebreak.states.cage import cage_states
from support.lammps.models import KOB_ANDERSEN_LINES, as_lines

N, SWEEPS = 64, (10, 60)


@pytest.fixture(scope="module")
def model():
    return cb.harmonic_spheres()


@pytest.fixture(scope="module")
def start(model):
    random = np.random.default_rng(3)
    box = model.box(N)
    loose = cb.Configuration(random.uniform(size=(N, 3)) @ box.matrix, model.species(N), box)
    return cb.inherent_state(loose, model, force_tolerance=1e-3).configuration


@pytest.fixture(scope="module")
def cage(start, model):
    return cb.cage_state(start, model, seed=1, sweeps=SWEEPS, samples=5)


def neighbors_of(configuration, model, i):
    """Return the neighbors of a particle, one distance after the other."""
    found = set()
    for j in range(len(configuration)):
        vector = configuration.box.minimum_image(
            configuration.positions[j] - configuration.positions[i]
        )
        contact = model.pair.sigma[configuration.species[i]][configuration.species[j]]
        if j != i and np.linalg.norm(vector) < FIRST_SHELL * contact:
            found.add(j)
    return found


def test_the_coordination_counts_the_neighbors_of_every_sample(cage, model):
    values = Coordination(model).compute(cage).values
    samples = [cage.start.replace(positions=x) for x in cage.samples]
    for i in (0, 17, N - 1):
        of_samples = [neighbors_of(sample, model, i) for sample in samples]
        numbers = [len(each) for each in of_samples]
        every = set().union(*of_samples)
        shares = {j: np.mean([j in each for each in of_samples]) for j in every}
        first = neighbors_of(cage.start, model, i)
        expected = [
            np.mean(numbers),
            np.log(np.var(numbers) + VARIANCE_FLOOR),
            sum(p * (1 - p) for p in shares.values()),
            np.mean([shares.get(j, 0.0) for j in first]),
        ]
        np.testing.assert_allclose(values[i], expected, atol=1e-12)


def test_the_coordination_of_particles_with_sizes_is_that_of_their_contacts():
    model = cb.soft_spheres()
    box, random = model.box(64), np.random.default_rng(4)
    positions, diameters = random.uniform(size=(64, 3)) @ box.matrix, model.sizes.quantiles(64)
    start = cb.Configuration(positions, model.species(64), box, diameters=diameters)
    small = start.replace(diameters=np.full(64, 0.75))
    samples = [each.positions[None] for each in (start, small)]
    of = Coordination(model)
    wide, narrow = (
        of.compute(frozen(each, sample)).values[:, 0]
        for each, sample in zip((start, small), samples, strict=True)
    )
    assert wide.mean() > 2 * narrow.mean()
    i, j = np.triu_indices(64, 1)
    r = np.linalg.norm(start.box.minimum_image(start.positions[j] - start.positions[i]), axis=1)
    a, b = start.diameters[i], start.diameters[j]
    near = r < FIRST_SHELL * (a + b) / 2 * (1 - 0.2 * abs(a - b))
    assert wide.sum() == 2 * near.sum()


def frozen(start, samples):
    """Return a cage state of given samples."""
    n = len(start)
    return cb.states.CageState(
        start, start, np.zeros(n), np.zeros((n, 3, 3)), np.ones(n), np.zeros(n), np.zeros(n),
        sweeps=(0, 1), step=0.1, samples=samples,
    )  # fmt: skip


def test_lone_particles_keep_all_of_no_neighbors(model):
    apart = cb.Configuration(np.diag([1.0, 4.0, 7.0]), [0, 0, 1], (10.0,) * 3)
    values = Coordination(model).compute(frozen(apart, apart.positions[None])).values
    np.testing.assert_allclose(values, np.tile([0, np.log(VARIANCE_FLOOR), 0, 1], (3, 1)))


def test_scalars_of_wide_cells_are_what_they_say(start, model):
    how = {"sweeps": SWEEPS, "cell": RADIUS, "chains": 2}
    wide = cb.cage_state(start, model, seed=1, **how)
    far = np.random.default_rng(5).normal(0, 0.3, (10, N, 3))  # some beyond `ESCAPE`
    wide = replace(wide, samples=start.unwrapped + far)
    features = WideCage(model).compute(wide)
    assert features.n_features == 10
    np.testing.assert_array_equal(
        features.where(kind="displacement").values[:, 0], wide.displacement
    )
    eigenvalues = np.exp([features.where(kind="variance", n=k).values[:, 0] for k in range(3)])
    np.testing.assert_allclose(eigenvalues.sum(axis=0), wide.variance)
    error = np.exp(features.where(kind="error").values[:, 0]) - ERROR_FLOOR
    np.testing.assert_allclose(error, wide.error)
    masses = np.array(model.masses)[start.species][:, None]
    far = []
    for sample in wide.samples:
        u = sample - start.unwrapped
        far.append(np.linalg.norm(u - (masses * u).sum(axis=0) / masses.sum(), axis=1))
    means, shares = np.mean(far, axis=0), (np.array(far) > ESCAPE).mean(axis=0)
    assert 0 < shares.mean() < 1
    np.testing.assert_allclose(features.where(kind="distance").values[:, 0], means)
    np.testing.assert_allclose(features.where(kind="escape").values[:, 0], shares)
    with pytest.raises(InputError, match="samples"):
        WideCage(model).compute(cb.cage_state(start, model, seed=1, **how))
    once = cb.cage_state(start, model, seed=1, sweeps=(0, 1), cell=RADIUS, samples=1)
    with pytest.raises(InputError, match="wide: expected finite standard errors"):
        WideCage(model).compute(once)


def test_the_extended_set_has_its_own_states(start, model):
    plain = Recommended(model, SWEEPS, chains=2)
    extended = Recommended(model, SWEEPS, chains=2, wide_chains=2)
    features, labels = extended.compute(start, seed=1), extended.labels()
    assert features.labels.tobytes() == labels.tobytes()
    assert np.isfinite(features.values).all()
    added = (labels.kind == "coordination") | (labels.state == "wide")
    assert added.sum() == 9 * (4 + 10)
    settings = {"sweeps": SWEEPS, "chains": 2, "samples": extended.samples}
    cage = cb.cage_state(start, model, seed=1, **settings)
    inherent = cb.inherent_state(start, model, force_tolerance=FORCE_TOLERANCE)
    few = replace(cage, samples=cage.samples[1::2])
    expected = plain.describe(inherent, few).values
    np.testing.assert_allclose(features.values[:, ~added], expected, rtol=1e-9, atol=1e-12)
    seed = seed_sequence(1, "wide")
    wide = cb.cage_state(start, model, seed=seed, **settings, cell=RADIUS)
    expected = WideCage(model).compute(wide).values
    own = added & (labels.state == "wide") & np.isnan(labels.r)
    np.testing.assert_array_equal(features.values[:, own], expected)
    with pytest.raises(InputError, match="wide: expected a cage state in wide cells, got None"):
        extended.describe(inherent, cage)


def test_hard_spheres_and_lammps_are_sampled_in_one_way(model):
    lines = as_lines(cb.kob_andersen(), KOB_ANDERSEN_LINES)
    models = model, cb.hard_spheres(), lines
    soft, hard, lammps = (recommended(each, "extended") for each in models)
    assert soft.sweeps == hard.sweeps == SIZES["full"]["sweeps"]
    assert (soft.trajectories, hard.trajectories) == (SIZES["extended"]["trajectories"], None)
    assert hard.chains == 2 * soft.chains == 4
    assert (lammps.sweeps, lammps.trajectories, lammps.chains) == (None, soft.trajectories, 4)
    assert soft.wide_chains == hard.wide_chains == lammps.wide_chains == 2


def test_cells_are_wide_for_trajectories_alone(start, model, monkeypatch):
    sampled = []

    def noted(configuration, model, seeds, **how):
        sampled.append(how)
        return cage_states(configuration, model, seeds, **how)

    monkeypatch.setattr("cagebreak.descriptors.recommended.cage_states", noted)
    both = Recommended(model, (2, 60), chains=1, trajectories=(1, 60), wide_chains=1)
    assert np.isfinite(both.compute(start, seed=1).values).all()
    kinds = [[name for name in ("sweeps", "trajectories") if how[name]] for how in sampled]
    assert kinds == [["sweeps", "trajectories"], ["trajectories"]]
