"""Numbers of `docs/start.md`."""

import tomllib

from cagebreak.bootstrap import interval
from support.claims import default
from support.paths import ROOT

DOCUMENT = ROOT / "docs/start.md"
GIVEN = []


def computed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    yield f"Python {project['requires-python'].removeprefix('>=')} or newer"
    yield f"`low` and `high` are its {100 * default(interval, 'confidence'):g} % interval"
