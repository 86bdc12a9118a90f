"""What a study will cost, before anything is spent."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numba
from threadpoolctl import threadpool_limits

from cagebreak.configuration import Configuration
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.stages import stages_of, units
from cagebreak.study.stages.trial import Trial


@dataclass(frozen=True)
class StagePlan:
    """What a stage costs: units, those left to do, seconds of one core and bytes of a unit.

    `timed` says that the seconds are what units of this study took, not a measurement made now.
    """

    stage: str
    total: int
    left: int
    seconds: float
    n_bytes: int
    timed: bool = False


@dataclass(frozen=True)
class Plan:
    """What a study costs on this machine.

    Parameters
    ----------
    stages
        In their order.
    workers
        Cores it will run on.
    disk_free
        Bytes free where the results go.
    """

    stages: tuple[StagePlan, ...]
    workers: int
    disk_free: int

    @property
    def core_seconds(self) -> float:
        """Seconds of one core that are left to spend."""
        return sum(stage.left * stage.seconds for stage in self.stages)

    @property
    def n_bytes(self) -> int:
        """Bytes that are left to write."""
        return sum(stage.left * stage.n_bytes for stage in self.stages)


def make_plan(
    recipe: Recipe,
    left: Mapping[str, int],
    configuration: Configuration | None,
    workers: int,
    timed: Mapping[str, float],
) -> Plan:
    """Measure on this machine what a unit of each stage costs, unless it is known.

    Parameters
    ----------
    recipe
    left
        Units of each stage that are not done.
    configuration
        An equilibrated one, if there is one; see `Trial`.
    workers
        Cores the study will run on.
    timed
        Seconds that units of some stages took.
    """
    seconds = dict(timed)
    if not set(left) <= set(timed):
        seconds = _measured(recipe, configuration) | seconds
    stages = tuple(
        StagePlan(
            name,
            total=len(units(recipe, stage)),
            left=left[name],
            seconds=seconds[name],
            n_bytes=stage.n_bytes(recipe),
            timed=name in timed,
        )
        for name, stage in stages_of(recipe).items()
    )
    return Plan(stages, workers, shutil.disk_usage(_existing(recipe.folder)).free)


def _measured(recipe: Recipe, configuration: Configuration | None) -> dict[str, float]:
    """Return the seconds that a unit of each stage takes, on one thread as in a study."""
    stages = stages_of(recipe)
    if recipe.imported and configuration is None:
        return dict.fromkeys(stages, 0.0)
    numba.set_num_threads(1)
    with threadpool_limits(limits=1):
        trial = Trial(recipe, configuration)
        return {name: trial.scale * stage.seconds(trial) for name, stage in stages.items()}


def _existing(path: Path) -> Path:
    path = path.resolve()
    return path if path.exists() else _existing(path.parent)
