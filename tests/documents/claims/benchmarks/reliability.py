"""Numbers of the scripts that try to break studies."""

from support.claims import table
from support.paths import ROOT

DOCUMENT = ROOT / "benchmarks/reliability/README.md"
TABLES = ROOT / "docs/reliability"
GIVEN = []


def computed():
    schedule = table(TABLES / "schedule.csv").set_index("what")
    yield f"schedules {schedule.units['pool']:,} units that do nothing"
    workers = {
        int(table(TABLES / f"{name}.csv").workers[0]) for name in ("cluster", "cluster_dask")
    }
    (n,) = workers
    yield f"keeps {n} workers at work"
