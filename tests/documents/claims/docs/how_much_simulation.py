"""Numbers of the page on short runs."""

import dataclasses
import re
import tomllib

from cagebreak.study.recipe.hybrid_section import Hybrid
from support.claims import holds
from support.paths import ROOT

DOCUMENT = ROOT / "docs/how-much-simulation.md"
GIVEN = ["a perfect prediction has r = 1"]  # the definition of r


def computed():
    (section,) = re.findall(r"```toml\n(\[hybrid\].*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    defaults = dataclasses.asdict(Hybrid.default())
    shown = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in tomllib.loads(section)["hybrid"].items()
    }
    yield holds("A recipe may say what the short runs are", shown == defaults)
