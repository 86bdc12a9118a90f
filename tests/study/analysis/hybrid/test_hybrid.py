"""Structure and short runs of a study, joined for prediction."""

from dataclasses import replace

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import ConfigurationError, ConfigurationWarning, InputError
from cagebreak.learning import ablation, forward_selection
from cagebreak.study.analysis.hybrid import Costs, Ensemble
from cagebreak.study.analysis.hybrid import model as hybrid_model
from support.tiny_study import write_recipe

LAST = 5.0  # of the tiny study


FEW = {"states": ["initial"], "generations": 0}


@pytest.fixture(scope="module")
def joined(study):
    return cb.hybrid(study, until=[1.0, LAST], species="B", features=FEW)


@pytest.fixture(scope="module")
def model(joined):
    return joined.fit(n_runs=2, until=1.0)


def test_scores_have_every_set_of_inputs_up_to_its_time(joined, study):
    table = joined.scan(n_runs=[1, 2]).table
    times = study.propensity(0).times
    assert set(table.inputs) == {"structure", "runs", "both", "ensemble"}
    assert (table.until <= table.time * (1 + 1e-9)).all()
    short = table[(table.inputs == "both") & (table.n_runs == 2)]
    assert sorted(short.until.unique()) == pytest.approx(joined.until)
    assert short[short.until > 4].time.tolist() == [times[-1]]


def test_motion_and_targets_come_from_different_runs(study):
    """Noise that is added to all of one half of the runs predicts nothing of the other half."""
    random, ensembles = np.random.default_rng(5), []
    for c in range(3):
        start, measured = study.configuration(c), study.propensity(c)
        noise = random.exponential(size=(2, 1, len(start))) * np.ones((2, len(measured.times), 1))
        noisy = cb.Propensity(measured.times, noise, 2, measured.species)
        none = study.features(c).where(kind="displacement", state="cage")
        empty = cb.Features(none.values[:, :0], none.labels[:0])
        ensembles.append(Ensemble(start, empty, {"displacement": noisy}))
    noise = cb.hybrid(ensembles, until=LAST, seed=1, times=[LAST], species="B")
    runs = noise.runs
    own = runs.collection.parts[0].xy[0, 0] * runs.collection.standardizer.scale_[0]
    # The product of the noise with itself is its variance, 1 a particle.
    assert abs(own) < 4 * np.sqrt(runs.collection.parts[0].count)


def test_a_model_predicts_from_runs_that_it_simulates(model, study):
    start = study.configuration(0)
    predicted = model.predict(start, seed=3)
    assert predicted.shape == (5, len(start))
    assert np.isnan(predicted).any(axis=0).tolist() == (start.species == 0).tolist()
    assert np.array_equal(model.predict(start, seed=3), predicted, equal_nan=True)
    later = predicted[-1, start.species == 1]
    measured = study.propensity(0).mean[-1, start.species == 1]
    assert np.mean(later) == pytest.approx(np.mean(measured), rel=0.3)


def test_a_model_has_the_range_of_the_densities_of_training(model, study):
    """Particles that are 1 % smaller in all would have another density."""
    start, training = study.configuration(0), model.training
    prediction = model.predict_intervals(start, seed=3)
    rows = start.species == 1
    assert (prediction.low[:, rows] <= prediction.values[:, rows]).all()
    assert (prediction.values[:, rows] <= prediction.high[:, rows]).all()
    thinner = replace(training, densities=0.99 * training.densities)
    with pytest.warns(ConfigurationWarning, match="its packing fraction is .* 1 % above that of"):
        replace(model, training=thinner).predict(start, seed=3)


def test_a_model_has_the_energies_of_the_inherent_states_of_training(model, study, monkeypatch):
    """Hard spheres have none; those of others are compared as of other models."""
    monkeypatch.setattr(
        hybrid_model, "training_remark", lambda start, energies, recipe, state: f"{energies}"
    )
    assert model.training.inherent_energies is None
    known = replace(model, training=replace(model.training, inherent_energies=np.array([-7.0])))
    assert "[-7.]" in known.apply(study.configuration(0), 1).remarks


def test_a_model_refuses_a_configuration_of_another_density(model, study):
    start = study.configuration(0)
    dense = cb.Configuration(0.9 * start.positions, start.species, cb.Box(0.9 * start.box.matrix))
    with pytest.raises(ConfigurationError):
        model.predict(dense, seed=1)


def test_columns_of_motion_are_selected_and_ablated_by_their_labels(joined):
    collection = joined.collection(n_runs=2, until=LAST)
    labels = collection.labels
    of_runs = np.flatnonzero(labels["state"] == "runs")
    assert set(labels["kind"][of_runs]) == {"displacement"}
    assert np.nanmax(labels["time"]) == pytest.approx(LAST)
    assert np.isnan(labels["time"][labels["state"] != "runs"]).all()
    order = forward_selection(collection.pooled(), 3).order
    assert order.shape == (5, 3)
    table = ablation(collection, {"runs": of_runs}, seed=1, folds=3, n_resamples=50)
    assert set(table.kept) == {"all", "without", "alone"}


def test_ensembles_of_ones_own_need_no_study(study):
    random, ensembles = np.random.default_rng(6), []
    for c in range(3):
        start, structure, measured = (
            study.configuration(c),
            study.features(c).where(kind="radial", generation=0, state="initial"),
            study.propensity(c),
        )
        signal = 1.0 + 0.2 * random.random(len(start))
        halves = signal + 0.01 * random.normal(size=(2, len(measured.times), len(start)))
        told_apart = cb.Propensity(measured.times, halves, 2, measured.species)
        ensembles.append(Ensemble(start, structure, {"displacement": told_apart}))
    joined = cb.hybrid(ensembles, until=LAST, seed=1, times=[LAST], species="B")
    r = joined.scan(n_runs=1).table.set_index("inputs").r_configuration
    assert np.isfinite(r["structure"])
    assert np.all(r["ensemble"] > 0.9)
    with pytest.raises(InputError, match="predict_from"):
        joined.fit(n_runs=1, until=LAST).predict(study.configuration(0), seed=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"quantities": ["cage_relative"]}, "keep.cage_relative"),
        ({"species": "C"}, "species: expected one of A, B"),
        ({"features": {"states": ["nowhere"]}}, "nowhere"),
        ({"features": "nowhere"}, "features: expected a dict such as .* got 'nowhere'"),
        ({"times": [1.0, 50.0]}, "times: expected times from 0.01 to 5"),
        ({"times": [1e-4, 1.0]}, "times: expected times from 0.01 to 5"),
        ({"until": 1e-4}, "until: expected times from 0.01 to 5"),
        ({"until": -1.0}, "until: expected numbers above 0"),
        ({"until": "short"}, "until: expected numbers above 0"),
        ({"lengths": ["short"]}, "lengths: expected positive numbers, got"),
        ({"quantities": "speed"}, "quantities: expected one of displacement, .* got 'speed'"),
        ({"target": ["displacement"]}, r"target: expected one of .* got \['displacement'\]"),
        (
            {"lengths": [1.0, 1e9]},
            "lengths: expected lengths up to half of the box, .* got 1000000000",
        ),
        ({"ends": "positions"}, "ends: expected True or False, got 'positions'"),
    ],
)
def test_what_a_study_does_not_have_is_named(study, arguments, message):
    with pytest.raises(InputError, match=message):
        cb.hybrid(study, **({"until": LAST} | arguments))


def test_a_species_given_by_number_and_one_quantity_are_those_of_their_names(study):
    few = {"kind": "angular", "l": [6], "states": ["initial"], "generations": 0}
    found = cb.hybrid(study, until=LAST, species=1, quantities="displacement", features=few)
    assert found.species == "B"
    assert found.short_runs.quantities == ("displacement",)
    table = found.scan().table
    # Of 1, 2 and 5 runs, those that there are.
    assert set(table[table.inputs == "both"].n_runs) == {1, 2}


def test_runs_longer_than_those_of_the_study_are_refused(study):
    with pytest.raises(InputError, match=r"until: expected times from 0.01 to 5, as of the runs"):
        cb.hybrid(study, until=[1.0, 50.0])


def test_more_runs_than_the_study_has_are_refused(joined):
    with pytest.raises(InputError, match="n_runs: expected 1 to 3"):
        joined.scan(n_runs=[4])
    with pytest.raises(InputError, match="until: expected one of"):
        joined.fit(n_runs=1, until=3.0)
    with pytest.raises(InputError, match="until: expected numbers above 0"):
        joined.scan(n_runs=1, until="short")


def test_one_run_is_too_few(study):
    measured = study.propensity(0)
    one = cb.Propensity(measured.times, measured.sums, 1, measured.species)
    ensembles = [Ensemble(study.configuration(0), study.features(0), {"displacement": one})] * 3
    with pytest.raises(InputError, match="expected two runs or more"):
        cb.hybrid(ensembles, until=LAST, seed=1)


def test_a_recipe_may_say_what_the_short_runs_are(tmp_path):
    path = write_recipe(tmp_path / "hs.toml")
    path.write_text(
        path.read_text()
        + '\n[hybrid]\nn_runs = 1\nshare = 0.2\nquantities = ["displacement"]\nlengths = [1.0]\n'
    )
    recipe = cb.Study(path).recipe
    assert recipe.hybrid.lengths == (1.0,)
    assert recipe.short_until == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("n_runs = 4", "at most n_runs = 3"),
        (
            "lengths = [1e9]",
            "lengths = .*: expected lengths up to half of the box, 2.335 sigma",
        ),
        ("share = 1.5", "share = 1.5: expected a number above 0, up to 1"),
        ('quantities = ["speed"]', "quantities"),
        ('quantities = ["mobile"]', "what runs keep: mobile needs keep.mobile beside it"),
    ],
)
def test_a_section_that_cannot_be_is_named(tmp_path, line, message):
    path = write_recipe(tmp_path / "hs.toml")
    lines = {"n_runs": "1", "share": "0.2", "quantities": '["displacement"]', "lengths": "[1.0]"}
    name, _, value = line.partition(" = ")
    lines[name] = value
    entries = "\n".join(f"{name} = {value}" for name, value in lines.items())
    path.write_text(f"{path.read_text()}\n[hybrid]\n{entries}\n")
    with pytest.raises(InputError, match=message):
        cb.Study(path)


def test_within_a_budget_no_inputs_cost_more(joined):
    scan = joined.scan(n_runs=[1, 3])
    costs = Costs(structure=0.1, per_tau=1.0)
    rows = scan.within(costs, shares=[0.2, 1.0])
    whole = scan.n_ensemble * rows["time"] * costs.per_tau
    chosen = rows[rows["inputs"] != "structure"]
    assert (chosen["core_seconds"] <= (rows["share"] * whole)[rows["inputs"] != "structure"]).all()
    (last,) = rows[(rows["inputs"] == "ensemble") & (rows["time"] == LAST) & (rows["share"] == 1)]
    assert (last["n_runs"], last["core_seconds"]) == (3, pytest.approx(15.0))
    structure = rows[rows["inputs"] == "structure"]
    assert structure["share"] == pytest.approx(0.1 / (3 * structure["time"]))
