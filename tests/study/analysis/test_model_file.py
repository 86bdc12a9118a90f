"""A fitted model in a file, and single files described and predicted."""

from dataclasses import replace

import h5py
import numba
import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.linear_model import Ridge as Peer

import cagebreak as cb
from cagebreak.cli import main
from cagebreak.descriptors import Features
from cagebreak.errors import FileFormatError, InputError
from cagebreak.files import read_frames
from cagebreak.learning import AlphaWarning
from cagebreak.seeding import seed_sequence
from cagebreak.states import cage
from cagebreak.study.analysis import single_file
from cagebreak.study.analysis.model_file import CAGE_STATES, SavedModel
from cagebreak.study.stages.descriptors import describe, made_once
from support.tiny_study import write_recipe


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    study = cb.Study(write_recipe(tmp_path_factory.mktemp("saved") / "tiny.toml"))
    study.run("serial", progress=False)
    return study


@pytest.fixture(scope="module")
def path(study):
    path = study.store.folder / "model.h5"
    study.save_model(path, "LR1")
    return path


def test_an_alpha_outside_the_range_is_said_with_its_species_and_features(study):
    recipe = replace(study.recipe, sections=dict(study.recipe.sections))
    recipe.sections["learning"] = replace(recipe.learning, alphas=(1e-30,))
    expected = r"chosen alphas lie outside the range 1e-30 .* \(species {}, features 'LR1'\)"
    with (
        pytest.warns(AlphaWarning, match=expected.format("A")),
        pytest.warns(AlphaWarning, match=expected.format("B")),
    ):
        SavedModel.of_study(recipe, study.store, "LR1")


def test_it_predicts_what_scikit_learn_does(study, path):
    saved = SavedModel.load(path)
    new = study.configuration(1)
    found = saved.predict(new, seed=0)
    X = [study.features(c) for c in range(3)]
    labels = X[0].labels
    columns = np.flatnonzero((labels.state == "initial") & (labels.kind == "radial"))
    for number, fit in saved.fits.items():
        rows = [np.flatnonzero(study.configuration(c).species == number) for c in range(3)]
        A = np.concatenate([x.values[r][:, columns] for x, r in zip(X, rows, strict=True)])
        Y = np.concatenate([study.propensity(c).mean[:, r].T for c, r in enumerate(rows)])
        scaling = fit.ridge.standardizer_
        peer = [
            Peer(alpha).fit(scaling.transform(A), y)
            for alpha, y in zip(fit.ridge.alpha_, Y.T, strict=True)
        ]
        B = scaling.transform(X[1].values[rows[1]][:, columns])
        expected = [each.predict(B) for each in peer]
        np.testing.assert_allclose(found[:, rows[1]], expected, rtol=1e-6)
        np.testing.assert_allclose(scaling.mean_, A.mean(axis=0), atol=1e-12)


def test_the_command_line_predicts_and_describes(study, path, tmp_path):
    cb.write(tmp_path / "c.xyz", study.configuration(0))
    done = CliRunner().invoke(
        main, ["predict", str(path), str(tmp_path / "c.xyz"), "-o", str(tmp_path / "p.dump")]
    )
    assert done.exit_code == 0, done.output
    assert "prediction_5: propensity after 5 tau" in done.output
    header = (tmp_path / "p.dump").read_text().splitlines()[8]
    names = [f"prediction{part}_{i}" for part in ("", "_low", "_high") for i in range(1, 6)]
    assert header.split()[-16:] == [*names, "outside"]
    written = np.loadtxt((tmp_path / "p.dump").read_text().splitlines()[9:])[:, -16:-1].T
    saved = SavedModel.load(path)
    found = saved.predict_intervals(study.configuration(0), 1)
    np.testing.assert_array_equal(written, np.concatenate([found.values, found.low, found.high]))
    np.testing.assert_array_equal(found.values, saved.predict(study.configuration(0), 1))
    assert f"prediction_low, prediction_high: {saved.statement}" in done.output

    done = CliRunner().invoke(
        main,
        ["describe", str(tmp_path / "c.xyz"), "-o", str(tmp_path / "f.h5"), "--model",
         "hard-spheres", "--generations", "1"],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    with h5py.File(tmp_path / "f.h5") as file:
        states = file["labels"]["state"]
        assert set(states) == {b"initial"}
        ours = study.features(0)
        np.testing.assert_array_equal(
            file["values"][()], ours.values[:, ours.labels.state == "initial"]
        )


def test_an_output_that_cannot_be_is_refused_before_the_work(study, path, tmp_path, monkeypatch):
    cb.write(tmp_path / "c.xyz", study.configuration(0))
    monkeypatch.setattr(SavedModel, "load", None)
    for name, expected in {
        "p.h5": "columns: only .xyz, .dump and .gsd files hold them, got 'p.h5'",
        "p.csv": "expected a name that ends in .h5, .xyz, .dump, .gsd or .sph, got 'p.csv'",
        "p.dump.gz": "got 'p.dump.gz'",
        "c.xyz": "c.xyz: expected another file to write than the one that is read",
    }.items():
        done = CliRunner().invoke(
            main, ["predict", str(path), str(tmp_path / "c.xyz"), "-o", str(tmp_path / name)]
        )
        assert done.exit_code == 2
        assert expected in done.stderr


@pytest.mark.parametrize("output", ["p.dump", "p.xyz"])
def test_ids_of_particles_are_kept(study, path, tmp_path, output):
    start = study.configuration(0)
    cb.write(tmp_path / "c.dump", start)
    lines = (tmp_path / "c.dump").read_text().splitlines()
    head, rows = lines[:9], [line.split(maxsplit=1) for line in lines[9:]]
    rows = [f"{3 * int(i) + 7} {rest}" for i, rest in rows]
    (tmp_path / "c.dump").write_text("\n".join([*head, *rows[::-1]]) + "\n")
    single_file.predict_file(path, tmp_path / "c.dump", tmp_path / output, seed=1)
    (frame,) = read_frames(tmp_path / output)
    np.testing.assert_array_equal(frame.configuration.positions, start.positions)
    text = (tmp_path / output).read_text()
    assert "original_id" in text
    last = [line.split()[-1] for line in text.splitlines()[-120:]]
    np.testing.assert_array_equal(np.array(last, float), 3 * np.arange(1, 121) + 7)


def test_a_selection_from_the_cage_state(study, tmp_path):
    study.save_model(tmp_path / "model.h5", "cage")
    saved = SavedModel.load(tmp_path / "model.h5")
    one, again, other = (saved.predict(study.configuration(0), seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()
    assert np.isfinite(one).all()


def columns_of_the_cage(labels):
    kinds = np.isin(labels.kind, ("radial", "displacement"))
    return np.flatnonzero((labels.state == "cage") & (labels.generation == 0) & kinds)


def predicted_from(saved, features, species):
    """What the fits predict from features of the selection "cage"."""
    columns = columns_of_the_cage(features.labels)
    expected = np.full((len(saved.times), len(species)), np.nan)
    for number, fit in saved.fits.items():
        rows = np.flatnonzero(species == number)
        expected[:, rows] = fit.ridge.predict(features.values[np.ix_(rows, columns)]).T
    return expected


def test_one_cage_state_with_the_seed_of_the_study_predicts_what_the_study_does(study, tmp_path):
    study.save_model(tmp_path / "model.h5", "cage")
    saved = SavedModel.load(tmp_path / "model.h5")
    start, seed = study.configuration(1), seed_sequence(study.recipe.study.seed, "cage", 1)
    found = saved.predict(start, seed, cage_states=1)
    expected = predicted_from(saved, study.features(1), start.species)
    np.testing.assert_array_equal(found, expected)


def test_features_are_averaged_over_cage_states(study, tmp_path):
    study.save_model(tmp_path / "model.h5", "cage")
    saved = SavedModel.load(tmp_path / "model.h5")
    start, recipe = study.configuration(0), study.recipe
    seeds = (1, seed_sequence(1, "cage state", 1), seed_sequence(1, "cage state", 2))
    parts = [describe(recipe, ("cage",), made_once(recipe, start, seed)) for seed in seeds]
    mean = Features(sum(part.values for part in parts) / 3, parts[0].labels)
    expected = predicted_from(saved, mean, start.species)
    threads = numba.get_num_threads()
    for number in {1, threads}:
        numba.set_num_threads(number)
        try:
            found = saved.predict(start, 1, cage_states=3)
        finally:
            numba.set_num_threads(threads)
        np.testing.assert_array_equal(found, expected)
    usual = saved.predict(start, 1)
    np.testing.assert_array_equal(usual, saved.predict(start, 1, CAGE_STATES))
    assert (usual != expected).any()
    for wrong in (0, -1, 1.5):
        with pytest.raises(InputError, match="cage_states: expected"):
            saved.predict(start, 1, cage_states=wrong)
    with pytest.raises(InputError, match="seed"):
        saved.predict(start, -1)


def test_no_cage_state_is_sampled_for_a_selection_without(study, path, monkeypatch):
    monkeypatch.setattr(cage, "CageSampler", None)
    assert np.isfinite(SavedModel.load(path).predict(study.configuration(0), 1)).all()


def test_what_is_wrong_is_named(study, path, tmp_path):
    with pytest.raises(InputError, match="selection: expected one of LR0"):
        study.save_model(tmp_path / "model.h5", "LR7")
    saved = SavedModel.load(path)
    three = study.configuration(0).replace(species=np.arange(120) % 3)
    with pytest.raises(InputError, match="expected A and B, as hard_spheres has, got 3"):
        saved.predict(three, seed=0)
    with pytest.raises(InputError, match="expected one frame, got 2"):
        saved.predict([study.configuration(0)] * 2, seed=0)
    whole = path.read_bytes()
    for content in (b"", whole[:1000], whole[:-100]):
        (tmp_path / "broken.h5").write_bytes(content)
        with pytest.raises(FileFormatError, match=r"broken\.h5"):
            SavedModel.load(tmp_path / "broken.h5")
    cb.write(tmp_path / "c.h5", study.configuration(0))
    with pytest.raises(FileFormatError, match="expected a saved model"):
        SavedModel.load(tmp_path / "c.h5")


def test_numbers_that_are_not_in_the_file_or_do_not_fit_are_refused(path, tmp_path):
    other, outside = tmp_path / "other.h5", tmp_path / "outside"
    np.ones(300).tofile(outside)

    def claimed(file, name):
        file.create_dataset(name, dtype="f8", shape=(10**5, 10**5))

    def external(file, name):
        file.create_dataset(name, dtype="f8", shape=(5,), external=[(str(outside), 0, 40)])

    def shape(file, name):
        file[name] = np.ones((5, 7))

    def link(file, name):
        file[name] = h5py.ExternalLink(path, name)

    numbers = ("coefficients", "intercept", "alpha", "mean", "deviation", "range_low",
               "interval_predictions", "interval_coverage")  # fmt: skip
    for name in ("times", "A", *(f"B/{name}" for name in numbers)):
        for store in (claimed, external, shape, link):
            with h5py.File(path) as source, h5py.File(other, "w") as file:
                for key, value in source.attrs.items():
                    file.attrs[key] = value
                for key in source:
                    source.copy(key, file)
                del file[name]
                store(file, name)
            with pytest.raises(FileFormatError, match=r"other\.h5: expected a saved model"):
                SavedModel.load(other)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1j, b"1"], ids=str)
@pytest.mark.parametrize(
    "name", ["times", "A/coefficients", "B/intercept", "A/mean", "A/interval_half_widths"]
)
def test_a_model_of_other_than_finite_numbers_is_named(path, tmp_path, name, value):
    changed = tmp_path / "changed.h5"

    def change(file):
        shape = file[name].shape
        del file[name]
        file[name] = np.full(shape, value)

    copied(path, changed, change)
    array = name.split("/")[-1]
    with pytest.raises(FileFormatError, match=rf"changed\.h5: .*{array}: expected finite numbers"):
        SavedModel.load(changed)


@pytest.mark.parametrize("recipe", ["5", "null", "[1]"])
def test_a_model_whose_recipe_is_no_table_is_named(path, tmp_path, recipe):
    changed = tmp_path / "changed.h5"
    copied(path, changed, lambda file: file.attrs.__setitem__("recipe", recipe))
    with pytest.raises(FileFormatError, match=r"changed\.h5: .*recipe: expected sections"):
        SavedModel.load(changed)


def copied(path, changed, change):
    """Write a changed copy of a file, which says nothing of its bytes."""
    with h5py.File(path) as source, h5py.File(changed, "w") as file:
        file.attrs.update(source.attrs)
        for key in source:
            source.copy(key, file)
        change(file)
