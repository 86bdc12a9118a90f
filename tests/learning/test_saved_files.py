"""Files that users saved with an earlier release are read, and predict the same."""

import gzip
from pathlib import Path

import h5py
import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import FileFormatError
from cagebreak.learning import (
    Ensemble,
    EquivariantNetwork,
    Graph,
    GraphNetwork,
    MLPRegressor,
)
from cagebreak.study.analysis.model_file import SavedModel

DATA = Path(__file__).parent / "data"
EXPECTED = np.load(DATA / "predictions.npz")


def unpacked(folder, name):
    path = folder / name
    path.write_bytes(gzip.decompress((DATA / f"{name}.gz").read_bytes()))
    return path


def rows():
    random = np.random.default_rng(8)
    X = random.normal(size=(60, 3))
    return X, np.stack([X[:, 0] - X[:, 1], np.abs(X[:, 2])], 1), np.arange(60) // 10


def first_graph():
    random = np.random.default_rng(9)
    configuration = cb.Configuration(random.uniform(0, 3, (20, 3)), np.arange(20) % 2, 3.0)
    return Graph(configuration, random.normal(size=(20, 2)))


@pytest.mark.parametrize(
    ("kind", "name"), [(MLPRegressor, "mlp_regressor"), (Ensemble, "ensemble")]
)
def test_networks_on_rows(tmp_path, kind, name):
    pytest.importorskip("torch")
    loaded = kind.load(unpacked(tmp_path, f"{name}.h5"))
    np.testing.assert_allclose(loaded.predict(rows()[0])[:10], EXPECTED[name], rtol=1e-5)
    assert loaded.fit_record().earlier_seconds == 0


@pytest.mark.parametrize(
    ("kind", "name"),
    [(GraphNetwork, "graph_network"), (EquivariantNetwork, "equivariant_network")],
)
def test_networks_on_graphs(tmp_path, kind, name):
    pytest.importorskip("e3nn")
    loaded = kind.load(unpacked(tmp_path, f"{name}.h5"))
    (predicted,) = loaded.predict([first_graph()])
    np.testing.assert_allclose(predicted[:10], EXPECTED[name], rtol=1e-5)


def test_scores_on_the_rows_watched_are_those_of_eval_set(tmp_path):
    pytest.importorskip("torch")
    loaded = MLPRegressor.load(unpacked(tmp_path, "mlp_regressor.h5"))
    assert loaded.eval_scores_.shape == (3, 2)
    assert (loaded.test_set_bias() >= 0).all()
    loaded.save(tmp_path / "again.h5")
    again = MLPRegressor.load(tmp_path / "again.h5")
    np.testing.assert_array_equal(again.eval_scores_, loaded.eval_scores_)


def test_a_training_that_was_stopped_goes_on(tmp_path, monkeypatch):
    pytest.importorskip("torch")
    from cagebreak.learning.neural_network import mlp

    X, Y, groups = rows()
    learner = MLPRegressor(
        hidden=(4,), dropout=0.0, learning_rate=1e-2, epochs=5, seed=2, device="cpu", progress=False
    )
    undisturbed = learner.fit(X, Y, groups, eval_set=(X[:20], Y[:20]))
    expected, scores = undisturbed.predict(X), undisturbed.eval_scores_
    path = unpacked(tmp_path, "training.h5")
    monkeypatch.setattr(mlp, "checkpoint_file", lambda *data: path)
    resumed = learner.fit(X, Y, groups, eval_set=(X[:20], Y[:20]))
    assert resumed.earlier_seconds_ > 0
    np.testing.assert_allclose(resumed.eval_scores_, scores, rtol=1e-5)
    np.testing.assert_allclose(resumed.predict(X), expected, rtol=1e-5)


@pytest.mark.parametrize("name", ["best", "seconds", "adam/0/step", "module/weights.0"])
def test_a_checkpoint_that_lacks_an_array_is_named(tmp_path, monkeypatch, name):
    mlp = pytest.importorskip("cagebreak.learning.neural_network.mlp")
    path = unpacked(tmp_path, "training.h5")
    with h5py.File(path, "r+") as file:
        del file[name]
    monkeypatch.setattr(mlp, "checkpoint_file", lambda *data: path)
    learner = MLPRegressor(hidden=(4,), dropout=0.0, epochs=5, device="cpu", progress=False)
    with pytest.raises(FileFormatError, match=r"(?s)training\.h5: .*remove it to train anew"):
        learner.fit(*rows())


def test_a_model_of_a_study_with_a_fit_of_the_mean_of_a_configuration(tmp_path):
    saved = SavedModel.load(unpacked(tmp_path, "model.h5"))
    assert saved.fits[0].configuration_mean is not None
    configuration = cb.Configuration(
        EXPECTED["model_positions"],
        EXPECTED["model_species"].astype(int),
        cb.Box(np.diag(EXPECTED["model_edges"])),
    )
    predicted = saved.predict(configuration, seed=1)[::4, configuration.species == 0]
    np.testing.assert_allclose(predicted[:, :10], EXPECTED["model_predicted"], rtol=1e-6)


def test_names_of_features_are_saved(tmp_path):
    pytest.importorskip("torch")
    pd = pytest.importorskip("pandas")
    X, Y, groups = rows()
    frame = pd.DataFrame(X, columns=["radial", "angular", "Δr"])
    learner = MLPRegressor(hidden=(4,), epochs=1, progress=False)
    for fitted in (learner.fit(frame, Y, groups), Ensemble(learner, members=2).fit(frame, Y)):
        fitted.save(tmp_path / "network.h5")
        loaded = type(fitted).load(tmp_path / "network.h5")
        assert loaded.feature_names_in_.tolist() == ["radial", "angular", "Δr"]
        assert (loaded.predict(frame) == fitted.predict(frame)).all()
        with pytest.raises(cb.errors.InputError, match="X: The feature names should match"):
            loaded.predict(frame[["angular", "radial", "Δr"]])
