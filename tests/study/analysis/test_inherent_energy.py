"""Energies of inherent states of training, and configurations that are not among them."""

import warnings
from dataclasses import replace
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from scipy import stats

import cagebreak as cb
from cagebreak.errors import ConfigurationWarning, FileFormatError
from cagebreak.study.analysis import inherent_energy as module
from cagebreak.study.analysis.inherent_energy import (
    RARE,
    deviation,
    inherent_energy,
    outliers,
    remark,
    training_energies,
)
from cagebreak.study.analysis.model_file import SavedModel
from cagebreak.study.analysis.single_file import predict_file
from support.paths import ROOT

MODEL = cb.kob_andersen()


def test_the_interval_holds_what_it_says():
    rng = np.random.default_rng(1)
    level = 0.1
    said = [
        abs(deviation(x[-1] / 2, x[:-1], share=1 / 4, level=level)) > 1
        for x in rng.normal(size=(4000, 6))
    ]
    assert np.mean(said) == pytest.approx(level, abs=0.02)
    energies = np.array([1.0, 2.0, 4.0])
    edge = energies.mean() + stats.t.isf(RARE / 2, 2) * energies.std(ddof=1) * np.sqrt(1 + 1 / 3)
    assert deviation(edge, energies) == pytest.approx(1)
    assert np.isnan(deviation(9e9, energies[:2]))


def test_a_remark_says_which_way_and_rounding_is_none():
    energies = np.array([-7.65, -7.64, -7.66, -7.65])
    said = remark(-7.0, energies, MODEL)
    assert "e_IS = -7 per particle, is above that of the 4 training configurations, -7.65" in said
    assert "higher temperature" in said
    assert "below" in remark(-8.0, energies, MODEL)
    assert remark(-7.645, energies, MODEL) == ""
    assert remark(-7.0, energies[:2], MODEL) == ""
    assert remark(1e-9, np.zeros(5), MODEL) == ""
    assert "above" in remark(0.1, np.zeros(5), MODEL)


def test_one_that_is_far_from_the_others_is_found():
    rng = np.random.default_rng(2)
    energies = rng.normal(size=9)
    assert outliers(energies, MODEL) == []
    energies[4] += 30
    ((k, said),) = outliers(energies, MODEL)
    assert k == 4
    assert "of the 8 others" in said
    # The test of Grubbs in its textbook form.
    n = 9
    t = stats.t.isf(RARE / 2 / n, n - 2)
    critical = (n - 1) / np.sqrt(n) * np.sqrt(t**2 / (n - 2 + t**2))
    for shift in np.linspace(3, 12, 40):
        x = rng.normal(size=n)
        x[0] += shift
        grubbs = abs(x[0] - x.mean()) / x.std(ddof=1) > critical
        assert (0 in [k for k, _ in outliers(x, MODEL)]) == grubbs


@pytest.fixture(scope="module")
def known():
    return cb.Study(ROOT / "datasets/kob-andersen-050/ka050.toml")


def test_configurations_that_share_a_fold_count_once(known):
    recipe = SimpleNamespace(
        model=MODEL,
        groups=np.array([0, 1, 0]),
        preparation=SimpleNamespace(n_configurations=3),
        sources=("initial",),
    )
    expected = [inherent_energy(known.configuration(c), MODEL) for c in range(2)]
    np.testing.assert_array_equal(training_energies(recipe, known.store), expected)
    recipe.model = cb.hard_spheres(0.58)
    assert training_energies(recipe, known.store) is None


@pytest.fixture(scope="module")
def study(known, tmp_path_factory):
    """Return a study of four configurations with runs of noise; only its energies matter."""
    folder = tmp_path_factory.mktemp("energies")
    rng = np.random.default_rng(3)
    files = []
    for c in range(4):
        start = known.configuration(c).replace(velocities=None)
        for r in range(2):
            (folder / f"run{c}-{r}").mkdir()
            files.append(folder / f"run{c}-{r}" / "all.xyz")
            moved = start.positions + rng.normal(scale=0.1, size=(len(start), 3))
            cb.write(files[-1], [start, start.replace(positions=moved)])
    study = cb.Study.import_files(
        folder / "ka.toml", files, model="kob-andersen", interval=1.0,
        parameters={"temperature": 0.5}, states=("initial", "inherent"),
    )  # fmt: skip
    study.run("serial", progress=False)
    return study


@pytest.fixture(scope="module")
def model(study, tmp_path_factory):
    """Return the file of a saved model, and what was said while it was made."""
    path = tmp_path_factory.mktemp("model") / "model.h5"
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        study.save_model(path, "LR0 radial")
    return path, said


def shaken(configuration):
    """Return a badly annealed glass: an inherent state after random displacements."""
    steps = np.random.default_rng(4).normal(scale=0.3, size=(len(configuration), 3))
    moved = configuration.replace(positions=configuration.positions + steps)
    return cb.inherent_state(moved, MODEL).configuration


def energy_remarks(said):
    return [str(each.message) for each in said if "e_IS" in str(each.message)]


def test_a_saved_model_keeps_the_energies_and_compares(study, model, known, tmp_path):
    path, said = model
    assert energy_remarks(said) == []
    saved = SavedModel.load(path)
    expected = [inherent_energy(study.configuration(c), MODEL) for c in range(4)]
    np.testing.assert_array_equal(saved.inherent_energies, expected)
    other, bad = known.configuration(5), shaken(known.configuration(5))
    for configuration, n in ((other, 0), (bad, 1)):
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            saved.predict(configuration, seed=0)
        assert len(energy_remarks(said)) == n
    cb.write(tmp_path / "bad.xyz", bad)
    with pytest.warns(ConfigurationWarning, match=r"bad\.xyz: the energy of its inherent state"):
        predict_file(path, tmp_path / "bad.xyz", tmp_path / "p.xyz", seed=0)
    # A file of an earlier version has no energies, and says nothing of them.
    replace(saved, inherent_energies=None).save(tmp_path / "older.h5")
    with h5py.File(tmp_path / "older.h5") as file:
        assert "inherent_energies" not in file
    older = SavedModel.load(tmp_path / "older.h5")
    assert older.inherent_energies is None
    assert not any("e_IS" in each for each in older.apply(bad, seed=0).remarks)
    with h5py.File(tmp_path / "broken.h5", "w") as file, h5py.File(tmp_path / "older.h5") as source:
        for name, value in source.attrs.items():
            file.attrs[name] = value
        for name in source:
            source.copy(name, file)
        file["inherent_energies"] = np.ones((2, 2))
    with pytest.raises(FileFormatError, match=r"broken\.h5: expected a saved model"):
        SavedModel.load(tmp_path / "broken.h5")


def test_a_training_configuration_that_is_not_like_the_others_is_named(study, monkeypatch):
    energies = np.array([-7.65, -7.6501, -7.6502, -5.0])
    monkeypatch.setattr(module, "training_energies", lambda recipe, store: energies)
    with pytest.warns(ConfigurationWarning, match="configuration 3: the energy of its inherent"):
        SavedModel.of_study(study.recipe, study.store, "LR0 radial")


def test_a_selection_of_the_inherent_state_descends_once(study, monkeypatch, tmp_path):
    study.save_model(tmp_path / "model.h5", "dr IS")
    saved = SavedModel.load(tmp_path / "model.h5")
    monkeypatch.delattr(module, "inherent_energy")
    said = saved.apply(shaken(study.configuration(0)), seed=0).remarks
    assert "e_IS" in said[0]
    assert not any("e_IS" in each for each in saved.apply(study.configuration(0), seed=0).remarks)


def test_the_scatter_of_fewer_particles_is_larger(study, model, monkeypatch):
    saved = SavedModel.load(model[0])
    start = study.configuration(0)
    quarter = cb.Configuration(start.positions[::4], start.species[::4], start.box)
    known = saved.inherent_energies
    half_width = 1 / deviation(known.mean() + 1, known)
    for factor, said in ((1.5, True), (0.9, False)):
        energy = known.mean() + factor * half_width
        monkeypatch.setattr(module, "inherent_energy", lambda *_, energy=energy: energy)
        assert any("e_IS" in each for each in saved.apply(start, seed=0).remarks) == said
        assert not any("e_IS" in each for each in saved.apply(quarter, seed=0).remarks)
