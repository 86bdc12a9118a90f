"""Numbers of the page of Rottler and Ortner 2024."""

from support.claims import table
from support.paths import ROOT

DOCUMENT = ROOT / "docs/papers/rottler2024.md"
# Rottler and Ortner 2024: simulation details, caption of figure 4.
GIVEN = ["The paper has 30 runs of one liquid, or 30 glasses, of each model."]


def computed():
    (r_cut,) = set(table(ROOT / "results/rottler2024/distribution.csv").r_cut)
    yield f"first six radial functions, r_cut = {r_cut:g}"
    yield f"distributions of the first radial descriptor, r_cut = {r_cut:g}"
