"""Averages over the samples of a cage state, and the recommended set made of them."""

from dataclasses import replace

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.descriptors.caged.cage_average import CageAverage, CageScalars
from cagebreak.descriptors.recommended import (
    FORCE_TOLERANCE,
    SAMPLES,
    Recommended,
    feature_groups,
    recommended,
)
from cagebreak.errors import InputError
from cagebreak.seeding import seed_sequence
from cagebreak.states.cage import pool_chains

MODELS = {
    "hard_spheres": cb.hard_spheres(packing_fraction=0.4),
    "harmonic_spheres": cb.harmonic_spheres(),
    "kob_andersen": cb.kob_andersen(),
}


@pytest.fixture(scope="module", params=MODELS)
def model(request):
    return MODELS[request.param]


@pytest.fixture(scope="module")
def start(model):
    n = 120
    if model.name == "hard_spheres":
        return cb.equilibrate(model, n_particles=n, time=1.0, seed=1)
    random = np.random.default_rng(0)
    box = model.box(n)
    loose = cb.Configuration(random.uniform(size=(n, 3)) @ box.matrix, model.species(n), box)
    soft = cb.harmonic_spheres()  # pushes particles apart, wherever they are
    apart = cb.inherent_state(loose, soft, force_tolerance=1e-3).configuration
    return cb.inherent_state(apart, model, force_tolerance=1e-2).configuration


@pytest.fixture(scope="module")
def cage(start, model):
    return cb.cage_state(start, model, seed=1, sweeps=(20, 60), samples=4)


def test_samples_are_evenly_spaced_and_change_nothing(start, model, cage):
    sampler = cb.states.CageSampler(start, model, 1)
    sampler.relax(20)
    for sample in cage.samples:
        sampler.run(15)
        np.testing.assert_array_equal(sample, sampler.positions)
    without = cb.cage_state(start, model, seed=1, sweeps=(20, 60))
    assert without.samples.shape[0] == 0
    np.testing.assert_array_equal(cage.covariance, without.covariance)


def test_an_average_is_the_mean_over_the_samples(cage):
    radial = cb.Radial(r=(0.9, 1.2), width=(0.1, 0.1), n_species=2)
    features = CageAverage(radial).compute(cage)
    values = [radial.compute(cage.start.replace(positions=x)).values for x in cage.samples]
    np.testing.assert_allclose(features.values, np.mean(values, axis=0), rtol=1e-12)
    assert set(features.labels.state) == {"sampled"}


def test_scalars_are_what_they_say(cage, model):
    features = CageScalars(model).compute(cage)
    np.testing.assert_array_equal(features.values[:, 0], cage.displacement)
    np.testing.assert_allclose(np.exp(features.values[:, 1]), cage.variance)
    np.testing.assert_allclose(np.exp(features.values[:, 2:5]).sum(axis=1), cage.variance)
    if model.name == "hard_spheres":
        assert features.n_features == 7
        return
    energies = [
        cb.potentials.energies(cage.start.replace(positions=x), model) for x in cage.samples
    ]
    energy = features.where(kind="energy", n=0).values[:, 0]
    np.testing.assert_allclose(energy, np.mean(energies, axis=0))
    variance = features.where(kind="energy var").values[:, 0]
    np.testing.assert_allclose(variance, np.log(np.var(energies, axis=0)))
    forces = cb.potentials.forces(cage.configuration, model)
    at_mean = features.where(kind="force", n=1).values[:, 0]
    np.testing.assert_allclose(at_mean, np.linalg.norm(forces, axis=1))


def test_chains_are_pooled(start, model):
    settings = {"sweeps": (20, 30), "samples": 2}
    both = cb.cage_state(start, model, seed=1, **settings, chains=2)
    seeds = 1, seed_sequence(1, "chain", 1)
    one, other = (cb.cage_state(start, model, seed=seed, **settings) for seed in seeds)
    np.testing.assert_array_equal(both.samples, np.concatenate([one.samples, other.samples]))
    means = [each.configuration.unwrapped - start.unwrapped for each in (one, other)]
    mean = np.mean(means, axis=0)
    displacements = both.configuration.unwrapped - start.unwrapped
    np.testing.assert_allclose(displacements, mean, atol=1e-12)
    np.testing.assert_allclose(both.displacement, np.linalg.norm(mean, axis=1))
    # The second moment about the start is the mean of the two.
    about = [
        each.covariance + m[:, :, None] * m[:, None, :]
        for each, m in zip((one, other, both), (*means, mean), strict=True)
    ]
    np.testing.assert_allclose(about[2], (about[0] + about[1]) / 2, atol=1e-12)
    np.testing.assert_allclose(both.error, np.linalg.norm(means[0] - means[1], axis=1) / 2)
    assert both.sweeps == (40, 60)
    for wrong in ({"sweeps": (20, 30), "chains": 0}, {"chains": 2}):
        with pytest.raises(InputError, match="chains"):
            cb.cage_state(start, model, seed=1, **wrong)


@pytest.mark.parametrize("sweeps", [None, (20, 60)])
def test_the_recommended_set_does_as_its_labels_say(start, model, sweeps):
    descriptors = Recommended(model, sweeps)
    features = descriptors.compute(start, seed=1)
    assert features.labels.tobytes() == descriptors.labels().tobytes()
    assert np.isfinite(features.values).all()
    member = feature_groups(features.labels)
    assert set(features.labels.kind[member == 0]) == {"radial", "angular"}
    of_inherent = features.labels[(member == 1) & (features.labels.state == "inherent")]
    own = of_inherent[of_inherent.generation == 0]
    names = [(str(kind), int(n)) for kind, n in zip(own.kind, own.n, strict=True)]
    assert set(names) in (
        {("displacement", 0)},
        {("energy", 0), ("laplacian", 0), ("displacement", 0)},
    )
    again = descriptors.compute(start, seed=1)
    np.testing.assert_array_equal(features.values, again.values)
    other = descriptors.compute(start, seed=2)
    assert (features.values == other.values).all() == (sweeps is None)


def test_chains_of_the_recommended_set_are_those_of_the_cage_state(start, model):
    """Pooled, each with all its sweeps and samples; the first is what one chain gives."""
    inherent = cb.inherent_state(start, model, force_tolerance=FORCE_TOLERANCE)
    one, two = Recommended(model, (20, 60)), Recommended(model, (20, 60), chains=2)
    chains = [
        cb.cage_state(start, model, seed=seed, sweeps=(20, 60), samples=SAMPLES)
        for seed in (1, seed_sequence(1, "chain", 1))
    ]
    for descriptors, cage in ((one, chains[0]), (two, pool_chains(chains))):
        features = descriptors.compute(start, seed=1).values
        np.testing.assert_array_equal(features, descriptors.describe(inherent, cage).values)
    assert two.labels().tobytes() == one.labels().tobytes()
    for size in ("medium", "full"):
        assert recommended(model, size).chains == 2


def test_what_cannot_be_is_refused(start, model, cage):
    with pytest.raises(InputError, match="size"):
        recommended(model, "huge")
    with pytest.raises(InputError, match="samples"):
        CageScalars(cb.kob_andersen()).compute(replace(cage, samples=np.empty((0, 0, 3))))
    inherent = cb.inherent_state(start, model, force_tolerance=1e-2)
    with pytest.raises(InputError, match="cage"):
        recommended(model, "medium").describe(inherent)
    for samples, sweeps in ((61, (20, 60)), (-1, (20, 60)), (3, None)):
        with pytest.raises(InputError, match="samples"):
            cb.cage_state(start, model, seed=1, sweeps=sweeps, samples=samples)
