"""Files of the outer folds of a study's fit, which a later fit reads instead of fitting again."""

import errno
from pathlib import Path

import numpy as np

from cagebreak._atomic import READ_ONLY, reason, require_file
from cagebreak._hdf5 import UNREADABLE, require_finite
from cagebreak._sealed import creating, opened, statement
from cagebreak.errors import StoreError
from cagebreak.files.hdf5 import Dataset, read_datasets, write_datasets
from cagebreak.learning.learner import FitRecord
from cagebreak.learning.model_selection.outer_fold import HeldOut

FORMAT = "cagebreak fold 2"
ALL_PARTICLES = ("all_predicted", "all_measured")
"""Arrays of a fit whose predictions are kept."""


def write(path: Path, result: HeldOut, identity: str) -> None:
    """Write the results of a fold, for one species; nothing if the folder cannot be written to.

    Predictions of particles are written if the results have them.

    Parameters
    ----------
    path
    result
    identity
        States everything that the results depend on.

    Raises
    ------
    StoreError
        If the file cannot be written, as on a full disk.
    """
    ((_, halves),) = result.halves.items()
    n_times = halves.shape[-1]
    records = result.records.values()
    per_time = "selection, time"
    alphas = [np.broadcast_to(record.alpha, n_times) for record in records]
    outside = [np.broadcast_to(record.outside, n_times) for record in records]
    moments = np.array(list(result.moments.values()))
    axes = "configuration, moment, time"
    arrays = {
        "configurations": Dataset(result.configurations, "index", "configuration"),
        "moments": Dataset(moments, "of prediction and target", f"selection, {axes}"),
        "halves": Dataset(halves, "of the targets of half the runs", axes),
        "alpha": Dataset(np.array(alphas, dtype=float), "1", per_time),
        "outside": Dataset(np.array(outside, dtype=bool), "true or false", per_time),
        "parameters": Dataset(np.array([r.n_parameters for r in records]), "number", "selection"),
        "training": Dataset(np.array(result.training_seconds), "s", ""),
        "inference": Dataset(np.array(list(result.inference_seconds.values())), "s", "selection"),
    }
    if result.predicted:
        predicted = np.array(list(result.predicted.values()))
        arrays["predicted"] = Dataset(predicted, "as the target", "selection, particle, time")
    if result.all_predicted is not None and result.all_measured is not None:
        (measured,) = result.all_measured.values()
        predicted = np.array(list(result.all_predicted.values()))
        arrays |= {
            "all_predicted": Dataset(predicted, "as the target", "selection, particle, time"),
            "all_measured": Dataset(measured, "as the target", "particle, time"),
        }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with creating(path, {"format": FORMAT, "identity": identity}) as file:
            write_datasets(file, arrays)
    except OSError as error:
        if error.errno not in READ_ONLY:
            raise StoreError(f"{path}: cannot be written ({reason(error)})") from error


def read(
    path: Path, species: str, selections: list[str], identity: str, particles: bool = False
) -> HeldOut | None:
    """Return the results of a fold; None if there are none of this identity, or they are damaged.

    Parameters
    ----------
    path
    species
        Letter of the species.
    selections
        Names of the selections, in order.
    identity
        As of `write`.
    particles
        Whether to read the predictions of particles too; None if the file does not have them.

    Raises
    ------
    StoreError
        If there is something else than a file, so that none can be written.
    """
    try:
        require_file(path)
    except OSError as error:
        if error.errno in (errno.ENOENT, *READ_ONLY):
            return None
        raise StoreError(
            f"{path}: cannot be written ({reason(error)}); move what is there away"
        ) from error
    try:
        stated = statement(path, whole=False)
        if stated is None or (stated["format"], stated["identity"]) != (FORMAT, identity):
            return None
        with opened(path) as file:
            left = () if particles else ALL_PARTICLES
            arrays = read_datasets(file, tuple(set(file) - set(left)))
        finite = ("moments", "halves", *(ALL_PARTICLES if particles else ()))
        require_finite(**{name: arrays[name] for name in finite})
        keys = [(species, name) for name in selections]
        columns = ("parameters", "alpha", "outside", "inference", "moments")
        rows = list(zip(keys, *(arrays[name] for name in columns), strict=True))
        predicted = arrays.get("predicted", ())
        require_finite(predicted=np.asarray(predicted))
    except UNREADABLE:
        return None
    result = HeldOut(
        configurations=arrays["configurations"],
        moments={key: moments for key, *_, moments in rows},
        halves={species: arrays["halves"]},
        records={key: FitRecord(int(n), alpha, 0.0, out) for key, n, alpha, out, *_ in rows},
        training_seconds=float(arrays["training"]),
        inference_seconds={key: float(seconds) for key, *_, seconds, _ in rows},
        predicted=dict(zip(keys, predicted, strict=False)),
    )
    if not particles:
        return result
    return result._replace(
        all_predicted=dict(zip(keys, arrays["all_predicted"], strict=True)),
        all_measured={species: arrays["all_measured"]},
    )
