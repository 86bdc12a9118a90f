"""What the files of a study hold: configurations, runs of each, and which share their structure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cagebreak.errors import ConfigurationError, InputError
from cagebreak.models.model import Model
from cagebreak.potentials.match import examine
from cagebreak.study.importing.pieces import Files, Piece
from cagebreak.study.importing.starts import Near, Starts, sample

FEWEST = 10
"""Smallest number of particles, as in a recipe."""

SAME_TIME = 1e-3
"""Relative difference of times that is taken for the rounding of a text (chosen)."""

SAME_RUN = 1e-3
"""Relative difference of displacements below which two runs are one (chosen)."""


@dataclass(eq=False)
class Source:
    """A configuration of the study.

    Parameters
    ----------
    label
        Name of its first piece in messages.
    files
        Files whose runs start from the configuration.
    number_density
        N sigma^3 / V.
    composition
        Fraction of the particles of each species.
    n_runs
        Number of runs in all files.
    """

    label: str
    number_density: float
    composition: tuple[float, ...]
    files: list[Path] = field(default_factory=list)
    n_runs: int = 0
    _ends: list[tuple[str, NDArray[np.float64]]] = field(default_factory=list)

    def add(self, piece: Piece) -> None:
        """Add the runs of a piece.

        Raises
        ------
        InputError
            If a run is there already.
        """
        self.files += [file for file in piece.files if file not in self.files]
        for r, run in enumerate(piece.runs):
            end = run[-1, sample(run.shape[1])]
            name = piece.label if len(piece.runs) == 1 else f"run {r} of {piece.label}"
            for earlier, other in self._ends:
                if np.linalg.norm(end - other) < SAME_RUN * np.linalg.norm(other):
                    raise InputError(
                        f"{name}: expected another run than {earlier}, got the same displacements; "
                        "runs of one configuration start from different velocities"
                    )
            self._ends.append((name, end))
        self.n_runs += len(piece.runs)


@dataclass(frozen=True, eq=False)
class Survey:
    """The content of the files of a study.

    Parameters
    ----------
    sources
        The configurations, in the order of the files.
    places
        Configuration and first run of each piece, in the order of `Files.pieces`.
    times : (T,) array
        Times of all runs, in tau.
    share_fold
        Sets of configurations whose structures are related.
    species
        Numbers of the species that have particles.
    n_particles
        Number of particles of every configuration.
    one_component
        Whether all particles are A though the model is a mixture by default.
    remarks
        What the user should know about the files, in words.
    """

    sources: Sequence[Source]
    places: Sequence[tuple[int, int]]
    times: NDArray[np.float64]
    share_fold: Sequence[Sequence[int]]
    species: Sequence[int]
    n_particles: int
    one_component: bool
    remarks: Sequence[str]


def survey(files: Files, model: Model, alone: Model) -> Survey:
    """Read all files once, and return what they hold.

    Parameters
    ----------
    files
    model
        The glass former that the configurations are compared with.
    alone
        The same with A particles alone, for files that have no others; `model` itself if its
        composition was chosen.

    Raises
    ------
    InputError
        If times, numbers of particles or numbers of runs differ, or a configuration cannot be one
        of the model.
    """
    mixture = model
    starts, sources = Starts(), list[Source]()
    places, blocks = [], dict[tuple[Path, int], set[int]]()
    present: set[int] = set()
    remarks, mismatches = list(files.remarks), list[str]()
    largest_rounding, rounded = 0.0, 0
    first: Piece | None = None
    with_runs: Piece | None = None
    for piece in files.pieces():
        first = first or piece
        _check(piece, first, model)
        c, rounding = starts.add(piece.configuration)
        if c == len(sources):
            sources.append(_source(piece, model))
            if len(sources) == 1 and not piece.configuration.species.any():
                model = alone
            expected = _expected(model, sources[0], files.options.parameters)
            mismatches += _compared(piece, expected)
        elif rounding:
            largest_rounding, rounded = max(largest_rounding, rounding), rounded + 1
        places.append((c, sources[c].n_runs))
        sources[c].add(piece)
        if piece.block is not None:
            blocks.setdefault((piece.files[0], piece.block), set()).add(c)
        present |= set(np.unique(piece.configuration.species).tolist())
        remarks += piece.remarks
        if piece.runs:
            with_runs = with_runs or piece
            _require_same_times(piece, with_runs)
    assert first is not None
    for source in sources:
        if source.n_runs != sources[0].n_runs:
            raise InputError(
                f"{source.label}: expected {sources[0].n_runs} runs, as {sources[0].label} has, "
                f"got {source.n_runs}"
            )
    if rounded:
        remarks.append(
            f"{rounded} starts differ from another by at most {largest_rounding:.2g} sigma, which "
            "is rounding: they are one configuration with it"
        )
    one_component = model is not mixture
    if one_component:
        remarks.append("all particles are A: this is a study of one component, composition = 1")
    remarks += mismatches[:1]
    if len(mismatches) > 1:
        remarks.append(f"{len(mismatches) - 1} other configurations differ likewise")
    shared, said = _related(starts, list(blocks.values()), [source.label for source in sources])
    remarks += said
    return Survey(
        sources,
        places,
        np.zeros(0) if with_runs is None else with_runs.times,
        shared,
        sorted(present),
        len(first.configuration),
        one_component,
        remarks,
    )


def _check(piece: Piece, first: Piece, model: Model) -> None:
    """Check the configuration of a piece; every piece comes by here once, before any is written."""
    start = piece.configuration
    if start.n_species > model.n_species:
        raise InputError(
            f"{piece.label}: expected at most {model.n_species} species, as the model has, "
            f"got {start.n_species}"
        )
    if len(start) < FEWEST:
        raise InputError(f"{piece.label}: expected at least {FEWEST} particles, got {len(start)}")
    if len(start) != len(first.configuration):
        raise InputError(
            f"{piece.label}: expected {len(first.configuration)} particles, as {first.label} has, "
            f"got {len(start)}"
        )


def _expected(model: Model, first: Source, parameters: Mapping[str, Any]) -> Model:
    """Return the model with what the first configuration gives to the file of a potential."""
    if not model.is_of_file:
        return model
    if "number_density" not in parameters:
        model = replace(model, number_density=first.number_density)
    if "composition" not in parameters:
        model = replace(model, composition=first.composition)
    return model


def _compared(piece: Piece, model: Model) -> list[str]:
    """Compare a configuration with the model; return what differs in one sentence, or nothing.

    Raises
    ------
    ConfigurationError
        If it cannot be one of the model.
    """
    match = examine(piece.configuration, model)
    if match.problem:
        raise ConfigurationError(f"{piece.label}: {match.problem}")
    return [f"{piece.label}: {'; '.join(match.remarks)}"] if match.remarks else []


def _source(piece: Piece, model: Model) -> Source:
    start = piece.configuration
    shares = np.bincount(start.species, minlength=model.n_species) / len(start)
    return Source(piece.label, len(start) / start.box.volume, tuple(shares.tolist()))


def _require_same_times(piece: Piece, other: Piece) -> None:
    if piece.times.shape == other.times.shape and np.allclose(
        piece.times, other.times, rtol=SAME_TIME, atol=0.0
    ):
        return
    missing = [
        f"{time:g}" for time in other.times if not np.isclose(piece.times, time, SAME_TIME).any()
    ]
    lacks = f"; it has no frame at {', '.join(missing[:4])}" if missing else ""
    raise InputError(
        f"{piece.label}: expected the times of {other.label}, {_shown(other.times)}, "
        f"got {_shown(piece.times)}{lacks}"
    )


def _shown(times: NDArray[np.float64]) -> str:
    few = ", ".join(f"{time:g}" for time in times[:4])
    return f"{few}, ..., {times[-1]:g} ({len(times)})" if len(times) > 4 else few


def _related(
    starts: Starts, blocks: Sequence[set[int]], labels: Sequence[str]
) -> tuple[list[list[int]], list[str]]:
    """Return the sets of configurations that share a fold, and why, in words."""
    n = len(labels)
    near = starts.near()
    shared = _connected(near, blocks, n)
    remarks = []
    if n > 1 and len(shared) == 1 and len(shared[0]) == n:
        rms, least = max(p.rms for p in near), min(p.overlap for p in near)
        remarks.append(
            f"all {n} starts, of {_listed(labels)}, have one structure: {rms:.2g} sigma apart, at "
            f"least {least:.0%} of the particles in their place; a fit tells how well motion from "
            "this structure is predicted, not motion from others"
        )
        near = starts.near(copies=True)
        shared = _connected(near, blocks, n)
    # Origins of one block share a fold anyway.
    further = [p for p in near if not any({p.one, p.other} <= members for members in blocks)]
    for members in shared:
        pairs = [p for p in further if p.one in members]
        if pairs:
            rms, least = max(p.rms for p in pairs), min(p.overlap for p in pairs)
            numbers = _listed([str(c) for c in members], 6)
            remarks.append(
                f"{_listed([labels[c] for c in members])} start from one structure: {rms:.2g} "
                f"sigma apart, at least {least:.0%} of the particles in their place; the "
                f"configurations {numbers} share a fold"
            )
    if len(remarks) > 4:
        remarks = [*remarks[:3], f"so do {len(remarks) - 3} other sets of starts"]
    return shared, remarks


def _listed(names: Sequence[str], n: int = 3) -> str:
    """Return the first names, and how many more there are."""
    more = f" and {len(names) - n} more" if len(names) > n else ""
    return ", ".join(names[:n]) + more


def _connected(near: Sequence[Near], blocks: Sequence[set[int]], n: int) -> list[list[int]]:
    """Return the sets of configurations that pairs and blocks connect, without single ones."""
    group = np.arange(n)
    for members in [*({pair.one, pair.other} for pair in near), *blocks]:
        of_members = np.isin(group, group[list(members)])
        group[of_members] = group[of_members].min()
    sets = [np.flatnonzero(group == g).tolist() for g in np.unique(group)]
    return [members for members in sets if len(members) > 1]
