"""Training a network for all targets at once: Adam, the best epoch of each, stopping, resuming.

Nothing random is drawn here: what an epoch does follows from its number, so that a run that was
stopped goes on with the same bits.
"""

import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cagebreak.errors import InputError
from cagebreak.learning import _hdf5
from cagebreak.learning._validation import Floats, Integers
from cagebreak.learning.neural_network._base import State
from cagebreak.learning.neural_network._torch import torch

CHECKPOINT_SECONDS = 20.0
"""Between two writings of a checkpoint (chosen: small beside an epoch of a graph network)."""


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to train; see the estimators for the parameters."""

    epochs: int
    patience: int
    learning_rate: float
    alpha: float
    checkpoint: Path | None
    progress: bool

    def __post_init__(self) -> None:
        for name in ("epochs", "patience"):
            if getattr(self, name) < 1:
                raise InputError(f"{name}: expected a number from 1, got {getattr(self, name)!r}")
        if not 0 < self.learning_rate < np.inf:
            raise InputError(f"learning_rate: expected more than 0, got {self.learning_rate!r}")
        if not 0 <= self.alpha < np.inf:
            raise InputError(f"alpha: expected a number from 0, got {self.alpha!r}")


class Trained(NamedTuple):
    """What a training has found."""

    states: list[State]
    """The parameters after each epoch that is the best of some target."""
    state_of_target: Integers
    """(T,)"""
    best_epoch: Integers
    """(T,), from 0."""
    validation: Floats
    """(E, T), r after each epoch."""
    watched: Floats
    """(E, T), r on the rows that are watched only; (E, 0) if there are none."""
    earlier_seconds: float
    """CPU time that earlier processes spent, of which the checkpoint knows."""


def train(
    module: torch.nn.Module,
    batches: Callable[[int], Iterable[Iterable[torch.Tensor]]],
    correlations: Callable[[], tuple[Floats, Floats]],
    schedule: Schedule,
) -> Trained:
    """Train a module and keep, for each target, its parameters after the best epoch.

    Parameters
    ----------
    module
        Its parameters are changed.
    batches
        The batches of an epoch; each is one loss after the other, whose gradients are added before
        a step is taken, so that only one of them is in memory.
    correlations
        r on the validation rows, (T,), and on those that are watched, (T,) or (0,).
    schedule

    Notes
    -----
    A target whose r has not risen for `patience` epochs is finished: its best epoch stands. The
    training ends when all are.
    """
    optimizer = torch.optim.Adam(
        module.parameters(), lr=schedule.learning_rate, weight_decay=schedule.alpha, fused=True
    )
    course = _Course(schedule.patience)
    if schedule.checkpoint is not None and schedule.checkpoint.exists():
        course = _resume(schedule, module, optimizer)
    earlier, began = course.seconds, time.process_time()
    first, started = course.epoch, time.monotonic()
    written = started
    while course.epoch < schedule.epochs and not course.finished:
        module.train()
        for batch in batches(course.epoch):
            optimizer.zero_grad()
            for loss in batch:
                loss.backward()
            optimizer.step()
        module.eval()
        with torch.no_grad():
            course.add(*correlations(), module)
        course.seconds = earlier + time.process_time() - began
        if schedule.progress:
            each = (time.monotonic() - started) / (course.epoch - first)
            _show(course, schedule.epochs, each * (schedule.epochs - course.epoch))
        if schedule.checkpoint is not None and time.monotonic() - written > CHECKPOINT_SECONDS:
            _write(schedule.checkpoint, course, module, optimizer)
            written = time.monotonic()
    if schedule.checkpoint is not None:
        _write(schedule.checkpoint, course, module, optimizer)
    if schedule.progress and sys.stderr.isatty():
        print(file=sys.stderr)
    epochs = sorted(course.states)
    return Trained(
        [course.states[epoch] for epoch in epochs],
        np.searchsorted(epochs, course.best_epoch),
        course.best_epoch,
        np.array(course.validation),
        np.array(course.watched),
        earlier,
    )


class _Course:
    """How the training has gone so far: r after each epoch, and the best states."""

    def __init__(self, patience: int) -> None:
        self.patience = patience
        self.validation: list[Floats] = []
        self.watched: list[Floats] = []
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
        """True if no target has risen lately."""
        return self.epoch > 0 and not self._goes_on().any()

    def add(self, validation: Floats, watched: Floats, module: torch.nn.Module) -> None:
        """Note the r after an epoch, and keep the module's state if it is some target's best."""
        r = np.where(np.isfinite(validation), validation, -np.inf)
        if self.epoch == 0:
            self.best, self.best_epoch = r.copy(), np.zeros(len(r), np.int64)
            better = np.ones(len(r), bool)
        else:
            better = (r > self.best) & self._goes_on()
        self.best[better], self.best_epoch[better] = r[better], self.epoch
        if better.any():
            self.states[self.epoch] = _state(module)
            self.states = {e: state for e, state in self.states.items() if e in self.best_epoch}
        self.validation.append(validation)
        self.watched.append(watched)

    def _goes_on(self) -> np.ndarray:
        return self.epoch - 1 - self.best_epoch < self.patience


def _state(module: torch.nn.Module) -> State:
    return {
        name: value.detach().cpu().numpy().copy() for name, value in module.state_dict().items()
    }


def load_state(module: torch.nn.Module, state: State) -> None:
    """Give a module the parameters of a state."""
    module.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})


def _write(
    path: Path, course: _Course, module: torch.nn.Module, optimizer: torch.optim.Adam
) -> None:
    arrays = {
        "validation": np.array(course.validation),
        "watched": np.array(course.watched),
        "best": course.best,
        "best_epoch": course.best_epoch,
        "seconds": np.array(course.seconds),
    }
    for epoch, state in course.states.items():
        arrays |= {f"states/{epoch}/{name}": value for name, value in state.items()}
    arrays |= {f"module/{name}": value for name, value in _state(module).items()}
    for i, of_parameter in optimizer.state_dict()["state"].items():
        arrays |= {f"adam/{i}/{name}": value.cpu().numpy() for name, value in of_parameter.items()}
    _hdf5.write(path, "training", {}, arrays)


def _resume(schedule: Schedule, module: torch.nn.Module, optimizer: torch.optim.Adam) -> _Course:
    assert schedule.checkpoint is not None
    _, arrays = _hdf5.read(schedule.checkpoint, "training")
    course = _Course(schedule.patience)
    course.validation, course.watched = list(arrays["validation"]), list(arrays["watched"])
    course.best, course.best_epoch = arrays["best"], arrays["best_epoch"]
    course.seconds = float(arrays["seconds"])
    adam: dict[int, dict[str, torch.Tensor]] = {}
    now: State = {}
    for name, value in arrays.items():
        match name.split("/", 2):
            case ["states", epoch, key]:
                course.states.setdefault(int(epoch), {})[key] = value
            case ["adam", i, key]:
                adam.setdefault(int(i), {})[key] = torch.as_tensor(value)
            case ["module", key]:
                now[key] = value
    load_state(module, now)
    optimizer.load_state_dict(optimizer.state_dict() | {"state": adam})
    return course


def _show(course: _Course, epochs: int, seconds_left: float) -> None:
    """Say on a terminal, and nowhere else, how far it is."""
    if sys.stderr.isatty():
        text = (
            f"epoch {course.epoch} of at most {epochs}, validation r {course.best.mean():.3f}, "
            f"at most {seconds_left:.0f} s left"
        )
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
