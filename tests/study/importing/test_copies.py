"""Starts that are copies of one structure, in several files of an import."""

import tomllib

import pytest
from click.testing import CliRunner

import cagebreak as cb
from cagebreak.cli import main
from cagebreak.errors import ImportedFilesWarning, InputError, RecipeError
from cagebreak.study.analysis import learn
from cagebreak.study.recipe.recipe import Recipe
from support.trajectory_files import moved, places, write_dump


def near_starts(folder, by):
    """Dumps of three structures with two starts each that differ by normal numbers."""
    files = []
    for c in range(3):
        for q in range(2):
            start = moved(places(c), by, 10 * c + q)
            run = [start, moved(start, 0.1, 100 + 10 * c + q)]
            files.append(write_dump(folder / f"{c}-{q}.dump", run, [0, 10]))
    return files


def test_near_starts_share_a_fold_and_import_says_which(tmp_path):
    files = near_starts(tmp_path, 0.01)
    with pytest.warns(ImportedFilesWarning) as remarks:
        study = cb.Study.import_files(
            tmp_path / "near.toml", files, model="kob-andersen", timestep=0.01
        )
    assert study.recipe.preparation.share_fold == ((0, 1), (2, 3), (4, 5))
    assert study.recipe.groups.tolist() == [0, 0, 2, 2, 4, 4]
    assert study.recipe.learning.outer_folds == 3
    first = next(str(r.message) for r in remarks if "start from one" in str(r.message))
    assert first.startswith(f"{files[0]}, {files[1]} start from one structure: 0.02")
    assert first.endswith("the configurations 0, 1 share a fold")
    with pytest.raises(RecipeError, match=r"share_fold = .*: expected configurations from 0 to 5"):
        Recipe.of_values(
            study.recipe.path,
            tomllib.loads(study.recipe.path.read_text().replace("[2, 3]", "[1, 6]")),
        )


def test_starts_of_one_structure_are_said_and_copies_held_together(tmp_path):
    """Vibrations of one structure: a fit is possible, and import says what it measures."""
    x = places(0)
    files = [
        write_dump(tmp_path / f"{q}.dump", [s := moved(x, 0.1, q), moved(s, 0.1, 9 + q)], [0, 10])
        for q in range(4)
    ]
    files.append(write_dump(tmp_path / "4.dump", [moved(x, 0.1, 0) + 1e-3 * x, x], [0, 10]))
    with pytest.warns(ImportedFilesWarning, match="all 5 starts, .* have one structure"):
        study = cb.Study.import_files(
            tmp_path / "one.toml", files, model="kob-andersen", timestep=0.01
        )
    assert study.recipe.preparation.share_fold == ((0, 4),)
    assert not study.recipe.missing_for_fit


def test_a_rotated_copy_is_said_before_a_fit(tmp_path):
    """Files are compared up to a shift; the features of a rotated copy are the same."""
    starts = [places(0), places(1), places(2), places(0)[:, [1, 2, 0]]]
    runs = [[start, moved(start, 0.1, q)] for q, start in enumerate(starts)]
    files = [write_dump(tmp_path / f"{q}.dump", run, [0, 10]) for q, run in enumerate(runs)]
    recipe = tmp_path / "rotated.toml"
    options = ["--model", "kob-andersen", "--timestep", "0.01", "--workers", "1"]
    result = CliRunner().invoke(main, ["import", str(recipe), *map(str, files), *options])
    assert "there is no fit yet: configuration 0: expected another " in result.output
    assert "than configuration 3" in result.output
    text = recipe.read_text()
    recipe.write_text(text.replace("[preparation]", "[preparation]\nshare_fold = [[0, 3]]"))
    study = cb.Study(recipe)
    learn.require_distinct(study.recipe, study.store)


def test_rounded_starts_are_one_ensemble(tmp_path):
    files = []
    for c in range(3):
        for q, digits in enumerate(("%.10g", "%.3f")):
            run = [places(c), moved(places(c), 0.1, 100 + 10 * c + q)]
            files.append(write_dump(tmp_path / f"{c}-{q}.dump", run, [0, 10], digits))
    with pytest.warns(ImportedFilesWarning, match="3 starts differ .* by at most 0.0005 sigma"):
        study = cb.Study.import_files(
            tmp_path / "near.toml", files, model="kob-andersen", timestep=0.01
        )
    assert study.n_configurations == 3
    assert study.recipe.isoconfigurational.n_runs == 2


def test_a_run_that_is_there_twice_is_refused(tmp_path):
    run = [places(0), moved(places(0), 0.1, 1)]
    files = [write_dump(tmp_path / f"{q}.dump", run, [0, 10], f"%.{q}g") for q in (10, 7)]
    with pytest.raises(InputError, match=r"7\.dump: expected another run than .*10\.dump"):
        cb.Study.import_files(tmp_path / "a.toml", files, model="kob-andersen", timestep=0.01)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["10.dump", "7.dump"]
