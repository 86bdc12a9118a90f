"""Import of configurations and runs from files: grouping of the files, recipe and units.

The files are read twice, so that only one is in memory at a time: first to learn what they hold,
then to write the units.
"""

import hashlib
import json
import os
import tomllib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cagebreak._atomic import TemporaryFolder, require_file, require_place
from cagebreak._atomic import write as write_file
from cagebreak.configuration import SPECIES_NAMES
from cagebreak.errors import ConfigurationWarning, ImportedFilesWarning, InputError, RecipeError
from cagebreak.files import hdf5
from cagebreak.models.model import Model
from cagebreak.potentials.overlaps import separated
from cagebreak.study.importing.pieces import Files, Options
from cagebreak.study.importing.survey import Survey, survey
from cagebreak.study.recipe import descriptors, schema, selections
from cagebreak.study.recipe.protocols import PROTOCOLS, protocol_name
from cagebreak.study.recipe.recipe import Recipe, make_model, read_potential
from cagebreak.study.recipe.tables import KEEP
from cagebreak.study.recipe.writing import text, write
from cagebreak.study.stages.runs import save_run
from cagebreak.study.stages.stages import open_store
from cagebreak.study.store import Store, Unit

__all__ = ["LISTED", "Options", "import_files", "set_parameters"]

LISTED = "imported.json"
"""Name of the file in the study's folder that lists the imported files."""


def import_files(path: Path, files: Sequence[Path], options: Options) -> None:
    """Write the recipe and the units of `Study.import_files`.

    A new study is written beside its place, and moved there when it is whole; the recipe is the
    last file.
    """
    if path.suffix != ".toml":
        raise RecipeError(f"{path}: expected the name of a recipe to end in .toml")
    require_place(path)
    options.check(files)
    values = schema.defaults(protocol_name(options.model), work="imported")
    if (keep := _kept(options.keep)) is not None:
        values["isoconfigurational"]["keep"] = keep
    table = set_parameters(path, values["model"], options.parameters)
    potential = ""
    if table is not None:
        potential = read_potential(path, values["model"]["name"], table)
        _require_same_files(_potential_files(values, potential), path.parent)
    model = make_model(path, values["model"], potential)
    grouped = Files.of(files, options)
    content = survey(grouped, model, _of_one_component(path, values["model"], options, model))
    listed = [
        {
            "files": [{"name": str(f), "sha256": _sha256(f)} for f in source.files],
            "runs": source.n_runs,
        }
        for source in content.sources
    ]
    identity = [[_sha256(file) for file in source.files] for source in content.sources]
    digest = hashlib.sha256(json.dumps([identity, options.how]).encode()).hexdigest()
    _fill(values, options, content, digest)
    if path.exists():
        recipe = Recipe.read(path)
        if not recipe.imported or recipe.values["preparation"]["imported"] != digest:
            raise RecipeError(f"{path}: exists already, and is not of these files as read so")
        kept = recipe.isoconfigurational.keep
        if keep is not None and keep != (kept or {}):
            raise InputError(f"keep: expected that of {path}, {kept or {}}, got {keep}")
    else:
        recipe = Recipe.of_values(path, tomllib.loads(text(values)), potential)
    store = open_store(recipe)
    listing = json.dumps({"how": options.how, "configurations": listed}, indent=1)
    if store.folder.exists():
        store.check({stage: store.survey(stage) for stage in store.identities})
        _write_units(recipe, store, grouped, content, listing)
    else:
        _write_folder(recipe, store, grouped, content, listing)
    for name, lines in _potential_files(values, potential).items():
        if not (path.parent / name).exists():
            write_file(path.parent / name, lines)
    if not path.exists():
        write(path, values)
    for remark in content.remarks:
        warnings.warn(remark, ImportedFilesWarning, stacklevel=3)


def set_parameters(
    path: Path, values: dict[str, Any], parameters: Mapping[str, Any]
) -> Path | None:
    """Set the parameters of a model in its section; return the path of its table, if it has one.

    Parameters
    ----------
    path
        Path of the recipe.
    values
        The section `[model]`, which is changed.
    parameters
        Parameters by name. A table in `file` is a path; the section then names a file of that name
        beside the recipe.

    Raises
    ------
    InputError
        If the model has no such parameter or refuses its value.
    """
    keys = schema.parameters_of(values["name"])
    unknown = sorted(set(parameters) - set(keys))
    if unknown:
        expected = ", ".join(sorted(keys))
        raise InputError(f"parameters: expected some of {expected}, got {unknown[0]!r}")
    table = path.parent / values["file"] if "file" in values else None
    for name, value in parameters.items():
        if name == "file":
            table = Path(value)
            value = table.name
        value = list(value) if isinstance(value, tuple) else value
        try:
            values[name] = keys[name].check.convert(value)
        except ValueError:
            raise InputError(
                f"parameters: {name}: expected {keys[name].check.expected}, got {value!r}"
            ) from None
    return table


def _kept(keep: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return what is kept of runs, as a recipe has it."""
    if keep is None:
        return None
    lists = {name: list(v) if isinstance(v, tuple) else v for name, v in keep.items()}
    try:
        return dict(KEEP.convert(lists))
    except ValueError as error:
        raise InputError(f"keep: expected {KEEP.expected}, got {lists}; {error}") from None


def _potential_files(values: Mapping[str, Mapping[str, Any]], potential: str) -> dict[str, str]:
    """Return the texts of the files of a potential, by name."""
    kind = PROTOCOLS[values["model"]["name"]].of_file
    return {} if kind is None else kind.files(potential, values["model"]["file"])


def _require_same_files(files: Mapping[str, str], folder: Path) -> None:
    """Raise if another file of the same name is beside the recipe."""
    for name, content in files.items():
        target = folder / name
        if target.exists() and target.read_text(encoding="utf-8", errors="replace") != content:
            raise InputError(f"{target}: exists already, and is another file than that given")


def _of_one_component(
    path: Path, values: Mapping[str, Any], options: Options, model: Model
) -> Model:
    """Return the model with A alone, if it is a mixture by default and not by choice."""
    if "composition" in options.parameters or model.n_species != 2 or model.is_of_file:
        return model
    return make_model(path, {**values, "composition": 1.0}, "")


def _fill(
    values: dict[str, dict[str, Any]], options: Options, content: Survey, digest: str
) -> None:
    """Set the values of a new recipe that follow from the files and the options."""
    n = len(content.sources)
    if PROTOCOLS[values["model"]["name"]].of_file:
        # Density and composition are not in the file: the first configuration gives them.
        for name in ("number_density", "composition"):
            if name not in options.parameters:
                values["model"][name] = getattr(content.sources[0], name)
    elif content.one_component:
        values["model"]["composition"] = 1.0
    values["preparation"] |= {
        "n_configurations": n,
        "n_particles": content.n_particles,
        "imported": digest,
        "share_fold": tuple(map(tuple, content.share_fold)),
    }
    if not content.share_fold:
        del values["preparation"]["share_fold"]
    values["isoconfigurational"] |= {
        "n_runs": content.sources[0].n_runs,
        "times": content.times.tolist(),
    }
    values["descriptors"] |= {"states": options.states, "recommended": False}
    n_groups = n - sum(len(members) - 1 for members in content.share_fold)
    outer = min(values["learning"]["outer_folds"], max(n_groups, 3))
    inner = min(values["learning"]["inner_folds"], outer - 1)
    values["learning"] |= {
        "outer_folds": outer,
        "inner_folds": inner,
        "species": tuple(SPECIES_NAMES[s] for s in content.species),
    }
    values["learning"]["selections"] = {
        name: selection
        for name, selection in values["learning"]["selections"].items()
        if _drawn_from(selection) <= set(options.states)
    }


def _drawn_from(selection: selections.Selection) -> set[str]:
    parts = [selection] if isinstance(selection, dict) else selection
    return {
        state
        for criteria in parts
        for state in criteria.get("states", (descriptors.RECOMMENDED,))  # type: ignore[union-attr]
    }


def _write_folder(
    recipe: Recipe, store: Store, files: Files, content: Survey, listing: str
) -> None:
    """Write the units of a study to a new folder, which appears when it is whole."""
    folder = store.folder
    with TemporaryFolder(f".{folder.name}-", folder.parent) as temporary:
        unfinished = temporary / folder.name
        unfinished.mkdir()
        _write_units(recipe, replace(store, folder=unfinished), files, content, listing)
        os.replace(unfinished, folder)


def _write_units(recipe: Recipe, store: Store, files: Files, content: Survey, listing: str) -> None:
    """Write the units that are missing, and the list of the files."""
    with store.locked():
        for piece, (c, first) in zip(files.pieces(), content.places, strict=True):
            start = piece.configuration
            if recipe.model.is_hard:
                with warnings.catch_warnings():
                    # The survey has said it.
                    warnings.simplefilter("ignore", ConfigurationWarning)
                    start = separated(start, recipe.model)
            unit = Unit("equilibrate", (c,))
            if not store.has(unit):
                store.save(unit, hdf5.datasets(start))
            for r, displacements in enumerate(piece.runs, start=first):
                run = Unit("run", (c, r))
                if not store.has(run):
                    save_run(recipe, store, run, start, displacements, content.times)
        write_file(store.folder / LISTED, listing)


def _sha256(file: Path) -> str:
    require_file(file)
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
