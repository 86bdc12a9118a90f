"""Neural networks on tables: what they learn, and that they learn it reproducibly."""

import subprocess
import sys
import time

import numpy as np
import pytest

from cagebreak.errors import FileFormatError, InputError, MissingDependencyError
from cagebreak.learning import MLPRegressor, RidgeCV, pearson

torch = pytest.importorskip("torch")


def planted(seed, n=800, n_features=6):
    """Return features, targets that no linear model knows, and configurations of 100 rows."""
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, n_features))
    Y = np.stack([np.abs(X[:, 0]) + 0.5 * X[:, 1] * X[:, 2], X[:, 3] * X[:, 4]], axis=1)
    return X, Y, np.arange(n) // 100


def network(**changes):
    small = {"hidden": (32, 32), "dropout": 0.0, "learning_rate": 3e-3, "epochs": 60, "alpha": 1e-4}
    return MLPRegressor(**small | changes)


def test_it_finds_a_non_linear_truth_that_ridge_does_not():
    X, Y, groups = planted(0)
    new, truth, _ = planted(1)
    assert pearson(RidgeCV().fit(X, Y, groups).predict(new), truth).max() < 0.2
    assert pearson(network().fit(X, Y, groups).predict(new), truth).min() > 0.85


def test_all_targets_at_once_become_what_each_would_alone():
    X, Y, groups = planted(0, n=300)
    learner = network(epochs=5, dropout=0.25)
    together = learner.fit(X, Y, groups).predict(X)
    for t in range(2):
        alone = learner.fit(X, Y[:, t], groups).predict(X)
        assert alone.shape == (300,)
        np.testing.assert_allclose(together[:, t], alone, atol=1e-5)


def test_the_same_seed_gives_the_same_bits():
    X, Y, groups = planted(0, n=200)
    first, again, other = (
        network(epochs=3, dropout=0.25, seed=seed).fit(X, Y, groups).predict(X)
        for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()


def test_torch_draws_nothing_from_its_global_generator():
    X, Y, groups = planted(0, n=200)
    before = torch.get_rng_state()
    network(epochs=1, dropout=0.25).fit(X, Y, groups)
    assert (torch.get_rng_state() == before).all()


def test_it_stops_when_no_target_rises_and_keeps_the_best_epoch_of_each():
    X, Y, groups = planted(0, n=300)
    noise = np.random.default_rng(3).normal(size=Y.shape)
    fitted = network(epochs=500, patience=4, hidden=(64,)).fit(X, Y + 3 * noise, groups)
    n_epochs = len(fitted.validation_)
    assert n_epochs < 500
    assert n_epochs == fitted.best_epoch_.max() + 5
    # Later epochs may be better, but only after the target was finished.
    seen = fitted.validation_[: fitted.best_epoch_.min() + 5]
    assert (seen.argmax(axis=0) <= fitted.best_epoch_).all()


def test_validation_takes_whole_configurations():
    from cagebreak.learning.neural_network._base import is_validation

    groups = np.random.default_rng(0).permutation(np.repeat(np.arange(10), 7))
    chosen = is_validation(groups, 70, 0.2, seed=1)
    held = set(groups[chosen])
    assert len(held) == 2
    assert not held & set(groups[~chosen])


def test_one_configuration_alone_gives_single_rows_for_validation():
    X, Y, _ = planted(0, n=50)
    fitted = network(epochs=2).fit(X, Y, np.zeros(50))
    alone = network(epochs=2).fit(X, Y)
    assert (fitted.predict(X) == alone.predict(X)).all()


@pytest.mark.parametrize("n", [199, 201])
def test_groups_that_are_not_those_of_the_rows_are_refused(n):
    X, Y, _ = planted(0, n=200)
    with pytest.raises(InputError, match=r"groups: expected shape \(200,\)"):
        network().fit(X, Y, np.arange(n) // 50)


def test_first_weights_are_uniform_within_their_bound():
    from cagebreak.learning.neural_network._mlp_module import Multilayer
    from cagebreak.learning.neural_network._torch import generator

    module = Multilayer(2, (100, 25, 16), 0.0, generator(1, "weights"))
    for weights, n_inputs in zip(module.weights, (100, 25, 16), strict=True):
        scaled = weights.detach().numpy() * np.sqrt(n_inputs)
        assert np.abs(scaled).max() <= 1 + 1e-6
        if weights.numel() > 100:
            assert scaled.mean() == pytest.approx(0, abs=0.1)
            assert scaled.std() == pytest.approx(1 / np.sqrt(3), abs=0.05)


def test_layers_of_different_widths_drop_nodes_of_the_second():
    X, Y, groups = planted(0, n=200)
    fitted = network(hidden=(6, 5, 4), dropout=0.5, epochs=2).fit(X, Y, groups)
    module = fitted._module(2)
    from cagebreak.learning.neural_network._torch import generator

    kept = module.keep(400, generator(1, "dropout"))
    assert kept.shape == (400, 5)
    assert set(kept.unique().tolist()) == {0.0, 1.0}
    assert kept.mean().item() == pytest.approx(0.5, abs=0.05)


def test_set_bias_is_what_the_test_set_would_gain_by_choosing_the_epoch():
    X, Y, groups = planted(0, n=300)
    new, truth, _ = planted(1, n=300)
    fitted = network(epochs=20).fit(X, Y, groups, eval_set=(new, truth))
    r = pearson(fitted.predict(new), truth)
    gain = fitted.eval_scores_.max(axis=0) - r
    np.testing.assert_allclose(gain, fitted.test_set_bias(), atol=1e-6)
    assert (fitted.test_set_bias() >= 0).all()
    without = network(epochs=20).fit(X, Y, groups)
    assert (without.predict(new) == fitted.predict(new)).all()
    with pytest.raises(InputError, match="eval_set"):
        without.test_set_bias()


@pytest.mark.parametrize("stop", [1, 4])
def test_a_training_that_was_stopped_goes_on_with_the_same_bits(tmp_path, monkeypatch, stop):
    from cagebreak.learning.neural_network import _training

    X, Y, groups = planted(0, n=200)
    undisturbed = network(epochs=6, dropout=0.25).fit(X, Y, groups)
    learner = network(epochs=6, dropout=0.25, checkpoint=tmp_path / "trainings")
    monkeypatch.setattr(_training, "CHECKPOINT_SECONDS", 0.0)
    show = _training._show

    def stopped(course, *rest):
        if course.epoch == stop + 1:  # the last epoch is lost, that before is on disk
            raise KeyboardInterrupt
        show(course, *rest)

    monkeypatch.setattr(_training, "_show", stopped)
    began = time.process_time()
    with pytest.raises(KeyboardInterrupt):
        learner.fit(X, Y, groups)
    seconds = time.process_time() - began
    monkeypatch.setattr(_training, "_show", show)
    resumed = learner.fit(X, Y, groups)
    assert (resumed.validation_ == undisturbed.validation_).all()
    assert (resumed.predict(X) == undisturbed.predict(X)).all()
    assert 0 == undisturbed.earlier_seconds_ < resumed.earlier_seconds_ <= seconds
    # Other data, or another network, has a file of its own.
    learner.fit(X + 1.0, Y, groups)
    assert len(list((tmp_path / "trainings").iterdir())) == 2


def test_saved_and_loaded_it_predicts_the_same(tmp_path):
    X, Y, groups = planted(0, n=200)
    fitted = network(epochs=3).fit(X, Y, groups)
    fitted.save(tmp_path / "network.h5")
    loaded = MLPRegressor.load(tmp_path / "network.h5")
    assert (loaded.predict(X) == fitted.predict(X)).all()
    assert (loaded.best_epoch_ == fitted.best_epoch_).all()
    assert loaded.hidden == list(fitted.hidden)
    (tmp_path / "cut.h5").write_bytes((tmp_path / "network.h5").read_bytes()[:900])
    with pytest.raises(FileFormatError, match="neural network"):
        MLPRegressor.load(tmp_path / "cut.h5")


def test_gradients_are_those_of_finite_differences():
    from cagebreak.learning.neural_network._mlp_module import Multilayer
    from cagebreak.learning.neural_network._torch import generator

    module = Multilayer(3, (4, 5, 6), 0.25, generator(1, "weights")).double()
    x = torch.randn(7, 4, generator=generator(1, "x"), dtype=torch.float64)
    kept = module.keep(7, generator(1, "dropout")).double()
    names, values = zip(*module.named_parameters(), strict=True)

    def loss(*parameters):
        given = dict(zip(names, parameters, strict=True))
        return torch.func.functional_call(module, given, (x, kept)).square().sum()

    assert torch.autograd.gradcheck(loss, values)


@pytest.mark.parametrize(
    ("row", "hidden", "dropout", "alpha"),
    # Alkemade 2022, table I.
    [(1, (16,), 0, 0), (2, (16, 16, 16), 0, 0), (3, (16, 16), 0, 1), (4, (16, 16), 0.25, 0),
     (5, (16, 16), 0.25, 0.01)],
)  # fmt: skip
def test_the_rows_of_the_paper(row, hidden, dropout, alpha):
    made = MLPRegressor.alkemade2022(row, epochs=3)
    assert (made.hidden, made.dropout, made.alpha) == (hidden, dropout, alpha)
    assert (made.batch_size, made.learning_rate, made.epochs) == (50, 1e-4, 3)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"hidden": ()}, "hidden"),
        ({"hidden": 16}, "hidden"),
        ({"hidden": (16, 0)}, "hidden"),
        ({"dropout": 1.0}, "dropout"),
        ({"alpha": -1.0}, "alpha"),
        ({"batch_size": 0}, "batch_size"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"epochs": 0}, "epochs"),
        ({"patience": 0}, "patience"),
        ({"validation": 1.0}, "validation"),
        ({"device": "abacus"}, "device"),
    ],
)
def test_a_parameter_out_of_range_is_named(changes, named):
    X, Y, groups = planted(0, n=200)
    with pytest.raises(InputError, match=f"^{named}: expected"):
        network(**changes).fit(X, Y, groups)


def test_there_is_no_sixth_row():
    with pytest.raises(InputError, match="row: expected a row of table I"):
        MLPRegressor.alkemade2022(6)


def test_without_torch_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in ("_torch", "_mlp_module", "_training"):
        monkeypatch.delitem(sys.modules, f"cagebreak.learning.neural_network.{name}", raising=False)
    X, Y, groups = planted(0, n=200)
    with pytest.raises(MissingDependencyError, match=r"cagebreak\[networks\]"):
        network().fit(X, Y, groups)


def test_learning_does_not_bring_in_torch():
    code = "import sys, cagebreak.learning; print('torch' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ran.stdout.strip() == "False"
