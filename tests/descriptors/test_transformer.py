"""Descriptors as transformers of scikit-learn: configurations go in, rows of features come out."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline, make_union

import cagebreak as cb
from cagebreak.errors import InputError
from cagebreak.states import CageState

RADIAL = cb.Radial((1.0, 1.4), 0.1, 2)
DESCRIPTORS = {
    "radial": RADIAL,
    "angular": cb.Angular((4, 6), (1.0,), 0.1),
    "generations": cb.Generations([RADIAL], 1),
    "ace": cb.AtomicClusterExpansion(1.6, order=2, n_max=3, degree=5, n_species=2),
    "force": cb.NetForce(cb.kob_andersen()),
    "alkemade2023": cb.papers.alkemade2023(cb.kob_andersen(), generations=1),
}


def configuration(seed, n=60):
    random = np.random.default_rng(seed)
    return cb.Configuration(random.random((n, 3)) * 4.0, random.permutation(n) % 3 // 2, 4.0)


def cage(seed):
    there = configuration(seed)
    n = len(there)
    return CageState(
        start=there,
        configuration=there,
        displacement=np.random.default_rng(seed).random(n),
        covariance=np.tile(np.eye(3), (n, 1, 1)),
        acceptance=np.full(n, 0.3),
        cell_rejection=np.zeros(n),
        error=np.zeros(n),
        sweeps=(1, 1),
        step=0.1,
    )


CONFIGURATIONS = [configuration(seed, 60 + 10 * seed) for seed in range(3)]


@pytest.fixture(params=DESCRIPTORS)
def descriptor(request):
    return DESCRIPTORS[request.param]


@pytest.mark.parametrize("species", [None, "A", "B"])
def test_rows_are_those_of_each_configuration_in_turn(descriptor, species):
    transformer = cb.DescriptorTransformer(descriptor, species)
    X = transformer.fit(CONFIGURATIONS).transform(CONFIGURATIONS)
    chosen = [
        np.ones(len(one), bool) if species is None else one.species == "AB".index(species)
        for one in CONFIGURATIONS
    ]
    parts = [
        descriptor.compute(one).values[rows]
        for one, rows in zip(CONFIGURATIONS, chosen, strict=True)
    ]
    np.testing.assert_array_equal(X, np.concatenate(parts))
    groups = transformer.groups(CONFIGURATIONS)
    assert np.bincount(groups).tolist() == [len(part) for part in parts]
    assert (np.diff(groups) >= 0).all()
    np.testing.assert_array_equal(X, transformer.fit_transform(CONFIGURATIONS))


def test_it_names_its_columns(descriptor):
    transformer = cb.DescriptorTransformer(descriptor).fit(CONFIGURATIONS)
    names = transformer.get_feature_names_out()
    assert names.tolist() == descriptor.compute(CONFIGURATIONS[0]).names
    assert len(set(names)) == len(names) == transformer.transform(CONFIGURATIONS).shape[1]
    frame = transformer.set_output(transform="pandas").transform(CONFIGURATIONS)
    assert list(frame) == names.tolist()
    assert len(frame) == sum(map(len, CONFIGURATIONS))


def test_it_is_cloned_with_its_parameters(descriptor):
    transformer = cb.DescriptorTransformer(descriptor, "B", "cage").fit(CONFIGURATIONS)
    copy = clone(transformer)
    assert copy.get_params() == transformer.get_params()
    with pytest.raises(NotFittedError):
        copy.transform(CONFIGURATIONS)
    with pytest.raises(NotFittedError):
        copy.get_feature_names_out()
    assert repr(copy).startswith("DescriptorTransformer(")


def test_a_pipeline_learns_from_configurations():
    transformer = cb.DescriptorTransformer(RADIAL, "A")
    X, groups = transformer.fit_transform(CONFIGURATIONS), transformer.groups(CONFIGURATIONS)
    y = X @ [1.0, -2.0, 0.5, 3.0]
    pipeline = make_pipeline(transformer, cb.RidgeCV(alphas=(1e-6, 1.0)))
    pipeline.fit(CONFIGURATIONS, y, ridgecv__groups=groups)
    np.testing.assert_allclose(pipeline.predict(CONFIGURATIONS), y, rtol=1e-4)
    alone = clone(pipeline[-1]).fit(X, y, groups=groups)
    np.testing.assert_array_equal(pipeline.predict(CONFIGURATIONS), alone.predict(X))
    held_out = cross_val_predict(alone, X, y, groups=groups, cv=GroupKFold(3))
    np.testing.assert_allclose(held_out, y, rtol=1e-3)


def test_several_descriptors_are_united():
    parts = [cb.DescriptorTransformer(d, "A") for d in (RADIAL, cb.Angular((6,), (1.0,), 0.1))]
    union = make_union(*parts)
    X = union.fit_transform(CONFIGURATIONS)
    np.testing.assert_array_equal(
        X, np.hstack([part.fit_transform(CONFIGURATIONS) for part in parts])
    )
    assert len(set(union.get_feature_names_out())) == X.shape[1]


def test_states_are_described_and_named():
    states = [cage(seed) for seed in range(2)]
    both = cb.Generations([RADIAL, cb.CageDisplacement()], 0)
    for descriptor in (both, cb.CageDisplacement(), RADIAL):
        transformer = cb.DescriptorTransformer(descriptor)
        X = transformer.fit_transform(states)
        assert all(name.endswith(" cage") for name in transformer.get_feature_names_out())
        given = [s.configuration for s in states] if descriptor is RADIAL else states
        np.testing.assert_array_equal(
            X, np.concatenate([descriptor.compute(source).values for source in given])
        )
    with pytest.raises(InputError, match="expected the state 'cage', as in fit, got 'initial'"):
        transformer.transform(CONFIGURATIONS)
    named = cb.DescriptorTransformer(RADIAL, state="inherent").fit(CONFIGURATIONS)
    assert set(named.labels_.state) == {"inherent"}


@pytest.mark.parametrize(
    ("configurations", "message"),
    [
        ([], "configurations: expected at least one, got an empty list"),
        (CONFIGURATIONS[0], "configurations: expected a list .*, got Configuration"),
        (np.zeros((3, 2)), "configurations: expected a list .*, got ndarray"),
        ([CONFIGURATIONS[0], "b"], r"configurations\[1\]: expected a Configuration, .* got str"),
        ([CONFIGURATIONS[0], cage(0)], r"configurations\[1\]: expected a Configuration, as "),
    ],
)
def test_what_are_no_configurations_is_refused(configurations, message):
    with pytest.raises(InputError, match=message):
        cb.DescriptorTransformer(RADIAL).fit(configurations)
    fitted = cb.DescriptorTransformer(RADIAL).fit(CONFIGURATIONS)
    with pytest.raises(InputError, match=message):
        fitted.transform(configurations)
    with pytest.raises(InputError, match=message):
        fitted.groups(configurations)


def test_wrong_parameters_are_named():
    with pytest.raises(InputError, match="descriptor: expected a descriptor, got 'radial'"):
        cb.DescriptorTransformer("radial").fit(CONFIGURATIONS)
    with pytest.raises(InputError, match="species: expected one of A, B"):
        cb.DescriptorTransformer(RADIAL, "x").fit(CONFIGURATIONS)
    absent = cb.DescriptorTransformer(RADIAL, "D").fit(CONFIGURATIONS)
    with pytest.raises(InputError, match="expected particles of species D, got none"):
        absent.transform(CONFIGURATIONS)


def test_scikit_learn_is_imported_when_a_transformer_is_asked_for():
    code = """if True:
        import sys
        import cagebreak as cb
        assert "sklearn" not in sys.modules
        cb.DescriptorTransformer
        assert "sklearn" in sys.modules
    """
    subprocess.run([sys.executable, "-c", code], check=True)
