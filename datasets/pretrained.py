"""Fit the recommended model of data sets, and write the files of `cagebreak.pretrained`.

    python datasets/pretrained.py [--work FOLDER] [--workers N] DATASET ...

A data set is copied to FOLDER, where `Study.run` computes its descriptors, if they are not there
yet: minutes for 1000 particles a configuration, hours for the hard spheres. A new data set needs
its folder here and a folder of the same name in results/, whose scores.csv becomes the scores of
the pretrained model. The models of the package have at most `MOST` times, so that all files of the
package stay below 5 MB.
"""

import argparse
import math
import shutil
from copy import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

import cagebreak as cb
from cagebreak._atomic import replacing
from cagebreak.learning.model_selection.configuration_mean import ConfigurationMean
from cagebreak.study.analysis.model_file import SavedModel, SpeciesFit
from cagebreak.study.pretrained import FOLDER, SCORES

DATASETS = Path(__file__).parent
RESULTS = DATASETS.parent / "results"
SELECTION = "recommended"
MOST = 16
"""Times of a model, at most; chosen: two to four a decade, and half a megabyte."""
COLUMNS = ("time", "species", "r_configuration", "low_configuration", "high_configuration",
           "ceiling")  # fmt: skip


def name_of(model: cb.Model) -> str:
    """Return the name of a pretrained model: that of the glass former and its state point."""
    value = model.packing_fraction if model.is_hard else model.temperature
    return f"{model.name.replace('_', '-')}-{value:g}"


def thinned(saved: SavedModel, most: int = MOST) -> SavedModel:
    """Return the model at every k-th of its times, counted from the last: at most so many."""
    n = len(saved.times)
    step = math.ceil(n / most)
    kept = np.arange(n - 1, -1, -step)[::-1]

    def of(fit: SpeciesFit) -> SpeciesFit:
        ridge = copy(fit.ridge)
        for name in ("coef_", "intercept_", "alpha_"):
            setattr(ridge, name, getattr(ridge, name)[kept])
        mean = fit.configuration_mean
        if mean is not None:
            numbers = {name: x[kept] if x.ndim else x for name, x in mean.numbers().items()}
            mean = ConfigurationMean.of_numbers(numbers, len(kept))
        intervals = None if fit.intervals is None else fit.intervals.at(kept)
        return SpeciesFit(ridge, mean, fit.training, intervals)

    fits = {number: of(fit) for number, fit in saved.fits.items()}
    return replace(saved, times=saved.times[kept], fits=fits)


def write_model(study: cb.Study, scores: Path, folder: Path = FOLDER) -> Path:
    """Write the files of a pretrained model, and return that of the fit.

    Parameters
    ----------
    study
        A study that is done.
    scores
        Its `scores.csv`.
    folder
        Where the files go.
    """
    path = folder / f"{name_of(study.recipe.model)}.h5"
    saved = thinned(SavedModel.of_study(study.recipe, study.store, SELECTION))
    table = pd.read_csv(scores)
    near = np.isclose(table.time.to_numpy()[:, None], saved.times, rtol=1e-6, atol=0)
    table = table[near.any(axis=1) & (table.features == SELECTION)][list(COLUMNS)]
    if len(table) != len(saved.times) * len(saved.fits):
        raise ValueError(f"{scores}: expected the scores of {SELECTION} at the times of {path}")
    table.columns = [name for name, _ in SCORES]
    saved.save(path)
    with replacing(path.with_suffix(".csv")) as temporary:
        table.to_csv(temporary, index=False, float_format="%.6g")
    return path


def main() -> None:
    """Fit the data sets that the command line names; default: all of thermal motion."""
    thermal = sorted(
        p.parent.name for p in DATASETS.glob("*/*.toml") if "shear" not in p.parent.name
    )
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", nargs="*", default=thermal, help="default: all but the sheared")
    parser.add_argument("--work", type=Path, default=Path("run") / "pretrained")
    parser.add_argument("--workers", type=int)
    options = parser.parse_args()
    for name in options.dataset:
        copy = options.work / name
        if not copy.exists():
            shutil.copytree(DATASETS / name, copy)
        (recipe,) = copy.glob("*.toml")
        study = cb.Study(recipe)
        study.run(workers=options.workers)
        path = write_model(study, RESULTS / name / "scores.csv")
        print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
