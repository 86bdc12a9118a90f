"""Numbers of pretrained models and data sets."""

import runpy

import cagebreak as cb
from cagebreak.potentials import match
from cagebreak.study.analysis import training_range
from cagebreak.study.analysis.model_file import CAGE_STATES
from cagebreak.study.recipe.recipe import Recipe
from support.claims import holds, row, table
from support.paths import ROOT
from support.study_claims import WORDS

DOCUMENT = ROOT / "docs/pretrained.md"
DATASETS = ROOT / "datasets"
GIVEN = [
    "with its 95 % interval",  # as all intervals
    "the propensity of A particles at 2.8 tau with r = 0.76",  # tests/study/test_pretrained.py
    "and from four with r = 0.79",  # measured
    # Measured: CPU time of the process and of its first thread, with an empty cache of Numba.
    "takes 87 s of CPU time, of which all but 16 s use two cores",
    "about 52 s on two free ones",
    "One cage state is what a study describes",
]


def of_cage_states():
    """Yield what is said of the number of cage states."""
    everything = table(ROOT / "docs/pretrained/cage_states.csv")
    for name, text in {
        "kob-andersen-044": "`kob-andersen-044` at {:.1f} tau r is {:.3f} from one and {:.3f} from",
        "wahnstrom-065": "`wahnstrom-065` at {:.2f} tau {:.3f} and {:.3f}",
    }.items():
        one, four = (row(everything, dataset=name, cage_states=n) for n in (1, CAGE_STATES))
        yield text.format(one.time, one.r, four.r)
    measured = everything[everything.dataset == "kob-andersen-050"]
    most, (time,) = measured.cage_states.max(), measured.time.unique()
    yield f"averaged over {WORDS[CAGE_STATES]} cage states"
    yield f"More than {WORDS[CAGE_STATES]} gain little"
    yield holds("Two of the configurations", measured.configuration.nunique() == 2)
    yield f"with {WORDS[most]} cage states"
    yield f"choices from the {WORDS[most]}"
    yield f"of the A particles at {time:.1f} tau"
    n = Recipe.read(DATASETS / "kob-andersen-050/ka050.toml").preparation.n_particles
    yield f"of the prediction for {n} particles"
    for number, of_number in measured.groupby("cage_states"):
        if number != 5:
            low, high = of_number.lowest.min(), of_number.highest.max()
            r, seconds = of_number.r.mean(), of_number.seconds.mean()
            yield f"| {number} | {r:.3f} | {low:.3f} to {high:.3f} | {seconds:.0f} |"


def computed():
    yield from of_cage_states()
    yield f"Beyond {100 * match.TEMPERATURE_REMARK:.0f} % of a temperature"
    yield f"or {100 * match.DENSITY_REMARK:.0f} % of a packing fraction"
    yield f"more than {100 * training_range.DENSITY} % outside"
    most = runpy.run_path(str(DATASETS / "pretrained.py"))["MOST"]
    yield f"has at most {most} times"
    runs = cb.datasets.load("kob-andersen")[1].n_runs
    yield f"and followed in {WORDS[runs]} runs, but"
    hard, soft = (
        max(Recipe.read(DATASETS / path).states.cage["sweeps"])
        for path in ("hard-spheres-058/hs058.toml", "kob-andersen-050/ka050.toml")
    )
    yield holds("hard spheres have ten times as many", hard == 10 * soft)
