"""Structure at the ends of short runs as an input of a hybrid prediction."""

from dataclasses import replace

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.descriptors.base import make_labels
from cagebreak.descriptors.coarse_grained.short_runs import MeanMotion
from cagebreak.errors import FileFormatError, InputError
from cagebreak.study.analysis.hybrid import Costs, Ends, Ensemble, HybridModel

N, R, TIMES = 100, 4, np.array([1.0, 10.0])
OTHER = make_labels("radial", 1, "inherent", [{}])
FLAT = cb.Box(np.diag([6.0, 6.0]))


def described(configuration):
    """Return two descriptors: the positions along x and y."""
    return configuration.positions[:, :2].copy()


def an_ensemble(c):
    """Return runs whose particles move far at late times if they are led to large x."""
    random = np.random.default_rng(c)
    start = cb.Configuration(random.uniform(0, 6, (N, 3)), np.zeros(N, int), 6.0)
    moved = 0.3 * random.normal(size=(R, N, 3))
    early = np.linalg.norm(moved, axis=-1)
    late = np.abs((start.positions + moved)[..., 0]) + 0.1 * random.normal(size=(R, N))
    sums = np.stack([np.stack([v[h::2].sum(axis=0) for v in (early, late)]) for h in (0, 1)])
    motion = cb.Propensity(TIMES, sums, R, start.species)
    labels = make_labels("radial", 1, "initial", [{}])
    structure = cb.Features(described(start)[:, 1:], labels)
    ends = Ends.of(start, {1.0: moved}, described)
    return Ensemble(start, structure, {"displacement": motion}, ends)


@pytest.fixture(scope="module")
def ensembles():
    return [an_ensemble(c) for c in range(5)]


@pytest.fixture(scope="module")
def joined(ensembles):
    return cb.hybrid(ensembles, seed=1, times=[10.0], lengths=[1.0])


def test_ends_are_means_over_runs_of_even_and_of_odd_number():
    random = np.random.default_rng(1)
    start = cb.Configuration(random.uniform(0, 6, (N, 3)), np.zeros(N, int), 6.0)
    moved = random.normal(size=(5, N, 3))
    ends = Ends.of(start, {2.0: moved}, lambda at: at.positions**2)
    squares = (start.positions + moved) ** 2
    assert ends.start == pytest.approx(start.positions**2)
    assert ends.means[2.0][0] == pytest.approx((squares[0] + squares[2] + squares[4]) / 3)
    assert ends.means[2.0][1] == pytest.approx((squares[1] + squares[3]) / 2)


@pytest.mark.parametrize("shape", [(1, N, 3), (4, N, 2), (N, 3)])
def test_displacements_of_another_shape_are_refused(ensembles, shape):
    with pytest.raises(InputError, match=r"displacements\[3\]: expected shape \(R, 100, 3\)"):
        Ends.of(ensembles[0].start, {3.0: np.zeros(shape)}, described)


@pytest.mark.parametrize(
    ("displacements", "describe", "message"),
    [
        ({}, described, "displacements: expected at least one length of runs"),
        ({3.0: np.full((4, N, 3), np.nan)}, described, r"displacements\[3\]: expected finite"),
        ({0.0: np.zeros((4, N, 3))}, described, r"displacements\[0\]: .* after a time above 0"),
        (
            {1.0: np.zeros((4, N, 3)), 2.0: np.zeros((3, N, 3))},
            described,
            r"displacements\[2\]: expected 4 runs, as before, got 3",
        ),
        ({3.0: np.zeros((4, N, 3))}, len, r"describe: expected finite .*\(100, G\), got \(\)"),
        (
            {3.0: np.zeros((4, N, 3))},
            lambda at: np.full((N, 2), np.inf),
            "describe: expected finite numbers",
        ),
    ],
)
def test_ends_that_cannot_be_described_are_named(ensembles, displacements, describe, message):
    with pytest.raises(InputError, match=message):
        Ends.of(ensembles[0].start, displacements, describe)


def test_particles_keep_their_diameters_at_the_ends():
    start = cb.Configuration(
        np.random.default_rng(1).uniform(0, 6, (N, 3)), np.zeros(N, int), 6.0,
        diameters=np.linspace(0.8, 1.2, N),
    )  # fmt: skip
    ends = Ends.of(start, {1.0: np.ones((2, N, 3))}, lambda at: at.diameters[:, None])
    assert np.array_equal(ends.means[1.0][1][:, 0], start.diameters)


def test_ends_in_a_plane_stay_there():
    box = cb.Box(np.diag([6.0, 6.0]))
    start = cb.Configuration(np.random.default_rng(1).uniform(0, 6, (N, 2)), np.zeros(N, int), box)
    ends = Ends.of(start, {1.0: np.tile([0.5, 0.25, 0.0], (2, N, 1))}, lambda at: at.positions)
    assert ends.means[1.0][0] == pytest.approx(start.positions + np.array([0.5, 0.25, 0]))


def test_ends_are_inputs_beside_structure_and_runs(joined):
    table = joined.scan([1, 4]).table
    best = table[table.n_runs == 4].set_index("inputs").r_configuration
    assert best["ends"] > best["both"] + 0.3


def test_ends_have_a_cost_of_their_own(joined):
    scan = joined.scan([1, 4])
    with pytest.raises(InputError, match="costs: expected the cost of the structure at the end"):
        scan.within(Costs(0.0, 1.0))
    rows = scan.within(Costs(0.0, 1.0, 2.0), shares=[0.1, 1.0])
    rows = rows[rows["inputs"] == "ends"]
    assert rows["core_seconds"].tolist() == pytest.approx([1 * (1.0 + 2.0), 4 * (1.0 + 2.0)])


def test_a_model_predicts_from_structure_motion_and_ends(joined, ensembles):
    model = joined.fit(n_runs=4, until=1.0)
    start, structure, motion, ends = an_ensemble(77)
    early = MeanMotion(start, TIMES[:1], {"displacement": motion["displacement"].mean[:1]})
    predicted = model.predict_from(structure, early, ends.means[1.0].mean(axis=0))
    assert np.corrcoef(predicted[0], motion["displacement"].mean[1])[0, 1] > 0.9
    with pytest.raises(InputError, match="ends: expected the structure at the ends of the runs"):
        model.predict_from(structure, early)


def test_ensembles_must_be_described_alike(ensembles):
    missing = [*ensembles[:4], ensembles[4]._replace(ends=None)]
    with pytest.raises(InputError, match=r"ensembles\[4\].ends: expected the structure"):
        cb.hybrid(missing, seed=1, times=[10.0])
    ends = ensembles[4].ends
    other = ends._replace(means={1.0: ends.means[1.0][:, :-1]})
    with pytest.raises(InputError, match=r"ensembles\[4\].ends.means\[1\]: expected finite"):
        cb.hybrid([*ensembles[:4], ensembles[4]._replace(ends=other)], seed=1, times=[10.0])


def test_lengths_of_runs_are_those_whose_ends_are_described(ensembles):
    with pytest.raises(
        InputError, match=r"until: expected .*1\.0.*, the lengths of runs whose ends"
    ):
        cb.hybrid(ensembles, seed=1, until=[10.0], times=[10.0])


def changed(ensemble, **motion):
    """Return an ensemble whose runs have measured something else."""
    old = ensemble.motion["displacement"]
    parts = {name: getattr(old, name) for name in ("times", "sums", "n_runs", "species")} | motion
    return ensemble._replace(motion={"displacement": cb.Propensity(**parts)})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda e: changed(e, n_runs=5), r"\[4\].ends: expected 5 runs, as of the motion, got 4"),
        (lambda e: changed(e, n_runs=1), r"ensembles\[4\]: expected two runs or more"),
        (
            lambda e: changed(e, times=TIMES * 2),
            r"\[4\].motion\['displacement'\]: .* at the times of the first",
        ),
        (
            lambda e: changed(e, sums=np.full((2, 2, N), np.nan)),
            r"\[4\].motion\['displacement'\]: expected finite sums",
        ),
        (
            lambda e: e._replace(ends=e.ends._replace(start=e.ends.start * np.nan)),
            r"\[4\].ends.start: expected finite numbers of shape \(100, 2\)",
        ),
        (
            lambda e: e._replace(ends=e.ends._replace(means={1.0: e.ends.means[1.0] * np.inf})),
            r"\[4\].ends.means\[1\]: expected finite numbers",
        ),
        (lambda e: e._replace(motion={}), "target: expected a quantity"),
        (
            lambda e: e._replace(structure=cb.Features(e.structure.values[1:], e.structure.labels)),
            r"\[4\].structure: expected 100 particles, got 99",
        ),
        (
            lambda e: e._replace(structure=cb.Features(e.structure.values, OTHER)),
            r"\[4\].structure: expected the 1 descriptors of the first in their order",
        ),
        (
            lambda e: changed(e, species=np.arange(N) % 2),
            r"\[4\].motion\['displacement'\]: expected the species of ensembles\[4\].start",
        ),
        (
            lambda e: e._replace(start=cb.Configuration(np.zeros((N, 2)), np.zeros(N, int), FLAT)),
            r"ensembles\[4\].start: expected 3 dimensions, as of the first, got 2",
        ),
        (tuple, r"ensembles\[4\]: expected an Ensemble, got tuple"),
    ],
)
def test_an_ensemble_that_does_not_fit_the_others_is_named(ensembles, change, message):
    with pytest.raises(InputError, match=message):
        cb.hybrid([*ensembles[:4], change(ensembles[4])], seed=1, times=[10.0], lengths=[1.0])


@pytest.mark.parametrize(
    ("source", "arguments", "message"),
    [
        (None, {}, "source: expected a study or a list of Ensemble, got NoneType"),
        ("ka.toml", {}, r"ensembles\[0\]: expected an Ensemble, got str"),
        ([], {"folds": 4.5}, "folds: expected a whole number from 2, got 4.5"),
        ([], {"folds": 0}, "folds: expected a whole number from 2, got 0"),
        ([], {"seed": "x"}, "seed: expected a non-negative integer, got 'x'"),
        ([], {"lengths": 1.0}, "lengths: expected a list, got 1.0"),
        ([], {"quantities": 3}, "quantities: expected a list, got 3"),
        (..., {"lengths": []}, "lengths: expected at least one, got none"),
        (..., {"quantities": []}, "quantities: expected at least one, got none"),
    ],
)
def test_arguments_that_cannot_be_are_named(ensembles, source, arguments, message):
    with pytest.raises(InputError, match=message):
        cb.hybrid(
            ensembles if source is ... else source, **({"seed": 1, "times": [10.0]} | arguments)
        )


@pytest.mark.parametrize("n_runs", [1.5, "2", np.nan])
def test_numbers_of_runs_are_whole(joined, n_runs):
    for use in (joined.scan, lambda n: joined.fit(n, 1.0)):
        with pytest.raises(InputError, match="n_runs: expected 1 to 4, the runs there are, got"):
            use(n_runs)


def test_a_model_refuses_other_descriptors_than_those_of_the_fit(joined, ensembles, tmp_path):
    joined.fit(n_runs=4, until=1.0).save(tmp_path / "model.h5")
    model = HybridModel.load(tmp_path / "model.h5")
    start, structure, motion, ends = ensembles[0]
    early = MeanMotion(start, TIMES[:1], {"displacement": motion["displacement"].mean[:1]})
    of_ends = ends.means[1.0].mean(axis=0)
    assert np.isfinite(model.predict_from(structure, early, of_ends)).all()
    for wrong, message in (
        (
            cb.Features(structure.values, OTHER),
            "expected the descriptors of the fit in their order",
        ),
        (structure.values, "expected Features, got ndarray"),
    ):
        with pytest.raises(InputError, match=f"structure: {message}"):
            model.predict_from(wrong, early, of_ends)
    with pytest.raises(InputError, match="motion: expected a MeanMotion, got dict"):
        model.predict_from(structure, motion, of_ends)


@pytest.mark.parametrize(
    "change", [{"species": 1}, {"n_runs": 0}, {"until": 3.0}, {"times": -TIMES[1:]}]
)
def test_a_file_whose_numbers_do_not_fit_each_other_is_refused(joined, tmp_path, change):
    replace(joined.fit(n_runs=4, until=1.0), **change).save(tmp_path / "model.h5")
    (name,) = change
    with pytest.raises(FileFormatError, match=rf"\({name}: expected one that fits the model, got"):
        HybridModel.load(tmp_path / "model.h5")


def test_a_model_of_runs_alone_is_saved(ensembles, tmp_path):
    bare = [e._replace(structure=cb.Features(np.zeros((N, 0)), OTHER[:0]), ends=None)
            for e in ensembles]  # fmt: skip
    model = cb.hybrid(bare, seed=1, until=1.0, times=[10.0]).fit(2, 1.0)
    model.save(tmp_path / "runs.h5")
    start, _, motion, _ = ensembles[0]
    early = MeanMotion(start, TIMES[:1], {"displacement": motion["displacement"].mean[:1]})
    loaded = HybridModel.load(tmp_path / "runs.h5").predict_from(None, early)
    assert np.array_equal(loaded, model.predict_from(None, early))


def test_ends_at_no_time_of_the_runs_are_named(ensembles):
    other = [e._replace(ends=e.ends._replace(means={3.0: e.ends.means[1.0]})) for e in ensembles]
    with pytest.raises(InputError, match=r"ends: expected lengths among the times .* got 3.0"):
        cb.hybrid(other, seed=1, times=[10.0])
    assert not cb.hybrid(other, seed=1, times=[10.0], until=1.0, ends=False).described


def test_a_configuration_without_particles_of_the_species_is_named(ensembles):
    start = ensembles[4].start.replace(species=np.ones(N, int))
    other = changed(ensembles[4], species=start.species)._replace(start=start)
    with pytest.raises(InputError, match=r"ensembles\[4\]: expected particles of species A"):
        cb.hybrid([*ensembles[:4], other], seed=1, times=[10.0], ends=False, until=1.0)


def test_configurations_may_have_other_numbers_of_runs(ensembles):
    two = ensembles[4].motion["displacement"].sums / 2
    ends = ensembles[4].ends._replace(n_runs=2)
    fewer = changed(ensembles[4], sums=two, n_runs=2)._replace(ends=ends)
    joined = cb.hybrid([*ensembles[:4], fewer], seed=1, times=[10.0], lengths=[1.0])
    assert joined.n_runs == 2
    assert joined.scan([2]).table.set_index("inputs").r_configuration["ends"] > 0.8


@pytest.mark.parametrize("ends", [True, False])
def test_one_configuration_is_too_few(ensembles, ends):
    with pytest.raises(InputError, match=r"(folds|collection): expected at least"):
        cb.hybrid(ensembles[:1], seed=1, times=[10.0], until=1.0, ends=ends).fit(1, 1.0)


@pytest.mark.parametrize("values", [np.zeros((N, 3)), np.full((N, 2), np.nan), np.zeros((3, 2))])
def test_ends_of_another_shape_are_refused_by_a_model(joined, ensembles, values):
    model, (start, structure, motion, _) = joined.fit(n_runs=4, until=1.0), ensembles[0]
    early = MeanMotion(start, TIMES[:1], {"displacement": motion["displacement"].mean[:1]})
    with pytest.raises(InputError, match=r"ends: expected finite numbers of shape \(100, 2\)"):
        model.predict_from(structure, early, values)
