"""S(k) and the van Hove function of a study, with intervals over configurations."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.dynamics.van_hove import van_hove
from cagebreak.errors import InputError
from cagebreak.seeding import seed_sequence
from cagebreak.simulation.isoconfigurational import trajectory
from cagebreak.structure import structure_factor
from cagebreak.study.stages.quantities import times_of
from support.tiny_study import write_recipe


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = tmp_path_factory.mktemp("study") / "hs.toml"
    study = cb.Study(write_recipe(path, keep={"van_hove": 1.5}))
    study.run("serial", progress=False)
    return study


def test_structure_factors_are_means_over_configurations(study):
    table = study.rows("structure_factor")
    every = [structure_factor(study.configuration(c)) for c in range(3)]
    of_all = table[table["species"] == "all"]
    known = np.isfinite(every[0].k)
    np.testing.assert_allclose(of_all["k"], every[0].k[known])
    np.testing.assert_allclose(of_all["s"], np.mean([f.total for f in every], axis=0)[known])
    of_pair = table[(table["species"] == "A") & (table["neighbors"] == "B")]
    mean = np.mean([f.pairs[0, 1] for f in every], axis=0)
    np.testing.assert_allclose(of_pair["s"], mean[known])
    assert (table["low_s"] <= table["s"]).all()
    assert (table["s"] <= table["high_s"]).all()


def test_van_hove_functions_are_means_over_runs_and_configurations(study):
    table = study.rows("van_hove")
    recipe = study.recipe
    means = []
    for c in range(3):
        start = study.configuration(c)
        runs = []
        for r in range(recipe.isoconfigurational.n_runs):
            seed = seed_sequence(recipe.study.seed, "run", c, r)
            moved = trajectory(start, recipe.model, times_of(recipe), seed)
            runs.append(van_hove(start, moved, 1.5, 30))
        means.append(
            (
                np.mean([f.self_part for f in runs], axis=0),
                np.mean([f.distinct for f in runs], axis=0),
            )
        )
    self_part, distinct = (np.mean([mean[k] for mean in means], axis=0) for k in (0, 1))
    of_b = table[(table["species"] == "B") & (table["neighbors"] == "")]
    np.testing.assert_allclose(of_b["g"].reshape(-1, 30), self_part[:, 1], rtol=1e-9)
    of_ab = table[(table["species"] == "A") & (table["neighbors"] == "B")]
    np.testing.assert_allclose(of_ab["g"].reshape(-1, 30), distinct[:, 0, 1], rtol=1e-9)
    # All particles are somewhere: the self part is a density of probability.
    first = of_b[of_b["time"] == of_b["time"].min()]
    shells = 4 / 3 * np.pi * np.diff((0.05 * np.arange(31)) ** 3)
    assert (first["g"] * shells).sum() == pytest.approx(1)


def test_figures_are_drawn(study):
    assert len(study.figure("pairs.van_hove").axes) == 4
    assert len(study.figure("pairs.structure_factor").axes) == 1


def test_what_is_not_kept_is_named(tmp_path):
    bare = cb.Study(write_recipe(tmp_path / "hs.toml"))
    bare.run("serial", progress=False)
    with pytest.raises(InputError, match=r"van_hove: needs \[isoconfigurational\] keep.van_hove"):
        bare.table("van_hove")
