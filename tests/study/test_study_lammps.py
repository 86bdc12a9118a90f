"""A study of silicon by lines of LAMMPS: from a random packing to descriptors, and its files."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import RecipeError, StoreError
from cagebreak.study import Recipe, Study
from cagebreak.study.archive import unpack
from cagebreak.study.recipe import schema
from cagebreak.study.recipe.writing import write, write_new
from cagebreak.study.store import Unit
from support.lammps.models import KB, SIGMA, SILICON, SILICON_LINES

N = 64


def put_files(folder):
    (folder / "si.in").write_text(SILICON_LINES)
    (folder / "Si.sw").write_text(SILICON["Si.sw"])


def values():
    """Return the values of a tiny study."""
    of_study = schema.defaults("lammps", small=True)
    of_study["model"] |= {
        "file": "si.in",
        "masses": [28.0855],
        "units": "metal",
        "sigma": SIGMA,
        "temperature": KB * 2000,
        "number_density": 0.4594,
    }
    quench = {"ensemble": "NVT", "time": 10.0, "temperature": [KB * 3500, KB * 2000]}
    of_study["preparation"] |= {
        "n_configurations": 3,
        "n_particles": N,
        "steps": [quench, {"ensemble": "NVE", "time": 2.0}],
    }
    of_study["isoconfigurational"] |= {"n_runs": 2, "first": 0.1, "last": 2.0, "n_times": 2}
    of_study["states"] = {"force_tolerance": 1e-2, "cage": {"sweeps": [4, 6]}}
    of_study["descriptors"] |= {"recommended": True, "generations": 0}
    of_study["learning"] |= {
        "outer_folds": 3,
        "species": ["A"],
        "selections": {"X": {"states": ["inherent"]}},
    }
    return of_study


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("silicon")
    put_files(folder)
    write(folder / "si.toml", values())
    study = Study(folder / "si.toml")
    study.run()
    return study


def test_silicon_runs_from_a_random_packing_to_descriptors(study):
    model = study.recipe.model
    for c in range(3):
        minimum = study.store.load(Unit("inherent", (c,)))
        # Amorphous: above the crystal's -4.3365 eV, and bound.
        assert -4.33 < float(minimum["energy"]) < -3.5
        features = study.store.load(Unit("descriptors-recommended", (c,)))["values"]
        assert features.shape[0] == N
        assert np.isfinite(features).all()
    kinds = set(study.recipe.recommended.labels().kind)
    assert {"energy", "force", "displacement", "variance"} <= kinds
    assert not {"laplacian", "laplacian var"} & kinds
    assert cb.papers.jung2023(model).labels().kind[0] == "energy"
    runs = study.store.load(Unit("run", (0, 0)))
    # Thermal motion in 0.1 tau: a displacement of about 0.1 root(3 kT / m) sigma.
    ballistic = 0.1 * np.sqrt(3 * model.temperature / 28.0855)
    assert 0.5 < np.sqrt(runs["msd"][0, 0]) / ballistic < 1.5


def test_an_exported_study_has_the_lines_and_their_files(study, tmp_path):
    study.export(tmp_path / "all.h5")
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    unpack(tmp_path / "all.h5", folder / "si.toml")
    assert (folder / "si.in").read_text() == SILICON_LINES
    assert (folder / "Si.sw").read_text() == SILICON["Si.sw"]
    assert Recipe.read(folder / "si.toml").model == study.recipe.model
    (folder / "Si.sw").write_text(SILICON["Si.sw"].replace("21.0", "22.0"))
    with pytest.raises(StoreError, match=r"model\.file was"):
        Study(folder / "si.toml").run()


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("units", "si", "one of lj, metal, real"),
        ("masses", [], "masses: expected one of each species"),
        ("file", "none.in", r"expected lines of LAMMPS, but .*none\.in"),
        ("file", "wrong.in", "lines: expected pair_style, .*shell"),
        ("charges", [1.0, -1.0], "charges: expected 1 numbers"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused_by_its_key(tmp_path, key, value, reason):
    put_files(tmp_path)
    (tmp_path / "wrong.in").write_text(SILICON_LINES + "shell ls\n")
    of_study = values()
    of_study["model"][key] = value
    write(tmp_path / "si.toml", of_study)
    with pytest.raises(RecipeError, match=reason):
        Recipe.read(tmp_path / "si.toml")


def test_an_engine_that_does_not_know_the_lines_is_refused(tmp_path):
    put_files(tmp_path)
    of_study = values()
    of_study["preparation"]["engine"] = "cagebreak"
    write(tmp_path / "si.toml", of_study)
    with pytest.raises(RecipeError, match=r'engine = .cagebreak.: expected "lammps"'):
        Recipe.read(tmp_path / "si.toml")


def test_a_cage_of_sweeps_and_trajectories_is_refused(tmp_path):
    put_files(tmp_path)
    of_study = values()
    of_study["states"]["cage"] = {"sweeps": [4, 6], "trajectories": [4, 6]}
    write(tmp_path / "si.toml", of_study)
    with pytest.raises(RecipeError, match="sweeps or trajectories: in LAMMPS a sweep is a traj"):
        Recipe.read(tmp_path / "si.toml")


def test_shear_is_refused(tmp_path):
    with pytest.raises(RecipeError, match="lammps is not sheared"):
        write_new(tmp_path / "si.toml", "lammps", shear=True)
