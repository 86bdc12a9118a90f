"""The cost of a study in time and disk space, estimated before it runs."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numba
from threadpoolctl import threadpool_limits

from cagebreak.configuration import Configuration
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.run.progress import show_step
from cagebreak.study.stages.stages import STAGES, open_store, stages_of, units
from cagebreak.study.stages.trial import Trial


@dataclass(frozen=True)
class StagePlan:
    """The cost of a stage.

    Parameters
    ----------
    stage
    total
        Number of units.
    left
        Number of units that are not done.
    seconds
        Time of one unit on one core.
    n_bytes
        Size of the file of one unit.
    timed
        Whether `seconds` is the mean of finished units of this study; otherwise it was measured
        for the plan.
    """

    stage: str
    total: int
    left: int
    seconds: float
    n_bytes: int
    timed: bool = False


@dataclass(frozen=True)
class Plan:
    """The cost of a study on this machine.

    Parameters
    ----------
    stages
        Costs of the stages, in their order.
    workers
        Number of cores that the study will run on.
    disk_free
        Free bytes on the disk of the results.
    """

    stages: tuple[StagePlan, ...]
    workers: int
    disk_free: int

    @property
    def core_seconds(self) -> float:
        """Core-seconds of the units that are not done."""
        return sum(stage.left * stage.seconds for stage in self.stages)

    @property
    def seconds(self) -> float:
        """Seconds on all cores, at least those of units that wait for each other."""
        until: dict[str, float] = {}
        for stage in self.stages:
            needed = (until[name] for name in STAGES[stage.stage].needs)
            until[stage.stage] = max(needed, default=0.0) + stage.seconds * bool(stage.left)
        return max([self.core_seconds / self.workers, *until.values()])

    @property
    def n_bytes(self) -> int:
        """Bytes of the units that are not done."""
        return sum(stage.left * stage.n_bytes for stage in self.stages)


def make_plan(
    recipe: Recipe,
    left: Mapping[str, int],
    configuration: Configuration | None,
    workers: int,
    timed: Mapping[str, float],
    progress: bool = True,
) -> Plan:
    """Return the cost of a study; a stage without finished units is measured on this machine.

    Parameters
    ----------
    recipe
    left
        Number of units of each stage that are not done.
    configuration
        An equilibrated configuration to measure on; None if there is none yet. See `Trial`.
    workers
        Number of cores that the study will run on.
    timed
        Mean seconds of a unit, for the stages that have finished units.
    progress
        Whether to say what is measured.
    """
    missing = [name for name in left if name not in timed]
    with show_step(progress) as report:
        seconds = dict(timed) | _measured(recipe, missing, configuration, report)
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


def _measured(
    recipe: Recipe,
    names: Sequence[str],
    configuration: Configuration | None,
    report: Callable[[str], None],
) -> dict[str, float]:
    """Measure the seconds that a unit of some stages takes on one thread, as in a study."""
    if not names or (recipe.imported and configuration is None):
        return dict.fromkeys(names, 0.0)
    seconds: dict[str, float] = {}
    numba.set_num_threads(1)
    with threadpool_limits(limits=1):
        # A rehearsal compiles kernels, or loads them: no study waits for that at every unit.
        for rehearsal in (True, False):
            with TemporaryDirectory(prefix="cagebreak-plan-") as folder:
                report("kernels" if rehearsal else "preparation")
                trial = Trial(recipe, Path(folder), open_store, configuration, rehearsal)
                for name in names:
                    report("kernels" if rehearsal else name)
                    seconds[name] = trial.scale * STAGES[name].seconds(trial)
    return seconds


def _existing(path: Path) -> Path:
    path = path.resolve()
    return path if path.exists() else _existing(path.parent)
