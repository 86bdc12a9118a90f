"""What runs keep beside displacements: each quantity by its own function, tables, old studies."""

import shutil

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.dynamics.functions import COLUMNS, dynamic_functions
from cagebreak.dynamics.neighbor_motion import BondBreaking, CageRelative
from cagebreak.errors import InputError, RecipeError
from cagebreak.seeding import seed_sequence
from cagebreak.simulation.isoconfigurational import log_times, trajectory
from cagebreak.study.stages.quantities import QUANTITIES, TARGETS, measured
from cagebreak.study.stages.stages import STAGES
from cagebreak.study.store import Unit
from support.tiny_study import write_recipe

KEEP = {
    "squared_displacement": True,
    "cage_relative": 1.4,
    "bond_breaking": (1.2, 1.3),
    "mobile": 0.2,
    "persistence": 0.2,
    "functions": 0.25,
    "vectors": (0.05, 1.0, 1.1),
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    path = tmp_path_factory.mktemp("kept") / "hs.toml"
    study = cb.Study(write_recipe(path, keep=KEEP, packing_fraction=0.3, wavenumber=6.0))
    study.run("serial", progress=False)
    return study


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    path = tmp_path_factory.mktemp("plain") / "hs.toml"
    study = cb.Study(write_recipe(path, packing_fraction=0.3))
    study.run("serial", progress=False)
    return study


@pytest.fixture(scope="module")
def runs(kept):
    """The displacements of the runs from each configuration."""
    section = kept.recipe.isoconfigurational
    times = log_times(section.first, section.last, section.n_times)
    return times, [
        np.array([
            trajectory(
                kept.configuration(c), kept.recipe.model, times,
                seed_sequence(kept.recipe.study.seed, "run", c, r),
            )
            for r in range(section.n_runs)
        ])
        for c in range(3)
    ]  # fmt: skip


def test_every_quantity_is_the_mean_of_its_own_function(kept, runs):
    times, of_configurations = runs
    for c, displacements in enumerate(of_configurations):
        start = kept.configuration(c)
        near = (displacements**2).sum(axis=-1) < 0.2**2
        expected = {
            "squared_displacement": (displacements**2).sum(axis=-1),
            "cage_relative": [CageRelative(start)(run) for run in displacements],
            "bond_breaking": [BondBreaking(start, 1.2, 1.3)(run) for run in displacements],
            "mobile": ~near,
            "persistence": np.logical_and.accumulate(near, axis=1),
        }
        for name, values in expected.items():
            found = kept.propensity(c, name)
            np.testing.assert_allclose(found.mean, np.mean(values, axis=0), err_msg=name)
            assert found.halves.shape == (2, len(times), len(start))


def test_vectors_are_projected_on_the_way_to_the_cage_center(kept, runs):
    times, of_configurations = runs
    # The times nearest to 0.05, 1.0 and 1.1; two of these are the same.
    chosen = [int(np.argmin(np.abs(np.log(times / wanted)))) for wanted in (0.05, 1.0)]
    for c, displacements in enumerate(of_configurations):
        cage = kept.state(c, "cage")
        away = cage.configuration.unwrapped - kept.configuration(c).unwrapped
        away -= away.mean(axis=0)
        found = kept.propensity(c, "toward_cage")
        np.testing.assert_array_equal(found.times, times[chosen])
        for i in range(0, len(away), 17):
            unit = away[i] / np.linalg.norm(away[i])
            for t, time in enumerate(chosen):
                along = [run[time, i] @ unit for run in displacements]
                assert found.mean[t, i] == pytest.approx(np.mean(along), abs=1e-6)
                assert found.halves[1, t, i] == pytest.approx(along[1], abs=1e-6)


def test_a_target_toward_the_cage_needs_the_cage(tmp_path):
    changes = {"states": ("initial",), "selections": {"LR0": {"states": ["initial"]}}}
    path = tmp_path / "hs.toml"
    recipe = write_recipe(path, keep={"vectors": (1.0,)}, recommended=False, **changes)
    with pytest.raises(InputError, match=r"^target: toward_cage needs the state 'cage' in \[desc"):
        cb.Study(recipe).propensity(0, "toward_cage")


def test_the_table_of_functions_is_that_of_the_runs(kept, runs):
    times, of_configurations = runs
    found = kept.rows("functions")
    assert found.dtype == COLUMNS
    expected = dynamic_functions(
        [kept.configuration(c) for c in range(3)], of_configurations, times,
        k=6.0, length=0.25, seed=seed_sequence(kept.recipe.study.seed, "functions"),
        n_resamples=kept.recipe.learning.bootstrap,
    )  # fmt: skip
    np.testing.assert_array_equal(found["species"], expected.rows["species"])
    for name in COLUMNS.names[1:]:
        np.testing.assert_allclose(found[name], expected.rows[name], rtol=1e-7, atol=1e-10)
    # What the table has no room for.
    whole = kept.functions()
    np.testing.assert_allclose(whole.s_4, expected.s_4)
    np.testing.assert_allclose(whole.q, expected.q)
    for species, times_of in expected.tau_alpha.items():
        assert whole.tau_alpha[species] == pytest.approx(times_of, nan_ok=True)
    # It is read from its file.
    again = cb.Study(kept.recipe.path).rows("functions")
    assert repr(again.tolist()) == repr(found.tolist())  # NaN is not equal to itself


def test_what_is_kept_can_be_predicted(kept):
    scores = kept.fit(target="bond_breaking")
    assert np.isfinite(scores.table["r"]).any()
    assert (kept.store.folder / "tables" / "scores_bond_breaking.csv").exists()


def test_active_particles_have_the_lowest_values_of_what_has_not_moved(kept):
    scores = {
        target: kept.fit(target=target, metrics="active_share", species="A").table
        for target in ("mobile", "persistence")
    }
    # At the first time a particle has moved, or it never has.
    shares = [table["active_share"][0] for table in scores.values()]
    assert shares[0] == shares[1]
    expected = []
    for c in range(3):
        mobile = kept.propensity(c, "mobile").mean[0][kept.configuration(c).species == 0]
        least = np.sort(mobile)[-max(1, int(0.05 * len(mobile)))]
        expected.append((mobile >= least - 1e-12).mean())
    assert shares[0] == pytest.approx(np.mean(expected))


def test_every_quantity_that_a_study_measures_is_named(kept, plain):
    assert measured(kept.recipe) == list(TARGETS)
    assert measured(plain.recipe) == ["displacement", "d2min"]
    assert len({quantity.sums for quantity in QUANTITIES.values()}) == len(TARGETS)


@pytest.mark.parametrize("target", list(TARGETS)[2:])
def test_what_a_study_has_not_kept_is_named(plain, target):
    message = rf"^target: {target} needs \[isoconfigurational\] {QUANTITIES[target].key} in the"
    with pytest.raises(InputError, match=message):
        plain.propensity(0, target)
    with pytest.raises(InputError, match=message):
        plain.fit(target=target)


def test_functions_that_a_study_has_not_kept_are_named(plain):
    with pytest.raises(InputError, match=r"^functions: need \[isoconfigurational\] keep\.funct"):
        plain.rows("functions")


def test_what_is_kept_changes_no_run_and_costs_what_the_plan_says(kept, plain):
    np.testing.assert_array_equal(kept.propensity(1).sums, plain.propensity(1).sums)
    for study in (kept, plain):
        for stage, address in (("run", (0, 0)), ("propensity", (0,))):
            if study.store.has(Unit(stage, address)):
                size = study.store.path(Unit(stage, address)).stat().st_size
                assert size == pytest.approx(STAGES[stage].n_bytes(study.recipe), rel=0.6)


def test_a_wave_number_of_no_wave_is_refused_before_the_run(kept, tmp_path, monkeypatch):
    changes = {"keep": KEEP, "packing_fraction": 0.3}
    with pytest.raises(RecipeError, match=r"wavenumber = 0.1: expected at least 0\.\d+, half of"):
        cb.Study(write_recipe(tmp_path / "low.toml", **changes, wavenumber=0.1))
    # A box that a pressure shrinks is known at the run only.
    monkeypatch.setattr("cagebreak.study.recipe.recipe.check_together", lambda recipe: None)
    study = cb.Study(write_recipe(tmp_path / "hs.toml", **changes, wavenumber=0.1))
    shutil.copytree(kept.store.folder / "equilibrate", study.store.folder / "equilibrate")
    monkeypatch.setattr("cagebreak.study.stages.runs.trajectory", lambda *_: pytest.fail("a run"))
    with pytest.raises(
        InputError, match=r"^k: expected one near a wave vector of the box, got 0.1"
    ):
        STAGES["run"].work(study.recipe, study.store, Unit("run", (0, 0)))
