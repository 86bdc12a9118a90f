"""D2min in a study of runs: a second target beside the displacement, if it is asked for."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.dynamics.d2min import D2Min
from cagebreak.errors import InputError, StoreError
from cagebreak.seeding import seed_sequence
from cagebreak.simulation.isoconfigurational import trajectory
from support import paths
from support.tiny_study import write_recipe

DATASET = paths.ROOT / "datasets" / "hard-spheres-058" / "hs058.toml"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    study = cb.Study(write_recipe(tmp_path_factory.mktemp("study") / "hs.toml"))
    study.run("serial", progress=False)
    return study


def test_it_is_that_of_the_runs(study):
    start, model = study.configuration(1), study.recipe.model
    found = study.propensity(1, "d2min")
    runs = [trajectory(start, model, found.times, seed_sequence(1, "run", 1, r)) for r in range(3)]
    expected = np.mean([D2Min(start, 1.5)(run) for run in runs], axis=0)
    np.testing.assert_allclose(found.mean, expected)
    assert found.n_runs == 3
    # Displacements are another thing, and D2min is no affine part of them.
    lengths = study.propensity(1).mean
    np.testing.assert_allclose(lengths, np.mean([np.linalg.norm(r, axis=2) for r in runs], axis=0))


def test_it_is_learned_like_the_displacement(study):
    table = study.fit(target="d2min").table
    assert np.isfinite(table["r"]).all()
    folder = study.store.folder / "tables"
    assert (folder / "scores_d2min.csv").exists()
    assert not (folder / "scores.csv").exists()
    np.testing.assert_array_equal(study.table("scores_d2min")["r"], table["r"])
    other = study.fit().table
    assert (folder / "scores.csv").exists()
    assert (other["r"] != table["r"]).any()
    with pytest.raises(
        InputError,
        match=r"target: expected one of displacement, d2min, .*, got 'd3'",
    ):
        study.fit(target="d3")
    with pytest.raises(InputError, match="target: expected one of"):
        study.propensity(0, "d3")


def test_a_slice_shows_it(study):
    (panel, _) = study.figure("rottler2024.slices").axes
    assert panel.get_title() == r"thermal, $t = 5\,\tau$"
    shown = panel.collections[0].get_array()
    moved = study.propensity(0, "d2min").mean[-1]
    assert moved[study.configuration(0).species == 0].max() in shown


def test_a_recipe_without_it_is_as_before(study, tmp_path):
    """The key may be missing, as in recipes that are older than it."""
    path = write_recipe(tmp_path / "hs.toml")
    lines = [line for line in path.read_text().splitlines() if "d2min_cutoff" not in line]
    path.write_text("\n".join(lines))
    without = cb.Study(path)
    without.run("serial", progress=False)
    np.testing.assert_array_equal(without.propensity(0).mean, study.propensity(0).mean)
    assert "d2min" not in without.store.load(without._units("run")[0])
    for ask in (lambda: without.propensity(0, "d2min"), lambda: without.fit(target="d2min")):
        with pytest.raises(InputError, match=r"target: d2min needs .* d2min_cutoff in the recipe"):
            ask()
    path.write_text(path.read_text().replace("[states]", "d2min_cutoff = 1.5\n\n[states]"))
    with pytest.raises(StoreError, match=r"d2min_cutoff was None, is 1\.5"):
        cb.Study(path).run("serial", progress=False)


def test_the_dataset_of_before_still_loads():
    study = cb.Study(DATASET)
    done = {status.stage: status for status in study.status()}["propensity"]
    assert done.done == done.total > 0
    assert study.propensity(0).mean.shape[1] == study.recipe.preparation.n_particles
