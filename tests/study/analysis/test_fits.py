"""A fit of a study: in any number of processes, kept fold by fold, and read while it holds."""

import errno
import re
import shutil

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import InputError, StoreError
from cagebreak.learning import AlphaWarning
from cagebreak.study.analysis import fits, fold_files, learn
from support.tiny_study import SEGMENTS, SELECTIONS, write_recipe


def copy_of(study, folder, *without):
    path = folder / "hs.toml"
    shutil.copy(study.recipe.path, path)
    left = shutil.ignore_patterns(*without, "tables", "figures", ".lock")
    shutil.copytree(study.store.folder, folder / "hs", ignore=left)
    return cb.Study(path)


@pytest.fixture
def own(study, tmp_path):
    """A copy of the study without tables and fits, as it is just after its run."""
    return copy_of(study, tmp_path, "fits")


@pytest.fixture(scope="module")
def first(study, tmp_path_factory):
    """A copy of the study after its first fit, and that fit, which made all the folds."""
    with pytest.MonkeyPatch.context() as patch:
        done = count_folds(patch)
        study = copy_of(study, tmp_path_factory.mktemp("first"), "fits")
        fit = study.fit()
    assert len(done) == 2 * 2 * 3  # species, groups of selections, folds
    return study, fit


@pytest.fixture
def again(first, tmp_path):
    """A copy of the study with the folds of its first fit, and that fit."""
    study, fit = first
    return copy_of(study, tmp_path), fit


def count_folds(monkeypatch):
    """Return a list that fills with the folds that are fitted, in order."""
    done = []
    hold_out = fits._hold_out

    def count(part, k):
        done.append((part.species, k))
        return hold_out(part, k)

    monkeypatch.setattr(fits, "_hold_out", count)
    return done


@pytest.fixture
def fitted(monkeypatch):
    return count_folds(monkeypatch)


def same(first, second):
    assert first.moments.keys() == second.moments.keys()
    for key, moments in first.moments.items():
        np.testing.assert_array_equal(moments, second.moments[key])
    np.testing.assert_array_equal(first.rows, second.rows)


def test_a_second_fit_is_read_and_equal_to_the_bit(again, fitted):
    own, first = again
    second = own.fit()
    same(first, second)
    assert second.costs == first.costs
    # A selection of species reads their files too.
    assert set(own.fit(species="B").rows["species"]) == {"B"}
    assert not fitted


def test_alphas_outside_their_range_are_said_once(own):
    text = own.recipe.path.read_text()
    own.recipe.path.write_text(re.sub(r"alphas = \[.*\]", "alphas = [1e-30]", text))
    with pytest.warns(AlphaWarning) as said:
        rows = cb.Study(own.recipe.path).fit().rows
    outside = (rows["alpha_outside"] > 0).sum()
    assert outside > 2 * 2  # more than one of each species and group of selections
    (remark,) = (each for each in said if issubclass(each.category, AlphaWarning))
    assert f"alphas: those of {outside} of {len(rows)} scores lie outside" in str(remark.message)


def test_any_number_of_processes_gives_the_same_bits(own, first, monkeypatch):
    _, expected = first
    hold_out_all = fits.hold_out_all
    monkeypatch.setattr(
        "cagebreak.study.analysis.learn.hold_out_all", lambda parts: hold_out_all(parts, workers=2)
    )
    monkeypatch.setattr(fits, "SerialExecutor", None)
    same(own.fit(), expected)


def test_only_what_a_change_concerns_is_fitted_again(again, fitted):
    own, first = again
    # The bootstrap concerns no fit, and one more selection of the cage no fit to the initial state.
    selections = SELECTIONS | {"cage": SELECTIONS["cage"][0]}
    write_recipe(own.recipe.path, bootstrap=150, selections=selections, **SEGMENTS)
    other = cb.Study(own.recipe.path).fit()
    assert sorted(fitted) == sorted((species, k) for species in "AB" for k in range(3))
    for key in (("A", "LR0"), ("B", "LR1")):
        np.testing.assert_array_equal(other.moments[key], first.moments[key])
    del fitted[:]
    write_recipe(own.recipe.path, clip=3.0, selections=selections, **SEGMENTS)
    cb.Study(own.recipe.path).fit()
    assert len(fitted) == 12


def test_a_damaged_file_is_fitted_again(again, fitted):
    own, first = again
    path = own.store.folder / "fits" / "displacement-B-0-1.h5"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    same(own.fit(), first)
    assert fitted == [("B", 1)]


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("fits/displacement-A-0-2.h5", "expected a file, got a folder"),
        ("fits", "Not a directory"),
    ],
)
def test_what_stands_where_folds_are_kept_is_named_before_any_fit(own, fitted, place, message):
    path = own.store.folder / place
    path.mkdir(parents=True) if place.endswith(".h5") else path.write_text("not a folder")
    expected = rf"{place}.*: cannot be written \({message}\); move what is there away"
    with pytest.raises(StoreError, match=expected):
        own.fit(species="A")
    assert not fitted


def test_folds_that_cannot_be_written_are_one_clear_error(own, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fold_files, "write_datasets", full)
    with pytest.raises(StoreError, match=r"-0\.h5: cannot be written \(No space left on device\)"):
        own.fit(species="A")


def test_a_fold_in_the_place_of_another_is_fitted_again(again, fitted):
    own, first = again
    folder = own.store.folder / "fits"
    shutil.copy(folder / "displacement-B-0-1.h5", folder / "displacement-B-0-2.h5")
    same(own.fit(), first)
    assert fitted == [("B", 2)]


def test_another_version_fits_and_draws_again(again, fitted, monkeypatch):
    own, first = again
    name = "alkemade2022.mean_propensity"

    def is_drawn():
        study = cb.Study(own.recipe.path)
        return dict(study.draw([name], own.store.folder / "figures"))[name]

    assert is_drawn()
    assert not is_drawn()
    assert not fitted
    monkeypatch.setattr(learn, "version", lambda _: "0.0.1")
    monkeypatch.setattr("cagebreak.study.analysis.sources.version", lambda _: "0.0.1")
    table = cb.Study(own.recipe.path).rows("scores")
    assert len(fitted) == 12
    np.testing.assert_array_equal(table, first.rows)
    assert is_drawn()
    same(cb.Study(own.recipe.path).fit(), first)
    assert not is_drawn()
    assert len(fitted) == 12


def test_a_fit_that_is_stopped_goes_on_where_it_was(own, monkeypatch, fitted):
    hold_out, stopped = fits._hold_out, []

    def stop(part, k):
        if len(fitted) == 5 and not stopped:
            stopped.append(True)
            raise KeyboardInterrupt
        return hold_out(part, k)

    monkeypatch.setattr(fits, "_hold_out", stop)
    with pytest.raises(KeyboardInterrupt):
        own.fit()
    assert len(list((own.store.folder / "fits").glob("*.h5"))) == 5
    own.fit()
    assert len(fitted) == 12
    assert len(set(fitted)) == 6  # species and folds, each for two groups of selections


def test_the_time_left_is_said_from_the_start(own, monkeypatch, capsys):
    monkeypatch.setattr(fits, "operations_per_second", lambda: 1e8)
    monkeypatch.setattr(fits, "WORTH", np.inf)
    own.fit()
    first, *_, last = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"0 of 12 units are done, about \d.* left", first)
    assert last.startswith("12 of 12 units after")


def test_what_takes_no_time_says_nothing(own, monkeypatch, capsys):
    monkeypatch.setattr(fits, "operations_per_second", lambda: 1e15)
    own.fit()
    assert capsys.readouterr().err == ""


def test_a_process_keeps_to_a_part_and_helps_at_the_end():
    class Costs:
        def __init__(self, operations):
            self.operations = operations

    parts = [Costs(1.0), Costs(5.0), Costs(2.0)]
    queue = fits._Queue(parts, [(p, k) for p in range(3) for k in range(3)])
    first, second = [], []
    # The second process is twice as fast.
    while (fold := queue.next(0)) is not None:
        first.append(fold)
        second += [fold for fold in (queue.next(1), queue.next(1)) if fold is not None]
    assert first == [(1, 0), (1, 1), (1, 2)]
    assert second == [(2, 0), (2, 1), (2, 2), (0, 0), (0, 1), (0, 2)]
    queue = fits._Queue(parts[:1], [(0, 0), (0, 1)])
    assert [queue.next(0), queue.next(1), queue.next(0)] == [(0, 0), (0, 1), None]


def test_metrics_are_of_the_same_fits_and_leave_the_scores_as_they_are(again, fitted):
    own, plain = again
    own.fit()
    table = own.store.folder / "tables" / "scores.csv"
    content = table.read_bytes()
    # Files without predictions of particles are made again, once.
    scores = own.fit(metrics=("spearman", "roc_auc"))
    assert len(fitted) == 12
    assert table.read_bytes() == content
    same(plain, own.fit())
    assert set(scores.table) - set(plain.table) == {
        bound + name for name in ("spearman", "roc_auc") for bound in ("", "low_", "high_")
    }
    np.testing.assert_array_equal(scores.rows[list(plain.rows.dtype.names)], plain.rows)
    # Other metrics are of the predictions that are kept.
    all_of_them = own.rows("metrics")
    assert len(fitted) == 12
    for name in ("spearman", "low_roc_auc"):
        np.testing.assert_array_equal(all_of_them[name], scores.rows[name])
    assert np.isnan(all_of_them["coverage"]).all()  # each fold holds out one configuration
    second = cb.Study(own.recipe.path).rows("metrics")
    assert repr(second.tolist()) == repr(all_of_them.tolist())
    assert len(fitted) == 12
    with pytest.raises(InputError, match=r"^metrics: expected some of .*, got 'tau'"):
        own.fit(metrics="tau")
