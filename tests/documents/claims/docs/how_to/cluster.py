"""Numbers of the page on clusters."""

from cagebreak.study.run.dask_cluster import _PATIENCE_WITH_JOBS
from support.claims import holds
from support.paths import ROOT

DOCUMENT = ROOT / "docs/cluster.md"
GIVEN: list[str] = []


def computed():
    # A worker is retired after so many seconds: Dask looks once a second.
    seconds = _PATIENCE_WITH_JOBS["distributed"]["adaptive"]["wait-count"]
    yield holds("A job without units ends after two minutes", seconds == 120)
