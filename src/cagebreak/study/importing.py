"""Import of configurations and runs from files: grouping of the files, recipe and units.

The files are read twice, so that only one is in memory at a time: first to learn what they hold,
then to write the units.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cagebreak._atomic import require_file, require_place
from cagebreak._atomic import write as write_file
from cagebreak.configuration import Configuration
from cagebreak.errors import InputError, RecipeError
from cagebreak.files import Frame, botan, deepmind, format_of, hdf5, read_frames
from cagebreak.study.recipe import descriptors, schema, selections
from cagebreak.study.recipe.protocols import PROTOCOLS, protocol_name
from cagebreak.study.recipe.recipe import Recipe, make_model, read_potential
from cagebreak.study.recipe.writing import schema_path, write
from cagebreak.study.stages.runs import save_run
from cagebreak.study.stages.stages import open_store
from cagebreak.study.store import Unit

LISTED = "imported.json"
"""Name of the file in the study's folder that lists the imported files."""


@dataclass(frozen=True)
class Options:
    """Facts that the files do not state; the parameters of `Study.import_files`."""

    model: str
    parameters: dict[str, Any]
    time: float | None
    timestep: float | None
    wrapped: bool
    states: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Piece:
    """The content of one group of files: a configuration and its runs.

    Parameters
    ----------
    configuration
    times : (T,) array
        Times of the runs, in tau.
    runs
        Displacements of each run from the configuration, (T, N, 3) in sigma.
    """

    configuration: Configuration
    times: NDArray[np.float64]
    runs: list[NDArray[np.float64]]


@dataclass
class Source:
    """A configuration of the study.

    Parameters
    ----------
    groups
        Groups of files whose runs start from the configuration.
    n_runs
        Number of runs in all groups.
    n_particles
    number_density
        N sigma^3 / V.
    composition
        Fraction of the particles of each species.
    """

    groups: list[list[Path]] = field(default_factory=list)
    n_runs: int = 0
    n_particles: int = 0
    number_density: float = 0.0
    composition: tuple[float, ...] = ()


def import_files(path: Path, files: Sequence[Path], options: Options) -> None:
    """Write the recipe and the units of `Study.import_files`."""
    if path.suffix != ".toml":
        raise RecipeError(f"{path}: expected the name of a recipe to end in .toml")
    if not files:
        raise InputError("files: expected at least one, got none")
    if options.time is not None and not options.time > 0:
        raise InputError(f"time: expected a positive time, got {options.time!r}")
    if options.timestep is not None and not options.timestep > 0:
        raise InputError(f"timestep: expected a positive time, got {options.timestep!r}")
    require_place(path)
    values = schema.defaults(protocol_name(options.model), work="imported")
    table = set_parameters(path, values["model"], options.parameters)
    potential = read_potential(path, table) if table else ""
    model = make_model(path, values["model"], potential)
    sources, times = _survey(files, options, model.n_species)
    listed: list[dict[str, Any]] = [
        {
            "files": [{"name": str(f), "sha256": _sha256(f)} for group in s.groups for f in group],
            "runs": s.n_runs,
        }
        for s in sources
    ]
    how = {"time": options.time, "timestep": options.timestep, "wrapped": options.wrapped}
    identity = [[each["sha256"] for each in entry["files"]] for entry in listed]
    digest = hashlib.sha256(json.dumps([identity, how]).encode()).hexdigest()
    new, copied = not path.exists(), False
    new_folder = not path.with_suffix("").exists()
    if not new:
        existing = Recipe.read(path)
        if not existing.imported or existing.values["preparation"]["imported"] != digest:
            raise RecipeError(f"{path}: exists already, and is not of these files as read so")
    try:
        if new:
            _fill(values, options, sources, times, digest)
            copied = table is not None and _copy(table, path.parent)
            write(path, values)
        recipe = Recipe.read(path)
        _write_units(recipe, sources, options)
        content = {"how": how, "configurations": listed}
        write_file(recipe.folder / LISTED, json.dumps(content, indent=1))
    except BaseException:
        # What was there before stays: the recipe of an earlier import, and its folder.
        if new:
            path.unlink(missing_ok=True)
            schema_path(path).unlink(missing_ok=True)
            if new_folder:
                shutil.rmtree(path.with_suffix(""), ignore_errors=True)
        if copied:
            (path.parent / table.name).unlink()  # type: ignore[union-attr]
        raise


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


def _copy(table: Path, folder: Path) -> bool:
    """Copy a table beside the recipe unless it is there already; return whether it was copied."""
    target = folder / table.name
    if not target.exists():
        write_file(target, table.read_bytes())
        return True
    if target.read_bytes() != table.read_bytes():
        raise InputError(f"{target}: exists already, and is another table than {table}")
    return False


def _fill(
    values: dict[str, dict[str, Any]],
    options: Options,
    sources: Sequence[Source],
    times: NDArray[np.float64],
    digest: str,
) -> None:
    """Set the values of a new recipe that follow from the files and the options."""
    n = len(sources)
    if PROTOCOLS[values["model"]["name"]].of_file:
        # Density and composition are not in the table: the first configuration gives them.
        for name in ("number_density", "composition"):
            if name not in options.parameters:
                values["model"][name] = getattr(sources[0], name)
    values["preparation"] |= {
        "n_configurations": n,
        "n_particles": sources[0].n_particles,
        "imported": digest,
    }
    values["isoconfigurational"] |= {"n_runs": sources[0].n_runs, "times": times.tolist()}
    values["descriptors"] |= {"states": options.states, "recommended": False}
    outer = min(values["learning"]["outer_folds"], max(n, 3))
    inner = min(values["learning"]["inner_folds"], outer - 1)
    values["learning"] |= {"outer_folds": outer, "inner_folds": inner}
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


def _survey(
    files: Sequence[Path], options: Options, n_species: int
) -> tuple[list[Source], NDArray[np.float64]]:
    """Return the configurations in the order of the files, and the times of their runs.

    Raises
    ------
    InputError
        If times, numbers of particles or numbers of runs differ.
    """
    sources: dict[bytes, Source] = {}
    times: NDArray[np.float64] | None = None
    first: Path | None = None
    for group in _groups(files):
        piece = _read(group, options)
        start, file = piece.configuration, group[0]
        if start.n_species > n_species:
            raise InputError(
                f"{file}: expected at most {n_species} species, as {options.model} has, "
                f"got {start.n_species}"
            )
        shares = np.bincount(start.species, minlength=n_species) / len(start)
        new = Source(
            n_particles=len(start),
            number_density=len(start) / start.box.volume,
            composition=tuple(shares.tolist()),
        )
        source = sources.setdefault(_key(start), new)
        source.groups.append(group)
        source.n_runs += len(piece.runs)
        if piece.runs:
            if times is None:
                times, first = piece.times, file
            elif piece.times.shape != times.shape or not np.allclose(piece.times, times, rtol=1e-9):
                raise InputError(
                    f"{file}: expected the times of {first}, {_shown(times)}, "
                    f"got {_shown(piece.times)}"
                )
    entries = list(sources.values())
    for name in ("n_particles", "n_runs"):
        for source in entries:
            actual, expected = getattr(source, name), getattr(entries[0], name)
            if actual != expected:
                what = "particles" if name == "n_particles" else "runs"
                raise InputError(
                    f"{source.groups[0][0]}: expected {expected} {what}, "
                    f"as {entries[0].groups[0][0]} has, got {actual}"
                )
    return entries, np.zeros(0) if times is None else times


def _write_units(recipe: Recipe, sources: Sequence[Source], options: Options) -> None:
    store = open_store(recipe)
    with store.locked():
        for c, source in enumerate(sources):
            r = 0
            for group in source.groups:
                piece = _read(group, options)
                start = piece.configuration
                unit = Unit("equilibrate", (c,))
                if not store.has(unit):
                    store.save(unit, hdf5.datasets(start))
                for displacements in piece.runs:
                    run = Unit("run", (c, r))
                    if not store.has(run):
                        save_run(recipe, store, run, start, displacements, piece.times)
                    r += 1


def _groups(files: Sequence[Path]) -> Iterator[list[Path]]:
    """Yield groups of files: the one-frame files of a run together, every other file alone."""
    frames = {file: _steps(file) for file in files}
    if len(frames) != len(files):
        repeated = next(file for file in files if files.count(file) > 1)
        raise InputError(f"files: expected each file once, got {repeated} twice or more")
    done: set[Path] = set()
    for file in files:
        if file in done:
            continue
        steps = frames[file]
        group = [file]
        if steps is not None and len(steps) == 1:
            siblings = [
                other
                for other in files
                if other.parent == file.parent and format_of(other) is format_of(file)
            ]
            steps_of = {
                other: frame_steps
                for other in siblings
                if (frame_steps := frames[other]) is not None
            }
            first_steps = [
                frame_steps[0] for frame_steps in steps_of.values() if len(frame_steps) == 1
            ]
            if len(first_steps) == len(siblings) > 1 and len(set(first_steps)) == len(first_steps):
                group = sorted(siblings, key=lambda other: steps_of[other][0])
        done |= set(group)
        yield group


def _steps(file: Path) -> list[int] | None:
    """Return the time steps of the frames of a trajectory; None if the file states none."""
    if format_of(file) in (botan, deepmind, hdf5):
        return None
    steps = [frame.step for frame in read_frames(file)]
    return None if None in steps else steps  # type: ignore[return-value]


def _read(group: Sequence[Path], options: Options) -> Piece:
    file = group[0]
    if format_of(file) is botan:
        if options.time is None:
            raise InputError(f"time: {file} does not say when its runs end, got none")
        start, ends = botan.read_runs(file)
        displacements = ends - start.positions
        return Piece(start, np.array([options.time]), [run[None] for run in displacements])
    if format_of(file) is deepmind:
        start, times, runs = deepmind.read_runs(file)
        return Piece(start, times, list(runs - start.positions))
    frames = [frame for path in group for frame in read_frames(path)]
    start = frames[0].configuration
    if len(frames) == 1:
        return Piece(start, np.zeros(0), [])
    times = _times(file, frames, options.timestep)
    return Piece(start, times, [_displacements(file, frames, options.wrapped)])


def _times(file: Path, frames: Sequence[Frame], timestep: float | None) -> NDArray[np.float64]:
    """Return the times of all frames but the first, counted from the first."""
    if timestep is not None and all(frame.step is not None for frame in frames):
        steps = np.array([frame.step for frame in frames])
        times = (steps - steps[0]) * timestep
    elif all(frame.time is not None for frame in frames):
        stated = np.array([frame.time for frame in frames], dtype=np.float64)
        times = stated - stated[0]
    else:
        raise InputError(f"timestep: {file} states no times, got none to make them from its steps")
    if (np.diff(times) <= 0).any():
        raise InputError(f"{file}: expected ascending times, got {_shown(times)}")
    return times[1:]


def _displacements(file: Path, frames: Sequence[Frame], wrapped: bool) -> NDArray[np.float64]:
    """Return the displacements from the first frame, (T, N, 3)."""
    first = frames[0]
    start, box = first.configuration, first.configuration.box
    displacement = np.zeros(start.positions.shape)
    displacements = []
    for previous, frame in pairwise(frames):
        current, ids = frame.configuration, frame.ids
        if len(current) != len(start) or (current.species != start.species).any():
            raise InputError(f"{file}: expected the particles of its first frame in every other")
        if ids is not None and first.ids is not None and (ids != first.ids).any():
            raise InputError(f"{file}: expected the ids of its first frame in every other")
        if not np.allclose(
            current.box.matrix, box.matrix, rtol=1e-9, atol=1e-9 * box.lengths.max()
        ):
            raise InputError(f"{file}: expected the box of its first frame in every other")
        step = current.unwrapped - previous.configuration.unwrapped
        if wrapped:
            step = box.minimum_image(current.positions - previous.configuration.positions)
        elif current.images is None and (abs(step @ box.inverse) > 0.5).any():
            raise InputError(
                f"{file}: particles move by half the box between two frames and have no images; "
                "if positions are wrapped, say so (wrapped), and the shortest way is taken"
            )
        displacement = displacement + step
        displacements.append(displacement)
    return np.array(displacements)


def _key(configuration: Configuration) -> bytes:
    parts = (configuration.positions, configuration.species, configuration.box.matrix)
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).digest()


def _sha256(file: Path) -> str:
    require_file(file)
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _shown(times: NDArray[np.float64]) -> str:
    few = ", ".join(f"{time:g}" for time in times[:4])
    return f"{few}, ... ({len(times)})" if len(times) > 4 else few
