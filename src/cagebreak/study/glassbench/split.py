"""The files of a benchmark: its training and test set, and what all of them have in common."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cagebreak._atomic import require_file
from cagebreak._progress import each
from cagebreak.configuration import Configuration
from cagebreak.errors import ConfigurationError, InputError
from cagebreak.files import botan, glassbench
from cagebreak.models.arguments import is_whole, real, within
from cagebreak.models.glass_formers import kob_andersen
from cagebreak.models.model import Model
from cagebreak.models.two_dimensions import kob_andersen_2d_ternary
from cagebreak.potentials.match import examine
from cagebreak.study.glassbench import published
from cagebreak.study.sha256sums import sha256

SETS = ("train", "test")
"""The folders of the official split."""

FEWEST = 2
"""Fewest training configurations: one is held out when alpha is chosen."""

EXACT = {(2, 0.23): 0.231}
"""Temperatures that the names of files round, by dimension and name (:cite:`Jung2023`)."""

_NAME = re.compile(r"N\d+T(\d+\.\d+)_(\d+)")


class Observed(NamedTuple):
    """The content of one file.

    Parameters
    ----------
    configuration
    targets
        The quantities to predict, (T, N) each: "displacement", and "bonds" of GlassBench.
    states
        Inherent and cage positions, as of `files.glassbench.Measured`.
    halves
        The displacement from the halves of the runs, (2, T, N); None where a file has no runs.
    predictions
        As of `files.glassbench.Measured`.
    """

    configuration: Configuration
    targets: Mapping[str, NDArray[np.float64]]
    states: Mapping[str, Configuration]
    halves: NDArray[np.float64] | None
    predictions: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Split:
    """Training and test files of one system at one temperature.

    Parameters
    ----------
    files
        The files of each of `SETS`, in the order of their numbers.
    digests
        SHA-256 of each file.
    model
    times
        In tau.
    targets
        Names of the quantities that all files have.
    states
        The states whose positions all files have.
    """

    files: Mapping[str, Sequence[Path]]
    digests: Mapping[Path, str]
    model: Model
    times: tuple[float, ...]
    targets: tuple[str, ...]
    states: tuple[str, ...]

    @property
    def all_files(self) -> list[Path]:
        """The test files, then the training files."""
        return [*self.files["test"], *self.files["train"]]

    def observe(self, path: Path) -> Observed:
        """Read a file."""
        return observe(path, self.times)


def observe(path: Path, times: Sequence[float]) -> Observed:
    """Read a file of GlassBench, or one of BOTAN, whose runs all end at the one time.

    Raises
    ------
    FileFormatError
        If the file is of neither layout.
    InputError
        If a file of BOTAN is to have several times.
    """
    if glassbench.recognizes(path):
        measured = glassbench.read_measured(path)
        targets = {"displacement": measured.displacement, "bonds": measured.bonds}
        return Observed(
            measured.configuration, targets, measured.states, None, measured.predictions
        )
    if len(times) != 1:
        botan.read(path)  # a file of neither layout is the first that is to be said
        raise InputError(
            f"times: expected the one time, in tau, at which the runs in {path} end (--time), got "
            f"{list(times)}"
        )
    configuration, propensity = botan.read_propensity(path, times[0])
    halves = propensity.halves if propensity.n_runs > 1 else None
    return Observed(configuration, {"displacement": propensity.mean}, {}, halves, {})


def find(folder: Path, most: Mapping[str, int | None]) -> dict[str, list[Path]]:
    """Return the files of both sets in the order of their numbers, at most `most` of each.

    Raises
    ------
    InputError
        If there are too few files or no such folders.
    """
    files = {}
    for name in SETS:
        if not (folder / name).is_dir():
            inside = {
                str(p.parents[1].relative_to(folder)) for p in folder.glob("*/**/train/*.npz")
            }
            known = f"; choose one of {', '.join(sorted(inside))} in it" if inside else ""
            raise InputError(
                f"folder: expected one with the folders train and test, got {folder}, which has no "
                f"{name}{known}"
            )
        n, least = most[name], FEWEST if name == "train" else 1
        if n is not None and (not is_whole(n) or n < least):
            raise InputError(f"n_{name}: expected a number from {least}, got {n!r}")
        found = sorted((folder / name).glob("*.npz"), key=_number)
        n = len(found) if n is None else int(n)
        if len(found) < max(least, n):
            raise InputError(
                f"{folder / name}: expected at least {max(least, n)} files .npz, got {len(found)}"
            )
        files[name] = found[:n]
    return files


def survey(
    folder: Path,
    *,
    n_train: int | None = None,
    n_test: int | None = None,
    times: Sequence[float] | None = None,
    temperature: float | None = None,
) -> Split:
    """Read all files once, and check that they belong together and to the model.

    Parameters
    ----------
    folder
        A folder with the folders train and test.
    n_train, n_test
        Number of files of each set to use, the first ones; default all.
    times
        Times of the targets, in tau; default those of GlassBench in three dimensions.
    temperature
        kT / eps; default that of the names of the files.

    Raises
    ------
    FileFormatError
        If a file cannot be read.
    ConfigurationError
        If a configuration cannot be one of the model.
    InputError
        If files are missing, equal or of different make, or times or temperature are not known.
    """
    files = find(folder, {"train": n_train, "test": n_test})
    first = files["train"][0]
    given = None
    if times is not None:
        given = tuple(map(real, np.atleast_1d(np.asarray(times, dtype=object)).tolist()))
    temperature = _temperature([*files["train"], *files["test"]], temperature)
    start = observe(first, given or (1.0,))
    model = _model(start.configuration.dimension, temperature)
    n_times = len(start.targets["displacement"])
    chosen = _times(given, model, n_times, start, first)
    kind = _kind(start)
    states = set(start.states)
    digests: dict[Path, str] = {}
    total = len(files["train"]) + len(files["test"])
    for path in each("check of the files", (p for name in SETS for p in files[name]), total):
        require_file(path)
        digest = sha256(path.read_bytes())
        if digest in digests.values():
            other = next(p for p, known in digests.items() if known == digest)
            raise InputError(f"{path}: expected another configuration than that of {other}")
        digests[path] = digest
        observed = observe(path, chosen)
        if _kind(observed) != kind:
            raise InputError(
                f"{path}: expected {_in_words(kind)}, as in {first}, got "
                f"{_in_words(_kind(observed))}"
            )
        states &= set(observed.states)
        if problem := examine(observed.configuration, model).problem:
            raise ConfigurationError(f"{path}: {problem}")
    in_order = tuple(state for state in glassbench.STATES if state in states)
    return Split(files, digests, model, chosen, tuple(start.targets), in_order)


def require_states(split: Split, needed: str) -> None:
    """Check that all files have the positions of a state.

    Raises
    ------
    InputError
        If one has not; the message says how many of the first have them.
    """
    if needed in split.states:
        return
    for name in SETS:
        for n, path in enumerate(split.files[name]):
            if needed not in split.observe(path).states:
                advice = f"; the first {n} have them: --{name} {n}" if n >= FEWEST else ""
                raise InputError(
                    f"cage: expected the {needed} positions in all files, got none in {path}"
                    f"{advice}"
                )


def _number(path: Path) -> tuple[int, str]:
    match = _NAME.search(path.name)
    return (int(match[2]) if match else -1, path.name)


def _temperature(files: Sequence[Path], given: float | None) -> float:
    if given is not None:
        within("temperature", given, 0, np.inf)
        return float(given)
    named = {match[1] for path in files if (match := _NAME.search(path.name))}
    if len(named) != 1:
        found = f"those of {', '.join(sorted(named))}" if named else "none"
        raise InputError(
            f"temperature: expected one in the names of the files, as N4096T0.44_1.npz, got {found}"
            f" in {files[0].parent}; state it (temperature=, --temperature)"
        )
    return float(named.pop())


def _model(dimension: int, temperature: float) -> Model:
    temperature = EXACT.get((dimension, temperature), temperature)
    density = glassbench.NUMBER_DENSITIES[dimension]
    make = kob_andersen if dimension == 3 else kob_andersen_2d_ternary
    return make(temperature=temperature, number_density=density)


def _times(
    given: tuple[float, ...] | None, model: Model, n: int, start: Observed, first: Path
) -> tuple[float, ...]:
    """Return the times of the targets: those that are given, or those of GlassBench."""
    times = given
    if times is None and start.halves is None and model.dimension == 3:
        known = published.times(model.temperature)
        times = known if len(known) == n else None
    if times is None or len(times) != n:
        got = "none" if times is None else str(list(times))
        raise InputError(
            f"times: expected {n} in tau, one for each in {first} (times=, --time), got {got}"
        )
    if not (np.isfinite(times).all() and times[0] > 0 and (np.diff(times) > 0).all()):
        raise InputError(f"times: expected increasing positive times, got {list(times)}")
    return times


def _kind(observed: Observed) -> tuple[int, int, int, tuple[str, ...]]:
    targets = tuple(observed.targets)
    configuration = observed.configuration
    n_times = len(observed.targets[targets[0]])
    return configuration.dimension, len(configuration), n_times, targets


def _in_words(kind: tuple[int, int, int, tuple[str, ...]]) -> str:
    dimension, n, n_times, targets = kind
    return f"{n} particles in {dimension} dimensions, {' and '.join(targets)} at {n_times} times"
