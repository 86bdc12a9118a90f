"""A study of configurations and runs that come from files: which belong together, and their units.

The files are read twice: once to see what there is, then to write the units, one file at a time.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cagebreak._atomic import replacing
from cagebreak.configuration import Configuration
from cagebreak.errors import InputError, RecipeError
from cagebreak.files import Frame, botan, deepmind, format_of, hdf5, read_frames
from cagebreak.study.recipe import descriptors, schema, selections
from cagebreak.study.recipe.protocols import PROTOCOLS, protocol_name
from cagebreak.study.recipe.recipe import Recipe, make_model, read_potential
from cagebreak.study.recipe.writing import schema_path, write
from cagebreak.study.stages import stages, units
from cagebreak.study.store import Unit

LISTED = "imported.json"
"""The list of files, in the study's folder."""


@dataclass(frozen=True)
class Options:
    """What the files do not say; see `Study.import_files`."""

    model: str
    parameters: dict[str, Any]
    time: float | None
    timestep: float | None
    wrapped: bool
    states: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Piece:
    """What files that belong together hold: a configuration, times, displacements of its runs."""

    configuration: Configuration
    times: NDArray[np.float64]
    runs: list[NDArray[np.float64]]


@dataclass
class Source:
    """A configuration of the study: the groups of files that start from it, and its runs."""

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
    if not new:
        known = Recipe.read(path)
        if not known.imported or known.values["preparation"]["imported"] != digest:
            raise RecipeError(f"{path}: exists already, and is not of these files as read so")
    else:
        _fill(values, options, sources, times, digest)
        copied = table is not None and _copy(table, path.parent)
        write(path, values)
    try:
        recipe = Recipe.read(path)
        _write_units(recipe, sources, options)
    except InputError:
        if new:
            path.unlink()
            schema_path(path).unlink()
        if copied:
            (path.parent / table.name).unlink()  # type: ignore[union-attr]
        raise
    content = {"how": how, "configurations": listed}
    with replacing(recipe.folder / LISTED) as temporary:
        temporary.write_text(json.dumps(content, indent=1), encoding="utf-8")


def set_parameters(
    path: Path, values: dict[str, Any], parameters: Mapping[str, Any]
) -> Path | None:
    """Set the parameters of the model in its section; return the file of tables, if it takes one.

    Where the section names the file it is beside the recipe.
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
    """Copy a file of tables beside the recipe, unless it is there; return whether it was not."""
    target = folder / table.name
    if not target.exists():
        target.write_bytes(table.read_bytes())
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
    """Set what the files and the options say in the values of a new recipe."""
    n = len(sources)
    if PROTOCOLS[values["model"]["name"]].of_file:
        # What the table does not say the first configuration does.
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
    """Return the configurations in the order of the files, and the times of their runs."""
    sources: dict[bytes, Source] = {}
    times: NDArray[np.float64] | None = None
    first: Path | None = None
    for group in _groups(files):
        piece = _read(group, options)
        start, where = piece.configuration, group[0]
        if start.n_species > n_species:
            raise InputError(
                f"{where}: expected at most {n_species} species, as {options.model} has, "
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
                times, first = piece.times, where
            elif piece.times.shape != times.shape or not np.allclose(piece.times, times, rtol=1e-9):
                raise InputError(
                    f"{where}: expected the times of {first}, {_shown(times)}, "
                    f"got {_shown(piece.times)}"
                )
    found = list(sources.values())
    for name in ("n_particles", "n_runs"):
        for source in found:
            mine, yours = getattr(source, name), getattr(found[0], name)
            if mine != yours:
                what = "particles" if name == "n_particles" else "runs"
                raise InputError(
                    f"{source.groups[0][0]}: expected {yours} {what}, as {found[0].groups[0][0]} "
                    f"has, got {mine}"
                )
    return found, np.zeros(0) if times is None else times


def _write_units(recipe: Recipe, sources: Sequence[Source], options: Options) -> None:
    store = stages.open_store(recipe)
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
                        units.save_run(recipe, store, run, start, displacements, piece.times)
                    r += 1


def _groups(files: Sequence[Path]) -> Iterator[list[Path]]:
    """Yield files that are to be read together: one-frame files of a run, all others alone."""
    frames = {file: _steps(file) for file in files}
    if len(frames) != len(files):
        raise InputError("files: expected each file once")
    done: set[Path] = set()
    for file in files:
        if file in done:
            continue
        steps = frames[file]
        together = [file]
        if steps is not None and len(steps) == 1:
            alike = [
                other
                for other in files
                if other.parent == file.parent and format_of(other) is format_of(file)
            ]
            singles = {other: found for other in alike if (found := frames[other]) is not None}
            at = [found[0] for found in singles.values() if len(found) == 1]
            if len(at) == len(alike) > 1 and len(set(at)) == len(at):
                together = sorted(alike, key=lambda other: singles[other][0])
        done |= set(together)
        yield together


def _steps(file: Path) -> list[int] | None:
    """Return the steps of a trajectory file; None if it states none."""
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
        moved = ends - start.positions
        return Piece(start, np.array([options.time]), [run[None] for run in moved])
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
    """Return the times of all frames but the first, after it."""
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
    """Return how far particles went from the first frame, (T, N, 3)."""
    first = frames[0]
    start, box = first.configuration, first.configuration.box
    moved = np.zeros(start.positions.shape)
    found = []
    for before, frame in pairwise(frames):
        now, ids = frame.configuration, frame.ids
        if len(now) != len(start) or (now.species != start.species).any():
            raise InputError(f"{file}: expected the particles of its first frame in every other")
        if ids is not None and first.ids is not None and (ids != first.ids).any():
            raise InputError(f"{file}: expected the ids of its first frame in every other")
        if not np.allclose(now.box.matrix, box.matrix, rtol=1e-9, atol=1e-9 * box.lengths.max()):
            raise InputError(f"{file}: expected the box of its first frame in every other")
        step = now.unwrapped - before.configuration.unwrapped
        if wrapped:
            step = box.minimum_image(now.positions - before.configuration.positions)
        elif now.images is None and (abs(step @ box.inverse) > 0.5).any():
            raise InputError(
                f"{file}: particles move by half the box between two frames and have no images; "
                "if positions are wrapped, say so (wrapped), and the shortest way is taken"
            )
        moved = moved + step
        found.append(moved)
    return np.array(found)


def _key(configuration: Configuration) -> bytes:
    parts = (configuration.positions, configuration.species, configuration.box.matrix)
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).digest()


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _shown(times: NDArray[np.float64]) -> str:
    few = ", ".join(f"{time:g}" for time in times[:4])
    return f"{few}, ... ({len(times)})" if len(times) > 4 else few
