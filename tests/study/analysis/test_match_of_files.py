"""Files that are not of the model, or not like the training, and the commands that say so."""

from functools import partial

import h5py
import numpy as np
import pytest
from click.testing import CliRunner

import cagebreak as cb
from cagebreak.cli import main
from cagebreak.errors import ConfigurationError, ConfigurationWarning
from cagebreak.study.analysis.model_file import SavedModel
from cagebreak.study.analysis.training_range import MARGIN, TrainingRange


@pytest.fixture(scope="module")
def model(study, tmp_path_factory):
    path = tmp_path_factory.mktemp("range") / "model.h5"
    study.save_model(path, "LR1")
    return path


def call(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


WRONG = {
    "Angstrom": (lambda c: c.replace(positions=c.positions * 3, box=c.box.matrix * 3), "divide"),
    "exchanged": (lambda c: c.replace(species=1 - c.species), "--species B,A"),
    "one species": (lambda c: c.replace(species=0 * c.species + 1), "no particle is A"),
    "a film": (
        lambda c: c.replace(positions=c.wrapped, box=c.box.lengths * [1, 1, 2.2]),
        "empty layer",
    ),
    "twice": (
        lambda c: c.replace(positions=c.positions[[0, 0, *range(2, len(c))]]),
        "apart, got 0 and 1",
    ),
    "too near": (
        lambda c: c.replace(positions=c.positions * 0.9, box=c.box.matrix * 0.9),
        "overlap",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_every_command_refuses_what_is_not_of_the_model(study, model, tmp_path, kind):
    change, expected = WRONG[kind]
    wrong = change(study.configuration(0))
    file = tmp_path / "wrong.xyz"
    cb.write(file, wrong)
    calls = (
        ("describe", file, "-o", tmp_path / "f.h5", "--model", "hard-spheres"),
        ("predict", model, file, "-o", tmp_path / "p.xyz"),
        ("import", tmp_path / "new.toml", file, "--model", "hard-spheres"),
    )
    for words in calls:
        done = call(*words)
        assert done.exit_code == 2, (words, done.output)
        assert expected in done.output
        assert "wrong.xyz" in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["wrong.xyz"]
    with pytest.raises(ConfigurationError, match=expected):
        SavedModel.load(model).predict(wrong, seed=0)


def test_a_density_that_is_stated_is_described(study, tmp_path):
    cb.write(tmp_path / "c.xyz", WRONG["Angstrom"][0](study.configuration(0)))
    stated = ("--parameter", "packing_fraction=0.0215")
    with pytest.warns(ConfigurationWarning, match=r"c\.xyz: configuration"):
        done = call("describe", tmp_path / "c.xyz", "-o", tmp_path / "f.h5",
                    "--model", "hard-spheres", *stated)  # fmt: skip
    assert done.exit_code == 0, done.output


def test_flat_files_have_two_dimensions_and_no_model_of_three(tmp_path):
    rng = np.random.default_rng(0)
    flat = rng.random((30, 3)) * [6, 6, 0]
    sheet = cb.Configuration(flat, np.arange(30) % 2, np.diag([6.0, 6, 1]))
    (tmp_path / "flat.data").write_text(
        "flat\n\n30 atoms\n2 atom types\n0 6 xlo xhi\n0 6 ylo yhi\n-0.5 0.5 zlo zhi\n\n"
        "Atoms # atomic\n\n"
        + "".join(f"{i + 1} {i % 2 + 1} {x} {y} 0\n" for i, (x, y, _) in enumerate(flat))
    )
    for name in ("flat.xyz", "flat.dump", "flat.gsd", "flat.h5"):
        cb.write(tmp_path / name, sheet)
    for name in ("flat.data", "flat.xyz", "flat.dump", "flat.gsd", "flat.h5"):
        flat = cb.read(tmp_path / name)
        assert flat.dimension == 2
        with pytest.raises(ConfigurationError, match="expected 3 dimensions, as of kob_andersen"):
            cb.check(flat, cb.kob_andersen())
    # Few particles on a line in a cube are no sheet.
    cb.write(tmp_path / "line.xyz", cb.Configuration(np.eye(3)[[0, 0, 0, 0]], [0] * 4, 5.0))
    assert len(cb.read(tmp_path / "line.xyz")) == 4


def test_features_outside_the_range_of_training_are_marked(study, model, tmp_path):
    known = study.configuration(0)
    inside = SavedModel.load(model).apply(known, seed=0)
    assert (inside.outside == 0).all()
    assert inside.remarks == ()
    # A liquid of the same spheres, but not that of training.
    dilute = cb.equilibrate(cb.hard_spheres(0.3), 120, 3.0, seed=5)
    cb.write(tmp_path / "c.xyz", dilute)
    with pytest.warns(ConfigurationWarning, match=r"particle of A are outside .*radial"):
        done = call("predict", model, tmp_path / "c.xyz", "-o", tmp_path / "p.xyz")
    assert done.exit_code == 0, done.output
    lines = (tmp_path / "p.xyz").read_text().splitlines()
    assert lines[1].split("Properties=")[1].split()[0].endswith(":outside:R:1")
    marks = np.array([float(line.split()[-1]) for line in lines[2:]])
    np.testing.assert_array_equal(marks, SavedModel.load(model).apply(dilute, 1).outside)
    with pytest.warns(ConfigurationWarning, match="predictions extrapolate"):
        SavedModel.load(model).predict(dilute, seed=1)


def test_a_model_of_an_earlier_version_says_that_its_range_is_unknown(study, model, tmp_path):
    older = tmp_path / "older.h5"
    older.write_bytes(model.read_bytes())
    saved = SavedModel.load(older)
    fits = {
        number: type(fit)(fit.ridge, fit.configuration_mean, None, None)
        for number, fit in saved.fits.items()
    }
    SavedModel(saved.recipe, saved.selection, saved.times, fits).save(older)
    with h5py.File(older) as file:
        assert "range_low" not in file["A"]
    prediction = SavedModel.load(older).apply(study.configuration(0), seed=0)
    assert np.isnan(prediction.outside).all()
    assert "range of the features of A in training is unknown" in prediction.remarks[0]
    same = SavedModel.load(model).apply(study.configuration(0), seed=0)
    np.testing.assert_array_equal(prediction.values, same.values)


def configurations(n, seed, shift=0.0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(400, 5)) + shift for _ in range(n)]


def test_the_range_and_what_is_left_out():
    X = configurations(6, 1)
    training = TrainingRange.of(lambda: iter([*X, np.empty((0, 5))]))
    joined = np.concatenate(X)
    np.testing.assert_array_equal(training.low, joined.min(axis=0))
    np.testing.assert_array_equal(training.high, joined.max(axis=0))
    np.testing.assert_allclose(training.scatter, np.std([x.mean(0) for x in X], axis=0, ddof=1))
    numbers = []
    for k, x in enumerate(X):
        rest = np.concatenate(X[:k] + X[k + 1 :])
        beyond = (x < rest.min(axis=0) - MARGIN) | (x > rest.max(axis=0) + MARGIN)
        numbers.append(beyond.sum(axis=1).mean())
    assert training.left_out == pytest.approx(max(numbers))
    again = TrainingRange.of_datasets({k: d.values for k, d in training.datasets().items()}, 5)
    for name, value in vars(training).items():
        np.testing.assert_array_equal(getattr(again, name), value)
    with pytest.raises(ValueError, match="range of 6 features"):
        TrainingRange.of_datasets({k: d.values for k, d in training.datasets().items()}, 6)


def test_remarks_on_the_range_are_rare_and_right():
    names = [f"f{k}" for k in range(5)]
    training = TrainingRange.of(partial(configurations, 8, 2))
    said = [training.remark("A", x, names) for x in configurations(200, 3)]
    assert sum(map(bool, said)) <= 6
    # A small shift of all particles shows in the mean, a large one in every particle.
    (shifted,) = configurations(1, 4, shift=[0, 0, 0, 1.0, 0])
    assert "means over A particles of 1 features" in training.remark("A", shifted, names)
    assert "(f3)" in training.remark("A", shifted, names)
    (far,) = configurations(1, 4, shift=[0, 0, 9.0, 0, 0])
    said = "1 features of a particle of A are outside the range of training, on average (of "
    assert training.remark("A", far, names).startswith(said)
    assert "most often f2;" in training.remark("A", far, names)
