"""Numbers of the page on short runs."""

import dataclasses
import re
import tomllib

from cagebreak.study.recipe.end_descriptor import DESCRIBED, LAST
from cagebreak.study.recipe.hybrid_section import FOLDS, Hybrid
from support.claims import holds
from support.paths import ROOT

DOCUMENT = ROOT / "docs/how-much-simulation.md"
GIVEN = ["a perfect prediction has r = 1"]  # the definition of r


def computed():
    text = DOCUMENT.read_text("utf-8")
    section, with_ends = re.findall(r"```toml\n(\[hybrid\].*?)```", text, re.DOTALL)
    defaults = dataclasses.asdict(Hybrid.default())
    shown = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in tomllib.loads(section)["hybrid"].items()
    }
    # A key that may be left out is shown apart.
    assert defaults.pop("ends") is None
    yield holds("A recipe may say what the short runs are", shown == defaults)
    described = tomllib.loads(with_ends)["hybrid"]
    known = described.keys() == {*defaults, "ends"} and described["ends"] in DESCRIBED
    yield holds("A study describes the ends if its recipe asks for them", known)
    yield f"generations 0 to {LAST}, with its scalars"
    yield f"Alkemade 2022 of the positions as they are, generations 0 to {LAST}"
    yield holds("four outer folds or more are needed", FOLDS == 4)
