"""Learning from structure and the mean motion of a few short runs together."""

from cagebreak.learning.short_runs.end_fits import EndFits
from cagebreak.learning.short_runs.held_out_particles import (
    LEAST_FOLDS,
    HeldOutSample,
    features_of,
    held_out_particles,
)
from cagebreak.learning.short_runs.held_out_samples import from_halves, with_own_runs
from cagebreak.learning.short_runs.run_collection import (
    EndColumns,
    RunCollection,
    RunSample,
    collect_runs,
)
from cagebreak.learning.short_runs.run_ridge import (
    HeldOutRuns,
    Inputs,
    RunRidge,
    held_out_runs,
)

__all__ = [
    "LEAST_FOLDS",
    "EndColumns",
    "EndFits",
    "HeldOutRuns",
    "HeldOutSample",
    "Inputs",
    "RunCollection",
    "RunRidge",
    "RunSample",
    "collect_runs",
    "features_of",
    "from_halves",
    "held_out_particles",
    "held_out_runs",
    "with_own_runs",
]
