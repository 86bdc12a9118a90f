"""What is asked of a finished study: tables, sources, fits, plan, figures."""

import csv
import json
import shutil
from dataclasses import replace

import matplotlib.figure
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from threadpoolctl import threadpool_info, threadpool_limits

import cagebreak as cb
from cagebreak.errors import InputError, StoreError
from cagebreak.learning import evaluate
from cagebreak.seeding import seed_sequence
from cagebreak.structure import radial_distribution
from cagebreak.study.analysis import drawings
from cagebreak.study.analysis import learn as learning
from cagebreak.study.analysis.samples import StudySamples
from cagebreak.study.analysis.sources import Sources
from cagebreak.study.stages import stages
from support.tiny_study import write_recipe

INITIAL = {"LR0": {"generations": 0, "states": ["initial"]}}


def test_relaxation_is_where_f_s_falls_to_one_over_e(study):
    found = study.relaxation()
    table = study.table("propensity")
    assert found.keys() == {"A", "B"}
    for letter, tau in found.items():
        rows = table[table["species"] == letter]
        at_tau = np.interp(np.log(tau), np.log(rows["time"]), rows["f_s"])
        assert at_tau == pytest.approx(np.exp(-1))


def test_table_of_propensity(study):
    table = study.table("propensity")
    parts = [study.propensity(c) for c in range(3)]
    means = np.array([p.mean[:, p.species == 1].mean(axis=1) for p in parts])
    rows = table[table["species"] == "B"]
    np.testing.assert_allclose(rows["propensity"], means.mean(axis=0))
    np.testing.assert_allclose(rows["error"], means.std(axis=0, ddof=1) / 3**0.5)
    np.testing.assert_allclose(rows["ceiling"], np.mean([p.ceiling[:, 1] for p in parts], axis=0))
    assert (table["n_configurations"] == 3).all()


def test_table_of_configurations(study):
    table = study.table("configurations")
    assert len(table) == 5 * 2 * 3
    found = study.propensity(1)
    rows = table[(table["species"] == "A") & (table["configuration"] == 1)]
    np.testing.assert_allclose(rows["propensity"], found.mean[:, found.species == 0].mean(axis=1))
    np.testing.assert_allclose(table["density"], 120 / study.configuration(0).box.volume)


def test_table_of_correlations(study):
    table = study.table("correlations")
    scalars = ["anisotropy cage", "displacement cage", "displacement inherent", "variance cage"]
    assert sorted(set(table["features"].tolist())) == scalars
    propensity = [study.propensity(c) for c in range(3)]
    of_b = propensity[0].species == 1
    moved = np.concatenate([study.state(c, "cage").displacement[of_b] for c in range(3)])
    rows = table[(table["species"] == "B") & (table["features"] == "displacement cage")]
    for t, r in enumerate(rows["r"]):
        target = np.concatenate([each.mean[t, of_b] for each in propensity])
        assert r == pytest.approx(np.corrcoef(moved, target)[0, 1], abs=1e-10)
    assert (rows["low"] < rows["high"]).all()
    scores = study.table("scores")
    same = scores[(scores["species"] == "B") & (scores["features"] == "LR0")]
    assert np.array_equal(rows["ceiling"], same["ceiling"])


def test_table_of_structure(study):
    table = study.table("structure")
    assert set(table["state"]) == {"initial", "inherent", "cage"}
    found = radial_distribution([study.configuration(c) for c in range(3)], 5.0, 250)
    rows = table[(table["state"] == "initial") & (table["species"] == "A")]
    np.testing.assert_allclose(rows["g"][rows["neighbors"] == "B"], found.pairs[0, 1])
    np.testing.assert_allclose(rows["g"][rows["neighbors"] == "all"], found.total[0])
    np.testing.assert_allclose(rows["r"][rows["neighbors"] == "all"], found.r)


def test_statistics_of_a_study_are_those_of_its_rows(study, tmp_path):
    found = study.statistics({"generations": 0, "kind": "radial", "states": ["cage"]}, species="B")
    assert len(found) == 3
    assert set(found.labels["kind"]) == {"radial"}
    assert set(found.labels["state"]) == {"cage"}
    assert found.about["species"] == "B"
    features, moved = study.features(0), study.propensity(0)
    of_b = moved.species == 1
    rows = features.where(kind="radial", generation=0, state="cage").values[of_b]
    assert found.parts[0].count == of_b.sum()
    # Each configuration is clipped at deviations of its own.
    bound = found.standardizer.clip * rows.std(axis=0)
    mean = rows.mean(axis=0)
    Z = found.standardizer.in_units(np.clip(rows, mean - bound, mean + bound))
    np.testing.assert_allclose(found.parts[0].x_mean, Z.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(found.parts[0].y_mean, moved.mean[:, of_b].mean(axis=1))
    assert len(study.source({"generations": 0}, species="A").samples) == 3


def test_a_source_has_the_targets_of_the_times_named(study):
    times = study.propensity(0).times
    everything = study.source({"generations": 0})
    found = study.source({"generations": 0}, times=[1.05 * times[2], 0.95 * times[0]])
    assert found.times.tolist() == [times[2], times[0]]
    chosen, whole = found.samples[1], everything.samples[1]
    np.testing.assert_array_equal(chosen.targets, whole.targets[:, [2, 0]])
    np.testing.assert_array_equal(chosen.halves, whole.halves[:, :, [2, 0]])
    for times in ([], [0.0]):
        with pytest.raises(InputError, match=r"times: expected numbers above 0"):
            study.source({"generations": 0}, times=times)


def test_a_source_tells_distances_in_the_mean_spacing(study):
    density = study.recipe.model.number_density
    wanted = {"kind": "radial", "generations": 0}
    sigma, spacing = study.source(wanted), study.source(wanted, length="spacing")
    for name in ("r", "width"):
        scaled = sigma.labels[name] * density ** (1 / 3)
        np.testing.assert_allclose(spacing.labels[name], scaled, atol=1e-9)
    assert spacing.units["length"] != sigma.units["length"]
    with pytest.raises(InputError, match=r"length: expected .*got 'meter'"):
        study.source(wanted, length="meter")


def test_tables_of_a_selection(study):
    table = study.table("selection")
    assert set(table["species"]) == {"A", "B"}
    rows = table[(table["species"] == "A") & (table["time"] == study.propensity(0).times[2])]
    assert rows["n_features"].tolist()[:6] == [1, 2, 3, 4, 5, 6]
    selected = study.table("selected")
    first = selected[(selected["species"] == "B") & (selected["rank"] == 1)]
    assert len(first) == 5
    assert set(first["state"]) == {"initial"}
    chosen = study.selection(5, species="B").selection
    assert first["column"].tolist() == chosen.order[:, 0].tolist()


def test_a_table_needs_what_it_shows(tmp_path):
    study = cb.Study(write_recipe(tmp_path / "hs.toml", states=["initial"], selections=INITIAL))
    study.run("serial", progress=False)
    with pytest.raises(InputError, match="none of initial has a scalar"):
        study.table("correlations")


def test_fit_does_what_the_recipe_says(study):
    table = study.fit().table
    assert {(str(r["species"]), str(r["features"])) for r in table.to_dict("records")} == {
        (species, features) for species in "AB" for features in ("LR0", "LR1", "cage")
    }
    assert set(table["n_features"][table["features"] == "LR0"]) == {162}
    assert set(table["n_features"][table["features"] == "LR1"]) == {324}
    assert set(table["n_features"][table["features"] == "cage"]) == {163}
    path = study.store.folder / "tables" / "scores.csv"
    with path.open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["r"]) for row in rows] == pytest.approx(table["r"].tolist(), nan_ok=True)
    recipe = json.loads(path.with_suffix(".json").read_text())["recipe"]
    assert recipe["learning.clip"] == 6.0


def test_tables_are_read_again_until_the_recipe_changes(study, monkeypatch):
    first = study.table("scores")
    times = first["time"].copy()

    def refuse(*_, **__):
        raise AssertionError("fitted again")

    monkeypatch.setattr("cagebreak.study.analysis.learn.plan", refuse)
    again = study.table("scores")
    assert again.equals(first)
    assert np.array_equal(again["time"], times)
    learning = dict(study.recipe.values["learning"], clip=5.0)
    other = replace(study.recipe, values=study.recipe.values | {"learning": learning})
    monkeypatch.setattr(study, "recipe", other)
    with pytest.raises(AssertionError, match="fitted again"):
        study.table("scores")


@pytest.mark.parametrize(("module", "work"), [(learning, "learn"), (drawings, "images")])
def test_units_that_change_meanwhile_are_not_what_a_table_was_made_from(
    study, tmp_path, monkeypatch, module, work
):
    done = getattr(module, work)

    def slow(*args, **options):
        result = done(*args, **options)
        monkeypatch.setattr(Sources, "_contents_of", lambda sources, stage: ("changed",))
        return result

    shutil.copytree(study.store.folder.parent, tmp_path / "study")
    copy = cb.Study(tmp_path / "study" / "hs.toml")
    monkeypatch.setattr(module, work, slow)
    if work == "learn":
        copy.fit()
        path = copy.store.folder / "tables" / "scores.json"
    else:
        path = tmp_path / "drawn.json"
        copy.figure("alkemade2022.mean_propensity", path.with_suffix(""))
    monkeypatch.undo()
    made_from = Sources(copy.recipe, copy.store).of_table("propensity")["units"]["propensity"]
    assert json.loads(path.read_text())["units"]["propensity"] == made_from


def test_fit_uses_one_thread_so_that_its_bits_depend_on_none(study, monkeypatch):
    found = []

    def look(*_, **__):
        found.extend(p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas")
        raise InterruptedError

    monkeypatch.setattr("cagebreak.study.analysis.learn.plan", look)
    with threadpool_limits(limits=2), pytest.raises(InterruptedError):
        study.fit()
    assert found
    assert set(found) == {1}


def test_fit_of_a_selection_equals_evaluate_of_its_columns(study):
    samples = []
    for c in range(3):
        propensity = study.propensity(c)
        rows = propensity.species == 0
        features = study.features(c).where(kind="radial", generation=[0], state="cage")
        samples.append(
            cb.learning.Sample(
                features.values[rows],
                propensity.mean[:, rows].T,
                np.zeros(rows.sum(), int),
                propensity.halves[:, :, rows].swapaxes(1, 2),
            )
        )
    expected = evaluate(
        cb.RidgeCV(alphas=(1.0, 10.0)),
        samples,
        seed=seed_sequence(study.recipe.study.seed, "fit"),
        times=study.propensity(0).times,
        folds=3,
        n_resamples=100,
    ).table
    found = study.fit(
        cb.RidgeCV(alphas=(1.0, 10.0)),
        {"generations": 0, "kind": "radial", "states": ["cage"]},
        "A",
        "mine",
    ).table
    assert set(found["learner"]) == {"mine"}
    assert set(found["features"]) == {"generations = 0, kind = radial, states = ['cage']"}
    assert set(found["n_features"]) == {162}
    for column in ("time", "species", "r", "low", "high", "ceiling", "r_configuration"):
        assert np.array_equal(found[column], expected[column]) or np.allclose(
            found[column], expected[column], equal_nan=True
        ), column


def test_any_learner_and_named_selections(study):
    near = {"generations": [1], "kind": "angular", "l": [4, 6]}
    wanted = {
        "near": near | {"states": ["initial"]},
        "two states": near | {"states": ["initial", "cage"]},
        "joined": [{"kind": "variance"}, {"kind": "displacement", "generations": 0}],
        "all": {},
    }
    table = study.fit(LinearRegression(), wanted, species=["B"]).table
    sizes = {str(row["features"]): int(row["n_features"]) for row in table.to_dict("records")}
    # Two generations; displacement of two states, variance of one.
    assert sizes == {"near": 32, "two states": 64, "joined": 4, "all": 3 * 708 + 2 * (1 + 3)}
    assert set(table["species"]) == {"B"}
    assert set(table["learner"]) == {"LinearRegression"}


@pytest.mark.parametrize(
    "wrong",
    [
        lambda s: s.run("dusk"),
        lambda s: s.run(workers=0),
        lambda s: s.run("serial", retries=-1),
        lambda s: s.configuration(3),
        lambda s: s.features(-1),
        lambda s: s.fit(features={"kind": "radial", "more": {"kind": "angular"}}),
        lambda s: s.fit(features={"generation": 2}),
        lambda s: s.fit(features="radial"),
        lambda s: s.fit(features=[]),
        lambda s: s.fit(features={"x": [{"kind": "variance"}, "cage"]}),
        lambda s: s.fit(features={"kind": "force"}),
        lambda s: s.state(0, "molten"),
        lambda s: s.fit(species="C"),
        lambda s: s.table("tables"),
        lambda s: s.figure("fig1"),
    ],
)
def test_wrong_arguments_are_named(study, wrong):
    with pytest.raises(InputError, match="expected"):
        wrong(study)


def test_what_is_not_done_is_said(tmp_path):
    study = cb.Study(write_recipe(tmp_path / "hs.toml"))
    assert {s.done for s in study.status()} == {0}
    for early in (study.fit, study.relaxation, lambda: study.configuration(0)):
        with pytest.raises(StoreError, match="run the study first"):
            early()
    assert not study.store.folder.exists()


def test_plan_counts_what_is_left(study, tmp_path):
    fresh = cb.Study(write_recipe(tmp_path / "hs.toml"))
    plan = fresh.plan(workers=3)
    assert {s.stage: (s.left, s.total) for s in plan.stages} == {
        name: (9, 9) if name == "run" else (3, 3) for name in stages.stages_of(fresh.recipe)
    }
    assert plan.workers == 3
    assert all(s.seconds > 0 for s in plan.stages)
    written = {
        name: np.mean([p.stat().st_size for p in (study.store.folder / name).rglob("*.h5")])
        for name in stages.stages_of(fresh.recipe)
    }
    for stage in plan.stages:
        assert stage.n_bytes == pytest.approx(written[stage.stage], rel=0.35), stage.stage
    assert not fresh.store.folder.exists()
    done = study.plan()
    assert done.core_seconds == done.n_bytes == 0


def test_figure_is_drawn_and_written_with_its_table(study, tmp_path):
    name = "alkemade2022.mean_propensity"
    assert isinstance(study.figure(name), matplotlib.figure.Figure)
    study.figure(name, tmp_path / "eta0.45")
    assert {p.name for p in tmp_path.iterdir()} == {
        f"eta0.45.{ending}" for ending in ("png", "pdf", "csv", "json")
    }


def test_a_graph_has_the_positions_of_the_state_of_its_features(study):
    samples = StudySamples(
        study.store, study.recipe, [1], ["inherent"], np.arange(4),
        times=np.array([0, 3]), graph_of="inherent",
    )  # fmt: skip
    sample = samples[1]
    expected = study.state(1, "inherent").configuration
    np.testing.assert_array_equal(sample.graph.configuration.positions, expected.positions)
    assert sample.graph.features.shape == (120, 4)
    np.testing.assert_array_equal(sample.features, sample.graph.features[sample.graph.rows])
    assert (sample.graph.configuration.species[sample.graph.rows] == 1).all()
    np.testing.assert_array_equal(
        sample.targets, study.propensity(1).mean[[0, 3]][:, sample.graph.rows].T
    )
