"""Numbers of the sets of the papers."""

import numpy as np

import cagebreak as cb
from cagebreak.descriptors import papers, select
from support.claims import printed
from support.paths import ROOT

DOCUMENT = ROOT / "docs/descriptors/papers.md"
SETS = (papers.alkemade2022, papers.boattini2021)
# Names of the rows, and the width of their shells.
ROWS = {"radial, inner": 0.025, "radial, middle": 0.05, "radial, outer": 0.1}
GIVEN = []


def ends(r):
    """Return both ends of shells as an interval; open where the shells before it end."""
    begin = r[0] if len(r) in (46, 60, 16) else r[0] - (r[1] - r[0])
    left = "[" if begin == r[0] else "("
    return f"{left}{begin:.3g}, {r[-1]:.1f}]".replace("(2,", "(2.0,").replace("(3,", "(3.0,")


def n_radial(model, of):
    return len(select(of(model, generations=0).labels(), kind="radial"))


def bodies(model):
    """Return the numbers of columns of 2, 3 and 4 bodies of the cluster expansion."""
    columns = cb.papers.rottler2024(model, 2.5).labels().body
    return " + ".join(str(np.count_nonzero(columns == body)) for body in np.unique(columns))


def computed():
    mixture, hard = cb.kob_andersen(), cb.hard_spheres()
    labels = [of(mixture, generations=0).labels() for of in SETS]
    for name, width in ROWS.items():
        cells = []
        for each in labels:
            shells = each[select(each, kind="radial", species="A", width=width)].r
            cells.append(f"{len(shells)} in {ends(shells)}")
        yield f"| {name} | {width:g} | {cells[0]} | {cells[1]}"
    yield (
        f"| radial, two species | | {n_radial(mixture, SETS[0])} | {n_radial(mixture, SETS[1])}; "
        f"hard spheres {n_radial(hard, SETS[1])} |"
    )
    angular = [each[select(each, kind="angular")] for each in labels]
    shells = np.unique(angular[0].r)
    (width,) = set(angular[0].width)
    yield (
        f"| angular, l = {angular[0].l.min()}..{angular[0].l.max()} | {printed(width)} | "
        f"{len(shells)} in [{shells[0]:.1f}, {shells[-1]:.1f}]: {len(angular[0])} | "
        f"{len(angular[1])} |"
    )
    whole = papers.alkemade2022(mixture).labels()
    first, middle, last = sorted(set(whole.generation))
    yield (
        f"Generations {first}, {middle} and {last} of `alkemade2022` have {len(whole)} columns. "
        "The papers"
    )
    yield f"`boattini2021` with r_c = {papers.alkemade2023(mixture).r_c:.1f} for Kob-Andersen"
    chains = papers.rottler2024(cb.fene_polymer(), 2.5)
    of_two = papers.rottler2024(mixture, 2.5)
    found = of_two.labels().body
    yield f"of {found.min()} to {found.max()} bodies: for one species"
    yield (
        f"n_max = {chains.n_max} and degree {chains.degree} ({bodies(cb.fene_polymer())} columns), "
        f"for mixtures {of_two.n_max} and {of_two.degree} (of two species {bodies(mixture)})"
    )
    yield f"Voronoi cells: {len(papers.jung2023(mixture).labels())} columns"
