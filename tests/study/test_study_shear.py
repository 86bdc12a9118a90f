"""A study of shear: the same as by hand, the same bits after a stop at any step."""

import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import h5py
import numpy as np
import pytest
from numpy.lib.recfunctions import rename_fields

import cagebreak as cb
from cagebreak.dynamics.plasticity import ACTIVE, CURVE, DISSIPATION, active, curve, windows
from cagebreak.errors import InputError, RecipeError
from cagebreak.seeding import seed_sequence
from cagebreak.study import Recipe
from cagebreak.study.recipe import schema
from cagebreak.study.recipe.writing import text, write_new
from cagebreak.study.stages import shear as shear_stage
from cagebreak.study.stages.stages import open_store, stages_of
from support.earlier_version import without_digest
from support.paths import ROOT
from support.tiny_study import unit_bytes

STEPS = (
    {"ensemble": "NVT", "time": 1.0, "temperature": [1.0]},
    {"ensemble": "NVT", "time": 2.0, "temperature": [1.0, 0.001]},
)
SHEAR = {"strain": 0.09, "step": 5e-4, "discard": 0.05, "window": 0.02, "cutoff": 1.5}


def values(**shear):
    found = schema.defaults("kob_andersen_smoothed", small=True, work="shear")
    found["preparation"] |= {"n_configurations": 3, "n_particles": 100, "steps": STEPS}
    found["shear"] |= SHEAR | shear
    return found


def write(path, **shear):
    path.write_text(text(values(**shear)))
    return path


def all_but_one(study, folder):
    """Return a copy of a study that lacks the shear of the first configuration."""
    path = folder / study.recipe.path.name
    shutil.copy(study.recipe.path, path)
    shutil.copytree(study.store.folder, path.with_suffix(""))
    (path.with_suffix("") / "shear" / "0000.h5").unlink()
    return cb.Study(path)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    study = cb.Study(write(tmp_path_factory.mktemp("study") / "ka.toml"))
    study.run("serial", progress=False)
    return study


def test_curve_and_windows_are_those_by_hand(study):
    wanted, model = study.recipe.shear, study.recipe.model
    seed = seed_sequence(1, "equilibrate", 1)
    glass = cb.equilibrate(model, 100, seed=seed, steps=study.recipe.preparation.protocol)
    states = list(cb.shear(glass, model, wanted.strain, step=wanted.step))
    course = study.shear(1)
    np.testing.assert_array_equal(course.curve, curve(states))
    assert len(course.curve) == 181
    expected = list(windows(states, wanted.cutoff, wanted.window, wanted.discard))
    assert len(course.windows) == len(expected) == 2
    for found, other in zip(course.windows, expected, strict=True):
        np.testing.assert_array_equal(found.start.positions, other.start.positions)
        np.testing.assert_array_equal(found.start.box.matrix, other.start.box.matrix)
        np.testing.assert_array_equal(found.start.species, glass.species)
        np.testing.assert_array_equal(found.d2min, other.d2min)
        assert (found.strain, found.events) == (other.strain, other.events)


@pytest.mark.parametrize("stops", [(1, 30, 31), (107, 150, 179)])
def test_stopped_at_any_step_it_goes_on_to_the_same_bits(study, tmp_path, monkeypatch, stops):
    """Before and within windows; before, at and after a state is kept, every 10 steps."""
    other = all_but_one(study, tmp_path)
    advance, left = shear_stage.advance, list(stops)

    def stop(state, *arguments):
        if left and state.steps == left[0]:
            del left[0]
            raise KeyboardInterrupt
        return advance(state, *arguments)

    monkeypatch.setattr(shear_stage, "KEPT_EVERY", 10)
    monkeypatch.setattr(shear_stage, "advance", stop)
    for at in stops:
        with pytest.raises(KeyboardInterrupt):
            other.run("serial", progress=False)
        partial = list((tmp_path / "ka" / "shear").glob("*.partial.h5"))
        assert len(partial) == (at >= 10)
    other.run("serial", progress=False)
    assert unit_bytes(tmp_path / "ka") == unit_bytes(study.store.folder)


def with_former_names(path):
    """Give what a partial file holds the names that earlier versions wrote."""
    with h5py.File(path, "r+") as file:
        file.move("nonaffine", "drift")
        curve = rename_fields(file["curve"][:], {"dissipated": "lost"})
        attributes = dict(file["curve"].attrs)
        del file["curve"]
        file["curve"] = curve
        file["curve"].attrs.update(attributes)


def test_stopped_by_an_earlier_version_it_goes_on_to_the_same_bits(study, tmp_path, monkeypatch):
    other = all_but_one(study, tmp_path)
    advance = shear_stage.advance

    def stop(state, *arguments):
        if state.steps == 25:
            raise KeyboardInterrupt
        return advance(state, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(shear_stage, "KEPT_EVERY", 10)
        patch.setattr(shear_stage, "advance", stop)
        with pytest.raises(KeyboardInterrupt):
            other.run("serial", progress=False)
    (partial,) = (tmp_path / "ka" / "shear").glob("*.partial.h5")
    configurations = list((tmp_path / "ka" / "equilibrate").glob("*.h5"))
    without_digest(partial, *configurations)
    with_former_names(partial)
    other.run("serial", progress=False)
    for path in configurations:
        shutil.copy(study.store.folder / "equilibrate" / path.name, path)
    assert unit_bytes(tmp_path / "ka") == unit_bytes(study.store.folder)


def test_a_shear_stored_by_an_earlier_version_opens(tmp_path):
    shutil.copytree(ROOT / "datasets" / "shear-wahnstrom", tmp_path / "shear")
    study = cb.Study(tmp_path / "shear" / "wahnstrom.toml")
    with h5py.File(study.store.folder / "shear" / "0000.h5") as file:
        stored = file["curve"][:]
    assert "lost" in stored.dtype.names
    course = study.shear(0).curve
    assert course.dtype.names == CURVE.names
    np.testing.assert_array_equal(course.dissipated, stored["lost"])
    assert course.dissipated[course.event].min() > DISSIPATION
    assert "dissipated" in study.table("shear").columns


def test_killed_it_goes_on_to_the_same_bits(study, tmp_path):
    """With kill -9, once a state is kept."""
    for name in ("undisturbed", "killed"):
        (tmp_path / name).mkdir()
    recipe = write(tmp_path / "undisturbed" / "ka.toml", step=2e-4)
    configurations = study.store.folder / "equilibrate"
    shutil.copytree(configurations, recipe.with_suffix("") / configurations.name)
    undisturbed = cb.Study(recipe)
    undisturbed.run("serial", progress=False)
    killed = all_but_one(undisturbed, tmp_path / "killed")
    command = [sys.executable, "-m", "cagebreak", "run", killed.recipe.path, "--engine", "serial"]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    shears = killed.store.folder / "shear"
    while process.poll() is None and not list(shears.glob("*.partial.h5")):
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert not (shears / "0000.h5").exists()
    killed.run("serial", progress=False)
    assert unit_bytes(killed.store.folder) == unit_bytes(undisturbed.store.folder)


def test_it_has_no_other_stages_and_says_so(study):
    assert [status.stage for status in study.status()] == ["equilibrate", "shear"]
    for ask in (
        lambda: study.propensity(0),
        lambda: study.fit(),
        lambda: study.state(0, "inherent"),
        lambda: study.table("scores"),
        lambda: study.relaxation(),
        lambda: study.figure("alkemade2022.generations"),
    ):
        with pytest.raises((InputError, RecipeError), match=r"has no section \[(iso|desc)"):
            ask()


def test_tables_of_a_shear(study):
    table = study.table("shear")
    assert len(table) == 3 * 181
    np.testing.assert_array_equal(
        table[table.configuration == 2].stress, study.shear(2).curve.stress
    )
    found = study.table("windows")
    assert len(found) == 3 * 2 * 2
    for row in found.itertuples():
        window = study.shear(row.configuration).windows[round((row.strain - 0.05) / 0.02)]
        moved = window.d2min[window.start.species == "AB".index(row.species)]
        assert row.largest == moved.max()
        assert row.active == (moved > ACTIVE).sum()
        assert row.avalanche == (row.active > 0.1 * len(moved))
        assert row.events == window.events
        if row.species == "A":
            high, low = active(window)
            assert len(high) == len(low) == (0 if row.avalanche else row.active)


def test_figures_of_a_shear(study, tmp_path):
    figure = study.figure("rottler2024.stress_strain", tmp_path / "curve")
    assert len(figure.axes[0].lines) == 4  # three configurations and their mean
    mean = np.mean([study.shear(c).curve.stress for c in range(3)], axis=0)
    np.testing.assert_allclose(figure.axes[0].lines[-1].get_ydata(), mean)
    assert (tmp_path / "curve.csv").exists()
    (panel, _) = study.figure("rottler2024.slices", tmp_path / "slices").axes
    assert panel.get_title().startswith("shear, ")
    assert (tmp_path / "slices.png").exists()


def test_plan_knows_what_it_costs(study, tmp_path, monkeypatch):
    monkeypatch.setattr(shear_stage, "_TRIAL_SECONDS", 0.1)  # of flow, for a steady mean
    plan = cb.Study(write(tmp_path / "ka.toml")).plan(1)
    assert [(stage.stage, stage.left) for stage in plan.stages] == [
        ("equilibrate", 3),
        ("shear", 3),
    ]
    assert all(stage.seconds > 0 for stage in plan.stages)
    written = study.store.path(next(iter(study._units("shear")))).stat().st_size
    assert plan.stages[1].n_bytes == pytest.approx(written, rel=0.5)


def test_a_study_may_have_both(tmp_path):
    both = schema.defaults("kob_andersen_smoothed", small=True)
    both["shear"] = values()["shear"]
    path = tmp_path / "ka.toml"
    path.write_text(text(both))
    names = list(stages_of(Recipe.read(path)))
    assert {"equilibrate", "run", "propensity", "shear", "cage"} <= set(names)


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize(
    "model", ["kob-andersen", "kob-andersen-smoothed", "wahnstrom", "fene-polymer"]
)
def test_new_recipes_of_shear_read_back(tmp_path, model, small):
    path = tmp_path / "new.toml"
    write_new(path, model, small, shear=True)
    recipe = Recipe.read(path)
    assert not recipe.asks_for("isoconfigurational")
    assert recipe.preparation.protocol[-1].temperature == (1.0, 0.001)
    # Mixtures keep their density, chains the pressure of their melt.
    pressures = {step.pressure for step in recipe.preparation.protocol}
    assert pressures == ({1.0} if model == "fene-polymer" else {None})
    if not small:
        # Rottler and Ortner 2024.
        assert recipe.preparation.n_configurations == 30
        assert recipe.preparation.protocol[-1].time == 500
        assert (recipe.shear.step, recipe.shear.discard, recipe.shear.window) == (5e-5, 0.1, 0.01)


def test_absurd_recipes_of_shear_are_refused(tmp_path):
    def refused(sections, match):
        path = tmp_path / "x.toml"
        path.write_text(text(sections))
        with pytest.raises(RecipeError, match=match):
            Recipe.read(path)

    refused(values(strain=0.05), r"\[shear\] strain = 0.05: expected more than discard = 0.05")
    refused(values(window=0.05), r"\[shear\] window = 0.05: expected from step up to")
    refused(values(window=1e-4), r"\[shear\] window")
    refused(values(step=0.5), r"\[shear\] step = 0.5: expected a number above 0")
    without = values()
    del without["shear"]
    refused(without, r"expected a section \[isoconfigurational\] or \[shear\]")
    refused(without | {"states": schema.defaults("wahnstrom")["states"]}, r"\[isoconf.* is missing")
    hard = schema.defaults("hard_spheres") | {"shear": values()["shear"]}
    refused(hard, r"\[model\] name = 'hard_spheres': expected a model with an energy")
    with pytest.raises(RecipeError, match="hard-spheres is not sheared; expected one"):
        write_new(tmp_path / "hs.toml", "hard-spheres", shear=True)


def test_each_part_of_shear_is_its_own_recipe(study):
    """A stage depends on [shear]; how configurations are made does not."""
    other = replace(
        study.recipe,
        values=study.recipe.values | {"shear": study.recipe.values["shear"] | {"step": 1e-3}},
    )
    before, after = (open_store(recipe).identities for recipe in (study.recipe, other))
    changed = {name for name in before if before[name].hash != after[name].hash}
    assert changed == {"shear"}
