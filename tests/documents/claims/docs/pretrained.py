"""Numbers of pretrained models and data sets."""

import runpy

import cagebreak as cb
from cagebreak.potentials import match
from cagebreak.study.analysis import training_range
from cagebreak.study.recipe.recipe import Recipe
from support.claims import holds
from support.paths import ROOT
from support.study_claims import WORDS

DOCUMENT = ROOT / "docs/pretrained.md"
DATASETS = ROOT / "datasets"
GIVEN = [
    "with its 95 % interval",  # as all intervals
    "r = 0.76 at 2.8 tau",  # tests/study/test_pretrained.py
    # Measured: PretrainedModel.predict of the example, with each seed and the mean of all six.
    "With the seeds 0 to 5 r of the A particles",
    "is between 0.71 and 0.76 at 2.8 tau",
    "predictions has r = 0.78",
    "13 s on one core",  # CPU time, measured
    "and 50 s together with the imports",
    "for 1000 Kob-Andersen particles",  # cb.datasets.load
]


def computed():
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
