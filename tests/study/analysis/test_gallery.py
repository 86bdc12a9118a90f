"""Tables and figures are the same files by any number of processes."""

import shutil
from contextlib import nullcontext

import pytest

import cagebreak as cb
from cagebreak.errors import InputError
from cagebreak.figures import FIGURES
from cagebreak.study.analysis import jobs, tables
from support.tiny_study import SEGMENTS, write_recipe


@pytest.fixture
def own(study, tmp_path):
    path = tmp_path / "hs.toml"
    shutil.copy(study.recipe.path, path)
    kept = shutil.ignore_patterns("tables", "figures", "fits", ".lock")
    shutil.copytree(study.store.folder, tmp_path / "hs", ignore=kept)
    return cb.Study(path)


@pytest.fixture(scope="module")
def two():
    """Two processes: each takes seconds to start."""
    with jobs.pool(2) as engine:
        yield engine


def one_of_each_table():
    """Return figures that show every table between them; a second of a table tells no more."""
    names, shown = [], set()
    for name, spec in FIGURES.items():
        if spec.section != "shear" and not shown.issuperset(spec.tables):
            names.append(name)
            shown.update(spec.tables)
    assert len(shown) > 8
    return names


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_any_number_of_processes_makes_the_same_files(own, two, monkeypatch):
    names = one_of_each_table()
    folders = [own.store.folder / name for name in ("tables", "figures")]
    outcomes = list(own.draw(names, folders[1], workers=1))
    assert [name for name, _ in outcomes] == names
    assert sum(outcome is True for _, outcome in outcomes) > 4
    expected = [files(folder) for folder in folders]
    for table in ("selection", "correlations"):
        assert list(dict.fromkeys(own.rows(table)["species"].tolist())) == ["A", "B"]
        assert f"{table}.csv" in expected[0]
    for folder in folders:
        shutil.rmtree(folder)
    started = []
    monkeypatch.setattr(jobs, "pool", lambda n: started.append(n) or nullcontext(two))
    again = list(own.draw(names, folders[1], workers=2))
    assert started == [2]
    assert [(name, str(outcome)) for name, outcome in again] == [
        (name, str(outcome)) for name, outcome in outcomes
    ]
    assert [files(folder) for folder in folders] == expected
    assert not any(outcome is True for _, outcome in own.draw(names, folders[1]))


def test_a_table_of_species_is_the_same_by_any_number_of_processes(own, two, monkeypatch):
    """Of one that no figure shows; the test above has others."""
    name = "selected"
    assert tables.TABLES[name].of_species
    assert own.recipe.learning.species == ("A", "B")
    expected = own._gallery().table(name, workers=1)
    assert list(dict.fromkeys(expected["species"].tolist())) == ["A", "B"]
    shutil.rmtree(own.store.folder / "tables")
    monkeypatch.setattr(jobs, "serial", None)
    monkeypatch.setattr(jobs, "pool", lambda _: nullcontext(two))
    assert own._gallery().table(name, workers=2).tobytes() == expected.tobytes()


def test_a_table_that_cannot_be_made_stops_only_the_figures_that_show_it(own):
    selections = {"LR0": {"generations": 0, "states": ["initial"]}}
    write_recipe(own.recipe.path, states=["initial"], selections=selections, **SEGMENTS)
    study = cb.Study(own.recipe.path)
    names = ["alkemade2023.cage_displacement", "alkemade2022.mean_propensity"]
    (first, error), (second, drawn) = study.draw(names, study.store.folder / "figures")
    assert [first, second] == names
    assert isinstance(error, InputError)
    assert "none of initial has a scalar" in str(error)
    assert drawn is True
    with pytest.raises(InputError, match="none of initial has a scalar"):
        study.table("correlations")
