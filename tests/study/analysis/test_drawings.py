"""Figures are drawn again only if something that they show has changed, or a file of theirs."""

import shutil

import pytest

import cagebreak as cb
from cagebreak.errors import InputError
from cagebreak.figures import FigureSpec
from cagebreak.study.analysis import drawings
from cagebreak.study.analysis.sources import Sources
from cagebreak.study.recipe import schema
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.recipe.writing import text
from support.tiny_study import SEGMENTS, write_recipe

NAME = "alkemade2022.mean_propensity"


def copied(study, folder, *without):
    """Return a copy of a study, without some of its folders."""
    path = folder / "hs.toml"
    shutil.copy(study.recipe.path, path)
    kept = shutil.ignore_patterns(*without, ".lock")
    shutil.copytree(study.store.folder, folder / "hs", ignore=kept)
    return cb.Study(path)


@pytest.fixture
def own(study, tmp_path):
    return copied(study, tmp_path, "tables", "figures", "fits")


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "SHA256SUMS"}


def drawn(study, name=NAME, **arguments):
    """Draw a figure; return whether it was drawn."""
    ((of_name, outcome),) = study.draw([name], study.store.folder / "figures", **arguments)
    assert of_name == name
    if isinstance(outcome, InputError):
        raise outcome
    return outcome


def test_a_second_drawing_is_none(own, monkeypatch):
    stem = own.store.folder / "figures" / NAME
    assert drawn(own)
    before = files(stem.parent)
    assert before.keys() == {f"{NAME}.{end}" for end in ("png", "pdf", "csv", "json", "drawn.json")}
    # Only the table that it shows was computed.
    assert {path.stem for path in (own.store.folder / "tables").glob("*.csv")} == {"propensity"}

    def refuse(spec):
        raise AssertionError("drawn again")

    monkeypatch.setattr(FigureSpec, "function", property(refuse))
    assert not drawn(cb.Study(own.recipe.path))
    assert files(stem.parent) == before


@pytest.fixture(scope="module")
def finished(study, tmp_path_factory):
    """A copy of the study whose figure is drawn."""
    own = copied(study, tmp_path_factory.mktemp("drawn"), "tables", "figures", "fits")
    assert drawn(own)
    return own


@pytest.mark.parametrize("end", ["png", "pdf", "csv", "json", "drawn.json"])
@pytest.mark.parametrize("damage", ["gone", "changed", "cut"])
def test_a_changed_file_is_drawn_again(finished, tmp_path, end, damage):
    own = copied(finished, tmp_path)
    stem = own.store.folder / "figures" / NAME
    assert not drawn(own)
    before = files(stem.parent)
    path = stem.with_name(f"{NAME}.{end}")
    content = before[path.name]
    path.unlink()
    if damage != "gone":
        half = len(content) // 2
        other = bytes([content[half] ^ 1]) + content[half + 1 :] if damage == "changed" else b""
        path.write_bytes(content[:half] + other)
    assert drawn(own)
    assert files(stem.parent) == before
    assert not drawn(own)


def test_other_code_units_or_recipe_are_drawn_again(own, study, monkeypatch):
    assert drawn(own)
    with monkeypatch.context() as patch:
        patch.setattr(drawings, "source", lambda: "other code")
        assert drawn(own)
        assert not drawn(own)
    assert drawn(own)
    write_recipe(own.recipe.path, bootstrap=150, **SEGMENTS)
    # The mean propensity has no intervals from resamples.
    assert not drawn(cb.Study(own.recipe.path))
    write_recipe(own.recipe.path, n_configurations=2, outer_folds=2, inner_folds=1, **SEGMENTS)
    with pytest.raises(InputError):
        cb.Study(own.recipe.path)
    write_recipe(own.recipe.path, wavenumber=7.0, **SEGMENTS)
    with pytest.raises(cb.errors.StoreError):
        drawn(cb.Study(own.recipe.path))


def test_published_curves_are_part_of_what_a_figure_is_drawn_from(own, tmp_path):
    name, curves = "alkemade2023.published", tmp_path / "curves.csv"
    with pytest.raises(InputError, match="published: expected a CSV file"):
        drawn(own, name)
    assert not (own.store.folder / "tables").exists()  # before any work is spent
    curves.write_text("one")
    of_figure = Sources(own.recipe, own.store).of_figure
    first = of_figure(name, curves)
    assert of_figure(NAME, curves) == of_figure(NAME, None)
    assert of_figure(name, curves) == first
    curves.write_text("two")
    assert of_figure(name, curves) != first


def test_published_curves_belong_to_the_mixture_that_they_are_of(study, tmp_path):
    name, path = "alkemade2023.published", tmp_path / "ka.toml"
    for temperature, expected in ((0.44, True), (0.5, False)):
        values = schema.defaults("kob_andersen")
        values["model"]["temperature"] = temperature
        path.write_text(text(values))
        assert (name in drawings.usual(Recipe.read(path))) == expected
    assert name not in drawings.usual(study.recipe)
    with pytest.raises(InputError, match="expected a CSV file of published curves, got none"):
        study.figure(name)
