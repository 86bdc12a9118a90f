"""Training of a network for all targets at once: Adam, best epochs, stopping and resuming.

No random number is drawn here. An epoch follows from its number, so that a training that was
stopped resumes with the same bits.
"""

import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cagebreak._hdf5 import UNREADABLE
from cagebreak._progress import on_terminal
from cagebreak.errors import FileFormatError, InputError
from cagebreak.learning import _hdf5
from cagebreak.learning._validation import Floats, Integers
from cagebreak.learning.neural_network._base import State
from cagebreak.learning.neural_network._torch import torch

CHECKPOINT_SECONDS = 20.0
"""Time between two checkpoints (chosen: short compared with an epoch of a graph network)."""


@dataclass(frozen=True)
class Schedule:
    """Length and steps of a training; the parameters are those of the estimators."""

    epochs: int
    patience: int
    learning_rate: float
    alpha: float
    checkpoint: Path | None
    progress: bool

    def __post_init__(self) -> None:
        for name, value in (("epochs", self.epochs), ("patience", self.patience)):
            if value < 1:
                raise InputError(f"{name}: expected a number from 1, got {value!r}")
        if not 0 < self.learning_rate < np.inf:
            raise InputError(f"learning_rate: expected more than 0, got {self.learning_rate!r}")
        if not 0 <= self.alpha < np.inf:
            raise InputError(f"alpha: expected a number from 0, got {self.alpha!r}")


class Trained(NamedTuple):
    """The result of a training."""

    states: list[State]
    """The parameters after each epoch that is the best of a target."""
    state_of_target: Integers
    """(T,)"""
    best_epoch: Integers
    """(T,), from 0."""
    validation: Floats
    """(E, T), r after each epoch."""
    eval_scores: Floats
    """(E, T), r on the rows of `eval_set` after each epoch; (E, 0) without."""
    earlier_seconds: float
    """CPU time that earlier processes spent, from the checkpoint."""


def train(
    module: torch.nn.Module,
    batches: Callable[[int], Iterable[Iterable[torch.Tensor]]],
    correlations: Callable[[], tuple[Floats, Floats]],
    schedule: Schedule,
    kept_epochs: Integers | None = None,
) -> Trained:
    """Train a module and keep, for each target, its parameters after the best epoch.

    Parameters
    ----------
    module
        Its parameters are changed.
    batches
        The batches of an epoch. Each yields one loss after the other; their gradients are added
        before the step, so that only one graph of a loss is in memory.
    correlations
        r on the validation rows, (T,), and on those of `eval_set`, (T,) or (0,).
    schedule
    kept_epochs
        The epoch, from 0, whose parameters are kept for each target, (T,), in place of the best
        one. The training ends after the last of them.

    Notes
    -----
    A target whose r has not risen for `patience` epochs is finished and keeps its best epoch. The
    training ends when all targets are finished.
    """
    optimizer = torch.optim.Adam(
        module.parameters(), lr=schedule.learning_rate, weight_decay=schedule.alpha, fused=True
    )
    history = _History(schedule.patience, kept_epochs)
    if schedule.checkpoint is not None and schedule.checkpoint.exists():
        _resume(history, schedule.checkpoint, module, optimizer)
    earlier, began = history.seconds, time.process_time()
    first, started = history.epoch, time.monotonic()
    written = started
    while history.epoch < schedule.epochs and not history.finished:
        module.train()
        for batch in batches(history.epoch):
            optimizer.zero_grad()
            for loss in batch:
                loss.backward()
            optimizer.step()
        module.eval()
        with torch.no_grad():
            history.add(*correlations(), module)
        history.seconds = earlier + time.process_time() - began
        if schedule.progress:
            of_epoch = (time.monotonic() - started) / (history.epoch - first)
            _show(history, schedule.epochs, of_epoch * (schedule.epochs - history.epoch))
        if schedule.checkpoint is not None and time.monotonic() - written > CHECKPOINT_SECONDS:
            _write(schedule.checkpoint, history, module, optimizer)
            written = time.monotonic()
    if schedule.checkpoint is not None:
        _write(schedule.checkpoint, history, module, optimizer)
    if schedule.progress and on_terminal():
        print(file=sys.stderr)
    epochs = sorted(history.states)
    return Trained(
        [history.states[epoch] for epoch in epochs],
        np.searchsorted(epochs, history.best_epoch),
        history.best_epoch,
        np.array(history.validation),
        np.array(history.eval_scores),
        earlier,
    )


class _History:
    """The history of a training: r after each epoch, and the states that are kept."""

    def __init__(self, patience: int, kept_epochs: Integers | None = None) -> None:
        self.patience = patience
        self.kept_epochs = kept_epochs
        self.validation: list[Floats] = []
        self.eval_scores: list[Floats] = []
        self.best = np.zeros(0)
        self.best_epoch = np.zeros(0, np.int64)
        self.states: dict[int, State] = {}
        self.seconds = 0.0  # CPU time, of all processes

    @property
    def epoch(self) -> int:
        """The number of epochs done."""
        return len(self.validation)

    @property
    def finished(self) -> bool:
        """True if no target has risen for `patience` epochs, or all states are there."""
        if self.kept_epochs is not None:
            return self.epoch > self.kept_epochs.max()
        return self.epoch > 0 and not self._unfinished().any()

    def add(self, validation: Floats, eval_scores: Floats, module: torch.nn.Module) -> None:
        """Record the r after an epoch, and keep the state of the module if best for a target."""
        r = np.where(np.isfinite(validation), validation, -np.inf)
        if self.kept_epochs is not None:
            self.best, self.best_epoch = r, self.kept_epochs
            better = self.kept_epochs == self.epoch
        elif self.epoch == 0:
            self.best, self.best_epoch = r.copy(), np.zeros(len(r), np.int64)
            better = np.ones(len(r), bool)
        else:
            better = (r > self.best) & self._unfinished()
        self.best = np.where(better, r, self.best)
        self.best_epoch = np.where(better, self.epoch, self.best_epoch)
        if better.any():
            self.states[self.epoch] = _state(module)
            self.states = {e: state for e, state in self.states.items() if e in self.best_epoch}
        self.validation.append(validation)
        self.eval_scores.append(eval_scores)

    def _unfinished(self) -> np.ndarray:
        return self.epoch - 1 - self.best_epoch < self.patience


def _state(module: torch.nn.Module) -> State:
    return {
        name: value.detach().cpu().numpy().copy() for name, value in module.state_dict().items()
    }


def load_state(module: torch.nn.Module, state: State) -> None:
    """Give a module the parameters of a state.

    Raises
    ------
    FileFormatError
        If they are those of another module.
    """
    try:
        module.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})
    except (RuntimeError, TypeError) as error:
        raise FileFormatError(
            f"{type(module).__name__}: expected parameters as in the file of a whole network, "
            f"got others ({error})"
        ) from error


def _write(
    path: Path, history: _History, module: torch.nn.Module, optimizer: torch.optim.Adam
) -> None:
    arrays = {
        "validation": np.array(history.validation),
        "eval_scores": np.array(history.eval_scores),
        "best": history.best,
        "best_epoch": history.best_epoch,
        "seconds": np.array(history.seconds),
    }
    for epoch, state in history.states.items():
        arrays |= {f"states/{epoch}/{name}": value for name, value in state.items()}
    arrays |= {f"module/{name}": value for name, value in _state(module).items()}
    for i, of_parameter in optimizer.state_dict()["state"].items():
        arrays |= {f"adam/{i}/{name}": value.cpu().numpy() for name, value in of_parameter.items()}
    _hdf5.write(path, "training", {"name": path.name}, arrays)


def _resume(
    history: _History, path: Path, module: torch.nn.Module, optimizer: torch.optim.Adam
) -> None:
    """Set history, module and optimizer from a checkpoint."""
    about, arrays = _hdf5.read(path, "training")
    # Checkpoints of earlier releases do not state their name.
    if about.get("name", path.name) != path.name:
        raise FileFormatError(f"{path}: it is that of another training, {about['name']}")
    try:
        _restore(history, arrays, module, optimizer)
    except UNREADABLE as error:
        raise FileFormatError(
            f"{path}: expected the checkpoint of this training, whole ({error}); "
            "remove it to train anew"
        ) from error


def _restore(
    history: _History,
    arrays: Mapping[str, np.ndarray],
    module: torch.nn.Module,
    optimizer: torch.optim.Adam,
) -> None:
    """Set history, module and optimizer from the arrays of a checkpoint."""
    # Checkpoints of earlier releases call it `watched`.
    eval_scores = arrays["watched"] if "watched" in arrays else arrays["eval_scores"]
    history.validation, history.eval_scores = list(arrays["validation"]), list(eval_scores)
    history.best, history.best_epoch = arrays["best"], arrays["best_epoch"]
    history.seconds = float(arrays["seconds"])
    adam: dict[int, dict[str, torch.Tensor]] = {}
    now: State = {}
    for name, value in arrays.items():
        match name.split("/", 2):
            case ["states", epoch, key]:
                history.states.setdefault(int(epoch), {})[key] = value
            case ["adam", i, key]:
                adam.setdefault(int(i), {})[key] = torch.as_tensor(value)
            case ["module", key]:
                now[key] = value
    load_state(module, now)
    optimizer.load_state_dict(optimizer.state_dict() | {"state": adam})


def _show(history: _History, epochs: int, seconds_left: float) -> None:
    """Show the progress, on a terminal only."""
    if on_terminal():
        text = (
            f"epoch {history.epoch} of at most {epochs}, validation r {history.best.mean():.3f}, "
            f"at most {seconds_left:.0f} s left"
        )
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
