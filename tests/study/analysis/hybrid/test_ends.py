"""Structure at the ends of short runs as an input of a hybrid prediction."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.descriptors.base import make_labels
from cagebreak.descriptors.coarse_grained.short_runs import MeanMotion
from cagebreak.errors import InputError
from cagebreak.study.analysis.hybrid import Costs, Ends, Ensemble

N, R, TIMES = 100, 4, np.array([1.0, 10.0])


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
