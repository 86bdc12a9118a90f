"""The commented file that describes a SLURM job to dask-jobqueue."""

import json
import shlex
import sys
from pathlib import Path

_TEMPLATE = """\
# How `cagebreak run --engine slurm` submits jobs. dask-jobqueue reads this file from
# ~/.config/dask/jobqueue.yaml, or from the folder that the variable DASK_CONFIG names.
# Look through every line; `sinfo` lists partitions, `sacctmgr show assoc user=$USER` accounts.

jobqueue:
  slurm:
    queue: null                 # partition; null is SLURM's default; --address names another
    account: null               # account that is charged; null is your default
    walltime: "04:00:00"        # of a job, longer than the longest unit: cagebreak plan RECIPE
    memory: 2GB                 # of a job, for all its workers; see `sacct -o MaxRSS`

    # Workers of a job, one core each: as many as a node has cores, if nodes are given as a whole.
    processes: 1

    # Lines of the job's script before its workers start: modules, environment. The Python of
    # the workers is the one that wrote this file, and must exist on the nodes.
    python: {python}
    job-script-prologue: []
    #  - module load gcc
    #  - export NUMBA_CACHE_DIR=$HOME/.cache/cagebreak   # where the package's folder is read-only

    # Further lines of SLURM.
    job-extra-directives: []
    #  - "--constraint=avx512"
    #  - "--nice=100"

    log-directory: {logs}       # what workers say; the folder must exist
    local-directory: /tmp       # scratch of workers, on the node
    interface: null             # network between nodes and this one, e.g. ib0; `ip addr` lists them
    death-timeout: 300          # seconds after which a worker that finds no scheduler ends

distributed:
  adaptive:
    # There are as many jobs as there are units to do, at most --workers. A job without a unit ends
    # after so many seconds; SLURM gets it back before the last units are done.
    wait-count: 120
"""


def slurm_file() -> str:
    """Return the text of a configuration file of dask-jobqueue, for the Python that runs."""
    # A string of JSON is one of YAML. Jobs are scripts of a shell, which split a path at spaces.
    python, logs = map(json.dumps, (shlex.quote(sys.executable), str(Path.home())))
    return _TEMPLATE.format(python=python, logs=logs)
